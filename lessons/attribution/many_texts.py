"""Reading many texts at once that differ in a few words, as occlusion, LIME and Shapley values need them.

The texts are sorted, so that texts that begin alike stand together, and each beginning (*prefix*) is read once: the
models read from left to right, so what they compute at a place depends on the words up to it alone. Of 32 texts that
lack one word each, half of all places are saved; of the 256 texts of a Shapley value of 8 words, three quarters. Of
the Transformer's last layer, only the last place of each text is computed: nobody asks for the others.

The numbers are those of the plain forward pass, which the tests compare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.lstm import LSTMLanguageModel
from lessons.reading import Network
from lessons.transformer import Block, TransformerLanguageModel, attend

__all__ = ["NOTHING", "last_hidden_states"]

NOTHING = -1  # fills the end of a row whose text is shorter than the others
_PLACES_AT_ONCE = 8192


@torch.inference_mode()
def last_hidden_states(network: Network, texts: np.ndarray, vectors: Tensor) -> Tensor:
    """Return the hidden state from which the word after each text is predicted.

    Args:
        network: the model.
        texts: (N, T) int64, token numbers, each row at most the Transformer's context; a shorter text ends in
            `NOTHING`; V + k stands for the vector k of `vectors`.
        vectors: (K, D) what is read in place of a word's embedding.

    Returns:
        (N, D).
    """
    order = np.lexsort(texts.T[::-1])
    rows = texts[order]
    fresh = np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)])  # the same text is read once
    distinct = rows[fresh]
    at_once = max(1, _PLACES_AT_ONCE // texts.shape[1])
    read = _lstm if isinstance(network, LSTMLanguageModel) else _transformer
    states = torch.cat(
        [
            read(network, _prefixes(distinct[first : first + at_once]), vectors)  # type: ignore[arg-type]
            for first in range(0, len(distinct), at_once)
        ]
    )
    number = np.empty(len(texts), np.int64)
    number[order] = np.cumsum(fresh) - 1
    return states[torch.from_numpy(number)]


@dataclass(frozen=True)
class _Prefixes:
    """The M different beginnings of N sorted texts, numbered by their length, then by the text.

    Attributes:
        token_ids: (M,) the last token of each.
        texts, places: (M,) one text that begins so, and the place of the last token in it.
        number: (N, T) the number of the prefix that ends at a place of a text.
        first: T + 1 numbers: those that end at place t are number first[t] to first[t + 1] - 1.
        ends: (N,) number of the prefix that is the whole text.
        lengths: (N,).
    """

    token_ids: Tensor
    texts: Tensor
    places: Tensor
    number: Tensor
    first: list[int]
    ends: Tensor
    lengths: Tensor


def _prefixes(texts: np.ndarray) -> _Prefixes:
    differs = np.ones(texts.shape, bool)
    differs[1:] = np.logical_or.accumulate(texts[1:] != texts[:-1], axis=1)
    new = differs & (texts != NOTHING)  # (N, T): this beginning has not been met in the text above
    first = np.concatenate([[0], np.cumsum(new.sum(axis=0))])
    number = (np.cumsum(new, axis=0) - 1 + first[:-1]).clip(min=0)
    places, rows = new.T.nonzero()
    lengths = (texts != NOTHING).sum(axis=1)
    ends = number[np.arange(len(texts)), lengths - 1]
    tensor = torch.from_numpy
    return _Prefixes(
        token_ids=tensor(texts[rows, places]),
        texts=tensor(rows),
        places=tensor(places),
        number=tensor(number),
        first=first.tolist(),
        ends=tensor(ends),
        lengths=tensor(lengths),
    )


def _embeddings(network: Network, token_ids: Tensor, vectors: Tensor) -> Tensor:
    """Return (M, D). Args: token_ids (M,), V + k for row k of `vectors` (K, D)."""
    vocab_size = network.config.vocab_size
    values = F.embedding(token_ids.clamp(max=vocab_size - 1), network.embedding.weight).to(network.head.bias.dtype)
    (given,) = (token_ids >= vocab_size).nonzero(as_tuple=True)
    if len(given):
        values[given] = vectors[token_ids[given] - vocab_size]
    return values


def _lstm(network: LSTMLanguageModel, prefixes: _Prefixes, vectors: Tensor) -> Tensor:
    """Do the steps of `lessons.lstm.lstm_step`, each for all prefixes of one length, which follow shorter ones."""
    values = _embeddings(network, prefixes.token_ids, vectors)  # (M, D)
    first = prefixes.first
    parents = [torch.zeros(first[1], dtype=torch.int64)]
    for place in range(1, len(first) - 1):
        texts = prefixes.texts[first[place] : first[place + 1]]
        parents.append(prefixes.number[texts, place - 1] - first[place - 1])
    for layer in network.layers:
        assert isinstance(layer, nn.LSTM)
        weight_input, weight_memory, bias_input, bias_memory = layer.all_weights[0]
        from_input = F.linear(values, weight_input, bias_input + bias_memory)  # (M, 4 D)
        hidden = cell = values.new_zeros(1, layer.hidden_size)
        states = []
        for place, parent in enumerate(parents):
            sums = torch.addmm(from_input[first[place] : first[place + 1]], hidden[parent], weight_memory.T)
            i, f, g, o = sums.chunk(4, dim=1)  # (m, D) each
            cell = f.sigmoid_() * cell[parent] + i.sigmoid_() * g.tanh_()
            hidden = o.sigmoid_() * cell.tanh()
            states.append(hidden)
        values = torch.cat(states)
    return values[prefixes.ends]


def _transformer(network: TransformerLanguageModel, prefixes: _Prefixes, vectors: Tensor) -> Tensor:
    """Do the blocks of `lessons.transformer`: what is of a token alone once a prefix, attention text by text."""
    stream = _embeddings(network, prefixes.token_ids, vectors) + network.positions.weight[prefixes.places]  # (M, D)
    *blocks, last = network.blocks
    for block in blocks:
        assert isinstance(block, Block)
        query, key, value = _heads(block, stream, prefixes)
        mixed = attend(query, key, value).output.transpose(1, 2).flatten(2)  # (N, T, D)
        stream = stream + block.attention.merge(mixed[prefixes.texts, prefixes.places])
        stream = stream + block.mlp(block.mlp_norm(stream))
    assert isinstance(last, Block)
    query, key, value = _heads(last, stream, prefixes)
    return network.norm(_last_place(last, stream[prefixes.ends], query, key, value, prefixes.lengths))


def _heads(block: Block, stream: Tensor, prefixes: _Prefixes) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, key and value of every place of every text, (N, H, T, d_head) each. Args: stream (M, D)."""
    heads = block.attention.query_key_value(block.attention_norm(stream))[prefixes.number]  # (N, T, 3 D)
    shape = (*prefixes.number.shape, 3, block.attention.n_heads, block.attention.d_head)
    query, key, value = heads.view(shape).permute(2, 0, 3, 1, 4).unbind(0)
    return query, key, value


def _last_place(block: Block, stream: Tensor, query: Tensor, key: Tensor, value: Tensor, lengths: Tensor) -> Tensor:
    """Return (N, D), what a block makes of the last place of each text.

    Args:
        block: the last one.
        stream: (N, D) at the last places.
        query, key, value: (N, H, T, d_head) at all places.
        lengths: (N,) of the texts.
    """
    texts = torch.arange(len(lengths))
    asks = query[texts, :, lengths - 1].unsqueeze(2)  # (N, H, 1, d_head)
    scores = asks @ key.transpose(-2, -1) / block.attention.d_head**0.5  # (N, H, 1, T)
    after = torch.arange(key.shape[2]) >= lengths[:, None]
    weights = scores.masked_fill(after[:, None, None], -torch.inf).softmax(dim=-1)
    stream = stream + block.attention.merge((weights @ value).flatten(1))
    return stream + block.mlp(block.mlp_norm(stream))
