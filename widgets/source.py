"""What an explorer of one network asks: a model, or the finished trace of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from lessons.errors import InputError
from lessons.records import RecurrentTrace, TokenizedText, TransformerTrace
from widgets.checks import text as checked_text
from widgets.kept import Kept
from widgets.reading import Reading, check_model, known_as
from widgets.words import show

__all__ = ["Source", "Traced"]

_TEXTS_KEPT = 3  # a trace is some megabytes
_Trace = TypeVar("_Trace", RecurrentTrace, TransformerTrace)


@dataclass(frozen=True, eq=False)
class Traced(Generic[_Trace]):
    """A text as one model reads it, with some parts of the model off or none.

    Attributes:
        model: the one that was asked, or None if there is only a trace.
        text: the tokens that were read, the starting `<eos>` not counted.
        trace: of these tokens.
        surprisals: (T,) nats, of the tokens; empty if there is only a trace.
        notes: what the reader should know about the text.
        off: the parts that are off, as (layer, number).
    """

    model: Any
    text: TokenizedText
    trace: _Trace
    surprisals: np.ndarray
    notes: tuple[str, ...] = ()
    off: tuple[tuple[int, int], ...] = ()

    @property
    def loss(self) -> float:
        """Mean surprisal of the text, in nats a token."""
        return float(self.surprisals.mean())


class Source(Generic[_Trace]):
    """A model or a trace; a model is asked once about each text.

    A subclass says with `kind` which trace it needs, with `shows` what is seen in one, and with `give` what to give.

    Raises:
        InputError: it is neither.
    """

    kind: ClassVar[type[Any]]
    shows: ClassVar[str]
    give: ClassVar[str]

    def __init__(self, source: Any) -> None:
        self.trace: _Trace | None = source if isinstance(source, self.kind) else None
        self.model: Any = None if self.trace is not None else check_model(source, "trace", "ablate", give=self.give)
        self._texts: Kept[Traced[_Trace]] = Kept(_TEXTS_KEPT)

    @property
    def name(self) -> str:
        """The model's name as the reader knows it."""
        return known_as(self.model) if self.trace is None else show(self.trace.model_name)

    def read(self, text: Any) -> Traced[_Trace]:
        """Return what the model does with a text, all parts on; a finished trace has its own text."""
        key = "" if self.trace is not None else checked_text(text, "text")
        return self._texts.get(key, lambda: self._read(key))

    def _read(self, text: str) -> Traced[_Trace]:
        own = self.trace
        if own is not None:
            return Traced(None, own.text, own, np.empty(0), self._notes(own.text.notes, own))
        reading = Reading.of((self.model,), text)
        trace = self.model.trace(reading.texts[0], top_k=0)
        if not isinstance(trace, self.kind):
            raise InputError(f"The {self.name} has no {self.shows} to look at; give {self.give}.")
        return Traced(self.model, reading.texts[0], trace, reading.surprisals[0], self._notes(reading.notes, trace))

    def _notes(self, notes: tuple[str, ...], trace: _Trace) -> tuple[str, ...]:
        """Return the notes on a text with what is to be said about its trace."""
        return notes
