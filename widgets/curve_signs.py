"""What can be read off the curves of a training: a few numbers, and the same in words that give no diagnosis away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lessons.errors import InputError
from lessons.records import RunLog
from widgets.curves import smoothed
from widgets.words import count, number

__all__ = ["Signs", "perplexity_in_words"]

_LAST = 20  # steps whose mean stands for the end
_BEFORE = 20  # steps that a jump is compared with
_SETTLED = 0.1  # of the training: a jump is looked for after that
_AGAIN = 0.97  # a last measurement with at least this share of ... is as low as the lowest


def perplexity_in_words(value: float) -> str:
    """Return a perplexity with three digits or so: `1.02`, `13.6`, `92`, `4,390`, `more than a million`."""
    if not math.isfinite(value) or value > 1e6:
        return "more than a million"
    return number(value, 2 if value < 2 else 1 if value < 50 else 0)


@dataclass(frozen=True, eq=False)
class Signs:
    """The numbers that a diagnosis goes by.

    Attributes:
        log: the run; it has measurements, a floor and a baseline "unigram".
    """

    log: RunLog

    def __post_init__(self) -> None:
        log = self.log
        measured = [one.valid_perplexity for one in log.checkpoints]
        if len(log.step) < _BEFORE or len(measured) < 2 or not np.isfinite(measured).all():
            raise InputError(
                f"The run {log.name!r:.60} has {len(log.step)} steps and {len(measured)} measurements; a curve to "
                f"diagnose needs at least {_BEFORE} steps and two measurements that are numbers."
            )
        if not np.isfinite(log.loss).all() or log.floor is None or "unigram" not in log.baselines:
            raise InputError(
                f"The run {log.name!r:.60} needs a loss that is a number at each step, a floor and the baseline "
                "'unigram'; what lessons.curves.faulty_run returns has them."
            )

    @cached_property
    def valid(self) -> np.ndarray:
        """(m,) validation perplexity of each measurement."""
        return np.array([one.valid_perplexity for one in self.log.checkpoints])

    @property
    def floor(self) -> float:
        """The perplexity that no model can beat."""
        assert self.log.floor is not None
        return self.log.floor

    @property
    def unigram(self) -> float:
        """The perplexity of counting single words."""
        return self.log.baselines["unigram"]

    @property
    def pairs(self) -> float:
        """The perplexity of counting pairs of words, or a fifth of that of single words where it was not measured."""
        return self.log.baselines.get("bigram", self.unigram / 5)

    @property
    def last(self) -> float:
        """The last validation perplexity."""
        return float(self.valid[-1])

    @property
    def lowest(self) -> float:
        """The lowest validation perplexity."""
        return float(self.valid.min())

    @property
    def lowest_at(self) -> int:
        """The step of the lowest validation perplexity."""
        return self.log.checkpoints[int(self.valid.argmin())].step

    @property
    def turns_up(self) -> bool:
        """Whether validation ends clearly above its lowest point."""
        return self.lowest < _AGAIN * self.last

    @cached_property
    def _means(self) -> np.ndarray:
        means: np.ndarray = np.exp(np.minimum(smoothed(self.log.loss, 10), 700))
        return means

    @property
    def train_first(self) -> float:
        """Training perplexity of the first step."""
        return float(np.exp(min(self.log.loss[0], 700)))

    @property
    def train_last(self) -> float:
        """Training perplexity of the last steps together."""
        return float(np.exp(min(self.log.loss[-_LAST:].mean(), 700)))

    @property
    def train_highest(self) -> float:
        """Highest training perplexity, ten steps together."""
        return float(self._means[9:].max())

    @cached_property
    def jump(self) -> tuple[int, float]:
        """The largest jump of the loss after the first tenth: its step, and by how many nats it lies above the steps
        before."""
        loss = self.log.loss
        first = max(_BEFORE, round(_SETTLED * len(loss)))
        above = [loss[i] - float(np.median(loss[i - _BEFORE : i])) for i in range(first, len(loss))] or [0.0]
        at = int(np.argmax(above))
        return int(self.log.step[min(first + at, len(loss) - 1)]), float(above[at])

    @property
    def norm_first(self) -> float:
        """Gradient norm of the first step."""
        return float(self.log.gradient_norm[0])

    @property
    def norm_last(self) -> float:
        """Mean gradient norm of the last steps."""
        return float(self.log.gradient_norm[-_LAST:].mean())

    @property
    def rate(self) -> float:
        """Highest learning rate."""
        return float(self.log.learning_rate.max())

    def spoken(self) -> str:
        """Return in words what the charts show."""
        say, log = perplexity_in_words, self.log
        train = f"Training perplexity goes from {say(self.train_first)} "
        flies = self.train_highest > 1.3 * self.train_first
        train += f"up to {say(self.train_highest)} and then to " if flies else "to "
        train += say(self.train_last)
        step, jump = self.jump
        if jump > 1.5 and not flies:
            train += f", with a jump at step {count(step)} up to {say(float(np.exp(log.loss[log.step == step][0])))}"
        valid = f"validation from {say(float(self.valid[0]))} "
        if self.valid.max() > 1.3 * self.valid[0]:
            valid += f"up to {say(float(self.valid.max()))} and then to {say(self.last)}"
        elif self.turns_up:
            valid += f"to {say(self.lowest)} at step {count(self.lowest_at)}, then up to {say(self.last)}"
        elif self.valid.max() < 1.0001 * self.lowest:
            valid = f"validation stays at {number(self.last, 2)}"
        else:
            valid += f"to {say(self.last)}"
        norms = f"{self.norm_first:.2g} at first, {self.norm_last:.2g} in the end"
        highest = float(log.gradient_norm.max())
        if highest > 1.5 * max(self.norm_first, self.norm_last):
            norms += f", at most {highest:.2g}"
        return (
            f"{train}; {valid}. The floor is {say(self.floor)}; counting single words gives {say(self.unigram)}, "
            f"counting pairs {say(self.pairs)}. The learning rate is at most {self.rate:g}. Gradient norm: {norms}."
        )
