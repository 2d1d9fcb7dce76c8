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
    from lessons.model import LanguageModel

__all__ = [
    "CORPORA",
    "add_corpus",
    "add_models",
    "add_threads",
    "corpus_of",
    "interruptible",
    "models_of",
    "say",
    "set_threads",
]

CORPORA = ("wikitext2", "toy")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def interruptible(alone: bool = True) -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C, or a polite request to end (SIGTERM), ask for a stop after the step at hand.

    Args:
        alone: whether a second Ctrl-C stops at once; processes of a team may get the same Ctrl-C twice, and stop
            together. One of a team that fails stays deaf to requests to end: it has to say why, and torchrun, which
            ends the whole team when one of it has ended, would be quicker.
    """
    asked = False

    def ask(signum: int, frame: FrameType | None) -> None:
        nonlocal asked
        if alone and signum == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if alone and not asked:
            sys.stderr.write(
                "\nStopping after this step ... (Ctrl-C once more stops at once, back to the last checkpoint)\n"
            )
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    stays_deaf = not alone
    try:
        yield lambda: asked
        stays_deaf = False
    finally:
        if not stays_deaf:
            for number, handler in before.items():
                signal.signal(number, handler)


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


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the names of models, and the option `--save` that ships a table of the shipped ones."""
    parser.add_argument("models", nargs="*", help="names or folders of models; left out, both shipped ones")
    parser.add_argument("--save", action="store_true", help="ship the table of the shipped models, too")


def models_of(arguments: argparse.Namespace) -> list[LanguageModel]:
    """Return the models that were named, or else both shipped ones.

    Raises:
        InputError: a model cannot be loaded, or one is named for a table that is to be shipped.
    """
    from lessons.loading import load_model

    if arguments.save and arguments.models:
        raise InputError("--save ships the table of the shipped models; leave out the names of others.")
    return [load_model(name) for name in arguments.models or ("lstm", "transformer")]


def add_corpus(parser: argparse.ArgumentParser, otherwise: str = "WikiText-2") -> None:
    """Add the options `--text` and `--corpus`, of which one can be given."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--text", metavar="FILE", help=f"a text file of your own instead of {otherwise}")
    which.add_argument("--corpus", choices=CORPORA, help="toy: sentences of a grammar, which need no network")


def corpus_of(path: str | None = None, name: str | None = None) -> Corpus:
    """Return the text file of one's own that was named, or the corpus, by default WikiText-2."""
    from lessons.corpus import Corpus

    if name == "toy":
        from lessons.grammar import toy_corpus

        return toy_corpus()
    return Corpus.from_files(path) if path else Corpus.wikitext2()
