"""Traces: every step between a token and the next one, as the trained network computes it.

    trace = transformer.trace("The king was crowned in")
    trace.attention_weights[2, 3]   # layer 2, head 3: (T, T), each row sums to 1
    trace.lens.tokens[:, -1, 0]     # what each layer would say next, were it the last one

The steps are those of `lessons.lstm` and `lessons.transformer`, done one by one on the network's own weights; the tests
compare the result with the network's plain forward pass. docs/architecture.md has all shapes in one table.

Source of the logit lens: nostalgebraist 2020, interpreting GPT: the logit lens. Every layer is read through the last
norm and the output head, as if no further layer came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.lstm import LSTMLanguageModel, lstm_layer
from lessons.reading import Network, context_seen
from lessons.records import RecurrentTrace, TokenizedText, TopTokens, TransformerTrace
from lessons.text import Vocabulary
from lessons.text.tokenizers import END_OF_LINE
from lessons.transformer import Block, TransformerLanguageModel, attend

__all__ = ["trace"]

_ROWS_AT_ONCE = 64  # distributions over the whole vocabulary that lie in memory at a time: 8.5 MB


@dataclass(frozen=True)
class _Steps:
    """What a network did: the fields of its trace, and what the head would read after each layer."""

    fields: dict[str, Tensor]
    layers: list[Tensor]  # L + 1 times (T, D); the last is what the head reads


@torch.inference_mode()
def trace(
    network: Network,
    vocabulary: Vocabulary,
    text: TokenizedText,
    model_name: str,
    start: int,
    *,
    top_k: int,
    lens: bool,
    logits: bool,
) -> RecurrentTrace | TransformerTrace:
    """Return all that a network computes on the window from which it predicts the word after a text.

    Args:
        network: the model.
        vocabulary: its tokens.
        text: what it reads, at least one token.
        model_name: for the record.
        start: id of the token that starts a line.
        top_k: number of next tokens to list at each place; 0 leaves out `predictions` and `lens`.
        lens: whether to ask the head at every layer.
        logits: whether to keep all log-probabilities, 4 V bytes a token.
    """
    stream = np.concatenate([[start], text.token_ids])
    first = len(stream) - context_seen(network.context_length, len(stream) - 1)
    token_ids = torch.from_numpy(stream[first:])
    head = _Head(network, vocabulary, token_ids, top_k)
    kind: Any
    if isinstance(network, LSTMLanguageModel):
        kind, steps = RecurrentTrace, _of_lstm(network, token_ids)
    else:
        kind, steps = TransformerTrace, _of_transformer(network, token_ids)
    asked = head.top_tokens(torch.stack(steps.layers if lens else steps.layers[-1:])) if top_k else None
    return kind(
        model_name=model_name,
        text=text,
        first=first,
        tokens=(END_OF_LINE, *text.tokens)[first:],
        typed=(END_OF_LINE, *text.typed)[first:],
        token_ids=stream[first:],
        predictions=asked.of_layer(-1) if asked else None,
        lens=asked if lens else None,
        logits=torch.cat(list(head.log_probabilities(steps.layers[-1]))).numpy() if logits else None,
        **{name: value.numpy() for name, value in steps.fields.items()},
    )


@dataclass(frozen=True)
class _Head:
    """The output head, asked at many places."""

    network: Network
    vocabulary: Vocabulary
    token_ids: Tensor  # (T,) of the window
    top_k: int

    def log_probabilities(self, hidden: Tensor) -> Iterator[Tensor]:
        """Yield (n, V) blocks, N rows in all. Args: hidden (N, D)."""
        for rows in hidden.split(_ROWS_AT_ONCE):
            yield self.network.head.log_probabilities(rows, self.network.embedding.weight)

    def top_tokens(self, hidden: Tensor) -> TopTokens:
        """Return what the head expects next. Args: hidden (..., T, D)."""
        rows = hidden.flatten(0, -2)  # (N, D)
        following = self.token_ids.roll(-1).repeat(len(rows) // len(self.token_ids))  # (N,)
        ids, p, of_next = [], [], []
        for log_p, targets in zip(self.log_probabilities(rows), following.split(_ROWS_AT_ONCE), strict=True):
            values, best = log_p.topk(self.top_k)
            ids.append(best)
            p.append(values.double().exp())
            of_next.append(log_p.gather(1, targets[:, None])[:, 0].double().exp())
        next_probability = torch.cat(of_next).view(hidden.shape[:-1])
        next_probability[..., -1] = torch.nan
        token_ids = torch.cat(ids).view(*hidden.shape[:-1], self.top_k).numpy()
        words = np.array(self.vocabulary.decode(token_ids.ravel()), np.str_).reshape(token_ids.shape)
        return TopTokens(words, token_ids, torch.cat(p).view(token_ids.shape).numpy(), next_probability.numpy())


def _of_lstm(network: LSTMLanguageModel, token_ids: Tensor) -> _Steps:
    values = F.embedding(token_ids, network.embedding.weight).to(network.head.bias.dtype)  # (T, D)
    layers, gates, cells = [values], [], []
    for layer in network.layers:
        assert isinstance(layer, nn.LSTM)
        zeros = values.new_zeros(1, layer.hidden_size)
        steps = lstm_layer(layer, layers[-1][None], zeros, zeros)
        gates.append(torch.stack([torch.cat(step[:4]) for step in steps]))  # (T, 4, D)
        cells.append(torch.cat([step.cell_state for step in steps]))
        layers.append(torch.cat([step.hidden_state for step in steps]))
    fields = {"gates": gates, "cell_state": cells, "hidden_state": layers[1:]}
    return _Steps({"embeddings": values, **{name: torch.stack(parts) for name, parts in fields.items()}}, layers)


def _of_transformer(network: TransformerLanguageModel, token_ids: Tensor) -> _Steps:
    embeddings = F.embedding(token_ids, network.embedding.weight).to(network.head.bias.dtype)  # (T, D)
    positions = network.positions.weight[: len(token_ids)]
    stream = embeddings + positions
    streams, fields = [stream], []
    for block in network.blocks:
        assert isinstance(block, Block)
        fields.append(_of_block(block, stream))
        stream = fields[-1].pop("after")
        streams.append(stream)
    named = {name: torch.stack([one[name] for one in fields]) for name in fields[0]}
    layers = [network.norm(stream) for stream in streams]
    named |= {"embeddings": embeddings, "position_embeddings": positions, "residual_stream": torch.stack(streams)}
    return _Steps({**named, "final_hidden": layers[-1]}, layers)


def _of_block(block: Block, stream: Tensor) -> dict[str, Tensor]:
    """Return the steps of one block. Args: stream (T, D). `after` is the stream that it hands on."""
    query, key, value = block.attention.split(block.attention_norm(stream)[None])  # (1, H, T, d_head) each
    attention = attend(query, key, value)
    middle = stream + block.attention.merge(attention.output.transpose(1, 2).flatten(2))[0]
    widen, bend, narrow = block.mlp
    activations = bend(widen(block.mlp_norm(middle)))  # (T, d_ff)
    one_text = {
        "query": query,
        "key": key,
        "value": value,
        "attention_scores": attention.scores,
        "attention_weights": attention.weights,
        "head_outputs": attention.output,
    }
    return {
        **{name: tensor[0] for name, tensor in one_text.items()},
        "residual_middle": middle,
        "mlp_activations": activations,
        "after": middle + narrow(activations),
    }
