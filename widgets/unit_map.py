"""The units of an LSTM layer over the tokens of a text: which are shown in which order, and their numbers as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.records import GATES, RecurrentTrace
from widgets.words import count, number, show

__all__ = ["ORDERS", "QUANTITIES", "Quantity", "UnitMap", "change_of_memory", "quantities_of_unit", "values_of"]

FULL_CELL_STATE = 2.0  # tanh(2) is 0.96: a larger memory can show little more


@dataclass(frozen=True)
class Quantity:
    """One of the six numbers that a unit has at each token.

    Attributes:
        name: as it is displayed.
        full: the value at which its colour is full, the same for every text.
        signed: whether it can be below 0.
    """

    name: str
    full: float
    signed: bool


QUANTITIES = {
    "forget": Quantity("forget gate", 1.0, False),
    "input": Quantity("input gate", 1.0, False),
    "candidate": Quantity("candidate", 1.0, True),
    "cell_state": Quantity("cell state", FULL_CELL_STATE, True),
    "output": Quantity("output gate", 1.0, False),
    "hidden_state": Quantity("hidden state", 1.0, True),
}
ORDERS = {
    "varies": "how much it varies",
    "mean": "its mean",
    "remembers": "how long they remember",
    "moved": "how much they changed here",
    "number": "their number",
}


def values_of(trace: RecurrentTrace, layer: int, quantity: str) -> np.ndarray:
    """Return one quantity of one layer, (T, D)."""
    values: np.ndarray = (
        trace.gates[layer, :, GATES.index(quantity)] if quantity in GATES else getattr(trace, quantity)[layer]
    )
    return values


def change_of_memory(trace: RecurrentTrace, layer: int, place: int) -> np.ndarray:
    """Return how much each unit's cell state changed at a token, (D,); before the first token it is 0."""
    cells = trace.cell_state[layer]
    change: np.ndarray = cells[place] - cells[place - 1] if place else cells[0]
    return change


def quantities_of_unit(trace: RecurrentTrace, layer: int, unit: int) -> dict[str, np.ndarray]:
    """Return the six quantities of one unit, each (T,)."""
    return {name: values_of(trace, layer, name)[:, unit] for name in QUANTITIES}


class UnitMap:
    """Some units of a layer, sorted, with one quantity over all tokens.

    Args:
        trace: of the text.
        layer: counted from 0.
        quantity: one of `QUANTITIES`.
        order: one of `ORDERS`.
        how_many: units to show, at most D.
        place: the selected token, by which the order `moved` sorts.

    Attributes:
        units: (n,) the units shown, counted from 0, the first one on top.
        values: (n, T) their numbers.
        sorted_by: in words.
    """

    def __init__(self, trace: RecurrentTrace, layer: int, quantity: str, order: str, how_many: int, place: int) -> None:
        self.quantity = QUANTITIES[quantity]
        values = values_of(trace, layer, quantity)  # (T, D)
        keys = {
            "varies": values.std(axis=0),
            "mean": values.mean(axis=0),
            "remembers": values_of(trace, layer, "forget").mean(axis=0),
            "moved": np.abs(change_of_memory(trace, layer, place)),
            "number": -np.arange(trace.d_model),
        }
        words = {
            "varies": f"how much the {self.quantity.name} varies over this text (standard deviation), most first",
            "mean": f"the mean {self.quantity.name} over this text, highest first",
            "remembers": "how long they remember on this text (mean forget gate), longest first",
            "moved": f"how much the cell state changed at “{show(trace.typed[place])}”, most first",
            "number": "their number",
        }
        self.units: np.ndarray = np.argsort(-keys[order], kind="stable")[:how_many]
        self.values: np.ndarray = values[:, self.units].T
        shown = f"all {count(trace.d_model)}" if how_many >= trace.d_model else f"{how_many} of {count(trace.d_model)}"
        self.sorted_by = f"The {self.quantity.name} of {shown} units of layer {layer + 1}, sorted by {words[order]}."

    @property
    def levels(self) -> np.ndarray:
        """(n, T) the numbers as shares of the scale: 0 to 1, or -1 to 1 where they are signed."""
        levels: np.ndarray = np.clip(self.values / self.quantity.full, -1 if self.quantity.signed else 0, 1)
        return levels

    def as_bytes(self) -> bytes:
        """Return the levels as n T bytes, row by row: 0 to 255 for 0 to 1, or 1 to 255 for -1 to 1 with 128 for 0."""
        levels = self.levels
        return (
            (np.rint(128 + 127 * levels) if self.quantity.signed else np.rint(255 * levels)).astype(np.uint8).tobytes()
        )

    def for_page(self) -> dict[str, Any]:
        """Return what the page draws beside the bytes."""
        full = number(self.quantity.full, 0)
        low = f"−{full}" if self.quantity.signed else "0"
        legend = (
            f"{self.quantity.name}; beyond {low} and {full} the colour stays full"
            if full != "1"
            else self.quantity.name
        )
        return {
            "units": self.units.tolist(),
            "columns": self.values.shape[1],
            "signed": self.quantity.signed,
            "full": self.quantity.full,
            "legend": [low, full, legend],
            "sorted": self.sorted_by,
        }
