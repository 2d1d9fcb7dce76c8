"""LSTMStepper: one LSTM cell, a single unit, whose gates are moved by hand and whose time goes on step by step."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import RecurrentTrace
from widgets.assets import script, style
from widgets.base import GlassboxWidget, Setting
from widgets.checks import one_of, real, refuse_unknown, whole
from widgets.one_cell import GATE_NAMES, PRESETS, Cell, RealUnit, cell_parts, preset_in_force
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import stacked, tokens_part
from widgets.static_parts import paragraph
from widgets.strips import strips_part
from widgets.token_line import line_of, static_line

__all__ = ["LSTMStepper"]

MOST_STEPS = 300
_SAY = "Move a gate and see what it does to the memory. Step lets time go on: the new memory becomes the old one."
_REAL = "The gates are those of a trained unit at each token. Move one to ask what if; Step reads the next token."


class LSTMStepper(GlassboxWidget):
    """Show one step of a single LSTM cell as pipes and as a formula, with every number in it.

    Args:
        trace: a RecurrentTrace (what `lstm.trace(text)` returns): then all five are those of a real unit at each token.
        input: how much of the candidate is written, 0 to 1.
        forget: how much of the old memory is kept, 0 to 1.
        candidate: what could be written, -1 to 1.
        output: how much of the memory is shown, 0 to 1.
        cell_state: the old memory.
        layer: of the real unit, counted from 0.
        unit: the real unit, counted from 0.
        title: heading of the card.
        say: one sentence under it; None says what can be done.
        presenting: large type, for a projector.

    Each of these may be assigned later. `cell` has the numbers that are on the screen, `past` those of the steps done;
    `step`, `back`, `reset`, `back_to_real`, `preset` do what the buttons do. The page counts layers and units from 1.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("tokens", "svg", "strips", "lstm_stepper")
    _css = style("tokens", "strips", "lstm_stepper", of="lstm_stepper")

    input = Setting()
    forget = Setting()
    candidate = Setting()
    output = Setting()
    cell_state = Setting()
    trace = Setting()
    layer = Setting()
    unit = Setting()

    board = t.Dict(help="the cell, its numbers and its past as the page draws them").tag(sync=True)
    line = t.Dict(None, allow_none=True, help="the tokens of a real unit's text, or None").tag(sync=True)

    def __init__(
        self,
        trace: RecurrentTrace | None = None,
        *,
        input: float | None = None,  # the gate's name in every book
        forget: float | None = None,
        candidate: float | None = None,
        output: float | None = None,
        cell_state: float | None = None,
        layer: int = 0,
        unit: int = 0,
        title: str = "One cell, step by step",
        say: str | None = None,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._past: tuple[Cell, ...] = ()
        given = {"input": input, "forget": forget, "candidate": candidate, "output": output, "cell_state": cell_state}
        own = {name: value for name, value in given.items() if value is not None}
        free = {"input": 0.5, "forget": 0.9, "candidate": 0.6, "output": 0.8, "cell_state": 1.0}
        say = say if say is not None else _SAY if trace is None else _REAL
        unit_of = {"trace": trace, "layer": layer, "unit": unit}
        settings = own if trace is not None else free | own
        super().__init__(title=title, say=say, presenting=presenting, **unit_of, **settings)
        self._start = {name: getattr(self, name) for name in (*given, *unit_of)}

    # What Python offers.

    @property
    def cell(self) -> Cell:
        """The step that is on the screen: gates, old and new memory, and what is shown of it."""
        return Cell(*(float(getattr(self, name)) for name in (*GATE_NAMES, "cell_state")))

    @property
    def past(self) -> tuple[Cell, ...]:
        """The steps done so far, the first one first."""
        return self._past

    def step(self) -> None:
        """Let time go on: the new cell state becomes the old one; a real unit reads the next token."""
        with self._one_update():
            real_unit = self._real
            if real_unit is not None and len(self._past) + 1 >= len(real_unit):
                raise InputError("That was the last token of the text; press Back or Reset.")
            if len(self._past) >= MOST_STEPS:
                raise InputError(f"{MOST_STEPS} steps are done, more do not fit; press Back or Reset.")
            cell = self.cell
            past = (*self._past, cell)
            gates = {} if real_unit is None else real_unit.gates(len(past))
            self._go(past, cell_state=cell.new_cell_state, **gates)

    def back(self) -> None:
        """Take the last step back, with the gates as they stood then; nothing happens if there is none."""
        with self._one_update():
            if self._past:
                *past, last = self._past
                self._go(tuple(past), **last.settings())

    def reset(self) -> None:
        """Go back to the start, with the gates that the widget was made with."""
        with self._one_update():
            self._go((), **self._start)

    def back_to_real(self) -> None:
        """Set the gates and the memory, and every step done, to those of the real unit."""
        with self._one_update():
            real_unit = self._real
            if real_unit is not None:
                done = len(self._past)
                self._go(tuple(map(real_unit.cell, range(done))), **real_unit.cell(done).settings())

    def preset(self, name: str) -> None:
        """Set the gates to one of the presets: each of them tries out a belief about gates."""
        self.change(**dict(PRESETS[one_of(name, "name", PRESETS)].gates))

    def _go(self, past: tuple[Cell, ...], **settings: Any) -> None:
        """Change settings and the past together: if the settings cannot be used, the past stays."""
        before, self._past = self._past, past
        try:
            self.change(**settings)
        except Exception:
            self._past = before
            raise

    @property
    def _real(self) -> RealUnit | None:
        return None if self.trace is None else RealUnit(self.trace, self.layer, self.unit)

    def _let_go(self) -> None:
        self._past, self._start = (), {}
        type(self).trace.store(self, None)  # some megabytes for a long text

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        trace = wanted["trace"]
        past = self._past
        layer = unit = 0
        real_unit = None
        if trace is not None:
            if not isinstance(trace, RecurrentTrace):
                raise InputError(
                    f"trace must be a RecurrentTrace (what lstm.trace(text) returns), not {type(trace).__name__}."
                )
            layer = whole(wanted["layer"], "layer", 0, trace.n_layers - 1)
            unit = whole(wanted["unit"], "unit", 0, trace.d_model - 1)
            real_unit = RealUnit(trace, layer, unit)
            if (trace, layer, unit) != (self.trace, self.layer, self.unit):
                start = real_unit.cell(0).settings()
                wanted = start | {name: value for name, value in wanted.items() if name in changed or name not in start}
                past = ()
        limit = 8.0 if real_unit is None else max(8.0, real_unit.limit)
        settings: dict[str, Any] = {
            name: real(wanted[name], name, -1.0 if name == "candidate" else 0.0, 1.0) for name in GATE_NAMES
        }
        reached = max([limit, *(abs(cell.new_cell_state) for cell in past)])
        settings["cell_state"] = real(wanted["cell_state"], "cell_state", -reached, reached)
        settings |= {"trace": trace, "layer": layer, "unit": unit}
        cell = Cell(*(settings[name] for name in (*GATE_NAMES, "cell_state")))
        board = cell_parts(cell, past, real_unit, reached)
        line = None
        if trace is not None:
            line = line_of(trace.tokens, trace.typed, (), unit="", scale=1) | {"hue": "lstm"}
        self._past = past  # nothing can fail any more: the new state is the good one
        return parts | settings | {"board": board, "line": line}

    # What the page asks.

    @handles("move", name=(str,), value=(int, float))
    def _move(self, name: str, value: float) -> None:
        self.change(**{one_of(name, "name", (*GATE_NAMES, "cell_state")): value})

    @handles("preset", name=(str,))
    def _preset(self, name: str) -> None:
        self.preset(name)

    @handles("unit", layer=(int,), unit=(int,))
    def _unit(self, layer: int, unit: int) -> None:
        self.change(layer=layer, unit=unit)

    @handles("jump", place=(int,))
    def _jump(self, place: int) -> None:
        if self._real is None or not 0 <= place < len(self._real):
            raise InputError("There is no such token; please click again.")
        with self._one_update():
            while len(self._past) < place:
                self.step()
            while len(self._past) > place:
                self.back()

    @handles("go", where=(str,))
    def _where(self, where: str) -> None:
        go = {"step": self.step, "back": self.back, "reset": self.reset, "real": self.back_to_real}
        go[one_of(where, "where", go)]()

    # On paper.

    def picture(self) -> Picture:
        """Return the memory and what is shown of it over the steps, under the tokens of a real unit's text."""
        parts = [] if self.line is None else [tokens_part(self.line, len(self._past), 720)]
        parts.append(strips_part(self.board["strips"], len(self._past), 720))
        return stacked(self.title, self.board["spoken"], 720, parts)

    def _static(self) -> list[str]:
        formulas = [paragraph("".join(line)) for line in self.board["formulas"]]
        here = [] if self.line is None else [static_line(self.line, len(self._past))]
        return [*here, *formulas, paragraph(preset_in_force(self.cell))]
