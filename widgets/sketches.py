"""Parts that several pictures share, drawn as the page draws them: a line of tokens, bars, a legend."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from widgets.picture import Picture
from widgets.words import number

__all__ = [
    "Box",
    "bars_part",
    "draw_legend",
    "fitting",
    "overlap",
    "sentences_part",
    "stacked",
    "text_width",
    "tokens_part",
]

MARGIN = 16
GAP = 12
ROW = 20  # height of a bar with its gap
_BAR_TEXT = 150  # room for the words to the left of the bars
_SHARE = 70  # room for the percentages to the right
_TOKEN_ROW = 48
Box = tuple[float, float, float, float]  # left, upper, right and lower edge


def text_width(words: str, size: float = 13) -> float:
    """Return about how wide words are drawn, in pixels: a font's letters are a little over half as wide as high."""
    return 0.56 * size * len(words)


def fitting(words: str, width: float, size: float = 13) -> str:
    """Return words, cut with an ellipsis where they are too long for a width in pixels."""
    most = max(1, int(width / text_width("n", size)))
    return words if len(words) <= most else words[: most - 1] + "…"


def overlap(one: Box, other: Box) -> bool:
    """Return whether two boxes have more than an edge in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _token_rows(line: dict[str, Any], width: float) -> list[list[tuple[int, float, float]]]:
    """Return for each row of the line its tokens: place, left edge and width."""
    rows: list[list[tuple[int, float, float]]] = [[]]
    x = 0.0
    for place, word in enumerate(line["words"]):
        below = line["numbers"][place] if "numbers" in line else ""
        room = min(width, max(text_width(word), text_width(below, 10)) + 10)
        if x + room > width and rows[-1]:
            rows.append([])
            x = 0.0
        rows[-1].append((place, x, room))
        x += room
    return rows


def _tokens_height(line: dict[str, Any], width: float) -> float:
    """Return how high `_draw_tokens` draws a line of tokens."""
    return _TOKEN_ROW * len(_token_rows(line, width)) + (22 if "legend" in line else 0)


def _draw_tokens(
    picture: Picture, x: float, y: float, width: float, line: dict[str, Any], selected: int | None
) -> None:
    """Draw a line of tokens: each word over its underline and its number, the selected one framed.

    Args:
        picture: to draw on.
        x: left edge.
        y: upper edge.
        width: where the line is broken.
        line: what `token_line.line_of` returns.
        selected: place of the token to frame.
    """
    rows = _token_rows(line, width)
    for row, tokens in enumerate(rows):
        top = y + row * _TOKEN_ROW
        for place, left, room in tokens:
            middle = x + left + room / 2
            if place == selected:
                picture.rect(x + left, top, room - 2, _TOKEN_ROW - 6, None, edge="for")
            picture.text(middle, top + 15, fitting(line["words"][place], room), anchor="middle")
            if "levels" in line:
                level = line["levels"][place]
                hue = "against" if level < 0 else line.get("hue", "for")
                picture.rect(x + left + 4, top + 19, room - 10, 7 * abs(level), hue)
            if "numbers" in line:
                below = line["numbers"][place]
                picture.text(middle, top + 38, below, size=10, anchor="middle", colour="ink-soft")
    if "legend" in line:
        low, high = line["legend"]["low"], line["legend"]["high"]
        words = f"underline: {low} to {high} {line['unit']}"
        picture.text(x, y + len(rows) * _TOKEN_ROW + 10, words, size=11, colour="ink-soft")


def _bars_height(panel: dict[str, Any]) -> float:
    """Return how high `_draw_bars` draws a panel."""
    return 24 + ROW * (len(panel["rows"]) + ("rest" in panel)) + 16 * len(panel["facts"]) + 6


def _draw_bars(picture: Picture, x: float, y: float, width: float, panel: dict[str, Any]) -> None:
    """Draw one distribution as bars, the true word with a tick, all other words hatched, the facts below.

    Args:
        picture: to draw on.
        x: left edge.
        y: upper edge.
        width: of words, bars and percentages together.
        panel: what `bars.panel_of` returns.
    """
    hue = panel["hue"]
    picture.rect(x, y + 4, 10, 10, hue)
    picture.text(x + 16, y + 14, panel["name"], bold=True)
    aside = x + 28 + text_width(panel["name"], 14)
    picture.text(aside, y + 14, panel["aside"], size=11, colour="ink-soft")
    bars = x + _BAR_TEXT, max(20.0, width - _BAR_TEXT - _SHARE)
    rows = [(row.get("word", row["token"]), row, False) for row in panel["rows"]]
    if "rest" in panel:
        rows.append((panel["rest"]["label"], panel["rest"], True))
    for i, (word, row, rest) in enumerate(rows):
        base = y + 24 + i * ROW
        mark = "✓ " if row.get("true") else ""
        words = mark + fitting(word, _BAR_TEXT - 16)
        picture.text(bars[0] - 8, base + 13, words, anchor="end", bold=bool(mark))
        picture.rect(bars[0], base + 2, max(1.0, bars[1] * row["width"]), ROW - 6, None if rest else hue, hatched=rest)
        picture.text(x + width, base + 13, row["share"], anchor="end")
    for i, fact in enumerate(panel["facts"]):
        below = y + 24 + ROW * len(rows) + 14 + 16 * i
        picture.text(x, below, fitting("".join(fact), width, 11), size=11, colour="ink-soft")


Part = tuple[float, Callable[[Picture, float], object]]  # a height, and what draws it below a given edge


def tokens_part(line: dict[str, Any], selected: int | None, width: float) -> Part:
    """Return a line of tokens (what `token_line.line_of` returns) as a part for `stacked`."""
    return _tokens_height(line, width), lambda picture, y: _draw_tokens(picture, MARGIN, y, width, line, selected)


def bars_part(panels: Sequence[dict[str, Any]], legend: str, width: float) -> Part:
    """Return distributions (what `bars.panel_of` returns) side by side, two in a row, as a part for `stacked`."""
    columns = min(2, len(panels))
    room = (width - 24 * (columns - 1)) / columns
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    heights = [max(map(_bars_height, row)) for row in rows]

    def draw(picture: Picture, y: float) -> None:
        for i, row in enumerate(rows):
            for j, panel in enumerate(row):
                _draw_bars(picture, MARGIN + j * (room + 24), y + sum(heights[:i]), room, panel)
        picture.text(MARGIN, y + sum(heights) + 12, legend, size=11, colour="ink-soft")

    return sum(heights) + 20, draw


def sentences_part(
    sentences: Sequence[str], width: float, *, size: float = 12, bold: bool = False, colour: str = "ink"
) -> Part:
    """Return sentences, each on as many lines as it needs, as a part for `stacked`."""
    most = int(width / text_width("n", size))
    lines = [line for sentence in sentences for line in textwrap.wrap(sentence, most)]

    def draw(picture: Picture, y: float) -> None:
        for i, line in enumerate(lines):
            picture.text(MARGIN, y + size * (1 + 1.4 * i), line, size=size, bold=bold, colour=colour)

    return 1.4 * size * len(lines), draw


def stacked(title: str, alt: str, width: float, parts: Sequence[Part]) -> Picture:
    """Return a picture with a title and, under it, parts one below the other.

    Args:
        title: heading.
        alt: what the picture shows, in words.
        width: of each part, in pixels; the picture has a margin around it.
        parts: height of each, and a function that draws it on a picture below a given edge.
    """
    picture = Picture(width + 2 * MARGIN, 2 * MARGIN + 24 + sum(height + GAP for height, _ in parts), alt)
    picture.text(MARGIN, MARGIN + 14, title, size=16, bold=True)
    y = MARGIN + 24.0 + GAP / 2
    for height, draw in parts:
        draw(picture, y)
        y += height + GAP
    return picture


def draw_legend(picture: Picture, x: float, y: float, low: float, high: float, words: str, pixels: Any) -> None:
    """Draw the scale of a map: its lowest number, a strip of its colours, its highest number, and what it measures.

    Args:
        picture: to draw on.
        x: left edge.
        y: upper edge.
        low: number at the left end.
        high: number at the right end.
        words: what is measured.
        pixels: (n, 3) uint8, the colours from low to high.
    """
    first = f"{low:g}".replace("-", "−")
    left = x + text_width(first, 11) + 6
    picture.text(x, y + 10, first, size=11, colour="ink-soft")
    picture.raster(left, y, 120, 11, pixels[None])
    picture.rect(left, y, 120, 11, None, edge="line")
    last = number(high, 0 if high == int(high) else 2)
    picture.text(left + 126, y + 10, f"{last}  {words}", size=11, colour="ink-soft")
