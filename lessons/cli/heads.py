"""The command `glassbox heads`: what each attention head looks at, over lines of WikiText-2."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_threads, corpus_of, say, set_threads

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("heads", help="measure what each attention head looks at, over lines of WikiText-2")
    parser.add_argument("model", help="transformer, or a folder that 'glassbox train' has finished")
    parser.add_argument("--split", choices=["train", "valid", "test"], default="valid", help="(%(default)s)")
    parser.add_argument("--lines", type=int, default=300, metavar="N", help="how many lines are drawn (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the lines and of their shuffling (%(default)s)")
    parser.add_argument("--save", action="store_true", help="write the table beside the model, too")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and save if that was asked for. Args: arguments of the command line."""
    from pathlib import Path

    from lessons.head_statistics import measure_corpus
    from lessons.head_table import TABLE, as_table, write_table
    from lessons.loading import load_model
    from lessons.places import SHIPPED

    set_threads(arguments.threads)
    model = load_model(arguments.model)
    found = measure_corpus(model, corpus_of(None), arguments.split, arguments.lines, arguments.seed)
    say(
        f"{model.display_name} ({arguments.model}), {found.corpus}, {found.split} split: {found.n_lines} lines with "
        f"{found.n_tokens:,} tokens, seed {found.seed}. In brackets what to compare with: the same on shuffled lines, "
        "or for the same token the weight on other tokens at the same distances."
    )
    say(as_table(found))
    if arguments.save:
        folder = SHIPPED / arguments.model if arguments.model == "transformer" else Path(arguments.model)
        path = (folder.parent if folder.suffix == ".json" else folder) / TABLE
        write_table(path, found)
        say(f"The table is in {path}.")
    return 0
