"""A SamplingBench on paper: the way from 0 to 1 as a part of a picture, and the written text as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from widgets.picture import Picture
from widgets.sketches import MARGIN, Part, text_width

__all__ = ["static_text", "way_part"]


def way_part(panels: Sequence[dict[str, Any]], width: float) -> Part:
    """Return each model's way from 0 to 1 as a part of a picture, one below the other."""

    def draw(picture: Picture, y: float) -> None:
        for i, panel in enumerate(panels):
            _draw_way(picture, MARGIN, y + 64 * i, width, panel)

    return 64.0 * len(panels), draw


def _draw_way(picture: Picture, x: float, y: float, width: float, panel: dict[str, Any]) -> None:
    way, hue = panel["way"], panel["hue"] if panel["hue"] != "other" else "for"
    for i, word in enumerate(way["words"]):
        low, high = way["edges"][i : i + 2]
        left, room = x + low * width, (high - low) * width
        picture.rect(left, y + 8, room, 22, None if not word else "panel", edge=hue, hatched=not word)
        if text_width(word, 11) + 6 < room:
            picture.text(left + room / 2, y + 23, word, size=11, anchor="middle")
    if "u" in way:
        picture.line([(x + way["u"] * width, y + 2), (x + way["u"] * width, y + 36)], "ink", width=3)
    words = "".join(way["fell"]) if "fell" in way else "not drawn yet"
    picture.text(x, y + 48, f"{panel['name']}: {words}", size=11, colour="ink-soft")


def static_text(panel: dict[str, Any]) -> str:
    """Return a model's text as HTML without a script, the drawn words in bold."""
    given, before, last = map(html.escape, panel["text"])
    fell = html.escape("".join(panel["way"].get("fell", [])))
    return f"<p><b>{html.escape(panel['name'])}</b>: {given}<b>{before}{last}</b><br><small>{fell}</small></p>"
