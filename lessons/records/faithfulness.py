"""What can be measured of one explanation: deletion and insertion curves, agreement with others, stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen
from lessons.records.attribution import Attribution

__all__ = ["Agreement", "Faithfulness", "Stability"]


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

    def n_beaten(self, random_scores: np.ndarray) -> int:
        """Return how many random orders lose less than this one. Args: their deletion scores (R,)."""
        return int((random_scores < self.deletion_score).sum())

    def comprehensiveness(self, share: float) -> float:
        """Return what is lost without the first words, `share` (0 to 1) of all, at least one; high is faithful."""
        return float(self.value - self.deletion[self._words(share)])

    def sufficiency(self, share: float) -> float:
        """Return what is lost with only the first words, `share` (0 to 1) of all, at least one; low is faithful."""
        return float(self.value - self.insertion[self._words(share)])

    def _words(self, share: float) -> int:
        n_words = len(self.attribution)
        return min(n_words, max(1, round(share * n_words)))


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two explanations of one prediction agree.

    Attributes:
        methods: the two methods.
        rank_correlation: of the scores, -1 to 1 (Spearman); None where all scores of one of them are the same.
        overlap: share of the k first words that they have in common, 0 to 1.
        k: how many words; fewer than asked for in a shorter text.
        sizes: whether the scores were compared without their signs.
        note: a sentence for the reader, or "".
    """

    methods: tuple[str, str]
    rank_correlation: float | None
    overlap: float
    k: int
    sizes: bool
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Stability:
    """How much an explanation changes where it should not: with another seed, or after a small edit of the text.

    Attributes:
        kind: "seeds" or "edits".
        attributions: the explanations. With "edits", the first is that of the text as it was, and each of the others is
            compared with it; with "seeds", each is compared with every other.
        rank_correlations: (P,) float64 of each comparison, NaN where all scores of one side are the same.
        overlaps: (P,) float64, share of the k first words in common.
        k: how many words.
        sizes: whether the scores were compared without their signs.
    """

    kind: str
    attributions: tuple[Attribution, ...]
    rank_correlations: np.ndarray
    overlaps: np.ndarray
    k: int
    sizes: bool

    def __post_init__(self) -> None:
        n = len(self.attributions)
        if self.kind not in ("seeds", "edits"):
            raise InputError(f"kind is {self.kind!r}; it must be 'seeds' or 'edits'.")
        shape = (n * (n - 1) // 2 if self.kind == "seeds" else n - 1,)
        for name in ("rank_correlations", "overlaps"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, shape, name))

    @property
    def rank_correlation(self) -> float | None:
        """Mean of the rank correlations; None if there is none."""
        known = self.rank_correlations[~np.isnan(self.rank_correlations)]
        return float(known.mean()) if len(known) else None

    @property
    def overlap(self) -> float | None:
        """Mean of the overlaps; None if nothing was compared."""
        return float(self.overlaps.mean()) if len(self.overlaps) else None
