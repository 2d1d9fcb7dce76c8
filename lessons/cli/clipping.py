"""The command `glassbox clipping`: real gradients, and trainings with and without clipping."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_threads, say, set_threads

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("clipping", help="train on the toy language with and without gradient clipping")
    parser.add_argument("--save", action="store_true", help="ship the table")
    parser.add_argument("--steps", type=int, default=200, metavar="N", help="of each training (%(default)s)")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, print each run as it ends, and save if that was asked for. Args: arguments of the command line."""
    from lessons.clipping.table import TABLE, line_of, measure_clipping, write_table

    set_threads(arguments.threads)
    table = measure_clipping(lambda log: say(line_of(log)), arguments.steps)
    if arguments.save:
        write_table(TABLE, table)
        say(f"The table is in {TABLE}.")
    return 0
