"""One object to ask: a trained model with its vocabulary and its card.

    from lessons import load_model
    lstm = load_model("lstm")
    lstm.next_tokens("The king was crowned in")

A text starts a new line: before its first token the model has read one `<eos>`, so that the first token has a
prediction, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lessons.ablation import without
from lessons.checks import real, whole
from lessons.explaining import Explaining
from lessons.generation import generate, whole_distribution
from lessons.head_table import shipped_statistics
from lessons.heap import give_back_memory
from lessons.presets import DISPLAY_NAMES
from lessons.reading import Network, context_seen, hidden_states, stream_surprisals
from lessons.records import (
    HeadStatistics,
    NextTokens,
    Recording,
    RecurrentTrace,
    TokenizedText,
    TransformerTrace,
    perplexity_of,
)
from lessons.records.distribution import Distribution
from lessons.records.generation import Continuation, DrawnToken
from lessons.text import Vocabulary, readable_text, typed_text
from lessons.text.tokenizers import END_OF_LINE
from lessons.tracing import trace

__all__ = ["LanguageModel"]

_TEXTS_REMEMBERED = 8


class LanguageModel(Explaining):
    """A trained language model.

    Attributes:
        name: what it was loaded as.
        display_name: "LSTM" or "Transformer".
        card: the checkpoint's card: configuration, recipe, sums, perplexities.
        vocabulary: the tokens it knows.
        network: the torch module.
    """

    def __init__(self, name: str, network: Network, vocabulary: Vocabulary, card: Mapping[str, Any]) -> None:
        self.name, self.network, self.vocabulary, self.card = name, network, vocabulary, card
        self.display_name = DISPLAY_NAMES[card["architecture"]]
        self._start = vocabulary.stoi[END_OF_LINE]
        # Of the network, not of this object: one that held itself would stay until Python looks for circles.
        self._hidden_states = lru_cache(_TEXTS_REMEMBERED)(partial(_hidden_states, network, self._start))

    def __repr__(self) -> str:
        return f"LanguageModel({self.name!r}, {self.display_name}, {self.vocab_size:,} tokens)"

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens it chooses among."""
        return len(self.vocabulary)

    @property
    def n_layers(self) -> int:
        """L, how many layers lie between the embedding and the output head."""
        return self.network.config.n_layers

    @property
    def context_length(self) -> int | None:
        """The most tokens it sees at once, or None where there is no limit."""
        return self.network.context_length

    @property
    def head_statistics(self) -> HeadStatistics | None:
        """What each head looks at over many lines, if the shipped table was measured on these weights; else None."""
        return shipped_statistics(self.card)

    @property
    def recording(self) -> Recording | None:
        """The recorded training of these weights, if the model is a shipped one and its training is shipped; else None.

        Raises:
            InputError: the shipped recording is damaged.
        """
        from lessons.recording.files import shipped_for  # which itself needs models

        return shipped_for(self.card)

    def tokenize(self, text: str) -> TokenizedText:
        """Return a typed text as the tokens that the model reads.

        Raises:
            InputError: `text` is not a string.
        """
        return typed_text(text, self.vocabulary)

    def next_tokens(
        self, text: str | TokenizedText, top_k: int = 10, temperature: float = 1.0, position: int = -1
    ) -> NextTokens:
        """Return the most probable tokens at one place of a text.

        Args:
            text: typed, or already tokenized.
            top_k: how many, 1 to V.
            temperature: the logits are divided by it, above 0; below 1 sharpens the distribution, above 1 flattens it.
            position: -1 for the token after the text; k for what is expected in place of token k, given those before
                it.

        Raises:
            InputError: an empty text or a value out of range.
        """
        text = readable_text(text, self.vocabulary)
        top_k = whole("top_k", top_k, 1, self.vocab_size)
        place = whole("position", position, -1, len(text) - 1)
        temperature = real("temperature", temperature, 0, open_below=True)
        seen = place if place >= 0 else len(text)  # tokens of the text before the predicted one
        log_p = self._log_probabilities(text, seen, temperature)
        values, ids = log_p.topk(top_k)
        truth: dict[str, Any] = {}
        if place >= 0:
            true_log_p = log_p[text.token_ids[place]]
            truth = {
                "true_token": text.tokens[place],
                "true_probability": float(true_log_p.exp()),
                "true_rank": int((log_p > true_log_p).sum()) + 1,
            }
        entropy = float(torch.special.entr(log_p.exp()).sum())
        del log_p
        give_back_memory()
        return NextTokens(
            model_name=self.name,
            position=place,
            tokens=tuple(self.vocabulary.decode(ids.numpy())),
            token_ids=ids.numpy(),
            probabilities=values.exp().numpy(),
            temperature=temperature,
            vocab_size=self.vocab_size,
            entropy=entropy,
            context=context_seen(self.context_length, seen),
            **truth,
        )

    def distribution(self, text: str | TokenizedText, position: int = -1) -> Distribution:
        """Return the probability of every token of the vocabulary at one place of a text, see `next_tokens`.

        Raises:
            InputError: an empty text or a position outside it.
        """
        text = readable_text(text, self.vocabulary)
        place = whole("position", position, -1, len(text) - 1)
        seen = place if place >= 0 else len(text)
        log_p = self._log_probabilities(text, seen, 1.0)
        return whole_distribution(self.name, self.vocabulary, log_p, place, context_seen(self.context_length, seen))

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
        """Return what the model writes after a text; the arguments are explained in `lessons.generation.generate`.

        Raises:
            InputError: an empty text or a value out of range.
        """
        given = self.network, self.vocabulary, readable_text(text, self.vocabulary), self.name, self._start
        return generate(*given, n_tokens, temperature, top_k, top_p, seed, each)

    def surprisals(self, text: str | TokenizedText) -> np.ndarray:
        """Return -log P of each token given those before it, in nats: (T,) float64, read-only.

        Raises:
            InputError: an empty text.
        """
        text = readable_text(text, self.vocabulary)
        stream = torch.from_numpy(np.concatenate([[self._start], text.token_ids]))
        values = torch.cat(list(stream_surprisals(self.network, stream))).double().numpy()
        values.setflags(write=False)
        give_back_memory()
        return values

    def perplexity(self, text: str | TokenizedText) -> float:
        """Return exp of the mean surprisal: the model is as unsure as if it chose evenly among so many tokens.

        Raises:
            InputError: an empty text.
        """
        return perplexity_of(float(self.surprisals(text).mean()))

    def trace(
        self, text: str | TokenizedText, top_k: int = 5, lens: bool = True, logits: bool = False
    ) -> RecurrentTrace | TransformerTrace:
        """Return every step from the tokens to the next one: a `RecurrentTrace` or a `TransformerTrace`.

        A text that is longer than the Transformer's context is traced in its last window, the one from which the word
        after the text is predicted.

        Args:
            text: typed, or already tokenized.
            top_k: how many next tokens are listed at each place, 0 to V; with 0 `predictions` and `lens` are None, and
                the trace takes a fraction of the time.
            lens: whether to ask the head at every layer, too (the logit lens).
            logits: whether to keep all log-probabilities: 130 kB a token for 33,278 words.

        Raises:
            InputError: an empty text or a value out of range.
        """
        given = self.network, self.vocabulary, readable_text(text, self.vocabulary), self.name, self._start
        record = trace(*given, top_k=whole("top_k", top_k, 0, self.vocab_size), lens=lens, logits=logits)
        give_back_memory()
        return record

    def ablate(
        self, heads: Iterable[Sequence[int]] = (), mlps: Iterable[int] = (), units: Iterable[Sequence[int]] = ()
    ) -> LanguageModel:
        """Return a model with some parts switched off, to be asked the same questions; see `lessons.ablation`.

        Args:
            heads: (layer, head) of each attention head, counted from 0; Transformer only.
            mlps: layer of each MLP; Transformer only.
            units: (layer, unit): a unit of the hidden state (LSTM) or inside an MLP (Transformer).

        Raises:
            InputError: nothing is named, or something that the model does not have.
        """
        card = {name: value for name, value in self.card.items() if name != "weights"}  # they are others now
        return LanguageModel(self.name, without(self.network, heads, mlps, units), self.vocabulary, card)

    @torch.inference_mode()
    def _log_probabilities(self, text: TokenizedText, seen: int, temperature: float) -> Tensor:
        """Return (V,) float64 log P of the token after the first `seen` tokens of a text."""
        hidden = self._hidden_states(text.token_ids.tobytes())[seen, None]
        log_p = self.network.head.log_probabilities(hidden, self.network.embedding.weight)[0].double()
        return ((log_p - log_p.max()) / temperature).log_softmax(0)  # the largest first: 0 stays 0 at any temperature


def _hidden_states(network: Network, start: int, token_ids: bytes) -> Tensor:
    """Return (T + 1, D): the last hidden state at `<eos>`, then at each token, whose numbers come as bytes of int64."""
    stream = torch.from_numpy(np.concatenate([[start], np.frombuffer(token_ids, np.int64)]))
    return torch.cat(list(hidden_states(network, stream)))
