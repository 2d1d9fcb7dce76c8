"""A learning-rate range test, and what whole trainings made of the rates that it suggests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["OPTIMIZERS", "RateCurve", "RateTable", "RateTrial"]

#: How a step is made from a gradient, and what that is called: AdamW measures each weight's step by the size of its own
#: gradients, plain gradient descent takes the gradient times the rate.
OPTIMIZERS: Mapping[str, str] = MappingProxyType({"adamw": "AdamW", "sgd": "plain gradient descent"})
#: Why a range test has ended.
RANGE_ENDS = ("", "whole", "far above", "no number")

_SMOOTHING = 0.8  # share of the mean so far that stays when a loss comes in
_SPAN = 4  # steps on each side over which a slope is taken
_FIRST = 30  # steps whose mean loss is the starting level, and whose spread is the noise of the batches
_LEAST = _FIRST + 2 * _SPAN


@dataclass(frozen=True, eq=False)
class RateCurve:
    """The loss of a fresh model while its learning rate rises from step to step by the same factor.

    Source: Smith 2017, arXiv:1506.01186, section 3.3.

    Attributes:
        architecture: "lstm" or "transformer".
        corpus: the text that it trains on.
        optimizer: one of `OPTIMIZERS`.
        seed: of the starting weights, the batches and the dropout.
        clip: largest L2 norm of the gradient.
        low: the rate of the first step.
        high: the rate of the last planned step.
        n_steps: planned length.
        losses: (n,) of each step's batch, before its weights are changed, nats per token; n is at most `n_steps`.
        ended: "" while it goes on; "whole" when all steps are done; "far above" when the loss has risen far above its
            best; "no number" when loss or gradient have overflowed.
    """

    architecture: str
    corpus: str
    optimizer: str
    seed: int
    clip: float
    low: float
    high: float
    n_steps: int
    losses: np.ndarray
    ended: str = ""

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise InputError(f"optimizer is {self.optimizer!r}; it must be one of {', '.join(OPTIMIZERS)}.")
        if self.ended not in RANGE_ENDS:
            raise InputError(f"ended is {self.ended!r}; it must be one of {', '.join(map(repr, RANGE_ENDS))}.")
        if not 0 < self.low < self.high < math.inf or self.n_steps < 2:
            raise InputError(
                f"The rate goes from {self.low:g} to {self.high:g} in {self.n_steps} steps; it must rise from above 0, "
                "in at least 2 steps."
            )
        if np.size(self.losses) > self.n_steps:
            raise InputError(f"There are {np.size(self.losses)} losses; {self.n_steps} steps were planned.")
        object.__setattr__(self, "losses", frozen(self.losses, np.float64, (np.size(self.losses),), "losses"))

    @property
    def rates(self) -> np.ndarray:
        """(n,) the learning rate of each step that was done."""
        rates: np.ndarray = np.geomspace(self.low, self.high, self.n_steps)[: self.losses.size]
        return rates

    @property
    def smoothed(self) -> np.ndarray:
        """(n,) exponential mean of the losses, corrected for its start at zero, as Adam's is (arXiv:1412.6980, 3)."""
        mean, smoothed = 0.0, np.zeros(self.losses.size)
        for step, loss in enumerate(self.losses):
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
            smoothed[step] = mean / (1 - _SMOOTHING ** (step + 1))
        return smoothed

    @property
    def start(self) -> float | None:
        """Mean of the first losses, at rates that change next to nothing; None while there are too few."""
        return float(self.losses[:_FIRST].mean()) if self.losses.size >= _FIRST else None

    @property
    def noise(self) -> float | None:
        """How much the first losses differ from batch to batch: their standard deviation; None while too few."""
        return float(self.losses[:_FIRST].std()) if self.losses.size >= _FIRST else None

    def _lowest(self) -> int | None:
        """Return the step at which the smoothed loss is lowest; None if that is within the noise of the start."""
        start, noise, smoothed = self.start, self.noise, self.smoothed
        if start is None or noise is None or smoothed.size < _LEAST:
            return None
        lowest = _FIRST + int(smoothed[_FIRST:].argmin())
        return lowest if smoothed[lowest] < start - noise else None

    @property
    def best(self) -> float | None:
        """The rate at which the smoothed loss is lowest: so much was learned *up to* it.

        None if nothing can be said: too few steps, or a fall that is not larger than the noise of the batches.
        """
        lowest = self._lowest()
        return None if lowest is None else float(self.rates[lowest])

    @property
    def steepest(self) -> float | None:
        """The rate at which the smoothed loss falls fastest, for a rise of the rate by the same factor.

        It is looked for in the last fall, from where the loss was at `start` for the last time to its lowest point.
        None as for `best`.
        """
        lowest, smoothed = self._lowest(), self.smoothed
        if lowest is None:
            return None
        begin = int(np.flatnonzero(smoothed[:lowest] >= self.start).max(initial=0))
        inside = np.arange(max(begin, _SPAN), max(lowest, begin + 1))
        after = np.minimum(inside + _SPAN, smoothed.size - 1)
        slopes = smoothed[after] - smoothed[inside - _SPAN]
        return float(self.rates[inside[int(slopes.argmin())]])

    @property
    def tenth(self) -> float | None:
        """A tenth of the rate at which the smoothed loss is lowest. None as for `best`."""
        best = self.best
        return None if best is None else best / 10

    @property
    def diverges(self) -> float | None:
        """The first rate, beyond the best one, at which all that was won is lost: the smoothed loss is above `start`.

        A test that ended with an overflow diverges at its last rate, if not before. None if the loss never got there.
        """
        start, lowest = self.start, self._lowest()
        if start is not None and lowest is not None:
            above = np.flatnonzero(self.smoothed[lowest:] > start)
            if above.size:
                return float(self.rates[lowest + above[0]])
        return float(self.rates[-1]) if self.losses.size and self.ended in ("far above", "no number") else None


