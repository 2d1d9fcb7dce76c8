"""A run on the stage of a TrainingTheatre: what it is doing, what can be asked of it, and the runs before it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from lessons.errors import GlassboxError, InputError
from lessons.records import RunLog
from widgets.bars import hue_of
from widgets.words import clean, listing, numbered, show

__all__ = ["DEEDS", "Recording", "Stage", "stages_of"]

MOST_KEPT = 3  # logs of earlier runs
_SOON = 3.0  # seconds in which what was asked for must show
_WAITING = {
    "running": "It is training already.",
    "starting": "It is starting already.",
    "finished": "All planned steps are done; train from the start.",
    "diverged": "It has diverged.",
    "failed": "It has failed.",
    "": "It has not been started yet.",
    "paused": "It is paused already.",
    "stopped": "It is stopped already.",
}
#: What can be asked of a run, and in which states; "" is before its start.
DEEDS: dict[str, tuple[str, ...]] = {
    "start": ("", "paused", "stopped", "diverged", "failed"),
    "pause": ("starting", "running"),
    "step": ("", "paused", "stopped", "running", "diverged", "failed"),
    "stop": ("starting", "running", "paused"),
    "again": ("starting", "running", "paused", "stopped", "finished", "diverged", "failed"),
    "repeat": ("starting", "running", "paused", "stopped", "finished", "diverged", "failed"),
}
_DONE_ALREADY = {"start": ("starting", "running"), "pause": ("paused",), "stop": ("stopped",)}
_shown: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # by live run: on how many stages it is


class Recording:
    """A log as a run that is over."""

    is_live = False

    def __init__(self, log: RunLog) -> None:
        self.name, self._log = log.name, log

    def log(self) -> RunLog:
        """Return the whole log."""
        return self._log


class Stage:
    """One run, and how it is drawn.

    Args:
        run: with the protocol of a run: `name`, `is_live`, `log()` and, if it is live, `start`, `pause`, `step`,
            `stop`, `turn` and `close`.
        which: 0 for the first run of the theatre, 1 for the second.
        name: as it is shown; None for its own.
    """

    def __init__(self, run: Any, which: int, name: str | None = None) -> None:
        self.run, self.which = run, which
        self.look()
        self.name = show(str(name or run.name))
        self.is_live = bool(run.is_live)
        self.kept: tuple[RunLog, ...] = ()
        self.repeats: RunLog | None = None  # the run that this one repeats
        self._asked, self._until = False, 0.0
        self._before: RunLog | None = None  # the log when something was asked for
        self._named: tuple[RunLog | None, RunLog | None] = (None, None)  # a log, and the same with this stage's name
        self._wanted: dict[str, tuple[float, int]] = {}  # what was turned, and how many changes the log had then
        if self.is_live:
            _shown[run] = _shown.get(run, 0) + 1

    def look(self) -> None:
        """See how the run is now. All that a stage says is of the last look: what is drawn together is of one moment,
        for a run goes on between two questions, and the page asks no more once it hears that nothing is going on."""
        self._seen: RunLog | None = self.run.log()

    @property
    def log(self) -> RunLog | None:
        """The run as it was seen, under this stage's name; before its start, what it will be if that is known."""
        log = self._seen
        if log is None:
            log = getattr(getattr(self.run, "plan", None), "about", None)
        if log is None or log.name == self.name:
            return log
        if log is not self._named[0]:  # made once: what has not changed is not drawn again
            self._named = log, replace(log, name=self.name)
        return self._named[1]

    @property
    def settings(self) -> dict[str, float]:
        """What the next step uses, as far as it is known: what was turned a moment ago counts already."""
        log = self.log
        if log is None:
            return {}
        for name, (value, n_changes) in list(self._wanted.items()):
            if any(change.name == name and change.value == value for change in log.changes[n_changes:]):
                del self._wanted[name]  # it is in the log
        return log.settings_at(log.last_step) | {name: value for name, (value, _) in self._wanted.items()}

    @property
    def state(self) -> str:
        """One of `lessons.records.RUN_STATES`; "" before the start."""
        return self._seen.state if self._seen is not None else "starting" if self._asked else ""

    @property
    def hue(self) -> str:
        """The hue of its model."""
        log = self.log
        return hue_of(log.architecture if log is not None else str(self.run.name).lower())

    @property
    def folder(self) -> str:
        """Where the run keeps what it needs to go on, if its owner said where; else ""."""
        named = self.is_live and not getattr(self.run, "is_temporary", True)
        return clean(str(self.run.folder)) if named else ""

    @property
    def is_going(self) -> bool:
        """Whether something will change by itself, or what was asked for a moment ago may not show yet."""
        if not self.is_live or self.state in ("starting", "running"):
            return self.is_live
        return time.monotonic() < self._until and self._seen is self._before

    def why_not(self, deed: str) -> str:
        """Return why a deed cannot be done now, "" if it can."""
        if not self.is_live:
            return "It is a recording."
        if deed in ("again", "repeat") and not callable(getattr(self.run, "again", None)):
            return "This run cannot be made again; run its cell again."
        state = self.state
        if state in DEEDS[deed]:
            return ""
        if deed in ("pause", "stop") and state in ("finished", "diverged", "failed"):
            return "It has ended: nothing is training."
        return _WAITING[state]

    def do(self, deed: str, keep: bool = True, n: int = 1) -> None:
        """Do a deed. Args: keep, whether the run before stays on the chart; n, of a step.

        Raises:
            InputError: it cannot be done now.
        """
        if self.state in _DONE_ALREADY.get(deed, ()):
            return
        reason = self.why_not(deed)
        if reason:
            raise InputError(f"{self.name}: {reason}")
        self._before, self._until = self._seen, time.monotonic() + _SOON
        if deed in ("again", "repeat"):
            self._go_again(deed == "repeat", keep)
        elif deed == "start":
            self.run.start()
        elif deed == "step":
            self.run.step(n)
        else:
            getattr(self.run, deed)()
        self._asked = True

    def turn(self, **values: float) -> None:
        """Turn the rate, the dropout or the clipping of the run, now or for its start."""
        if not self.is_live:
            raise InputError(f"{self.name} is a recording; only a live run can be turned.")
        self.look()
        log = self._seen
        self.run.turn(**values)
        n_changes = 0 if log is None else len(log.changes)
        self._wanted |= {name: (float(value), n_changes) for name, value in values.items()}
        if log is not None:
            self._before, self._until = log, time.monotonic() + _SOON

    def _go_again(self, exactly: bool, keep: bool) -> None:
        """End the run and start a new one like it: exactly so, or with what it was turned to last."""
        old, new, ends = self.run, None, self.state in DEEDS["stop"]
        settings = {} if exactly else {"changes": (), **self.settings}
        end = getattr(old, "end_process", old.stop if ends else None)
        if end is not None:  # first, for the memory may not suffice for two; one that has ended may still be saving
            end()
            self.look()
        log = self.log
        assert log is not None
        try:
            new = old.again(**settings)
            new.start()
        except Exception as error:
            if new is not None:
                new.close()
            if ends and isinstance(error, GlassboxError):
                raise InputError(f"{error} {self.name} was stopped for it, and Start goes on with it.") from error
            raise
        self.run = new
        _shown[new] = 1
        old.close()
        over = replace(log, state="stopped") if log.state in ("starting", "running", "paused") else log
        self.kept = (*self.kept, over)[-MOST_KEPT:] if keep and log.last_step else self.kept
        self.repeats, self._wanted, self._asked = over if exactly else None, {}, False

    def leave(self) -> bool:
        """Let go of the run; return whether it is a live one that no other stage has."""
        if self.is_live:
            _shown[self.run] = _shown.get(self.run, 1) - 1  # one that is collected together with its theatre is gone
        return self.is_live and not _shown[self.run]

    def close(self) -> None:
        """Let go of the run, and end a live one that no other stage has."""
        if self.leave():
            with contextlib.suppress(Exception):  # the others have to be closed, too
                self.run.close()


