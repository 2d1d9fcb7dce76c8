"""The five steps of attention, one function each, and the mask at the wrong place."""

from __future__ import annotations

import math

import numpy as np

from lessons.attention_by_hand.matrices import matrix_of, product, same_tokens, square
from lessons.checks import whole
from lessons.errors import InputError

__all__ = ["causal", "hide_weights", "mask", "mix", "scale", "scores", "softmax", "visible_or_causal"]


def scores(query: object, key: object) -> np.ndarray:
    """Return (T, T): the dot product of each query (row) with each key (column).

    Args:
        query: (T, d) one row for each token.
        key: (T, d).

    Raises:
        InputError: no matrix of finite numbers, or the two have another shape.
    """
    q, k = matrix_of("query", query), matrix_of("key", key)
    same_tokens("key", k, "query", q)
    if q.shape[1] != k.shape[1]:
        raise InputError(
            f"A query has {q.shape[1]} numbers and a key {k.shape[1]}; for a dot product both must have equally many."
        )
    return product(q, k.T, "scores")


def scale(scores: object, d_head: int) -> np.ndarray:
    """Return the scores divided by √d_head.

    Args:
        scores: (T, T).
        d_head: how many numbers a query has.

    Raises:
        InputError: no matrix of finite numbers, or a width below 1.
    """
    result: np.ndarray = matrix_of("scores", scores) / math.sqrt(whole("d_head", d_head, 1))
    return result


def causal(length: int) -> np.ndarray:
    """Return (T, T) bool: True where the key (column) is not later than the query (row).

    Raises:
        InputError: the length is below 1.
    """
    n = whole("length", length, 1)
    return np.tril(np.ones((n, n), bool))


def mask(scores: object, visible: object = None) -> np.ndarray:
    """Return the scores with −∞ where a query may not look at a key.

    Args:
        scores: (T, T).
        visible: (T, T) True where it may look; None for the causal mask.

    Raises:
        InputError: the scores are not square or not finite, or `visible` does not fit them.
    """
    matrix = square("scores", scores)
    return np.where(visible_or_causal(visible, len(matrix)), matrix, -np.inf)


def softmax(rows: object) -> np.ndarray:
    """Return exp of each number divided by its row's sum: positive numbers, each row summing to 1; exp(−∞) is 0.

    The largest number of a row is taken off first. That changes no result and keeps exp from overflowing.

    Args:
        rows: (n, m) numbers or −∞.

    Raises:
        InputError: a row is −∞ throughout (0 divided by 0 is nothing), or holds NaN or +∞.
    """
    matrix = matrix_of("rows", rows, minus_infinity=True)
    empty = np.flatnonzero(np.isneginf(matrix).all(axis=1))
    if empty.size:
        raise InputError(
            f"Row {empty[0] + 1} is −∞ throughout: every key is masked, and softmax would divide 0 by 0. "
            "Leave at least one key visible to each query; in a causal mask that is the token itself."
        )
    with np.errstate(over="ignore"):
        grown = np.exp(matrix - matrix.max(axis=1, keepdims=True))
    result: np.ndarray = grown / grown.sum(axis=1, keepdims=True)
    return result


def hide_weights(weights: object, visible: object = None) -> np.ndarray:
    """Return the weights with 0 where a query may not look: the *wrong* place for a mask, for rows no longer sum to 1.

    Args:
        weights: (T, T).
        visible: (T, T) True where it may look; None for the causal mask.

    Raises:
        InputError: the weights are not square or not finite, or `visible` does not fit them.
    """
    matrix = square("weights", weights)
    return np.where(visible_or_causal(visible, len(matrix)), matrix, 0.0)


def mix(weights: object, value: object) -> np.ndarray:
    """Return (T, d): for each query the sum of all values, each times its weight.

    Args:
        weights: (T, T) one row for each query.
        value: (T, d) one row for each key.

    Raises:
        InputError: no matrices of finite numbers, or another number of tokens.
    """
    w, v = square("weights", weights), matrix_of("value", value)
    same_tokens("value", v, "weights", w)
    return product(w, v, "output")


def visible_or_causal(given: object, length: int) -> np.ndarray:
    """Return a mask of (T, T), the causal one for None."""
    if given is None:
        return causal(length)
    seen = np.asarray(given)
    if seen.dtype != np.bool_ or seen.shape != (length, length):
        raise InputError(
            f"visible must be {length} × {length} True or False: True where the query of that row may look."
        )
    return seen
