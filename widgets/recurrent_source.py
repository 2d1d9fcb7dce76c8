"""What a RecurrentExplorer asks: an LSTM, also with some of its units off, or a finished trace."""

from __future__ import annotations

from typing import Any

from lessons.errors import InputError
from lessons.records import NextTokens, RecurrentTrace
from widgets.checks import whole
from widgets.kept import Kept
from widgets.source import Source, Traced

__all__ = ["RecurrentSource", "Units"]

_MODELS_KEPT = 8
MOST_OFF = 64
WORDS_KEPT = 200  # of each distribution: so that a word of one is known in the other
Units = tuple[tuple[int, int], ...]


class RecurrentSource(Source[RecurrentTrace]):
    """An LSTM or a trace of one; each choice of units that are off is made once."""

    kind = RecurrentTrace
    shows = "gates"
    give = 'load_model("lstm") or a RecurrentTrace (what its trace method returns)'

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._without: Kept[Any] = Kept(_MODELS_KEPT)
        self._losses: Kept[float] = Kept(_MODELS_KEPT)

    def without(self, off: Units) -> Any:
        """Return the model with some units held at 0; it is made once for each choice."""
        return self._without.get(off, lambda: self.model.ablate(units=off))

    def expected(self, traced: Traced[RecurrentTrace], off: Units, place: int) -> tuple[NextTokens, ...]:
        """Return what is expected after the token at a place of the trace: all units on, then some off if any are."""
        position = place if place < len(traced.text) else -1
        models = [self.model, *([self.without(off)] if off else [])]
        return tuple(
            model.next_tokens(traced.text, top_k=min(WORDS_KEPT, model.vocab_size), position=position)
            for model in models
        )

    def loss(self, traced: Traced[RecurrentTrace], off: Units) -> float:
        """Return the mean surprisal of the text, nats a token, with some units off."""
        if not off:
            return traced.loss
        key = traced.text.token_ids.tobytes(), off
        return self._losses.get(key, lambda: float(self.without(off).surprisals(traced.text).mean()))

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
