"""What the scale is for: how the weights of one query spread out, for random queries and keys of any width."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lessons.attention_by_hand.matrices import matrix_of
from lessons.attention_by_hand.steps import scale, softmax
from lessons.checks import whole
from lessons.errors import InputError

__all__ = ["MeanLook", "ScaleAverage", "ScaleDraw", "SoftmaxLook", "average_scores", "draw_scores", "look"]


@dataclass(frozen=True)
class SoftmaxLook:
    """How one row of weights is spread out.

    Attributes:
        weights: (n,) read-only.
        entropy: −Σ w ln w in nats: 0 for one key alone, ln n for an even mix.
        effective: exp of the entropy: as many keys in an even mix would be as unsure.
        gradient: size (Frobenius norm) of the softmax's Jacobian diag(w) − w wᵀ: how much the weights move when the
            numbers that go into the softmax move. 0 means that nothing can be learned through it; 0.5 is the most.
    """

    weights: np.ndarray
    entropy: float
    effective: float
    gradient: float


@dataclass(frozen=True)
class ScaleDraw:
    """One query and some keys with numbers drawn from the unit normal distribution.

    Attributes:
        d: how many numbers the query and each key have.
        seed: of the draw.
        scores: (n,) query · key, read-only; with so many numbers their standard deviation is about √d.
        plain: the softmax of the scores as they are.
        scaled: the softmax of the scores divided by √d.
    """

    d: int
    seed: int
    scores: np.ndarray
    plain: SoftmaxLook
    scaled: SoftmaxLook

    @property
    def spread(self) -> float:
        """Standard deviation of the scores of this draw."""
        return float(self.scores.std())


@dataclass(frozen=True)
class MeanLook:
    """Means over many draws of the numbers of a SoftmaxLook: entropy in nats, effective number of keys, gradient."""

    entropy: float
    effective: float
    gradient: float


@dataclass(frozen=True)
class ScaleAverage:
    """What `draw_scores` gives on average.

    Attributes:
        d: how many numbers the query and each key have.
        n_draws: the draws have the seeds 0 to n_draws − 1.
        spread: mean of the scores' standard deviations.
        plain: without the scale.
        scaled: with it.
    """

    d: int
    n_draws: int
    spread: float
    plain: MeanLook
    scaled: MeanLook


def look(weights: object) -> SoftmaxLook:
    """Return how a row of weights is spread out.

    Args:
        weights: (n,) numbers from 0 to 1 that sum to 1.

    Raises:
        InputError: they are no such numbers.
    """
    w = matrix_of("weights", [weights])[0]
    if (w < 0).any() or abs(w.sum() - 1) > 1e-6:
        raise InputError(f"weights sum to {w.sum():g}; they must be numbers from 0 to 1 that sum to 1.")
    entropy = float(-(w[w > 0] * np.log(w[w > 0])).sum()) + 0.0
    jacobian = np.diag(w) - np.outer(w, w)
    kept = w.copy()
    kept.setflags(write=False)
    return SoftmaxLook(kept, entropy, math.exp(entropy), float(np.sqrt((jacobian**2).sum())))


def draw_scores(d: int, seed: int = 0, n_keys: int = 8) -> ScaleDraw:
    """Draw a query and keys from the unit normal distribution, and return their softmax without and with the scale.

    Args:
        d: how many numbers each has, 1 to 4,096.
        seed: the same seed gives the same numbers.
        n_keys: 2 to 64.

    Raises:
        InputError: a number outside these limits.
    """
    d, n_keys = whole("d", d, 1, 4096), whole("n_keys", n_keys, 2, 64)
    generator = np.random.default_rng(whole("seed", seed, 0, 2**32 - 1))
    query, key = generator.standard_normal(d), generator.standard_normal((n_keys, d))
    row = key @ query
    row.setflags(write=False)
    plain, scaled = look(softmax([row])[0]), look(softmax(scale([row], d))[0])
    return ScaleDraw(d, int(seed), row, plain, scaled)


@lru_cache(maxsize=256)
def average_scores(d: int, n_draws: int = 100, n_keys: int = 8) -> ScaleAverage:
    """Return the means of `draw_scores` over the seeds 0 to n_draws − 1.

    Args:
        d: how many numbers each has, 1 to 4,096.
        n_draws: 1 to 10,000.
        n_keys: 2 to 64.

    Raises:
        InputError: a number outside these limits.
    """
    draws = [draw_scores(d, seed, n_keys) for seed in range(whole("n_draws", n_draws, 1, 10_000))]
    means = [
        MeanLook(*(float(np.mean([getattr(one, name) for one in looks])) for name in MeanLook.__annotations__))
        for looks in ([draw.plain for draw in draws], [draw.scaled for draw in draws])
    ]
    return ScaleAverage(d, n_draws, float(np.mean([draw.spread for draw in draws])), *means)
