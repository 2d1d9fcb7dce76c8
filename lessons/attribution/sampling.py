"""What the two sampled methods share: sets of words drawn block by block, and how sure a fitted line is.

The samples of a seed come in one fixed order. So the first 128 of 512 samples are those that `n_samples=128` draws, and
an estimate can be refined while a reader looks at it: nothing that was computed is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

__all__ = ["BLOCK", "coefficient_covariance", "drawn_rows", "random_subsets"]

BLOCK = 64  # rows that are drawn at a time


def drawn_rows(seed: int, draw: Callable[[np.random.Generator, int], np.ndarray]) -> Iterator[np.ndarray]:
    """Yield blocks of `BLOCK` rows without end.

    Args:
        seed: of the random numbers.
        draw: from a generator and a number of rows to these rows.
    """
    generator = np.random.default_rng(seed)
    while True:
        yield draw(generator, BLOCK)


def random_subsets(generator: np.random.Generator, sizes: np.ndarray, n: int) -> np.ndarray:
    """Return sets of the given sizes, all sets of a size being equally likely: (N, n) bool. Args: sizes (N,)."""
    ranks = generator.random((len(sizes), n)).argsort(axis=1).argsort(axis=1)
    return ranks < sizes[:, None]


def coefficient_covariance(
    inputs: np.ndarray, residuals: np.ndarray, weights: np.ndarray, penalty: np.ndarray, together: int = 1
) -> np.ndarray:
    """Return the covariance of the coefficients of a weighted least-squares fit whose rows were drawn at random.

    It is the robust ('sandwich') estimate: it does not suppose that the fit is a good one.

    Args:
        inputs: (N, p).
        residuals: (N,) observed minus fitted.
        weights: (N,).
        penalty: (p,) what ridge adds to the diagonal, 0 for none.
        together: how many rows in a row were drawn as one, 2 for pairs.

    Returns:
        (p, p) float64.

    Source: White 1980, A heteroskedasticity-consistent covariance matrix estimator, equation 2.
    """
    curvature = (inputs * weights[:, None]).T @ inputs + np.diag(penalty)
    pushes = inputs * (weights * residuals)[:, None]  # how much each row pulls at the fit
    drawn = pushes.reshape(-1, together, inputs.shape[1]).sum(axis=1)  # (N / together, p)
    n_drawn, n_free = len(drawn), max(1, len(drawn) - inputs.shape[1])
    moved = drawn @ np.linalg.pinv(curvature).T
    covariance: np.ndarray = moved.T @ moved * (n_drawn / n_free)
    return covariance
