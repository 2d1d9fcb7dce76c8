"""How a network reads a text of any length: the LSTM carries its state, the Transformer looks through a window.

A window holds `context_length` tokens and moves by half of that, so that every token but the first ones is predicted
from at least half a window of context. Both models are measured and shown through these functions, so a perplexity in a
table and a surprisal in a widget are the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from lessons.lstm import LSTMLanguageModel, LSTMState
from lessons.transformer import TransformerLanguageModel

__all__ = ["Network", "context_seen", "hidden_states", "lstm_blocks", "stream_surprisals"]

Network = LSTMLanguageModel | TransformerLanguageModel

_TOKENS_AT_ONCE = 2048


def context_seen(context_length: int | None, place: int) -> int:
    """Return how many tokens, itself included, the hidden state at `place` (0 is the first token) was computed from."""
    if context_length is None or place < context_length:
        return place + 1
    stride = max(1, context_length // 2)
    return context_length - stride + 1 + (place - context_length) % stride


def _block_lengths(n_tokens: int) -> list[int]:
    """Return lengths that add up to `n_tokens`: as many whole blocks as fit, then powers of two.

    For each length that it meets, torch's LSTM prepares a program and keeps it (a quarter of a megabyte): so it is to
    meet a dozen lengths and not one for every text.
    """
    whole, rest = divmod(n_tokens, _TOKENS_AT_ONCE)
    powers = [1 << bit for bit in reversed(range(rest.bit_length())) if rest >> bit & 1]
    return [_TOKENS_AT_ONCE] * whole + powers


def lstm_blocks(network: LSTMLanguageModel, token_ids: Tensor, state: LSTMState) -> Iterator[tuple[Tensor, LSTMState]]:
    """Yield the last layer's hidden states (n, D), and the state after them, some tokens at a time.

    Args:
        network: the model.
        token_ids: (T,), at least one.
        state: where to go on from.
    """
    for block in token_ids.split(_block_lengths(len(token_ids))):
        hidden, state = network(block[None], state)
        yield hidden[0], state


def _transformer_blocks(network: TransformerLanguageModel, token_ids: Tensor) -> Iterator[Tensor]:
    length = network.context_length
    yield network(token_ids[None, :length])[0]
    stride = max(1, length // 2)
    at_once = max(1, _TOKENS_AT_ONCE // length)
    starts = list(range(stride, len(token_ids) - length + stride, stride))
    whole = [start for start in starts if start + length <= len(token_ids)]
    for first in range(0, len(whole), at_once):
        windows = torch.stack([token_ids[start : start + length] for start in whole[first : first + at_once]])
        yield network(windows)[:, -stride:].flatten(0, 1)
    if len(whole) < len(starts):  # the last window is not full
        yield network(token_ids[None, starts[-1] :])[0, length - stride :]


def hidden_states(network: Network, token_ids: Tensor) -> Iterator[Tensor]:
    """Yield the last layer's hidden state at each token, in order, some tokens at a time.

    Args:
        network: the model.
        token_ids: (T,), at least one.

    Yields:
        (n, D) blocks, T rows in all.
    """
    if isinstance(network, LSTMLanguageModel):
        return (hidden for hidden, _ in lstm_blocks(network, token_ids, network.start_state()))
    return _transformer_blocks(network, token_ids)


@torch.inference_mode()
def stream_surprisals(network: Network, token_ids: Tensor) -> Iterator[Tensor]:
    """Yield -log P of each token after the first, given those before it, in nats.

    Args:
        network: the model.
        token_ids: (T + 1,): a token to start from (`<eos>`), then the text.

    Yields:
        (n,) blocks, T numbers in all.
    """
    place = 1
    for hidden in hidden_states(network, token_ids[:-1]):
        targets = token_ids[place : place + len(hidden)]
        place += len(hidden)
        yield network.head.surprisals(hidden, targets, network.embedding.weight)
