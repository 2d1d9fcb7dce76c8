"""The numbers of an AttentionAbacus: a learner's own on a small blackboard, or one head of a Transformer on a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import TransformerTrace
from widgets.checks import whole
from widgets.words import clean, displayed, show

__all__ = [
    "KINDS",
    "Sheet",
    "number_of",
    "resized",
    "sheet_of",
    "sheet_of_head",
    "small_number",
    "start_of",
    "vectors_of",
    "words_of_tokens",
]

KINDS = ("query", "key", "value")
LEAST_TOKENS, MOST_TOKENS = 3, 5
MOST = 100.0  # the largest number that fits a cell
SHOWN_PARTS = 3  # of each vector of a real head

# Over √2, one point of score about doubles a weight (e^0.71 = 2.03): the first rows have about thirds and sixths.
TOKENS = ("The", "king", "ruled", "the", "land")
_START = {
    "query": ((2, -1, 0), (1, 2, 1), (-1, 1, 2), (1, 0, -1), (0, 2, 1)),
    "key": ((1, 0, 1), (0, 1, 0), (2, 1, -1), (1, 1, 0), (-1, 2, 1)),
    "value": ((3, 0, 0), (0, 3, 0), (3, 3, 0), (0, 0, 3), (0, 3, 3)),
}
Vectors = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class Sheet:
    """What an abacus computes with.

    Attributes:
        words: (T,) all tokens, as they are displayed.
        query, key, value: (T, d).
        places: which of the tokens have a row and a column of their own, in order.
        parts: how many numbers of each vector are shown.
        own: whether the learner may change the numbers.
        origin: where they come from, a sentence; "" for the learner's own.
        picks: what can be chosen: a name, the numbers there are, the present one.
    """

    words: tuple[str, ...]
    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    places: tuple[int, ...]
    parts: int
    own: bool = True
    origin: str = ""
    picks: tuple[tuple[str, tuple[int, ...], int], ...] = ()

    @property
    def d(self) -> int:
        """How many numbers a query has."""
        return int(self.query.shape[1])

    @property
    def others(self) -> tuple[int, ...]:
        """The tokens that have no row and column of their own."""
        return tuple(i for i in range(len(self.words)) if i not in self.places)


def number_of(text: str, what: str) -> float:
    """Return the number that a person typed: a comma for a point and fractions such as 1/3 are understood.

    Args:
        text: what was typed.
        what: what it is for, for the error.
    """
    given = clean(text.strip())
    plain = given.replace("−", "-").replace("∞", "inf").replace(",", ".")
    try:
        above, _, below = plain.partition("/")
        value = float(above) / float(below) if below else float(plain)
        if "_" in plain or math.isnan(value):
            raise ValueError
    except (ValueError, ZeroDivisionError, OverflowError):
        shown = f"“{given[:20]}{'…' * (len(given) > 20)}” is no number" if given else "Nothing was typed"
        raise InputError(f"{shown}; type {what}, for example 2, −0.5 or 1/3.") from None
    return value


def small_number(text: str) -> float:
    """Return a number for a cell of a query, key or value."""
    value = number_of(text, f"a number from −{MOST:g} to {MOST:g}")
    if not abs(value) <= MOST:
        raise InputError(f"“{clean(text.strip())[:20]}” does not fit a cell; type a number from −{MOST:g} to {MOST:g}.")
    return value


def on_the_blackboard(n_tokens: int, d: int) -> dict[str, Any]:
    """Return the numbers that an abacus starts with."""
    return {"tokens": TOKENS[:n_tokens]} | {
        kind: tuple(tuple(float(x) for x in row[:d]) for row in _START[kind][:n_tokens]) for kind in KINDS
    }


def start_of(given: dict[str, Any], trace: object) -> dict[str, Any]:
    """Return the numbers that an abacus is made with, an example where none were given; with a trace, none."""
    if trace is not None:
        if any(part is not None for part in given.values()):
            raise InputError("Give either numbers of your own or a trace, not both.")
        return given
    rows = next((part for part in given.values() if isinstance(part, (Sequence, np.ndarray))), TOKENS[:LEAST_TOKENS])
    example = on_the_blackboard(max(LEAST_TOKENS, min(MOST_TOKENS, len(rows))), 2)
    return {name: example[name] if part is None else part for name, part in given.items()}


def resized(tokens: tuple[str, ...], vectors: dict[str, Vectors], n_tokens: int, d: int) -> dict[str, Any]:
    """Return the numbers for another number of tokens or another width: what is there stays, what is new is filled."""
    n_tokens = whole(n_tokens, "The number of tokens", LEAST_TOKENS, MOST_TOKENS)
    d = whole(d, "The width of a vector", 2, 3)
    new = on_the_blackboard(n_tokens, d)
    for kind in KINDS:
        old = [*vectors[kind], *[()] * n_tokens]
        new[kind] = tuple((*had, *row[len(had) :])[:d] for had, row in zip(old, new[kind], strict=False))
    return new | {"tokens": (*tokens, *new["tokens"][len(tokens) :])[:n_tokens]}


def vectors_of(given: Any, name: str, n_tokens: int) -> Vectors:
    """Return a learner's queries, keys or values: a row of 2 or 3 numbers for each token."""
    advice = f"{name} must be a list with 2 or 3 numbers for each of the {n_tokens} tokens"
    try:
        rows = [list(row) for row in given]
        good = len(rows) == n_tokens and {len(row) for row in rows} in ({2}, {3})
        array = np.array(rows, np.float64) if good and not isinstance(given, str) else None
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or np.asarray(rows).dtype.kind not in "iuf":
        raise InputError(f"{advice}, for example [[1, 0], [0, 1], [2, −1]].")
    if not (np.abs(array) <= MOST).all():
        raise InputError(f"{advice}, each from −{MOST:g} to {MOST:g}.")
    return tuple(tuple(float(x) for x in row) for row in array)


