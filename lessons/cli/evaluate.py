"""The command `glassbox evaluate`: the perplexity of a model on a split of a corpus."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_corpus, add_threads, corpus_of, say, set_threads

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("evaluate", help="measure a model's perplexity on a split of WikiText-2")
    parser.add_argument("model", help="lstm, transformer, or a folder that 'glassbox train' has finished")
    add_corpus(parser)
    parser.add_argument("--split", choices=["train", "valid", "test"], default="test", help="(%(default)s)")
    parser.add_argument(
        "--cache", type=int, nargs="?", const=2000, metavar="N", help="also with a neural cache of N words (%(const)s)"
    )
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print. Args: arguments of the command line."""
    from lessons.cache import LAMBDAS, THETAS
    from lessons.loading import load_model
    from lessons.ngram.card import beside
    from lessons.run import evaluate_model, evaluate_with_cache

    set_threads(arguments.threads)
    model = load_model(arguments.model)
    corpus = corpus_of(arguments.text, arguments.corpus)
    result = evaluate_model(model, corpus, arguments.split)
    say(
        f"{model.display_name} ({arguments.model}), {corpus.name}, {result.split} split: "
        f"perplexity {result.perplexity:.2f} "
        f"({result.loss:.4f} nats per token over {result.n_tokens:,} tokens, {result.seconds:.0f} s)"
    )
    on_card = model.card.get(f"{result.split}_perplexity")
    same_text = model.card["corpus"]["sha256"].get(result.split) == corpus.sha256[result.split]
    if on_card is not None and same_text:
        say(f"The card says {on_card}.")
    if counted := beside(corpus, arguments.split, model.vocabulary):
        say(counted)
    for note in corpus.notes:
        say(note)
    if arguments.cache is not None:
        cache, result = evaluate_with_cache(model, corpus, arguments.split, arguments.cache)
        say(
            f"With a neural cache of the last {cache.window:,} tokens: perplexity {result.perplexity:.2f} "
            f"({result.loss:.4f} nats per token; theta {cache.theta}, lambda {cache.weight}, the best on the "
            f"validation split of {len(THETAS)} and {len(LAMBDAS)} values)"
        )
    return 0
