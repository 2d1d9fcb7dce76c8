"""A training that goes on while the page stays usable: it runs in a process of its own, and the kernel only asks it."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lessons.checks import whole
from lessons.corpus import Corpus
from lessons.errors import CheckpointError, InputError
from lessons.live.child import OVER, Child, end_all, stopped
from lessons.live.memory import require_memory
from lessons.live.one_at_a_time import one_at_a_time
from lessons.live.plan import RunPlan, turned
from lessons.live.run_folder import beside, empty, make_ready, refuse_another_plan
from lessons.live.texts import source_of
from lessons.records import RunChange, RunLog
from lessons.run_lock import is_used, refuse_if_used
from lessons.run_log import RUN_LOG, RunLogReader

__all__ = ["LiveRun"]


class LiveRun:
    """A run in a process of its own. Methods return at once, and what they did shows in `log()`.

    Only `end_process`, `close`, and a start while it still saves wait for it, 5 s at most. It is of the `class` preset,
    but with one dropout for embedding, hidden and output and none of whole words, so that one slider tells all. Making
    one starts nothing and loads no torch. The process ends with the run, with the object, and with this process, and a
    kernel's interrupt stops it, too (not on Windows). Without `folder` its state is gone with the kernel; with one, the
    same arguments go on there. They give the same curve on one machine, however often it was paused, stopped or killed.

    Attributes:
        name: what it is called on screen.
        is_live: True; a `RecordedRun` has False.
        folder: where its log and its resumable state are.
        is_temporary: whether that is removed at `close()`, and with the kernel.
    """

    is_live = True

    def __init__(
        self,
        architecture: str,
        corpus: str | Corpus = "toy",
        *,
        seed: int = 7,
        learning_rate: float | None = None,
        dropout: float | None = None,
        clip: float | None = None,
        n_steps: int = 600,
        evaluations: int = 12,
        name: str | None = None,
        prompt: str | None = None,
        sentence: str | None = None,
        changes: Iterable[RunChange] = (),
        folder: str | os.PathLike[str] | None = None,
        threads: int = 1,
    ) -> None:
        """Plan a run.

        Args:
            architecture: "lstm" or "transformer".
            corpus: "toy", the toy language, which is always at hand; "wikitext-2", if it is on this machine; or a
                corpus of your own.
            seed: of the starting weights, the batches, the dropout and the samples.
            learning_rate: the highest rate, which the schedule scales; left out, the preset's.
            dropout: share of units set to zero, 0 to below 1, at each place between two parts of the model; left out,
                the preset's between layers.
            clip: largest L2 norm of the gradient; left out, the preset's.
            n_steps: length, at least 1.
            evaluations: how often the model is measured, evenly spread; besides, before the first step.
            name: what the run is called; left out, what the architecture is called.
            prompt, sentence: what the samples go on from, and whose surprisals are taken; left out, one that suits the
                text.
            changes: what is turned by itself, and after which step: `log().changes` of a run to repeat.
            folder: where it keeps what it needs to go on; left out, one that is removed at `close()`. One that holds a
                run with the same arguments goes on with it.
            threads: how many it computes with.

        Raises:
            InputError: a value is out of range, the text is not here, the memory does not suffice, or the folder holds
                another run.
        """
        settings = learning_rate, dropout, clip
        words = name, prompt, sentence
        self.plan = RunPlan(
            architecture, *source_of(corpus), seed, *settings, n_steps, evaluations, *words, tuple(changes)
        )
        self._threads = whole("threads", threads, 1, 64)
        self._corpus = corpus
        require_memory(self.plan, corpus)
        self.is_temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="glassbox-live-") if folder is None else folder)
        self._first_folder = self.folder  # whose name the folders of runs made from this one have
        self.name = self.plan.about.name
        self._child: Child | None = None
        self._reader = RunLogReader(self.folder / RUN_LOG)
        self._waiting: list[tuple[str, dict[str, Any]]] = []  # orders for a process that is not there yet
        self._asked_to_stop = False
        self._lock = threading.RLock()
        self._holder: list[Child] = []
        self._end = weakref.finalize(self, end_all, self._holder, self.folder if self.is_temporary else None)
        refuse_another_plan(self.folder, self.plan)

    def __repr__(self) -> str:
        log = self.log()
        return f"LiveRun({self.name!r}, {self.plan.corpus}, {log.state if log else 'not started'})"

    @property
    @one_at_a_time
    def pid(self) -> int | None:
        """Number of its process, if it has one."""
        return self._child.pid if self._child is not None and self._child.alive else None

    @one_at_a_time
    def log(self) -> RunLog | None:
        """Return the run so far; None before it is started for the first time."""
        log = self._reader.look()
        if self._child is None:
            if log is None or log.state in OVER or is_used(self.folder):
                return log
            return stopped(log)  # whoever trained here was killed
        alive = self._child.alive
        if not alive:
            log = self._reader.look()  # what it said last
        assert log is not None  # its first line was written before the process was started
        if alive and self._asked_to_stop and log.state == "starting":
            self._child.kill()  # nothing is trained yet, and loading PyTorch takes seconds in which it hears nothing
        return log if alive else self._child.how_it_is(log, self._asked_to_stop)

    @one_at_a_time
    def start(self) -> None:
        """Begin, or go on: after a pause, after `stop()`, or from the last saved step of a run that broke off.

        A run that is under way is left alone, and so is one that is finished; `restart()` begins anew. A process
        that is still saving is waited for, a fraction of a second as a rule.

        Raises:
            CheckpointError: the folder cannot be used, or another process trains in it.
            InputError: the memory no longer suffices.
        """
        self._refuse_if_closed()
        if self._child is not None and self._is_under_way:
            self._child.tell("resume")
            return
        log = self.log()
        if log is not None and log.state == "finished" and log.last_step >= self.plan.n_steps:
            return
        require_memory(self.plan, self._corpus)
        if self._child is not None:
            self._child.wait()
        self._begin()

    @one_at_a_time
    def restart(self) -> None:
        """Begin anew from the first step; what the run did so far is thrown away.

        Raises:
            CheckpointError: the folder cannot be used, or another process trains in it.
            InputError: the memory no longer suffices.
        """
        self._refuse_if_closed()
        if self._child is not None:
            self._child.kill()
            self._child.end()
            self._child = None
            self._holder.clear()
        self._waiting.clear()
        require_memory(self.plan, self._corpus)
        refuse_if_used(self.folder)
        empty(self.folder)
        self._reader = RunLogReader(self.folder / RUN_LOG)
        self._begin()

    @one_at_a_time
    def pause(self) -> None:
        """Wait after the step at hand."""
        self._tell("pause")

    @one_at_a_time
    def resume(self) -> None:
        """Go on after a pause."""
        self._tell("resume")

    @one_at_a_time
    def step(self, n: int = 1) -> None:
        """Do so many steps, then wait; a run that is not under way is started for it.

        Raises:
            InputError: n is no whole number of at least 1.
        """
        self._waiting.append(("step", {"n": whole("n", n, 1)}))
        if self._is_under_way:
            self._send()
        else:
            self.start()

    @one_at_a_time
    def turn(self, learning_rate: float | None = None, dropout: float | None = None, clip: float | None = None) -> None:
        """Train otherwise from the next step on. A run that is not under way takes it over when it starts.

        Args:
            learning_rate: the highest rate, which the schedule scales, above 0.
            dropout: share of units set to zero, 0 to below 1.
            clip: largest L2 norm of the gradient, above 0.

        Raises:
            InputError: a value is out of range; nothing is changed.
        """
        given = {"learning_rate": learning_rate, "dropout": dropout, "clip": clip}
        values = {name: turned(name, value) for name, value in given.items() if value is not None}
        self._waiting += [("turn", {"name": name, "value": value}) for name, value in values.items()]
        self._send()

    @one_at_a_time
    def stop(self) -> None:
        """Let it save and end; `start()` goes on from there."""
        if self._child is not None and self._child.alive:
            self._asked_to_stop = True
            self._child.tell("stop")
            self.log()  # which ends one that has not begun

    def end_process(self) -> None:
        """Stop, and wait until the process is gone and its memory is free; `start()` goes on from there."""
        self.stop()
        if self._child is not None:
            self._child.wait()

    def again(self, folder: str | os.PathLike[str] | None = None, **instead: Any) -> LiveRun:
        """Return a run that will be this one to the last digit: the same plan, turned where this one was turned.

        Args:
            folder: of the new run; left out, one beside this one's if that was named (`x-2` beside `x`), else one that
                is removed at `close()`.
            instead: what is to be otherwise, as for a new run: `learning_rate=0.01, changes=()`.

        Raises:
            InputError: a value is out of range.
        """
        log = self.log()
        fields = {**asdict(self.plan), "changes": self.plan.changes if log is None else log.changes}
        for name in ("architecture", "corpus", "source"):
            fields.pop(name)
        fields |= {"threads": self._threads, **instead}
        named = None if self.is_temporary or folder is not None else self._first_folder
        with beside(named) as sibling:
            run = LiveRun(self.plan.architecture, self._corpus, folder=sibling or folder, **fields)
        run._first_folder = self._first_folder if sibling else run.folder
        return run

    def close(self) -> None:
        """Stop, wait a moment for it to save, and clean up; the log stays known. The run cannot be started again."""
        with self._lock:
            self._asked_to_stop = True
            is_open = self._end.detach() is not None
        if is_open:  # while it saves, others may look at the log
            end_all(self._holder, self.folder if self.is_temporary else None)
        if not self.is_temporary:
            self.log()

    @property
    def _is_under_way(self) -> bool:
        """Whether a process is there that goes on: one that has said its last word takes a moment to be gone."""
        log = self.log()
        alive = self._child is not None and self._child.alive
        return alive and not self._asked_to_stop and log is not None and log.state not in OVER

    def _refuse_if_closed(self) -> None:
        if not self._end.alive:
            raise InputError("This run is closed; make a new LiveRun.")

    def _begin(self) -> None:
        refuse_if_used(self.folder)
        try:
            make_ready(self.folder, self.plan, self._corpus)
            self._child = Child(self.folder, self._threads, self.is_temporary)
        except OSError as error:
            raise CheckpointError(
                f"The run cannot be started in {self.folder}: {error}. Choose another folder."
            ) from None
        self._holder[:] = [self._child]
        self._asked_to_stop = False
        self._send()

    def _tell(self, do: str) -> None:
        if self._child is not None and self._child.alive:
            self._child.tell(do)

    def _send(self) -> None:
        if self._child is not None and self._is_under_way:
            for do, what in self._waiting:
                self._child.tell(do, **what)
            self._waiting.clear()