def stages_of(runs: tuple[Any, ...]) -> tuple[Stage, ...]:
    """Return the stages of one or two runs.

    Raises:
        InputError: there are none or more than two, or one is no run.
    """
    if not 1 <= len(runs) <= 2:
        raise InputError(f"{len(runs)} runs were given; give one, or two to be laid over each other.")
    runs = tuple(Recording(run) if isinstance(run, RunLog) else run for run in runs)
    for run in runs:
        _check(run)
    if len(runs) == 2 and runs[0] is runs[1]:
        raise InputError("The same run was given twice; give two runs.")
    names = numbered([str(run.name) for run in runs])
    return tuple(Stage(run, which, name) for which, (run, name) in enumerate(zip(runs, names, strict=True)))


def _check(run: Any) -> None:
    """Raise InputError unless this is a run."""
    needed = ["name", "log", "is_live"]
    if getattr(run, "is_live", False):
        needed += ["start", "pause", "step", "stop", "turn", "close"]
    missing = [name for name in needed if not hasattr(run, name)]
    if missing:
        raise InputError(
            f"A {type(run).__name__} is no run: it has no {listing(missing)}. Give a LiveRun (lessons.live), a "
            "recorded run or a RunLog."
        )
    log = run.log()  # of a live one, too: what cannot be read is refused before any run counts as shown
    if not run.is_live and not isinstance(log, RunLog):
        raise InputError(f"The recorded run {run.name!s:.40} has no log.")
