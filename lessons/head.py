"""The output head that both models share: a softmax split by word frequency and tied to the embedding.

A full softmax over 33,278 words is most of the work of a small language model. The split head does it in two steps. It
first chooses among the most frequent words and one entry for each group of rarer words (a *tail*), then among the words
of that tail. Both steps are proper softmaxes, so the probabilities of all words still sum to 1 and a perplexity is a
true one:

    log P(word) = log P(tail of the word) + log P(word | tail)

Words must be numbered by falling frequency. The rows of the embedding serve as output vectors, too ('tied').

Sources: Grave et al. 2017, Efficient softmax approximation for GPUs, arXiv:1609.04309; Merity et al. 2018, An Analysis
of Neural Language Modeling at Multiple Scales, arXiv:1803.08240; Press and Wolf 2017, Using the Output Embedding to
Improve Language Models, arXiv:1608.05859.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.errors import InputError

__all__ = ["SplitSoftmax", "check_cutoffs", "picked_log_probability", "word_logits"]

_ROWS_AT_ONCE = 512  # rows of a half-precision embedding that are widened at a time: half a megabyte at D = 256


def check_cutoffs(cutoffs: tuple[int, ...], vocab_size: int) -> None:
    """Raise `InputError` unless the cutoffs rise strictly and lie between 0 and `vocab_size`."""
    inside = all(0 < cutoff < vocab_size for cutoff in cutoffs)
    if not inside or list(cutoffs) != sorted(set(cutoffs)):
        raise InputError(
            f"cutoffs are {cutoffs}; they must rise strictly and lie between 1 and {vocab_size - 1}, "
            "the number of words before which the vocabulary is split."
        )


def word_logits(hidden: Tensor, rows: Tensor, bias: Tensor) -> Tensor:
    """Return the dot product of every hidden vector with every row of the embedding, plus the word's bias.

    Rows in half precision (as shipped) are widened a block at a time, so that the whole embedding never lies in memory
    twice.

    Args:
        hidden: (N, D).
        rows: (W, D), in the precision of `hidden` or a narrower one.
        bias: (W,).

    Returns:
        (N, W) in the precision of `hidden`.
    """
    if rows.dtype == hidden.dtype or torch.is_autocast_enabled(hidden.device.type):
        return F.linear(hidden, rows, bias)
    logits = hidden.new_empty(len(hidden), len(rows))  # first, so that each block takes the place of the one before
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        block = slice(first, first + _ROWS_AT_ONCE)
        logits[:, block] = F.linear(hidden, rows[block].to(hidden.dtype), bias[block])
    return logits


def _filled_up(where: Tensor) -> Tensor:
    """Return row numbers, in bfloat16 filled up with row 0 to a multiple of 16; the answers for these are thrown away.

    For each number of rows that it meets, torch's matrix product in bfloat16 prepares a program and keeps it (over a
    megabyte, a thousand of them): so training is to meet a few dozen numbers and not a new one at every step.
    """
    return F.pad(where, (0, -len(where) % 16)) if torch.is_autocast_enabled(where.device.type) else where


class _PickedLogProbability(torch.autograd.Function):
    """log softmax(logits)[target] for each row, with the textbook gradient: (1 if target else 0) - probability.

    The same as `log_softmax` and `gather`, without the table of zeros that the gradient of `gather` writes for every
    row.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:  # (N, W), (N,) -> (N,)
        log_p = logits.float().log_softmax(dim=1)
        ctx.save_for_backward(log_p, targets)
        ctx.dtype = logits.dtype
        return log_p.gather(1, targets[:, None]).squeeze(1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        log_p, targets = ctx.saved_tensors
        d_logits = log_p.exp().mul_(-gradient[:, None])
        d_logits.scatter_add_(1, targets[:, None], gradient[:, None])
        return d_logits.to(ctx.dtype), None


picked_log_probability = _PickedLogProbability.apply


class SplitSoftmax(nn.Module):
    """log P(next word | hidden state), with the embedding as its output vectors.

    Args:
        vocab_size: V.
        d_model: D, the width of the hidden state and of the embedding.
        cutoffs: word numbers at which a tail begins; (2000, 10000) makes a head of 2,000 words and two tails. Empty: a
            plain full softmax.
    """

    def __init__(self, vocab_size: int, d_model: int, cutoffs: tuple[int, ...] = ()) -> None:
        super().__init__()
        check_cutoffs(cutoffs, vocab_size)
        self.bounds = (0, *cutoffs, vocab_size)
        self.n_tails = len(cutoffs)
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        self.tail_weight = nn.Parameter(torch.randn(self.n_tails, d_model) * 0.02)
        self.tail_bias = nn.Parameter(torch.zeros(self.n_tails))

    @torch.no_grad()
    def start_at_frequencies(self, counts: Tensor) -> None:
        """Set the biases so that the untrained head answers with the words' frequencies, whatever it is asked.

        Args:
            counts: (V,) how often each word stands in the training split; 0 counts as a half.
        """
        frequency = counts.to(torch.float32).clamp(min=0.5)
        self.bias.copy_((frequency / frequency.sum()).log())
        for tail, (first, last) in enumerate(zip(self.bounds[1:-1], self.bounds[2:], strict=True)):
            self.tail_bias[tail] = self.bias[first:last].logsumexp(0)

    def parts(self, embedding: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return rows and biases of the first choice (frequent words, then tails), then those of each tail's words.

        All rows are in the precision of the embedding.
        """
        sizes = [last - first for first, last in zip(self.bounds[:-1], self.bounds[1:], strict=True)]
        rows, *tail_rows = embedding.split(sizes)
        bias, *tail_biases = self.bias.split(sizes)
        first = torch.cat([rows, self.tail_weight.to(rows.dtype)]), torch.cat([bias, self.tail_bias])
        return [first, *zip(tail_rows, tail_biases, strict=True)]

    def log_probabilities(self, hidden: Tensor, embedding: Tensor) -> Tensor:
        """Return log P of every word.

        Args:
            hidden: (N, D) final hidden states.
            embedding: (V, D).

        Returns:
            (N, V) float32; every row of `exp` sums to 1.
        """
        first, *inside = (word_logits(hidden, *part).float().log_softmax(dim=1) for part in self.parts(embedding))
        words, tails = first.split([self.bounds[1], self.n_tails], dim=1)
        return torch.cat([words, *(tails[:, k, None] + inside[k] for k in range(self.n_tails))], dim=1)

    def surprisals(self, hidden: Tensor, targets: Tensor, embedding: Tensor) -> Tensor:
        """Return -log P(target), in nats, computing only the tails that the targets are in.

        Args:
            hidden: (N, D) final hidden states.
            targets: (N,) word numbers.
            embedding: (V, D).

        Returns:
            (N,) float32.
        """
        first_part, *tail_parts = self.parts(embedding)
        cluster = torch.bucketize(targets, targets.new_tensor(self.bounds[1:-1]), right=True)  # 0: head, k: tail k - 1
        entry = torch.where(cluster == 0, targets, self.bounds[1] + cluster - 1)
        log_p = picked_log_probability(word_logits(hidden, *first_part), entry)
        for tail, part in enumerate(tail_parts):
            (where,) = (cluster == tail + 1).nonzero(as_tuple=True)
            if len(where):
                rows = _filled_up(where)
                word = (targets[rows] - self.bounds[tail + 1]).clamp(0, len(part[0]) - 1)
                picked = picked_log_probability(word_logits(hidden[rows], *part), word)
                log_p = log_p.index_add(0, where, picked[: len(where)])
        return -log_p
