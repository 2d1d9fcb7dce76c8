"""How a long row of tokens is cut into batches: a stream for the LSTM, shuffled windows for the Transformer.

Batch number `index` of epoch `epoch` is a function of the seed and these two numbers alone, so a run that was
interrupted needs to remember no more than its step to go on with the very next batch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from lessons.checks import whole
from lessons.errors import InputError

__all__ = ["Batches", "StreamBatches", "WindowBatches"]


class Batches(Protocol):
    """What training asks for."""

    per_epoch: int
    tokens: Tensor  # (N,) the whole training split

    def batch(self, epoch: int, index: int) -> tuple[Tensor, Tensor]:
        """Return inputs and targets, (B, T) each; a target is the token after its input."""
        ...


def _offset(seed: int, epoch: int, length: int) -> int:
    """Return where an epoch begins, so that the same words do not always stand at the edge of a batch."""
    return int(np.random.default_rng([seed, epoch]).integers(length))


def _require(available: int, needed: int, batch_size: int, length: int) -> None:
    if min(batch_size, length) < 1 or available < needed:
        raise InputError(
            f"{available} training tokens were given for batches of {batch_size} x {length}; "
            f"that takes at least {needed}. Use a longer text or smaller batches."
        )


class StreamBatches:
    """B long rows read side by side, T tokens at a time: each batch goes on where the last one ended.

    Args:
        tokens: (N,) the whole training split.
        batch_size: B.
        bptt: T, how far gradients flow back (truncated backpropagation through time).
        seed: shifts where each epoch begins.
        jitter: how far, in tokens, the edge between two batches is moved at random, at most (T - 1) / 2. A batch then
            has T tokens in a row on average, and the number of batches stays.
    """

    def __init__(self, tokens: Tensor, batch_size: int, bptt: int, seed: int, jitter: int = 0) -> None:
        _require(len(tokens), (batch_size + 1) * bptt + 1, batch_size, bptt)
        self.tokens, self.batch_size, self.bptt, self.seed = tokens, batch_size, bptt, seed
        self.row_length = (len(tokens) - bptt) // batch_size
        self.per_epoch = self.row_length // bptt
        self.jitter = whole("jitter", jitter, 0, (bptt - 1) // 2)

    def _edge(self, epoch: int, index: int) -> int:
        """Return where in a row a batch begins; the first one of an epoch, and the end of its last, are never moved."""
        moved = 0
        if self.jitter and 0 < index < self.per_epoch:
            generator = np.random.default_rng([self.seed, epoch, 2, index])
            moved = int(generator.integers(-self.jitter, self.jitter, endpoint=True))
        return _offset(self.seed, epoch, self.bptt) + index * self.bptt + moved

    def batch(self, epoch: int, index: int) -> tuple[Tensor, Tensor]:
        """Return inputs and targets, (B, T) each."""
        row_starts = torch.arange(self.batch_size)[:, None] * self.row_length
        places = row_starts + torch.arange(self._edge(epoch, index), self._edge(epoch, index + 1))  # (B, T)
        return self.tokens[places], self.tokens[places + 1]


class WindowBatches:
    """Windows of T tokens in random order; each is read by itself.

    Args:
        tokens: (N,) the whole training split.
        batch_size: B.
        length: T.
        seed: shuffles the windows and shifts their edges, anew in every epoch.
    """

    def __init__(self, tokens: Tensor, batch_size: int, length: int, seed: int) -> None:
        _require(len(tokens), (batch_size + 1) * length + 1, batch_size, length)
        self.tokens, self.batch_size, self.length, self.seed = tokens, batch_size, length, seed
        self.n_windows = (len(tokens) - length) // length
        self.per_epoch = self.n_windows // batch_size
        self._order = lru_cache(maxsize=1)(self._shuffled)

    def _shuffled(self, epoch: int) -> Tensor:
        return torch.from_numpy(np.random.default_rng([self.seed, epoch, 1]).permutation(self.n_windows))

    def batch(self, epoch: int, index: int) -> tuple[Tensor, Tensor]:
        """Return inputs and targets, (B, T) each."""
        windows = self._order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]
        begin = _offset(self.seed, epoch, self.length) + windows[:, None] * self.length
        places = begin + torch.arange(self.length)  # (B, T)
        return self.tokens[places], self.tokens[places + 1]
