"""AttentionAbacus: attention on a blackboard, cell by cell, each cell asking before it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets as t

from lessons.attention_by_hand import AttentionByHand, attention
from lessons.errors import InputError
from widgets.abacus_board import TOLERANCE, Cell, board_of, cell_of, cells_of, is_right, picture_of, shown_of
from widgets.abacus_numbers import (
    KINDS,
    Sheet,
    number_of,
    resized,
    sheet_of,
    sheet_of_head,
    small_number,
    start_of,
    vectors_of,
    words_of_tokens,
)
from widgets.abacus_words import STEPS, value_of
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import flag, refuse_unknown, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.undo import UndoWidget

__all__ = ["AttentionAbacus"]

_SAY = (
    "Five steps lead from queries, keys and values to an output. Choose a cell, work it out, type your number; "
    f"then it is shown with its formula. A guess is right within {TOLERANCE}."
)
_NUMBERS = ("tokens", *KINDS)
_HEAD = ("trace", "layer", "head", "places")


class AttentionAbacus(UndoWidget):
    """Work attention out by hand: your own small numbers, or one head of a real Transformer.

    Args:
        tokens: 3 to 5 words; None for an example.
        query, key, value: (T, d) each, d 2 or 3, numbers from −100 to 100; None for an example.
        trace: what `transformer.trace(text)` gives: then the numbers are those of one of its heads, fixed.
        layer, head: which head of the trace, from 0.
        places: 1 to 5 of the trace's tokens, from 0, that get a row and a column; None for the last five.
        use_scale: False leaves the division by √d out.
        use_mask: False lets every query look at every key.
        selected: the cell that is asked about: step 0 to 4 (`STEPS`), row and column from 0.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    All of these may be assigned later. `steps` has every number, the hidden ones too; `guesses` what was guessed;
    `undo` takes back what a click or one of the methods changed.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("grid", "attention_abacus")
    _css = style("grid", "attention_abacus", of="attention_abacus")

    tokens = Setting()
    query = Setting()
    key = Setting()
    value = Setting()
    trace = Setting()
    layer = Setting()
    head = Setting()
    places = Setting()
    use_scale = Setting()
    use_mask = Setting()
    selected = Setting()
    shown = Setting(help="the cells that are shown, each with the guess that was made, or None")

    board = t.Dict(help="the numbers, the grids and the question as the page draws them").tag(sync=True)

    def __init__(
        self,
        tokens: Sequence[str] | None = None,
        query: object = None,
        key: object = None,
        value: object = None,
        *,
        trace: object = None,
        layer: int = 0,
        head: int = 0,
        places: Sequence[int] | None = None,
        use_scale: bool = True,
        use_mask: bool = True,
        selected: Cell = (0, 0, 0),
        title: str = "Attention by hand",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._sheet: Sheet | None = None
        self._steps: AttentionByHand | None = None
        given = start_of({"tokens": tokens, "query": query, "key": key, "value": value}, trace)
        settings = given | {"trace": trace, "layer": layer, "head": head, "places": places, "selected": selected}
        settings |= {"use_scale": use_scale, "use_mask": use_mask, "shown": {}}
        super().__init__(title=title, say=say, presenting=presenting, **settings)

    @classmethod
    def from_trace(
        cls, trace: object, layer: int = 0, head: int = 0, places: Sequence[int] | None = None, **settings: Any
    ) -> AttentionAbacus:
        """Return an abacus with the numbers of one head of a real Transformer, see the class."""
        return cls(trace=trace, layer=layer, head=head, places=places, **settings)

    def _let_go(self) -> None:
        self._sheet, self._steps = None, None
        type(self).trace.store(self, None)  # some megabytes for a long text

    # What Python offers.

    @property
    def steps(self) -> AttentionByHand:
        """Every number of every step, hidden or not; of a real head, over all its tokens."""
        self._check_open()
        assert self._steps is not None
        return self._steps

    @property
    def guesses(self) -> dict[Cell, str]:
        """What was typed for each cell that was guessed."""
        return {cell: guess for cell, guess in self.shown.items() if guess is not None}

    def guess(self, cell: Cell, number: object) -> bool:
        """Guess a hidden cell, which is shown then; return whether the guess was right."""
        with self._one_update():
            cell = self._checked(cell)
            typed = str(number).strip()[:40]
            number_of(typed, "your guess")
            if cell in self.shown:
                raise InputError("This cell is shown already; choose another one, or hide all.")
            self._do(selected=cell, shown=self.shown | {cell: typed})
            return is_right(typed, value_of(self.steps, self._on_sheet, *cell))

    def show(self, cell: Cell) -> None:
        """Show a cell without a guess."""
        with self._one_update():
            cell = self._checked(cell)
            self._do(selected=cell, shown={cell: None} | self.shown)

    def show_step(self, step: int) -> None:
        """Show all cells of one step, 0 to 4."""
        with self._one_update():
            step = whole(step, "step", 0, len(STEPS) - 1)
            self._do(shown={cell: None for cell in cells_of(self._on_sheet) if cell[0] == step} | self.shown)

    def show_all(self) -> None:
        """Show every cell."""
        with self._one_update():
            self._do(shown=dict.fromkeys(cells_of(self._on_sheet)) | self.shown)

    def hide_all(self) -> None:
        """Hide every cell, and forget the guesses."""
        with self._one_update():
            self._do(shown={}, selected=(0, 0, 0))

    def reset(self) -> None:
        """Go back to the numbers that the abacus was made with, all cells hidden."""
        with self._one_update():
            self._do(**self._start)

    # What follows.

    @property
    def _on_sheet(self) -> Sheet:
        self._check_open()
        assert self._sheet is not None
        return self._sheet

    def _checked(self, cell: object) -> Cell:
        return cell_of(cell, cells_of(self._on_sheet))

    def _do(self, **settings: Any) -> None:
        """Change settings in a way that Undo takes back."""
        before = {name: getattr(self, name) for name in self._start}
        self.change(**settings)
        self._keep_for_undo(before)
        self.board = self.board | {"undo": True}

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        settings: dict[str, Any] = {name: wanted[name] for name in (*_NUMBERS, *_HEAD)}
        if wanted["trace"] is None:
            words = words_of_tokens(wanted["tokens"])
            settings |= {kind: vectors_of(wanted[kind], kind, len(words)) for kind in KINDS} | {"tokens": words}
            sheet = sheet_of(words, {kind: settings[kind] for kind in KINDS})
        else:
            if set(_NUMBERS) & {name for name in changed if wanted[name] is not None}:
                raise InputError("These numbers are a trained model's; make an abacus without a trace to change them.")
            sheet = sheet_of_head(*(wanted[name] for name in _HEAD))
        use_scale, use_mask = flag(wanted["use_scale"], "use_scale"), flag(wanted["use_mask"], "use_mask")
        place = "before" if use_mask else "never"
        steps = attention(sheet.query, sheet.key, sheet.value, use_scale=use_scale, mask_place=place)
        cells, selected, shown = cells_of(sheet), wanted["selected"], wanted["shown"]
        if self._steps is not None and set(changed) - {"selected", "shown", "title", "say", "presenting"}:
            same = "shown" in changed or cells_of(self._on_sheet) == cells  # other numbers: no guess was about them
            shown = shown if "shown" in changed else dict.fromkeys(shown if same else ())
            selected = selected if "selected" in changed or same else (0, 0, 0)
        selected, shown = cell_of(selected, cells), shown_of(shown, cells)
        settings |= {"use_scale": use_scale, "use_mask": use_mask, "selected": selected, "shown": shown}
        board = board_of(steps, sheet, selected, shown, bool(self._past))
        self._sheet, self._steps = sheet, steps
        return parts | settings | {"board": board}

    # What the page asks.

    @handles("edit", of=(str,), row=(int,), column=(int,), text=(str,))
    def _edit(self, of: str, row: int, column: int, text: str) -> None:
        if not self._on_sheet.own or of not in KINDS:
            raise InputError("This number cannot be changed here.")
        rows = [list(line) for line in getattr(self, of)]
        rows[whole(row, "row", 0, len(rows) - 1)][whole(column, "column", 0, len(rows[0]) - 1)] = small_number(text)
        if vectors_of(rows, of, len(rows)) != getattr(self, of):
            self._do(**{of: rows})

    @handles("select", cell=(list,))
    def _select(self, cell: list[Any]) -> None:
        self.change(selected=self._checked(cell))

    @handles("guess", cell=(list,), text=(str,))
    def _guess(self, cell: list[Any], text: str) -> None:
        self.guess(self._checked(cell), text)

    @handles("show", cell=(list,))
    def _show(self, cell: list[Any]) -> None:
        self.show(self._checked(cell))

    @handles("show_step", step=(int,))
    def _show_step(self, step: int) -> None:
        self.show_step(step)

    @handles("next")
    def _next(self) -> None:
        cells = cells_of(self._on_sheet)
        start = cells.index(self.selected) + 1
        self.change(selected=next((c for c in [*cells[start:], *cells] if c not in self.shown), self.selected))

    @handles("switch", use_scale=(bool,), use_mask=(bool,))
    def _switch(self, use_scale: bool, use_mask: bool) -> None:
        self._do(use_scale=use_scale, use_mask=use_mask)

    @handles("pick", which=(str,), value=(int,))
    def _pick(self, which: str, value: int) -> None:
        picked = {name: value if name == which else now for name, _, now in self.board["picks"]}
        if which not in picked:
            raise InputError("There is no such choice here.")
        if self._on_sheet.own:
            self._do(**resized(self.tokens, {kind: getattr(self, kind) for kind in KINDS}, *picked.values()))
        else:
            self._do(layer=picked["layer"] - 1, head=picked["head"] - 1)

    @handles("all", shown=(bool,))
    def _all(self, shown: bool) -> None:
        self.show_all() if shown else self.hide_all()

    def picture(self) -> Picture:
        """Return the grids as they stand, for a figure and for pages without a kernel."""
        return picture_of(self.board, self.title)
