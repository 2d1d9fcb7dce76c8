"""The one place that knows both architectures by name: from a name and a configuration to a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lessons.errors import InputError
from lessons.lstm import LSTMConfig, LSTMLanguageModel
from lessons.reading import Network
from lessons.transformer import TransformerConfig, TransformerLanguageModel

__all__ = ["ARCHITECTURES", "Config", "build_network", "config_from", "filled_network"]

Config = LSTMConfig | TransformerConfig

ARCHITECTURES: Mapping[str, tuple[type[Config], type[Network]]] = {
    "lstm": (LSTMConfig, LSTMLanguageModel),
    "transformer": (TransformerConfig, TransformerLanguageModel),
}


def config_from(architecture: str, fields: Mapping[str, Any]) -> Config:
    """Return the configuration of an architecture from its fields.

    Raises:
        InputError: an unknown architecture, a missing or unknown field, or a value that makes no sense.
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"There is no architecture {architecture!r}; choose one of {', '.join(ARCHITECTURES)}.")
    if not isinstance(fields, Mapping):
        raise InputError(f"The configuration is {fields!r}; it must name the model's {architecture} fields.")
    config_type: Any = ARCHITECTURES[architecture][0]
    try:
        return config_type(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        )
    except TypeError as error:
        raise InputError(f"These fields do not describe a {config_type.__name__}: {error}.") from error


def build_network(architecture: str, config: Config, seed: int | None = None) -> Network:
    """Return an untrained network.

    Args:
        architecture: "lstm" or "transformer".
        config: its shape.
        seed: of the starting weights; None leaves them out, for a network that is about to be filled from a checkpoint.
            The global random state is the same afterwards.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed or 0)
        network = ARCHITECTURES[architecture][1](config)  # type: ignore[arg-type]
        if seed is not None:
            network.initialise()
    return network


def filled_network(architecture: str, fields: Mapping[str, Any], tensors: dict[str, Tensor]) -> Network:
    """Return a network with the given weights: the embedding as stored, mapped from the file, the rest as float32."""
    network = build_network(architecture, config_from(architecture, fields))
    embedding = nn.Parameter(tensors["embedding.weight"], requires_grad=False)
    if embedding.shape != network.embedding.weight.shape:
        raise InputError(f"the embedding is {tuple(embedding.shape)}, not {tuple(network.embedding.weight.shape)}")
    network.embedding.weight = embedding
    network.load_state_dict({**tensors, "embedding.weight": embedding})  # widens the rest into the float32 at hand
    return network.requires_grad_(False)
