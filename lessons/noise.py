"""The noise of training: dropout, drawn from a generator of its own instead of a hidden global state.

A model of this project has no training mode. It is quiet unless it is handed a `Noise`, and the noise of step k is a
function of the seed and k alone: a run that was interrupted goes on with the very same masks. They are drawn on the
processor for the whole batch, so several processes that share it, and a GPU, have the very same masks, too.

Sources: Srivastava et al. 2014 (dropout); Gal and Ghahramani 2016, arXiv:1512.05287 (one mask for all time steps, word
dropout); Merity et al. 2017, arXiv:1708.02182 (both in a language model, and weight drop, first of Wan et al. 2013).
"""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.noise_rates import NoiseRates

__all__ = ["Noise", "NoiseRates"]


class Noise:
    """Dropout masks for one training step.

    Args:
        rates: how much is dropped where.
        seed: of the whole run.
        step: number of the step; the same seed and step give the same masks.
        rank: which part of the batch is read: 0 of 1 is the whole of it, 1 of 2 its second half.
        size: how many parts there are.
    """

    def __init__(self, rates: NoiseRates, seed: int, step: int, rank: int = 0, size: int = 1) -> None:
        self.rates, self.rank, self.size = rates, rank, size
        self.generator = torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)

    def _keep(self, shape: tuple[int, ...], rate: float, like: Tensor) -> Tensor:
        """Return zeros at the given rate and 1 / (1 - rate) elsewhere, so that the mean stays."""
        mask = torch.empty(shape, dtype=like.dtype)
        return mask.bernoulli_(1 - rate, generator=self.generator).div_(1 - rate).to(like.device)

    def _keep_rows(self, shape: tuple[int, ...], rate: float, like: Tensor) -> Tensor:
        """Draw for the rows of the whole batch and return those of this part. Args: shape, (B of this part, ...)."""
        batch_size, *others = shape
        mask = self._keep((self.size * batch_size, *others), rate, like)
        return mask[self.rank * batch_size : (self.rank + 1) * batch_size]

    def units(self, values: Tensor, rate: float) -> Tensor:
        """Drop single values. Args: values (B, ...)."""
        return values * self._keep_rows(tuple(values.shape), rate, values) if rate else values

    def weights(self, values: Tensor, rate: float) -> Tensor:
        """Drop single weights, the same ones for all rows of the batch. Args: values, of any shape."""
        return values * self._keep(tuple(values.shape), rate, values) if rate else values

    def locked(self, values: Tensor, rate: float) -> Tensor:
        """Drop the same units at all T places of a line. Args: values (B, T, D)."""
        if not rate:
            return values
        batch_size, _, width = values.shape
        return values * self._keep_rows((batch_size, 1, width), rate, values)

    def words(self, embedded: Tensor, token_ids: Tensor, vocab_size: int) -> Tensor:
        """Drop whole words wherever they stand in the batch. Args: embedded (B, T, D), token_ids (B, T)."""
        if not self.rates.word:
            return embedded
        keep = self._keep((vocab_size,), self.rates.word, embedded)
        return embedded * keep[token_ids].unsqueeze(-1)
