"""The command `glassbox ngram`: what counting can do, without learning."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_corpus, corpus_of, say
from lessons.errors import InputError

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("ngram", help="count n-grams in the corpus at hand, and measure what counting can do")
    parser.add_argument("--order", type=int, default=5, metavar="N", help="longest n-gram, 1 to 5 (%(default)s)")
    parser.add_argument("--save", action="store_true", help="write the figures beside the shipped models, too")
    add_corpus(parser, "the corpus at hand")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count, measure and print, and save if that was asked for. Args: arguments of the command line."""
    from lessons.at_hand import corpus_at_hand
    from lessons.ngram.card import as_card, write_ngrams
    from lessons.ngram.table import as_text, count_corpus, measure_orders, shipped_on
    from lessons.places import NGRAM_CARD, SHIPPED

    named = arguments.text or arguments.corpus
    corpus = corpus_of(arguments.text, arguments.corpus) if named else corpus_at_hand()
    if arguments.save and (corpus.name != "WikiText-2" or arguments.order != 5):
        raise InputError(
            f"The text is {corpus.name}, and --order is {arguments.order}; the figures that ship are those of "
            "WikiText-2 up to order 5. Leave --save out."
        )
    counted = count_corpus(corpus, arguments.order)
    text = f"{corpus.name}: {counted.counts.n_tokens:,} tokens of {len(counted.vocabulary):,} types"
    say(" ".join([f"{text}, counted in {counted.seconds:.1f} s.", *corpus.notes]))
    shipped = shipped_on(corpus)
    rows = list(measure_orders(counted, corpus))
    say(as_text([*rows, *shipped]))
    if not shipped:
        say("The shipped models' perplexities are of another text: they are not comparable.")
    if arguments.save:
        write_ngrams(SHIPPED / NGRAM_CARD, as_card(corpus, counted, rows))
        say(f"The figures are in {SHIPPED / NGRAM_CARD}.")
    return 0
