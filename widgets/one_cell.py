"""One LSTM cell in numbers and words: a step, the presets that try out a belief, and what a page draws of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.lstm_by_hand import Gates, half_life, new_cell_state, new_hidden_state
from lessons.records import RecurrentTrace
from widgets.strips import strip_of
from widgets.token_line import nice_ceiling
from widgets.words import listing, number, show

__all__ = ["GATE_NAMES", "PRESETS", "Cell", "Preset", "RealUnit", "cell_parts", "preset_in_force"]

GATE_NAMES = ("input", "forget", "candidate", "output")
_SIGNS = {"input": "i", "forget": "f", "candidate": "g", "output": "o", "cell_state": "c"}
_SAYS = {
    "input": "how much of the candidate is written",
    "forget": "how much of the old memory is kept",
    "candidate": "what could be written",
    "output": "how much of the memory is shown",
    "cell_state": "the memory so far",
}
_TOLERANCE = 1e-6  # a real unit's numbers are float32


@dataclass(frozen=True)
class Preset:
    """A setting of some gates, and what is to be learned from it."""

    gates: Mapping[str, float]
    words: str


PRESETS = {
    "Keep everything": Preset(
        {"input": 0.0, "forget": 1.0},
        "A forget gate of 1 forgets nothing: it is the share that is kept. Press Step: c stays as it is.",
    ),
    "Erase": Preset(
        {"forget": 0.0},
        "A forget gate of 0 erases: nothing of the old memory is left after one step, only what is written now.",
    ),
    "Halve": Preset(
        {"input": 0.0, "forget": 0.5},
        "A gate is no switch between yes and no: half of the memory is kept, at the next step half of that.",
    ),
    "Count": Preset(
        {"input": 1.0, "forget": 1.0, "candidate": 0.1},
        "Nothing is lost and 0.1 is added at every step: c counts, and passes 1. What is shown, h, never does.",
    ),
    "Hidden memory": Preset(
        {"output": 0.0},
        "h is 0 and c is not: the memory is c. The hidden state h is only what is shown of it.",
    ),
}


@dataclass(frozen=True)
class Cell:
    """One step of one unit: its four gates, the old cell state, and what follows from them."""

    input: float
    forget: float
    candidate: float
    output: float
    cell_state: float

    def settings(self) -> dict[str, float]:
        """Return the five numbers by name."""
        return {name: getattr(self, name) for name in (*GATE_NAMES, "cell_state")}

    @property
    def _gates(self) -> Gates:
        return Gates(*(np.asarray(getattr(self, name)) for name in GATE_NAMES))

    @property
    def kept(self) -> float:
        """f * c, what stays of the old memory."""
        return self.forget * self.cell_state

    @property
    def written(self) -> float:
        """i * g, what is written."""
        return self.input * self.candidate

    @property
    def new_cell_state(self) -> float:
        """c' = f * c + i * g."""
        return float(new_cell_state(self._gates, self.cell_state))

    @property
    def hidden_state(self) -> float:
        """h' = o * tanh(c')."""
        return float(new_hidden_state(self._gates, self.new_cell_state))


class RealUnit:
    """One unit of a traced LSTM."""

    def __init__(self, trace: RecurrentTrace, layer: int, unit: int) -> None:
        self.tokens = trace.tokens
        self._gates = trace.gates[layer, :, :, unit]  # (T, 4)
        self._cells = trace.cell_state[layer, :, unit]  # (T,)
        self._shape = trace.n_layers, trace.d_model
        self.layer, self.unit = layer, unit

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def limit(self) -> float:
        """The largest memory that it has on this text, in absolute value, rounded up."""
        return float(nice_ceiling(float(np.abs(self._cells).max())))

    def gates(self, place: int) -> dict[str, float]:
        """Return its gates at a token."""
        return dict(zip(GATE_NAMES, map(float, self._gates[place]), strict=True))

    def cell(self, place: int) -> Cell:
        """Return its step at a token."""
        before = float(self._cells[place - 1]) if place else 0.0
        return Cell(**self.gates(place), cell_state=before)

    def facts(self) -> dict[str, int]:
        """Return which unit it is, and how many there are."""
        return {"layer": self.layer, "unit": self.unit, "layers": self._shape[0], "units": self._shape[1]}


def preset_in_force(cell: Cell) -> str:
    """Return what is to be learned from the gates as they stand, "" if no preset has them."""
    fitting = [
        one for one in PRESETS.values() if all(getattr(cell, name) == value for name, value in one.gates.items())
    ]
    return max(fitting, key=lambda one: len(one.gates)).words if fitting else ""


def _fading(forget: float) -> str:
    steps = float(half_life(forget))
    gate = f"f = {number(forget, 3)}"
    if not math.isfinite(steps):
        return f"With {gate} at every step, the memory never fades."
    if steps < 0.05:
        return f"With {gate}, nothing of the memory is left after one step."
    return f"With {gate} at every step, half of the memory is gone after {number(steps)} steps."


