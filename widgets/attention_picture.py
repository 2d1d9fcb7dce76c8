"""What an AttentionExplorer shows as a picture: the tokens, all heads small, one map large, and the next word."""

from __future__ import annotations

from typing import Any

import numpy as np

from widgets.attention_board import State
from widgets.attention_maps import stamps
from widgets.picture import Picture, signed_tints, tints
from widgets.sketches import Part, bars_part, draw_legend, stacked, tokens_part

__all__ = ["picture_of"]

_WIDTH = 900.0
_LEFT = 330.0  # width of the part with all heads
_DOTS = 16  # most dots along the side of a small map
_TINTS = 15  # steps between no weight and all of it: few colours make small files
_LABEL = 11  # size of the labels


def _levels(roots: np.ndarray) -> np.ndarray:
    """Return how strong a tint is drawn for the root of a weight: never quite 0, so that the triangle can be seen."""
    return np.sign(roots + 1e-9) * (0.06 + 0.94 * np.rint(_TINTS * np.abs(roots)) / _TINTS)


def _pixels(values: np.ndarray, signed: bool) -> np.ndarray:
    """Return (..., n, n, 3) uint8: the lower triangle tinted, the rest paper."""
    levels = np.where(np.tri(values.shape[-1], dtype=bool), _levels(np.sign(values) * np.sqrt(np.abs(values))), 0)
    return signed_tints(levels) if signed else tints(levels)


def _overview(state: State, board: dict[str, Any]) -> Part:
    """Return all heads as small maps in one raster, with frames and marks over it."""
    maps = _pixels(stamps(state.maps(), _DOTS), False)
    layers, columns, n = maps.shape[:3]
    gap = max(1, n // 8)
    room = np.full((layers, n + gap, columns, n + gap, 3), 255, np.uint8)
    room[:, :n, :, :n] = maps.transpose(0, 2, 1, 3, 4)
    pixels = room.reshape(layers * (n + gap), columns * (n + gap), 3)
    side = min(44.0, (_LEFT - 60) / columns)
    small = side * n / (n + gap)

    def draw(picture: Picture, y: float) -> None:
        left = 16.0 + 50
        picture.raster(left, y, side * columns, side * layers, pixels)
        for layer in range(layers):
            picture.text(left - 6, y + side * layer + small / 2 + 4, f"layer {layer + 1}", size=_LABEL, anchor="end")
        for place, (_, kind, text) in enumerate(board["cells"]):
            layer, column = divmod(place, columns)
            box = left + side * column, y + side * layer, small, small
            if "off" in kind:
                picture.rect(*box, None, hatched=True)
            if place == board["cell"] or "pinned" in kind:
                picture.rect(*box, None, edge="for" if place == board["cell"] else "ink")
            if text:
                picture.text(box[0] + small / 2, box[1] + 11, text, size=9, anchor="middle", bold="off" in kind)

    return side * layers + 8, draw


def _map(board: dict[str, Any], values: np.ndarray, words: list[str]) -> Part:
    """Return the large map: a label left of each row and above each column, the selected ones framed, the legend."""
    n, place, signed = len(values), board["selected"], board["signed"]
    cell = min(28.0, 430.0 / n)
    step = max(1, int(np.ceil(1.2 * _LABEL / cell)))
    side, over = n * cell, 70.0
    labels = [word if len(word) <= 14 else f"{word[:13]}…" for word in words[:n]]

    def draw(picture: Picture, y: float) -> None:
        left, top = 16 + _LEFT + 100, y + over
        picture.raster(left, top, side, side, _pixels(values, signed))
        for i, label in enumerate(labels):
            if i != place and (i % step or abs(i - place) < step):
                continue
            look: dict[str, Any] = {"size": _LABEL, "bold": i == place, "colour": "ink" if i == place else "ink-soft"}
            picture.text(left - 6, top + (i + 0.5) * cell + 4, label, anchor="end", **look)
            picture.text(left + (i + 0.5) * cell + 3, top + i * cell - 4, label, turned=45, **look)
        if place < n:
            picture.rect(left, top + place * cell, (place + 1) * cell, cell, None, edge="for")
            picture.rect(left + place * cell, top + place * cell, cell, side - place * cell, None, edge="for")
        scale = np.linspace(-1, 1, 64) if signed else np.linspace(0, 1, 64)
        colours = signed_tints(_levels(scale)) if signed else tints(_levels(scale))
        unit = "points" if signed else "%"
        said = f"{unit}; the tint is the square root"
        draw_legend(picture, left, top + side + 10, -100 if signed else 0, 100, said, colours)

    return over + side + 30, draw


def _beside(one: Part, other: Part) -> Part:
    def draw(picture: Picture, y: float) -> None:
        one[1](picture, y)
        other[1](picture, y)

    return max(one[0], other[0]), draw


def _table(rows: list[list[str]]) -> Part:
    def draw(picture: Picture, y: float) -> None:
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                x, anchor = (166 + 70 * j, "end") if j else (16, "start")
                picture.text(x, y + 14 + 18 * i, text, size=12, anchor=anchor, colour="ink-soft")

    return 18.0 * len(rows) + 6, draw


def _below(one: Part, other: Part) -> Part:
    def draw(picture: Picture, y: float) -> None:
        one[1](picture, y)
        other[1](picture, y + one[0])

    return one[0] + other[0], draw


def picture_of(
    state: State, title: str, line: dict[str, Any], board: dict[str, Any], outcome: dict[str, Any]
) -> Picture:
    """Return what is on the screen as a picture.

    Args:
        state: what is shown.
        title: heading of the card.
        line, board, outcome: what the page draws of it.
    """
    shown = line | {name: board[name] for name in ("numbers", "levels", "legend", "unit")}
    words = board.get("labels", line["words"])
    heading = board["about"][0][1]
    left = _overview(state, board)
    if outcome:
        left = _below(left, _table(outcome["rows"]))
    parts = [tokens_part(shown, state.place, _WIDTH), _beside(left, _map(board, state.shown, words))]
    if outcome:
        parts.append(bars_part(outcome["panels"], outcome["legend"], _WIDTH))
    return stacked(f"{title} {heading}", f"{title} {board['spoken']}", _WIDTH, parts)
