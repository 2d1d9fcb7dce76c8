"""How a model writes: ask for the distribution, draw a token from it, put it behind the text, and again.

The model is the same at every setting. Temperature, top-k, top-p and the seed belong to the *decoder*, which is this
loop. The k-th token of a text is drawn with the k-th random number of the seed, so a text can be told again exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lessons.checks import whole
from lessons.heap import give_back_memory
from lessons.lstm import LSTMLanguageModel
from lessons.reading import Network, context_seen, lstm_blocks
from lessons.records.distribution import Distribution
from lessons.records.generation import Continuation, DrawnToken, draw_token, random_numbers
from lessons.records.text import TokenizedText
from lessons.text import Vocabulary

__all__ = ["MOST_TOKENS", "drawn_tokens", "generate", "whole_distribution"]

MOST_TOKENS = 1000


def whole_distribution(
    name: str, vocabulary: Vocabulary, log_probabilities: Tensor, position: int, context: int
) -> Distribution:
    """Return a model's log-probabilities as a record.

    Args:
        name: of the model.
        vocabulary: V tokens.
        log_probabilities: (V,) float64, of the token at one place.
        position: that place, -1 for the one after the text.
        context: number of tokens before it that the model could see.
    """
    record = Distribution.of(name, vocabulary.itos, log_probabilities.exp().numpy(), position, context)
    give_back_memory()
    return record


class _Reader:
    """Reads a text, then one token more at a time; the LSTM goes on from its state, the Transformer reads its window.

    The Transformer's window is that of `lessons.reading`, so that its numbers are the same as everywhere else.
    """

    def __init__(self, network: Network, token_ids: np.ndarray) -> None:
        self.network = network
        self.token_ids = torch.from_numpy(token_ids)  # (T,), `<eos>` first
        self.n_read = 0
        self.state = network.start_state() if isinstance(network, LSTMLanguageModel) else None

    def add(self, token_id: int) -> None:
        """Put a token behind the text."""
        self.token_ids = torch.cat([self.token_ids, torch.tensor([token_id])])

    @property
    def context(self) -> int:
        """How many tokens the next prediction is made from."""
        return context_seen(self.network.context_length, len(self.token_ids) - 1)

    def log_probabilities(self) -> Tensor:
        """Return (V,) float64: log P of the token after the text."""
        network = self.network
        if isinstance(network, LSTMLanguageModel):
            assert self.state is not None
            *_, (hidden, self.state) = lstm_blocks(network, self.token_ids[self.n_read :], self.state)
            self.n_read = len(self.token_ids)
        else:
            hidden = network(self.token_ids[None, -self.context :])[0]
        log_p = network.head.log_probabilities(hidden[-1:], network.embedding.weight)[0]
        return log_p.double().log_softmax(0)


def drawn_tokens(
    network: Network,
    vocabulary: Vocabulary,
    text: TokenizedText,
    name: str,
    start: int,
    n_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
) -> Iterator[DrawnToken]:
    """Yield one token after the other that a network writes after a text; see `generate` for the arguments."""
    reader = _Reader(network, np.concatenate([[start], text.token_ids]))
    for u in random_numbers(seed, n_tokens).tolist():
        with torch.inference_mode():
            log_p = reader.log_probabilities()
        plain = whole_distribution(name, vocabulary, log_p, -1, reader.context)
        drawn = draw_token(plain, plain.shaped(temperature, top_k, top_p), u)
        reader.add(drawn.token_id)
        yield drawn


def generate(
    network: Network,
    vocabulary: Vocabulary,
    text: TokenizedText,
    name: str,
    start: int,
    n_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    each: Callable[[DrawnToken], object] | None = None,
) -> Continuation:
    """Return what a network writes after a text.

    Args:
        network: the model.
        vocabulary: V tokens.
        text: at least one token.
        name: of the model, for the record.
        start: number of the token that stands before the text, `<eos>`.
        n_tokens: how many, 1 to 1,000.
        temperature, top_k, top_p: see `Distribution.shaped`; `top_k=1` always takes the first choice (greedy).
        seed: of the random numbers, 0 or more.
        each: called with each token as soon as it is drawn; if it returns True, that token is the last one.

    Raises:
        InputError: a value is out of range.
    """
    n_tokens = whole("n_tokens", n_tokens, 1, MOST_TOKENS)
    drawn: list[DrawnToken] = []
    for token in drawn_tokens(network, vocabulary, text, name, start, n_tokens, temperature, top_k, top_p, seed):
        drawn.append(token)
        if each is not None and each(token) is True:
            break
    return Continuation(name, text, tuple(drawn), temperature, top_k, top_p, seed)
