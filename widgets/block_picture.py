"""A BlockTracer on paper: the grid, the bars and the steps, drawn from the very descriptions that the page draws."""

from __future__ import annotations

import textwrap
from typing import Any

from widgets.picture import Picture, tints
from widgets.sketches import MARGIN, Part, bars_part, fitting, stacked

__all__ = ["picture_of"]

_WIDTH = 860
_HEADS = 220.0  # room for the names of the layers
_CELL = 68.0
_ROW = 22.0
_MOST = int((_WIDTH - _HEADS) // _CELL)  # columns that fit
TINT = 0.45  # of the hue in a cell with probability 1, as in the style sheet


def picture_of(grid: dict[str, Any], board: dict[str, Any]) -> Picture:
    """Return the grid around the selected place, the bars and the steps of that place, one below the other."""
    panels = [panel | {"rows": [_short(row) for row in panel["rows"]]} for panel in board["panels"]]
    parts = [_grid_part(grid, board), bars_part(panels, board["legend"], _WIDTH), *map(_way_part, board["ways"])]
    return stacked("".join(board["heading"]), board["spoken"], _WIDTH, parts)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"share": row["share"].split(" → ")[-1]}  # there is room for what it is, not for what it was


def _grid_part(grid: dict[str, Any], board: dict[str, Any]) -> Part:
    places = len(grid["words"])
    first = max(0, min(board["selected"] - _MOST // 2, places - _MOST))
    columns = range(first, min(places, first + _MOST))
    height = _ROW * (1 + len(grid["rows"])) + 6 * sum("span" in row for row in grid["rows"]) + 20

    def draw(picture: Picture, top: float) -> None:
        for j, place in enumerate(columns):
            words, bold = fitting(grid["words"][place], _CELL - 4), place == board["selected"]
            picture.text(MARGIN + _HEADS + _CELL * (j + 0.5), top + 15, words, anchor="middle", size=12, bold=bold)
        y = top + _ROW
        for row in grid["rows"]:
            hue = row["hue"]
            if "span" in row:
                y += 6
                picture.text(MARGIN, y + 15, row["group"], size=11, bold=True, colour=hue)
            picture.text(MARGIN + _HEADS - 8, y + 15, row["name"], size=11, anchor="end", colour="ink-soft")
            for j, place in enumerate(columns):
                x = MARGIN + _HEADS + _CELL * j
                here = (row["layer"], place) == (board["layers"][row["model"]], board["selected"])
                tint = tints(TINT * row["levels"][place], hue).tolist()
                picture.rect(x + 1, y + 1, _CELL - 2, _ROW - 2, tint, edge="for" if here else "line")
                mark = "✓ " if place in row["true"] else ""
                words = mark + fitting(row["words"][place], _CELL - 16 if mark else _CELL - 6, 12)
                picture.text(x + _CELL / 2, y + 15, words, size=12, anchor="middle", bold=place in row["moved"])
            y += _ROW
        shown = f"Places {columns[0]} to {columns[-1]} of {places - 1}. " if len(columns) < places else ""
        legend = "Tint: probability of the word, 0 to 100 %. ✓: this word really follows. "
        changed = any(row["moved"] for row in grid["rows"])
        legend += "Bold: another word than with everything on." if changed else ""
        picture.text(MARGIN, y + 10, shown + legend, size=11, colour="ink-soft")

    return height, draw


def _way_part(way: dict[str, Any]) -> Part:
    legend = textwrap.wrap(way["legend"], 140)
    columns = [0, 170, 320, *(640 + 110 * i for i in range(len(way["heads"]) - 3))]

    def draw(picture: Picture, top: float) -> None:
        hue = way["hue"]
        for x, head in zip(columns, way["heads"], strict=True):
            words = f"{way['name']}: {head}" if not x else head
            picture.text(MARGIN + x, top + 13, words, size=11, bold=not x, colour="ink-soft" if x else hue)
        for i, row in enumerate(way["rows"]):
            base = top + _ROW * (i + 1)
            for x, words in zip((columns[0], columns[1]), (row["name"], row["shape"]), strict=True):
                picture.text(MARGIN + x, base + 13, fitting(words, 155, 12), size=12)
            if "width" in row:
                picture.rect(MARGIN + columns[2], base + 3, 240 * row["width"], 12, hue)
                picture.text(MARGIN + columns[2] + 248, base + 13, row["number"], size=12)
            for x, words in zip(columns[3:], row["cells"], strict=True):
                picture.text(MARGIN + x, base + 13, words, size=12)
        for i, line in enumerate(legend):
            below = top + _ROW * (len(way["rows"]) + 1) + 13 + 15 * i
            picture.text(MARGIN, below, line, size=11, colour="ink-soft")

    return _ROW * (len(way["rows"]) + 1) + 15 * len(legend) + 6, draw
