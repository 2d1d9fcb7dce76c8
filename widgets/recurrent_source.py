"""What a RecurrentExplorer asks: an LSTM, also with some of its units off, or a finished trace."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import NextTokens, RecurrentTrace, TokenizedText
from widgets.checks import whole
from widgets.reading import Reading
from widgets.words import show

__all__ = ["Source", "Units", "Within"]

_METHODS = ("tokenize", "next_tokens", "surprisals", "trace", "ablate")
_GIVE = 'give load_model("lstm") or a RecurrentTrace (what its trace method returns)'
_KEPT = 8
MOST_OFF = 64
WORDS_KEPT = 200  # of each distribution: so that a word of one is known in the other
Units = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Within:
    """A text as an LSTM reads it: its trace, and the surprisals of its tokens, which are empty without a model.

    Attributes:
        text: the tokens that were read, the starting `<eos>` not counted.
        trace: of these tokens, all units on.
        surprisals: (T,) nats.
        notes: what the reader should know about the text.
    """

    text: TokenizedText
    trace: RecurrentTrace
    surprisals: np.ndarray
    notes: tuple[str, ...] = ()


class Source:
    """A model or a trace; each text, and each choice of units that are off, is asked about once."""

    def __init__(self, source: Any) -> None:
        self._own = Within(source.text, source, np.empty(0), source.text.notes) if _is_trace(source) else None
        self.model: Any = None if self._own is not None else _checked(source)
        self._within: OrderedDict[str, Within] = OrderedDict()
        self._without: OrderedDict[Units, Any] = OrderedDict()

    @property
    def name(self) -> str:
        """The model's name as the reader knows it."""
        if self._own is not None:
            return show(self._own.trace.model_name)
        return show(str(getattr(self.model, "display_name", "") or getattr(self.model, "name", "LSTM")))

    def read(self, text: Any) -> Within:
        """Return what the model does with a text; a finished trace has its own text."""
        if self._own is not None:
            return self._own
        if not isinstance(text, str) or text not in self._within:
            reading = Reading.of((self.model,), text)
            trace = self.model.trace(reading.texts[0], top_k=0)
            if not isinstance(trace, RecurrentTrace):
                raise InputError(f"The {self.name} has no gates to look at; {_GIVE}.")
            self._within[text] = Within(reading.texts[0], trace, reading.surprisals[0], reading.notes)
            while len(self._within) > _KEPT:
                self._within.popitem(last=False)
        self._within.move_to_end(text)
        return self._within[text]

    def without(self, off: Units) -> Any:
        """Return the model with some units held at 0; it is made once for each choice."""
        if off not in self._without:
            self._without[off] = self.model.ablate(units=off)
            while len(self._without) > _KEPT:
                self._without.popitem(last=False)
        return self._without[off]

    def expected(self, within: Within, off: Units, place: int) -> tuple[NextTokens, ...]:
        """Return what is expected after the token at a place of the trace: all units on, then some off if any are."""
        position = place if place < len(within.text) else -1
        models = [self.model, *([self.without(off)] if off else [])]
        return tuple(
            model.next_tokens(within.text, top_k=min(WORDS_KEPT, model.vocab_size), position=position)
            for model in models
        )

    def loss(self, within: Within, off: Units) -> float:
        """Return the mean surprisal of the text, nats a token, with some units off."""
        surprisals = self.without(off).surprisals(within.text) if off else within.surprisals
        return float(surprisals.mean())

    def units_off(self, value: Any, trace: RecurrentTrace) -> Units:
        """Return (layer, unit) of each unit to switch off, sorted."""
        if isinstance(value, (str, bytes)) or not isinstance(value, (list, tuple, set, frozenset)):
            raise InputError("off must be a list of (layer, unit), counted from 0, for example [(0, 37)]; [] for none.")
        if value and self.model is None:
            raise InputError("A trace cannot be asked with units switched off; give the model instead.")
        if len(value) > MOST_OFF:
            raise InputError(f"off names {len(value)} units; at most {MOST_OFF} can be switched off at once.")
        units = set()
        for pair in value:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise InputError("Each unit of off must be a pair (layer, unit), counted from 0, for example (0, 37).")
            layer = whole(pair[0], "layer of a unit that is off", 0, trace.n_layers - 1)
            units.add((layer, whole(pair[1], "unit that is off", 0, trace.d_model - 1)))
        return tuple(sorted(units))


def _is_trace(source: Any) -> bool:
    return isinstance(source, RecurrentTrace)


def _checked(model: Any) -> Any:
    if isinstance(model, str):
        raise InputError(f"{model[:40]!r} is a name, not a model; write load_model({model[:40]!r}).")
    missing = [name for name in _METHODS if not callable(getattr(model, name, None))]
    if missing:
        raise InputError(f"A {type(model).__name__} has no {missing[0]}; {_GIVE}.")
    return model
