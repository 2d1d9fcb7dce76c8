"""A SamplingBench on paper: each model's text, bars and way from 0 to 1 as parts of a picture, and the text as HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import Any

from widgets.picture import Picture
from widgets.sketches import MARGIN, ROW, Part, text_width

__all__ = ["panels_part", "static_text", "way_part"]

_WORD, _SHARE, _COUNT, _GAP = 152, 54, 72, 28  # room for words, percentages, counts, and between two models
_LINES = 3  # of a model's text, its last ones


def panels_part(panels: Sequence[dict[str, Any]], legend: str, width: float) -> Part:
    """Return each model's text, bars and facts, two models in a row, as a part for `stacked`."""
    columns = min(2, len(panels))
    room = (width - _GAP * (columns - 1)) / columns
    most = int(room / text_width("n", 11))
    tall = max(_height(panel, most) for panel in panels)
    rows = -(-len(panels) // columns)
    below = textwrap.wrap(legend, int(width / text_width("n", 11)))

    def draw(picture: Picture, y: float) -> None:
        for i, panel in enumerate(panels):
            _draw_panel(picture, MARGIN + (i % columns) * (room + _GAP), y + tall * (i // columns), room, panel, most)
        for i, line in enumerate(below):
            picture.text(MARGIN, y + tall * rows + 10 + 15 * i, line, size=11, colour="ink-soft")

    return tall * rows + 15 * len(below) + 4, draw


def _bars(panel: dict[str, Any]) -> list[dict[str, Any]]:
    return [*panel["rows"], *(panel[name] | {"cut": True} for name in ("rest", "cut") if name in panel)]


def _facts(panel: dict[str, Any], most: int) -> list[str]:
    return [line for fact in panel["facts"] for line in textwrap.wrap("".join(fact), most)]


def _height(panel: dict[str, Any], most: int) -> float:
    return 30 + 17 * _LINES + ROW * len(_bars(panel)) + 16 * len(_facts(panel, most)) + 10


def _draw_panel(picture: Picture, x: float, y: float, width: float, panel: dict[str, Any], most: int) -> None:
    """Draw one model: name, the end of its text, the bars with the trained model's lines, the facts."""
    hue = panel["hue"]
    picture.text(x, y + 14, panel["name"], bold=True, colour=hue)
    picture.text(x + width, y + 14, panel["aside"], size=11, anchor="end", colour="ink-soft")
    picture.rect(x, y + 20, width, 2, hue)
    lines = textwrap.wrap("".join(panel["text"]), most)[-_LINES:]
    for i, line in enumerate(lines):
        picture.text(x, y + 38 + 17 * i, line, size=12)
    top = y + 30 + 17 * _LINES
    counted = any("count" in row for row in panel["rows"])
    left, full = x + _WORD, width - _WORD - _SHARE - _COUNT * counted
    for i, row in enumerate(_bars(panel)):
        base = top + ROW * i
        label = row.get("word", row.get("label", ""))
        size = 13 if "word" in row else 11
        shown = textwrap.shorten(label, int((_WORD - 12) / text_width("n", size)), placeholder=" …") or label[:12]
        drawn = bool(row.get("drawn"))
        picture.text(left - 8, base + 14, f"▶ {shown}" if drawn else shown, size=size, anchor="end", bold=drawn)
        fill = None if row.get("cut") else hue
        picture.rect(left, base + 3, max(1.0, full * row["width"]), ROW - 7, fill, hatched=bool(row.get("cut")))
        if "trained" in row:
            at = left + full * row["trained"]
            picture.line([(at, base + 1), (at, base + ROW - 2)], "ink", width=2)
        picture.text(left + full + _SHARE, base + 14, row["share"], size=12, anchor="end", bold=drawn)
        picture.text(x + width, base + 14, row.get("count", ""), size=12, anchor="end", colour="ink-soft")
    for i, line in enumerate(_facts(panel, most)):
        below = top + ROW * len(_bars(panel)) + 14 + 16 * i
        picture.text(x, below, line, size=11, colour="ink-soft")


def way_part(panels: Sequence[dict[str, Any]], width: float) -> Part:
    """Return each model's way from 0 to 1, one below the other, as a part for `stacked`."""

    def draw(picture: Picture, y: float) -> None:
        for i, panel in enumerate(panels):
            _draw_way(picture, MARGIN, y + 64 * i, width, panel)

    return 64.0 * len(panels), draw


def _draw_way(picture: Picture, x: float, y: float, width: float, panel: dict[str, Any]) -> None:
    way, hue = panel["way"], panel["hue"]
    for i, word in enumerate(way["words"]):
        low, high = way["edges"][i : i + 2]
        left, room = x + low * width, (high - low) * width
        picture.rect(left, y + 8, room, 22, "panel" if word else None, edge=hue, hatched=not word)
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
