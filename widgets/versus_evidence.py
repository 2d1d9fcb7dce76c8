"""Attention weights and removals of the same words, side by side: every head of a Transformer against occlusion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import Attribution, TokenizedText, TransformerTrace, rank_correlation
from widgets.checks import one_of, whole
from widgets.why import Why

__all__ = ["MEAN", "NO_ATTENTION", "ROLLOUT", "Evidence", "Look", "evidence_for"]

MEAN, ROLLOUT = "mean", "rollout"
NO_ATTENTION = (
    "{} has no attention weights to compare: its words pass through one state, one after the other. "
    'Give a Transformer, for example load_model("transformer").'
)
_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_EQUAL = 1e-6  # numbers that differ by no more are counted as equal: float32 has no more digits


@dataclass(frozen=True)
class Look:
    """Which attention is compared with what.

    Attributes:
        layer: counted from 0, or "rollout" for all layers.
        head: counted from 0, or "mean" for the mean over the layer's heads.
        size: whether changes are compared without their sign.
    """

    layer: int | str
    head: int | str
    size: bool

    @classmethod
    def of(cls, layer: Any, head: Any, size: bool, evidence: Evidence) -> Look:
        """Return a choice after checking it; a layer None is the last one, a head None the mean.

        Raises:
            InputError: this model has no such layer or head, or a head is chosen in the rollout.
        """
        n_layers, n_heads = evidence.shape
        if layer is None:
            layer = n_layers - 1
        layer = one_of(layer, "layer", (ROLLOUT,)) if isinstance(layer, str) else whole(layer, "layer", 0, n_layers - 1)
        if head is None:
            head = MEAN
        head = one_of(head, "head", (MEAN,)) if isinstance(head, str) else whole(head, "head", 0, n_heads - 1)
        if layer == ROLLOUT and head != MEAN:
            raise InputError("The rollout follows the mean over the heads of each layer; choose head='mean' with it.")
        return cls(layer, head, size)

    def row(self, n_heads: int) -> int:
        """Return the row of `Evidence.rows` that is looked at."""
        if isinstance(self.layer, str):
            return -1
        return self.layer * (n_heads + 1) + (n_heads if isinstance(self.head, str) else self.head)

    def name(self, n_heads: int) -> str:
        """Return the choice in words, counted from 1 as on the page."""
        if isinstance(self.layer, str):
            return "rollout over all layers"
        layer = f"layer {self.layer + 1}"
        return f"{layer}, mean over {n_heads} heads" if isinstance(self.head, str) else f"{layer}, head {self.head + 1}"


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known about the words before one prediction.

    Attributes:
        why: the question.
        shape: number of layers and of heads in each.
        rows: (L * (H + 1) + 1, 1 + n) attention weights from the place of the prediction: for each layer its heads and
            their mean, at last the rollout. The first column is the weight on the `<eos>` before the text.
        removed: what is lost without each word, by occlusion.
        n_outside: number of words at the front that the model cannot see; they are no part of the comparison.
    """

    why: Why
    shape: tuple[int, int]
    rows: np.ndarray
    removed: Attribution
    n_outside: int

    @property
    def n_words(self) -> int:
        """n, how many words are compared."""
        return self.rows.shape[1] - 1

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """(n,) the words that are compared, as they are displayed; one that stands there twice with its place."""
        shown = self.why.words
        return tuple(
            f"{word}{str(place + 1).translate(_SMALL)}" if shown.count(word) > 1 else word
            for place, word in enumerate(shown)
        )[self.n_outside :]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """(n,) the same, to be read in a sentence."""
        shown = self.why.words
        return tuple(
            f"{word} (word {place + 1})" if shown.count(word) > 1 else word for place, word in enumerate(shown)
        )[self.n_outside :]

    def attention(self, look: Look) -> np.ndarray:
        """Return (n,) the weights on the words, 0 to 1."""
        weights: np.ndarray = self.rows[look.row(self.shape[1]), 1:]
        return weights

    def start(self, look: Look) -> float:
        """Return the weight on the `<eos>` before the text."""
        return float(self.rows[look.row(self.shape[1]), 0])

    @property
    def change(self) -> np.ndarray:
        """(n,) what is lost without each word: above 0 where it speaks for the target."""
        lost: np.ndarray = self.removed.scores[self.n_outside :]
        return lost

    def compared(self, look: Look) -> np.ndarray:
        """Return (n,) the changes, without their sign if only the size counts."""
        return np.abs(self.change) if look.size else self.change

    @cached_property
    def correlations(self) -> dict[bool, list[float | None]]:
        """The rank correlation of each row with the changes, by whether only the size counts."""
        sides = {size: np.abs(self.change) if size else self.change for size in (True, False)}
        return {size: [rank_correlation(row[1:], side, _EQUAL) for row in self.rows] for size, side in sides.items()}

    def correlation(self, look: Look) -> float | None:
        """Return the rank correlation of weights and changes; None where all of one are equal."""
        return self.correlations[look.size][look.row(self.shape[1])]

    def says_something(self, look: Look) -> bool:
        """Return whether neither all weights nor all changes are equal."""
        return self.correlations[True][look.row(self.shape[1])] is not None


def evidence_for(why: Why) -> Evidence:
    """Return the attention weights and the removals of one prediction: one trace and one occlusion.

    Raises:
        InputError: the model has no attention weights.
    """
    text, n_words = why.text, why.n_words
    before = TokenizedText(text.text, text.tokens[:n_words], text.typed[:n_words], text.token_ids[:n_words])
    trace = why.model.trace(before, top_k=0, lens=False)
    if not isinstance(trace, TransformerTrace):
        raise InputError(NO_ATTENTION.format(f"The {why.name}"))
    weights = trace.attention_weights.astype(np.float64)  # (L, H, T, T)
    n_layers, n_heads = weights.shape[:2]
    mean = weights.mean(axis=1)  # (L, T, T)
    rollout = np.eye(mean.shape[-1])
    for layer in mean:  # half of each layer's stream is handed on as it is (Abnar and Zuidema 2020)
        rollout = (layer + np.eye(len(layer))) / 2 @ rollout
    per_layer = np.concatenate([weights[:, :, -1], mean[:, None, -1]], axis=1)  # (L, H + 1, T)
    rows = np.vstack([per_layer.reshape(n_layers * (n_heads + 1), -1), rollout[-1]])
    if trace.first > 0:  # the window begins inside the text: there is no <eos> in it
        rows = np.hstack([np.zeros((len(rows), 1)), rows])
    rows.setflags(write=False)
    removed = why.model.explain(text, "occlusion", baseline=why.baseline, **why.options)
    return Evidence(why, (n_layers, n_heads), rows, removed, removed.n_outside)
