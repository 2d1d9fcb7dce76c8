"""A learning-rate range test in a process of its own: the page stays responsive, and Stop is at once.

finder = LiveFinder("lstm", "adamw")
finder.start()
finder.curve()     # the curve so far; cheap, to be asked again and again
finder.stop()
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.live.memory import require_memory
from lessons.live.one_at_a_time import one_at_a_time
from lessons.live.plan import RunPlan
from lessons.live.texts import source_of
from lessons.presets import DISPLAY_NAMES
from lessons.processes import start_beside, why_it_ended
from lessons.records import OPTIMIZERS, RateCurve

__all__ = ["LIVE_CORPORA", "LiveFinder"]

#: The texts that a live test trains on, and what a `RateCurve` calls them.
LIVE_CORPORA: Mapping[str, str] = MappingProxyType({"toy": "the toy language, seed 7", "wikitext-2": "WikiText-2"})


class LiveFinder:
    """A range test that runs beside the kernel. Every method returns within a few milliseconds.

    It may be asked from several threads: a page that looks at it is answered while a cell does so, too.

    Args:
        architecture: "lstm" or "transformer".
        optimizer: "adamw" or "sgd".
        corpus: "toy" or "wikitext-2", or the name that a `RateCurve` has for it.
        seed: of the starting weights, the batches and the dropout.
        n_steps: steps from the lowest to the highest rate.

    `state` is "starting", "running", "stopped", "finished" or "failed"; `message` says why it failed.

    Raises:
        InputError: a value is out of range, or the text is not on this machine.
    """

    is_live = True

    def __init__(
        self, architecture: str, optimizer: str = "adamw", *, corpus: str = "toy", seed: int = 7, n_steps: int = 150
    ) -> None:
        if optimizer not in OPTIMIZERS:
            raise InputError(f"optimizer is {optimizer!r}; it must be one of {', '.join(OPTIMIZERS)}.")
        source = next((source for source, name in LIVE_CORPORA.items() if corpus in (source, name)), None)
        if source is None:
            raise InputError(
                f"corpus is {corpus!r:.60}; it must be one of {', '.join(LIVE_CORPORA)}: a live test has no other text."
            )
        shown, _ = source_of(source)  # refuses WikiText-2 where it is not: nothing is fetched
        self._plan = RunPlan(architecture, shown, source, seed)  # says what memory it needs, and checks the rest
        self.name = f"{DISPLAY_NAMES[architecture]} with {OPTIMIZERS[optimizer]} on {shown}"
        self._asked = {
            "architecture": architecture,
            "optimizer": optimizer,
            "corpus": source,
            "seed": self._plan.seed,
            "n_steps": whole("n_steps", n_steps, 20, 10_000),
        }
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._stopped, self._failed = False, ""
        self._read = 0
        self._about: dict[str, Any] | None = None
        self._losses: list[float] = []
        self._ended = ""
        self._curve: RateCurve | None = None

    @property
    @one_at_a_time
    def state(self) -> str:
        """What it is doing now."""
        code = None if self._process is None else self._process.poll()
        if self._stopped or code in (-2, 130):  # a kernel's interrupt reaches this process, too
            return "stopped"
        if code is not None:
            return "finished" if code == 0 else "failed"
        return "running" if self._losses else "starting"

    @property
    @one_at_a_time
    def message(self) -> str:
        """Why it failed, in a sentence; "" if it has not."""
        if self.state != "failed":
            return ""
        self.curve()  # which reads what it said last
        assert self._process is not None
        return self._failed or why_it_ended(self._process.poll(), self._errors)

    @one_at_a_time
    def start(self) -> None:
        """Start the process; a second start does nothing.

        Raises:
            InputError: it needs more memory than is free.
        """
        if self._process is not None or self._stopped:
            return
        require_memory(self._plan, self._plan.source)
        self._folder = tempfile.TemporaryDirectory(prefix="glassbox-rates-", ignore_cleanup_errors=True)
        with open(self._log, "wb") as output, open(self._errors, "wb") as errors:
            self._process = start_beside("lessons.rates.worker", threads=1, output=output, errors=errors)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(self._asked).encode() + b"\n")
        self._process.stdin.flush()

    @property
    def _log(self) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / "losses.jsonl"

    @property
    def _errors(self) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / "errors.txt"

    @one_at_a_time
    def curve(self) -> RateCurve | None:
        """Return the curve so far; None before the first step."""
        if self._folder is not None and not self._ended:
            self._read_on()
        return self._curve

    def _read_on(self) -> None:
        """Take in what the process has said since the last time."""
        with open(self._log, "rb") as file:
            file.seek(self._read)
            new = file.read()
        whole_lines = new[: new.rfind(b"\n") + 1]
        if not whole_lines:
            return
        self._read += len(whole_lines)
        for line in whole_lines.splitlines():
            entry = json.loads(line)
            self._about = entry.get("about", self._about)
            self._losses += [entry["loss"]] if math.isfinite(entry.get("loss", math.nan)) else []
            self._ended = entry.get("ended", self._ended)
            self._failed = entry.get("failed", self._failed)
        if self._about is not None:
            self._curve = RateCurve(**self._about, losses=np.array(self._losses), ended=self._ended)

    @one_at_a_time
    def stop(self) -> None:
        """End the process now, wherever it is; the curve so far stays."""
        if self.state in ("starting", "running"):
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    @one_at_a_time
    def close(self) -> None:
        """End the process and forget its files; the curve so far stays."""
        self.stop()
        if self._process is not None:
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
        if self._folder is not None:
            self._failed = self.message
            self._folder.cleanup()
            self._folder = None

    def __del__(self) -> None:
        """End the process of a finder that nobody holds any more."""
        if getattr(self, "_process", None) is not None:
            self.close()
