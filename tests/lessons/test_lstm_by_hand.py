"""The blackboard's LSTM is torch's own on a hundred random cases, and the check that shows it catches four mutants."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lessons import lstm
from lessons.errors import InputError
from lessons.lstm_by_hand import (
    Gates,
    Step,
    gates_of,
    half_life,
    lstm_step,
    new_cell_state,
    new_hidden_state,
    share_left,
    sigmoid,
    steps_over,
)

CASES = range(100)


def case(seed):
    """Return a torch cell, and x, h and c for it: values large enough to see every squashing bend."""
    rng = np.random.default_rng(seed)
    size, entering, width = (int(n) for n in rng.integers(1, 7, 3))
    torch.manual_seed(seed)
    cell = nn.LSTMCell(entering, width)
    for parameter in cell.parameters():
        parameter.data.normal_(0, 0.8)
    return cell, rng.normal(0, 1.5, (size, entering)), *rng.normal(0, 1.5, (2, size, width))


def weights_of(cell):
    weight_input, weight_memory, bias_input, bias_memory = (p.detach().numpy() for p in cell.parameters())
    return weight_input, weight_memory, bias_input + bias_memory


def is_torchs(step, seeds=CASES):
    """Return whether a step function gives torch's hidden and cell state in all cases."""
    for seed in seeds:
        cell, x, h, c = case(seed)
        with torch.no_grad():
            expected = cell(*map(torch.tensor, [x.astype(np.float32)]), tuple(torch.tensor(v).float() for v in (h, c)))
        made = step(x, h, c, *weights_of(cell))
        for ours, theirs in zip((made.hidden_state, made.cell_state), expected, strict=True):
            if ours.shape != theirs.shape or not np.allclose(ours, theirs.numpy(), rtol=0, atol=1e-5):
                return False
    return True


def test_a_step_is_torchs_on_a_hundred_random_cases():
    assert is_torchs(lstm_step)


def with_gates(change):
    """Return a whole step in which the four gates are passed through a function first."""

    def step(x, h, c, *weights):
        gates = Gates(*change(*gates_of(x, h, *weights)))
        cell = new_cell_state(gates, c)
        return Step(gates, cell, new_hidden_state(gates, cell))

    return step


def another_order(x, h, c, weight_input, weight_memory, bias):
    """The rows taken as input, forget, output, candidate: another library's order."""
    shuffled = []
    for weights in (weight_input, weight_memory, bias):
        i, f, g, o = np.split(np.asarray(weights), 4)
        shuffled.append(np.concatenate([i, f, o, g]))
    return lstm_step(x, h, c, *shuffled)


def without_tanh(x, h, c, *weights):
    """The memory shown as it is."""
    made = lstm_step(x, h, c, *weights)
    return made._replace(hidden_state=made.gates.output * made.cell_state)


def without_tanh_in_the_candidate(x, h, c, *weights):
    """The candidate left unsquashed."""
    return with_gates(lambda i, f, g, o: (i, f, np.arctanh(np.clip(g, -1 + 1e-12, 1 - 1e-12)), o))(x, h, c, *weights)


