"""Training runs that nobody has trained: made-up logs with the curves of real ones, and a live run without a process.

log = made_up_log("lstm", n_steps=600)           # a finished run
log = made_up_log("lstm", until=200, state="paused")
run = FakeRun("lstm"); run.start(); run.advance(50)   # 50 steps "later"
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from lessons.errors import InputError
from lessons.records import TURNED, RunChange, RunCheckpoint, RunLog

__all__ = ["SENTENCE", "FakeRun", "RecordedRun", "made_up_log"]

SENTENCE = ("The", "king", "who", "sees", "the", "dogs", "was", "crowned", "in", "<unk>", ".")
_SAMPLES = (
    "town day in the <unk> of",
    "was the king in the town",
    "sees the dogs in the old town .",
    "who sees the dogs was crowned in the old town .",
)
_CAN_GO_ON = ("paused", "stopped", "diverged", "failed")
_NAMES = {"lstm": "LSTM", "transformer": "Transformer"}
_USUAL = {"learning_rate": 0.004, "dropout": 0.1, "clip": 0.25}


def _loss(step, seed, settings, floor, architecture):
    """Return a loss that falls towards the floor, sooner with a rate near 0.004, and a gradient norm."""
    rng = np.random.default_rng((seed, step, 0 if architecture == "lstm" else 1))
    speed = 90 * (1 + abs(math.log(settings["learning_rate"] / 0.004)))
    target = math.log(floor) + 0.25 + settings["dropout"] / 2
    level = target + (math.log(300) - target) * math.exp(-step / speed)
    return level + rng.normal(0, 0.08), 0.2 * math.exp(rng.normal(0, 0.45)) + 0.5 * math.exp(-step / 15)


def _checkpoint(step, n_steps, perplexity, seconds):
    share = step / n_steps
    rng = np.random.default_rng(step)
    surprisals = (5.6 - 3.4 * share) * rng.uniform(0.4, 1.1, len(SENTENCE))
    return RunCheckpoint(step, seconds, perplexity, _SAMPLES[min(3, int(4 * share))], surprisals)


def made_up_log(
    architecture="lstm",
    *,
    n_steps=400,
    until=None,
    state="finished",
    message="",
    seed=7,
    every=50,
    changes=(),
    diverges_at=None,
    corpus="a toy language",
    seconds_a_step=0.1,
    **settings,
):
    """Return the log of a run up to step `until`.

    Args:
        changes: `RunChange`s that act on the curve from their steps on.
        diverges_at: from this step on the loss is NaN.
        settings: values of `TURNED` at the start.
    """
    until = n_steps if until is None else until
    floor = 24.0
    log = RunLog(
        name=_NAMES.get(architecture, architecture),
        architecture=architecture,
        corpus=corpus,
        seed=seed,
        n_parameters=231_000,
        n_steps=n_steps,
        settings=_USUAL | settings,
        n_valid_tokens=4000,
        baselines={"unigram": 162.0, "bigram": 58.0},
        floor=floor,
        prompt="The king",
        tokens=SENTENCE,
        changes=tuple(change for change in changes if change.step <= until),
        state=state,
        message=message,
    )
    steps = np.arange(1, until + 1)
    losses, norms, rates, found = [], [], [], [_checkpoint(0, n_steps, 301.5, 0.0)]
    for step in steps.tolist():
        now = log.settings_at(step - 1)
        loss, norm = _loss(step, seed, now, floor, architecture)
        gone = diverges_at is not None and step >= diverges_at
        losses.append(math.nan if gone else loss)
        norms.append(math.nan if gone else norm)
        rates.append(now["learning_rate"] * min(1, step / 20))
        if step % every == 0:
            perplexity = math.nan if gone else math.exp(_loss(step, seed + 1, now, floor, architecture)[0] + 0.03)
            found.append(_checkpoint(step, n_steps, perplexity, seconds_a_step * step))
    return replace(
        log,
        step=steps,
        loss=np.array(losses),
        gradient_norm=np.array(norms),
        learning_rate=np.array(rates),
        tokens_per_second=np.full(until, 6400.0),
        seconds=seconds_a_step * steps,
        checkpoints=tuple(found),
    )


class RecordedRun:
    """A run that is over: what `recorded_run` returns."""

    is_live = False

    def __init__(self, log):
        self.name, self._log = log.name, log

    def log(self):
        return self._log


class FakeRun:
    """A live run whose steps happen when `advance` is called. `told` notes what it was asked to do."""

    is_live = True

    def __init__(self, architecture="lstm", *, n_steps=400, seed=7, every=50, changes=(), **settings):
        self.name = _NAMES.get(architecture, architecture)
        self.told, self.is_closed = [], False
        self._made = {"architecture": architecture, "n_steps": n_steps, "seed": seed, "every": every}
        self._settings = _USUAL | {name: value for name, value in settings.items() if value is not None}
        self._changes, self._done, self._state, self._message, self._log = list(changes), 0, "", "", None
        about = made_up_log(**self._made, **self._settings, until=0, state="starting")
        self.plan = SimpleNamespace(about=replace(about, checkpoints=(), n_parameters=0))

    def log(self):
        if not self._state:
            return None
        if self._log is None:
            if self._state == "starting":
                return self.plan.about
            shown = {"until": self._done, "state": self._state, "message": self._message}
            self._log = made_up_log(**self._made, **shown, **self._settings, changes=self._changes)
        return self._log

    def start(self):
        self._tell("start", "running" if self._state in _CAN_GO_ON else self._state or "starting")

    def pause(self):
        self._tell("pause", "paused" if self._state == "running" else self._state)

    def resume(self):
        self._tell("resume", "running" if self._state in ("paused", "stopped") else self._state)

    def step(self, n=1):
        self._tell("step", "running")
        self.advance(n)
        self._now("paused")

    def stop(self):
        self._tell("stop", "stopped")

    def close(self):
        self.is_closed = True

    def turn(self, **values):
        for name, value in values.items():
            if name not in TURNED or not 0 <= value < (1 if name == "dropout" else 1e3):
                raise InputError(f"{name} is {value}; it cannot be turned so far.")
        self.told.append(values)
        for name, value in values.items():
            self._changes.append(RunChange(self._done, name, value))
        self._log = None

    def again(self, folder=None, **instead):
        """Return a run like this one: exactly so, or with what is given instead."""
        return FakeRun(**{**self._made, "changes": self._changes, **self._settings, **instead})

    def advance(self, n):
        """Let the process do n steps."""
        if self._state in ("starting", "running"):
            self._done = min(self._made["n_steps"], self._done + n)
            self._now("finished" if self._done == self._made["n_steps"] else "running")

    def fail(self, state, message):
        """Let the run end in another way."""
        self._now(state, message)

    def _tell(self, what, state):
        if self.is_closed:
            raise InputError("This run is closed.")
        self.told.append(what)
        if state != self._state:
            self._now(state)

    def _now(self, state, message=""):
        self._state, self._message, self._log = state, message, None
