"""The last two checkpoints of a training run: if the newest is damaged, the run goes on from the one before.

`training.json` is the newest, `training.previous.json` the one before; each names its own weights. A save that fails
leaves both as they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lessons.checkpoint import ADVICE, card_bytes, read_checkpoint, remove_unnamed, write_checkpoint
from lessons.errors import CheckpointError, TrainingError
from lessons.files import write_whole

__all__ = ["GOES_ON", "PREVIOUS_CARD", "TRAINING_CARD", "Found", "LastCheckpoints", "what_is_left"]

TRAINING_CARD = "training.json"  # the resumable state of a run, in its folder
PREVIOUS_CARD = "training.previous.json"
GOES_ON = "The training goes on, and will try again."  # to be said after a save that failed on the way


@dataclass(frozen=True)
class Found:
    """A checkpoint to go on from.

    Attributes:
        tensors: by name.
        card: what it says of them.
        note: what was wrong with a newer one, a sentence; None if this is the newest.
    """

    tensors: dict[str, Tensor]
    card: dict[str, Any]
    note: str | None = None


class LastCheckpoints:
    """The two checkpoints in a run's folder, and what this process knows of them.

    Args:
        folder: of the run.
        flush: whether a save waits until the disk has it, as in `lessons.files.write_whole`.
    """

    def __init__(self, folder: str | Path, flush: bool = True) -> None:
        self._flush = flush
        self.path, self.previous = Path(folder) / TRAINING_CARD, Path(folder) / PREVIOUS_CARD
        self._seen = _bytes_or_none(self.path)  # the newest card as it was read or written here
        self._good: bytes | None = None  # a card that is known to be whole: the next save keeps it as the previous one

    def newest(self) -> Found | None:
        """Return the newest checkpoint that is whole; None if there is none at all.

        Raises:
            CheckpointError: there are some, and all are damaged.
        """
        if self._seen is None and not self.previous.exists():
            return None
        try:
            found = Found(*read_checkpoint(self.path))
        except CheckpointError as damage:
            if not self.previous.exists():
                raise
            what = _without_advice(damage)
            try:
                tensors, card = read_checkpoint(self.previous)
            except CheckpointError as other:
                raise CheckpointError(
                    f"Neither of the last two checkpoints can be used. {what} {_without_advice(other)} {ADVICE}"
                ) from damage
            self._good = self.previous.read_bytes()
            step = card.get("step")
            return Found(tensors, card, f"{what} The training goes on from {self.previous.name}, after step {step}.")
        self._good = self._seen
        return found

    def save(self, tensors: Mapping[str, Tensor], card: Mapping[str, Any], last: bool = False) -> str | None:
        """Write the newest checkpoint and keep the one that was it as the previous one.

        Args:
            tensors: by name.
            card: what to say of them, with the number of the `step`.
            last: whether there is no later chance to save.

        Returns:
            None, or why there is no new checkpoint: the training can go on, and save again later.

        Raises:
            CheckpointError: it is the last save and failed, or another process has saved in this folder meanwhile.
            TrainingError: a weight is no longer a number.
        """
        step = card["step"]
        broken = [name for name, values in tensors.items() if not torch.isfinite(values).all()]
        if broken:
            raise TrainingError(
                f"The training has diverged at step {step}: {broken[0]} is no longer a number. "
                + what_is_left(self.forget(step))
            )
        try:
            if _bytes_or_none(self.path) == self._seen:
                self._save(tensors, card)
                return None
        except (CheckpointError, OSError) as error:
            if last:
                raise CheckpointError(str(error)) from error
            return str(error)
        raise CheckpointError(
            f"Another process saves its training in {self.path.parent}, too; this one ends at step {step} without "
            "touching those checkpoints. Train in a folder of its own."
        )

    def _save(self, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
        previous = None if self._good is None else (self.previous, self._good)
        written = write_checkpoint(self.path, tensors, card, previous, self._flush)
        self._seen = self._good = card_bytes(written)
        if previous is None:
            with suppress(OSError):
                self.previous.unlink(missing_ok=True)  # of another run

    def forget(self, step: int) -> int | None:
        """Take back the newest checkpoint if it is of this step, whose weights turned out to be broken.

        Args:
            step: how many steps had been done with these weights.

        Returns:
            The step of the newest checkpoint that is left; None if there is none.
        """
        left = _step_of(self._good)
        if left == step and self._good == self._seen:
            older = _bytes_or_none(self.previous)
            try:
                read_checkpoint(self.previous)
                write_whole(self.path, older or b"")
            except (CheckpointError, OSError):
                older = None
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
            remove_unnamed([self.path, self.previous], (self._seen or b"").decode())
            self._seen = self._good = older
            left = _step_of(older)
        return None if left == step else left


def what_is_left(step: int | None) -> str:
    """Return in a sentence which checkpoint is left of a training that has diverged. Args: step, of `forget`."""
    if step is None:
        return "There is no checkpoint from before."
    return f"The checkpoint of step {step}, from before, is kept."


def _without_advice(error: CheckpointError) -> str:
    return str(error).removesuffix(ADVICE).strip()


def _bytes_or_none(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _step_of(card: bytes | None) -> int | None:
    return None if card is None else json.loads(card)["step"]
