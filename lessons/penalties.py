"""Penalties on what an LSTM shows: large values, and large changes from one token to the next.

    activation  AR  = alpha * mean(h_t^2)              the output stays small
    temporal    TAR = beta * mean((h_(t+1) - h_t)^2)   the output changes slowly

They are added to the loss that is minimised, and never to the loss that is reported.

Source: Merity, McCann and Socher 2017, Revisiting Activation Regularization for Language RNNs, arXiv:1708.01009.
"""

from __future__ import annotations

from torch import Tensor

__all__ = ["activation_penalty", "temporal_penalty"]


def activation_penalty(hidden: Tensor) -> Tensor:
    """Return AR with alpha = 1: the mean square of all values. Args: hidden (B, T, D), after dropout."""
    return hidden.float().square().mean()


def temporal_penalty(hidden: Tensor) -> Tensor:
    """Return TAR with beta = 1: the mean square of all changes between neighbours; 0 for a single token.

    Args:
        hidden: (B, T, D). The paper takes it before dropout. After a locked dropout of rate p, which drops the same
            units at all T places, the mean over all masks is 1 / (1 - p) times as large, and nothing else differs.
    """
    if hidden.shape[1] < 2:
        return hidden.new_zeros(())
    return (hidden[:, 1:] - hidden[:, :-1]).float().square().mean()
