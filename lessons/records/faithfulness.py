"""What happens to a prediction when words are taken away, or put back, in the order of their scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.records.arrays import frozen
from lessons.records.attribution import Attribution

__all__ = ["Faithfulness"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Faithfulness:
    """The deletion and insertion curves of one explanation, beside those of random orders and of the reversed order.

    Deleting in the reversed order leaves the very texts that inserting makes, and the other way round: the reversed
    order's curves are these two, read backwards.

    Attributes:
        attribution: the explanation that is tested.
        baseline: what 'missing' means here, one of `BASELINES`.
        order: (T,) int64, places of the words, the highest score first; equal ones from left to right.
        deletion: (T + 1,) float64, the explained number after the first k words of the order were taken away.
        insertion: (T + 1,) float64, the same with only the first k words there.
        random_deletion: (R, T + 1) float64, deletion in R random orders; R may be 0.
        seed: of the random orders.
        forward_passes: how many texts the model read.
        seconds: how long it took.
    """

    attribution: Attribution
    baseline: str
    order: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    seed: int
    forward_passes: int
    seconds: float

    def __post_init__(self) -> None:
        n_words, n_random = len(self.attribution), len(self.random_deletion)
        object.__setattr__(self, "order", frozen(self.order, np.int64, (n_words,), "order"))
        for name in ("deletion", "insertion"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, (n_words + 1,), name))
        shape = (n_random, n_words + 1)
        object.__setattr__(self, "random_deletion", frozen(self.random_deletion, np.float64, shape, "random_deletion"))

    @property
    def value(self) -> float:
        """The explained number with all words."""
        return float(self.deletion[0])

    @property
    def deletion_score(self) -> float:
        """Mean of what is lost after 1 to T words were taken away, the highest score first; high is faithful.

        The area between the deletion curve and the height at which it starts, per word.
        """
        return float(self.value - self.deletion[1:].mean())

    @property
    def insertion_score(self) -> float:
        """Mean of what is still lost with only the first 0 to T - 1 words there; low is faithful.

        It is also the deletion score of the reversed order.
        """
        return float(self.value - self.insertion[:-1].mean())

    @property
    def random_scores(self) -> np.ndarray:
        """(R,) float64, the deletion score of each random order; an insertion score is compared with the same."""
        scores: np.ndarray = self.value - self.random_deletion[:, 1:].mean(axis=1)
        return scores

    def comprehensiveness(self, share: float) -> float:
        """Return what is lost without the first words, `share` (0 to 1) of all, at least one; high is faithful."""
        return float(self.value - self.deletion[self._words(share)])

    def sufficiency(self, share: float) -> float:
        """Return what is lost with only the first words, `share` (0 to 1) of all, at least one; low is faithful."""
        return float(self.value - self.insertion[self._words(share)])

    def _words(self, share: float) -> int:
        n_words = len(self.attribution)
        return min(n_words, max(1, round(share * n_words)))
