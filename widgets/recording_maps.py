"""The inside of a model at one checkpoint as the page draws it: a small map for each head or gate, one of them large.

A map is one byte a cell: 0 is drawn as nothing, 1 to 255 as a tint. Of a signed map 128 is zero, 1 is −1 and 255 is +1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.records import GATES, RecordedCheckpoint
from widgets.recording_source import Recorded
from widgets.token_line import line_of
from widgets.words import displayed

__all__ = ["CANDIDATE", "cells_of", "large_of", "line_inside", "shares_of"]

CANDIDATE = GATES.index("candidate")
_COARSE = 20  # levels of a histogram's bars


def _tints(shares: np.ndarray) -> np.ndarray:
    """Return 1 to 255 for 0 to 1."""
    tints: np.ndarray = np.rint(1 + 254 * np.clip(shares, 0, 1)).astype(np.uint8)
    return tints


def _attention(maps: np.ndarray) -> np.ndarray:
    """Return (..., S, S) bytes: the tint is the square root of a weight, and nothing above the diagonal."""
    return np.where(np.tri(maps.shape[-1], dtype=bool), _tints(np.sqrt(np.clip(maps, 0, 1))), 0).astype(np.uint8)


def _histograms(histogram: np.ndarray) -> np.ndarray:
    """Return (L, 4, 20, 20) bytes: a column for each bin, as high as the square root of its share."""
    heights = np.sqrt(histogram)[..., None, :] * _COARSE  # (L, 4, 1, bins)
    from_below = np.arange(_COARSE)[::-1, None] + 0.5
    return np.where(from_below < heights, 255, 0).astype(np.uint8)


def cells_of(one: Recorded, at: RecordedCheckpoint, score: str | None = None) -> tuple[np.ndarray, list[str]]:
    """Return (L, parts, rows, columns) bytes of all small maps, and what is written in each.

    Args:
        one: the recording.
        at: the checkpoint.
        score: None for maps of attention and histograms of gates; else one of the recording's `scores` as a tint.
    """
    if score is not None:
        values = one.value(at, score)
        return _tints(np.abs(values))[..., None, None], [_in_cell(value, score) for value in values.ravel().tolist()]
    n = int(np.prod(one.shape))
    if one.has_heads:
        assert at.attention is not None
        return _attention(at.attention), [""] * n
    assert at.gate_histogram is not None
    return _histograms(at.gate_histogram), [""] * n


def _in_cell(value: float, score: str) -> str:
    return f"{value:.2f}".replace("-", "−") if score == "mean" else f"{100 * value:.0f} %"


def large_of(one: Recorded, at: RecordedCheckpoint, chosen: tuple[int, int]) -> tuple[np.ndarray, dict[str, Any]]:
    """Return (rows, columns) bytes of the chosen head or gate, and how they are labelled and drawn.

    Args:
        one: the recording.
        at: the checkpoint.
        chosen: layer, and head or gate.
    """
    words = ["↵ <eos>", *displayed(one.recording.run.tokens, one.recording.run.tokens)]
    if one.has_heads:
        assert at.attention is not None
        look = {
            "rows": words,
            "tops": words,
            "signed": False,
            "legend": ["0", "100", "% of the row; the square root is drawn"],
        }
        return _attention(at.attention[chosen]), look
    assert at.gates is not None
    values, signed = at.gates[chosen].T, chosen[1] == CANDIDATE  # (U, S)
    units = [f"unit {unit + 1}" if i % 4 == 0 else "" for i, unit in enumerate(one.recording.units)]
    legend = ["−1" if signed else "0 closed", "1" if signed else "1 open", ""]
    look = {"rows": units, "tops": words, "signed": signed, "legend": legend}
    tints = np.rint(128 + 127 * values).astype(np.uint8) if signed else _tints(values)
    return tints, look


def shares_of(one: Recorded, at: RecordedCheckpoint, chosen: tuple[int, int], place: int) -> np.ndarray:
    """Return what stands under the words: the row of weights of the word at a place, or the mean gate at each word.

    Args:
        one: the recording.
        at: the checkpoint.
        chosen: layer, and head or gate.
        place: of the word that looks, 0 being the `<eos>`.

    Returns:
        (S,) weights, 0 to 1, NaN for the words after the place; or means over the recording's units.
    """
    if not one.has_heads:
        assert at.gates is not None
        means: np.ndarray = at.gates[chosen].mean(-1, dtype=np.float64)
        return means
    assert at.attention is not None
    row = at.attention[chosen][place].astype(np.float64)
    row[place + 1 :] = np.nan
    return row


def line_inside(one: Recorded, at: RecordedCheckpoint, chosen: tuple[int, int], place: int) -> dict[str, Any]:
    """Return the sentence with a number under each word, see `shares_of`."""
    tokens = ("<eos>", *one.recording.run.tokens)
    shares = shares_of(one, at, chosen, place)
    factor = 100 if one.has_heads else 1
    values = [None if np.isnan(share) else factor * float(share) for share in shares]
    unit = "% of its attention" if one.has_heads else f"mean of {len(one.recording.units)} units"
    signed = not one.has_heads and chosen[1] == CANDIDATE
    digits = 0 if one.has_heads else 2
    return line_of(tokens, tokens, values, unit=unit, scale=factor, signed=signed, digits=digits)