def cell_parts(cell: Cell, past: tuple[Cell, ...], real_unit: RealUnit | None, limit: float) -> dict[str, Any]:
    """Return what the page draws of a cell.

    Args:
        cell: the step on the screen.
        past: the steps done before.
        real_unit: the unit that is loaded, or None.
        limit: the largest memory that can be set.
    """
    place = len(past)
    f, c, i, g, o = (
        number(getattr(cell, name), 3) for name in ("forget", "cell_state", "input", "candidate", "output")
    )
    kept, written, new, shown = (
        number(value, 3) for value in (cell.kept, cell.written, cell.new_cell_state, cell.hidden_state)
    )
    squashed = number(math.tanh(cell.new_cell_state), 3)
    truth = None if real_unit is None else real_unit.cell(place)
    moved = [] if truth is None else [name for name, value in truth.settings().items() if _differs(cell, name, value)]
    sliders = [_slider(name, cell, truth, limit) for name in (*GATE_NAMES, "cell_state")]
    here = "" if real_unit is None else f"{show(real_unit.tokens[place])}, token {place + 1} of {len(real_unit)}. "
    names = listing(["old memory" if name == "cell_state" else name for name in moved])
    what_if = f"What if: {names} differ{'s' * (len(moved) == 1)} from the real unit." if moved else ""
    steps = f"{place} step{'s' * (place != 1)} done"
    strips = _strips(cell, past, real_unit)
    return {
        "sliders": sliders,
        "pipes": {
            "numbers": {"f": f, "c": c, "i": i, "g": g, "o": o, "kept": kept, "written": written, "new": new}
            | {"squashed": squashed, "shown": shown},
            "levels": {
                **{_SIGNS[name]: getattr(cell, name) for name in GATE_NAMES},
                "c": _level(cell.cell_state),
                "kept": _level(cell.kept),
                "written": _level(cell.written),
                "new": _level(cell.new_cell_state),
                "shown": _level(cell.hidden_state),
            },
        },
        "formulas": [
            ["c′ = f · c + i · g = ", f"{f} · {c} + {i} · {g}"],
            ["= ", f"{kept} + {written}", " = ", new],
            ["h = o · tanh(c′) = ", f"{o} · tanh({new})"],
            ["= ", f"{o} · {squashed}", " = ", shown],
        ],
        "fading": _fading(cell.forget),
        "lesson": preset_in_force(cell),
        "presets": [
            {"name": name, "on": all(getattr(cell, gate) == value for gate, value in one.gates.items())}
            for name, one in PRESETS.items()
        ],
        "strips": strips,
        "place": place,
        "steps": f"{steps}; dashed: the real unit" if "other" in strips[0] else steps,
        "can_step": real_unit is None or place + 1 < len(real_unit),
        "real": None if real_unit is None else real_unit.facts(),
        "what_if": what_if,
        "spoken": f"{here}{steps}. Old memory {c}, kept {kept}, written {written}, new memory {new}, shown {shown}. "
        f"{what_if}",
    }


def _differs(cell: Cell, name: str, value: float) -> bool:
    return abs(getattr(cell, name) - value) > _TOLERANCE * max(1.0, abs(value))


def _level(memory: float) -> float:
    """Return a memory as the width of its pipe, -1 to 1, full at 2."""
    return max(-1.0, min(1.0, memory / 2))


def _slider(name: str, cell: Cell, truth: Cell | None, limit: float) -> dict[str, Any]:
    low, high = (-limit, limit) if name == "cell_state" else (-1.0 if name == "candidate" else 0.0, 1.0)
    label = "old memory" if name == "cell_state" else name
    value = getattr(cell, name)
    slider = {"name": name, "label": label, "sign": _SIGNS[name], "says": _SAYS[name], "low": low, "high": high}
    slider |= {"value": value, "number": number(value, 3)}
    if truth is not None and _differs(cell, name, getattr(truth, name)):
        slider["real"] = number(getattr(truth, name), 3)
    return slider


def _strips(cell: Cell, past: tuple[Cell, ...], real_unit: RealUnit | None) -> list[dict[str, Any]]:
    """Return memory and shown state over the steps done and the one on the screen; dashed: the real unit's."""
    cells = [one.new_cell_state for one in (*past, cell)]
    shown = [one.hidden_state for one in (*past, cell)]
    truth = [] if real_unit is None else [real_unit.cell(place) for place in range(len(cells))]
    pairs = [(mine.new_cell_state, its.new_cell_state) for mine, its in zip((*past, cell), truth, strict=False)]
    pairs += [(mine.hidden_state, its.hidden_state) for mine, its in zip((*past, cell), truth, strict=False)]
    differs = any(abs(mine - its) > 10 * _TOLERANCE for mine, its in pairs)
    full = nice_ceiling(max(1.0, *map(abs, cells), *(abs(one.new_cell_state) for one in truth)))
    blank = [0.0] * max(0, (len(real_unit) if real_unit is not None else 12) - len(cells))
    real_cells = [one.new_cell_state for one in truth] if differs else None
    real_shown = [one.hidden_state for one in truth] if differs else None
    strips = [
        strip_of("memory c′", [*cells, *blank], full, signed=True, other=real_cells),
        strip_of("shown h", [*shown, *blank], 1.0, signed=True, other=real_shown),
    ]
    for strip in strips:  # what has not happened yet has no number
        strip["numbers"][len(cells) :] = [""] * len(blank)
    return strips
