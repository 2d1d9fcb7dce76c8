"""What a training run has done so far: a step at a time, and what the model could do now and then."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen
from lessons.records.measured import perplexity_of

__all__ = ["RUN_CURVES", "RUN_STATES", "TURNED", "RunChange", "RunCheckpoint", "RunLog", "curves_of"]

#: What a run is doing, and what that means.
RUN_STATES: Mapping[str, str] = MappingProxyType(
    {
        "starting": "the text is read and the model is made",
        "running": "it trains",
        "paused": "it waits, with all that it needs to go on",
        "stopped": "it was stopped before its end, and can be resumed",
        "finished": "all planned steps are done",
        "diverged": "its loss is no longer a number, or beyond all bounds",
        "failed": "it ended for another reason, which its message says",
    }
)

#: What can be turned while a run is under way.
TURNED: Mapping[str, str] = MappingProxyType(
    {
        "learning_rate": "highest learning rate, which the schedule scales",
        "dropout": "share of units set to zero, at every place where the model has dropout",
        "clip": "largest L2 norm of the gradient",
    }
)

#: What a `RunLog` holds of each logged step.
RUN_CURVES = ("step", "loss", "learning_rate", "gradient_norm", "tokens_per_second", "seconds")


def curves_of(steps: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return what was noted of each step, the values of `RUN_CURVES` in this order, as a `RunLog` takes it."""
    columns = np.array(steps, float).reshape(-1, len(RUN_CURVES)).T
    return dict(zip(RUN_CURVES, columns, strict=True))


@dataclass(frozen=True, eq=False)
class RunCheckpoint:
    """What the model could do at one moment of its training.

    Attributes:
        step: number of steps done; 0 is before the first.
        seconds: of training up to there.
        valid_perplexity: on the validation tokens that the run measures on; NaN if the model has diverged.
        sample: what the model wrote after the run's prompt, with the run's seed.
        surprisals: (T,) -log P of each token of the run's sentence given those before it, nats.
    """

    step: int
    seconds: float
    valid_perplexity: float
    sample: str
    surprisals: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "surprisals", frozen(self.surprisals, np.float64, (np.size(self.surprisals),), "surprisals")
        )


@dataclass(frozen=True)
class RunChange:
    """Something that was turned during a run: `name` (of `TURNED`) is `value` for all steps after number `step`."""

    step: int
    name: str
    value: float

    def __post_init__(self) -> None:
        if self.name not in TURNED:
            raise InputError(f"{self.name!r} cannot be turned; it must be one of {', '.join(TURNED)}.")


@dataclass(frozen=True, eq=False)
class RunLog:
    """A training run up to some step, as it was logged.

    Attributes:
        name: what the run is called on screen.
        architecture: "lstm" or "transformer".
        corpus: the text that it trains on.
        seed: of the starting weights, the batches, the dropout and the samples.
        n_parameters: how many weights the model has.
        n_steps: planned length in steps; None where the run goes by the clock.
        settings: the values of `TURNED` at its start.
        n_valid_tokens: how many validation tokens each checkpoint is measured on.
        baselines: perplexities of models that only count, on the same validation tokens, by name.
        floor: the perplexity on these tokens of the rules that wrote them, which no model can beat; None if unknown.
        prompt: the text before the samples.
        tokens: (T,) of the sentence whose surprisals are taken.
        step: (n,) numbers of the logged steps, rising. A long run is thinned: not every step is here.
        loss: (n,) of each step's batch, nats per token, dropout on; NaN once the run has diverged.
        learning_rate: (n,) that the step used.
        gradient_norm: (n,) L2 norm before clipping.
        tokens_per_second: (n,) over the last steps.
        seconds: (n,) of training up to there; measuring and pauses are left out.
        checkpoints: in order of their steps.
        changes: what was turned, in order.
        state: one of `RUN_STATES`.
        message: a sentence about the state, "" if there is nothing to say.
    """

    name: str
    architecture: str
    corpus: str
    seed: int
    n_parameters: int
    n_steps: int | None
    settings: Mapping[str, float]
    n_valid_tokens: int = 0
    baselines: Mapping[str, float] = field(default_factory=dict)
    floor: float | None = None
    prompt: str = ""
    tokens: tuple[str, ...] = ()
    step: np.ndarray = field(default_factory=lambda: np.zeros(0))
    loss: np.ndarray = field(default_factory=lambda: np.zeros(0))
    learning_rate: np.ndarray = field(default_factory=lambda: np.zeros(0))
    gradient_norm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tokens_per_second: np.ndarray = field(default_factory=lambda: np.zeros(0))
    seconds: np.ndarray = field(default_factory=lambda: np.zeros(0))
    checkpoints: tuple[RunCheckpoint, ...] = ()
    changes: tuple[RunChange, ...] = ()
    state: str = "starting"
    message: str = ""

    def __post_init__(self) -> None:
        if self.state not in RUN_STATES:
            raise InputError(f"state is {self.state!r}; it must be one of {', '.join(RUN_STATES)}.")
        if set(self.settings) != set(TURNED):
            raise InputError(f"settings name {', '.join(self.settings)}; they must name {', '.join(TURNED)}.")
        n_logged = np.size(self.step)
        object.__setattr__(self, "step", frozen(self.step, np.int64, (n_logged,), "step"))
        if (np.diff(self.step) <= 0).any():
            raise InputError("step must rise from one logged step to the next.")
        for name in RUN_CURVES[1:]:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, (n_logged,), name))
        for checkpoint in self.checkpoints:
            if checkpoint.surprisals.shape != (len(self.tokens),):
                raise InputError(
                    f"The checkpoint at step {checkpoint.step} has {checkpoint.surprisals.size} surprisals; "
                    f"the sentence has {len(self.tokens)} tokens."
                )
        for name in ("settings", "baselines"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for name in ("tokens", "checkpoints", "changes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def last_step(self) -> int:
        """Number of the last step that is known, 0 before the first."""
        steps = [*self.step[-1:].tolist(), *(checkpoint.step for checkpoint in self.checkpoints[-1:])]
        return max(steps, default=0)

    @property
    def perplexity(self) -> np.ndarray:
        """(n,) exp of the loss: the perplexity of each step's batch."""
        return np.array([perplexity_of(loss) if not math.isnan(loss) else math.nan for loss in self.loss.tolist()])

    def settings_at(self, step: int) -> dict[str, float]:
        """Return the values of `TURNED` that the step after number `step` uses, before the schedule."""
        values = dict(self.settings)
        for change in self.changes:
            if change.step <= step:
                values[change.name] = change.value
        return values

    def until(self, step: int) -> RunLog:
        """Return the run as it was known after step number `step`: later steps, checkpoints and changes are left out.

        A run that is cut short is said to be running.
        """
        if step >= self.last_step:
            return self
        kept = self.step <= step
        return replace(
            self,
            **{name: getattr(self, name)[kept] for name in RUN_CURVES},
            checkpoints=tuple(checkpoint for checkpoint in self.checkpoints if checkpoint.step <= step),
            changes=tuple(change for change in self.changes if change.step <= step),
            state="running",
            message="",
        )
