"""The models' formulas, written out, are torch's own: on random cases, and with the mutants caught."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lessons.errors import InputError
from lessons.lstm import LSTMConfig, LSTMState, lstm_layer, lstm_step
from lessons.networks import build_network, config_from
from lessons.noise import Noise, NoiseRates
from lessons.transformer import TransformerConfig, attend, causal_mask
from tests import tiny

CASES = range(20)


def random_case(seed):
    generator = np.random.default_rng(seed)
    torch.manual_seed(seed)
    return [int(n) for n in generator.integers(1, 7, size=4)]


@pytest.mark.parametrize("seed", CASES)
def test_a_step_is_torch_s_lstm_cell(seed):
    batch_size, width, _, _ = random_case(seed)
    layer, cell = nn.LSTM(width, width, batch_first=True), nn.LSTMCell(width, width)
    cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh = layer.all_weights[0]
    x, h, c = 2 * torch.randn(3, batch_size, width)
    step = lstm_step(layer, x, h, c)
    expected_h, expected_c = cell(x, (h, c))
    torch.testing.assert_close(step.hidden_state, expected_h)
    torch.testing.assert_close(step.cell_state, expected_c)


@pytest.mark.parametrize("seed", CASES)
def test_a_layer_step_by_step_is_torch_s_lstm(seed):
    batch_size, width, length, _ = random_case(seed)
    layer = nn.LSTM(width, width, batch_first=True)
    x, h, c = 2 * torch.randn(batch_size, length, width), *torch.randn(2, batch_size, width)
    steps = lstm_layer(layer, x, h, c)
    expected, (last_h, last_c) = layer(x, (h[None], c[None]))
    torch.testing.assert_close(torch.stack([step.hidden_state for step in steps], dim=1), expected)
    torch.testing.assert_close((steps[-1].hidden_state, steps[-1].cell_state), (last_h[0], last_c[0]))


def test_the_gates_mean_what_their_names_say():
    layer = nn.LSTM(1, 1)
    for parameter in layer.parameters():
        parameter.data.zero_()
    layer.bias_ih_l0.data = torch.tensor(
        [-40.0, 40.0, 3.0, 40.0]
    )  # input shut, forget open, candidate set, output open
    step = lstm_step(layer, torch.ones(1, 1), torch.zeros(1, 1), torch.full((1, 1), 0.7))
    assert step.input.item() == pytest.approx(0, abs=1e-6)
    assert step.forget.item() == pytest.approx(1)
    assert step.candidate.item() == pytest.approx(math.tanh(3))
    assert step.cell_state.item() == pytest.approx(0.7)  # a forget gate of 1 keeps the memory
    assert step.hidden_state.item() == pytest.approx(math.tanh(0.7))


@pytest.mark.parametrize("seed", CASES)
def test_attention_step_by_step_is_torch_s_own(seed):
    batch_size, n_heads, length, d_head = random_case(seed)
    query, key, value = 3 * torch.randn(3, batch_size, n_heads, length, d_head)
    steps = attend(query, key, value)
    torch.testing.assert_close(steps.output, F.scaled_dot_product_attention(query, key, value, is_causal=True))
    torch.testing.assert_close(steps.weights.sum(-1), torch.ones(batch_size, n_heads, length))
    assert (steps.weights[..., ~causal_mask(length)] == 0).all()


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("no scale", lambda q, k, v: (q @ k.mT).masked_fill(~causal_mask(q.shape[-2]), -torch.inf).softmax(-1) @ v),
        ("softmax over queries", lambda q, k, v: attend(q, k, v).masked.softmax(-2).nan_to_num() @ v),
        ("mask after softmax", lambda q, k, v: (attend(q, k, v).scaled.softmax(-1) * causal_mask(q.shape[-2])) @ v),
        ("-1 for minus infinity", lambda q, k, v: attend(q, k, v).masked.clamp(min=-1).softmax(-1) @ v),
    ],
)
def test_the_comparison_catches_a_wrong_attention(name, mutant):
    torch.manual_seed(0)
    query, key, value = 3 * torch.randn(3, 1, 2, 5, 4)
    expected = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    assert not torch.allclose(mutant(query, key, value), expected, atol=1e-3), name


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_no_hidden_state_depends_on_what_comes_later(architecture):
    network = tiny.network(architecture)
    ids = torch.randint(0, 20, (2, 12))
    changed = ids.clone()
    changed[:, 7:] = (changed[:, 7:] + 5) % 20

    def read(tokens):
        result = network(tokens)
        return result[0] if isinstance(result, tuple) else result

    torch.testing.assert_close(read(ids)[:, :7], read(changed)[:, :7])
    assert not torch.allclose(read(ids)[:, 7:], read(changed)[:, 7:])


def test_the_lstm_goes_on_from_its_state():
    network = tiny.network("lstm")
    ids = torch.randint(0, 20, (3, 14))
    whole, end = network(ids)
    first, state = network(ids[:, :5])
    second, state = network(ids[:, 5:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(tuple(state), tuple(end))
    assert isinstance(state, LSTMState)
    assert state.cell_state.shape == (2, 3, 16)


def test_the_transformer_refuses_more_than_its_context():
    with pytest.raises(InputError, match="17 tokens were given; this Transformer reads at most 16"):
        tiny.network("transformer")(torch.zeros(1, 17, dtype=torch.long))


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_noise_is_repeatable_changes_with_the_step_and_is_off_by_default(architecture):
    network, ids = tiny.network(architecture), torch.arange(12)[None]
    rates = NoiseRates(0.2, 0.2, 0.2, 0.2)

    def read(noise=None):
        result = network(ids, noise=noise)
        return result[0] if isinstance(result, tuple) else result

    torch.testing.assert_close(read(), read(), rtol=0, atol=0)
    torch.testing.assert_close(read(Noise(rates, 1, 5)), read(Noise(rates, 1, 5)), rtol=0, atol=0)
    assert not torch.allclose(read(Noise(rates, 1, 5)), read(Noise(rates, 1, 6)))
    assert not torch.allclose(read(Noise(rates, 1, 5)), read())


def test_dropout_keeps_the_mean_and_locks_units_over_time():
    noise = Noise(NoiseRates(), 0, 0)
    dropped = noise.locked(torch.ones(400, 3, 50), 0.3)
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    assert (dropped == dropped[:, :1]).all()
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_state_alone(architecture):
    config = config_from(architecture, {**tiny.SHAPES[architecture], "vocab_size": 20})
    before = torch.random.get_rng_state()
    one, other, third = (build_network(architecture, config, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one["embedding.weight"], third["embedding.weight"])


@pytest.mark.parametrize("value", [0, -1, 2.5, "8", True, None])
@pytest.mark.parametrize("field", ["d_model", "n_layers", "vocab_size"])
def test_configurations_refuse_nonsense(field, value):
    for config_type in (LSTMConfig, TransformerConfig):
        with pytest.raises(InputError, match=field):
            config_type(**{"vocab_size": 20, field: value})


def test_heads_share_the_width_evenly():
    with pytest.raises(InputError, match="multiple of n_heads"):
        TransformerConfig(vocab_size=20, d_model=10, n_heads=3)
    assert TransformerConfig(vocab_size=20, d_model=12, n_heads=3).d_head == 4


def test_a_configuration_from_unknown_fields_is_refused():
    with pytest.raises(InputError, match="n_head"):
        config_from("transformer", {"vocab_size": 20, "n_head": 3})
    with pytest.raises(InputError, match="no architecture 'rnn'"):
        config_from("rnn", {})
