"""What an AttentionExplorer asks: a Transformer, also with some of its heads off, or a finished trace."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import NextTokens, TokenizedText, TransformerTrace
from widgets.reading import Reading
from widgets.words import count, show

__all__ = ["Attended", "Effect", "Source"]

_METHODS = ("tokenize", "next_tokens", "surprisals", "trace", "ablate")
_GIVE = 'give load_model("transformer") or a TransformerTrace (what its trace method returns)'
_TEXTS_KEPT, _ANSWERS_KEPT = 6, 64
Head = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Attended:
    """A text as one model, with some heads off or none, attends to it.

    Attributes:
        model: the one that was asked, or None if there is only a trace.
        text: the tokens that were read, the starting `<eos>` not counted.
        trace: of these tokens.
        surprisals: (T,) nats, of the tokens; empty if there is only a trace.
        notes: what the reader should know about the text.
        off: the heads that are off.
    """

    model: Any
    text: TokenizedText
    trace: TransformerTrace
    surprisals: np.ndarray
    notes: tuple[str, ...] = ()
    off: tuple[Head, ...] = ()

    @property
    def loss(self) -> float:
        """Mean surprisal of the text, in nats a token."""
        return float(self.surprisals.mean())

    def next_at(self, place: int) -> int:
        """Return the place in the text of the token that follows the window's token at `place`."""
        return self.trace.first + place


@dataclass(frozen=True, eq=False)
class Effect:
    """What is expected after one token, with all heads on and with some off.

    Attributes:
        target: the word that is followed: the one that really comes, the first choice, or one that was typed.
        is_true: whether it is the one that really comes.
        before: with all heads on; its `true_probability` and `true_rank` are the target's.
        after: with some heads off, or None if none is.
    """

    target: str
    is_true: bool
    before: NextTokens
    after: NextTokens | None


class Source:
    """A model or a trace; remembers what it was asked last."""

    def __init__(self, source: Any) -> None:
        self.trace = source if isinstance(source, TransformerTrace) else None
        self.model: Any = None if self.trace is not None else _checked(source)
        self._kept: OrderedDict[tuple[str, tuple[Head, ...]], Attended] = OrderedDict()
        self._answers: OrderedDict[tuple[Any, ...], NextTokens] = OrderedDict()

    @property
    def name(self) -> str:
        """Return the model's name as the reader knows it."""
        if self.trace is not None:
            return show(self.trace.model_name)
        return show(str(getattr(self.model, "display_name", "") or getattr(self.model, "name", "Transformer")))

    @property
    def statistics(self) -> Any:
        """What the model's heads do over many lines of a corpus (a HeadStatistics), or None if that is not known."""
        return getattr(self.model, "head_statistics", None)

    def read(self, text: str, off: tuple[Head, ...] = ()) -> Attended:
        """Return what the model does with a text, asking it once for each text and choice of heads."""
        key = text, off
        if key not in self._kept:
            self._kept[key] = self._without(text, off) if off else self._intact(text)
            while len(self._kept) > _TEXTS_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _intact(self, text: str) -> Attended:
        if self.trace is not None:
            return Attended(None, self.trace.text, self.trace, np.empty(0), _window_notes(self.trace))
        reading = Reading.of((self.model,), text)
        trace = self.model.trace(reading.texts[0], top_k=0)
        if not isinstance(trace, TransformerTrace):
            raise InputError(f"The {self.name} has no attention to look at; {_GIVE}.")
        notes = (*reading.notes, *_window_notes(trace))
        return Attended(self.model, reading.texts[0], trace, reading.surprisals[0], notes)

    def _without(self, text: str, off: tuple[Head, ...]) -> Attended:
        intact = self.read(text)
        model = self.model.ablate(heads=off)
        found = model.trace(intact.text, top_k=0), model.surprisals(intact.text)
        return Attended(model, intact.text, *found, intact.notes, off)

    def effect(self, intact: Attended, now: Attended, place: int, target: str | None, top_k: int) -> Effect:
        """Return what is expected after the window's token at `place`.

        Args:
            intact: with all heads on.
            now: with some off; the same object if none is.
            place: in the window.
            target: a word to follow; None for the one that really comes, or for the first choice if none does.
            top_k: how many words are listed.
        """
        position = intact.next_at(place)
        is_true = target is None and position < len(intact.text)
        if is_true:
            text, chosen = intact.text, intact.text.tokens[position]
        else:
            word = self.word(self._ask(intact, intact.text, -1, top_k).tokens[0] if target is None else target)
            text, chosen = _continued(intact.text, position, word), word.tokens[0]
            is_true = position < len(intact.text) and intact.text.tokens[position] == chosen
        before = self._ask(intact, text, position, top_k)
        return Effect(chosen, is_true, before, None if now is intact else self._ask(now, text, position, top_k))

    def _ask(self, attended: Attended, text: TokenizedText, position: int, top_k: int) -> NextTokens:
        key = attended.off, text.token_ids.tobytes(), position, top_k
        if key not in self._answers:
            self._answers[key] = attended.model.next_tokens(text, top_k=top_k, position=position)
            while len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return self._answers[key]

    def word(self, target: str) -> TokenizedText:
        """Return a word that is to be followed as the one token that the model reads."""
        known = getattr(getattr(self.model, "vocabulary", None), "stoi", {})
        if target in known:
            return TokenizedText(target, (target,), (target,), np.array([known[target]]), ())
        word: TokenizedText = self.model.tokenize(target)
        if len(word) != 1 or (word.tokens[0] == "<unk>" and word.typed[0] != "<unk>"):
            given = f"{show(target)} is {count(len(word))} tokens" if len(word) != 1 else f"{show(target)} is not one"
            raise InputError(
                f"target must be one word of the model's vocabulary; {given}. Leave it empty for the true word."
            )
        return word


def _checked(source: Any) -> Any:
    if isinstance(source, str):
        raise InputError(f"{source[:40]!r} is a name, not a model; write load_model({source[:40]!r}).")
    missing = [name for name in _METHODS if not callable(getattr(source, name, None))]
    if missing:
        kind = type(source).__name__
        raise InputError(f"A {kind} has no attention that could be shown (no {missing[0]}); {_GIVE}.")
    return source


def _continued(text: TokenizedText, position: int, word: TokenizedText) -> TokenizedText:
    """Return the text up to `position` with one more token."""
    typed = (*text.typed[:position], *word.typed)
    ids = np.concatenate([text.token_ids[:position], word.token_ids])
    return TokenizedText(" ".join(typed), (*text.tokens[:position], *word.tokens), typed, ids, ())


def _window_notes(trace: TransformerTrace) -> tuple[str, ...]:
    if not trace.first:
        return ()
    of = f"tokens {count(trace.first + 1)} to {count(trace.first + len(trace))} of {count(trace.first + len(trace))}"
    return (f"The model sees at most its context: these are {of}, the line start counted; none looks further back.",)
