"""A LimeLab's slopes and scatter as parts of a picture."""

from __future__ import annotations

import re
from typing import Any

from widgets.picture import Picture
from widgets.sketches import MARGIN, Part, fitting

__all__ = ["chart_part", "slopes_part"]

_ROW = 22
_WORD, _NUMBERS = 110, 120  # room for the words and for the first column of numbers


def slopes_part(signed: dict[str, Any], width: float) -> Part:
    """Return words with signed bars, their brackets and upright lines, and the first number of each.

    Args:
        signed: what `lime_view.slopes_of` returns.
        width: in pixels.
    """
    rows = signed["rows"]
    half = (width - _WORD - _NUMBERS) / 2

    def draw(picture: Picture, y: float) -> None:
        middle = MARGIN + _WORD + half
        picture.text(middle - half, y + 10, signed["low"], size=11, colour="ink-soft")
        picture.text(middle + half, y + 10, signed["high"], size=11, anchor="end", colour="ink-soft")
        top = y + 16
        picture.line([(middle, top), (middle, top + _ROW * len(rows))], "edge", width=1)
        for i, row in enumerate(rows):
            at, level = top + i * _ROW, row["level"]
            picture.text(middle - half - 8, at + 15, fitting(row["word"], _WORD - 10), anchor="end", bold=True)
            left = middle + min(0.0, level) * half
            picture.rect(left, at + 4, abs(level) * half, _ROW - 8, "against" if level < 0 else "for")
            for tick in row["ticks"]:
                across = middle + tick * half
                picture.line([(across, at + 2), (across, at + _ROW - 2)], "ink", width=1)
            if row.get("ends"):
                low, high = (middle + end * half for end in row["ends"])
                picture.line([(low, at + _ROW / 2), (high, at + _ROW / 2)], "ink", width=2)
            picture.text(middle + half + 10, at + 15, row["cells"][0])
        picture.text(MARGIN, top + _ROW * len(rows) + 14, fitting(signed["marks"], width + 30, 11), size=11)

    return 16 + _ROW * len(rows) + 20, draw


def chart_part(board: dict[str, Any], dots: list[float]) -> Part:
    """Return the scatter. Args: board and dots are those of a LimeLab."""

    def draw(picture: Picture, y: float) -> None:
        for name, at, *words in board["axes"]:
            if name == "path":  # M x y H x, or M x y L x y
                first, last = re.findall(r"[\d.]+ ?[\d.]*", at["d"])
                x1, y1 = map(float, first.split())
                x2, y2 = (*map(float, last.split()), y1)[:2]
                rule = at["class"] == "gb-rule"
                ends = [(MARGIN + x1, y + y1), (MARGIN + x2, y + y2)]
                picture.line(ends, "line" if rule else "ink", width=1, dashed=not rule)
            elif "x" in at:
                anchor = "end" if at.get("class") == "gb-end" else "middle"
                look: dict[str, Any] = {"size": 11, "colour": "ink-soft", "anchor": anchor}
                picture.text(MARGIN + at["x"], y + at["y"], words[0], **look)
            else:
                picture.text(MARGIN + 12, y + board["height"] / 2, words[0], size=11, anchor="middle", turned=90)
        for across, down, radius in zip(dots[::3], dots[1::3], dots[2::3], strict=True):
            side = 1.77 * radius  # a square of the same area
            picture.rect(MARGIN + across - side / 2, y + down - side / 2, side, side, None, edge=board["hue"])

    return board["height"], draw
