"""Checks of the small matrices that attention by hand works on: each says what is wrong in one sentence."""

from __future__ import annotations

import numpy as np

from lessons.errors import InputError

__all__ = ["matrix_of", "product", "same_tokens", "square"]


def matrix_of(name: str, given: object, minus_infinity: bool = False) -> np.ndarray:
    """Return a matrix of numbers as float64; −∞ is a number only where it is asked for."""
    try:
        raw = np.asarray(given)
    except ValueError:  # rows of different lengths
        raw = np.empty(0, object)
    if raw.dtype.kind not in "iuf":
        raise InputError(
            f"{name} must be a matrix of numbers, each row with equally many; write for example [[1, 2], [0, 1]]."
        )
    if raw.ndim != 2 or not raw.size:
        raise InputError(f"{name} has shape {raw.shape}; it must be a matrix with a row for each token, not empty.")
    matrix = raw.astype(np.float64)
    bad = ~np.isfinite(matrix) & ~(np.isneginf(matrix) & minus_infinity)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        allowed = "finite numbers or −∞" if minus_infinity else "finite numbers"
        raise InputError(
            f"{name} holds {matrix[row, column]:g} in row {row + 1}, column {column + 1}; only {allowed} can be used."
        )
    return matrix


def square(name: str, given: object) -> np.ndarray:
    """Return a matrix of numbers with as many rows as columns."""
    matrix = matrix_of(name, given)
    if matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"{name} has shape {matrix.shape}; it must be square, with a row for each query and a column for each key."
        )
    return matrix


def same_tokens(name: str, matrix: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Refuse two matrices that do not have a row for each of the same tokens."""
    if len(matrix) != len(other):
        raise InputError(f"{name} has {len(matrix)} rows and {other_name} {len(other)}; both need one for each token.")


def product(left: np.ndarray, right: np.ndarray, name: str) -> np.ndarray:
    """Return the matrix product if it is finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        result: np.ndarray = left @ right
    if not np.isfinite(result).all():
        raise InputError(f"The numbers are too large: the {name} would not be finite. Use smaller ones.")
    return result
