"""The command `glassbox`: train a model, measure it, or ask what is wrong here. One file a command."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

from lessons.cli import (
    clipping,
    curves,
    doctor,
    evaluate,
    faithfulness,
    heads,
    ngram,
    overfit,
    rates,
    reach,
    record,
    train,
)
from lessons.errors import GlassboxError

__all__ = ["main"]

_COMMANDS = (train, evaluate, heads, reach, faithfulness, record, ngram, rates, clipping, curves, overfit, doctor)


def main(argv: Sequence[str] | None = None, typed: str | None = None) -> int:
    """Run the command line and return its exit code: 0 for success, 1 for an error that was explained, 130 for Ctrl-C.

    Args:
        argv: the words after `glassbox`; None takes those of the process.
        typed: the whole command, for messages and cards; None: `glassbox` and these words.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="glassbox", description="Glassbox LM: train, evaluate and check up.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    parser.set_defaults(typed=typed or shlex.join(["glassbox", *words]))
    arguments = parser.parse_args(words)
    try:
        code: int = arguments.run(arguments)
        return code
    except GlassboxError as error:
        sys.stderr.write(f"glassbox: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("glassbox: stopped.\n")
        return 130
