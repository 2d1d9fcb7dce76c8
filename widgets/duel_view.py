"""What the page of a ModelDuel draws: who is less surprised at which word, the score, the largest disagreements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from widgets.picture import Picture
from widgets.reading import Reading
from widgets.sketches import MARGIN, Part
from widgets.static_parts import table
from widgets.strips import strip_of
from widgets.token_line import line_of, nice_ceiling
from widgets.words import count, nats, number, show

__all__ = ["duel_line", "leads", "score_board", "score_part", "static_score"]

FULL_DIFFERENCE = 6.0  # nats: one scale for every text; what is larger is drawn full, its number tells
LISTED = 5  # words with the largest disagreement


def leads(reading: Reading) -> np.ndarray:
    """Return by how much the first model is less surprised at each token than the second: (T,) nats, signed."""
    first, second = reading.surprisals
    return np.asarray(second - first)


def duel_line(reading: Reading, names: Sequence[str]) -> dict[str, Any]:
    """Return the tokens with the signed difference of the surprisals, as a token line draws them."""
    values = [float(value) for value in leads(reading)]
    unit = f"nats in favour of the {names[0]}"
    line = line_of(reading.tokens, reading.typed, values, unit=unit, scale=FULL_DIFFERENCE, signed=True)
    low, high = f"−{FULL_DIFFERENCE:g} {names[1]} ahead", f"+{FULL_DIFFERENCE:g} {names[0]} ahead"
    return line | {"hue": "other", "text": reading.text, "legend": {"low": low, "high": high, "signed": True}}


def score_board(reading: Reading, names: Sequence[str], hues: Sequence[str], selected: int) -> dict[str, Any]:
    """Return both models' scores, the way the lead went, and the words that they disagree most about.

    Args:
        reading: the text as both models read it.
        names: of the models.
        hues: of the models.
        selected: place of the selected token; the running score stops after it.
    """
    lead = leads(reading)
    total = np.cumsum(lead)
    words = [show(typed) for typed in reading.typed]
    length = len(words)
    rows = []
    won = (int((lead > 0).sum()), int((lead < 0).sum()))
    for name, hue, values, perplexity, n in zip(
        names, hues, reading.surprisals, reading.perplexities, won, strict=True
    ):
        cells = [nats(float(values.mean()), 2), number(perplexity), f"{count(n)} of {count(length)} words"]
        rows.append({"name": name, "hue": hue, "cells": cells})
    largest = np.argsort(-np.abs(lead), kind="stable")[:LISTED]
    return {
        "columns": ["mean surprisal", "perplexity", "less surprised at"],
        "rows": rows,
        "strip": strip_of(f"{names[0]}'s lead", total, nice_ceiling(float(np.abs(total).max())), signed=True, digits=1),
        "after": _after(reading, names, selected),
        "largest": [_disagreement(reading, names, words, int(place)) for place in largest if lead[place]],
        "largest_columns": ["word", *names, "in favour of"],
    }


def _after(reading: Reading, names: Sequence[str], selected: int) -> list[str]:
    """Return the score after the selected word, as a sentence in pieces."""
    sums = [float(values[: selected + 1].sum()) for values in reading.surprisals]
    difference = sums[1] - sums[0]
    ahead = f"the {names[0] if difference > 0 else names[1]} leads by {number(abs(difference))}"
    told = f"; {ahead}." if number(abs(difference)) != "0.0" else "; a draw."
    both = ", ".join(f"{name} {number(value)} nats" for name, value in zip(names, sums, strict=True))
    return ["Score after word ", f"{selected + 1} of {len(reading.typed)}", f": {both}{told}"]


def _disagreement(reading: Reading, names: Sequence[str], words: Sequence[str], place: int) -> dict[str, Any]:
    first, second = (float(values[place]) for values in reading.surprisals)
    winner = 0 if first < second else 1
    cells = [number(first), number(second), f"{names[winner]}, {number(abs(first - second))}"]
    return {"place": place, "word": words[place], "cells": cells, "sign": None if winner == 0 else "against"}


# On paper.


def score_part(score: dict[str, Any]) -> Part:
    """Return the score as a part of a picture."""
    lines = [score["columns"], *([row["name"], *row["cells"]] for row in score["rows"])]

    def draw(picture: Picture, y: float) -> None:
        for i, line in enumerate(lines):
            cells = ["", *line] if i == 0 else line
            for j, cell in enumerate(cells):
                x = MARGIN if j == 0 else MARGIN + 110 + 170 * j
                colour = "ink-soft" if i == 0 else "ink"
                picture.text(x, y + 14 + 20 * i, cell, size=12, anchor="start" if j == 0 else "end", colour=colour)
        picture.text(MARGIN, y + 24 + 20 * len(lines), "".join(score["after"]), size=12)

    return 20.0 * len(lines) + 30, draw


def static_score(score: dict[str, Any]) -> list[str]:
    """Return score and largest disagreements as HTML tables without a script."""
    rows = [[row["name"], *row["cells"]] for row in score["rows"]]
    largest = [[row["word"], *row["cells"]] for row in score["largest"]]
    return [table(rows, ["", *score["columns"]]), table(largest, score["largest_columns"])]
