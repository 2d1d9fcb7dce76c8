"""Switching parts off: only that part is gone, and the model itself stays as it was."""

import numpy as np
import pytest
import torch

from lessons.errors import InputError
from tests import tiny

TEXT = "the king was crowned in a town of stone"


def test_a_head_that_is_off_adds_nothing():
    model = tiny.model("transformer")
    whole, less = model.trace(TEXT), model.ablate(heads=[(1, 0)]).trace(TEXT)
    np.testing.assert_array_equal(whole.residual_stream[1], less.residual_stream[1])  # the layer below is untouched
    np.testing.assert_array_equal(whole.attention_weights[1], less.attention_weights[1])  # it still looks, unheard
    block = model.network.blocks[1]
    with torch.no_grad():
        width = model.network.config.d_head
        its_part = torch.tensor(whole.head_outputs[1, 0]) @ block.attention.merge.weight[:, :width].T
    np.testing.assert_allclose(whole.attention_outputs[1] - its_part.numpy(), less.attention_outputs[1], atol=1e-5)
    assert np.abs(its_part.numpy()).max() > 0.1


def test_an_mlp_that_is_off_adds_nothing():
    less = tiny.model("transformer").ablate(mlps=[0]).trace(TEXT)
    assert np.abs(less.mlp_outputs[0]).max() == 0
    assert np.abs(less.mlp_outputs[1]).max() > 0.1


def test_a_unit_of_an_mlp_that_is_off_is_not_read():
    model = tiny.model("transformer")
    whole, less = model.trace(TEXT), model.ablate(units=[(0, 5)]).trace(TEXT)
    column = model.network.blocks[0].mlp[2].weight[:, 5].detach().numpy()
    its_part = whole.mlp_activations[0, :, 5, None] * column
    np.testing.assert_allclose(whole.mlp_outputs[0] - its_part, less.mlp_outputs[0], atol=1e-5)


def test_a_unit_of_an_lstm_that_is_off_shows_nothing():
    model = tiny.model("lstm")
    whole, less = model.trace(TEXT), model.ablate(units=[(0, 5)]).trace(TEXT)
    assert (less.hidden_state[0, :, 5] == 0).all()
    assert np.abs(less.cell_state[0, :, 5]).max() > 0.01  # its memory goes on
    assert np.abs(whole.hidden_state[0, :, 5]).max() > 0.01
    assert (np.delete(less.hidden_state[0], 5, axis=1) != 0).all()
    np.testing.assert_allclose(
        model.ablate(units=[(0, 5)]).surprisals(TEXT), less.predictions.surprisals[:-1], atol=1e-5
    )


@pytest.mark.parametrize(
    ("architecture", "parts"),
    [
        ("transformer", {"heads": [(0, 1)]}),
        ("transformer", {"mlps": [1]}),
        ("transformer", {"units": [(1, 3)]}),
        ("lstm", {"units": [(1, 3), (0, 2)]}),
    ],
)
def test_the_model_itself_stays_as_it_was(architecture, parts):
    model = tiny.model(architecture)
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    surprisals = model.surprisals(TEXT)
    less = model.ablate(**parts)
    assert np.abs(less.surprisals(TEXT) - surprisals).max() > 1e-4
    np.testing.assert_array_equal(model.surprisals(TEXT), surprisals)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.network.state_dict().items())
    shared = {parameter.data_ptr() for parameter in model.network.parameters()}
    own = [parameter for parameter in less.network.parameters() if parameter.data_ptr() not in shared]
    assert len(own) <= 2  # all other weights lie in memory once
    assert less.network.embedding.weight.data_ptr() in shared


def test_parts_add_up():
    model = tiny.model("transformer")
    at_once = model.ablate(heads=[(0, 0), (1, 1)], mlps=[0]).surprisals(TEXT)
    one_by_one = model.ablate(heads=[(0, 0)]).ablate(heads=[(1, 1)]).ablate(mlps=[0]).surprisals(TEXT)
    np.testing.assert_array_equal(at_once, one_by_one)


@pytest.mark.parametrize(
    ("architecture", "parts", "says"),
    [
        ("transformer", {}, "Nothing was named"),
        ("transformer", {"heads": []}, "Nothing was named"),
        ("transformer", {"heads": [(2, 0)]}, "layer is 2; it must be a whole number from 0 to 1"),
        ("transformer", {"heads": [(0, 9)]}, "head is 9; it must be a whole number from 0 to 1"),
        ("transformer", {"heads": [(-1, 0)]}, "layer is -1"),
        ("transformer", {"heads": [3]}, r"pair \(layer, head\)"),
        ("transformer", {"heads": 3}, "give a list"),
        ("transformer", {"heads": ["00"]}, r"pair \(layer, head\)"),
        ("transformer", {"mlps": [2]}, "layer is 2"),
        ("transformer", {"mlps": [True]}, "layer is True"),
        ("transformer", {"units": [(0, 32)]}, "unit is 32"),
        ("lstm", {"units": [(0, 16)]}, "unit is 16"),
        ("lstm", {"units": [(0.5, 1)]}, "layer is 0.5"),
        ("lstm", {"heads": [(0, 0)]}, "An LSTM has no attention heads"),
    ],
)
def test_what_is_not_there_gets_a_sentence(architecture, parts, says):
    with pytest.raises(InputError, match=says):
        tiny.model(architecture).ablate(**parts)
