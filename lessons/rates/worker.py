"""The process in which a live range test trains: `python -m lessons.rates.worker`, started by `LiveFinder`.

It reads one line of JSON, the keywords of `watch_rate` with the corpus by name, and writes lines of JSON: what is
tested, then a loss a step, then how it ended. The end of its input means that nobody waits for it any more.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

__all__ = ["main"]


def _leave_with_the_kernel() -> None:
    """Wait for the end of the input, in a thread of its own, and then end the process at once.

    It reads past Python's buffer, whose lock an interpreter that ends must be able to take.
    """
    while os.read(0, 4096):
        pass
    os._exit(0)


def _write(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Do the range test that is asked for; return the exit code, 1 for an error that was explained."""
    asked: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_the_kernel, daemon=True).start()

    import torch

    from lessons.errors import GlassboxError
    from lessons.live.texts import read_live_text
    from lessons.rates.finder import watch_rate
    from lessons.rates.table import ABOUT

    torch.set_num_threads(1)
    try:
        corpus = read_live_text(asked.pop("corpus"), "", Path()).corpus
        done = 0
        for curve in watch_rate(corpus=corpus, **asked):
            if not done:
                _write(about={name: getattr(curve, name) for name in ABOUT})
            for loss in curve.losses[done:].tolist():
                _write(loss=loss)
            done = curve.losses.size
        _write(ended=curve.ended)
    except GlassboxError as error:
        _write(failed=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
