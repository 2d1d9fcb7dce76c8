"""What the page of an AttentionExplorer draws: worked out from its settings and the answers to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.records import TransformerTrace
from widgets.attention_maps import difference, shown_in_words, stamps, without_first
from widgets.attention_source import Attended, AttentionSource, Effect
from widgets.attention_words import MEAN_CAUTION, Look, averages, head_name, hidden_words
from widgets.token_line import line_of
from widgets.words import count, displayed

__all__ = ["MEAN", "State"]

MEAN = "mean"
_DOTS = 48  # most dots along the side of a small map
_OF_A_TRACE = (
    "This is a finished trace: its text is fixed and no head can be switched off. "
    "The model itself can do that: AttentionExplorer(model)."
)
_UNITS = {False: "% of the weight", True: "points of difference"}
_SCALES = {
    False: [["0 % ", " ", " 100 % of a row; the tint is the square root: half is 25 %."]],
    True: [["−100 ", " ", " +100 points; the tint is the square root: half is 25."]],
}


def _map_of(trace: TransformerTrace, layer: int, head: int | str) -> np.ndarray:
    weights = trace.attention_weights[layer]
    chosen: np.ndarray = weights.mean(0, dtype=np.float64) if head == MEAN else weights[int(head)]
    return chosen


@dataclass(frozen=True, eq=False)
class State:
    """All that is on the screen.

    Attributes:
        source: what was asked.
        settings: of the explorer, checked.
        intact: the text with all heads on.
        now: the text with some heads off; the same object if none is.
        other: what is subtracted, or None.
        place: of the selected token in the window.
        effect: what comes after that token, or None if there is only a trace.
    """

    source: AttentionSource
    settings: dict[str, Any]
    intact: Attended
    now: Attended
    other: Attended | None
    place: int
    effect: Effect | None
    whole: np.ndarray
    shown: np.ndarray
    look: Look

    @classmethod
    def of(
        cls,
        source: AttentionSource,
        settings: dict[str, Any],
        intact: Attended,
        now: Attended,
        other: Attended | None,
        place: int,
        effect: Effect | None,
    ) -> State:
        """Work out the large map, too."""
        head = settings["layer"], settings["head"]
        whole = shown = _map_of(now.trace, *head)
        if settings["hide_first"]:
            shown = without_first(shown)
        if other is not None:
            those = _map_of(other.trace, *(settings["compare"] if isinstance(settings["compare"], tuple) else head))
            shown = difference(shown, without_first(those) if settings["hide_first"] else those)
        shown = np.array(shown)
        shown.setflags(write=False)
        words = displayed(now.trace.tokens, now.trace.typed)
        look = Look(words, shown, place, other is not None, int(now.trace.first > 0))
        return cls(source, settings, intact, now, other, place, effect, whole, shown, look)

    def has_maps_of(self, other: State) -> bool:
        """Return whether the small maps of another state are these."""
        return self.now is other.now and self.settings["hide_first"] == other.settings["hide_first"]

    def maps(self) -> np.ndarray:
        """Return (L, H + 1, T, T): all heads and, as the last of each layer, their mean."""
        weights = self.now.trace.attention_weights
        maps = np.concatenate([weights, weights.mean(1, keepdims=True)], axis=1)
        return without_first(maps) if self.settings["hide_first"] else maps

    def stamps(self) -> np.ndarray:
        """Return `maps` as small as the grid shows them."""
        return stamps(self.maps(), _DOTS)

    @property
    def name(self) -> str:
        """The head, or the mean over heads, that is shown."""
        return head_name(self.settings["layer"], self.settings["head"], self.now.trace.n_heads)

    @property
    def title(self) -> str:
        """The heading of the large map."""
        name, compare = self.name, self.settings["compare"]
        if isinstance(compare, tuple):
            return f"{name} minus {head_name(compare[0], compare[1], self.now.trace.n_heads)}"
        if compare == "intact":
            return f"{name}: now minus all heads on"
        if compare == "text":
            return f"{name}: this text minus the second one, place by place"
        return name

    def line(self) -> dict[str, Any]:
        """Return the text, its tokens and the shape of the model: what changes only with the text."""
        trace = self.intact.trace
        line = line_of(trace.tokens, trace.typed, (), unit="", scale=1)
        return line | {
            "text": self.settings["text"],
            "layers": trace.n_layers,
            "columns": trace.n_heads + 1,
            "dots": -(-len(trace) // -(-len(trace) // _DOTS)),
        }

    def board(self) -> dict[str, Any]:
        """Return what changes with the head, the place and the other settings."""
        settings, look = self.settings, self.look
        hide = settings["hide_first"]
        heading = f"{self.title[:1].upper()}{self.title[1:]}"
        board: dict[str, Any] = {
            "cell": self._cell(settings["layer"], settings["head"]),
            "cells": self._cells(),
            "selected": self.place,
            "n": len(self.shown),
            "signed": look.signed,
            "shown": [["", heading], [self._about()]],
            "minus" if look.signed else "shade": _SCALES[look.signed],
            "lead": [self._heading()],
            "looks": look.sentences(hide),
            "flag": [hidden_words(look.words[0], self.whole, self.place, look.named(self.place))] if hide else [],
            "buttons": self._buttons(),
            "fields": self._fields() if self.source.model is not None else self._fields()[:1],
        }
        if self.source.model is None:
            board["caution"] = [[_OF_A_TRACE]]
        if settings["compare"] == "text" and self.other is not None:
            others = displayed(self.other.trace.tokens, self.other.trace.typed)
            pairs = zip(look.words, others, strict=False)
            board["labels"] = [one if one == other else f"{one} − {other}" for one, other in pairs]
        spoken = [f"{self.title}: {''.join(board['looks'][0])}", *map("".join, board["looks"][1:])]
        return board | {"spoken": " ".join(spoken)} | self._numbers()

    def _cell(self, layer: int, head: int | str) -> int:
        n_heads = self.now.trace.n_heads
        return layer * (n_heads + 1) + (n_heads if head == MEAN else int(head))

    def _cells(self) -> list[list[str]]:
        """Return the cells of the grid: name, look, and what is written in it."""
        trace, off, compare = self.now.trace, self.settings["off"], self.settings["compare"]
        cells = []
        for layer in range(trace.n_layers):
            for head in [*range(trace.n_heads), MEAN]:
                name, kind = head_name(layer, head, trace.n_heads), "sharp" if len(trace) <= _DOTS else ""
                text = MEAN if head == MEAN else ""
                if (layer, head) in off:
                    name, kind, text = f"{name}, off", f"{kind} off", "off"
                if (layer, head) == compare:
                    name, kind = f"{name}, compared with", f"{kind} pinned"
                cells.append([name, kind, text])
        return cells

    def _buttons(self) -> list[dict[str, Any]]:
        """Return the buttons: what is written on each and what it asks for."""
        settings = self.settings
        cell, hide = self._cell(settings["layer"], settings["head"]), settings["hide_first"]
        buttons = [_button("Hide the first token", "hide", {"hide": not hide}, pressed=hide)]
        if self.source.model is not None:
            on = _button("All on again", "all_on", {}, disabled=not settings["off"])
            buttons = [_button(self._switch(), "switch", {"cell": cell}), on, *buttons]
        return [*buttons, _button("Undo", "undo", {}, disabled=True), _button("Reset", "reset", {})]

    def _fields(self) -> list[dict[str, Any]]:
        """Return the fields: a choice of what is subtracted, then text to be typed."""
        trace, compare = self.now.trace, self.settings["compare"]
        options = {"": "nothing"}
        if self.source.model is not None:
            options |= {"intact": "all heads on", "text": "a second text"}
        heads = [(layer, head) for layer in range(trace.n_layers) for head in range(trace.n_heads)]
        options |= {f"{layer},{head}": head_name(layer, head, trace.n_heads) for layer, head in heads}
        value = f"{compare[0]},{compare[1]}" if isinstance(compare, tuple) else compare or ""
        fields = [
            {"name": "compare", "label": "Compare with", "value": value, "options": _choices(options)},
            {"name": "target", "label": "Follow the word", "value": self.settings["target"] or ""},
        ]
        if compare == "text":
            fields.append({"name": "other_text", "label": "Second text", "value": self.settings["other_text"]})
        return fields

    def _numbers(self) -> dict[str, Any]:
        """Return what stands under the words: before the selected one its row, after it its column."""
        shown, place, signed = self.shown, self.place, self.look.signed
        numbers, levels = [""] * len(self.look.words), [0.0] * len(self.look.words)
        for i in range(len(shown) if place < len(shown) else 0):
            value = float(shown[place, i] if i <= place else shown[i, place])
            numbers[i] = f"{'←' * (i > place)}{shown_in_words(value, signed=signed)}"
            levels[i] = round(float(np.sign(value) * np.sqrt(min(1.0, abs(value)))), 3)
        if self.settings["hide_first"]:
            numbers[0] = "hidden"
        low = "−100" if signed else "0"
        legend = {"low": low, "high": "100", "signed": signed}
        return {"numbers": numbers, "levels": levels, "legend": legend, "unit": _UNITS[signed]}

    def _heading(self) -> list[str]:
        here = self.look.named(self.place)
        if self.look.signed:
            return [
                "Under each word left of ",
                here,
                ": how much more it is looked at; right of it (←): how much more it looks.",
            ]
        said = ["", here, " looks back at the words on its left"]
        if self.place < len(self.look.words) - 1:
            said[-1] += "; the words on its right look back at it (←)"
        said[-1] += "."
        return said

    def _about(self) -> str:
        settings, trace = self.settings, self.now.trace
        if settings["head"] == MEAN:
            return f"{averages(self.whole, self.look.words[0])} {MEAN_CAUTION}"
        told = averages(self.whole, self.look.words[0])
        found = self.source.statistics
        if found is not None and (found.n_layers, found.n_heads) == (trace.n_layers, trace.n_heads):
            what = found.describe(settings["layer"], settings["head"])
            told = f"{what[:1].upper()}{what[1:]} ({count(found.n_lines)} lines of {found.corpus or 'text'}). {told}"
        return told

    def _switch(self) -> str:
        layer, head, off = self.settings["layer"], self.settings["head"], set(self.settings["off"])
        if head == MEAN:
            n_heads = self.now.trace.n_heads
            state = "on" if {(layer, each) for each in range(n_heads)} <= off else "off"
            return f"Switch layer {layer + 1} {state}"
        return f"Switch this head {'on' if (layer, head) in off else 'off'}"


def _choices(options: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "text": text} for value, text in options.items()]


def _button(
    text: str, kind: str, values: dict[str, Any], *, pressed: bool | None = None, disabled: bool | None = None
) -> dict[str, Any]:
    """Return a button's attributes: its text, the request that it sends, and whether it is pressed or disabled."""
    states = {"aria-pressed": pressed, "aria-disabled": disabled}
    said = {name: None if state is None else str(state).lower() for name, state in states.items()}
    return {"text": text, "value": json.dumps([kind, values])} | said
