"""Averaged weights: the mean of a network over its last steps is a better model than the network at any one of them.

While the learning rate is high, the weights wander about a good place; their running mean lies nearer to it. At any
step it is about as good as the weights would become if the rate fell to zero, so a long run can be judged and stopped
anywhere.

The mean is exponential: every tenth step the new weights get a share of it. The share is such that the mean looks back
over about `steps` steps, and in a run that is not that old yet over its last tenth or so, for its first weights are of
no use.

Sources: Polyak and Juditsky 1992; Merity et al. 2017, arXiv:1708.02182 (averages in a language model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["EVERY", "AveragedWeights", "newest_share"]

EVERY = 10  # steps between two updates, so that they cost nothing to speak of


def newest_share(update: int, steps: int) -> float:
    """Return the share of the mean that the weights at hand get, 0 to 1.

    Args:
        update: how many updates there were before.
        steps: how far the mean looks back.
    """
    return min(1.0, max(EVERY / steps, 10 / (10 + update)))


class AveragedWeights:
    """The running mean of a network's weights.

    Args:
        network: the network in training; the mean starts as a copy of its weights.
        steps: how far the mean looks back, in training steps.
    """

    def __init__(self, network: nn.Module, steps: int) -> None:
        self.network, self.steps = network, steps
        self.values = {name: p.detach().clone() for name, p in network.named_parameters()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a training step; only every tenth step changes the mean.

        Args:
            step: how many training steps are done.
        """
        if step % EVERY:
            return
        share = newest_share(step // EVERY - 1, self.steps)
        new = [parameter.detach() for parameter in self.network.parameters()]
        torch._foreach_lerp_(list(self.values.values()), new, share)

    def restore(self, values: Mapping[str, Tensor]) -> None:
        """Go back to a mean that was kept, by the names of the network's parameters."""
        for name, value in self.values.items():
            value.copy_(values[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network have the averaged weights inside the `with` block."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for name, parameter in self.network.named_parameters():
            parameter.data, self.values[name] = self.values[name], parameter.data
