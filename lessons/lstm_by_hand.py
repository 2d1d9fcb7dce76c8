"""One step of an LSTM as on a blackboard: three functions, plain NumPy, for a single unit or for a whole layer.

    gates               i, f, g, o    from what comes in and what was shown before
    new cell state      c' = f * c + i * g
    new hidden state    h' = o * tanh(c')

Every function takes numbers or arrays: one unit is the case in which all of them are single numbers.

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lessons.errors import InputError

__all__ = [
    "Gates",
    "Step",
    "gates_of",
    "half_life",
    "lstm_step",
    "new_cell_state",
    "new_hidden_state",
    "share_left",
    "sigmoid",
    "steps_over",
]


class Gates(NamedTuple):
    """The four gates, each (..., D): input, forget and output between 0 and 1, the candidate between -1 and 1."""

    input: np.ndarray
    forget: np.ndarray
    candidate: np.ndarray
    output: np.ndarray


class Step(NamedTuple):
    """One step: the gates, and the cell state and the hidden state after it, each (..., D)."""

    gates: Gates
    cell_state: np.ndarray
    hidden_state: np.ndarray


def sigmoid(values: ArrayLike) -> np.ndarray:
    """Return 1 / (1 + exp(-x)) of each number, without overflow: anything between 0 (shut) and 1 (open)."""
    result: np.ndarray = 0.5 * (1 + np.tanh(0.5 * np.asarray(values, np.float64)))
    return result


def gates_of(
    x: ArrayLike, hidden_state: ArrayLike, weight_input: ArrayLike, weight_memory: ArrayLike, bias: ArrayLike
) -> Gates:
    """Return the four gates: a weighted sum of what comes in and of what was shown before, squashed.

    Args:
        x: (..., E) what comes in.
        hidden_state: (..., D) h of the step before.
        weight_input: (4 D, E) W, its rows in the order input, forget, candidate, output, as torch stores them.
        weight_memory: (4 D, D) U, in the same order.
        bias: (4 D,) b, in the same order.

    Raises:
        InputError: the shapes do not fit together.
    """
    x, hidden_state, bias = (np.asarray(value, np.float64) for value in (x, hidden_state, bias))
    weight_input, weight_memory = np.asarray(weight_input, np.float64), np.asarray(weight_memory, np.float64)
    width = hidden_state.shape[-1] if hidden_state.ndim else 0
    wanted: dict[str, tuple[int, ...]] = {
        "weight_input": (4 * width, x.shape[-1] if x.ndim else 0),
        "weight_memory": (4 * width, width),
        "bias": (4 * width,),
    }
    given: dict[str, tuple[int, ...]] = {
        "weight_input": weight_input.shape,
        "weight_memory": weight_memory.shape,
        "bias": bias.shape,
    }
    for name, shape in wanted.items():
        if given[name] != shape or not width:
            raise InputError(
                f"{name} has shape {given[name]}; for x {x.shape} and hidden_state {hidden_state.shape} it must have "
                f"{shape}, four rows for each of the {width} units."
            )
    sums = x @ weight_input.T + hidden_state @ weight_memory.T + bias  # (..., 4 D)
    i, f, g, o = np.split(sums, 4, axis=-1)  # (..., D) each
    return Gates(sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o))


def new_cell_state(gates: Gates, cell_state: ArrayLike) -> np.ndarray:
    """Return c' = f * c + i * g: what stays of the old memory, and what is written into it.

    Args:
        gates: (..., D) each.
        cell_state: (..., D) c of the step before.
    """
    result: np.ndarray = gates.forget * np.asarray(cell_state) + gates.input * gates.candidate
    return result


def new_hidden_state(gates: Gates, cell_state: ArrayLike) -> np.ndarray:
    """Return h' = o * tanh(c'): what is shown of the new memory.

    Args:
        gates: (..., D) each; only the output gate counts here.
        cell_state: (..., D) the new one.
    """
    result: np.ndarray = gates.output * np.tanh(cell_state)
    return result


def lstm_step(
    x: ArrayLike,
    hidden_state: ArrayLike,
    cell_state: ArrayLike,
    weight_input: ArrayLike,
    weight_memory: ArrayLike,
    bias: ArrayLike,
) -> Step:
    """Do one whole step: the gates, then the cell state, then the hidden state.

    Args:
        x: (..., E) what comes in.
        hidden_state: (..., D) h of the step before.
        cell_state: (..., D) c of the step before.
        weight_input: (4 D, E), rows in the order input, forget, candidate, output.
        weight_memory: (4 D, D).
        bias: (4 D,).

    Raises:
        InputError: the shapes do not fit together.
    """
    gates = gates_of(x, hidden_state, weight_input, weight_memory, bias)
    cell = new_cell_state(gates, cell_state)
    return Step(gates, cell, new_hidden_state(gates, cell))


def steps_over(gates: ArrayLike, cell_state: ArrayLike = 0.0) -> list[Step]:
    """Carry a memory through time with gates that are known, one step after another.

    Args:
        gates: (T, 4, ...) the gates of each step in the order input, forget, candidate, output.
        cell_state: (...) c before the first step.

    Raises:
        InputError: `gates` does not hold four of them for each step.
    """
    values = np.asarray(gates, np.float64)
    if values.ndim < 2 or values.shape[1] != 4:
        raise InputError(f"gates has shape {values.shape}; it must be (T, 4, ...), four gates for each step.")
    steps: list[Step] = []
    cell = np.asarray(cell_state, np.float64)
    for i, f, g, o in values:
        now = Gates(i, f, g, o)
        cell = new_cell_state(now, cell)
        steps.append(Step(now, cell, new_hidden_state(now, cell)))
    return steps


def _open_part(forget: ArrayLike) -> np.ndarray:
    """Return forget gates as float64 if all lie between 0 and 1."""
    values = np.asarray(forget, np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError("A forget gate lies between 0 (erase) and 1 (keep); one of those given does not.")
    return values


def half_life(forget: ArrayLike) -> np.ndarray:
    """Return after how many steps half of a memory is left, n with f ** n = 1/2: 0 for f = 0, infinite for f = 1.

    Args:
        forget: forget gates that stay as they are, any shape.

    Raises:
        InputError: one lies outside 0 to 1.
    """
    values = _open_part(forget)
    with np.errstate(divide="ignore"):
        result: np.ndarray = np.log(0.5) / -np.abs(np.log(values))  # -0 for f = 1: the quotient is +infinity
    return result


def share_left(forget: ArrayLike) -> np.ndarray:
    """Return how much of what a cell held after each step is left after the last one: the product of all later f.

    It is also the gradient of the last cell state by the earlier one along the memory alone, the gates held as they
    are: it fades unless every forget gate on the way is near 1.

    Args:
        forget: (T, ...) the forget gates, step by step.

    Returns:
        (T, ...); the last row is 1.

    Raises:
        InputError: a gate lies outside 0 to 1, or there is no step.
    """
    values = _open_part(forget)
    if not values.ndim or not len(values):
        raise InputError("forget is empty or a single number; give the forget gates of at least one step.")
    later = np.concatenate([values[1:], np.ones_like(values[:1])])  # (T, ...): f of the step after each
    result: np.ndarray = np.cumprod(later[::-1], axis=0)[::-1]
    return result
