"""The process of a live run as its parent sees it: started, told, asked whether it lives, and ended in time."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lessons.live.run_folder import IN_USE
from lessons.processes import last_line, start_beside, why_it_ended
from lessons.records import RunLog

__all__ = ["OVER", "Child", "end_all", "stopped"]

OVER = ("stopped", "finished", "diverged", "failed")  # states after which a process ends

_OUTPUT = "output.txt"  # in the run's folder: what the process writes to stdout and stderr
_ENDING = 5.0  # seconds in which a process that is to end may save


class Child:
    """A process that trains in a folder. It has no thread in this process, and only `wait` and `end` wait.

    Args:
        folder: with the plan of the run.
        threads: how many it computes with.
        temporary: whether it removes the folder if this process ends without a word.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, folder: Path, threads: int, temporary: bool) -> None:
        self._output = folder / _OUTPUT
        with open(self._output, "wb") as output:
            self._process = start_beside(
                "lessons.live.worker",
                str(folder),
                *["temporary"] * temporary,
                threads=threads,
                output=output,
                errors=output,
            )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def tell(self, do: str, **what: Any) -> None:
        """Give it an order; see `lessons.live.worker`. One that is gone hears nothing."""
        line = json.dumps({"do": do, **what}) + "\n"
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once, whatever it does; what it saved is whole."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def wait(self) -> None:
        """Wait for one that ends, having been told to or having said its last word, and kill it if that takes long."""
        until = time.monotonic() + _ENDING
        while self.alive and time.monotonic() < until:
            time.sleep(0.005)
        self.kill()
        self._process.wait()
        self._hang_up()

    def end(self) -> None:
        """Let it save and end, as if this process were gone: it removes a temporary folder."""
        self._hang_up()
        self.wait()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def how_it_is(self, log: RunLog, asked_to_stop: bool) -> RunLog:
        """Return the run of a process that has ended, with the state that it is in even if the log does not say so.

        Args:
            log: as it was read after the process had ended.
            asked_to_stop: whether it was told to stop.
        """
        code = self._process.poll()
        if log.state in OVER:
            return log
        if asked_to_stop or code == -signal.SIGINT:  # interrupted before it could listen to that
            return stopped(log)
        why = last_line(self._output) if code == IN_USE else why_it_ended(code, self._output)
        return replace(log, state="failed", message=why)


def stopped(log: RunLog) -> RunLog:
    """Return a run whose process was killed."""
    return replace(log, state="stopped", message=f"Stopped at step {log.last_step:,}; it can go on.")


def end_all(children: list[Child], temporary: Path | None) -> None:
    """End processes, and remove their folder, if nobody needs it any more.

    Args:
        children: the processes; the list is empty afterwards.
        temporary: the folder to remove, or None.
    """
    for child in children:
        if temporary is not None:
            child.kill()
        child.end()
    children.clear()
    if temporary is not None:
        shutil.rmtree(temporary, ignore_errors=True)