@dataclass(frozen=True)
class RateTrial:
    """What one whole training made of a learning rate.

    Attributes:
        architecture: "lstm" or "transformer".
        corpus: the text that it was trained on.
        optimizer: one of `OPTIMIZERS`.
        seed: of the starting weights, the batches and the dropout.
        rate: its highest learning rate, which the preset's schedule scales.
        why: what the rate is, such as "steepest".
        n_steps: its length.
        n_valid_tokens: how many validation tokens the end was measured on.
        perplexity: on them, after the last step; infinite if the training diverged.
    """

    architecture: str
    corpus: str
    optimizer: str
    seed: int
    rate: float
    why: str
    n_steps: int
    n_valid_tokens: int
    perplexity: float


@dataclass(frozen=True, eq=False)
class RateTable:
    """Range tests of several models, texts, optimizers and seeds, and trainings that put their advice to the test.

    Attributes:
        curves: the range tests; those of one model, text and optimizer lie next to each other, one for each seed.
        trials: the trainings.
        floors: the perplexity of the language itself, by corpus, where it is known.
        source: where the table comes from, for the reader.
    """

    curves: tuple[RateCurve, ...]
    trials: tuple[RateTrial, ...] = ()
    floors: Mapping[str, float] = field(default_factory=dict)
    source: str = "measured here"

    def __post_init__(self) -> None:
        for name in ("curves", "trials"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "floors", MappingProxyType(dict(self.floors)))

    def of(self, architecture: str, corpus: str, optimizer: str) -> tuple[RateCurve, ...]:
        """Return the range tests of one model on one text with one optimizer."""
        asked = (architecture, corpus, optimizer)
        return tuple(one for one in self.curves if (one.architecture, one.corpus, one.optimizer) == asked)

    def trials_of(self, architecture: str, corpus: str, optimizer: str) -> tuple[RateTrial, ...]:
        """Return the trainings of one model on one text with one optimizer, by rising rate."""
        asked = (architecture, corpus, optimizer)
        found = [one for one in self.trials if (one.architecture, one.corpus, one.optimizer) == asked]
        return tuple(sorted(found, key=lambda one: one.rate))
