"""A run that is over, to look at as if it went on: the same questions as to a live one, and no training."""

from __future__ import annotations

import os
from pathlib import Path

from lessons.errors import InputError
from lessons.records import RunLog
from lessons.run_log import RUN_LOG, read_run_log

__all__ = ["RecordedRun", "recorded_run"]


class RecordedRun:
    """A run that was logged.

    Attributes:
        name: what it is called on screen.
        is_live: False; a `LiveRun` has True.
    """

    is_live = False

    def __init__(self, name: str, log: RunLog) -> None:
        """Take over a log.

        Args:
            name: what the run is called.
            log: the whole run.

        Raises:
            InputError: there is no name, or no log.
        """
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"The name of a run is {name!r:.60}; it must be a word or two.")
        if not isinstance(log, RunLog):
            raise InputError(f"log is of type {type(log).__name__}; it must be a RunLog, as read_run_log returns it.")
        self.name, self._log = name, log

    def __repr__(self) -> str:
        return f"RecordedRun({self.name!r}, {self._log.last_step:,} steps)"

    def log(self) -> RunLog:
        """Return the whole run."""
        return self._log


def recorded_run(path: str | os.PathLike[str], name: str | None = None) -> RecordedRun:
    """Return a run from its log.

    Args:
        path: of the log, or of the folder that it is in.
        name: what the run is called; left out, what it was called when it was logged.

    Raises:
        InputError: there is no such log.
    """
    path = Path(path)
    log = read_run_log(path / RUN_LOG if path.is_dir() else path)
    return RecordedRun(log.name if name is None else name, log)
