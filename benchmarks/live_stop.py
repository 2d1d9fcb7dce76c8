"""Stop and interrupt of a live training at random moments of its life: how long until its process is gone?

Run it from the project's folder: python -m benchmarks.live_stop [--save]    (Linux)

One folder for Stop and one for the interrupt; in each, a run on the toy language is started again and again and ended
after a random time: half of the times between the start and the first step (PyTorch is loaded, the text read, the model
made), half of the times after it, while it trains, measures and saves. Every start goes on from what the last end left.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.common import arguments, finish, summary, table
from lessons.live import LiveRun

PATIENCE = 300.0


def waited(run: LiveRun, until: Callable[[], bool]) -> float:
    """Return the seconds until something is so, or until the run's process is gone."""
    begin = time.perf_counter()
    while not until() and run.log().state not in ("stopped", "failed") and time.perf_counter() - begin < PATIENCE:
        time.sleep(0.005)
    return time.perf_counter() - begin


def ended(run: LiveRun, how: str, draw: random.Random) -> tuple[float, str]:
    """End a run; return the milliseconds until its process has saved and is gone, and what its log then says."""
    begin = time.perf_counter()
    if how == "Stop":
        run.stop()
    else:
        os.killpg(os.getpgrp(), signal.SIGINT)
        if draw.random() < 0.3:  # somebody who is impatient
            time.sleep(0.1 * draw.random())
            os.killpg(os.getpgrp(), signal.SIGINT)
    while run.pid is not None and time.perf_counter() - begin < PATIENCE:
        time.sleep(0.001)
    return 1000 * (time.perf_counter() - begin), run.log().state


def main() -> None:
    chosen = arguments(
        __doc__,
        rounds=(int, 50, "times each"),
        longest=(float, 5.0, "seconds from the first step to the end, at most"),
        architecture=(str, "lstm", "lstm or transformer"),
        text=(str, "toy", "toy or wikitext-2"),
    )
    os.setpgrp()  # an interrupt goes to all processes of a group: here to this one and its children
    signal.signal(signal.SIGINT, lambda *_: None)
    draw = random.Random(1)
    times: dict[str, list[float]] = {}
    states: dict[str, Counter[str]] = {}
    starts: list[float] = []
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        for how in ("Stop", "interrupt"):
            run = LiveRun(
                chosen.architecture, chosen.text, n_steps=100_000, evaluations=1000, folder=Path(folder) / how
            )
            run.step()  # the first start, which takes longest, is no round
            first = waited(run, lambda: run.log().state == "paused")  # noqa: B023
            ended(run, how, draw)
            for phase, name in enumerate((f"{how}, before the first step", f"{how}, after it")):
                times[name], states[name] = [], Counter()
                for _ in range(chosen.rounds // 2):
                    before = run.log().last_step
                    run.start()
                    if phase == 0:
                        time.sleep(draw.uniform(0, first))
                    else:
                        starts.append(waited(run, lambda: run.log().last_step > before))  # noqa: B023
                        time.sleep(draw.uniform(0, chosen.longest))
                    reached = run.log().last_step
                    milliseconds, state = ended(run, how, draw)
                    lost += run.log().last_step < reached
                    times[name].append(milliseconds)
                    states[name][state] += 1
            run.start()
            before = run.log().last_step
            waited(run, lambda: run.log().last_step > before)  # noqa: B023
            states[f"{how}, at last resumed"] = Counter([run.log().state])
            run.close()
        left = len(psutil.Process().children(recursive=True))
    threads = threading.active_count() - 1
    rows = {name: summary(values) for name, values in times.items()}
    rows["all"] = summary([value for values in times.values() for value in values])
    rows["start to first step, resumed"] = summary([1000 * seconds for seconds in starts])
    table(
        ["milliseconds", "n", "median", "p95", "least", "most"], [[name, *row.values()] for name, row in rows.items()]
    )
    said = {name: dict(counted) for name, counted in states.items()}
    unreadable = sum(counted["failed"] for counted in states.values())
    print(f"States after it: {said}")
    print(f"Checkpoints that could not be read: {unreadable}; ends that lost a step: {lost}.")
    print(f"Left over: {left} processes, {threads} threads.")
    more = {"states": said, "unreadable": unreadable, "lost": lost, "processes_left": left, "threads_left": threads}
    finish("live_stop", {"milliseconds": rows, **more}, chosen.save)


if __name__ == "__main__":
    main()
