"""Rank correlation: do two lists of numbers put the same words first? For records, lessons and widgets alike."""

from __future__ import annotations

import numpy as np

__all__ = ["rank_correlation", "ranks"]


def ranks(values: np.ndarray) -> np.ndarray:
    """Return (T,) float64, the rank of each number, 1 for the smallest; equal ones share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    of_each: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return of_each


def rank_correlation(one: np.ndarray, other: np.ndarray, equal: float = 1e-12) -> float | None:
    """Return the rank correlation of two lists of numbers, -1 to 1; None where all numbers of one are the same.

    Args:
        one, other: (T,).
        equal: numbers that all lie within so much of each other count as the same: what is left of 0 after some sums.

    Source: Spearman 1904, The proof and measurement of association between two things.
    """
    if min(np.ptp(one), np.ptp(other)) <= equal:
        return None
    a, b = (ranks(np.asarray(values, np.float64)) for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1))
