"""Overfitting, measured: the same training with more and less text, more and less dropout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from lessons.checks import real, whole
from lessons.curves.setting import RECIPE, new_trainer, toy_text
from lessons.devices import steady_speed
from lessons.evaluation import evaluate
from lessons.records import OverfitGrid, OverfitRun

__all__ = ["DROPOUTS", "FRACTIONS", "N_STEPS", "SEEDS", "grid_of", "overfit_grid", "overfit_run"]

FRACTIONS = (1 / 64, 1 / 16, 1 / 4, 1.0)
DROPOUTS = (0.0, 0.1, 0.25, 0.5, 0.7)
SEEDS = (7, 8, 9)
N_STEPS = 800
_LOOKS = 20  # measurements after the first one


def overfit_run(fraction: float, dropout: float, seed: int = 7, n_steps: int = N_STEPS) -> OverfitRun:
    """Return a training on a part of the toy language's text, measured again and again on what it reads and on what
    it does not; some seconds of one thread.

    Args:
        fraction: the part of the text, above 0 and at most 1.
        dropout: the share of units set to zero, 0 to below 1, at every place where the model has dropout.
        seed: of the starting weights, the batches and the dropout.
        n_steps: its length, 20 or more; the same for all parts, so that a small one is read more often.

    Raises:
        InputError: a value is out of range, or the part is too short for a batch.
    """
    real("fraction", fraction, 0, below=1.0000001, open_below=True)
    whole("n_steps", n_steps, _LOOKS)
    text = toy_text()
    tokens = text.train[: round(fraction * len(text.train))]
    trainer = new_trainer(tokens, n_steps, seed, RECIPE.learning_rate, dropout)
    looks = [n_steps * i // _LOOKS for i in range(_LOOKS + 1)]
    measured = []
    with steady_speed():
        for step in range(n_steps + 1):
            if step in looks:
                parts = (tokens[: len(text.valid)], text.valid)
                measured.append([evaluate(trainer.network, part, text.start).perplexity for part in parts])
            if step < n_steps:
                trainer.do_step()
    train, valid = zip(*measured, strict=True)
    epochs = n_steps / trainer.batches.per_epoch
    return OverfitRun(fraction, dropout, seed, len(tokens), round(epochs, 2), looks, train, valid)  # type: ignore[arg-type]


def overfit_grid(
    fractions: Sequence[float] = FRACTIONS,
    dropouts: Sequence[float] = DROPOUTS,
    seeds: Sequence[int] = SEEDS,
    n_steps: int = N_STEPS,
) -> Iterator[OverfitRun]:
    """Yield the runs of a grid one after the other; `grid_of` makes the grid of them.

    Args: as for `overfit_run`, several of each.
    """
    for seed in seeds:
        for fraction in fractions:
            for dropout in dropouts:
                yield overfit_run(fraction, dropout, seed, n_steps)


def grid_of(runs: Sequence[OverfitRun]) -> OverfitGrid:
    """Return runs as a grid, with the floor and the baselines of the validation text.

    Raises:
        InputError: a run of the grid is missing, or is there twice.
    """
    text = toy_text()
    n_steps = int(runs[0].step[-1]) if runs else 0
    recipe = (
        f"an LSTM of 64 units, {n_steps} steps of {RECIPE.batch_size} x {RECIPE.length} tokens, learning rate "
        f"{RECIPE.learning_rate:g}"
    )
    torch_version = torch.__version__.split("+")[0]
    return OverfitGrid(tuple(runs), text.floor, text.baselines, len(text.valid), text.name, recipe, torch_version)
