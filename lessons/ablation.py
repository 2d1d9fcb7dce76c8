"""Switching parts of a network off, to see what they were good for.

A part is switched off in the weights, so that the result is a network like any other: it can be asked, traced and
measured with the same code.

    head    the columns of `merge` that read it become 0: it adds nothing to the residual stream
    MLP     its last layer becomes 0: the block adds what its attention finds, and nothing else
    unit    of an LSTM: its output gate is held shut, so that its hidden state is 0 for the next layer, for the next
            token and for the head, while its cell state goes on; of a Transformer: the column of the MLP that reads it
            becomes 0

This is *zero ablation*. Zero is a value that the rest of the network may never have met: a large effect says that the
part was used, and not what it was used for (Michel, Levy and Neubig 2019, arXiv:1905.10650, switch heads off so).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from lessons.checks import whole
from lessons.errors import InputError
from lessons.lstm import LSTMLanguageModel
from lessons.reading import Network
from lessons.transformer import Attention

__all__ = ["without"]

_SHUT = -1e4  # an output gate with this bias is 0 to the last bit, whatever comes in


def without(
    network: Network,
    heads: Iterable[Sequence[int]] = (),
    mlps: Iterable[int] = (),
    units: Iterable[Sequence[int]] = (),
) -> Network:
    """Return a network like the given one with some parts switched off; it shares all other weights with it.

    Args:
        network: stays as it is.
        heads: (layer, head) of each attention head, counted from 0; Transformer only.
        mlps: layer of each MLP; Transformer only.
        units: (layer, unit): a unit of the hidden state (LSTM) or inside an MLP (Transformer).

    Raises:
        InputError: nothing is named, or something that the network does not have.
    """
    heads, mlps, units = _pairs("heads", "head", heads), _listed("mlps", mlps), _pairs("units", "unit", units)
    if not (heads or mlps or units):
        raise InputError(
            "Nothing was named to switch off; give heads=[(layer, head)], mlps=[layer] or units=[(layer, unit)]."
        )
    changed = copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})
    with torch.no_grad():
        if isinstance(changed, LSTMLanguageModel):
            if heads or mlps:
                raise InputError("An LSTM has no attention heads and no MLPs; it has units=[(layer, unit)].")
            for layer, unit in units:
                _shut_unit(_at(changed.layers, layer), unit)
            return changed
        for layer, head in heads:
            _mute_head(_at(changed.blocks, layer).attention, head)
        for layer in mlps:
            last = _at(changed.blocks, layer).mlp[2]
            _own(last, "weight").zero_()
            _own(last, "bias").zero_()
        for layer, unit in units:
            last = _at(changed.blocks, layer).mlp[2]
            _own(last, "weight")[:, whole("unit", unit, 0, last.in_features - 1)] = 0
    return changed


def _at(layers: nn.ModuleList, layer: Any) -> Any:
    return layers[whole("layer", layer, 0, len(layers) - 1)]


def _shut_unit(cell: nn.LSTM, unit: Any) -> None:
    output_gate = 3 * cell.hidden_size  # the rows are in the order input, forget, candidate, output
    _own(cell, "bias_ih_l0")[output_gate + whole("unit", unit, 0, cell.hidden_size - 1)] = _SHUT


def _mute_head(attention: Attention, head: Any) -> None:
    first = whole("head", head, 0, attention.n_heads - 1) * attention.d_head
    _own(attention.merge, "weight")[:, first : first + attention.d_head] = 0


def _own(module: nn.Module, name: str) -> torch.Tensor:
    """Give a module a copy of one of its parameters, which may be written to, and return it."""
    mine = nn.Parameter(getattr(module, name).clone(), requires_grad=False)
    setattr(module, name, mine)
    return mine


def _listed(name: str, values: Iterable[Any]) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise InputError(f"{name} is {values!r}; give a list.") from None


def _pairs(name: str, part: str, values: Iterable[Any]) -> list[tuple[Any, Any]]:
    pairs = []
    for value in _listed(name, values):
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
            raise InputError(f"{name} holds {value!r}; each entry is a pair (layer, {part}), both counted from 0.")
        pairs.append((value[0], value[1]))
    return pairs
