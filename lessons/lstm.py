"""The LSTM language model, with its four gates spelled out.

At every token a layer keeps two vectors of D numbers: the cell state c, its memory, and the hidden state h, what it
shows to the next layer. Four gates decide, unit by unit, what happens (sigma is the logistic function, * multiplies
unit by unit):

    input      i = sigma(W_i x + U_i h + b_i)      how much of the candidate enters the memory
    forget     f = sigma(W_f x + U_f h + b_f)      how much of the old memory stays (1 keeps, 0 erases)
    candidate  g = tanh (W_g x + U_g h + b_g)      what could be written
    output     o = sigma(W_o x + U_o h + b_o)      how much of the memory is shown

    c' = f * c + i * g            h' = o * tanh(c')

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.checks import whole
from lessons.head import SplitSoftmax, check_cutoffs
from lessons.noise import Noise

__all__ = ["LSTMConfig", "LSTMLanguageModel", "LSTMState", "LSTMStep", "lstm_layer", "lstm_step"]


@dataclass(frozen=True)
class LSTMConfig:
    """The shape of an LSTM: `vocab_size` V, `d_model` D (of embedding and state), `n_layers` L, head `cutoffs`."""

    vocab_size: int
    d_model: int = 256
    n_layers: int = 2
    cutoffs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("vocab_size", "d_model", "n_layers"):
            whole(f"LSTMConfig.{name}", getattr(self, name), 1)
        object.__setattr__(self, "cutoffs", tuple(self.cutoffs))
        check_cutoffs(self.cutoffs, self.vocab_size)


class LSTMState(NamedTuple):
    """What an LSTM remembers between two tokens: `hidden_state` and `cell_state`, each (L, B, D)."""

    hidden_state: Tensor
    cell_state: Tensor


class LSTMStep(NamedTuple):
    """One step of one layer: the four gates and the two new states, each (B, D)."""

    input: Tensor
    forget: Tensor
    candidate: Tensor
    output: Tensor
    cell_state: Tensor
    hidden_state: Tensor


def lstm_step(layer: nn.LSTM, x: Tensor, hidden_state: Tensor, cell_state: Tensor) -> LSTMStep:
    """Do one step of one layer by the equations above.

    Args:
        layer: a one-layer `nn.LSTM`, which holds the weights: (4 D, D), its rows in the order input, forget, candidate,
            output.
        x: (B, D) what comes in.
        hidden_state: (B, D) h of the step before.
        cell_state: (B, D) c of the step before.
    """
    weight_input, weight_memory, bias_input, bias_memory = layer.all_weights[0]  # (4 D, D) twice, (4 D,) twice
    from_input = F.linear(x, weight_input, bias_input)  # (B, 4 D)
    from_memory = F.linear(hidden_state, weight_memory, bias_memory)  # (B, 4 D)
    i, f, g, o = (from_input + from_memory).chunk(4, dim=1)  # (B, D) each
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    new_cell_state = f * cell_state + i * g
    return LSTMStep(i, f, g, o, new_cell_state, o * torch.tanh(new_cell_state))


def lstm_layer(layer: nn.LSTM, inputs: Tensor, hidden_state: Tensor, cell_state: Tensor) -> list[LSTMStep]:
    """Do all T steps of one layer, one after another; the slow and readable twin of calling `layer`.

    Args:
        layer: a one-layer `nn.LSTM`.
        inputs: (B, T, D).
        hidden_state: (B, D) before the first step.
        cell_state: (B, D) before the first step.
    """
    steps: list[LSTMStep] = []
    for x in inputs.unbind(dim=1):
        step = lstm_step(layer, x, hidden_state, cell_state)
        hidden_state, cell_state = step.hidden_state, step.cell_state
        steps.append(step)
    return steps


def _read(
    layer: nn.Module, values: Tensor, state: tuple[Tensor, Tensor], noise: Noise | None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Call a layer, with some of its recurrent weights dropped if the noise says so (weight drop)."""
    if noise is None or not noise.rates.recurrent:
        return layer(values, state)
    assert isinstance(layer, nn.LSTM)
    weight_input, weight_memory, *biases = layer.all_weights[0]
    weights = [weight_input, noise.weights(weight_memory, noise.rates.recurrent), *biases]
    output, hidden_state, cell_state = torch.lstm(values, state, weights, True, 1, 0.0, True, False, True)
    return output, (hidden_state, cell_state)  # what `layer` itself calls, with one layer and the batch first


class LSTMLanguageModel(nn.Module):
    """Embedding, L layers of LSTM, and the tied split head.

    Calling it runs torch's own `nn.LSTM` (the tests prove that `lstm_layer` gives the same numbers).
    """

    context_length: int | None = None  # it reads a text of any length

    def __init__(self, config: LSTMConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding.from_pretrained(torch.empty(config.vocab_size, config.d_model), freeze=False)
        self.layers = nn.ModuleList(
            nn.LSTM(config.d_model, config.d_model, batch_first=True) for _ in range(config.n_layers)
        )
        self.head = SplitSoftmax(config.vocab_size, config.d_model, config.cutoffs)

    def initialise(self) -> None:
        """Draw the starting weights of the embedding; the layers have drawn theirs when they were made."""
        nn.init.normal_(self.embedding.weight, std=0.05)

    def start_state(self, batch_size: int = 1) -> LSTMState:
        """Return the state before any token: zeros, (L, B, D) each."""
        shape = (self.config.n_layers, batch_size, self.config.d_model)
        zeros = torch.zeros(shape, device=self.head.bias.device)
        return LSTMState(zeros, zeros.clone())

    def forward(
        self, token_ids: Tensor, state: LSTMState | None = None, noise: Noise | None = None
    ) -> tuple[Tensor, LSTMState]:
        """Read tokens and return what the last layer shows at each of them.

        Args:
            token_ids: (B, T).
            state: where to go on from; None starts from zeros.
            noise: dropout for a training step; None for none.

        Returns:
            hidden (B, T, D), which `head` turns into a distribution over the next token, and the state after the last
            token.
        """
        state = state or self.start_state(len(token_ids))
        values = F.embedding(token_ids, self.embedding.weight).to(self.head.bias.dtype)  # (B, T, D)
        if noise:
            values = noise.words(values, token_ids, self.config.vocab_size)
            values = noise.locked(values, noise.rates.embedding)
        ends = []
        for index, layer in enumerate(self.layers):
            if noise and index:
                values = noise.locked(values, noise.rates.hidden)
            values, end = _read(layer, values, (state.hidden_state[index, None], state.cell_state[index, None]), noise)
            ends.append(end)
        if noise:
            values = noise.locked(values, noise.rates.output)
        return values, LSTMState(torch.cat([h for h, _ in ends]), torch.cat([c for _, c in ends]))
