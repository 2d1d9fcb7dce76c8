"""The process that trains: `python -m lessons.live.worker FOLDER`, started by `LiveRun` and told what to do on stdin.

A line on stdin is a JSON object: {"do": "pause"}, {"do": "resume"}, {"do": "step", "n": 1}, {"do": "stop"}, or
{"do": "turn", "name": "clip", "value": 1.0}. The end of stdin means that whoever started it is gone. What it does is
said in the folder's log. An interrupt (SIGINT), which a notebook sends to the kernel and all its children, stops it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from lessons.errors import GlassboxError
from lessons.live.plan import RunPlan
from lessons.live.run_folder import IN_USE
from lessons.run_lock import open_folder
from lessons.run_log import RUN_LOG, RunLogWriter

if TYPE_CHECKING:
    from lessons.live.logged import LoggedTraining

__all__ = ["Ears", "main"]

_NICE = 5  # how far it steps back behind the page and the kernel


class Ears:
    """What the process is told, and how it obeys: the `look` of a `LoggedTraining`."""

    def __init__(self) -> None:
        self.training: LoggedTraining | None = None
        self.alone = False  # whoever started it is gone
        self._told: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._stopped = self._paused = False
        self._pause_after: int | None = None  # number of the step

    def tell(self, told: dict[str, Any]) -> None:
        """Take an order; safe from a thread and from a signal's handler."""
        self._told.put(told)

    def listen(self, stdin: int) -> None:
        """Take orders from a file until its end, in a thread of its own."""
        threading.Thread(target=self._read, args=(stdin,), daemon=True).start()

    def _read(self, stdin: int) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while new := os.read(stdin, 65536):
                *lines, rest = (rest + new).split(b"\n")
                for line in lines:
                    self.tell(json.loads(line))
        self.alone = True
        self.tell({"do": "stop"})

    def look(self, may_wait: bool) -> bool:
        """Do what was told; wait while the run is to pause; return whether it is to end."""
        assert self.training is not None
        while not self._stopped:
            if self._pause_after is not None and self.training.trainer.step >= self._pause_after:
                self._paused, self._pause_after = True, None
            waiting = self._paused and may_wait
            if waiting and self._told.empty():
                self.training.say("paused")
            try:
                told = self._told.get(block=waiting)
            except Empty:
                break
            self._obey(told, self.training)
            if waiting and not self._paused and not self._stopped:
                self.training.say("running")
        return self._stopped

    def _obey(self, told: dict[str, Any], training: LoggedTraining) -> None:
        do = told.get("do")
        if do == "stop":
            self._stopped = True
        elif do == "pause":
            self._paused, self._pause_after = True, None
        elif do == "resume":
            self._paused, self._pause_after = False, None
        elif do == "step":
            self._paused, self._pause_after = False, training.trainer.step + told["n"]
        elif do == "turn":
            training.turn(told["name"], told["value"])


def main(folder: Path, temporary: bool = False) -> int:
    """Train the plan of a folder; return the exit code.

    Args:
        folder: of the run.
        temporary: whether to remove it if whoever started this process is gone.
    """
    ears = Ears()
    plan = RunPlan.load(folder)
    begun: list[RunLogWriter] = []

    def interrupted(number: int, frame: object) -> None:
        ears.tell({"do": "stop"})
        if ears.training is None:  # nothing is trained yet, so nothing is lost
            if begun:
                begun[0].state("stopped", "Stopped before it began.")
            os._exit(0)

    signal.signal(signal.SIGINT, interrupted)
    ears.listen(sys.stdin.fileno())
    try:
        with open_folder(folder, patience=1):
            return _trained(plan, folder, ears, begun)
    except GlassboxError as error:
        if not begun:
            sys.stderr.write(f"{error}\n")
            return IN_USE
        begun[0].state("failed", str(error))
        return 1
    finally:
        if ears.alone and temporary:
            shutil.rmtree(folder, ignore_errors=True)


def _trained(plan: RunPlan, folder: Path, ears: Ears, begun: list[RunLogWriter]) -> int:
    """Prepare what the plan asks for, and train."""
    log = RunLogWriter(folder / RUN_LOG)
    begun.append(log)
    log.state("starting", "Loading PyTorch.")
    from lessons.live.logged import LoggedTraining
    from lessons.live.texts import read_live_text
    from lessons.run import prepare

    log.state("starting", f"Reading {plan.corpus}.")
    text = read_live_text(plan.source, plan.corpus, folder)
    log.state("starting", "Counting its words and making the model.")
    run = prepare(plan.architecture, plan.preset, text.corpus)
    run.trainer.end_after(plan.n_steps)
    ears.training = training = LoggedTraining(
        run,
        folder,
        replace(plan.about, prompt=plan.prompt or text.prompt),
        plan.sentence or text.sentence,
        evaluations=plan.evaluations,
        changes=plan.changes,
        truth=text.truth,
        look=ears.look,
    )
    training.begin()
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICE)  # not before: a class waits for the first step
    training.go()
    return 0


if __name__ == "__main__":
    code = main(Path(sys.argv[1]), "temporary" in sys.argv[2:])
    sys.stderr.flush()
    os._exit(code)  # at once: Python's own end would take apart all of torch first
