"""The process of a live run as its parent sees it: started, told, asked whether it lives, and ended in time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lessons.live.run_folder import IN_USE

__all__ = ["Child", "end_all"]

_OUTPUT = "output.txt"  # in the run's folder: what the process writes to stdout and stderr
_ENDING = 5.0  # seconds in which a process that is to end may save
_MOST_OUTPUT = 4000  # bytes of it that are looked at


class Child:
    """A process that trains in a folder. It has no thread in this process, and nothing waits for it but `end`.

    Args:
        folder: with the plan of the run.
        threads: how many it computes with.
        temporary: whether it removes the folder if this process ends without a word.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, folder: Path, threads: int, temporary: bool) -> None:
        self._output = folder / _OUTPUT
        root = str(Path(__file__).resolve().parents[2])
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONSAFEPATH": "1",  # a learner's random.py in the working folder is not ours
            "PYTHONUNBUFFERED": "1",
        }
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lessons.live.worker", str(folder), *["temporary"] * temporary],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
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

    def end(self) -> None:
        """Let it save and end, and kill it if that takes longer than a moment."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        until = time.monotonic() + _ENDING
        while self.alive and time.monotonic() < until:
            time.sleep(0.005)
        self.kill()
        self._process.wait()

    @property
    def was_interrupted(self) -> bool:
        """Whether an interrupt ended it before it could listen to one."""
        return self._process.poll() == -signal.SIGINT

    def last_words(self) -> str:
        """Return a sentence on why it ended, for one that ended without saying so in the log."""
        code = self._process.poll()
        written = self._written()
        if code == IN_USE:
            return written
        if code == -9:
            why = "The system ended the process that trains (signal 9), as it does when memory runs out."
        elif code is not None and code < 0:
            why = f"The process that trains was ended by signal {-code}."
        else:
            why = f"The process that trains ended with code {code}."
        return f"{why} Its last line was: {written}" if written else why

    def _written(self) -> str:
        """Return the last line that it wrote."""
        try:
            with open(self._output, "rb") as file:
                file.seek(max(0, self._output.stat().st_size - _MOST_OUTPUT))
                lines = file.read().decode("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""


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
        with contextlib.suppress(OSError):
            shutil.rmtree(temporary)
