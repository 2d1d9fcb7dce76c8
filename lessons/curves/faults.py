"""Eight ways to train, seven of them with a fault.

right: the line as it should be          wrong: what stands there instead

A fault is one thing that is done otherwise, with one exception: "too little text" takes a hundredth of the text and
leaves the dropout out, too. Both stand in its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from lessons.batches import Batches
from lessons.trainer import Trainer

__all__ = ["CHANGES", "DAMAGED", "Change", "shifted"]

DAMAGED = range(200, 203)  # numbers of the steps, from 0, whose batches are shuffled

Pair = tuple[Tensor, Tensor]


def shifted(tokens: Tensor) -> Pair:
    """Return inputs and targets of a text: each target is the token after its input."""
    return tokens[..., :-1], tokens[..., 1:]


def not_shifted(tokens: Tensor) -> Pair:
    """Return inputs and targets that are the same tokens: the model is asked for what it has just read."""
    return tokens[..., :-1], tokens[..., :-1]


class ChangedBatches:
    """The batches of a training, each handed to a function first. Args: batches, of the trainer; change, what is done
    with the number of the step, the inputs and the targets."""

    def __init__(self, batches: Batches, change: Callable[[int, Tensor, Tensor], Pair]) -> None:
        self._batches, self._change = batches, change
        self.per_epoch, self.tokens = batches.per_epoch, batches.tokens

    def batch(self, epoch: int, index: int) -> Pair:
        """Return inputs and targets, (B, T) each."""
        return self._change(epoch * self.per_epoch + index, *self._batches.batch(epoch, index))


def leave(trainer: Trainer) -> None:
    """Change nothing."""


def never_zero(trainer: Trainer) -> None:
    """Let `optimizer.zero_grad()` do nothing."""
    trainer.optimizer.zero_grad = lambda: None  # type: ignore[method-assign]


def never_step(trainer: Trainer) -> None:
    """Let `optimizer.step()` do nothing."""
    trainer.optimizer.step = lambda: None  # type: ignore[method-assign]


def show_answers(trainer: Trainer) -> None:
    """Make the targets equal to the inputs."""
    trainer.batches = ChangedBatches(trainer.batches, lambda step, inputs, targets: (inputs, inputs))


def damage_batches(trainer: Trainer) -> None:
    """Shuffle all words of three batches."""

    def shuffled(step: int, inputs: Tensor, targets: Tensor) -> Pair:
        if step not in DAMAGED:
            return inputs, targets
        order = torch.randperm(targets.numel(), generator=torch.Generator().manual_seed(step))
        words = targets.flatten()[order].view(targets.shape)
        return torch.cat([inputs[:, :1], words[:, :-1]], 1), words

    trainer.batches = ChangedBatches(trainer.batches, shuffled)


@dataclass(frozen=True)
class Change:
    """What is done otherwise.

    Attributes:
        right: the line of code as it should be.
        wrong: the line instead; the same one if nothing is wrong.
        learning_rate: None for that of the recipe.
        dropout: None for that of the recipe.
        share: the part of the training text that is read.
        apply: what is done to the trainer before its first step.
        pairs: how inputs and targets are made of the validation text.
    """

    right: str
    wrong: str
    learning_rate: float | None = None
    dropout: float | None = None
    share: float = 1.0
    apply: Callable[[Trainer], None] = leave
    pairs: Callable[[Tensor], Pair] = shifted


#: The changes, in the order and by the names of `lessons.records.FAULTS`.
CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "healthy": Change("optimizer.step()", "optimizer.step()"),
        "too high a rate": Change("learning_rate = 0.01", "learning_rate = 10.0", learning_rate=10.0),
        "too low a rate": Change("learning_rate = 0.01", "learning_rate = 0.0003", learning_rate=0.0003),
        "too little text": Change(
            "tokens = text, dropout = 0.2", "tokens = text[: len(text) // 100], dropout = 0.0", dropout=0.0, share=0.01
        ),
        "gradients never zeroed": Change(
            "optimizer.zero_grad()", "# optimizer.zero_grad() is missing", apply=never_zero
        ),
        "optimizer never steps": Change("optimizer.step()", "# optimizer.step() is missing", apply=never_step),
        "sees the answer": Change(
            "inputs, targets = tokens[:-1], tokens[1:]",
            "inputs, targets = tokens[:-1], tokens[:-1]",
            apply=show_answers,
            pairs=not_shifted,
        ),
        "damaged batches": Change(
            "inputs, targets = batch(step)",
            f"inputs, targets = shuffled(batch(step))  # steps {DAMAGED[0] + 1} to {DAMAGED[-1] + 1}",
            apply=damage_batches,
        ),
    }
)
