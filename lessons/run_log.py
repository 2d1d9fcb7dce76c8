"""The log of a training run: a file of lines that a run appends to and that anybody may read meanwhile.

Each line is one JSON object with a `kind`:

    run         what is trained and on what: all fields of a `RunLog` that do not grow
    step        what one optimizer step did
    checkpoint  what the model could do at that moment
    change      what was turned
    state       what the run is doing now, with a message
    resumed     the run goes on after this step: what was logged beyond it counts no more, but what was turned
                beyond it and is listed here (`again`) will be turned again where it was turned

A line that is not ended yet is left for the next look, so a reader never sees half a step. JSON knows no NaN: it is
written as null.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lessons.errors import InputError
from lessons.records import RUN_CURVES, RunChange, RunCheckpoint, RunLog, TrainingStep, curves_of

__all__ = ["RUN_LOG", "RunLogReader", "RunLogWriter", "left_to_turn", "read_run_log"]

RUN_LOG = "log.jsonl"  # in a run's folder

_OF_RUN = (
    "name",
    "architecture",
    "corpus",
    "seed",
    "n_parameters",
    "n_steps",
    "settings",
    "n_valid_tokens",
    "baselines",
    "floor",
    "prompt",
    "tokens",
)


class RunLogWriter:
    """Appends to a run's log; every line is handed to the system whole and at once.

    Args:
        path: of the log; an older one is gone on with.

    Raises:
        OSError: it cannot be written to.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        with open(self._path, "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")  # a killed process has left half a line, which then stands alone

    def run(self, log: RunLog) -> None:
        """Write what the run is. Args: log, of which the growing fields are not written."""
        self._write("run", {name: _plain(getattr(log, name)) for name in _OF_RUN})

    def step(self, step: TrainingStep) -> None:
        """Write what a step did."""
        self._write("step", {name: getattr(step, name) for name in RUN_CURVES})

    def checkpoint(self, checkpoint: RunCheckpoint) -> None:
        """Write what the model can do now."""
        surprisals = [_finite(value) for value in checkpoint.surprisals.round(4).tolist()]
        self._write("checkpoint", {**vars(checkpoint), "surprisals": surprisals})

    def change(self, change: RunChange) -> None:
        """Write what was turned."""
        self._write("change", asdict(change))

    def state(self, state: str, message: str = "") -> None:
        """Write what the run is doing now, one of `lessons.records.RUN_STATES`."""
        self._write("state", {"state": state, "message": message})

    def resumed(self, step: int, again: Iterable[RunChange] = ()) -> None:
        """Write that the run goes on after this step. Args: again, what will be turned later as it was before."""
        self._write("resumed", {"step": step, "again": [asdict(change) for change in again]})

    def _write(self, kind: str, fields: dict[str, Any]) -> None:
        finite = {name: _finite(value) for name, value in fields.items()}
        line = json.dumps({"kind": kind, **finite}, ensure_ascii=False, allow_nan=False) + "\n"
        with open(self._path, "ab") as file:
            file.write(line.encode())


class RunLogReader:
    """Reads a run's log while it grows: each look reads only what has come since the last one. Threads may share it.

    Args:
        path: of the log; it need not be there yet.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path, self._read, self._has_more = Path(path), 0, False
        self._lock = threading.Lock()  # two looks at once would take the same lines twice, and then leave others out
        self._run: dict[str, Any] | None = None
        self._steps: dict[int, list[float]] = {}
        self._checkpoints: dict[int, RunCheckpoint] = {}
        self._changes: list[RunChange] = []
        self._again: tuple[RunChange, ...] = ()  # what is still to be turned as it was before
        self._has_diverged = False  # since the run was gone on with
        self._state, self._message = "starting", ""
        self._log: RunLog | None = None

    def look(self) -> RunLog | None:
        """Return the run as logged so far; None while there is not even its first line.

        Raises:
            InputError: the file is no log of a run.
        """
        with self._lock:
            return self._looked()

    def _looked(self) -> RunLog | None:
        try:
            with open(self._path, "rb") as file:
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return self._log
        for line in new.split(b"\n")[:-1]:  # what follows the last line's end is not all there yet
            self._has_more = True
            self._take(line)
            self._read += len(line) + 1  # line by line: an interrupt of the kernel may end this anywhere
        if self._has_more and self._run is not None:
            self._log, self._has_more = self._built(), False
        return self._log

    def turned_after(self, step: int) -> tuple[RunChange, ...]:
        """Return what a run that goes on after a step has to turn again, in order, to be the run that it was.

        It is nothing if the run has diverged there: it would do so again.
        """
        if self._has_diverged:
            return ()
        return tuple(change for change in (*self._changes, *self._again) if change.step > step)

    def _take(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            kind = entry.pop("kind")
            if kind == "run":
                self._run = entry
            elif kind == "step":
                self._steps[entry["step"]] = [_number(entry[name]) for name in RUN_CURVES]
            elif kind == "checkpoint":
                entry["valid_perplexity"] = _number(entry["valid_perplexity"])
                self._checkpoints[entry["step"]] = RunCheckpoint(**entry)
            elif kind == "change":
                self._changes.append(RunChange(**entry))
                self._again = left_to_turn(self._again, self._changes[-1])
            elif kind == "state":
                self._state, self._message = entry["state"], entry["message"]
                self._has_diverged |= self._state == "diverged"
            elif kind == "resumed":
                self._forget_after(entry["step"])
                self._again = tuple(RunChange(**fields) for fields in entry.get("again", ()))
                self._has_diverged = False
        except ValueError as error:
            if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
                return  # what a killed process has half written; the run was resumed after it
            raise InputError(f"{self._path} cannot be read as the log of a run: {error}") from error
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(f"{self._path} cannot be read as the log of a run: {error!r}") from error

    def _forget_after(self, step: int) -> None:
        self._steps = {at: values for at, values in self._steps.items() if at <= step}
        self._checkpoints = {at: found for at, found in self._checkpoints.items() if at <= step}
        self._changes = [change for change in self._changes if change.step <= step]

    def _built(self) -> RunLog:
        assert self._run is not None
        return RunLog(
            **self._run,
            **curves_of([self._steps[at] for at in sorted(self._steps)]),
            checkpoints=tuple(self._checkpoints[at] for at in sorted(self._checkpoints)),
            changes=tuple(self._changes),
            state=self._state,
            message=self._message,
        )


def left_to_turn(again: tuple[RunChange, ...], change: RunChange) -> tuple[RunChange, ...]:
    """Return what is left to be turned as it was before, once something is turned.

    Args:
        again: what was left before that.
        change: one of those; or something new, after which nothing of that name is turned by itself any more.
    """
    if change in again:
        at = again.index(change)
        return (*again[:at], *again[at + 1 :])
    return tuple(one for one in again if one.name != change.name)


def read_run_log(path: str | os.PathLike[str]) -> RunLog:
    """Return the run that a log tells of.

    Raises:
        InputError: there is no such file, or it is no log of a run.
    """
    log = RunLogReader(path).look()
    if log is None:
        raise InputError(f"{path} holds no run: the file is missing, or has no first line that says what is trained.")
    return log


def _plain(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return dict(value) if hasattr(value, "keys") else list(value)
    return value


def _finite(value: Any) -> Any:
    """Return a value, or None for a number that JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | None) -> float:
    return math.nan if value is None else value
