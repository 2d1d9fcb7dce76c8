"""N-gram models of every order beside the shipped models: what each makes of the same corpus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from lessons.checkpoint import read_card
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.ngram.counts import NgramCounts, count_ngrams
from lessons.ngram.kneser_ney import NgramModel
from lessons.places import MODEL_CARD, SHIPPED
from lessons.presets import DISPLAY_NAMES
from lessons.text import Vocabulary, wikitext
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["Counted", "Measured", "as_text", "count_corpus", "measure_orders", "shipped_on"]


@dataclass(frozen=True, eq=False)
class Counted:
    """A counted training split: its n-grams, their vocabulary, and the seconds that counting took."""

    counts: NgramCounts
    vocabulary: Vocabulary
    seconds: float


@dataclass(frozen=True)
class Measured:
    """What a model reaches on a corpus.

    Attributes:
        name: "5-gram", or a shipped model's.
        valid_perplexity, test_perplexity: of these two splits.
        n_ngrams: how many different n-grams of its longest kind were seen; None for a trained model.
        seconds: for smoothing the counts and measuring both splits; None where the figures are from a card.
    """

    name: str
    valid_perplexity: float
    test_perplexity: float
    n_ngrams: int | None = None
    seconds: float | None = None


def count_corpus(corpus: Corpus, order: int = 5) -> Counted:
    """Count the n-grams of a corpus's training split, with the vocabulary that `glassbox train` would build.

    Args:
        corpus: any.
        order: the length of the longest n-grams, 1 to 5.

    Raises:
        InputError: `order` is out of range.
    """
    tokens = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([tokens])
    token_ids = vocabulary.encode(tokens)
    begin = time.perf_counter()
    counts = count_ngrams(token_ids, vocabulary.stoi[END_OF_LINE], len(vocabulary), order)
    return Counted(counts, vocabulary, time.perf_counter() - begin)


def measure_orders(counted: Counted, corpus: Corpus) -> Iterator[Measured]:
    """Yield the perplexities of the n-gram models of order 1, 2, ... on the splits that were not counted.

    Args:
        counted: what `count_corpus` returned.
        corpus: the same.
    """
    for order in range(1, counted.counts.order + 1):
        begin = time.perf_counter()
        model = NgramModel(counted.counts, counted.vocabulary, order)
        valid, test = (model.evaluate(corpus, split).perplexity for split in ("valid", "test"))
        seconds = time.perf_counter() - begin
        n_ngrams = int((counted.counts.levels[min(order, len(counted.counts.levels)) - 1].counts > 0).sum())
        yield Measured(model.name, valid, test, n_ngrams, seconds)


def shipped_on(corpus: Corpus) -> list[Measured]:
    """Return what the shipped models' cards say of a corpus: nothing, where they were measured on another text."""
    found = []
    for name, display_name in DISPLAY_NAMES.items():
        card = read_card(SHIPPED / name / MODEL_CARD)
        if card["corpus"]["sha256"] == dict(corpus.sha256):
            found.append(Measured(display_name, card["valid_perplexity"], card["test_perplexity"]))
    return found


def as_text(rows: list[Measured]) -> str:
    """Return the rows as a table for a terminal.

    Raises:
        InputError: there is no row.
    """
    if not rows:
        raise InputError("There is no row to show; measure at least one order.")
    lines = [f"{'model':<12}{'valid':>10}{'test':>10}{'n-grams':>12}{'seconds':>10}"]
    for row in rows:
        measured = f"{row.name:<12}{row.valid_perplexity:>10.1f}{row.test_perplexity:>10.1f}"
        if row.seconds is None:
            lines.append(f"{measured}{'as its card says':>22}")
        else:
            lines.append(f"{measured}{row.n_ngrams:>12,}{row.seconds:>10.2f}")
    return "\n".join(lines)
