"""The command `glassbox curves`: eight trainings, seven of them with a fault."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_threads, say, set_threads

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("curves", help="train eight small models, seven of them wrongly, for CurveDoctor")
    parser.add_argument("--save", action="store_true", help="ship the curves, too")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, print, and save if that was asked for. Args: arguments of the command line."""
    from lessons.curves.faulty import curve_of
    from lessons.curves.table import CURVES, curves_to_json, write_json
    from lessons.records import FAULTS

    set_threads(arguments.threads)
    curves = []
    for fault in FAULTS:
        curve = curve_of(fault)
        curves.append(curve)
        valid = [look.valid_perplexity for look in curve.log.checkpoints]
        last = curve.log.perplexity[-1]
        say(
            f"{fault:24} train {last:8.2f}   valid {valid[-1]:8.2f}, lowest {min(valid):8.2f}   "
            f"{curve.log.state}, {curve.log.seconds[-1]:.0f} s"
        )
    say(f"The floor is {curves[0].log.floor:.2f}.")
    if arguments.save:
        write_json(CURVES, curves_to_json(curves))
        say(f"The curves are in {CURVES}.")
    return 0
