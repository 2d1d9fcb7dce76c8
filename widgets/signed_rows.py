"""Words with signed bars on one scale, brackets and upright lines on them: what signed_rows.js draws, as a picture."""

from __future__ import annotations

from typing import Any

from widgets.picture import Picture
from widgets.sketches import MARGIN, Part, fitting

__all__ = ["ends_told", "signed_part"]

_ROW, _LINE = 22, 15
_WORD, _NUMBERS = 110, 120  # room for the words and for the first column of numbers


def ends_told(full: float, unit: str) -> dict[str, str]:
    """Return the ends of a scale in words. Args: full: the number at its right end; unit: of it, in the plural."""
    one = unit.removesuffix("s") if full == 1 else unit
    return {"low": f"−{full:g}", "high": f"{full:g} {one}"}


def signed_part(signed: dict[str, Any], width: float, column: int = 0) -> Part:
    """Return words with signed bars, their brackets and upright lines, and one of the numbers of each.

    Args:
        signed: `rows`, each with `word`, `level` (-1 to 1), `ticks`, `cells` and, for a bracket, `ends`; `low` and
            `high`, the ends of the scale; `marks`, what the marks mean.
        width: in pixels.
        column: which of the cells is written beside the bar.
    """
    rows = signed["rows"]
    half = (width - _WORD - _NUMBERS) / 2
    marks = [words.rstrip(".") + "." for words in signed["marks"].split(". ")]  # a line for each sentence

    def draw(picture: Picture, y: float) -> None:
        middle = MARGIN + _WORD + half
        picture.text(middle - half, y + 10, signed["low"], size=11, colour="ink-soft")
        picture.text(middle, y + 10, "0", size=11, anchor="middle", colour="ink-soft")
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
                for end in (low, high):
                    picture.line([(end, at + _ROW / 2 - 4), (end, at + _ROW / 2 + 4)], "ink", width=2)
            picture.text(middle + half + 10, at + 15, row["cells"][column])
        for i, words in enumerate(marks):
            below = top + _ROW * len(rows) + 14 + _LINE * i
            picture.text(MARGIN, below, fitting(words, width + 30, 11), size=11, colour="ink-soft")

    return 16 + _ROW * len(rows) + 6 + _LINE * len(marks), draw
