"""What the page of an AttentionAbacus draws: the numbers, five grids of cells, the question; and a picture of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lessons.attention_by_hand import AttentionByHand
from lessons.errors import InputError
from widgets.abacus_numbers import KINDS, Sheet, number_of
from widgets.abacus_words import entry, formula, question, short, value_of
from widgets.picture import Picture, tints
from widgets.words import count

__all__ = ["TOLERANCE", "Cell", "board_of", "cell_of", "cells_of", "is_right", "picture_of", "shown_of"]

TOLERANCE = 0.02  # of a guess: whoever rounds on the way, or takes 1/3 for 0.33, is right
Cell = tuple[int, int, int]  # step, row, column, each from 0
_TITLES = ("1 · Scores", "2 · Scale", "3 · Mask", "4 · Softmax", "5 · Mix")
_CELL, _HIGH = 58, 26


def cells_of(sheet: Sheet) -> list[Cell]:
    """Return all cells, step by step in reading order."""
    rows, others = range(len(sheet.places)), bool(sheet.others)
    widths = [len(rows), len(rows), len(rows), len(rows) + others, sheet.parts]
    return [(step, row, column) for step, width in enumerate(widths) for row in rows for column in range(width)]


def cell_of(given: object, cells: Sequence[Cell]) -> Cell:
    """Return a cell that there is."""
    if not isinstance(given, (tuple, list)) or tuple(given) not in cells:
        raise InputError("There is no such cell; name a step from 0 to 4, a row and a column, each from 0.")
    return cells[cells.index((given[0], given[1], given[2]))]


def shown_of(given: object, cells: Sequence[Cell]) -> dict[Cell, str | None]:
    """Return the cells that are shown, each with what was guessed for it or None."""
    if not isinstance(given, dict):
        raise InputError("shown must be a dictionary: a cell, and what was guessed for it or None.")
    for guess in given.values():
        number_of(guess if isinstance(guess, str) else "0" if guess is None else "", "a guess")
    return {cell_of(cell, cells): guess for cell, guess in given.items()}


def is_right(guess: str, value: float) -> bool:
    """Return whether what a person typed is the number of a cell, within the tolerance."""
    typed = number_of(guess, "your guess")
    return typed == value if math.isinf(typed) or math.isinf(value) else abs(typed - value) <= TOLERANCE + 1e-9


def _titles(steps: AttentionByHand, sheet: Sheet) -> list[tuple[str, str]]:
    root = f"÷ √{sheet.d} ≈ {math.sqrt(sheet.d):.2f}" if steps.use_scale else "left out"
    hidden = "−∞ for later keys" if steps.mask_place == "before" else "left out"
    return list(zip(_TITLES, ("Q Kᵀ", root, hidden, "each row sums to 1", "weights × V"), strict=True))


def _head(sheet: Sheet, row: int) -> str:
    return f"{sheet.places[row] + 1} {sheet.words[sheet.places[row]]}"


def _columns(sheet: Sheet, step: int) -> list[str]:
    if step == 4:
        return [f"number {n + 1}" for n in range(sheet.parts)]
    heads = [_head(sheet, row) for row in range(len(sheet.places))]
    return [*heads, f"all {len(sheet.others)} others"] if step == 3 and sheet.others else heads


def _grids(steps: AttentionByHand, sheet: Sheet, shown: Mapping[Cell, str | None]) -> list[dict[str, Any]]:
    grids = []
    all_cells = cells_of(sheet)
    for step, (title, say) in enumerate(_titles(steps, sheet)):
        rows = []
        for row in range(len(sheet.places)):
            cells = [_cell(steps, sheet, cell, shown) for cell in all_cells if cell[:2] == (step, row)]
            line: dict[str, Any] = {"head": _head(sheet, row), "cells": cells}
            if step == 3:
                done = all("shut" not in cell for cell in cells)
                line["sum"] = f"sum {short(float(steps.weights[sheet.places[row]].sum()))}" if done else "sum ?"
            rows.append(line)
        left = sum("shut" in cell for line in rows for cell in line["cells"])
        grids.append({"title": title, "say": say, "columns": _columns(sheet, step), "rows": rows, "left": left})
    return grids


def _cell(steps: AttentionByHand, sheet: Sheet, cell: Cell, shown: Mapping[Cell, str | None]) -> dict[str, Any]:
    if cell not in shown:
        return {"text": "?", "shut": True}
    value, guess = value_of(steps, sheet, *cell), shown[cell]
    drawn: dict[str, Any] = {"text": short(value)}
    if guess is not None:
        drawn["mark"] = "right" if is_right(guess, value) else "wrong"
    if math.isinf(value):
        drawn["kind"] = "gone"
    if cell[0] == 3 and cell[2] == len(sheet.places):
        drawn["kind"] = "rest"
    elif cell[0] == 3:
        drawn["level"] = round(value, 3)
    return drawn


def _asked(steps: AttentionByHand, sheet: Sheet, selected: Cell, shown: Mapping[Cell, str | None]) -> dict[str, Any]:
    if selected not in shown:
        return {"title": question(steps, sheet, *selected), "open": True, "verdict": "", "mark": ""}
    guess, value = shown[selected], value_of(steps, sheet, *selected)
    if guess is None:
        verdict, mark = "", ""
    elif is_right(guess, value):
        verdict, mark = f"Right, you said {guess}.", "right"
    else:
        verdict, mark = f"Not quite: you said {guess}, and it is {short(value)}.", "wrong"
    title = ["", formula(steps, sheet, *selected)]
    return {"title": title, "open": False, "verdict": verdict, "mark": mark}


def board_of(
    steps: AttentionByHand, sheet: Sheet, selected: Cell, shown: Mapping[Cell, str | None], undo: bool
) -> dict[str, Any]:
    """Return what the page draws."""
    vectors = [getattr(sheet, kind)[list(sheet.places), : sheet.parts] for kind in KINDS]
    numbers = {
        "columns": list(KINDS),
        "parts": sheet.parts,
        "open": sheet.own,
        "rows": [
            {"head": _head(sheet, row), "cells": [entry(sheet, float(x)) for array in vectors for x in array[row]]}
            for row in range(len(sheet.places))
        ],
    }
    grids = _grids(steps, sheet, shown)
    asked = _asked(steps, sheet, selected, shown)
    total, left = len(cells_of(sheet)), sum(grid["left"] for grid in grids)
    guesses = {cell: guess for cell, guess in shown.items() if guess is not None}
    right = sum(is_right(guess, value_of(steps, sheet, *cell)) for cell, guess in guesses.items())
    progress = f"{count(total - left)} of {count(total)} cells shown"
    if guesses:
        progress += f", {right} of {len(guesses)} guesses right"
    return {
        "numbers": numbers,
        "origin": _origin(sheet, steps),
        "grids": grids,
        "selected": list(selected),
        "asked": asked,
        "progress": f"{progress}.",
        "left": left,
        "scale": steps.use_scale,
        "mask": steps.mask_place == "before",
        "picks": [[name, list(values), value] for name, values, value in sheet.picks],
        "undo": undo,
        "spoken": f"{_where(sheet, selected)}. {asked['verdict']} {''.join(asked['title'])} {progress}.",
    }


def _where(sheet: Sheet, cell: Cell) -> str:
    step, row, column = cell
    return f"Step {_TITLES[step].replace(' · ', ', ')}, row {_head(sheet, row)}, column {_columns(sheet, step)[column]}"


def _origin(sheet: Sheet, steps: AttentionByHand) -> str:
    """Return what has to be known about a real head so that no number here is taken for more than it is."""
    if sheet.own:
        return ""
    said = [sheet.origin]
    if sheet.d > sheet.parts:
        said.append(f"The first {sheet.parts} of each are listed; sums run over all {sheet.d}.")
    if sheet.others:
        seen = "all tokens up to the query" if steps.mask_place == "before" else "all tokens"
        said.append(
            f"{len(sheet.places)} of {len(sheet.words)} tokens have a row and a column; "
            f"the softmax runs over {seen}, and the hatched column holds the weight of the rest."
        )
    return " ".join(said)


def picture_of(board: Mapping[str, Any], title: str) -> Picture:
    """Return the grids as they stand, hidden cells hidden."""
    wide = [90 + _CELL * (len(grid["columns"]) + ("sum" in grid["rows"][0])) for grid in board["grids"]]
    high = 78 + _HIGH * len(board["numbers"]["rows"])
    width = 960
    places, x, y = [], 10, 40
    for each in wide:
        if x + each > width and x > 10:
            x, y = 10, y + high
        places.append((x, y))
        x += each + 24
    picture = Picture(width, y + high, f"{title}: {board['progress']} {board['asked']['title'][1]}")
    picture.text(10, 22, title, size=16, bold=True)
    for (x, y), grid in zip(places, board["grids"], strict=True):
        picture.text(x, y + 14, f"{grid['title']}  {grid['say']}", bold=True)
        for n, head in enumerate(grid["columns"]):
            picture.text(x + 80 + _CELL * (n + 0.5), y + 36, head[:9], anchor="middle", size=11, colour="ink-soft")
        for m, line in enumerate(grid["rows"]):
            top = y + 44 + _HIGH * m
            picture.text(x + 74, top + 18, line["head"][:10], anchor="end", size=12)
            for n, cell in enumerate(line["cells"]):
                left, fill = x + 80 + _CELL * n, "panel" if "shut" in cell else "paper"
                picture.rect(left, top, _CELL - 3, _HIGH - 3, fill, edge="edge", hatched="kind" in cell)
                if "level" in cell:
                    picture.rect(left, top, _CELL - 3, _HIGH - 3, tints(cell["level"] * 0.45).tolist(), edge="edge")
                words = cell["text"] + {"right": " ✓", "wrong": " ✗"}.get(cell.get("mark", ""), "")
                picture.text(left + _CELL / 2 - 2, top + 17, words, anchor="middle", size=12)
            if "sum" in line:
                picture.text(x + 80 + _CELL * len(line["cells"]) + 4, top + 17, line["sum"], size=11)
    return picture
