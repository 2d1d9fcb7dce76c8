"""RecurrentExplorer: an LSTM's gates and memory over a text, unit by unit and token by token, with a switch a unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import NextTokens, RecurrentTrace
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.recurrent_source import RecurrentSource
from widgets.recurrent_view import controls_of, expected_after, map_part, moved_by, unit_of
from widgets.requests import handles
from widgets.sketches import stacked, tokens_part
from widgets.source import Traced
from widgets.static_parts import paragraph, table
from widgets.strips import strips_part
from widgets.token_line import line_of, static_line
from widgets.undo import ResetWidget
from widgets.unit_map import ORDERS, QUANTITIES, UnitMap, values_of
from widgets.words import clean, show

__all__ = ["RecurrentExplorer"]

_SAY = (
    "Each row of the map is a unit, each column a token. Click a token for the units that it moved, "
    "and a row for all numbers of its unit; the arrow keys walk over the map, too."
)


class RecurrentExplorer(ResetWidget):
    """Show what the units of an LSTM do on a text.

    Args:
        source: what `load_model("lstm")` returns, or a RecurrentTrace (then there is no text field and no switch).
        text: what the model reads; at most 256 tokens are shown, and a note says what was cut.
        layer: counted from 0.
        quantity: "input", "forget", "candidate", "output", "cell_state" or "hidden_state".
        order: of the units: "varies", "mean", "remembers", "moved" (at the selected token) or "number".
        how_many: units on the map.
        selected: place of the selected token, 0 for the `<eos>` that starts the line, or None for the last one.
        unit: the selected unit, counted from 0, or None for the first one on the map.
        off: (layer, unit) of each unit that is switched off for the next word and the loss; the map and the strips show
            the model with all units on.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    Each of these but the source may be assigned later. `trace`, `shown_units`, `column`, `unit_values`, `answers` and
    `losses` have the numbers that are on the screen. The page counts layers and units from 1.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "svg", "strips", "heat", "recurrent_explorer")
    _css = style("text_field", "tokens", "strips", "heat", of="recurrent_explorer")

    text = Setting()
    layer = Setting()
    quantity = Setting()
    order = Setting()
    how_many = Setting()
    selected = Setting()
    unit = Setting()
    off = Setting()

    line = t.Dict(help="the tokens, with the quantity of the selected unit").tag(sync=True)
    map = t.Dict(help="the units shown and the scale of their colours").tag(sync=True)
    cells = t.Bytes(b"", help="(n, T) the map's levels as bytes").tag(sync=True)
    one = t.Dict(help="the selected unit over the text").tag(sync=True)
    board = t.Dict(help="the selected token").tag(sync=True)
    controls = t.Dict(help="the state of the controls").tag(sync=True)

    def __init__(
        self,
        source: Any,
        *,
        text: str | None = None,
        layer: int = 0,
        quantity: str = "forget",
        order: str = "varies",
        how_many: int = 24,
        selected: int | None = None,
        unit: int | None = None,
        off: Any = (),
        title: str = "What does each unit remember?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._source = RecurrentSource(source)
        if self._source.model is None and text is not None:
            raise InputError("A trace has its own text; give the model instead of its trace to read another one.")
        text = "The king was crowned in London, and the queen was crowned in" if text is None else text
        self._traced: Traced[RecurrentTrace] | None = None
        self._map: UnitMap | None = None
        self._answers: tuple[NextTokens, ...] = ()
        self._losses: tuple[float, ...] = ()
        start = {"text": text, "layer": layer, "quantity": quantity, "order": order, "how_many": how_many}
        start |= {"selected": selected, "unit": unit, "off": off}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self._traced = self._map = None
        self._source, self._answers, self._losses = None, (), ()  # type: ignore[assignment]

    # What Python offers.

    @property
    def trace(self) -> RecurrentTrace:
        """The trace of the text, with all units on."""
        self._check_open()
        assert self._traced is not None
        return self._traced.trace

    @property
    def place(self) -> int:
        """Place of the selected token in the trace."""
        return len(self.trace) - 1 if self.selected is None else int(self.selected)

    @property
    def shown_units(self) -> np.ndarray:
        """(n,) the units on the map, counted from 0, from top to bottom."""
        return self._map.units if self._map is not None else np.empty(0, np.int64)

    @property
    def unit_values(self) -> np.ndarray:
        """(T,) the quantity on the map, of the selected unit."""
        return values_of(self.trace, self.layer, self.quantity)[:, self.one["unit"]]

    @property
    def column(self) -> np.ndarray:
        """(D,) the quantity on the map, of all units at the selected token."""
        return values_of(self.trace, self.layer, self.quantity)[self.place]

    @property
    def answers(self) -> tuple[NextTokens, ...]:
        """The distributions on the screen: with all units on, and with some off if any are."""
        return self._answers

    @property
    def losses(self) -> tuple[float, ...]:
        """The losses of the text in nats per token: with all units on, and with some off if any are."""
        return self._losses

    def switch(self, layer: int, unit: int) -> None:
        """Switch a unit off, or on again if it is off."""
        with self._one_update():
            one = (layer, unit)
            self.change(off=[each for each in self.off if each != one] if one in self.off else [*self.off, one])

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        if self._traced is not None and self._source.model is None and wanted["text"] != self.text:
            raise InputError("A trace has its own text; make another explorer to look at another one.")
        traced = self._source.read(wanted["text"])
        trace = traced.trace
        is_new = traced is not self._traced
        settings: dict[str, Any] = {
            "text": traced.text.text if self._source.model is None else clean(wanted["text"]),
            "layer": whole(wanted["layer"], "layer", 0, trace.n_layers - 1),
            "quantity": one_of(wanted["quantity"], "quantity", QUANTITIES),
            "order": one_of(wanted["order"], "order", ORDERS),
            "how_many": min(whole(wanted["how_many"], "how_many", 1, 100_000), trace.d_model),
            "off": self._source.units_off(wanted["off"], trace),
        }
        selected = None if is_new and "selected" not in changed else wanted["selected"]
        if selected is not None:
            selected = whole(selected, "selected", 0, len(trace) - 1)
        place = len(trace) - 1 if selected is None else selected
        layer, quantity, off = settings["layer"], settings["quantity"], settings["off"]
        shown = UnitMap(trace, layer, quantity, settings["order"], settings["how_many"], place)
        keeps_unit = layer == self.layer or "unit" in changed
        unit = wanted["unit"] if keeps_unit else None
        if unit is not None:
            unit = whole(unit, "unit", 0, trace.d_model - 1)
        at = int(shown.units[0]) if unit is None else unit
        settings |= {"selected": selected, "unit": unit}
        one = unit_of(trace, layer, at, off, shown)
        values = values_of(trace, layer, quantity)[:, at].tolist()
        kind = QUANTITIES[quantity]
        words = f"{kind.name} of unit {at + 1}"
        line = line_of(trace.tokens, trace.typed, values, unit=words, scale=kind.full, signed=kind.signed, digits=2)
        answers: tuple[NextTokens, ...] = ()
        losses: tuple[float, ...] = ()
        word = show(trace.typed[place])
        said = f"{word}, token {place + 1} of {len(trace)}: {words} {line['numbers'][place]}."
        board: dict[str, Any] = {"selected": place, "moved": moved_by(trace, layer, place), "spoken": said}
        if self._source.model is not None:
            answers = self._source.expected(traced, off, place)
            losses = tuple(self._source.loss(traced, units) for units in ((), off)[: len(answers)])
            board["expected"] = expected_after(self._source.name, off, answers, losses, word)
            board["spoken"] += f" {board['expected']['spoken']}"
        # Nothing below can fail: from here on the new state is the good one.
        self._revision += is_new
        self._traced, self._map, self._answers, self._losses = traced, shown, answers, losses
        shows = {
            "line": line | {"text": settings["text"]},
            "map": shown.for_page() | {"revision": self._revision},
            "cells": shown.as_bytes(),
            "one": one,
            "board": board,
            "controls": controls_of(settings, trace, self._source.model is not None),
            "note": " ".join(traced.notes),
        }
        return parts | settings | shows

    # What the page asks.

    @handles("read", text=(str,))
    def _read(self, text: str) -> None:
        self.change(text=text)

    @handles("look", place=(int,), unit=(int,), revision=(int,))
    def _look(self, place: int, unit: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(selected=place, unit=unit)

    @handles("show", name=(str,), value=(str,))
    def _show(self, name: str, value: str) -> None:
        name = one_of(name, "name", ("layer", "quantity", "order", "how_many"))
        is_number = name in ("layer", "how_many") and value.isdecimal() and len(value) < 7
        self.change(**{name: int(value) if is_number else value})

    @handles("switch", unit=(int,))
    def _switch(self, unit: int) -> None:
        self.switch(self.layer, unit)

    @handles("all_on")
    def _all_on(self) -> None:
        self.change(off=())

    # On paper.

    def picture(self) -> Picture:
        """Return the map, the selected unit's strips and the next-word bars."""
        assert self._map is not None
        unit, place = self.one["unit"], self.place
        parts = [tokens_part(self.line, place, 800), map_part(self._map, place, unit, 800)]
        parts.append(strips_part(self.one["strips"], place, 800))
        return stacked(self.title, f"{self._map.sorted_by} {self.board['spoken']}", 800, parts)

    def _static(self) -> list[str]:
        parts = [static_line(self.line, self.place), paragraph("".join(self.one["heading"]))]
        for shown in (self.board[name] for name in ("moved", "expected") if name in self.board):
            rows = [[row["name"], *row["cells"]] for row in shown["rows"]]
            parts.append(table(rows, shown["head"], "".join(shown["heading"])))
        return [*parts, paragraph(self.board["expected"]["loss"])] if "expected" in self.board else parts
