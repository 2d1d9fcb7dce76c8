"""Training: a generator that does one step at a time and says what it did.

    for step in train(Trainer(network, tokens, recipe)):
        ...  # step.loss, step.perplexity, step.learning_rate

A run is resumed from its last whole checkpoint with the same next loss as if it had never stopped (`lessons.trainer`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from pathlib import Path

from lessons.errors import TrainingError
from lessons.last_checkpoints import GOES_ON, TRAINING_CARD, LastCheckpoints, what_is_left
from lessons.pace import Pace
from lessons.reading import Network
from lessons.records import TrainingStep
from lessons.trainer import Trainer

__all__ = ["TRAINING_CARD", "Trainer", "train"]


def train(
    trainer: Trainer,
    folder: str | Path | None = None,
    resume: bool = False,
    measure: Callable[[Network], float] | None = None,
) -> Generator[TrainingStep, None, None]:
    """Train step by step, and yield what each step did.

    Closing the generator (a `break` in the loop around it does so) writes a last checkpoint. One on the way that cannot
    be written, or one that is damaged when a run is resumed, ends nothing: the note of a step says so. Of a team,
    all train, and process 0 measures and writes; the others need not see the folder.

    Args:
        trainer: the network in training.
        folder: where checkpoints go; None writes none.
        resume: go on from the folder's newest checkpoint that is whole, if there is any.
        measure: called now and then with the network; returns the validation perplexity that a step reports.

    Raises:
        CheckpointError: the last two checkpoints are damaged, or they are of another run, or the last one cannot be
            written, or another process saves in the folder.
        TrainingError: the training has diverged; the last good checkpoint is kept.
    """
    team = trainer.team
    checkpoints = LastCheckpoints(folder) if folder is not None and team.is_first else None
    found = checkpoints.newest() if resume and checkpoints else None
    note = found.note if found else None
    if resume and (handed := team.handed((found.tensors, found.card) if found else None)):
        trainer.restore(*handed)
    found = handed = None  # which would keep the file mapped, so that Windows could never remove it
    saved_at = trainer.step
    pace = Pace(trainer)
    tokens_per_step = trainer.recipe.batch_size * trainer.recipe.length

    def save(last: bool) -> str | None:
        nonlocal note, saved_at
        if folder is None:
            return None
        tensors = trainer.tensors()
        failed = checkpoints.save(tensors, trainer.card, last) if checkpoints else None
        failed = f"{failed} {GOES_ON}" if failed else None
        if team.any(failed is not None):
            note = f"{note} {failed}" if note else failed
            return None
        saved_at = trainer.step
        return str(Path(folder) / TRAINING_CARD)

    while (before := trainer.progress) < 1:
        try:
            loss, rate, norm = trainer.do_step()
        except TrainingError as error:
            if checkpoints is None:
                raise
            raise TrainingError(f"{error} {what_is_left(checkpoints.forget(trainer.step))}") from error
        progress, recipe = trainer.progress, trainer.recipe
        due = math.floor(progress * recipe.evaluations) > math.floor(before * recipe.evaluations)
        valid_perplexity = None
        if measure and due:
            if team.is_first:
                with trainer.result() as network:
                    valid_perplexity = measure(network)
            valid_perplexity = team.told(valid_perplexity)
        last = progress >= 1
        saved = save(last) if trainer.step % recipe.checkpoint_every == 0 or last else None
        try:
            yield TrainingStep(
                step=trainer.step,
                epoch=trainer.step / trainer.batches.per_epoch,
                progress=progress,
                tokens_seen=trainer.step * tokens_per_step,
                loss=loss,
                learning_rate=rate,
                gradient_norm=norm,
                tokens_per_second=pace.look(),
                seconds=trainer.seconds,
                seconds_left=trainer.seconds * (1 - progress) / progress if progress else None,
                valid_perplexity=valid_perplexity,
                checkpoint=saved,
                note=note,
            )
            note = None
        except GeneratorExit:
            if saved_at != trainer.step and trainer.may_close:
                save(last=True)
            return
