"""Short trainings of a fresh model: the class preset for some steps, with AdamW or with plain gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.grammar.kept import kept_toy_text
from lessons.presets import preset
from lessons.records import OPTIMIZERS
from lessons.run import Run, prepare

__all__ = ["PlainDescent", "prepare_short"]


class PlainDescent:
    """Gradient descent in three lines: a weight goes down its gradient, by the rate. No averages, no decay.

    Args:
        parameters: the weights.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": 0.0}]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self.param_groups[0]["params"]:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights."""
        for weight in self.param_groups[0]["params"]:
            if weight.grad is not None:
                weight.sub_(self.param_groups[0]["lr"] * weight.grad)


def prepare_short(
    architecture: str,
    corpus: Corpus | None,
    optimizer: str,
    seed: int,
    n_steps: int,
    *,
    rate: float | None = None,
    clip: float | None = None,
) -> Run:
    """Make a fresh model of the class preset ready for a training of some steps.

    It computes in single precision, so that every machine comes to the same curve.

    Args:
        architecture: "lstm" or "transformer".
        corpus: to train on; None is the toy language.
        optimizer: "adamw" or "sgd".
        seed: of the starting weights, the batches and the dropout.
        n_steps: length; the schedule ends with it.
        rate: highest learning rate; None is the preset's.
        clip: largest norm of the gradient; None is the preset's.

    Raises:
        InputError: a value is out of range.
    """
    if optimizer not in OPTIMIZERS:
        raise InputError(f"optimizer is {optimizer!r}; it must be one of {', '.join(OPTIMIZERS)}.")
    ready = preset(architecture, "class")
    given: dict[str, Any] = {
        name: value for name, value in (("learning_rate", rate), ("clip", clip)) if value is not None
    }
    recipe = replace(ready.recipe, minutes=None, epochs=1, seed=seed, precision="float32", **given)
    run = prepare(architecture, replace(ready, recipe=recipe), kept_toy_text()[0] if corpus is None else corpus)
    run.trainer.end_after(n_steps)
    if optimizer == "sgd":
        run.trainer.optimizer = PlainDescent(run.trainer.network.parameters())  # type: ignore[assignment]
    return run
