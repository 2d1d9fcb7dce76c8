"""What a model computed on its way through a text, step by step: nothing is left out between a token and the next one.

Both models read a *stream*: one `<eos>`, which starts the line, then the text. A trace covers the part of the stream
that the model sees when it predicts the word after the text, the *window*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen
from lessons.records.text import TokenizedText

__all__ = ["GATES", "RecurrentTrace", "TopTokens", "TransformerTrace"]

GATES = ("input", "forget", "candidate", "output")


@dataclass(frozen=True, eq=False)
class TopTokens:
    """The most probable next tokens at many places.

    Attributes:
        tokens: (..., k) strings, the most probable first.
        token_ids: (..., k) int64.
        probabilities: (..., k) float64.
        next_probability: (...) float64, the probability of the token that really follows in the window; NaN at the
            window's last place, which nothing follows.
    """

    tokens: np.ndarray
    token_ids: np.ndarray
    probabilities: np.ndarray
    next_probability: np.ndarray

    def __post_init__(self) -> None:
        shape = np.shape(self.token_ids)
        for name, dtype in (("tokens", np.str_), ("token_ids", np.int64), ("probabilities", np.float64)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype, shape, name))
        of_next = frozen(self.next_probability, np.float64, shape[:-1], "next_probability")
        object.__setattr__(self, "next_probability", of_next)

    def of_layer(self, layer: int) -> TopTokens:
        """Return the part of one layer, the first axis being layers."""
        parts = self.tokens, self.token_ids, self.probabilities, self.next_probability
        return TopTokens(*(part[layer] for part in parts))

    @property
    def surprisals(self) -> np.ndarray:
        """(...) float64, -log of `next_probability`, in nats; NaN where nothing follows."""
        return -np.log(self.next_probability)


def _check(trace: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Freeze the arrays of a trace after checking their shapes, and check what both kinds have in common."""
    n_tokens = len(trace.tokens)
    if len(trace.typed) != n_tokens:
        raise InputError(f"typed has {len(trace.typed)} entries for {n_tokens} tokens; the two must match.")
    object.__setattr__(trace, "token_ids", frozen(trace.token_ids, np.int64, (n_tokens,), "token_ids"))
    for name, shape in shapes.items():
        object.__setattr__(trace, name, frozen(getattr(trace, name), np.float32, shape, name))
    if trace.logits is not None:
        shape = (n_tokens, np.shape(trace.logits)[-1])
        object.__setattr__(trace, "logits", frozen(trace.logits, np.float32, shape, "logits"))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Trace:
    """What the traces of both models have.

    Attributes:
        model_name: the model that was traced.
        text: the whole text, as the model reads it.
        first: place in the stream of the window's first token; 0 if all of the stream is seen.
        tokens: (T,) the tokens of the window; where `first` is 0, `tokens[0]` is the `<eos>` that starts the line.
        typed: (T,) what was typed for each.
        token_ids: (T,) int64.
        embeddings: (T, D) the tokens' vectors.
        predictions: (T, k) the next tokens expected at each place, the last row being what `next_tokens` says; None if
            they were not asked for.
        lens: (L + 1, T, k) the logit lens: what the output head would expect at each layer, layer 0 being the
            embeddings and the last layer equal to `predictions`; None if it was not asked for.
        logits: (T, V) the log-probability of each next token, or None if they were not asked for. The head is split,
            so these are its logits: their softmax is themselves, exponentiated.
    """

    model_name: str
    text: TokenizedText
    first: int
    tokens: tuple[str, ...]
    typed: tuple[str, ...]
    token_ids: np.ndarray
    embeddings: np.ndarray
    predictions: TopTokens | None = None
    lens: TopTokens | None = None
    logits: np.ndarray | None = None

    def __len__(self) -> int:
        """T, the number of tokens in the window."""
        return len(self.tokens)

    @property
    def d_model(self) -> int:
        """D, the width of an embedding."""
        return int(self.embeddings.shape[-1])

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, in bytes."""
        records = (self, *(part for part in (self.predictions, self.lens) if part is not None))
        arrays = (value for record in records for value in vars(record).values() if isinstance(value, np.ndarray))
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True, eq=False, kw_only=True)
class RecurrentTrace(_Trace):
    """An LSTM's way through a text.

    Attributes:
        gates: (L, T, 4, D) in the order input, forget, candidate, output (`GATES`); the candidate lies between -1 and
            1, the others between 0 and 1.
        cell_state: (L, T, D) after each token.
        hidden_state: (L, T, D) after each token.
    """

    gates: np.ndarray
    cell_state: np.ndarray
    hidden_state: np.ndarray

    def __post_init__(self) -> None:
        n_tokens, width = len(self.tokens), np.shape(self.embeddings)[-1]
        states = (self.n_layers, n_tokens, width)
        gates = (self.n_layers, n_tokens, len(GATES), width)
        shapes = {"embeddings": (n_tokens, width), "gates": gates, "cell_state": states, "hidden_state": states}
        _check(self, shapes)

    @property
    def n_layers(self) -> int:
        """L."""
        return int(np.shape(self.gates)[0])

    def gate(self, name: str) -> np.ndarray:
        """Return one gate, (L, T, D).

        Raises:
            InputError: there is no gate of that name.
        """
        if name not in GATES:
            raise InputError(f"There is no gate {name!r}; the gates are {', '.join(GATES)}.")
        values: np.ndarray = self.gates[:, :, GATES.index(name)]
        return values


@dataclass(frozen=True, eq=False, kw_only=True)
class TransformerTrace(_Trace):
    """A Transformer's way through a text.

    Attributes:
        position_embeddings: (T, D) the vectors of the places, which are added to the embeddings.
        query, key, value: (L, H, T, d_head).
        attention_scores: (L, H, T, T) query . key, before scale and mask.
        attention_weights: (L, H, T, T) after scale, mask and softmax: rows are queries and sum to 1.
        head_outputs: (L, H, T, d_head) weights @ value.
        residual_stream: (L + 1, T, D) before the first block and after each.
        residual_middle: (L, T, D) inside each block, after attention was added and before the MLP.
        mlp_activations: (L, T, d_ff) after the GELU.
        final_hidden: (T, D) the last stream after the last norm, which the head reads.
    """

    position_embeddings: np.ndarray
    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    attention_scores: np.ndarray
    attention_weights: np.ndarray
    head_outputs: np.ndarray
    residual_stream: np.ndarray
    residual_middle: np.ndarray
    mlp_activations: np.ndarray
    final_hidden: np.ndarray

    def __post_init__(self) -> None:
        n_tokens, width = len(self.tokens), np.shape(self.embeddings)[-1]
        heads = (*np.shape(self.query)[:2], n_tokens, np.shape(self.query)[-1])
        maps = (*heads[:3], n_tokens)
        n_layers, d_ff = heads[0], np.shape(self.mlp_activations)[-1]
        stream = (n_layers, n_tokens, width)
        _check(
            self,
            {
                **dict.fromkeys(("embeddings", "position_embeddings", "final_hidden"), (n_tokens, width)),
                **dict.fromkeys(("query", "key", "value", "head_outputs"), heads),
                **dict.fromkeys(("attention_scores", "attention_weights"), maps),
                "residual_stream": (n_layers + 1, n_tokens, width),
                "residual_middle": stream,
                "mlp_activations": (n_layers, n_tokens, d_ff),
            },
        )

    @property
    def n_layers(self) -> int:
        """L."""
        return int(np.shape(self.query)[0])

    @property
    def n_heads(self) -> int:
        """H."""
        return int(np.shape(self.query)[1])

    @property
    def attention_outputs(self) -> np.ndarray:
        """(L, T, D) what the attention of each block adds to the residual stream."""
        return self.residual_middle - self.residual_stream[:-1]

    @property
    def mlp_outputs(self) -> np.ndarray:
        """(L, T, D) what the MLP of each block adds to the residual stream."""
        return self.residual_stream[1:] - self.residual_middle
