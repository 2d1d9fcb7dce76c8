"""How far a model's memory reaches: what it loses when the words before a distance are taken away."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["REACH_KINDS", "ReachCurve", "ReachExample", "ReachTable"]

#: What is done to the words that stand farther from the target than a distance.
REACH_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "cut": "the words before it are not read",
        "shuffle": "the words before it are read in a random order",
        "replace": "the words before it are those of another place",
    }
)


@dataclass(frozen=True, eq=False)
class ReachCurve:
    """The loss at the same targets with the words before a distance taken away, for several distances.

    Attributes:
        model_name: the model that was measured.
        kind: what was done to the words before the distance: "cut", "shuffle" or "replace".
        distances: (K,) rising: the number of tokens right before the target that stay as they are.
        losses: (K,) mean surprisal of the targets, nats.
        extra: (K,) mean over the targets of their surprisal minus their surprisal with the whole context, nats.
        standard_error: (K,) of `extra`; the differences are taken target by target (paired).
        whole_loss: mean surprisal with the whole context.
        context: number of tokens in the whole context.
        n_targets: number of targets.
        seed: of their choice and of the shuffling.
        corpus: the text that they stand in.
    """

    model_name: str
    kind: str
    distances: np.ndarray
    losses: np.ndarray
    extra: np.ndarray
    standard_error: np.ndarray
    whole_loss: float
    context: int
    n_targets: int
    seed: int
    corpus: str

    def __post_init__(self) -> None:
        if self.kind not in REACH_KINDS:
            raise InputError(f"kind is {self.kind!r}; it must be one of {', '.join(REACH_KINDS)}.")
        object.__setattr__(self, "distances", frozen(self.distances, np.int64, (np.size(self.distances),), "distances"))
        if not len(self.distances) or (np.diff(self.distances) <= 0).any():
            raise InputError("distances must rise, and there must be one at least.")
        for name in ("losses", "extra", "standard_error"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, self.distances.shape, name))

    @property
    def interval(self) -> np.ndarray:
        """(K, 2) the 95 % confidence interval of `extra`: 1.96 standard errors to either side."""
        bounds: np.ndarray = self.extra[:, None] + np.array([-1.96, 1.96]) * self.standard_error[:, None]
        return bounds

    def reach(self, tolerance: float = 0.01) -> int | None:
        """Return the smallest distance from which on `extra` stays at or below a tolerance; None if there is none.

        Args:
            tolerance: in nats; 0.01 is one per cent of the perplexity.
        """
        within = np.logical_and.accumulate((self.extra <= tolerance)[::-1])[::-1]
        return int(self.distances[within.argmax()]) if within.any() else None


@dataclass(frozen=True, eq=False)
class ReachExample:
    """One sentence in which the words before each distance are taken away.

    Attributes:
        kind: what was done to them.
        tokens: (T,) the words before the target, as they really are.
        target: the word that the models are to predict.
        distances: (K,) rising.
        contexts: (K,) tuples: what was read before the target at each distance.
        surprisals: for each model (K,) the target's surprisal, nats.
        whole: for each model its surprisal after all of `tokens`.
    """

    kind: str
    tokens: tuple[str, ...]
    target: str
    distances: np.ndarray
    contexts: tuple[tuple[str, ...], ...]
    surprisals: Mapping[str, np.ndarray]
    whole: Mapping[str, float]

    def __post_init__(self) -> None:
        shape = (len(self.contexts),)
        object.__setattr__(self, "distances", frozen(self.distances, np.int64, shape, "distances"))
        values = {name: frozen(value, np.float64, shape, name) for name, value in self.surprisals.items()}
        object.__setattr__(self, "surprisals", MappingProxyType(values))
        object.__setattr__(self, "whole", MappingProxyType(dict(self.whole)))


@dataclass(frozen=True, eq=False)
class ReachTable:
    """Curves of several models and kinds, and a sentence to see it in.

    Attributes:
        curves: one for each model and kind.
        examples: one for each kind.
        source: where the numbers come from, for example "shipped with the models".
        weights: for each model the SHA-256 of the weights that were measured; empty if it is not known.
        done: share of the measuring that is done, 0 to 1; a table grows while it is measured.
    """

    curves: tuple[ReachCurve, ...]
    examples: tuple[ReachExample, ...] = ()
    source: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    done: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.done <= 1 or math.isnan(self.done):
            raise InputError(f"done is {self.done!r}; it is a share from 0 to 1.")
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))

    def curve(self, model_name: str, kind: str) -> ReachCurve | None:
        """Return the curve of a model and a kind, or None if it was not measured."""
        return next((one for one in self.curves if (one.model_name, one.kind) == (model_name, kind)), None)

    def example(self, kind: str) -> ReachExample | None:
        """Return the sentence of a kind, or None if there is none."""
        return next((one for one in self.examples if one.kind == kind), None)
