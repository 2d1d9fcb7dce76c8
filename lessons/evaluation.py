"""Evaluation: how well a network predicts a split of the corpus."""

from __future__ import annotations

import time

import torch

from lessons.reading import Network, stream_surprisals
from lessons.records import Evaluation

__all__ = ["evaluate"]


def evaluate(
    network: Network, token_ids: torch.Tensor, end_of_line: int, name: str = "", split: str = ""
) -> Evaluation:
    """Measure the mean surprisal of a text, every token of it predicted once.

    The LSTM's state is carried over the whole split; the Transformer looks through half-overlapping windows
    (`lessons.reading`). The first token is predicted from an `<eos>`.

    Args:
        network: the model.
        token_ids: (N,) int64.
        end_of_line: number of the token `<eos>`.
        name: of the model, for the record.
        split: of the corpus, for the record.
    """
    begin = time.perf_counter()
    stream = torch.cat([torch.tensor([end_of_line]), token_ids]).to(network.head.bias.device)
    total = sum(float(block.cpu().double().sum()) for block in stream_surprisals(network, stream))
    return Evaluation(name, split, len(token_ids), total / len(token_ids), time.perf_counter() - begin)
