"""What counting reaches, to stand beside a model. For WikiText-2 it is kept in a file and not counted anew.

glassbox ngram --save        # counts the training split and writes the file; needs WikiText-2, and some seconds
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from lessons.corpus import Corpus
from lessons.files import write_whole
from lessons.ngram.table import Counted, Measured, count_corpus, measure_orders
from lessons.places import NGRAM_CARD, SHIPPED
from lessons.tables import table_of
from lessons.text import Vocabulary, wikitext

__all__ = ["as_card", "beside", "rows_of", "shipped_ngrams", "write_ngrams"]

_FORMAT = 1
_MOST_COUNTED = 3_000_000  # tokens; a longer text is counted up to pairs, since 5-grams would take gigabytes
_SHOWN = ("1-gram", "2-gram", "5-gram")  # beside a model: the words alone, pairs of them, and the best


def as_card(corpus: Corpus, counted: Counted, rows: Sequence[Measured]) -> dict[str, Any]:
    """Return what was measured as what JSON can hold; perplexities are rounded to 2 digits. Seconds are
    left out, since they say more about a machine than about counting.

    Args:
        corpus: what was counted.
        counted: its counts.
        rows: of n-gram models, as `measure_orders` yields them.
    """
    return {
        "format": _FORMAT,
        "smoothing": "interpolated modified Kneser-Ney",
        "corpus": {"name": corpus.name, "sha256": dict(corpus.sha256)},
        "n_tokens": counted.counts.n_tokens,
        "n_types": len(counted.vocabulary),
        "models": [
            {
                "name": row.name,
                "valid_perplexity": round(row.valid_perplexity, 2),
                "test_perplexity": round(row.test_perplexity, 2),
                "n_ngrams": row.n_ngrams,
            }
            for row in rows
        ],
    }


def rows_of(card: Mapping[str, Any]) -> list[Measured]:
    """Return the rows of a card.

    Raises:
        InputError: it is of another format, or not such a card.
    """

    def made(card: Mapping[str, Any]) -> list[Measured]:
        return [Measured(**row) for row in card["models"]]

    return table_of(card, made, _FORMAT, "card of n-gram models", "glassbox ngram --save")


def write_ngrams(path: str | os.PathLike[str], card: Mapping[str, Any]) -> None:
    """Write a card to a file, whole or not at all."""
    write_whole(path, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())


def shipped_ngrams(corpus: Corpus, n_types: int | None = None) -> list[Measured]:
    """Return what n-grams of 1 to 5 tokens reach on a corpus: nothing, where another text was counted.

    Args:
        corpus: any; no word of it is counted.
        n_types: if given, there is also nothing where the n-grams know another number of words.
    """
    card = json.loads((SHIPPED / NGRAM_CARD).read_text(encoding="utf-8"))
    fits = card["corpus"]["sha256"] == dict(corpus.sha256) and n_types in (None, card["n_types"])
    return rows_of(card) if fits else []


def beside(corpus: Corpus, split: str, vocabulary: Vocabulary) -> str | None:
    """Return a sentence with what counting reaches, to stand beside a model's perplexity; None where it cannot.

    A text whose figures do not ship is counted now, in seconds.

    Args:
        corpus: what the model was measured on.
        split: "valid" or "test"; on "train", which was counted, there is nothing to compare.
        vocabulary: of the model; of other words than the text's own the perplexity is another quantity.
    """
    measured = [] if split == "train" else shipped_ngrams(corpus, len(vocabulary)) or _counted_now(corpus, vocabulary)
    said = [f"{row.name} {getattr(row, f'{split}_perplexity'):.1f}" for row in measured if row.name in _SHOWN]
    return f"To compare, counting alone (Kneser-Ney): {', '.join(said)}." if said else None


def _counted_now(corpus: Corpus, vocabulary: Vocabulary) -> list[Measured]:
    tokens = wikitext(corpus.text("train"))
    if Vocabulary.build([tokens]).itos != vocabulary.itos:
        return []
    return list(measure_orders(count_corpus(corpus, 5 if len(tokens) <= _MOST_COUNTED else 2), corpus))
