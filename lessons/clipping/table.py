"""The shipped table of real gradients and of trainings with and without clipping, and the command that makes it again.

glassbox clipping --save        # six short trainings on the toy language: some two minutes
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lessons.clipping.gradients import NO_CLIP, log_run
from lessons.corpus import Corpus
from lessons.files import write_whole
from lessons.grammar import toy_corpus
from lessons.places import SHIPPED
from lessons.presets import DISPLAY_NAMES
from lessons.rates.short import prepare_short
from lessons.records import OPTIMIZERS, ClippingTable, GradientLook, RunLog
from lessons.tables import table_of

__all__ = [
    "PAIRS",
    "TABLE",
    "from_json",
    "line_of",
    "measure_clipping",
    "shipped_clipping",
    "to_json",
    "write_table",
]

TABLE = SHIPPED / "clipping.json"
#: The trainings: model, optimizer and highest rate. Each is done with the class preset's clipping, and without.
PAIRS = (("lstm", "sgd", 16.0), ("transformer", "sgd", 0.3), ("lstm", "adamw", 0.005))
_FORMAT = 1
_COMMAND = "glassbox clipping --save"
_ABOUT = ("name", "architecture", "corpus", "seed", "n_parameters", "n_steps", "state", "message")
_DIGITS = {"loss": 4, "learning_rate": 5, "gradient_norm": 4, "tokens_per_second": 3, "seconds": 4}  # significant ones


def measure_clipping(
    each: Callable[[RunLog], object] = lambda log: None, n_steps: int = 200, seed: int = 7, corpus: Corpus | None = None
) -> ClippingTable:
    """Train each of `PAIRS` with and without clipping, and look at ten gradients of each that has it.

    Args:
        each: is told each run when it is over.
        n_steps: length of each.
        seed: of the starting weights, the batches and the dropout.
        corpus: None is the toy language.
    """
    corpus = toy_corpus() if corpus is None else corpus
    runs: list[tuple[RunLog, RunLog]] = []
    looks: list[tuple[GradientLook, ...]] = []
    for architecture, optimizer, rate in PAIRS:
        pair: list[RunLog] = []
        seen: tuple[GradientLook, ...] = ()
        for clip in (None, NO_CLIP):
            run = prepare_short(architecture, corpus, optimizer, seed, n_steps, rate=rate, clip=clip)
            name = f"{DISPLAY_NAMES[architecture]}, {OPTIMIZERS[optimizer]}, rate {rate:g}"
            log, found = log_run(run, name, n_steps, max(1, n_steps // 10) if clip is None else 0)
            seen = seen or found
            pair.append(log)
            each(log)
        runs.append((pair[0], pair[1]))
        looks.append(seen)
    return ClippingTable(tuple(runs), tuple(looks))


def line_of(log: RunLog) -> str:
    """Return a run as a line to read."""
    clip = "without clipping" if log.settings["clip"] >= NO_CLIP else f"clipped at {log.settings['clip']:g}"
    last = log.loss[-10:].mean() if log.loss.size else float("nan")
    most = log.gradient_norm.max(initial=0)
    return f"{log.name}, {clip}: {log.state}, loss {last:.3f} at the end, largest gradient norm {most:.2f}"


def _short(values: np.ndarray, digits: int) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values.tolist()]


def _run_to_json(log: RunLog) -> dict[str, Any]:
    about = {name: getattr(log, name) for name in _ABOUT}
    curves = {name: _short(getattr(log, name), digits) for name, digits in _DIGITS.items()}
    return {**about, "settings": dict(log.settings), **curves}


def _look_to_json(look: GradientLook) -> dict[str, Any]:
    given = {name: float(f"{x:.6g}") if isinstance(x, float) else x for name, x in vars(look).items()}
    return {**given, "parts": {name: float(f"{x:.5g}") for name, x in look.parts.items()}}


def to_json(table: ClippingTable) -> dict[str, Any]:
    """Return a table as what JSON can hold, its curves rounded to four significant digits or so."""
    looks = [[_look_to_json(look) for look in of_run] for of_run in table.looks]
    return {"format": _FORMAT, "looks": looks, "runs": [[_run_to_json(log) for log in pair] for pair in table.runs]}


def from_json(stored: Mapping[str, Any], source: str) -> ClippingTable:
    """Return a table from what `to_json` made of it.

    Args:
        stored: the content of a file.
        source: where it comes from, for the reader.

    Raises:
        InputError: it is of another format, or not such a table.
    """

    def made(stored: Mapping[str, Any]) -> ClippingTable:
        looks = tuple(tuple(GradientLook(**one) for one in of_run) for of_run in stored["looks"])
        runs = tuple(
            tuple(RunLog(**one, step=np.arange(1, len(one["loss"]) + 1)) for one in pair) for pair in stored["runs"]
        )
        return ClippingTable(runs, looks, source)  # type: ignore[arg-type]

    return table_of(stored, made, _FORMAT, "table of clipping", _COMMAND)


def shipped_clipping() -> ClippingTable:
    """Return the gradients and trainings that are shipped; nothing is trained."""
    return from_json(json.loads(TABLE.read_text(encoding="utf-8")), "shipped")


def write_table(path: str | os.PathLike[str], table: ClippingTable) -> None:
    """Write a table to a file, whole or not at all."""
    write_whole(path, (json.dumps(to_json(table), ensure_ascii=False, allow_nan=False) + "\n").encode())
