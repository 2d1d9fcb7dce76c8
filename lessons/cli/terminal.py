"""What the commands share: lines of text, Ctrl-C, threads, and the corpus that was asked for."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from lessons.errors import InputError

if TYPE_CHECKING:
    from lessons.corpus import Corpus

__all__ = ["add_threads", "corpus_of", "interruptible", "say", "set_threads"]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C ask for a stop after the step at hand, and a second one stop at once."""
    asked = False

    def ask(signum: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        sys.stderr.write(
            "\nStopping after this step ... (Ctrl-C once more stops at once, back to the last checkpoint)\n"
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add the option `--threads`."""
    parser.add_argument("--threads", type=int, default=1, help="processor threads (%(default)s)")


def set_threads(threads: int) -> None:
    """Have torch use so many processor threads.

    Raises:
        InputError: it is below 1.
    """
    import torch

    if threads < 1:
        raise InputError(f"--threads is {threads}; it must be at least 1.")
    torch.set_num_threads(threads)


def corpus_of(path: str | None) -> Corpus:
    """Return the text file of one's own that was named, or WikiText-2."""
    from lessons.corpus import Corpus

    return Corpus.from_files(path) if path else Corpus.wikitext2()
