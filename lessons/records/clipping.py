"""Clipping a gradient: what it does to one, and to the steps of a training.

Source: Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063, algorithm 1 (by norm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records.run import RunLog

__all__ = ["ClippingTable", "GradientLook", "clipped_by_norm", "clipped_by_value", "cosine"]


def clipped_by_norm(gradient: Any, limit: float) -> np.ndarray:
    """Return a gradient shortened to a length: its direction stays.

    Args:
        gradient: (n,) its components.
        limit: the largest L2 norm; a shorter gradient stays as it is.
    """
    given = np.asarray(gradient, dtype=np.float64)
    norm = float(np.linalg.norm(given))
    return given * (limit / norm) if norm > limit else given.copy()


def clipped_by_value(gradient: Any, limit: float) -> np.ndarray:
    """Return a gradient with each component cut at -limit and limit: its direction may change.

    Args:
        gradient: (n,) its components.
        limit: the largest size of a component.
    """
    return np.clip(np.asarray(gradient, dtype=np.float64), -limit, limit)


def cosine(first: Any, second: Any) -> float:
    """Return the cosine of the angle between two vectors: 1 for the same direction. A vector of length 0 has none: 1.

    Args:
        first, second: (n,) their components.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.clip(one @ other / lengths, -1, 1)) if lengths else 1.0


@dataclass(frozen=True)
class GradientLook:
    """The whole gradient of one step of a training, and what clipping makes of it.

    Attributes:
        step: its number, from 1.
        n_weights: how many components the gradient has.
        norm: its L2 norm before clipping.
        parts: L2 norm of the gradient of each part of the model; their squares add up to that of `norm`.
        clip: the largest norm that the step allowed.
        cosine_by_norm: between the gradient before and after the clipping that the step did.
        value: where each component has to be cut for a gradient of the same norm as the clipped one; None where the
            step clipped nothing.
        cosine_by_value: between the gradient before and after that cut; None likewise.
        share_cut: share of the components that this cut changes; None likewise.
    """

    step: int
    n_weights: int
    norm: float
    parts: Mapping[str, float]
    clip: float
    cosine_by_norm: float
    value: float | None = None
    cosine_by_value: float | None = None
    share_cut: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))


@dataclass(frozen=True, eq=False)
class ClippingTable:
    """What clipping does in real trainings.

    Attributes:
        runs: trainings in pairs, each first with clipping and then the same without; `RunLog.name` says what they are.
        looks: for each pair, the gradients of some steps of the run with clipping.
        source: where the table comes from, for the reader.
    """

    runs: tuple[tuple[RunLog, RunLog], ...]
    looks: tuple[tuple[GradientLook, ...], ...]
    source: str = "measured here"

    def __post_init__(self) -> None:
        object.__setattr__(self, "looks", tuple(map(tuple, self.looks)))
        object.__setattr__(self, "runs", tuple(map(_pair, self.runs)))
        if not self.runs:
            raise InputError("A table of clipping needs at least one pair of runs.")
        if len(self.looks) != len(self.runs):
            raise InputError(f"There are looks at {len(self.looks)} runs, and {len(self.runs)} pairs of runs.")


def _pair(runs: Sequence[RunLog]) -> tuple[RunLog, RunLog]:
    if len(runs) != 2 or not all(isinstance(run, RunLog) for run in runs):
        raise InputError("Each entry of runs must be two RunLogs: with clipping, and without.")
    return runs[0], runs[1]
