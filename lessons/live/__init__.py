"""Live training: a run in a process of its own, watched, paused, turned and stopped from a notebook.

from lessons.live import LiveRun
run = LiveRun("lstm")              # the toy language; nothing is loaded, nothing is fetched
run.start()
run.log()                          # the run so far: a RunLog
"""

from __future__ import annotations

from lessons.live.live_run import LiveRun
from lessons.live.plan import RunPlan
from lessons.live.recorded import RecordedRun, recorded_run

__all__ = ["LiveRun", "RecordedRun", "RunPlan", "recorded_run"]
