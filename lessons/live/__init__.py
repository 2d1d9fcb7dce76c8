"""Live training: a run in a process of its own, watched, paused, turned and stopped from a notebook.

from lessons.live import LiveRun
run = LiveRun("lstm")              # the toy language; nothing is loaded, nothing is fetched
run.start()
run.log()                          # the run so far: a RunLog
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lessons.live.live_run import LiveRun
from lessons.live.plan import RunPlan
from lessons.live.recorded import RecordedRun, recorded_run

if TYPE_CHECKING:
    from lessons.live.in_this_process import logged_run

__all__ = ["LiveRun", "RecordedRun", "RunPlan", "logged_run", "recorded_run"]


def __getattr__(name: str) -> Any:
    if name != "logged_run":
        raise AttributeError(f"module 'lessons.live' has no attribute {name!r}; it offers {', '.join(__all__)}")
    from lessons.live.in_this_process import logged_run  # which loads torch

    return logged_run
