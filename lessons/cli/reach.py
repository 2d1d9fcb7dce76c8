"""The command `glassbox reach`: how far back the memory of models reaches."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_models, add_threads, models_of, say, set_threads
from lessons.errors import InputError

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("reach", help="measure how far back the models' memory reaches, on the corpus at hand")
    add_models(parser)
    parser.add_argument("--targets", type=int, default=2000, metavar="N", help="words to predict (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the words and of the shuffling (%(default)s)")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and save if that was asked for. Args: arguments of the command line."""
    from tqdm import tqdm

    from lessons.memory_reach import measure_reach
    from lessons.reach_table import TABLE, as_text, write_table

    set_threads(arguments.threads)
    models = models_of(arguments)
    with tqdm(total=1.0, bar_format="{percentage:5.1f} %|{bar:20}|") as bar:
        for table in measure_reach(models, n_targets=arguments.targets, seed=arguments.seed):
            if arguments.save and not table.curves[0].corpus.startswith("WikiText-2"):
                raise InputError("WikiText-2 is not on this machine; the table that ships is measured on it.")
            bar.update(table.done - bar.n)
    facts = table.curves[0]
    say(f"{facts.n_targets:,} words of {facts.corpus}, seed {facts.seed}.\n{as_text(table)}")
    if arguments.save:
        write_table(TABLE, table)
        say(f"The table is in {TABLE}.")
    return 0
