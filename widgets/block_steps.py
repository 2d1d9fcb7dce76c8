"""The way of one token through a model as a table: each step's shape, its length, and what it does to the stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.records import RecurrentTrace, TransformerTrace
from widgets.token_line import nice_ceiling
from widgets.traced_text import Switches, Trace
from widgets.words import number

__all__ = ["full_length", "layer_names", "steps_of"]


def layer_names(trace: Trace) -> list[str]:
    """Return what the L + 1 places are called at which the head can be asked."""
    if isinstance(trace, TransformerTrace):
        first, layer = "embedding + position", "block"
    else:
        first, layer = "embedding", "layer"
    return [first, *(f"{layer} {i + 1}" for i in range(trace.n_layers - 1)), f"{layer} {trace.n_layers} (answer)"]


def full_length(trace: Trace) -> float:
    """Return the length at which a bar is full: a round number above all the steps of this text after its start.

    The `<eos>` at the start is left out, for its vectors may be several times as long as all others.
    """
    if isinstance(trace, TransformerTrace):
        steps = [trace.embeddings, trace.position_embeddings, trace.attention_outputs, trace.mlp_outputs]
    else:
        steps = [trace.embeddings, trace.cell_state, trace.hidden_state]
    return nice_ceiling(max(float(np.linalg.norm(vectors[..., 1:, :], axis=-1).max()) for vectors in steps))


def steps_of(trace: Trace, place: int, layer: int, full: float, vocab_size: int, off: Switches) -> dict[str, Any]:
    """Return what the page draws of a token's way.

    Args:
        trace: what the model computed.
        place: the token.
        layer: where the head is asked, 0 to L: the steps after it are drawn pale.
        full: length of a full bar.
        vocab_size: V.
        off: what is switched off.
    """
    if isinstance(trace, TransformerTrace):
        rows, heads, legend = _of_transformer(trace, place, layer, off), _TRANSFORMER, _SUM
        legend += _BIAS if off.attention else ""
    else:
        rows, heads, legend = _of_lstm(trace, place), _LSTM, _NEW
    longer = ", and what is longer ends there" if any(row.get("length", 0) > full for row in rows) else ""
    for row in rows:
        length = row.pop("length", None)
        if length is not None:
            row |= {"number": number(length), "width": round(min(1.0, length / full), 4)}
        row["later"] = row.pop("layer") > layer
    shape = _shape(len(trace), vocab_size)
    rows.append({"name": "head", "shape": shape, "cells": [""] * len(rows[0]["cells"]), "later": False})
    return {"rows": rows, "heads": heads, "legend": f"A full bar is a length of {full:g}{longer}. {legend}"}


_TRANSFORMER = ["step", "shape", "adds (length)", "cos", "stream"]
_SUM = (
    "The stream is the sum of all that was added so far, and this is its length. cos compares the direction of what is "
    "added with the stream that it joins: 1 the same, 0 across, −1 against it."
)
_BIAS = " An attention whose heads are off still adds its bias, the same vector for every token."
_LSTM = ["step", "shape", "length", "cos"]
_NEW = (
    "An LSTM layer adds to no stream: it hands on a new vector. cos compares its direction with the same step at the "
    "token before: 1 the same, 0 across, −1 against it."
)


def _of_transformer(trace: TransformerTrace, place: int, layer: int, off: Switches) -> list[dict[str, Any]]:
    n_tokens, width = len(trace), trace.d_model
    embedding, position = trace.embeddings[place], trace.position_embeddings[place]
    d_ff = trace.mlp_activations.shape[-1]
    plain = _shape(n_tokens, width)
    rows = [
        _row("embedding", plain, 0, embedding, ["", number(_length(embedding))]),
        _added(f"position {place}", plain, 0, position, embedding),
    ]
    for i in range(trace.n_layers):
        before, middle, after = (
            trace.residual_stream[i, place],
            trace.residual_middle[i, place],
            trace.residual_stream[i + 1, place],
        )
        weights = f"weights {_shape(trace.n_heads, n_tokens, n_tokens)}"
        attention, mlp = (" (off)" if i in layers else "" for layers in (off.attention, off.mlp))
        rows.append(_added(f"attention {i + 1}{attention}", weights, i + 1, middle - before, before))
        rows.append(_added(f"MLP {i + 1}{mlp}", f"inside {_shape(n_tokens, d_ff)}", i + 1, after - middle, middle))
    last = number(_length(trace.final_hidden[place])) if layer == trace.n_layers else ""  # of the answer alone
    rows.append({"name": "last norm", "shape": plain, "cells": ["", last], "layer": 0})
    return rows


def _of_lstm(trace: RecurrentTrace, place: int) -> list[dict[str, Any]]:
    n_tokens, width = len(trace), trace.d_model
    plain = _shape(n_tokens, width)
    steps = [("embedding", plain, 0, trace.embeddings)]
    for i in range(trace.n_layers):
        steps.append((f"cell state {i + 1}", f"gates {_shape(n_tokens, 4, width)}", i + 1, trace.cell_state[i]))
        steps.append((f"hidden state {i + 1}", plain, i + 1, trace.hidden_state[i]))
    return [
        _row(name, shape, layer, vectors[place], [_cosine(vectors[place], vectors[place - 1]) if place else ""])
        for name, shape, layer, vectors in steps
    ]


def _row(name: str, shape: str, layer: int, vector: np.ndarray, cells: list[str]) -> dict[str, Any]:
    return {"name": name, "shape": shape, "layer": layer, "length": _length(vector), "cells": cells}


def _added(name: str, shape: str, layer: int, vector: np.ndarray, stream: np.ndarray) -> dict[str, Any]:
    return _row(name, shape, layer, vector, [_cosine(vector, stream), number(_length(stream + vector))])


def _shape(*sizes: int) -> str:
    return " × ".join(f"{size:,}" for size in sizes)


def _length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector.astype(np.float64)))


def _cosine(one: np.ndarray, other: np.ndarray) -> str:
    lengths = _length(one) * _length(other)
    return number(float(one.astype(np.float64) @ other) / lengths, 2) if lengths else "–"
