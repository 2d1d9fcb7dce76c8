"""Attention maps as the page draws them: what a causal mask leaves of them, one byte a weight."""

from __future__ import annotations

from functools import cache

import numpy as np

__all__ = ["difference", "packed", "packed_difference", "packed_stamps", "shown_in_words", "stamps", "without_first"]


@cache
def _triangle(n_tokens: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tril_indices(n_tokens)


def stamps(weights: np.ndarray, most: int) -> np.ndarray:
    """Return maps small enough for a stamp: each dot is the mean over a square of weights, those above the diagonal
    left out.

    Args:
        weights: (..., T, T).
        most: dots along a side; the squares are as small as this allows.

    Returns:
        (..., n, n), n at most `most`.
    """
    side = -(-weights.shape[-1] // most)
    if side == 1:
        return weights
    edges = np.arange(0, weights.shape[-1], side)
    sums, counts = (
        np.add.reduceat(np.add.reduceat(part, edges, axis=-1), edges, axis=-2)
        for part in (weights, np.tri(weights.shape[-1]))
    )
    result: np.ndarray = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    return result


def packed_stamps(maps: np.ndarray) -> bytes:
    """Return the lower triangles of small maps, row by row, two weights a byte: 15 times the square root of each.

    Sixteen tints are all that a stamp can show; the first of two weights is in the lower half of a byte.

    Args:
        maps: (..., n, n), 0 to 1.
    """
    rows, columns = _triangle(maps.shape[-1])
    tints = np.rint(15 * np.sqrt(np.clip(maps[..., rows, columns], 0, 1))).astype(np.uint8).ravel()
    pairs = np.append(tints, np.zeros(tints.size % 2, np.uint8)).reshape(-1, 2)
    return (pairs[:, 0] | pairs[:, 1] << 4).astype(np.uint8).tobytes()


def packed(weights: np.ndarray) -> bytes:
    """Return the lower triangle of a map, row by row, one byte for 255 times the square root of a weight.

    The square root is the tint, too: so a weight of 1 % can be told from 0, and rounding costs 0.4 % at most.

    Args:
        weights: (T, T), 0 to 1; what lies above the diagonal is not sent, since the mask makes it 0.
    """
    rows, columns = _triangle(weights.shape[-1])
    tints = np.sqrt(np.clip(weights[rows, columns], 0, 1))
    return np.rint(255 * tints).astype(np.uint8).tobytes()


def packed_difference(values: np.ndarray) -> bytes:
    """Return the lower triangle of a difference of two maps: 128 is none, 255 is +1 and 1 is −1, in square roots.

    Args:
        values: (T, T), −1 to 1.
    """
    flat = np.clip(values[_triangle(values.shape[-1])], -1, 1)
    return np.rint(128 + 127 * np.sign(flat) * np.sqrt(np.abs(flat))).astype(np.uint8).tobytes()


def without_first(weights: np.ndarray) -> np.ndarray:
    """Return maps whose first column is hidden, and whose other weights are divided by what is left of their row.

    A row with nothing left, such as the first one, becomes 0.

    Args:
        weights: (..., T, T), rows sum to 1.
    """
    others = np.array(weights, np.float64)
    others[..., 0] = 0
    left = others.sum(-1, keepdims=True)
    return np.divide(others, left, out=np.zeros_like(others), where=left > 0)


def difference(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """Return one map minus another, place by place, as far as both have them.

    Args:
        these: (T, T).
        those: (S, S).
    """
    n = min(len(these), len(those))
    result: np.ndarray = np.subtract(these[:n, :n], those[:n, :n], dtype=np.float64)
    return result


def shown_in_words(value: float, *, signed: bool = False) -> str:
    """Return a weight as it stands under a word: in per cent, and a difference in points with its sign."""
    share = 100 * abs(value)
    text = "<0.1" if 0 < share < 0.05 else f"{share:.1f}"
    if not signed or text == "0.0":
        return text
    return f"{'+' if value > 0 else '−'}{text}"
