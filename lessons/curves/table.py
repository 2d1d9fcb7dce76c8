"""The shipped curves, read at once and made again by two commands.

    glassbox curves --save       # eight trainings, a minute or two
    glassbox overfit --save      # sixty trainings, some minutes

A curve holds every step's loss, rate and norm, rounded to 5 digits. How long a step took is not kept: it says something
about the machine and nothing about the fault, so `seconds` and `tokens_per_second` are NaN.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from lessons.errors import InputError
from lessons.files import write_whole
from lessons.places import SHIPPED
from lessons.records import FAULTS, FaultyRun, OverfitGrid, OverfitRun, RunCheckpoint, RunLog
from lessons.tables import table_of

__all__ = [
    "CURVES",
    "OVERFIT",
    "curves_from_json",
    "curves_to_json",
    "overfit_from_json",
    "overfit_to_json",
    "shipped_curves",
    "shipped_overfit",
    "write_json",
]

CURVES, OVERFIT = SHIPPED / "training_curves.json", SHIPPED / "overfit.json"
_FORMAT = 1
_OF_RUN = ("architecture", "corpus", "seed", "n_parameters", "n_steps", "n_valid_tokens", "floor", "state", "message")
_OF_STEP = ("loss", "learning_rate", "gradient_norm")
_OF_GRID = ("floor", "baselines", "n_valid_tokens", "corpus", "recipe", "torch")


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.5g}") for value in values.tolist()]


def curves_to_json(curves: Sequence[FaultyRun]) -> dict[str, Any]:
    """Return curves as what JSON can hold."""
    stored = [
        {
            "fault": one.fault,
            "right": one.right,
            "wrong": one.wrong,
            **{name: getattr(one.log, name) for name in _OF_RUN},
            "settings": dict(one.log.settings),
            "baselines": dict(one.log.baselines),
            **{name: _rounded(getattr(one.log, name)) for name in _OF_STEP},
            "measured": [look.step for look in one.log.checkpoints],
            "valid": _rounded(np.array([look.valid_perplexity for look in one.log.checkpoints])),
        }
        for one in curves
    ]
    return {"format": _FORMAT, "torch": torch.__version__.split("+")[0], "curves": stored}


def curves_from_json(stored: Mapping[str, Any]) -> tuple[FaultyRun, ...]:
    """Return curves from what `curves_to_json` made of them.

    Raises:
        InputError: it is of another format, or not such a table.
    """

    def made(stored: Mapping[str, Any]) -> tuple[FaultyRun, ...]:
        return tuple(_curve(one) for one in stored["curves"])

    curves = table_of(stored, made, _FORMAT, "set of curves", "glassbox curves --save")
    if [one.fault for one in curves] != list(FAULTS):
        raise InputError(f"There must be one curve for each of {', '.join(FAULTS)}. Run 'glassbox curves --save'.")
    return curves


def _curve(one: Mapping[str, Any]) -> FaultyRun:
    unknown = np.full(len(one["loss"]), np.nan)
    curves: dict[str, Any] = {name: np.array(one[name]) for name in _OF_STEP}
    log = RunLog(
        name=one["fault"],
        **{name: one[name] for name in _OF_RUN},
        settings=one["settings"],
        baselines=one["baselines"],
        step=np.arange(1, len(one["loss"]) + 1),
        **curves,
        tokens_per_second=unknown,
        seconds=unknown,
        checkpoints=tuple(
            RunCheckpoint(step, float("nan"), value, "", np.zeros(0))
            for step, value in zip(one["measured"], one["valid"], strict=True)
        ),
    )
    return FaultyRun(one["fault"], log, one["right"], one["wrong"])


def overfit_to_json(grid: OverfitGrid) -> dict[str, Any]:
    """Return a grid as what JSON can hold."""
    runs = [
        {
            **{name: getattr(run, name) for name in ("fraction", "dropout", "seed", "n_tokens", "epochs")},
            "train": _rounded(run.train),
            "valid": _rounded(run.valid),
        }
        for run in grid.runs
    ]
    facts = {name: getattr(grid, name) for name in _OF_GRID}
    return {"format": _FORMAT, **facts, "step": grid.runs[0].step.tolist(), "runs": runs}


def overfit_from_json(stored: Mapping[str, Any], source: str) -> OverfitGrid:
    """Return a grid from what `overfit_to_json` made of it.

    Args:
        stored: the content of a file.
        source: where it comes from, for the reader.

    Raises:
        InputError: it is of another format, or not such a table.
    """

    def made(stored: Mapping[str, Any]) -> OverfitGrid:
        runs = tuple(OverfitRun(step=stored["step"], **one) for one in stored["runs"])
        return OverfitGrid(runs, **{name: stored[name] for name in _OF_GRID}, source=source)

    return table_of(stored, made, _FORMAT, "grid of overfitting", "glassbox overfit --save")


def shipped_curves() -> tuple[FaultyRun, ...]:
    """Return the eight trainings that ship, in the order of `lessons.records.FAULTS`; nothing is trained."""
    return curves_from_json(json.loads(CURVES.read_text(encoding="utf-8")))


def shipped_overfit() -> OverfitGrid:
    """Return the grid of trainings that ships; nothing is trained."""
    return overfit_from_json(json.loads(OVERFIT.read_text(encoding="utf-8")), "shipped with the course")


def write_json(path: str | os.PathLike[str], stored: Mapping[str, Any]) -> None:
    """Write a table to a file, whole or not at all."""
    write_whole(path, (json.dumps(stored, ensure_ascii=False, separators=(",", ":")) + "\n").encode())
