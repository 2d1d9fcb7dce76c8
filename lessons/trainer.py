"""A network in training: what one step does to it, and all that has to be remembered to go on with it.

A checkpoint of it holds the weights, their average, the optimizer's averages, the LSTM's state and the number of the
step. Everything random (batches, dropout) is a function of the seed and that number.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from lessons.adamw import AdamW
from lessons.averaging import AveragedWeights
from lessons.batches import Batches, StreamBatches, WindowBatches
from lessons.cost import Cost
from lessons.devices import fast_bfloat16
from lessons.distributed import Team
from lessons.errors import CheckpointError, InputError, TrainingError
from lessons.lstm import LSTMLanguageModel, LSTMState
from lessons.noise import Noise
from lessons.presets import TrainingRecipe, recipe_from
from lessons.reading import Network
from lessons.schedule import learning_rate_factor

__all__ = ["DIVERGED", "Trainer"]

DIVERGED = 10  # a loss of so many times ln V nats, the loss of a blind guess among V words, is beyond repair

# What a resumed run may do otherwise: `epochs`, too, so that a long run can be ended early or prolonged, and how much
# noise there is late in it, which its curve may have shown.
_MAY_CHANGE = ("checkpoint_every", "epochs", "evaluations", "late_from", "late_noise")


class Trainer:
    """A network in training, and all that has to be remembered to go on with it.

    Args:
        network: the model, on the device where it is trained; it is changed in place.
        tokens: (N,) int64, the training split.
        recipe: how to train; its batch is that of the whole team.
        team: the processes that train it together, each with a network that starts with the same weights; None: alone.

    Raises:
        InputError: the text is too short for the recipe, the recipe is not for such a network, the team cannot share
            out its batches, or was not started alike.
    """

    def __init__(self, network: Network, tokens: Tensor, recipe: TrainingRecipe, team: Team | None = None) -> None:
        self.network, self.recipe, self.team = network, recipe, team or Team()
        self.device = network.head.bias.device
        self.rows = self.team.rows(recipe.batch_size)
        if network.context_length is not None and recipe.length > network.context_length:
            raise InputError(f"length is {recipe.length}; this model reads at most {network.context_length} tokens.")
        cut = tokens, recipe.batch_size, recipe.length, recipe.seed
        if isinstance(network, LSTMLanguageModel):
            self.batches: Batches = StreamBatches(*cut, recipe.jitter)
        else:
            _refuse_what_is_for_lstms(recipe)
            self.batches = WindowBatches(*cut)
        matrices = [p for p in network.parameters() if p.dim() >= 2]
        others = [p for p in network.parameters() if p.dim() < 2]
        self.optimizer = AdamW(
            [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=recipe.learning_rate,
            betas=recipe.betas,
        )
        self.text_sha256 = hashlib.sha256(tokens.numpy().tobytes()).hexdigest()
        self.team.agree(f"{self.text_sha256} {network.config} {recipe} {torch.__version__.split('+')[0]}")
        slow = recipe.precision == "auto" and self.team.any(not fast_bfloat16(self.device))
        self.bfloat16 = recipe.precision != "float32" and not slow
        self._cost = self.team.sharing(Cost(network))
        self.step, self.seconds = 0, 0.0
        self.state: LSTMState | None = None
        self.average = AveragedWeights(network, recipe.average_over) if recipe.average_over else None
        self.may_close = self.team.size == 1  # one of a team that closed its generator by itself would wait for ever

    def stops_if(self, asked: bool) -> bool:
        """Return whether any process of the team was asked to stop; then all stop now, with a last checkpoint."""
        stops = self.team.any(asked)
        self.may_close = self.may_close or stops
        return stops

    @property
    def n_parameters(self) -> int:
        """How many weights the network has."""
        return sum(weights.numel() for weights in self.network.parameters())

    @property
    def progress(self) -> float:
        """The part of the planned training that is done, 0 to 1."""
        if self.recipe.minutes is not None:
            return min(1.0, self.seconds / (60 * self.recipe.minutes))
        assert self.n_steps is not None
        return min(1.0, self.step / self.n_steps)

    @property
    def n_steps(self) -> int | None:
        """The planned length in steps; None for a training by the clock."""
        return None if self.recipe.epochs is None else max(1, round(self.recipe.epochs * self.batches.per_epoch))

    def end_after(self, n_steps: int) -> None:
        """Plan so many steps in all; the learning rate falls accordingly."""
        self.recipe = replace(self.recipe, minutes=None, epochs=n_steps / self.batches.per_epoch)

    def adjust(
        self, learning_rate: float | None = None, dropout: float | None = None, clip: float | None = None
    ) -> None:
        """Train otherwise from the next step on; a checkpoint is of the recipe as it is then.

        Args:
            learning_rate: the highest rate, which the schedule scales.
            dropout: the share of units set to zero, 0 to below 1, for embedding, hidden and output alike.
            clip: largest L2 norm of the gradient.

        Raises:
            InputError: a value is out of range; nothing is changed.
        """
        changes: dict[str, Any] = {"learning_rate": learning_rate, "clip": clip}
        if dropout is not None:
            changes["noise"] = replace(self.recipe.noise, embedding=dropout, hidden=dropout, output=dropout)
        given = {name: value for name, value in changes.items() if value is not None}
        self.recipe = replace(self.recipe, **given)

    def do_step(self) -> tuple[float, float, float]:
        """Do one optimizer step; return its loss (nats per token), learning rate and gradient norm before clipping.

        All of a team do it together; loss and norm are those of the whole batch.
        """
        begin = time.perf_counter()
        recipe = self.recipe
        inputs, targets = self.batches.batch(*divmod(self.step, self.batches.per_epoch))
        if self.step % self.batches.per_epoch == 0:
            self.state = None  # a new epoch starts at the beginning of the text
        noise = Noise(recipe.noise_at(self.progress), recipe.seed, self.step, self.team.rank, self.team.size)
        mine = (words[self.rows].to(self.device) for words in (inputs, targets))
        cost, own_loss, self.state = self._cost(recipe, *mine, self.state, noise, self.bfloat16)
        rate = recipe.learning_rate * learning_rate_factor(self.progress, recipe.warmup, recipe.plateau)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        cost.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        loss = self.team.mean(float(own_loss))
        self._refuse_divergence(loss, float(norm))
        self.optimizer.step()
        self.step += 1
        if self.average:
            self.average.update(self.step)
        self.seconds = self.team.told(self.seconds + time.perf_counter() - begin) or 0.0
        return loss, rate, float(norm)

    def _refuse_divergence(self, loss: float, norm: float) -> None:
        most = DIVERGED * math.log(max(2, self.network.config.vocab_size))
        if not math.isfinite(loss + norm):
            what = "its loss or gradient is no longer a number"
        elif loss > most:
            what = (
                f"its loss is {loss:.4g} nats per token, and even {most:.4g} is {DIVERGED} times that of a blind guess"
            )
        else:
            return
        raise TrainingError(
            f"The training has diverged at step {self.step + 1}: {what}. Train anew with a learning rate below "
            f"{self.recipe.learning_rate:g}."
        )

    @contextmanager
    def result(self) -> Iterator[Network]:
        """Let the network have the weights that count inside the `with` block: the averaged ones, if there are any."""
        if self.average is None:
            yield self.network
            return
        with self.average.in_place():
            yield self.network

    @property
    def card(self) -> dict[str, Any]:
        """What a checkpoint's card says of `tensors`, for `restore`."""
        about = {"recipe": asdict(self.recipe), "text_sha256": self.text_sha256}
        return {**about, "step": self.step, "seconds": self.seconds}

    def tensors(self) -> dict[str, Tensor]:
        """Return all that a resumed run needs, by name, on the processor; all of a team must ask for it."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
        if self.state is not None:
            tensors |= {f"carry.{name}": self.team.whole(rows.cpu(), 1) for name, rows in self.state._asdict().items()}
        if self.average is not None:
            tensors |= {f"average.{name}": value for name, value in self.average.values.items()}
        return {name: value.cpu() for name, value in tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
        """Go back to where a checkpoint was written.

        Raises:
            CheckpointError: it was written on another text, with another recipe, or for another shape.
        """
        if card.get("text_sha256") != self.text_sha256:
            raise CheckpointError(
                "The checkpoint was written while training on another text, or on this one before it was changed. "
                "Resume with that text, or start anew in another folder."
            )
        written, now = asdict(recipe_from(card.get("recipe"))), asdict(self.recipe)
        changed = sorted(key for key in now if now[key] != written[key] and key not in _MAY_CHANGE)
        if changed:
            raise CheckpointError(
                f"The checkpoint was written with another recipe (it differs in {', '.join(changed)}). "
                "Resume with the same options, or start anew in another folder."
            )
        try:
            self.network.load_state_dict(_under("network.", tensors))
        except RuntimeError as error:
            raise CheckpointError(f"The checkpoint is of a model with another shape: {error}") from error
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, field = name.split(".")
                state.setdefault(int(index), {})[field] = value
        self.optimizer.load_state_dict({"state": state})
        carry = {name: rows[:, self.rows].to(self.device) for name, rows in _under("carry.", tensors).items()}
        self.state = LSTMState(**carry) if carry else None
        if self.average is not None:
            self.average.restore(_under("average.", tensors))
        self.step, self.seconds = int(card["step"]), float(card["seconds"])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _refuse_what_is_for_lstms(recipe: TrainingRecipe) -> None:
    given = {
        "jitter": recipe.jitter,
        "activation_penalty": recipe.activation_penalty,
        "temporal_penalty": recipe.temporal_penalty,
        "noise.recurrent": recipe.noise.recurrent,
    }
    for name, value in given.items():
        if value:
            raise InputError(f"{name} is {value}; it is for LSTMs, and must be 0 for a Transformer.")
