"""Agreement: do two explanations put the words in the same order, and do they name the same words first?

    rank correlation   the correlation of the two lists of ranks; equal scores share the mean of their ranks
    overlap            the share of the k first words of one that are among the k first words of the other

Two methods that agree need not be right, and two that disagree may answer different questions. Scores are compared with
their signs unless `sizes` is set: a method without a direction (saliency, attention) can only agree with the sizes of
the scores of one that has a direction.

Source: Spearman 1904, The proof and measurement of association between two things (rank correlation).
"""

from __future__ import annotations

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.records import Agreement, Attribution, rank_correlation

__all__ = ["agreement", "overlap"]


def overlap(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """Return the share of the k highest numbers' places that two lists (T,) have in common; equal ones in order."""
    first = [set(np.argsort(-np.asarray(values), kind="stable")[:k].tolist()) for values in (one, other)]
    return len(first[0] & first[1]) / min(k, len(one))


def agreement(one: Attribution, other: Attribution, k: int = 3, sizes: bool = False) -> Agreement:
    """Return how far two explanations agree, word by word.

    Args:
        one, other: explanations of texts of the same length, for example of the same prediction by two methods.
        k: how many of the first words are compared, 1 or more.
        sizes: whether the scores are compared without their signs.

    Raises:
        InputError: the explanations have different lengths, or `k` is below 1.
    """
    k = whole("k", k, 1)
    if len(one) != len(other):
        raise InputError(
            f"The explanations have scores for {len(one)} and {len(other)} words; they are compared word by word, so "
            "explain the same prediction with both."
        )
    a, b = (np.abs(found.scores) if sizes else found.scores for found in (one, other))
    found = rank_correlation(a, b)
    note = ""
    if found is None:
        same = [of.method for of, scores in ((one, a), (other, b)) if rank_correlation(scores, scores) is None]
        note = f"All scores of {same[0]} are the same: they put the words in no order, and nothing can agree with it."
    return Agreement(
        methods=(one.method, other.method),
        rank_correlation=found,
        overlap=overlap(a, b, k),
        k=min(k, len(one)),
        sizes=sizes,
        note=note,
    )
