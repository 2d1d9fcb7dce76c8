"""Training: a generator that does one step at a time and says what it did.

    for step in train(Trainer(network, tokens, recipe)):
        ...  # step.loss, step.perplexity, step.learning_rate

A run is resumed from its last whole checkpoint with the same next loss as if it had never stopped (`lessons.trainer`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path

from lessons.checkpoint import read_checkpoint, write_checkpoint
from lessons.devices import fast_bfloat16
from lessons.reading import Network
from lessons.records import TrainingStep
from lessons.trainer import Trainer

__all__ = ["TRAINING_CARD", "Trainer", "fast_bfloat16", "train"]

TRAINING_CARD = "training.json"  # the resumable state of a run, in its folder


def train(
    trainer: Trainer,
    folder: str | Path | None = None,
    resume: bool = False,
    measure: Callable[[Network], float] | None = None,
) -> Generator[TrainingStep, None, None]:
    """Train step by step, and yield what each step did.

    Closing the generator (a `break` in the loop around it does so) writes a last checkpoint.

    Args:
        trainer: the network in training.
        folder: where checkpoints go; None writes none.
        resume: go on from the folder's checkpoint, if there is one.
        measure: called now and then with the network; returns the validation perplexity that a step reports.

    Raises:
        CheckpointError: the checkpoint to resume from is damaged or of another run, or cannot be written.
        TrainingError: the loss is no longer a number; the last checkpoint is kept.
    """
    card_path = Path(folder) / TRAINING_CARD if folder is not None else None
    team, found = trainer.team, None
    if resume and card_path is not None and team.is_first and card_path.exists():
        found = read_checkpoint(card_path)
    if resume and (handed := team.handed(found)):
        trainer.restore(*handed)
    saved_at = trainer.step
    recent: deque[tuple[int, float]] = deque(maxlen=50)
    tokens_per_step = trainer.recipe.batch_size * trainer.recipe.length

    def save() -> str | None:
        nonlocal saved_at
        if card_path is None:
            return None
        card = {
            "recipe": asdict(trainer.recipe),
            "text_sha256": trainer.text_sha256,
            "step": trainer.step,
            "seconds": trainer.seconds,
        }
        tensors = trainer.tensors()
        if team.is_first:
            write_checkpoint(card_path, tensors, card)
        saved_at = trainer.step
        return str(card_path)

    while (before := trainer.progress) < 1:
        loss, rate, norm = trainer.do_step()
        progress, recipe = trainer.progress, trainer.recipe
        due = math.floor(progress * recipe.evaluations) > math.floor(before * recipe.evaluations)
        valid_perplexity = None
        if measure and due:
            if team.is_first:
                with trainer.result() as network:
                    valid_perplexity = measure(network)
            valid_perplexity = team.told(valid_perplexity)
        saved = save() if trainer.step % recipe.checkpoint_every == 0 or progress >= 1 else None
        recent.append((trainer.step, trainer.seconds))
        first_step, first_seconds = recent[0]
        span = trainer.seconds - first_seconds
        tokens_per_second = (trainer.step - first_step) * tokens_per_step / span if span else 0.0
        try:
            yield TrainingStep(
                step=trainer.step,
                epoch=trainer.step / trainer.batches.per_epoch,
                progress=progress,
                tokens_seen=trainer.step * tokens_per_step,
                loss=loss,
                learning_rate=rate,
                gradient_norm=norm,
                tokens_per_second=tokens_per_second,
                seconds=trainer.seconds,
                seconds_left=trainer.seconds * (1 - progress) / progress if progress else None,
                valid_perplexity=valid_perplexity,
                checkpoint=saved,
            )
        except GeneratorExit:
            if saved_at != trainer.step and trainer.may_close:
                save()
            return