MUTANTS = {
    "gates in another order": another_order,
    "input and forget swapped": with_gates(lambda i, f, g, o: (f, i, g, o)),
    "no tanh around the memory": without_tanh,
    "no tanh in the candidate": without_tanh_in_the_candidate,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_check_catches(mutant):
    assert not is_torchs(MUTANTS[mutant])
    assert all(not is_torchs(MUTANTS[mutant], [seed]) for seed in range(5))  # not in one lucky case alone


def test_the_check_accepts_the_same_sums_in_other_words():
    assert is_torchs(with_gates(lambda i, f, g, o: (i, f, g, o)), range(10))


@pytest.mark.parametrize("seed", range(10))
def test_it_is_the_models_own_step(seed):
    torch.manual_seed(seed)
    layer = nn.LSTM(5, 5, batch_first=True)
    x, h, c = torch.randn(3, 2, 5)
    theirs = lstm.lstm_step(layer, x, h, c)
    weight_input, weight_memory, bias_input, bias_memory = (w.detach().numpy() for w in layer.all_weights[0])
    ours = lstm_step(x.numpy(), h.numpy(), c.numpy(), weight_input, weight_memory, bias_input + bias_memory)
    for name in Gates._fields:
        np.testing.assert_allclose(getattr(ours.gates, name), getattr(theirs, name).detach(), atol=1e-5)
    np.testing.assert_allclose(ours.cell_state, theirs.cell_state.detach(), atol=1e-5)
    np.testing.assert_allclose(ours.hidden_state, theirs.hidden_state.detach(), atol=1e-5)


def test_a_single_unit_on_the_blackboard():
    gates = Gates(*map(np.float64, (0.5, 0.9, 0.6, 0.8)))
    cell = new_cell_state(gates, 2.0)
    assert cell == pytest.approx(0.9 * 2.0 + 0.5 * 0.6)
    assert new_hidden_state(gates, cell) == pytest.approx(0.8 * np.tanh(2.1))
    made = lstm_step([1.0], [0.5], [2.0], np.ones((4, 1)), np.ones((4, 1)), np.zeros(4))
    assert made.gates.forget == pytest.approx(sigmoid(1.5))
    assert made.gates.candidate == pytest.approx(np.tanh(1.5))


def test_sigmoid_goes_from_0_to_1_without_overflow():
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sigmoid([-1e9, -2, 0, 2, 1e9]), [0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1])


def test_steps_follow_each_other():
    rng = np.random.default_rng(1)
    gates = rng.random((6, 4, 3))
    cell = np.array([1.0, -2.0, 0.0])
    for step, (i, f, g, o) in zip(steps_over(gates, cell), gates, strict=True):
        cell = f * cell + i * g
        np.testing.assert_allclose(step.cell_state, cell)
        np.testing.assert_allclose(step.hidden_state, o * np.tanh(cell))
    assert steps_over(np.zeros((0, 4))) == []


@given(st.floats(0.01, 0.999))
def test_after_its_half_life_half_is_left(forget):
    assert forget ** float(half_life(forget)) == pytest.approx(0.5)


def test_the_ends_of_the_half_life():
    with np.errstate(all="raise", divide="warn"):
        np.testing.assert_array_equal(half_life([0.0, 0.5, 1.0]), [0.0, 1.0, np.inf])
    assert half_life(0.9) == pytest.approx(6.5788, abs=1e-4)


def test_the_share_left_is_the_product_of_the_later_gates():
    forget = np.random.default_rng(2).random((7, 3))
    left = share_left(forget)
    assert left.shape == (7, 3)
    for t in range(7):
        np.testing.assert_allclose(left[t], np.prod(forget[t + 1 :], axis=0))


def test_the_share_left_is_the_gradient_along_the_memory():
    gates = torch.rand(6, 4, dtype=torch.float64)
    cells = [torch.tensor(0.7, dtype=torch.float64, requires_grad=True)]
    for i, f, g, _ in gates:
        cells.append(f * cells[-1] + i * g)
        cells[-1].retain_grad()
    cells[-1].backward()
    np.testing.assert_allclose(share_left(gates[:, 1].numpy()), [float(cell.grad) for cell in cells[1:]])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: half_life(1.2), "A forget gate lies between 0"),
        (lambda: half_life([0.5, np.nan]), "A forget gate lies between 0"),
        (lambda: share_left(0.5), "forget is empty or a single number"),
        (lambda: share_left([]), "forget is empty or a single number"),
        (lambda: steps_over(np.ones((3, 5))), r"gates has shape \(3, 5\); it must be \(T, 4, ...\)"),
        (lambda: steps_over([1.0]), "gates has shape"),
        (lambda: gates_of([1.0], [1.0], np.ones((3, 1)), np.ones((4, 1)), np.ones(4)), "weight_input has shape"),
        (lambda: gates_of([1.0], [1.0], np.ones((4, 1)), np.ones((4, 2)), np.ones(4)), "weight_memory has shape"),
        (lambda: gates_of([1.0], [1.0], np.ones((4, 1)), np.ones((4, 1)), np.ones(3)), "bias has shape"),
        (lambda: gates_of(1.0, 1.0, 1.0, 1.0, 1.0), "weight_input has shape"),
    ],
)
def test_what_it_refuses(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
