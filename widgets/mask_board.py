"""What the page of a MaskPainter draws: the scores under the mask, both kinds of weights, and what to see in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lessons.attention_by_hand import hide_weights, mask, softmax
from widgets.picture import Picture, tints
from widgets.words import listing, number, show

__all__ = ["board_of", "picture_of", "weights_of"]

_NEAR = 5e-7  # from 1: what rounding in the computer may do to a sum
_CELL, _HIGH = 52, 26


def weights_of(scores: np.ndarray, visible: np.ndarray, place: str) -> np.ndarray:
    """Return (T, T) the weights with the mask before or after the softmax; zeros where a query sees no key at all."""
    if place == "after":
        return hide_weights(softmax(scores), visible)
    masked, weights = mask(scores, visible), np.zeros(scores.shape)
    seeing = visible.any(axis=1)
    if seeing.any():
        weights[seeing] = softmax(masked[seeing])
    return weights


def _short(value: float) -> str:
    """Return a weight or a sum with three decimals at most."""
    return number(value, 3).rstrip("0").rstrip(".")


def board_of(
    tokens: Sequence[str], scores: np.ndarray, visible: np.ndarray, named: Mapping[str, bool], undo: bool
) -> dict[str, Any]:
    """Return what the page draws."""
    heads = [f"{i + 1} {show(token)}" for i, token in enumerate(tokens)]
    painted = [
        {
            "head": heads[i],
            "cells": [
                {
                    "text": number(float(score), 2) if seen else "−∞",
                    "score": number(float(score), 2),
                    "seen": bool(seen),
                }
                for score, seen in zip(scores[i], visible[i], strict=True)
            ],
        }
        for i in range(len(heads))
    ]
    tables = [
        _table("Mask before the softmax", weights_of(scores, visible, "before"), visible, heads),
        _table("Mask after the softmax", weights_of(scores, visible, "after"), visible, heads),
    ]
    facts = [_before(visible, heads), _after(tables[1], visible, heads)]
    return {
        "columns": heads,
        "painted": painted,
        "tables": tables,
        "facts": facts,
        "presets": [[name, chosen] for name, chosen in named.items()],
        "undo": undo,
        "spoken": f"{int((~visible).sum())} of {visible.size} cells are hidden. {' '.join(facts)}",
    }


def _table(name: str, weights: np.ndarray, visible: np.ndarray, heads: Sequence[str]) -> dict[str, Any]:
    rows = []
    for i, head in enumerate(heads):
        closed = not visible[i].any()
        undefined = closed and "before" in name
        total = float(weights[i].sum())
        cells = [
            {
                "text": "0/0" if undefined else _short(float(weight)),
                "level": round(float(weight), 3),
                "seen": bool(seen),
            }
            for weight, seen in zip(weights[i], visible[i], strict=True)
        ]
        good = abs(total - 1) <= _NEAR and not undefined
        words = "none" if undefined else _short(total)
        verdict = words + (" ✓" if good else " ✗" if undefined else " ✗ not 1")
        rows.append({"head": head, "cells": cells, "sum": words, "good": good, "verdict": verdict})
    return {"name": name, "rows": rows}


def _before(visible: np.ndarray, heads: Sequence[str]) -> str:
    closed = [head for head, row in zip(heads, visible, strict=True) if not row.any()]
    if not closed:
        return "Before the softmax: every row sums to 1, whatever is hidden."
    rows = f"{'Row' if len(closed) == 1 else 'Rows'} {listing(closed)}"
    return (
        f"{rows}: every key is hidden, so the softmax would divide 0 by 0, and a program gives NaN for it. "
        "A query has to see one key at least; a causal mask leaves it itself."
    )


def _after(table: Mapping[str, Any], visible: np.ndarray, heads: Sequence[str]) -> str:
    bad = [f"{row['head']} ({row['sum']})" for row in table["rows"] if not row["good"]]
    if not bad:
        return "After the softmax: no weight was taken away, so every row still sums to 1."
    rows = "this row does" if len(bad) == 1 else "these rows do"
    unless = "" if visible.any(axis=1).all() else ", unless that is 0,"
    return (
        f"After the softmax {rows} not sum to 1: {listing(bad)}. The hidden keys had taken their share of the softmax "
        f"already. Dividing such a row by its sum{unless} would give the row of the other table."
    )


def picture_of(board: Mapping[str, Any], title: str) -> Picture:
    """Return the three tables side by side."""
    n = len(board["columns"])
    wide = 92 + _CELL * (n + 2)
    picture = Picture(3 * wide + 20, 110 + _HIGH * n, f"{title} {board['spoken']}")
    picture.text(10, 24, title, size=16, bold=True)
    names = ["Scores under the mask", *(table["name"] for table in board["tables"])]
    for k, (name, rows) in enumerate(
        zip(names, [board["painted"], *(x["rows"] for x in board["tables"])], strict=True)
    ):
        left = 10 + wide * k
        picture.text(left, 52, name, bold=True)
        for j, head in enumerate(board["columns"]):
            picture.text(left + 84 + _CELL * (j + 0.5), 72, head[:8], size=11, anchor="middle", colour="ink-soft")
        for i, row in enumerate(rows):
            top = 80 + _HIGH * i
            picture.text(left + 78, top + 17, row["head"][:11], anchor="end", size=12)
            for j, cell in enumerate(row["cells"]):
                box = (left + 84 + _CELL * j, top, _CELL - 3, _HIGH - 3)
                fill = tints(cell.get("level", 0) * 0.45).tolist()
                picture.rect(*box, fill, edge="edge", hatched=not cell["seen"])
                picture.text(box[0] + _CELL / 2 - 2, top + 17, cell["text"], anchor="middle", size=12)
            if k:
                picture.text(left + 88 + _CELL * n, top + 17, row["verdict"], size=12, bold=not row["good"])
    return picture
