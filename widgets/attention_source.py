"""What an AttentionExplorer asks: a Transformer, also with some of its heads off, or a finished trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import NextTokens, TokenizedText, TransformerTrace
from widgets.kept import Kept
from widgets.source import Source, Traced
from widgets.words import count, show

__all__ = ["Attended", "AttentionSource", "Effect"]

_SWITCHED_KEPT, _ANSWERS_KEPT = 4, 64
Head = tuple[int, int]
Attended = Traced[TransformerTrace]


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


class AttentionSource(Source[TransformerTrace]):
    """A Transformer or a trace of one; remembers what it was asked last."""

    kind = TransformerTrace
    shows = "attention"
    give = 'load_model("transformer") or a TransformerTrace (what its trace method returns)'

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._switched: Kept[Attended] = Kept(_SWITCHED_KEPT)
        self._answers: Kept[NextTokens] = Kept(_ANSWERS_KEPT)

    @property
    def statistics(self) -> Any:
        """What the model's heads do over many lines of a corpus (a HeadStatistics), or None if that is not known."""
        return getattr(self.model, "head_statistics", None)

    def without(self, text: str, off: tuple[Head, ...]) -> Attended:
        """Return what the model does with a text with some heads off, asking it once for each choice of them."""
        if not off:
            return self.read(text)
        return self._switched.get((text, off), lambda: self._read_without(self.read(text), off))

    def _read_without(self, intact: Attended, off: tuple[Head, ...]) -> Attended:
        model = self.model.ablate(heads=off)
        found = model.trace(intact.text, top_k=0), model.surprisals(intact.text)
        return Traced(model, intact.text, *found, intact.notes, off)

    def _notes(self, notes: tuple[str, ...], trace: TransformerTrace) -> tuple[str, ...]:
        if not trace.first:
            return notes
        last = count(trace.first + len(trace))
        seen = f"tokens {count(trace.first + 1)} to {last} of {last}, the line start counted"
        return (*notes, f"The model sees at most its context: these are {seen}; none looks further back.")

    def effect(self, intact: Attended, now: Attended, place: int, target: str | None, top_k: int) -> Effect:
        """Return what is expected after the window's token at `place`.

        Args:
            intact: with all heads on.
            now: with some off; the same object if none is.
            place: in the window.
            target: a word to follow; None for the one that really comes, or for the first choice if none does.
            top_k: how many words are listed.
        """
        position = intact.trace.first + place  # in the text
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
        return self._answers.get(key, lambda: attended.model.next_tokens(text, top_k=top_k, position=position))

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


def _continued(text: TokenizedText, position: int, word: TokenizedText) -> TokenizedText:
    """Return the text up to `position` with one more token."""
    typed = (*text.typed[:position], *word.typed)
    ids = np.concatenate([text.token_ids[:position], word.token_ids])
    return TokenizedText(" ".join(typed), (*text.tokens[:position], *word.tokens), typed, ids, ())
