"""Models with random layers: which weights are new, which are shared, and what the check says."""

import numpy as np
import pytest
import torch

from lessons.attribution import fit_surrogate
from lessons.errors import InputError
from lessons.faithfulness import rank_correlation
from tests import tiny

TEXT = "the king was crowned in a town of stone and bees"
TOP = {"lstm": "layers.1.", "transformer": "blocks.1."}
BELOW = {"lstm": "layers.0.", "transformer": "blocks.0."}


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


def changed(model, other):
    """The names of the parameters that differ."""
    there = dict(other.network.named_parameters())
    return {name for name, value in model.network.named_parameters() if not torch.equal(value, there[name])}


def test_layers_are_drawn_anew_from_the_top_down(model):
    one, two, all_three = (model.randomised(n) for n in (1, 2, 3))
    top, below = TOP[model.name], BELOW[model.name]
    assert {name for name in changed(model, one) if name.startswith(top)}
    assert all(name.startswith((top, "norm.")) for name in changed(model, one))
    assert any(name.startswith(below) for name in changed(model, two))
    assert all(name.startswith((top, below, "norm.")) for name in changed(model, two))
    assert {"embedding.weight", "head.bias"} <= changed(model, all_three)
    assert changed(one, two) == {name for name in changed(one, two) if name.startswith(below)}  # the top stays as drawn


def test_nothing_else_is_copied_and_the_model_stays_as_it_is(model):
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    one = model.randomised(1)
    assert one.network.embedding.weight.data_ptr() == model.network.embedding.weight.data_ptr()
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
    assert not any(parameter.requires_grad for parameter in model.randomised(3).network.parameters())


def test_the_same_seed_draws_the_same_weights(model):
    state = torch.get_rng_state()
    assert not changed(model.randomised(2, seed=4), model.randomised(2, seed=4))
    assert changed(model.randomised(2, seed=4), model.randomised(2, seed=5))
    assert torch.equal(state, torch.get_rng_state())


def test_it_is_a_model_like_any_other(model):
    for n_layers in (1, 2, 3):
        other = model.randomised(n_layers)
        assert (other.name, other.display_name) == (model.name, model.display_name)
        assert "weights" not in other.card
        assert other.next_tokens(TEXT, other.vocab_size).probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert other.trace(TEXT).token_ids is not None
        assert len(other.explain(TEXT, "shapley", n_samples=64)) == 11


def test_a_model_of_which_nothing_is_left_answers_with_the_frequencies(model):
    """An untrained network says hardly more than how frequent each word is, all of them equally here."""
    found = model.randomised(3).next_tokens(TEXT, model.vocab_size)
    assert found.probabilities.max() < 2 / model.vocab_size


@pytest.mark.parametrize("method", ["occlusion", "saliency", "integrated_gradients", "lime"])
def test_the_check_asks_each_model_the_same_question(model, method):
    found = model.randomised_check(TEXT, method, seed=2)
    assert found.shape == (4,)
    assert found[0] == 1
    assert (np.abs(found) <= 1).all()
    was = model.explain(TEXT, method)
    for n_layers in (1, 3):
        other = model.randomised(n_layers, 2).explain(TEXT, method, target=was.target_id)
        assert found[n_layers] == pytest.approx(rank_correlation(was.scores, other.scores))


def test_a_tree_is_fitted_anew(model):
    tree = fit_surrogate(model, tiny.corpus())
    found = model.randomised_check(TEXT, "surrogate_tree", surrogate=tree, corpus=tiny.corpus())
    assert found.shape == (4,)


@pytest.mark.parametrize("n_layers", [0, 4, 1.5, "all"])
def test_a_number_of_layers_that_is_not_there(model, n_layers):
    with pytest.raises(InputError, match="n_layers is"):
        model.randomised(n_layers)
    with pytest.raises(InputError, match="seed is -1"):
        model.randomised(1, seed=-1)
