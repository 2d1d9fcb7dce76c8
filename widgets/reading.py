"""Asking models about a text: each of them once for whatever changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import NextTokens, TokenizedText, perplexity_of
from widgets.bars import hue_of
from widgets.checks import text as checked_text
from widgets.kept import Kept
from widgets.words import count, numbered, show

__all__ = ["Answers", "Reading", "check_model", "check_models", "hues_of", "known_as", "names_of", "tokenized_by"]

MOST_TOKENS = 256
MOST_CHARACTERS = 20_000
_METHODS = ("tokenize", "next_tokens", "surprisals")


def check_model(model: Any, *also: str, give: str = "what load_model returns") -> Any:
    """Return a model if it can be asked what a widget asks, or raise InputError.

    Args:
        model: as it was given.
        also: the methods that it needs beside those that every widget asks.
        give: what can be given instead.
    """
    if isinstance(model, str):
        raise InputError(f"{model[:40]!r} is a name, not a model; write load_model({model[:40]!r}).")
    for name in (*_METHODS, *also):
        if not callable(getattr(model, name, None)):
            kind = type(model).__name__
            raise InputError(f"A {kind} is no model that could be shown here: it has no {name}. Give {give}.")
    return model


def check_models(models: tuple[Any, ...], *also: str) -> tuple[Any, ...]:
    """Return one to four models if each can be asked what a widget asks, see `check_model`; or raise InputError."""
    if not models:
        raise InputError('Give at least one model, for example load_model("lstm").')
    for model in models:
        check_model(model, *also)
    if len(models) > 4:
        raise InputError(f"{len(models)} models were given; at most 4 fit side by side.")
    return models


def names_of(models: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the models' names as the reader knows them; where two are equal, an own model's name stands beside it."""
    names = [known_as(model) for model in models]
    folders = [show(str(getattr(model, "name", ""))) for model in models]
    told = [
        f"{name} ({folder})" if names.count(name) > 1 and folder.lower() not in ("", name.lower()) else name
        for name, folder in zip(names, folders, strict=True)
    ]
    return tuple(numbered(told))


def hues_of(models: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the models' hues: an own model has its architecture's."""
    return tuple(hue_of(known_as(model).lower()) for model in models)


def known_as(model: Any) -> str:
    """Return a model's name as the reader knows it."""
    return show(str(getattr(model, "display_name", "") or getattr(model, "name", "") or type(model).__name__))


@dataclass(frozen=True)
class Reading:
    """A text as several models read it: the same tokens for all, and each model's surprise at them.

    Attributes:
        text: as it was given, its beginning cut if it was too long.
        texts: for each model the tokens that it reads, at most 256.
        surprisals: for each model (T,) nats.
        hidden: the tokens before the ones that are read, each with what was typed for it.
        notes: what the reader should know about the text.
    """

    text: str
    texts: tuple[TokenizedText, ...]
    surprisals: tuple[np.ndarray, ...]
    hidden: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """(T,) the tokens, as the models read them."""
        return self.texts[0].tokens

    @property
    def typed(self) -> tuple[str, ...]:
        """(T,) what was typed for each token."""
        return self.texts[0].typed

    @property
    def perplexities(self) -> tuple[float, ...]:
        """For each model exp of its mean surprisal at the text."""
        return tuple(perplexity_of(float(values.mean())) for values in self.surprisals)

    def before(self, position: int) -> str:
        """Return the text up to the token at `position`, spaced as it was typed where that can be told."""
        pieces = (*self.hidden, *zip(self.tokens[:position], self.typed[:position], strict=True))
        end = 0
        for token, typed in pieces:
            start = self.text.find(typed, end)
            if start < 0 or self.text[end:start].strip():  # a line break, or a character that the models read otherwise
                return " ".join(typed if token == "<unk>" else token for token, typed in pieces)
            end = start + len(typed)
        return self.text[:end]

    @classmethod
    def of(cls, models: tuple[Any, ...], text: object) -> Reading:
        """Read a text with all models: one pass each."""
        words, whole, texts, notes = tokenized_by(models, text, MOST_TOKENS)
        cut = len(whole[0]) - len(texts[0])
        surprisals = tuple(model.surprisals(tokenized) for model, tokenized in zip(models, texts, strict=True))
        hidden = tuple(zip(whole[0].tokens[:cut], whole[0].typed[:cut], strict=True))
        return cls(words, texts, surprisals, hidden, notes)


def tokenized_by(
    models: tuple[Any, ...], text: object, most: int
) -> tuple[str, tuple[TokenizedText, ...], tuple[TokenizedText, ...], tuple[str, ...]]:
    """Return a text, each model's tokens of it, the last `most` of these, and what the reader should know.

    Raises:
        InputError: it is no string, it is empty, or the models read it as different tokens.
    """
    words = checked_text(text, "text")
    notes = []
    if len(words) > MOST_CHARACTERS:
        notes.append(f"The text has {count(len(words))} characters; the last {count(MOST_CHARACTERS)} are read.")
        words = words[-MOST_CHARACTERS:]
    whole = tuple(model.tokenize(words) for model in models)
    if not len(whole[0]):
        raise InputError("The text is empty; type at least one word.")
    if any(other.tokens != whole[0].tokens for other in whole):
        raise InputError("These models read this text as different tokens; make one explorer for each of them.")
    cut = max(0, len(whole[0]) - most)
    if cut:
        tokens = f"The text has {count(len(whole[0]))} tokens"
        notes.append(f"{tokens}; the last {most} are shown, and the models read only those.")
    return words, whole, tuple(_last(tokenized, cut) for tokenized in whole), (*notes, *whole[0].notes)


def _last(text: TokenizedText, cut: int) -> TokenizedText:
    """Return a tokenized text without its first `cut` tokens."""
    if not cut:
        return text
    typed = text.typed[cut:]
    return TokenizedText(" ".join(typed), text.tokens[cut:], typed, text.token_ids[cut:], text.notes)


class Answers:
    """The models' distributions, each asked for once and kept while the text stays."""

    def __init__(self, models: tuple[Any, ...], kept: int = 64) -> None:
        self._models = models
        self._reading: Reading | None = None
        self._answers: Kept[tuple[NextTokens, ...]] = Kept(kept)

    def at(self, reading: Reading, position: int, temperature: float, top_k: int) -> tuple[NextTokens, ...]:
        """Return each model's distribution over the token at `position`, -1 for the one after the text."""
        if reading is not self._reading:
            self._answers.clear()
            self._reading = reading
        return self._answers.get(
            (position, temperature, top_k),
            lambda: tuple(
                model.next_tokens(text, top_k=top_k, temperature=temperature, position=position)
                for model, text in zip(self._models, reading.texts, strict=True)
            ),
        )
