"""A plain training loop as textbooks write it, to stand beside the project's own in a benchmark."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from lessons.batches import StreamBatches

__all__ = ["Textbook"]

_BATCH_SIZE, _BPTT, _RATE, _CLIP = 20, 35, 20.0, 0.25
_AT_ONCE = 256  # tokens of the validation split that are read at once: all words' logits of these are 34 MB


class _Plain(nn.Module):
    """Embedding, nn.LSTM, and a linear layer over all words, tied to the embedding."""

    def __init__(self, vocab_size: int, width: int = 200, n_layers: int = 2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, width)
        self.lstm = nn.LSTM(width, width, n_layers, batch_first=True)
        self.decoder = nn.Linear(width, vocab_size)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        self.decoder.weight = self.embedding.weight

    def forward(self, token_ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        hidden, state = self.lstm(self.embedding(token_ids), state)
        return self.decoder(hidden), state


class Textbook:
    """Two layers of 200, a full softmax, float32, SGD with rate 20 on 20 rows of 35 tokens, clipped at 0.25.

    The rate is divided by 4 after an epoch whose validation perplexity is no better than the best before. There is no
    dropout, which within a few epochs would only cost.

    Args:
        tokens: (N,) int64, the training split.
        valid: (M,) int64, the validation split.
        vocab_size: V.
        end_of_line: number of the token `<eos>`.
        seed: of the starting weights.
    """

    name, bfloat16, tokens_per_step = "a plain loop, 200 x 2, full softmax, SGD 20", False, _BATCH_SIZE * _BPTT

    def __init__(self, tokens: Tensor, valid: Tensor, vocab_size: int, end_of_line: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.model, self.loss = _Plain(vocab_size), nn.CrossEntropyLoss()
        self.batches = StreamBatches(tokens, _BATCH_SIZE, _BPTT, seed)
        self.valid = torch.cat([torch.tensor([end_of_line]), valid])
        self.rate, self.best, self.done = _RATE, math.inf, 0
        self.state: Any = None

    def step(self) -> None:
        """Do one step."""
        epoch, index = divmod(self.done, self.batches.per_epoch)
        if index == 0:
            self.state = None
        inputs, targets = self.batches.batch(epoch, index)
        self.model.zero_grad()
        logits, state = self.model(inputs, self.state)
        self.state = tuple(values.detach() for values in state)
        self.loss(logits.flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        with torch.no_grad():
            for weights in self.model.parameters():
                weights.sub_(self.rate * weights.grad)
        self.done += 1

    def after_step(self) -> None:
        """Lower the rate at the end of an epoch that has brought nothing; this is not counted as training time."""
        if self.done % self.batches.per_epoch == 0:
            measured = self.perplexity()
            self.rate /= 4 if measured >= self.best else 1
            self.best = min(self.best, measured)

    @torch.inference_mode()
    def perplexity(self) -> float:
        """Measure the validation split: every token once, the state carried over all of it."""
        total, state = 0.0, None
        for first in range(0, len(self.valid) - 1, _AT_ONCE):
            targets = self.valid[first + 1 : first + 1 + _AT_ONCE]
            logits, state = self.model(self.valid[None, first : first + len(targets)], state)
            total += float(self.loss(logits[0], targets)) * len(targets)
        return math.exp(total / (len(self.valid) - 1))
