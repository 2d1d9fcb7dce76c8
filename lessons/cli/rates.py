"""The command `glassbox rates`: learning-rate range tests, and trainings that put their advice to the test."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_threads, say, set_threads

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("rates", help="find learning rates by range tests, and put their advice to the test")
    parser.add_argument("--save", action="store_true", help="ship the table; needs WikiText-2")
    parser.add_argument("--toy", action="store_true", help="the toy language alone, which needs no corpus")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9], metavar="N", help="of the range tests")
    parser.add_argument("--steps", type=int, default=300, metavar="N", help="of each training (%(default)s)")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print each result as it comes, and save if that was asked for. Args: arguments of the command line."""
    from lessons.corpus import Corpus
    from lessons.errors import InputError
    from lessons.rates.table import TABLE, line_of, measure_rates, write_table

    if arguments.save and arguments.toy:
        raise InputError("--save ships the table of both texts; leave out --toy.")
    set_threads(arguments.threads)
    corpora = () if arguments.toy else (Corpus.wikitext2(),)
    table = measure_rates(corpora, arguments.seeds, lambda one: say(line_of(one)), arguments.steps)
    if arguments.save:
        write_table(TABLE, table)
        say(f"The table is in {TABLE}.")
    return 0
