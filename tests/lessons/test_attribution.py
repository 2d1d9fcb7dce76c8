"""Attributions: what they promise (sums, dummies, planted truths), what bad input gets, and what a record says."""

import itertools
import math

import numpy as np
import pytest
import torch

from lessons.attribution import METHODS, explain, occlusion, shapley
from lessons.attribution.kernel_shap import shapley_samples
from lessons.attribution.lime import lime_samples, lime_weights
from lessons.attribution.shapley import coalitions, shapley_values
from lessons.errors import InputError
from lessons.records import Attribution
from tests import plain, tiny
from tests.tiny import WORDS

ARCHITECTURES = ["lstm", "transformer"]
FOR_BOTH = [name for name in METHODS if not name.startswith("attention") and name != "surrogate_tree"]
FOR_TRANSFORMER = [name for name in METHODS if name != "surrogate_tree"]
TEXT = "the king was crowned in a town of stone"
LONG = " ".join(WORDS[i * 7 % len(WORDS)] for i in range(200))


def cases(methods=FOR_BOTH):
    """Every method with every architecture that it works for."""
    for architecture, method in itertools.product(ARCHITECTURES, methods):
        if architecture == "transformer" or not method.startswith("attention"):
            yield architecture, method


every_case = pytest.mark.parametrize(("architecture", "method"), list(cases(FOR_TRANSFORMER)))


@pytest.fixture(params=ARCHITECTURES)
def model(request):
    return tiny.model(request.param)


