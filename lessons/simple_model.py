"""A language model without a network: one function from the tokens so far to a probability for every next token.

All that a learner or a widget asks of a trained model follows from that function, and is answered here in the same
words and records: `next_tokens`, `distribution`, `generate`, `surprisals`, `perplexity`. It needs no torch.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.checks import real, whole
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.records import (
    Continuation,
    Distribution,
    DrawnToken,
    Evaluation,
    NextTokens,
    TokenizedText,
    perplexity_of,
)
from lessons.records.generation import draw_token, random_numbers
from lessons.text import Vocabulary, readable_text, typed_text, wikitext
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["SimpleModel"]

_MOST_TOKENS = 1000


class SimpleModel(ABC):
    """A language model that says how it gets its probabilities, and can be asked like a trained one.

    Attributes:
        name: what it is called in records.
        display_name: what it is called on the page.
        vocabulary: the tokens it knows.
        context_length: the most tokens it sees at once, or None where there is no limit.
    """

    def __init__(self, name: str, vocabulary: Vocabulary, context_length: int | None) -> None:
        if not isinstance(vocabulary, Vocabulary):
            raise InputError(f"vocabulary must be a Vocabulary, and this is of type {type(vocabulary).__name__}.")
        if END_OF_LINE not in vocabulary:
            raise InputError(f"The vocabulary has no {END_OF_LINE}, where every line starts; build it with `wikitext`.")
        self.name = self.display_name = name
        self.vocabulary = vocabulary
        self.context_length = context_length
        self._start = vocabulary.stoi[END_OF_LINE]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.vocab_size:,} tokens)"

    @abstractmethod
    def probabilities(self, stream: np.ndarray) -> np.ndarray:
        """Return the probability of every token after a stream: (V,) float64, their sum is 1.

        Args:
            stream: (T + 1,) int64, an `<eos>`, then the numbers of T tokens.
        """

    @abstractmethod
    def stream_surprisals(self, stream: np.ndarray) -> np.ndarray:
        """Return -log P of each token of a stream after the first, given those before it, in nats: (T,) float64.

        Args:
            stream: (T + 1,) int64, as for `probabilities`.
        """

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens it chooses among."""
        return len(self.vocabulary)

    def tokenize(self, text: str) -> TokenizedText:
        """Return a typed text as the tokens that the model reads.

        Raises:
            InputError: `text` is not a string.
        """
        return typed_text(text, self.vocabulary)

    def next_tokens(
        self, text: str | TokenizedText, top_k: int = 10, temperature: float = 1.0, position: int = -1
    ) -> NextTokens:
        """Return the most probable tokens at one place of a text; the arguments are those of `LanguageModel`.

        Raises:
            InputError: an empty text or a value out of range.
        """
        text = readable_text(text, self.vocabulary)
        top_k = whole("top_k", top_k, 1, self.vocab_size)
        place = whole("position", position, -1, len(text) - 1)
        temperature = real("temperature", temperature, 0, open_below=True)
        p, context = self._asked(text, place)
        if temperature != 1:
            with np.errstate(divide="ignore", over="ignore"):  # log 0 is minus infinity, and its exp 0 again
                p = np.exp((np.log(p) - np.log(p.max())) / temperature)  # the largest first: 0 stays 0
            p = p / p.sum()
        ids = np.argsort(-p, kind="stable")[:top_k]
        truth: dict[str, Any] = {}
        if place >= 0:
            true = float(p[text.token_ids[place]])
            truth = {
                "true_token": text.tokens[place],
                "true_probability": true,
                "true_rank": int((p > true).sum()) + 1,
            }
        some = p[p > 0]
        return NextTokens(
            model_name=self.name,
            position=place,
            tokens=tuple(self.vocabulary.decode(ids)),
            token_ids=ids,
            probabilities=p[ids],
            temperature=temperature,
            vocab_size=self.vocab_size,
            entropy=float(-(some * np.log(some)).sum()) + 0.0,
            context=context,
            **truth,
        )

    def distribution(self, text: str | TokenizedText, position: int = -1) -> Distribution:
        """Return the probability of every token of the vocabulary at one place of a text, see `next_tokens`.

        Raises:
            InputError: an empty text or a position outside it.
        """
        text = readable_text(text, self.vocabulary)
        place = whole("position", position, -1, len(text) - 1)
        p, context = self._asked(text, place)
        return Distribution.of(self.name, self.vocabulary.itos, p, place, context)

    def generate(
        self,
        text: str | TokenizedText,
        n_tokens: int = 20,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        each: Callable[[DrawnToken], object] | None = None,
    ) -> Continuation:
        """Return what the model writes after a text; the arguments are those of `lessons.generation.generate`.

        Raises:
            InputError: an empty text or a value out of range.
        """
        prompt = readable_text(text, self.vocabulary)
        stream = np.concatenate([[self._start], prompt.token_ids])
        drawn: list[DrawnToken] = []
        for u in random_numbers(seed, whole("n_tokens", n_tokens, 1, _MOST_TOKENS)).tolist():
            p, context = self.probabilities(stream), self._context(len(stream))
            plain = Distribution.of(self.name, self.vocabulary.itos, p, -1, context)
            drawn.append(draw_token(plain, plain.shaped(temperature, top_k, top_p), u))
            if each is not None and each(drawn[-1]) is True:
                break
            stream = np.append(stream, drawn[-1].token_id)
        return Continuation(self.name, prompt, tuple(drawn), temperature, top_k, top_p, seed)

    def surprisals(self, text: str | TokenizedText) -> np.ndarray:
        """Return -log P of each token given those before it, in nats: (T,) float64, read-only.

        Raises:
            InputError: an empty text.
        """
        text = readable_text(text, self.vocabulary)
        values = self.stream_surprisals(np.concatenate([[self._start], text.token_ids]))
        values.setflags(write=False)
        return values

    def perplexity(self, text: str | TokenizedText) -> float:
        """Return exp of the mean surprisal: the model is as unsure as if it chose evenly among so many tokens.

        Raises:
            InputError: an empty text.
        """
        return perplexity_of(float(self.surprisals(text).mean()))

    def evaluate(self, corpus: Corpus, split: str = "test") -> Evaluation:
        """Measure the mean surprisal of a split, every token of it predicted once, the first one from an `<eos>`.

        Args:
            corpus: any; a token that the model does not know counts as `<unk>`.
            split: "train", "valid" or "test".
        """
        token_ids = self.vocabulary.encode(wikitext(corpus.text(split)))
        begin = time.perf_counter()
        loss = float(self.stream_surprisals(np.concatenate([[self._start], token_ids])).mean())
        return Evaluation(self.name, split, len(token_ids), loss, time.perf_counter() - begin)

    def _asked(self, text: TokenizedText, place: int) -> tuple[np.ndarray, int]:
        """Return the probabilities at a place of a text, -1 for the one after it, and how many tokens were seen."""
        stream = np.concatenate([[self._start], text.token_ids[: place if place >= 0 else len(text)]])
        return self.probabilities(stream), self._context(len(stream))

    def _context(self, n_tokens: int) -> int:
        return n_tokens if self.context_length is None else min(self.context_length, n_tokens)
