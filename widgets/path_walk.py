"""The walk of integrated gradients as a PathSlider shows it: a fine curve, and the steps that make the scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.records import Attribution, GradientPath

__all__ = ["Walk"]

_WIDE = 0.05


@dataclass(frozen=True, eq=False, kw_only=True)
class Walk:
    """One way from the baseline to the text, walked twice.

    Attributes:
        curve: at many evenly spaced places, both ends among them: what is drawn, and where the slider can stand.
        path: at the chosen number of steps: what the scores are computed from.
    """

    curve: GradientPath
    path: GradientPath

    @property
    def attribution(self) -> Attribution:
        """The scores, from the chosen steps."""
        return self.path.attribution

    @property
    def n_places(self) -> int:
        """At how many places the slider can stand."""
        return len(self.curve.places)

    @property
    def edges(self) -> np.ndarray:
        """(S + 1,) where the part of the way begins that each step stands for, and the end; a part is as long as its
        step's weight."""
        return np.concatenate([[0.0], np.cumsum(self.path.weights)])

    @property
    def gained(self) -> float:
        """What all words change together: the explained number of the text minus that of the baseline."""
        return self.attribution.value - self.start

    @property
    def start(self) -> float:
        """The explained number of the baseline."""
        assert self.attribution.baseline_value is not None
        return self.attribution.baseline_value

    @property
    def gap(self) -> float:
        """Sum of the scores minus `gained`."""
        assert self.attribution.convergence_delta is not None
        return self.attribution.convergence_delta

    @property
    def total(self) -> float:
        """Sum of the scores."""
        return self.attribution.total

    @property
    def is_wide(self) -> bool:
        """Whether the gap is worth more steps: above a twentieth of `gained`, or of the largest score."""
        return abs(self.gap) > _WIDE * max(abs(self.gained), float(np.abs(self.attribution.scores).max()))

    def nearest(self, place: float) -> int:
        """Return which of the curve's places is nearest to a place from 0 to 1."""
        return round(place * (self.n_places - 1))

    def collected(self, place: float) -> np.ndarray:
        """Return (T,) what each word has collected on the way to a place: each step's slope times how much of its part
        lies behind. At 1 these are the scores."""
        behind = np.clip(place - self.edges[:-1], 0, self.path.weights)
        collected: np.ndarray = behind @ self.path.slopes
        return collected

    def packed(self) -> bytes:
        """Return the slopes for the page: (places of the curve, T), then (steps, T), float32, little-endian."""
        return np.vstack([self.curve.slopes, self.path.slopes]).astype("<f4").tobytes()
