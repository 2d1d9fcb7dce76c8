"""A Python process of our own beside this one: what it finds when it starts, and why it ended if it did not say so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

__all__ = ["last_line", "start_beside", "why_it_ended"]

_MOST = 4000  # bytes of an output that are looked at


def start_beside(
    module: str, *arguments: str, threads: int, output: BinaryIO, errors: BinaryIO
) -> subprocess.Popen[bytes]:
    """Start `python -m module arguments`, with a pipe to its stdin.

    Args:
        module: one of ours, found wherever this process found it.
        arguments: for it.
        threads: how many it computes with.
        output, errors: files that its stdout and stderr go to.

    Raises:
        OSError: it cannot be started.
    """
    root = str(Path(__file__).resolve().parents[1])
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONSAFEPATH": "1",  # from Python 3.11 on, a learner's random.py in the working folder is not ours
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=errors, env=environment)


def why_it_ended(code: int | None, errors: Path) -> str:
    """Return a sentence on why a process ended.

    Args:
        code: of its end, as `Popen.poll` returns it.
        errors: the file that its stderr went to.
    """
    if code == -9:
        why = "The system ended the process that trains (signal 9), as it does when memory runs out."
    elif code is not None and code < 0:
        why = f"The process that trains was ended by signal {-code}."
    else:
        why = f"The process that trains ended with code {code}."
    written = last_line(errors)
    return f"{why} Its last line was: {written}" if written else why


def last_line(path: Path) -> str:
    """Return the last line of a file, "" if there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _MOST))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""
