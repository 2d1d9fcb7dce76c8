"""The number that is explained, as a function of the hidden state from which a word is predicted.

The output head is split: a word is found by one choice (a frequent word) or by two (a tail, then a word of it), see
`lessons.head`. Only the choices on the way to the word are computed, which for most words is a sixteenth of the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.head import SplitSoftmax, word_logits

__all__ = ["Choice", "Explained", "first_choices", "way_to"]

_ROWS_AT_ONCE = 128  # times 23,278 words of the longest tail: 12 MB


@dataclass(frozen=True)
class Choice:
    """One softmax on the way to a word.

    Attributes:
        rows: (W, D) output vectors of all that can be chosen.
        bias: (W,).
        entry: which of them is chosen.
    """

    rows: Tensor
    bias: Tensor
    entry: int

    def logit(self, hidden: Tensor) -> Tensor:
        """Return (N,) the score of the entry before the softmax. Args: hidden (N, D)."""
        return hidden @ self.rows[self.entry] + self.bias[self.entry]

    def log_probability(self, hidden: Tensor) -> Tensor:
        """Return (N,) float64, the log-probability of the entry. Args: hidden (N, D)."""
        logits = F.linear(hidden, self.rows, self.bias)  # (N, W)
        return logits[:, self.entry].double() - logits.logsumexp(dim=1).double()


def way_to(word: int, head: SplitSoftmax, embedding: Tensor) -> tuple[Choice, ...]:
    """Return the choices that lead to a word; their log-probabilities add up to that of the word.

    Args:
        word: its number.
        head: the output head.
        embedding: (V, D), in any precision; the rows that are needed are widened once.
    """
    bounds, (first, *tails) = head.bounds, head.parts(embedding)
    tail = sum(word >= bound for bound in bounds[1:-1]) - 1  # -1: a frequent word
    steps = [(first, word if tail < 0 else bounds[1] + tail)]
    if tail >= 0:
        steps.append((tails[tail], word - bounds[tail + 1]))
    dtype = head.bias.dtype
    return tuple(Choice(rows.to(dtype), bias, entry) for (rows, bias), entry in steps)


@dataclass(frozen=True)
class Explained:
    """The number that is explained.

    Attributes:
        kind: "log_probability", "probability", "logit" or "contrast", see `lessons.records.EXPLAINS`.
        way: the choices that lead to the target.
        other_way: those that lead to the other word of a contrast.
    """

    kind: str
    way: tuple[Choice, ...]
    other_way: tuple[Choice, ...] = ()

    def __call__(self, hidden: Tensor) -> Tensor:
        """Return (N,) float64, one number a row. Args: hidden (N, D); gradients flow through."""
        return torch.cat([self._of_block(rows) for rows in hidden.split(_ROWS_AT_ONCE)])

    def _of_block(self, hidden: Tensor) -> Tensor:
        if self.kind == "logit":
            return torch.stack([choice.logit(hidden).double() for choice in self.way]).sum(0)
        log_p = torch.stack([choice.log_probability(hidden) for choice in self.way]).sum(0)
        if self.kind == "probability":
            return log_p.exp()
        for choice in self.other_way:
            log_p = log_p - choice.log_probability(hidden)
        return log_p


def first_choices(head: SplitSoftmax, embedding: Tensor, hidden: Tensor) -> Tensor:
    """Return the most probable word of each row, (N,) int64.

    A tail is looked into only where it is more probable as a whole than the best frequent word: no word of it can be
    more probable than all of them together.

    Args:
        head: the output head.
        embedding: (V, D).
        hidden: (N, D).
    """
    first, *tails = head.parts(embedding)
    log_p = word_logits(hidden, *first).float().log_softmax(dim=1)
    words, of_tails = log_p.split([head.bounds[1], head.n_tails], dim=1)
    best, word = words.max(dim=1)
    for tail, part in enumerate(tails):
        (where,) = (of_tails[:, tail] > best).nonzero(as_tuple=True)
        for rows in where.split(_ROWS_AT_ONCE) if len(where) else ():
            inside, found = word_logits(hidden[rows], *part).float().log_softmax(dim=1).max(dim=1)
            better = of_tails[rows, tail] + inside > best[rows]
            best[rows] = torch.where(better, of_tails[rows, tail] + inside, best[rows])
            word[rows] = torch.where(better, found + head.bounds[tail + 1], word[rows])
    return word
