"""AdamW: the step of every weight is its mean gradient, divided by how large its gradients have been.

    m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
    w <- w - rate (decay w + m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps))

It gives the same numbers to the last digit as `torch.optim.AdamW(..., fused=True)`, since the same routine of torch
does the arithmetic. That class is not used because making one loads torch's compiler, which nobody here needs: over 800
modules, a second or more of a learner's time at the first click on Start, and 67 MB in each of thirty kernels.

Source: Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import torch
from torch import Tensor

__all__ = ["AdamW"]

_STATE = ("exp_avg", "exp_avg_sq", "step")  # m, v and t, by the names that torch's checkpoints have for them


class AdamW:
    """The optimizer of all presets.

    Args:
        groups: each with "params", the weights to move, and "weight_decay", the share of a weight that is taken away
            per unit of the learning rate.
        lr: the learning rate of the next steps; `param_groups` holds it for each group, to be changed.
        betas: b1 and b2, how much of the two means stays from step to step.
        eps: what keeps a weight without gradients from being divided by zero.
    """

    def __init__(
        self,
        groups: Iterable[Mapping[str, Any]],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.param_groups: list[dict[str, Any]] = [
            {**group, "params": list(group["params"]), "lr": lr, "betas": betas, "eps": eps} for group in groups
        ]
        self._state: dict[int, dict[str, Tensor]] = {}

    @property
    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every weight that has a gradient."""
        numbers = count()
        for group in self.param_groups:
            moved = []
            for parameter, number in zip(group["params"], numbers, strict=False):
                if parameter.grad is not None:
                    if number not in self._state:
                        self._state[number] = _nothing_yet(parameter)
                    moved.append((parameter, parameter.grad, *(self._state[number][name] for name in _STATE)))
            if moved:
                parameters, gradients, means, squares, steps = map(list, zip(*moved, strict=True))
                torch._foreach_add_(steps, 1)
                torch._fused_adamw_(
                    parameters,
                    gradients,
                    means,
                    squares,
                    [],
                    steps,
                    lr=group["lr"],
                    beta1=group["betas"][0],
                    beta2=group["betas"][1],
                    weight_decay=group["weight_decay"],
                    eps=group["eps"],
                    amsgrad=False,
                    maximize=False,
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the two means and the number of steps of each weight, under "state", as torch's own class does."""
        return {"state": {number: dict(state) for number, state in self._state.items()}, "param_groups": []}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned; the settings in `param_groups` stay."""
        parameters = self._parameters
        self._state = {
            int(number): _placed(state, parameters[int(number)]) for number, state in state_dict["state"].items()
        }


def _placed(state: Mapping[str, Tensor], parameter: Tensor) -> dict[str, Tensor]:
    """Return a copy of a weight's state where the weight is, the number of steps as the float32 that torch wants."""
    kinds = {name: torch.float32 if name == "step" else parameter.dtype for name in state}
    return {name: value.to(parameter.device, kinds[name]).clone() for name, value in state.items()}


def _nothing_yet(parameter: Tensor) -> dict[str, Tensor]:
    """Return the state of a weight before its first step."""
    step = torch.zeros((), dtype=torch.float32, device=parameter.device)
    return {"exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter), "step": step}
