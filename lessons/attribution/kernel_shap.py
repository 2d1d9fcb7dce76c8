"""KernelSHAP: Shapley values of many words, estimated from some sets of words instead of all 2^n.

Shapley values are the slopes of the straight line that fits the worth of all sets best, if a set of s of n words counts
(n - 1) / (C(n, s) s (n - s)) and the line is held at the worth of no words and of all words. So sets are drawn as
often as they count, each together with its opposite (the words that it lacks), and the line is fitted through these:

    minimise  sum over the drawn sets of (f(set) - f(none) - sum of phi_i over its words)^2
    where     sum of all phi = f(all) - f(none)                     (efficiency holds exactly, at any number of samples)

The opposite cancels a good part of the noise ('paired' or antithetic sampling).

Source: Lundberg and Lee 2017, arXiv:1705.07874, theorem 2; Covert and Lee 2021, arXiv:2012.01536, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lessons.attribution.sampling import coefficient_covariance, drawn_rows, random_subsets
from lessons.records import Attribution

__all__ = ["estimates", "fewest_samples", "fitted_values", "shapley_samples"]

_AT_ONCE = 128  # sets that are asked about together


def fewest_samples(n_players: int) -> int:
    """Return how many sets must be drawn at least: two for each player."""
    return 2 * n_players


def shapley_samples(n_players: int, n_samples: int, seed: int = 0) -> np.ndarray:
    """Return drawn sets: (n_samples, n_players) bool, each followed by its opposite; an odd number is rounded up."""
    sizes = np.arange(1, n_players)
    chance = 1 / (sizes * (n_players - sizes))

    def draw(generator: np.random.Generator, n_rows: int) -> np.ndarray:
        drawn = random_subsets(generator, generator.choice(sizes, n_rows // 2, p=chance / chance.sum()), n_players)
        return np.stack([drawn, ~drawn], axis=1).reshape(n_rows, n_players)

    blocks, rows = drawn_rows(seed, draw), np.empty((0, n_players), bool)
    n_samples += n_samples % 2
    while len(rows) < n_samples:
        rows = np.vstack([rows, next(blocks)])
    return rows[:n_samples]


def fitted_values(sets: np.ndarray, worth: np.ndarray, none: float, all_words: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of the line and the standard error of each.

    The last slope follows from the others, since all of them add up to `all_words` - `none`.

    Args:
        sets: (N, n) bool, each followed by its opposite.
        worth: (N,) of these sets.
        none, all_words: worth of no words and of all.
    """
    from sklearn.linear_model import LinearRegression

    total, z = all_words - none, sets.astype(np.float64)
    inputs, outputs = z[:, :-1] - z[:, -1:], worth - none - z[:, -1] * total
    slopes = LinearRegression(fit_intercept=False).fit(inputs, outputs).coef_
    weights, no_penalty = np.ones(len(sets)), np.zeros(inputs.shape[1])
    covariance = coefficient_covariance(inputs, outputs - inputs @ slopes, weights, no_penalty, together=2)
    variances = np.append(np.diag(covariance), covariance.sum())
    return np.append(slopes, total - slopes.sum()), np.sqrt(variances.clip(min=0))


def estimates(
    n_players: int,
    n_samples: int,
    seed: int,
    worth: Callable[[np.ndarray], np.ndarray],
    answer: Callable[[np.ndarray, np.ndarray, np.ndarray, int], Attribution],
    every: int | None,
) -> Iterator[Attribution | None]:
    """Yield the estimate from the first `every` sets, from twice as many, and so on up to `n_samples`.

    Args:
        n_players: n, at least 2.
        n_samples: how many sets; an odd number is rounded up.
        seed: of the drawing.
        worth: from sets (N, n) to what they are worth (N,).
        answer: from the values (n,), their standard errors (n,), the worth of all words and of none (2,) and the number
            of sets to a record.
        every: an odd number is rounded up; None for one estimate, from all sets.

    Yields:
        What `answer` returns; None while there are fewer than two sets for each player.
    """
    sets = shapley_samples(n_players, n_samples, seed)
    ends = worth(np.array([[True], [False]]).repeat(n_players, axis=1))
    found = np.empty(0)
    step = every + every % 2 if every is not None else _AT_ONCE
    while len(found) < len(sets):
        found = np.append(found, worth(sets[len(found) : len(found) + step]))
        if len(found) < min(len(sets), fewest_samples(n_players)):
            yield None
        elif len(found) == len(sets) or every is not None:
            phi, spread = fitted_values(sets[: len(found)], found, ends[1], ends[0])
            yield answer(phi, spread, ends, len(found))
