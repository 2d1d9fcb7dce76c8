"""How many floating-point operations a piece of work takes, and how many this machine can do in a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["check_counting", "operations", "peak"]

_SIDE = 2048  # of the square matrices whose product shows the peak


def _lstm_forward(inputs: Any, weight_input: Any, weight_memory: Any, *_: Any, **__: Any) -> int:
    return 2 * math.prod(inputs[:2]) * (math.prod(weight_input) + math.prod(weight_memory))


def _lstm_backward(*shapes: Any, **__: Any) -> int:
    return 2 * _lstm_forward(*shapes)  # one product for the gradient of what came in, one for that of the weights


def operations(work: Callable[[], object]) -> int:
    """Count the operations of all matrix products, a multiplication and an addition being two.

    Args:
        work: is called once.
    """
    aten = torch.ops.aten
    told = {aten.mkldnn_rnn_layer: _lstm_forward, aten.mkldnn_rnn_layer_backward: _lstm_backward}
    with FlopCounterMode(display=False, custom_mapping=told) as counter:  # without this, it takes nn.LSTM for nothing
        work()
    return counter.get_total_flops()


def check_counting() -> None:
    """Count two layers that can be counted by hand, forward and backward, and stop if the numbers differ."""
    rows, width, words = (20, 35), 200, 1000
    lstm, linear = nn.LSTM(width, width, batch_first=True), nn.Linear(width, words)
    values = torch.zeros(*rows, width, requires_grad=True)
    one_way = 2 * math.prod(rows)  # times the number of weights
    for name, counted, by_hand in (
        ("an LSTM", operations(lambda: lstm(values)[0].sum().backward()), 3 * one_way * 2 * 4 * width**2),
        ("a linear layer", operations(lambda: linear(values).sum().backward()), 3 * one_way * width * words),
    ):
        if counted != by_hand:
            raise SystemExit(f"{counted:,} operations were counted for {name}; by hand there are {by_hand:,}.")


def peak(bfloat16: bool, seconds: float = 0.4) -> float:
    """Return the operations a second of the fastest of some products of large square matrices.

    Args:
        bfloat16: multiply in this precision, otherwise in float32.
        seconds: for how long to try.
    """
    kind = torch.bfloat16 if bfloat16 else torch.float32
    a, b = (torch.randn(_SIDE, _SIDE).to(kind) for _ in range(2))
    torch.mm(a, b)  # the first one is slower
    fastest, until = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        begin = time.perf_counter()
        torch.mm(a, b)
        fastest = min(fastest, time.perf_counter() - begin)
    return 2 * _SIDE**3 / fastest
