"""Numbers over the tokens of a text as strips: one for each quantity, all over the same places, each with its scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from widgets.picture import Picture
from widgets.sketches import MARGIN, Part
from widgets.words import number

__all__ = ["strip_of", "strips_part"]

_HEIGHT = 40
_NAME, _NUMBER = 110, 60  # room to the left and to the right of a strip


def strip_of(
    name: str, values: Any, full: float, *, signed: bool, other: Any = None, digits: int = 3
) -> dict[str, Any]:
    """Return what the page draws of one quantity.

    Args:
        name: of the quantity.
        values: (T,).
        full: the value at which the strip is full; what is larger is drawn full, its number tells.
        signed: whether values below 0 are drawn, downwards and in a hue of their own.
        other: (T,) values to compare with, drawn as a line, or None.
        digits: of the numbers, after the decimal point.
    """
    low = number(-full, 1).removesuffix(".0") if signed else "0"
    strip = {"name": name, "low": low, "high": number(full, 1).removesuffix(".0"), "signed": signed}
    strip |= {"levels": _levels(values, full, signed), "numbers": [number(float(value), digits) for value in values]}
    return strip if other is None else strip | {"other": _levels(other, full, signed)}


def _levels(values: Any, full: float, signed: bool) -> list[float]:
    return [round(float(level), 3) for level in np.clip(np.asarray(values) / full, -1 if signed else 0, 1)]


def strips_part(strips: Sequence[dict[str, Any]], selected: int | None, width: float) -> Part:
    """Return strips one below the other as a part for `sketches.stacked`, the selected place framed."""

    def draw(picture: Picture, y: float) -> None:
        for row, strip in enumerate(strips):
            _draw_strip(picture, y + row * _HEIGHT, width, strip, selected)

    return _HEIGHT * len(strips), draw


def _draw_strip(picture: Picture, top: float, width: float, strip: dict[str, Any], selected: int | None) -> None:
    left, tall = MARGIN + _NAME, _HEIGHT - 8
    inside = width - _NAME - _NUMBER
    unit = tall / (2 if strip["signed"] else 1)
    base = top + unit
    column = inside / max(1, len(strip["levels"]))
    picture.text(MARGIN, top + tall / 2 + 4, strip["name"])
    picture.text(left - 6, top + 9, strip["high"], size=10, anchor="end", colour="ink-soft")
    picture.text(left - 6, top + tall, strip["low"], size=10, anchor="end", colour="ink-soft")
    picture.rect(left, top, inside, tall, "panel")
    for place, level in enumerate(strip["levels"]):
        colour = "against" if level < 0 else "for"
        picture.rect(left + place * column, base - max(0, level) * unit, column, abs(level) * unit, colour)
    if "other" in strip:
        edges = [(left + (place + 0.5) * column, base - level * unit) for place, level in enumerate(strip["other"])]
        picture.line(edges, "ink", width=1.5, dashed=True)
    picture.line([(left, base), (left + inside, base)], "edge", width=1)
    if selected is not None:
        picture.rect(left + selected * column, top, column, tall, None, edge="ink")
        last = MARGIN + width
        picture.text(last, top + tall / 2 + 4, strip["numbers"][selected], anchor="end", bold=True)
