"""The command `glassbox overfit`: the same training with more and less text, more and less dropout."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_threads, say, set_threads

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("overfit", help="train sixty small models on parts of a text, for OverfitDial")
    parser.add_argument("--save", action="store_true", help="ship the grid, too")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, print, and save if that was asked for. Args: arguments of the command line."""
    from lessons.curves.overfit import grid_of, overfit_grid
    from lessons.curves.table import OVERFIT, overfit_to_json, write_json

    set_threads(arguments.threads)
    runs = []
    for one in overfit_grid():
        runs.append(one)
        say(
            f"seed {one.seed}, {one.n_tokens:7,} tokens, dropout {one.dropout:4g}: train {one.train[-1]:6.2f}   "
            f"valid {one.valid[-1]:6.2f}, lowest {one.valid[one.best]:6.2f} after step {one.step[one.best]}"
        )
    if arguments.save:
        write_json(OVERFIT, overfit_to_json(grid_of(runs)))
        say(f"The grid is in {OVERFIT}.")
    return 0
