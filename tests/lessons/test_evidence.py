"""What methods computed on their way to the scores: it must give those scores again, and be the model's own numbers."""

from itertools import permutations

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny

TEXT = "The king was crowned in London"
BASELINES = ("unk", "zero", "mean", "resample")


def log_probability_after(model, text, target):
    found = model.next_tokens(text, top_k=model.vocab_size)
    return np.log(found.probabilities[found.tokens.index(target)])


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_way_of_the_gradients_gives_the_scores_and_ends_at_the_text(model, baseline):
    path = model.gradient_path(TEXT, baseline=baseline, n_steps=64)
    alone = model.explain(TEXT, "integrated_gradients", baseline=baseline, n_steps=64)
    np.testing.assert_allclose(path.weights @ path.slopes, alone.scores, atol=1e-12)
    assert path.weights.sum() == pytest.approx(1)
    assert path.values[-1] == pytest.approx(path.attribution.value, abs=0.01)
    assert path.values[0] == pytest.approx(path.attribution.baseline_value, abs=0.01)


def test_a_slope_is_how_fast_the_explained_number_changes_on_the_way(model):
    path = model.gradient_path(TEXT, n_steps=400, rule="midpoint")
    rise = np.gradient(path.values, path.places)
    np.testing.assert_allclose(path.slopes.sum(axis=1)[1:-1], rise[1:-1], atol=2e-3)


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_trapezoid_rule_stands_at_both_ends_of_the_way(model, baseline):
    path = model.gradient_path(TEXT, baseline=baseline, n_steps=33, rule="trapezoid")
    np.testing.assert_array_equal(path.places, np.arange(33) / 32)
    assert path.weights.sum() == pytest.approx(1)
    ends = [path.attribution.baseline_value, path.attribution.value]
    np.testing.assert_allclose(path.values[[0, -1]], ends, atol=1e-6)
    at_the_text = model.explain(TEXT, "input_x_gradient", baseline=baseline)
    np.testing.assert_allclose(path.slopes[-1], at_the_text.scores, atol=1e-6)
    fine = model.explain(TEXT, "integrated_gradients", baseline=baseline, n_steps=64)
    np.testing.assert_allclose(path.attribution.scores, fine.scores, atol=0.01)
    with pytest.raises(InputError, match="n_steps"):
        model.gradient_path(TEXT, n_steps=1, rule="trapezoid")


@pytest.mark.parametrize("baseline", [*BASELINES, "delete"])
def test_the_texts_of_lime_have_the_model_s_values(model, baseline):
    fit = model.local_fit(TEXT, baseline=baseline, n_samples=40, seed=3)
    again = model.explain(TEXT, "lime", baseline=baseline, n_samples=40, seed=3)
    np.testing.assert_array_equal(fit.attribution.scores, again.scores)
    line = fit.attribution.details["intercept"] + fit.present @ fit.attribution.scores
    np.testing.assert_allclose(fit.fitted, line, atol=1e-9)
    assert fit.present[0].all()
    assert fit.weights[0] == 1
    assert fit.values[0] == pytest.approx(again.value)


def test_a_text_of_lime_is_the_text_with_unk_for_the_missing_words(model):
    fit = model.local_fit(TEXT, n_samples=5, seed=1)
    words, target = fit.attribution.tokens, fit.attribution.target
    for present, value in zip(fit.present, fit.values, strict=True):
        text = " ".join(word if there else "<unk>" for word, there in zip(words, present, strict=True))
        assert log_probability_after(model, text, target) == pytest.approx(value, abs=1e-5)


def test_shapley_values_are_the_means_over_all_orders_of_joining(model):
    table = model.coalition_table("The king was born", baseline="zero")
    orders = list(permutations(range(4)))
    np.testing.assert_allclose(np.mean([table.added(order) for order in orders], axis=0), table.shapley_values)
    np.testing.assert_allclose(
        table.shapley_values, model.explain("The king was born", "shapley", baseline="zero").scores
    )
    for order in orders[::5]:
        assert table.added(order).sum() == pytest.approx(table.value_of(range(4)) - table.value_of(()))


def test_groups_are_players(model):
    table = model.coalition_table(TEXT, groups=[[0, 1], [2, 3, 4], [5]])
    assert table.groups == ((0, 1), (2, 3, 4), (5,))
    np.testing.assert_allclose(table.attribution.scores[2:5], table.shapley_values[1] / 3)


def test_nine_words_have_too_many_sets(model):
    with pytest.raises(InputError, match=r"9 words or groups .* at most 8"):
        model.coalition_table("The king was crowned in London by the queen")


def test_an_order_must_hold_every_player_once(model):
    with pytest.raises(InputError, match="each of the players 0 to 2 once"):
        model.coalition_table("The king was").added([0, 0, 1])


def test_words_outside_the_window_take_no_part():
    model = tiny.model("transformer", context_length=8)
    text = " ".join(["king"] * 10 + ["was", "born"])
    path, fit = model.gradient_path(text), model.local_fit(text, n_samples=6)
    n_outside = path.attribution.n_outside
    assert n_outside > 0
    assert not path.slopes[:, :n_outside].any()
    assert fit.present[:, :n_outside].all()
    table = model.coalition_table(text, groups=[[i] for i in range(n_outside)] + [list(range(n_outside, 12))])
    assert table.groups == (tuple(range(n_outside, 12)),)
