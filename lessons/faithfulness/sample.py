"""The sample on which the methods are measured: one prediction in each of some lines that are drawn at random.

From the validation split, lines of at least 32 tokens are drawn, and in each a place with 8 to 24 words before it, as
many as a learner types. Explained is the true word at that place, right or wrong as the model may be. It is never
`<unk>`, which stands for many words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lessons.checks import whole
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.head_statistics import MIN_TOKENS, chosen_lines
from lessons.records import TokenizedText
from lessons.text import Vocabulary

__all__ = ["FEWEST", "MOST", "Place", "sample_places"]

FEWEST, MOST = 8, 24  # words before the prediction


class Place(NamedTuple):
    """A prediction: the words before it, and the true word."""

    text: TokenizedText
    target_id: int


def sample_places(
    vocabulary: Vocabulary,
    corpus: Corpus,
    split: str = "valid",
    n_lines: int = 200,
    seed: int = 7,
    fewest: int = FEWEST,
    most: int = MOST,
) -> list[Place]:
    """Return one prediction from each of some lines, in the order in which they stand in the corpus.

    Args:
        vocabulary: the models'.
        corpus: where from; `split` of it.
        n_lines: how many lines, each of 32 tokens or more.
        seed: of the choice of lines and places.
        fewest, most: how many words before the prediction, 1 to 31.

    Raises:
        InputError: there are not so many lines, a line has only `<unk>` there, or a value is out of range.
    """
    most = whole("most", most, 1, MIN_TOKENS - 1)
    fewest = whole("fewest", fewest, 1, most)
    rng = np.random.default_rng(whole("seed", seed, 0))
    found = []
    for line in chosen_lines(vocabulary, corpus, split, n_lines, seed):
        (places,) = np.nonzero(line.token_ids[fewest : most + 1] != vocabulary.unknown_id)
        if not len(places):
            raise InputError(
                f"A line that was drawn has only <unk> at the places {fewest} to {most}, and <unk> is not explained. "
                "Choose another seed, or give more places to choose from."
            )
        n = fewest + int(rng.choice(places))
        before = TokenizedText(" ".join(line.tokens[:n]), line.tokens[:n], line.typed[:n], line.token_ids[:n])
        found.append(Place(before, int(line.token_ids[n])))
    return found
