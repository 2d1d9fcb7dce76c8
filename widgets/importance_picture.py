"""An ImportanceExplorer on paper: the table of all methods, drawn from the very description that the page draws."""

from __future__ import annotations

import textwrap
from typing import Any

from widgets.picture import Picture, signed_tints, tints
from widgets.sketches import MARGIN, Part, fitting, sentences_part, stacked

__all__ = ["picture_of"]

_WIDTH = 940.0
_NAME = 150.0
_FACTS = (64.0, 72.0, 72.0)
_CELL = 54.0
_ROW = 32.0
_TINT = 0.38  # of the hue in a cell at the end of the scale, as in the style sheet
_MOST = int((_WIDTH - _NAME - sum(_FACTS)) // _CELL)  # words that fit


def picture_of(title: str, heading: list[str], board: dict[str, Any]) -> Picture:
    """Return the table of the last words, the legends and the meaning of the columns.

    Args:
        title: of the card.
        heading: the question, in pieces.
        board: what the page draws.
    """
    parts = [
        sentences_part(["".join(heading), "".join(board["lead"])], _WIDTH, size=13),
        _table(board),
        _legends(board),
        sentences_part(["".join(said) for said in board["about"]], _WIDTH, size=11, colour="ink-soft"),
    ]
    return stacked(title, board["spoken"], _WIDTH, parts)


def _table(board: dict[str, Any]) -> Part:
    words, rows = board["words"], board["rows"]
    first = max(0, len(words) - _MOST)
    edges = [MARGIN + _NAME + sum(_FACTS[: i + 1]) for i in range(len(_FACTS))]
    left = edges[-1] + 8
    note = f"Words {first + 1} to {len(words)} of {len(words)}; those before them are not drawn." if first else ""

    def draw(picture: Picture, y: float) -> None:
        for x, name in zip(edges, board["facts"], strict=True):
            for i, line in enumerate(textwrap.wrap(name, 10)):
                picture.text(x - 6, y + 11 + 12 * i, line, size=10, anchor="end", colour="ink-soft")
        for j, word in enumerate(words[first:]):
            middle = left + _CELL * (j + 0.5)
            picture.text(middle, y + 24, fitting(word, _CELL - 2, 12), size=12, anchor="middle", bold=True)
        for i, row in enumerate(rows):
            top = y + 32 + _ROW * i
            picture.text(MARGIN, top + 14, row["name"], size=12, bold=True)
            picture.text(MARGIN, top + 26, fitting(row["sub"], _NAME + 16, 9), size=9, colour="ink-soft")
            for x, (fact, below) in zip(edges, row["facts"], strict=True):
                picture.text(x - 6, top + 14, fact, size=11, anchor="end")
                picture.text(x - 6, top + 26, below, size=9, anchor="end", colour="ink-soft")
            if "instead" in row:
                picture.text(left, top + 14, fitting(row["instead"], _WIDTH + MARGIN - left, 10), size=10)
                continue
            for j in range(first, len(words)):
                _cell(picture, left + _CELL * (j - first), top, row, j)
        if note:
            picture.text(left, y + 44 + _ROW * len(rows), note, size=10, colour="ink-soft")

    return 36 + _ROW * len(rows) + (14 if note else 0), draw


def _cell(picture: Picture, x: float, y: float, row: dict[str, Any], j: int) -> None:
    level, signed = row["levels"][j], row["kind"] == "signed"
    tint = signed_tints(_TINT * level) if signed else tints(0.25 * level, "ink-soft")
    picture.rect(x + 1, y + 1, _CELL - 2, _ROW - 3, tint.tolist())
    height = 5 * abs(level)
    if signed:
        picture.rect(x + 1, y + _ROW - 2 - height, _CELL - 2, height, "against" if level < 0 else "for")
    else:
        picture.rect(x + 1, y + _ROW - 2 - height, _CELL - 2, height, None, hatched=True)
    picture.text(x + _CELL / 2, y + 13, row["cells"][j], size=11, anchor="middle")
    if "spreads" in row:
        picture.text(x + _CELL / 2, y + 23, row["spreads"][j], size=9, anchor="middle", colour="ink-soft")


def _legends(board: dict[str, Any]) -> Part:
    legends = board["legends"]

    def draw(picture: Picture, y: float) -> None:
        for i, legend in enumerate(legends):
            top = y + 17 * i
            picture.text(MARGIN + 40, top + 11, legend["low"], size=11, anchor="end", colour="ink-soft")
            if legend["kind"] == "signed":
                picture.rect(MARGIN + 46, top + 2, 40, 9, "against")
                picture.rect(MARGIN + 86, top + 2, 40, 9, "for")
            else:
                picture.rect(MARGIN + 46, top + 2, 80, 9, None, hatched=True)
            words = fitting(f"{legend['high']} {legend['words']}", _WIDTH - 140, 11)
            picture.text(MARGIN + 132, top + 11, words, size=11, colour="ink-soft")

    return 17.0 * len(legends), draw
