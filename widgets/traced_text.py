"""A text with everything that models computed on it, and the same with parts of them switched off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lessons.errors import InputError
from lessons.records import RecurrentTrace, TokenizedText, TransformerTrace
from widgets.checks import whole
from widgets.kept import Kept
from widgets.reading import tokenized_by

__all__ = ["Switches", "Trace", "TracedText", "loss_of"]

Trace = RecurrentTrace | TransformerTrace

MOST_PLACES = 128  # with the <eos> that starts the line: the shipped Transformer's context
WORDS_KEPT = 20  # of each distribution: so that a word's probability is known before and after a switch
_KEPT = 32


def loss_of(trace: Trace) -> float:
    """Return the mean surprisal at the tokens of a traced text, in nats per token."""
    assert trace.predictions is not None
    return float(trace.predictions.surprisals[:-1].mean())


@dataclass(frozen=True)
class Switches:
    """What is switched off: layers, counted from 0, in rising order."""

    attention: tuple[int, ...] = ()
    mlp: tuple[int, ...] = ()

    @classmethod
    def of(cls, attention: object, mlp: object, n_blocks: int) -> Switches:
        """Return the switches for two lists of layers, each from 0 to `n_blocks` - 1, or raise InputError."""
        return cls(_layers(attention, "attention_off", n_blocks), _layers(mlp, "mlp_off", n_blocks))

    def __bool__(self) -> bool:
        return bool(self.attention or self.mlp)


class TracedText:
    """A text as several models read it, all of it in one window, so that a place means the same in every trace.

    Args:
        models: what `check_models` returns; each has a `trace`.
        text: as it was typed.

    Attributes:
        text: as it was given, its beginning cut if it was too long.
        texts: for each model the tokens that it reads.
        traces: for each model what it computed on them, and on the `<eos>` before them.
        notes: what the reader should know about the text.

    Raises:
        InputError: the text is no string or empty, or the models read it as different tokens.
    """

    def __init__(self, models: tuple[Any, ...], text: object) -> None:
        most = min([MOST_PLACES, *(model.context_length or MOST_PLACES for model in models)]) - 1
        self._models = models
        self.text, _, self.texts, self.notes = tokenized_by(models, text, max(1, most))
        self.traces = tuple(_trace(model, tokens) for model, tokens in zip(models, self.texts, strict=True))
        self._switched: Kept[tuple[Trace, ...]] = Kept(_KEPT)

    @property
    def tokens(self) -> tuple[str, ...]:
        """(T,) the places: `<eos>`, which starts the line, then the tokens."""
        return self.traces[0].tokens

    def without(self, off: Switches) -> tuple[Trace, ...]:
        """Return the traces of the models with some parts switched off; a model that has no such part is as it was."""
        if not off:
            return self.traces
        parts = zip(self._models, self.texts, self.traces, strict=True)
        return self._switched.get(off, lambda: tuple(_traced_without(off, *part) for part in parts))


def _layers(values: Any, name: str, n_blocks: int) -> tuple[int, ...]:
    if not isinstance(values, (list, tuple)):
        raise InputError(f"{name} must be a list of layers, counted from 0, for example [0]; [] switches nothing off.")
    if values and not n_blocks:
        raise InputError(f"{name} is for a Transformer's blocks, and no Transformer was given.")
    return tuple(sorted({whole(value, f"each layer of {name}", 0, n_blocks - 1) for value in values}))


def _traced_without(off: Switches, model: Any, tokens: TokenizedText, whole_trace: Trace) -> Trace:
    if not isinstance(whole_trace, TransformerTrace):
        return whole_trace
    heads = [(layer, head) for layer in off.attention for head in range(whole_trace.n_heads)]
    return _trace(model.ablate(heads=heads, mlps=off.mlp), tokens)


def _trace(model: Any, tokens: TokenizedText) -> Trace:
    trace: Trace = model.trace(tokens, top_k=min(WORDS_KEPT, model.vocab_size))
    return trace
