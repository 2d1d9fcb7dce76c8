"""A LimeLab's scatter as a part of a picture."""

from __future__ import annotations

import re
from typing import Any

from widgets.picture import Picture
from widgets.sketches import MARGIN, Part

__all__ = ["chart_part"]


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
