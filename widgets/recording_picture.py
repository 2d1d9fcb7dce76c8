"""What a TrainingSlider shows as a picture, and as a table, for pages without a kernel and for paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from widgets.picture import Picture, signed_tints, tints
from widgets.recording_board import State
from widgets.recording_source import when
from widgets.sketches import MARGIN, Part, sentences_part, stacked, tokens_part
from widgets.static_parts import paragraph, table
from widgets.words import nats, perplexity

__all__ = ["picture_of", "table_of"]

_WIDTH = 800.0
_GAP = 4


def picture_of(state: State, title: str, board: dict[str, Any]) -> Picture:
    """Return the charts, the sentences and what is looked at. Args: board, what the page draws of the state."""
    charts = [chart.part(_WIDTH) for chart, _ in state.charts()]
    parts = [charts[0], sentences_part(["".join(said) for said in board["heads"]], _WIDTH, bold=True)]
    told = [*board["told"], *board.get("told2", [])]
    parts.append(sentences_part(["".join(said) for said in told], _WIDTH))
    for text in board.get("texts", []):
        parts.append(sentences_part([text["name"]], _WIDTH, bold=True, colour=text["hue"]))
        rows = [f"{kind}: {''.join(said)}" for kind, _, said in text["rows"]]
        parts.append(sentences_part(rows, _WIDTH))
    for said, line in board.get("lines", []):
        parts += [sentences_part(["".join(said)], _WIDTH), tokens_part(line, board["selected"], _WIDTH)]
    for one in board.get("tables", []):
        rows = [" | ".join(f"{name} {value}".strip() for name, value, _ in row) for row in one["rows"]]
        parts.append(sentences_part([one["name"], " | ".join(one["heads"]), *rows], _WIDTH))
    if "cells" in board:
        parts.append(_grid(state, board))
    parts += [*charts[1:], sentences_part(board["hints"], _WIDTH, size=11, colour="ink-soft")]
    return stacked(title, f"{title} {board['spoken']}", _WIDTH, parts)


def _grid(state: State, board: dict[str, Any]) -> Part:
    """Return all small maps in rows, one row a layer, and beside them the large one."""
    data, drawn = state.maps()
    rows, columns = drawn["grid"]["side"]
    n, across = len(board["cells"]), board["columns"]
    values = np.frombuffer(data, np.uint8)
    small = values[: n * rows * columns].reshape(n, rows, columns)
    side = min(60.0, (_WIDTH / 2 - 70) / across)
    large = drawn.get("large")
    high = side * -(-n // across)

    def pixels(part: np.ndarray, signed: bool) -> np.ndarray:
        levels = part.astype(np.float64)
        if signed:
            return signed_tints((levels - 128) / 127)
        return tints(np.where(part > 0, 0.06 + 0.94 * (levels - 1) / 254, 0))

    def draw(picture: Picture, y: float) -> None:
        for i in range(n):
            left, top = MARGIN + 60 + side * (i % across), y + side * (i // across)
            box = left, top, side - _GAP, side - _GAP
            picture.raster(*box, pixels(small[i], False))
            picture.rect(*box, None, edge="for" if i == board["cell"] else "line")
            if board["cells"][i][1]:
                picture.text(left + side / 2 - 2, top + side / 2 + 4, board["cells"][i][1], size=11, anchor="middle")
            if not i % across:
                picture.text(left - 6, top + side / 2, f"layer {i // across + 1}", size=11, anchor="end")
        if large:
            field = values[n * rows * columns :].reshape(len(large["rows"]), len(large["tops"]))
            left, room = MARGIN + _WIDTH / 2 + 90, _WIDTH / 2 - 100
            picture.raster(left, y, room, room, pixels(field, large["signed"]))
            for i, word in enumerate(large["rows"]):
                if word:
                    picture.text(left - 6, y + room * (i + 0.7) / len(field), word, size=10, anchor="end")

    return max(high, _WIDTH / 2 - 100 if large else 0) + 10, draw


def table_of(state: State) -> list[str]:
    """Return the numbers of all checkpoints as tables, one for each recording."""
    parts = []
    for one in state.recorded:
        at = one.recording.checkpoints
        rows = [
            [when(each), perplexity(each.valid_perplexity), nats(float(each.surprisals.mean()), 2), each.greedy[0]]
            for each in at
        ]
        heads = [
            "",
            "validation perplexity",
            "mean surprisal of the sentence",
            "first choices after the first beginning",
        ]
        parts.append(table(rows, heads, caption=one.name))
        parts.append(paragraph(f"Sentence: {' '.join(one.recording.run.tokens)}"))
    return parts
