"""The way of a PathSlider for paper and for pages without a kernel: the curve, and a row for each word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from widgets.path_walk import Walk
from widgets.picture import Picture
from widgets.sketches import MARGIN, ROW, Part, fitting, sentences_part, stacked, text_width, tokens_part
from widgets.static_parts import paragraph, table
from widgets.words import with_sign

__all__ = ["picture_of", "table_of"]

_WIDTH, _HEIGHT = 800, 230
_STEPS, _SUM = 1, 2  # of the key: shown as a point, and dashed
_WORD, _BARS, _NUMBER = 150, 150, 80  # room for the word, for the bars of one quantity, and for a number


def _lines_of(board: Mapping[str, Any], walk: Walk, at: int) -> list[tuple[str, np.ndarray]]:
    """Return the words as they are listed, and their sum: each with its slope at a place, what it has collected there,
    its score, and its slope at the text."""
    place = float(walk.curve.places[at])
    columns = (walk.curve.slopes[at], walk.collected(place), walk.attribution.scores, walk.curve.slopes[-1])
    numbers = np.column_stack(columns)  # (T, 4)
    lines = [(board["words"][i], numbers[i]) for i in board["order"]]
    return [*lines, (board["all"], numbers.sum(axis=0))]


def table_of(board: Mapping[str, Any], walk: Walk, at: int) -> list[str]:
    """Return the numbers of all words as a table, and what is said about them."""
    lines, digits = _lines_of(board, walk, at), board["digits"]
    rows = [[word, *(with_sign(float(value), digits) for value in line)] for word, line in lines]
    gap, sums = board["gap"]
    said = ["".join(gap), sums, board["said"][at], board["last"], *board["facts"]]
    return [table(rows, board["heads"]), *map(paragraph, said)]


def picture_of(
    board: Mapping[str, Any], walk: Walk, at: int, title: str, question: dict[str, Any], hue: str
) -> Picture:
    """Return the curve and the bars of all words.

    Args:
        board: what the page draws.
        walk: the way.
        at: which of the places is shown.
        title: heading.
        question: what the page draws of the question.
        hue: the model's.
    """
    gap, sums = board["gap"]
    alt = f"{board['spoken']} {board['said'][at]}"
    parts = [
        tokens_part({"words": question["words"], "kinds": question["kinds"]}, question["selected"], _WIDTH),
        sentences_part(["".join(question["heading"])], _WIDTH, bold=True),
        _chart_part(board, float(walk.curve.places[at]), float(walk.curve.slopes[at].sum()), hue),
        sentences_part([board["said"][at], f"{''.join(gap)} {sums}"], _WIDTH),
        _rows_part(board, walk, at),
    ]
    return stacked(title, alt, _WIDTH, parts)


def _chart_part(board: Mapping[str, Any], place: float, slope: float, hue: str) -> Part:
    chart = board["chart"]

    def draw(picture: Picture, y: float) -> None:
        def at(across: float, height: float) -> tuple[float, float]:
            return MARGIN + across * _WIDTH, y + (1 - height) * _HEIGHT

        picture.rect(MARGIN, y, _WIDTH, _HEIGHT, "panel")
        for (level, words, above), x, anchor in zip(
            chart["levels"], (MARGIN + _WIDTH - 6, MARGIN + 6), ("end", "start"), strict=True
        ):
            picture.line([at(0, level), at(1, level)], "edge", width=1)
            picture.text(x, at(0, level)[1] + (-5 if above else 15), words, size=12, anchor=anchor)
        here = float(np.interp(place, *np.transpose(chart["curve"])))
        picture.line([at(place, 0), at(place, 1)], "edge", width=1, dashed=True)
        picture.line([at(*point) for point in chart["walked"]], "ink-soft", dashed=True)
        picture.line([at(*chart["walked"][-1]), at(*chart["curve"][-1])], "against", width=6)
        picture.line([at(*point) for point in chart["curve"]], hue, width=2.5)
        steep = slope * chart["rise"]  # in heights of the field for a whole way
        reach = min(0.12, 0.35 / abs(steep)) if steep else 0.12
        ends = [max(0.0, place - reach), min(1.0, place + reach)]
        picture.line([at(end, here + (end - place) * steep) for end in ends], "ink")
        for point in chart["steps"]:
            left, top = at(*point)
            picture.rect(left - 3, top - 3, 6, 6, "paper", edge="ink")
        for words, x, anchor in zip(board["ends"], (MARGIN, MARGIN + _WIDTH), ("start", "end"), strict=True):
            picture.text(x, y + _HEIGHT + 15, words, size=11, anchor=anchor, colour="ink-soft")
        left = float(MARGIN)
        for i, words in enumerate(board["key"]):
            if i == _STEPS:
                picture.rect(left + 9, y + _HEIGHT + 30, 6, 6, "paper", edge="ink")
            else:
                start, end = (left, y + _HEIGHT + 33), (left + 24, y + _HEIGHT + 33)
                picture.line([start, end], (hue, "", "ink-soft", "ink")[i], dashed=i == _SUM)
            picture.text(left + 30, y + _HEIGHT + 37, words, size=12)
            left += 44 + 0.86 * text_width(words, 12)

    return _HEIGHT + 42, draw


def _rows_part(board: Mapping[str, Any], walk: Walk, at: int) -> Part:
    lines, digits = _lines_of(board, walk, at), board["digits"]
    edges = [
        MARGIN + _WORD,
        MARGIN + _WORD + _BARS + _NUMBER,
        MARGIN + _WORD + 2 * (_BARS + _NUMBER) + 50,
        MARGIN + _WIDTH,
    ]

    def draw(picture: Picture, y: float) -> None:
        for i, head in enumerate(board["heads"][1:]):
            picture.text(edges[i], y + 13, head, size=12, bold=True, anchor="start" if i < 2 else "end")
        for row, (word, line) in enumerate(lines):
            top = y + ROW * (row + 1)
            picture.text(MARGIN, top + 14, fitting(word, _WORD), bold=row == len(board["words"]))
            for i, value in enumerate(map(float, line)):
                words = with_sign(value, digits)
                if i < 2:
                    middle, half = edges[i] + _BARS / 2, _BARS / 2 - 4
                    if row < len(board["words"]):
                        long = half * min(1.0, abs(value) / board["full"][i])
                        colour = "for" if value > 0 else "against"
                        picture.rect(middle if value > 0 else middle - long, top + 4, long, ROW - 8, colour)
                    picture.line([(middle, top), (middle, top + ROW)], "edge", width=1)
                    picture.text(edges[i] + _BARS + _NUMBER - 16, top + 14, words, anchor="end")
                else:
                    picture.text(edges[i], top + 14, words, anchor="end")

    return ROW * (len(lines) + 1) + 6.0, draw
