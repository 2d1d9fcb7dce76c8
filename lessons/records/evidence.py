"""What some methods of feature importance computed on their way to the scores, for those who want to check them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen
from lessons.records.attribution import Attribution

__all__ = ["CoalitionTable", "GradientPath", "LocalFit"]


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientPath:
    """The straight way from a baseline to the text that integrated gradients follow.

    Where several texts were drawn as baseline, all numbers are means over them.

    Attributes:
        attribution: the scores; they are `weights @ slopes`.
        places: (S,) float64, the steps: where on the way the slope was taken, 0 at the baseline, 1 at the text.
        weights: (S,) float64 of the steps; they sum to 1.
        values: (S,) float64, the explained number there.
        slopes: (S, T) float64, what each word's way adds to that number, per way walked.
    """

    attribution: Attribution
    places: np.ndarray
    weights: np.ndarray
    values: np.ndarray
    slopes: np.ndarray

    def __post_init__(self) -> None:
        steps = (np.size(self.places),)
        for name in ("places", "weights", "values"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, steps, name))
        shape = (*steps, len(self.attribution))
        object.__setattr__(self, "slopes", frozen(self.slopes, np.float64, shape, "slopes"))


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalFit:
    """The texts that LIME has asked the model about, and the straight line through its answers.

    Attributes:
        attribution: the scores, the slopes of the line; `details` has `intercept` and `r_squared`.
        present: (N, T) bool, which words each text had; all of them the first one. Words outside the model's window
            count as present.
        values: (N,) float64, the explained number of each text.
        weights: (N,) float64, how much each text counts in the fit, 1 for the text itself.
        fitted: (N,) float64, what the line says about each text.
    """

    attribution: Attribution
    present: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    fitted: np.ndarray

    def __post_init__(self) -> None:
        texts = (np.size(self.values),)
        for name in ("values", "weights", "fitted"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, texts, name))
        shape = (*texts, len(self.attribution))
        object.__setattr__(self, "present", frozen(self.present, np.bool_, shape, "present"))


@dataclass(frozen=True, eq=False, kw_only=True)
class CoalitionTable:
    """What every set of words is worth: all that exact Shapley values are made of.

    Attributes:
        attribution: the scores.
        groups: (P,) the players: the places of the words that are there or missing together.
        present: (2^P, P) bool; row k holds player i if bit i of k is set.
        values: (2^P,) float64, the explained number with these words only.
        shapley_values: (P,) float64 of the players.
    """

    attribution: Attribution
    groups: tuple[tuple[int, ...], ...]
    present: np.ndarray
    values: np.ndarray
    shapley_values: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.groups)
        object.__setattr__(self, "present", frozen(self.present, np.bool_, (2**n, n), "present"))
        object.__setattr__(self, "values", frozen(self.values, np.float64, (2**n,), "values"))
        object.__setattr__(self, "shapley_values", frozen(self.shapley_values, np.float64, (n,), "shapley_values"))

    def value_of(self, players: Sequence[int]) -> float:
        """Return the explained number with only these players, each counted from 0."""
        return float(self.values[sum(1 << player for player in set(players))])

    def added(self, order: Sequence[int]) -> np.ndarray:
        """Return (P,) what each player adds when all join in this order; in the order of the players, not of joining.

        Raises:
            InputError: the order does not hold every player once.
        """
        if sorted(order) != list(range(len(self.groups))):
            raise InputError(
                f"order must hold each of the players 0 to {len(self.groups) - 1} once, not {order!r:.60}."
            )
        masks = np.cumsum([0, *(1 << player for player in order)])
        gained = np.empty(len(order))
        gained[list(order)] = np.diff(self.values[masks])
        return gained
