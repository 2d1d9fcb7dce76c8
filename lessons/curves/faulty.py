"""Real trainings with a fault, or with none, as logs."""

from __future__ import annotations

import numpy as np
import torch

from lessons.checks import whole
from lessons.curves.faults import CHANGES, Change
from lessons.curves.setting import RECIPE, measured_perplexity, new_trainer, toy_text
from lessons.devices import steady_speed
from lessons.errors import InputError, TrainingError
from lessons.pace import Pace
from lessons.records import FaultyRun, RunCheckpoint, RunLog, curves_of
from lessons.trainer import Trainer

__all__ = ["EVERY", "N_STEPS", "curve_of", "faulty_run"]

N_STEPS = 400
EVERY = 20  # steps between two measurements


def faulty_run(fault: str = "healthy", seed: int = 7, n_steps: int = N_STEPS) -> RunLog:
    """Return the log of a training of a small LSTM on the toy language, with a fault; some seconds of one thread.

    The recipe is `lessons.curves.setting.RECIPE`, the faults are in `lessons.curves.faults`.

    Args:
        fault: one of `lessons.records.FAULTS`; "healthy" has none.
        seed: of the starting weights, the batches and the dropout.
        n_steps: its length in steps, 1 or more.

    Raises:
        InputError: there is no such fault, or a number is out of range.
    """
    if fault not in CHANGES:
        raise InputError(f"There is no fault {fault!r:.60}; it must be one of {', '.join(CHANGES)}.")
    whole("n_steps", n_steps, 1)
    change, text = CHANGES[fault], toy_text()
    rate = RECIPE.learning_rate if change.learning_rate is None else change.learning_rate
    dropout = RECIPE.noise.hidden if change.dropout is None else change.dropout
    tokens = text.train[: round(change.share * len(text.train))]
    trainer = new_trainer(tokens, n_steps, seed, rate, dropout)
    change.apply(trainer)
    rows, looks, state, message = _trained(trainer, change, n_steps)
    return RunLog(
        name=fault,
        architecture="lstm",
        corpus=text.name,
        seed=seed,
        n_parameters=trainer.n_parameters,
        n_steps=n_steps,
        settings=trainer.recipe.settings,
        n_valid_tokens=len(text.valid),
        baselines=text.baselines,
        floor=text.floor,
        checkpoints=tuple(looks),
        state=state,
        message=message,
        **curves_of(rows),
    )


def _trained(trainer: Trainer, change: Change, n_steps: int) -> tuple[list[list[float]], list[RunCheckpoint], str, str]:
    """Train, and measure now and then. Returns: what each step did, the measurements, the state and why."""
    text = toy_text()
    inputs, targets = change.pairs(torch.cat([torch.tensor([text.start]), text.valid]))
    rows: list[list[float]] = []
    looks: list[RunCheckpoint] = []
    pace = Pace(trainer)
    with steady_speed():
        while True:
            if trainer.step % EVERY == 0 or trainer.step == n_steps:
                perplexity = measured_perplexity(trainer.network, inputs, targets)
                looks.append(RunCheckpoint(trainer.step, trainer.seconds, perplexity, "", np.zeros(0)))
            if trainer.step == n_steps:
                return rows, looks, "finished", ""
            try:
                loss, rate, norm = trainer.do_step()
            except TrainingError as error:
                return rows, looks, "diverged", str(error)
            rows.append([trainer.step, loss, rate, norm, pace.look(), trainer.seconds])


def curve_of(fault: str, seed: int = 7, n_steps: int = N_STEPS) -> FaultyRun:
    """Return the log of `faulty_run` together with the line that was changed. Args and raises: as for `faulty_run`."""
    log = faulty_run(fault, seed, n_steps)
    return FaultyRun(fault, log, CHANGES[fault].right, CHANGES[fault].wrong)
