"""What a training step makes smaller: the mean surprisal of its batch, and the penalties of the recipe.

It is a module of its own because processes that train together share their gradients at the call of a module.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lessons.lstm import LSTMLanguageModel, LSTMState
from lessons.noise import Noise
from lessons.penalties import activation_penalty, temporal_penalty
from lessons.presets import TrainingRecipe
from lessons.reading import Network

__all__ = ["Cost"]


class Cost(nn.Module):
    """The cost of a batch as a function of a network's weights. Args: network, which is in training."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        recipe: TrainingRecipe,
        inputs: Tensor,
        targets: Tensor,
        state: LSTMState | None,
        noise: Noise,
        bfloat16: bool,
    ) -> tuple[Tensor, Tensor, LSTMState | None]:
        """Read a batch.

        Args:
            recipe: for its penalties.
            inputs: (B, T).
            targets: (B, T), the token after each input.
            state: of an LSTM, from the batch before; None starts from zeros.
            noise: of this step.
            bfloat16: whether matrices are multiplied in half precision.

        Returns:
            The cost, whose gradient the step needs; the loss in it (nats per token); an LSTM's state after the batch.
        """
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=bfloat16):
            if isinstance(self.network, LSTMLanguageModel):
                hidden, end = self.network(inputs, state, noise)
                state = LSTMState(*(values.detach().float() for values in end))
            else:
                hidden = self.network(inputs, noise)
            surprisals = self.network.head.surprisals(
                hidden.flatten(0, 1), targets.flatten(), self.network.embedding.weight
            )
        loss = cost = surprisals.mean()
        if recipe.activation_penalty:
            cost = cost + recipe.activation_penalty * activation_penalty(hidden)
        if recipe.temporal_penalty:
            cost = cost + recipe.temporal_penalty * temporal_penalty(hidden)
        return cost, loss.detach(), state
