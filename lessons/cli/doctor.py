"""The command `glassbox doctor`: what is installed, where things lie, and what is wrong."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import say

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser(
        "doctor", help="print versions and places, and a sentence of help for each problem found"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the trial of the models")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check and print. Args: arguments of the command line."""
    from lessons import doctor

    return doctor.main(["--quick"] if arguments.quick else [], say)