@every_case
def test_a_record_says_what_was_asked_and_what_it_took(architecture, method):
    model = tiny.model(architecture)
    found = model.explain(TEXT, method, target="king", explains="probability")
    assert isinstance(found, Attribution)
    assert (found.method, found.model_name, found.target, found.explains) == (
        method,
        architecture,
        "king",
        "probability",
    )
    assert found.tokens == tuple(TEXT.split())
    assert len(found) == len(found.scores) == 9
    assert np.isfinite(found.scores).all()
    assert found.forward_passes >= 1
    assert found.seconds > 0
    p = dict(zip(*[(a := model.next_tokens(TEXT, model.vocab_size)).tokens, a.probabilities], strict=True))
    assert found.value == pytest.approx(p["king"], abs=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        found.scores[0] = 1
    again = model.explain(TEXT, method, target="king", explains="probability")
    np.testing.assert_array_equal(found.scores, again.scores)
    assert found.top(2)[0][1] == found.scores[found.order[0]]
    assert found.total == pytest.approx(found.scores.sum())


@every_case
def test_one_word_and_two_hundred(architecture, method):
    model = tiny.model(architecture)
    assert len(model.explain("king", method)) == 1
    options = {"lime": {"n_samples": 64}, "shapley": {"n_samples": 400}}.get(method, {})
    found = model.explain(LONG, method, **options)
    assert len(found) == 200
    assert np.isfinite(found.scores).all()
    if architecture == "lstm":
        assert found.n_outside == 0
        return
    seen = model.next_tokens(LONG).context
    assert found.n_outside == 200 - seen
    assert (found.scores[: found.n_outside] == 0).all()
    assert (found.scores[found.n_outside :] != 0).any()
    assert any("lie outside" in note for note in found.notes)


@every_case
def test_the_same_word_again_and_again(architecture, method):
    found = tiny.model(architecture).explain("stone stone stone stone stone", method, target="stone")
    assert np.isfinite(found.scores).all()
    assert np.abs(found.scores).max() > 0


@every_case
def test_a_constant_model_owes_nothing_to_any_word(architecture, method):
    """All words have the same vector: whatever stands there, the answer is the same."""
    model = tiny.model(architecture)
    with torch.no_grad():
        model.network.embedding.weight[:] = model.network.embedding.weight[0].clone()
    with np.errstate(all="raise"):
        found = model.explain(TEXT, method, target="king")
    assert np.isfinite(found.scores).all()
    assert all(math.isfinite(number) for number in found.details.values())
    if method in ("occlusion", "integrated_gradients", "lime", "shapley"):
        np.testing.assert_allclose(found.scores, 0, atol=1e-5)


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients"])
def test_a_model_that_does_not_listen_has_no_gradient(model, method):
    with torch.no_grad():
        for _, parameter in model.network.named_parameters():
            parameter.zero_()
    np.testing.assert_array_equal(model.explain(TEXT, method, target="king").scores, 0)


def planted(architecture, words=("king", "bees")):
    """A model that tells only these words from <unk>: all others have its vector."""
    model = tiny.model(architecture)
    weight = model.network.embedding.weight
    other = [i for i, token in enumerate(model.vocabulary.itos) if token not in words]
    with torch.no_grad():
        weight[other] = weight[model.vocabulary.unknown_id].clone()
    return model


PLANTED = "in a town of stone the king and the bees was crowned"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients", "input_x_gradient", "shapley", "lime"])
def test_a_planted_truth_is_found(architecture, method):
    options = {"lime": {"n_samples": 2000, "ridge": 0.01}, "shapley": {"n_samples": 1000}}.get(method, {})
    found = planted(architecture).explain(PLANTED, method, target="king", baseline="unk", **options)
    true = [i for i, token in enumerate(found.tokens) if token in ("king", "bees")]
    dummies = np.delete(found.scores, true)
    tolerance = {"lime": 4, "shapley": 4}.get(method, 0)  # standard errors
    allowed = 1e-5 + (0 if not tolerance else tolerance * np.delete(found.spread, true).max())
    assert np.abs(dummies).max() <= allowed
    assert np.abs(found.scores[true]).min() > max(1e-3, np.abs(dummies).max())


def test_exact_shapley_values_give_a_planted_dummy_nothing():
    for architecture in ARCHITECTURES:
        found = planted(architecture).explain("in the king of bees was", "shapley", target="king")
        assert np.abs(found.scores[[0, 1, 3, 5]]).max() < 1e-5
        assert np.abs(found.scores[[2, 4]]).min() > 1e-3


@pytest.mark.parametrize("method", ["attention", "attention_rollout", "saliency"])
def test_what_does_not_find_a_planted_truth(method):
    """Documented, not repaired: weights and slopes lie on words that cannot matter here."""
    found = planted("transformer").explain(PLANTED, method, target="king")
    dummies = [score for token, score in zip(found.tokens, found.scores, strict=True) if token not in ("king", "bees")]
    true = [score for token, score in zip(found.tokens, found.scores, strict=True) if token in ("king", "bees")]
    assert max(dummies) > min(true)


def test_attention_is_that_of_the_trace():
    model = tiny.model("transformer")
    trace, weights = model.trace(TEXT), model.explain(TEXT, "attention")
    np.testing.assert_allclose(weights.scores, trace.attention_weights[-1].mean(0)[-1, 1:], rtol=0, atol=1e-6)
    assert weights.total + weights.details["start"] == pytest.approx(1, abs=1e-6)
    one = model.explain(TEXT, "attention", layer=0, head=1)
    np.testing.assert_allclose(one.scores, trace.attention_weights[0, 1, -1, 1:], rtol=0, atol=1e-6)
    rolled = np.eye(10)
    for layer in trace.attention_weights.astype(float).mean(1):
        rolled = (0.5 * layer + 0.5 * np.eye(10)) @ rolled
    rollout = model.explain(TEXT, "attention_rollout")
    np.testing.assert_allclose(rollout.scores, rolled[-1, 1:], rtol=0, atol=1e-6)
    assert rollout.total + rollout.details["start"] == pytest.approx(1, abs=1e-6)
    for method in ("attention", "attention_rollout"):
        with pytest.raises(InputError, match="An LSTM has no attention"):
            tiny.model("lstm").explain(TEXT, method)
    with pytest.raises(InputError, match="layer is 2"):
        model.explain(TEXT, "attention", layer=2)
    with pytest.raises(InputError, match="head is 2"):
        model.explain(TEXT, "attention", head=2)


@pytest.mark.parametrize("baseline", ["unk", "zero", "mean", "resample"])
def test_integrated_gradients_add_up(model, baseline):
    found = model.explain(TEXT, "integrated_gradients", target="king", baseline=baseline, n_steps=300)
    assert found.total == pytest.approx(found.value - found.baseline_value, abs=2e-3)
    assert found.convergence_delta == pytest.approx(found.total - found.value + found.baseline_value, abs=1e-12)
    assert (found.spread is None) == (baseline != "resample")


def test_a_wide_gap_is_said(model):
    few = model.explain(TEXT, "integrated_gradients", target="king", n_steps=1)
    assert any("take more than 1 steps" in note for note in few.notes)
    assert not model.explain(TEXT, "integrated_gradients", target="king", n_steps=300).notes


def test_more_steps_close_the_gap(model):
    gaps = [
        abs(model.explain(TEXT, "integrated_gradients", target="king", n_steps=n, rule="midpoint").convergence_delta)
        for n in (1, 4, 400)
    ]
    assert gaps[2] < gaps[1] < 1 or gaps[2] < 1e-3
    assert gaps[2] < gaps[0]


@pytest.mark.parametrize("n_words", [1, 2, 4, 8])
@pytest.mark.parametrize("explains", ["log_probability", "logit", "probability"])
def test_shapley_values_are_the_mean_over_all_orders(model, n_words, explains):
    if n_words == 8 and explains != "logit":
        pytest.skip("40,320 orders are gone through once")
    words = " ".join(TEXT.split()[:n_words])
    found = model.explain(words, "shapley", target="king", explains=explains)
    ids = model.tokenize(words).token_ids
    unknown, function = model.vocabulary.unknown_id, plain.function_of_words(model, found.target_id, explains)
    with torch.no_grad():
        texts = np.where(coalitions(n_words), ids, unknown)
        worth = function(plain.vectors_of(model, texts)).double().numpy()
    added = np.zeros(n_words)
    for order in itertools.permutations(range(n_words)):
        here = 0
        for word in order:
            added[word] += worth[here | 1 << word] - worth[here]
            here |= 1 << word
    np.testing.assert_allclose(found.scores, added / math.factorial(n_words), rtol=0, atol=1e-5)
    assert found.total == pytest.approx(found.value - found.baseline_value, abs=1e-9)
    assert found.forward_passes == 2**n_words


def test_shapley_values_of_a_game_by_hand():
    """Three players: 0 and 1 are worth 6 together, 2 adds 1 to whatever is there."""
    sets = coalitions(3)
    worth = 6.0 * (sets[:, 0] & sets[:, 1]) + sets[:, 2]
    np.testing.assert_allclose(shapley_values(worth), [3, 3, 1])


def test_words_of_a_group_join_together(model):
    found = model.explain(TEXT, "shapley", target="and", groups=[[0, 1], [2, 3, 4], [5, 6], [8, 7]])
    assert found.forward_passes == 16
    assert found.scores[0] == found.scores[1]
    assert found.total == pytest.approx(found.value - found.baseline_value, abs=1e-9)
    assert any("group" in note for note in found.notes)
    alone = model.explain(TEXT, "shapley", target="and", groups=[range(9)])
    np.testing.assert_allclose(alone.scores, (alone.value - alone.baseline_value) / 9)
    for groups in ([[0]], [[0, 1], [1, 2, 3, 4, 5, 6, 7, 8]], [list(range(10))], 3, [3], ["ab"]):
        with pytest.raises(InputError):
            model.explain(TEXT, "shapley", groups=groups)


def test_sampled_shapley_values_come_near_the_exact_ones_as_they_say(model):
    words = " ".join(TEXT.split()[:8])
    exact = model.explain(words, "shapley", target="and")
    estimates = [model.explain(words, "shapley", target="and", n_samples=64, seed=seed) for seed in range(40)]
    for estimate in estimates:
        assert estimate.total == pytest.approx(estimate.value - estimate.baseline_value, abs=1e-6)
    scores = np.array([estimate.scores for estimate in estimates])
    assert np.abs(scores.mean(0) - exact.scores).max() < 4 * scores.std(0).max() / 40**0.5 + 1e-3
    said, true = np.mean([estimate.spread for estimate in estimates]), scores.std(0, ddof=1).mean()
    assert 0.5 < said / true < 2
    better = model.explain(words, "shapley", target="and", n_samples=1024)
    assert better.spread.mean() < said / 2


def test_the_spread_of_lime_is_what_other_seeds_show(model):
    fits = [model.explain(TEXT, "lime", target="and", n_samples=128, seed=seed) for seed in range(30)]
    said, true = np.mean([fit.spread for fit in fits]), np.std([fit.scores for fit in fits], axis=0, ddof=1).mean()
    assert 0.5 < said / true < 2
    assert 0 < fits[0].details["r_squared"] < 1


def test_samples_go_on_where_fewer_end():
    np.testing.assert_array_equal(lime_samples(12, 300, 4)[:100], lime_samples(12, 100, 4))
    np.testing.assert_array_equal(shapley_samples(12, 300, 4)[:100], shapley_samples(12, 100, 4))
    present = lime_samples(12, 300, 4)
    assert present[0].all()
    assert not present[1:].all(axis=1).any()
    assert (~present).any(axis=1)[1:].all()
    sets = shapley_samples(12, 3001, 4)
    assert len(sets) == 3002
    assert (sets[::2] == ~sets[1::2]).all()
    sizes = np.bincount(sets.sum(1), minlength=13) / len(sets)
    expected = np.array([0, *(1 / (s * (12 - s)) for s in range(1, 12)), 0])
    np.testing.assert_allclose(sizes, expected / expected.sum(), atol=0.03)
    assert lime_weights(np.ones((1, 5), bool), 0.25) == 1


@pytest.mark.parametrize("method", ["lime", "shapley"])
def test_an_estimate_is_shown_while_it_converges(model, method):
    seen = []
    last = model.explain(TEXT, method, n_samples=256, every=64, each=seen.append)
    assert [record.details["n_samples"] for record in seen] == [64, 128, 192, 256]
    np.testing.assert_array_equal(seen[-1].scores, last.scores)
    np.testing.assert_allclose(seen[1].scores, model.explain(TEXT, method, n_samples=128).scores, atol=1e-5)
    stopped = model.explain(TEXT, method, n_samples=256, every=64, each=lambda record: record.forward_passes > 100)
    assert stopped.details["n_samples"] == 128


def test_windows_of_words(model):
    one, two = model.explain(TEXT, target="and"), model.explain(TEXT, target="and", window=2)
    assert not np.allclose(one.scores, two.scores)
    whole = model.explain(TEXT, target="and", window=9)
    nothing = model.explain(TEXT, "shapley", target="and", groups=[range(9)])
    np.testing.assert_allclose(whole.scores, nothing.value - nothing.baseline_value, atol=1e-5)
    assert whole.details["window"] == 9


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients", "occlusion", "shapley"])
def test_a_contrast_is_the_difference_of_two_questions(model, method):
    both = model.explain(TEXT, method, target="king", explains="contrast", against="bees")
    assert (both.target, both.against) == ("king", "bees")
    a, b = (model.explain(TEXT, method, target=word) for word in ("king", "bees"))
    assert both.value == pytest.approx(a.value - b.value, abs=1e-5)
    if method != "saliency":  # a length is not linear
        np.testing.assert_allclose(both.scores, a.scores - b.scores, atol=2e-5)


def test_a_model_is_the_same_afterwards(model):
    model.network.requires_grad_(True)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    with torch.inference_mode():  # an outer mode does not matter
        inside = model.explain(TEXT, "saliency", target="king")
    for method in FOR_BOTH:
        model.explain(TEXT, method, target="king")
    np.testing.assert_array_equal(inside.scores, model.explain(TEXT, "saliency", target="king").scores)
    assert all(parameter.grad is None for parameter in model.network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
    assert model.network.training  # nobody has called eval()


def test_one_way_in_and_another(model):
    np.testing.assert_array_equal(explain(model, TEXT).scores, occlusion(model, TEXT).scores)
    np.testing.assert_array_equal(model.explain(model.tokenize(TEXT)).scores, occlusion(model, TEXT).scores)
    number = model.vocabulary.stoi["king"]
    np.testing.assert_array_equal(
        model.explain(TEXT, target=number).scores, occlusion(model, TEXT, target="king").scores
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": 3}, "must be a string"),
        ({"target": "kingg"}, "target is 'kingg', which is not among the 52 tokens that the model knows"),
        ({"target": ""}, "target is ''"),
        ({"target": 52}, "target is 52; it must be a whole number from 0 to 51"),
        ({"target": -1}, "target is -1"),
        ({"target": 1.5}, r"target is 1\.5"),
        ({"target": True}, "target is True"),
        ({"position": 9}, "position is 9; it must be a whole number from -1 to 8"),
        ({"position": -2}, "position is -2"),
        ({"position": 0}, "no word stands before the first word"),
        ({"position": "last"}, "position is 'last'"),
        ({"explains": "everything"}, "explains is 'everything'; it must be one of log_probability"),
        ({"explains": None}, "explains is None"),
        ({"explains": "contrast"}, "give explains='contrast' together with against=WORD"),
        ({"against": "king"}, "give explains='contrast' together with against=WORD"),
        ({"target": "king", "explains": "contrast", "against": "king"}, "against is the target itself"),
        ({"explains": "contrast", "against": "qqq"}, "against is 'qqq', which is not among"),
        ({"method": "magic"}, "There is no method 'magic'; choose one of occlusion, saliency"),
        ({"method": ["occlusion"]}, "There is no method"),
        ({"n_step": 3}, "occlusion has no option 'n_step'; it has target, position"),
        ({"window": 0}, "window is 0; it must be a whole number from 1 to 9"),
        ({"window": 10}, "window is 10"),
        ({"method": "integrated_gradients", "n_steps": 0}, "n_steps is 0; it must be a whole number from 1 to 1000"),
        ({"method": "integrated_gradients", "rule": "simpson"}, "rule is 'simpson'"),
        ({"method": "integrated_gradients", "baseline": "delete"}, "baseline is 'delete'; this method moves"),
        ({"method": "input_x_gradient", "baseline": "delete"}, "baseline is 'delete'; this method moves"),
        ({"method": "lime", "n_samples": 1}, "n_samples is 1; it must be a whole number from 2"),
        ({"method": "lime", "kernel_width": 0}, "kernel_width is 0"),
        ({"method": "lime", "ridge": -1}, "ridge is -1"),
        ({"method": "lime", "seed": -1}, "seed is -1"),
        ({"method": "shapley", "n_samples": 10}, "n_samples is 10; it must be a whole number from 18"),
        ({"method": "shapley", "every": 0}, "every is 0"),
        ({"baseline": "resample", "n_draws": 0}, "n_draws is 0"),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence(model, options, says):
    with pytest.raises(InputError, match=says):
        model.explain(**{"text": TEXT, **options})


def test_shap_agrees_on_exact_values(model):
    shap = pytest.importorskip("shap", reason="shap is compared with where it is installed")
    words = " ".join(TEXT.split()[:7])
    ours = shapley(model, words, target="and")
    ids, unknown = model.tokenize(words).token_ids, model.vocabulary.unknown_id
    function = plain.function_of_words(model, ours.target_id)

    def worth(present):
        with torch.no_grad():
            return function(plain.vectors_of(model, np.where(present.astype(bool), ids, unknown))).double().numpy()

    explainer = shap.KernelExplainer(worth, np.zeros((1, 7)))
    theirs = explainer.shap_values(np.ones((1, 7)), nsamples=2**7, l1_reg=0, silent=True)
    np.testing.assert_allclose(ours.scores, theirs[0], rtol=0, atol=1e-4)