def words_of_tokens(tokens: Any) -> tuple[str, ...]:
    """Return the names of a learner's tokens."""
    good = isinstance(tokens, Sequence) and not isinstance(tokens, str) and all(isinstance(x, str) for x in tokens)
    if not good or not LEAST_TOKENS <= len(tokens) <= MOST_TOKENS:
        raise InputError(
            f"tokens must be a list of {LEAST_TOKENS} to {MOST_TOKENS} words; five lines fit a blackboard."
        )
    return tuple(clean(token) for token in tokens)


def sheet_of(tokens: tuple[str, ...], vectors: dict[str, Vectors]) -> Sheet:
    """Return a learner's own numbers as a sheet."""
    q, k, v = (np.array(vectors[kind], np.float64) for kind in KINDS)
    d = q.shape[1]
    if not q.shape == k.shape == v.shape:
        raise InputError("Queries, keys and values must have equally many numbers here: all 2 or all 3.")
    many = tuple(range(LEAST_TOKENS, MOST_TOKENS + 1))
    picks = (("tokens", many, len(tokens)), ("numbers each", (2, 3), d))
    return Sheet(tuple(map(show, tokens)), q, k, v, tuple(range(len(tokens))), d, picks=picks)


def sheet_of_head(trace: TransformerTrace, layer: Any, head: Any, places: Any) -> Sheet:
    """Return one head of a real Transformer as a sheet.

    Args:
        trace: what `model.trace(text)` gives.
        layer: from 0. head: from 0.
        places: 1 to 5 of the trace's tokens, counted from 0; None for the last five.
    """
    if not isinstance(trace, TransformerTrace):
        raise InputError(
            f"trace must be a TransformerTrace (what transformer.trace gives), not {type(trace).__name__}."
        )
    layer, head = whole(layer, "layer", 0, trace.n_layers - 1), whole(head, "head", 0, trace.n_heads - 1)
    n_tokens = len(trace.tokens)
    if places is None:
        places = range(max(0, n_tokens - MOST_TOKENS), n_tokens)
    if isinstance(places, str) or not isinstance(places, (Sequence, np.ndarray)) or not 1 <= len(places) <= MOST_TOKENS:
        raise InputError(f"places must be a list of 1 to {MOST_TOKENS} places in the text, for example [0, 2, 3].")
    chosen = tuple(sorted({whole(place, "A place", 0, n_tokens - 1) for place in places}))
    words = tuple(displayed(trace.tokens, trace.typed))
    q, k, v = (np.array(array[layer, head], np.float64) for array in (trace.query, trace.key, trace.value))
    d = q.shape[1]
    seen = f"; the model saw only the last {n_tokens} tokens of the text" if trace.first else ""
    origin = (
        f"Real numbers: layer {layer + 1}, head {head + 1} of the Transformer, {d} numbers in each query, key and value"
        f"{seen}."
    )
    counted = tuple(range(1, trace.n_layers + 1)), tuple(range(1, trace.n_heads + 1))
    picks = (("layer", counted[0], layer + 1), ("head", counted[1], head + 1))
    return Sheet(words, q, k, v, chosen, min(SHOWN_PARTS, d), own=False, origin=origin, picks=picks)
