"""Real gradients: the whole one of a step, of which clipping sees the norm, and short trainings with and without it.

run = prepare_short("lstm", None, "adamw", 7, 300)
look = gradient_of(run.trainer)       # does one step, and looks at its gradient
look.norm, look.parts, look.cosine_by_norm, look.cosine_by_value
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from lessons.devices import steady_speed
from lessons.errors import TrainingError
from lessons.pace import Pace
from lessons.records import GradientLook, RunLog, cosine, curves_of
from lessons.run import Run
from lessons.trainer import Trainer

__all__ = ["NO_CLIP", "gradient_of", "log_run"]

NO_CLIP = 1e9  # a norm that no gradient of a living training has
_HALVINGS = 60  # of the interval in which the threshold is looked for


@contextmanager
def _before_clipping(trainer: Trainer) -> Iterator[dict[str, Tensor]]:
    """Collect each weight's gradient as the backward pass leaves it."""
    found: dict[str, Tensor] = {}

    def keep(name: str, weight: torch.nn.Parameter) -> torch.utils.hooks.RemovableHandle:
        def note(done: Tensor) -> None:
            assert done.grad is not None
            found[name] = done.grad.detach().clone()

        return weight.register_post_accumulate_grad_hook(note)

    hooks = [keep(name, weight) for name, weight in trainer.network.named_parameters()]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _part_of(name: str) -> str:
    """Return the part of the model that a weight belongs to: embedding, layer 1, layer 2 ... or head."""
    first, *rest = name.split(".")
    if first in ("layers", "blocks"):
        return f"layer {int(rest[0]) + 1}"
    return {"positions": "embedding", "norm": "head"}.get(first, first)


def _value_for(sizes: Tensor, norm: float) -> float:
    """Return where components of these sizes have to be cut for a vector of this L2 norm, which is below theirs."""
    low, high = 0.0, float(sizes.max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if float(sizes.clamp(max=middle).norm()) < norm else (low, middle)
    return high


def gradient_of(trainer: Trainer) -> GradientLook:
    """Do the trainer's next step, and return its gradient's norms and what clipping by norm and by value make of it.

    Args:
        trainer: the training; one step of it is done, with its own clipping.

    Raises:
        TrainingError: the gradient is no longer a number.
    """
    return _look(trainer)[0]


def _look(trainer: Trainer) -> tuple[GradientLook, tuple[float, float, float]]:
    """Do a step; return the look at its gradient, and the step's loss, rate and norm."""
    with _before_clipping(trainer) as before:
        did = trainer.do_step()
    after = {name: weight.grad for name, weight in trainer.network.named_parameters() if weight.grad is not None}
    squares: dict[str, float] = {}
    for name, values in before.items():
        squares[_part_of(name)] = squares.get(_part_of(name), 0.0) + float(values.double().square().sum())
    whole = torch.cat([values.flatten() for values in before.values()]).double()
    used = torch.cat([after[name].flatten() for name in before]).double()
    norm, clip = float(whole.norm()), trainer.recipe.clip
    value = by_value = share = None
    if norm > clip:
        sizes = whole.abs()
        value = _value_for(sizes, clip)
        by_value, share = cosine(whole, whole.clamp(-value, value)), float((sizes > value).double().mean())
    parts = {name: math.sqrt(square) for name, square in squares.items() if square}
    look = GradientLook(trainer.step, whole.numel(), norm, parts, clip, cosine(whole, used), value, by_value, share)
    return look, did


def log_run(run: Run, name: str, n_steps: int, every: int = 0) -> tuple[RunLog, tuple[GradientLook, ...]]:
    """Train for some steps; return the log, and a look at the gradient of the first step and of every so many.

    Args:
        run: what `lessons.rates.short.prepare_short` returned.
        name: of the run, on screen.
        n_steps: length; the run ends earlier if its loss is no longer a number.
        every: steps between two looks; 0 for none.
    """
    trainer, pace = run.trainer, Pace(run.trainer)
    rows: list[tuple[float, ...]] = []
    looks: list[GradientLook] = []
    state, message = "finished", ""
    while trainer.step < n_steps:
        try:
            with steady_speed():
                if every and trainer.step % every == 0:
                    look, did = _look(trainer)
                    looks.append(look)
                else:
                    did = trainer.do_step()
        except TrainingError as error:
            state, message = "diverged", str(error)
            break
        rows.append((trainer.step, *did, pace.look(), trainer.seconds))
    log = RunLog(
        name=name,
        architecture=run.architecture,
        corpus=run.corpus.name,
        seed=trainer.recipe.seed,
        n_parameters=trainer.n_parameters,
        n_steps=n_steps,
        settings=trainer.recipe.settings,
        state=state,
        message=message,
        **curves_of(rows),
    )
    return log, tuple(looks)
