"""The command `glassbox faithfulness`: how faithful are the methods of explanation, on average over many lines?"""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_models, add_threads, models_of, say, set_threads
from lessons.errors import InputError

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("faithfulness", help="measure how faithful each method of explanation is, over lines")
    add_models(parser)
    parser.add_argument("--lines", type=int, default=200, metavar="N", help="how many lines are drawn (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the lines and of all that is drawn (%(default)s)")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and save if that was asked for; whoever stops it half-way finds the old table in its place.

    Args:
        arguments: of the command line.

    Raises:
        InputError: a value cannot be used, or WikiText-2 is not at hand for a table that is to be shipped.
    """
    from tqdm import tqdm

    from lessons.at_hand import corpus_at_hand
    from lessons.faithfulness.measure import Settings, measure_faithfulness
    from lessons.faithfulness.table import TABLE, as_text, write_table

    set_threads(arguments.threads)
    models = models_of(arguments)
    corpus = corpus_at_hand()
    if arguments.save and corpus.name != "WikiText-2":
        raise InputError("WikiText-2 is not on this machine; the table that ships is measured on it.")
    settings = Settings(seed=arguments.seed)
    with tqdm(total=1.0, bar_format="{percentage:5.1f} %|{bar:20}| {elapsed} < {remaining}") as bar:
        for table in measure_faithfulness(models, corpus, n_lines=arguments.lines, settings=settings):
            bar.update(table.done - bar.n)
    say(f"{table.n_lines} lines of {table.corpus}, seed {table.seed}.\n{as_text(table)}")
    if arguments.save:
        write_table(TABLE, table)
        say(f"The table is in {TABLE}.")
    return 0
