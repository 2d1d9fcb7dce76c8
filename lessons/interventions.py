"""An intervention on attention: give a head other weights, leave all else as it is, and see what the model says then.

    from lessons.interventions import even_weights, log_probabilities_with
    text = "The king was crowned in"
    weights = {(2, 1): even_weights(len(transformer.trace(text, top_k=0)))}
    log_probabilities_with(transformer, text, weights)    # layer 3, head 2 no longer chooses where it looks

Everything after the weights is computed anew: the head mixes its own values with the weights that it is given, and all
layers above it read what comes of it.

Source: in the manner of Jain and Wallace 2019, arXiv:1902.10186, section 4.2, who ask whether other weights would have
led to the same output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.checks import whole
from lessons.errors import InputError
from lessons.heap import give_back_memory
from lessons.records import TokenizedText
from lessons.transformer import Attention, Block, attend

__all__ = ["even_weights", "log_probabilities_with"]


def even_weights(length: int) -> np.ndarray:
    """Return (T, T) float64: each query gives every token up to itself the same weight.

    Args:
        length: T.

    Raises:
        InputError: the length is below 1.
    """
    n = whole("length", length, 1)
    rows: np.ndarray = np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]
    return rows


@torch.inference_mode()
def log_probabilities_with(
    model: Any, text: str | TokenizedText, weights: Mapping[tuple[int, int], np.ndarray]
) -> np.ndarray:
    """Return log P of every token after a text, with some heads' attention weights replaced: (V,) float64.

    With no weights given, these are the model's own.

    Args:
        model: a LanguageModel with a Transformer.
        text: typed, or already tokenized; of a long one its last window, see `model.trace`.
        weights: for (layer, head), counted from 0, the weights (T, T) that it is to have: no number below 0, none on
            later tokens, each row with the sum 1. T counts the `<eos>` that starts the line.

    Raises:
        InputError: the model is an LSTM, the text is empty, or the weights do not fit.
    """
    if model.context_length is None:
        raise InputError(f"{model.name!r} is an LSTM and has no attention heads; give a Transformer.")
    token_ids = torch.from_numpy(model.trace(text, top_k=0).token_ids.copy())
    network = model.network
    config = network.config
    given: dict[int, dict[int, Tensor]] = {}
    for (layer, head), rows in weights.items():
        place = whole("layer", layer, 0, config.n_layers - 1), whole("head", head, 0, config.n_heads - 1)
        given.setdefault(place[0], {})[place[1]] = _checked(rows, len(token_ids), place)
    stream = F.embedding(token_ids, network.embedding.weight).to(network.head.bias.dtype)  # (T, D)
    stream = stream + network.positions.weight[: len(token_ids)]
    for layer, block in enumerate(network.blocks):
        assert isinstance(block, Block)
        stream = _with(block, stream, given.get(layer, {}))
    log_p = network.head.log_probabilities(network.norm(stream[-1:]), network.embedding.weight)[0].double()
    give_back_memory()
    result: np.ndarray = log_p.log_softmax(0).numpy()
    return result


def _with(block: Block, stream: Tensor, given: Mapping[int, Tensor]) -> Tensor:
    """Return what a block makes of a stream (T, D), some of its heads mixing their values with the given weights."""
    attention: Attention = block.attention
    query, key, value = attention.split(block.attention_norm(stream)[None])
    weights = attend(query, key, value).weights.clone()  # (1, H, T, T)
    for head, rows in given.items():
        weights[0, head] = rows
    mixed = weights @ value  # (1, H, T, d_head)
    stream = stream + attention.merge(mixed.transpose(1, 2).flatten(2))[0]
    return stream + block.mlp(block.mlp_norm(stream))


def _checked(rows: object, length: int, place: tuple[int, int]) -> Tensor:
    """Return weights (T, T) as float32."""
    name = f"The weights for layer {place[0]}, head {place[1]}"
    array = np.asarray(rows)
    if array.dtype.kind not in "iuf" or array.shape != (length, length):
        raise InputError(
            f"{name} have shape {array.shape}; they must be numbers of shape {(length, length)}, a row and a column "
            "for each token that is read, the <eos> at the start included."
        )
    if not (array >= 0).all() or np.triu(array, 1).any() or (abs(array.sum(1) - 1) > 1e-4).any():
        raise InputError(
            f"{name} are no attention weights: none may be below 0 or on a later token, and each row must sum to 1. "
            "Divide each row by its sum."
        )
    return torch.from_numpy(array.astype(np.float32))
