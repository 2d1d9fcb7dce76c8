"""Where a token stands: the sinusoids of the first Transformer, and a model's own position vectors, to be exchanged.

    vectors = position_vectors(transformer)                             # (context_length, D), learned
    lost = with_positions(transformer, np.zeros_like(vectors))          # the same model, with no places
    lost.perplexity("The king was crowned in London .")

Attention compares vectors, and a comparison does not depend on the order in which they are given. What order a
Transformer knows comes from the vector that is added for each place, and from its causal mask.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import nn

from lessons.checks import whole
from lessons.errors import InputError
from lessons.model import LanguageModel
from lessons.transformer import TransformerLanguageModel

__all__ = ["position_vectors", "sinusoids", "with_positions"]

_SLOWEST = 10_000.0  # the longest wave has 2 pi times so many places


def sinusoids(n_positions: int, d_model: int) -> np.ndarray:
    """Return a fixed vector for each place: waves of many lengths, a sine and a cosine of each.

        vector[p, 2 i] = sin(p / 10000^(2 i / D)),  vector[p, 2 i + 1] = cos(p / 10000^(2 i / D))

    Args:
        n_positions: T, the number of places.
        d_model: D, the width of a vector; even.

    Returns:
        (T, D) float64.

    Raises:
        InputError: a number is too small, or D is odd.

    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
    """
    n_positions, d_model = whole("n_positions", n_positions, 1), whole("d_model", d_model, 2)
    if d_model % 2:
        raise InputError(f"d_model is {d_model}; it must be even, for each wave takes two numbers.")
    pair = np.arange(d_model // 2)  # i
    angles = np.arange(n_positions)[:, None] / _SLOWEST ** (2 * pair / d_model)  # (T, D / 2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(n_positions, d_model)


def position_vectors(model: LanguageModel) -> np.ndarray:
    """Return a Transformer's learned vector of each place: (context_length, D) float32, read-only.

    Raises:
        InputError: the model has none.
    """
    vectors = _network_of(model).positions.weight.detach().float().numpy().copy()
    vectors.setflags(write=False)
    return vectors


def with_positions(model: LanguageModel, vectors: Any) -> LanguageModel:
    """Return a model like the given one with other position vectors; it shares all other weights with it.

    Args:
        model: a Transformer; it stays as it is.
        vectors: (context_length, D), finite: the vector that is added to the token at each place.

    Raises:
        InputError: the model has no position vectors, or the new ones do not fit.
    """
    network = _network_of(model)
    own = network.positions.weight
    try:
        given = torch.as_tensor(np.array(vectors, dtype=np.float64)).to(own.dtype)
    except (TypeError, ValueError) as error:
        raise InputError("vectors must be an array of numbers, one row for each place.") from error
    if given.shape != own.shape or not given.isfinite().all():
        raise InputError(
            f"vectors has the shape {tuple(given.shape)}; this model takes finite numbers in the shape "
            f"{tuple(own.shape)}, one row for each place. Start from position_vectors(model)."
        )
    changed = copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})
    changed.positions.weight = nn.Parameter(given, requires_grad=False)
    return LanguageModel(model.name, changed, model.vocabulary, model.card)


def _network_of(model: Any) -> TransformerLanguageModel:
    network = getattr(model, "network", None)
    if not isinstance(network, TransformerLanguageModel):
        raise InputError(
            f"{model!r} has no position vectors: an LSTM reads one word after the other and needs none. "
            'Give load_model("transformer").'
        )
    return network
