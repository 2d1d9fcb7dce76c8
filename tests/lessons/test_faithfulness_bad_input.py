"""Every method, and every test of a method, with what a learner may give it: a right answer or a clear sentence."""

import functools

import numpy as np
import pytest
import torch

from lessons.attribution import METHODS, fit_surrogate
from lessons.errors import InputError
from lessons.faithfulness import agreement
from tests import tiny
from tests.tiny import WORDS

TEXT = "the king was crowned in a town of stone"
LONG = " ".join(WORDS[i * 7 % len(WORDS)] for i in range(200))
FAST = {"lime": {"n_samples": 64}, "shapley": {"n_samples": 400}}
BY_CHANGE = ["occlusion", "saliency", "input_x_gradient", "integrated_gradients", "lime", "shapley"]
WITH_BASELINE = ["occlusion", "input_x_gradient", "integrated_gradients", "lime", "shapley"]

CASES = [
    (architecture, method)
    for architecture in ("lstm", "transformer")
    for method in METHODS
    if architecture == "transformer" or not method.startswith("attention")
]
every_method = pytest.mark.parametrize(("architecture", "method"), CASES)


@functools.cache
def made(architecture, silent=False):
    """A model, and a tree that imitates it; a silent one has no weights and answers all questions alike."""
    model = tiny.model(architecture)
    if silent:
        with torch.no_grad():
            for parameter in model.network.parameters():
                parameter.zero_()
    return model, fit_surrogate(model, tiny.corpus())


def explained(architecture, method, text, silent=False, **options):
    model, tree = made(architecture, silent)
    own = {"surrogate": tree} if method == "surrogate_tree" else {}
    return model, model.explain(text, method, **own, **options)


@every_method
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": "   \n"}, "The text is empty"),
        ({"text": None}, "must be a string"),
        ({"target": "Qwertz"}, "target is 'Qwertz', which is not among the 52 tokens that the model knows"),
        ({"target": 99}, "target is 99; it must be a whole number from 0 to 51"),
        ({"position": 9}, "position is 9; it must be a whole number from -1 to 8"),
        ({"position": -2}, "position is -2"),
        ({"position": 0}, "no word stands before the first word"),
        ({"explains": "beauty"}, "explains is 'beauty'"),
        ({"explains": "contrast"}, "against=WORD"),
        ({"explains": "contrast", "target": "king", "against": "Qwertz"}, "against is 'Qwertz', which is not among"),
    ],
)
def test_a_question_that_cannot_be_asked(architecture, method, options, says):
    with pytest.raises(InputError, match=says):
        explained(architecture, method, **{"text": TEXT, **options})


@every_method
@pytest.mark.parametrize("text", ["king", LONG, "stone stone stone stone stone stone", "qqq zzz", "<unk> <unk> <unk>"])
def test_one_word_many_words_and_the_same_word(architecture, method, text):
    model, found = explained(architecture, method, text, **FAST.get(method, {}) if text == LONG else {})
    assert len(found) == len(text.split())
    assert np.isfinite(found.scores).all()
    curves = model.faithfulness(found, n_random=2)
    for number in (
        curves.deletion_score,
        curves.insertion_score,
        *curves.random_scores,
        *(curves.comprehensiveness(share) for share in (0, 0.1, 1)),
        *(curves.sufficiency(share) for share in (0, 0.1, 1)),
    ):
        assert np.isfinite(number)
    with np.errstate(all="raise"):
        same = agreement(found, found)
    assert same.rank_correlation in (None, 1)
    assert same.overlap == 1


@every_method
def test_the_first_word_is_all_there_is_before_the_second(architecture, method):
    _, found = explained(architecture, method, TEXT, position=1)
    assert (found.tokens, found.target) == (("the",), "king")


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
@pytest.mark.parametrize("method", WITH_BASELINE)
def test_a_text_of_which_every_word_is_missing_already(architecture, method):
    """All words are <unk>, and 'missing' means <unk>: nothing can be taken away."""
    model, found = explained(architecture, method, "<unk> <unk> <unk> <unk>", baseline="unk", target="king")
    np.testing.assert_allclose(found.scores, 0, atol=1e-6)
    with np.errstate(all="raise"):
        curves = model.faithfulness(found)
    np.testing.assert_allclose(curves.deletion, curves.value, atol=1e-6)
    assert curves.deletion_score == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
@pytest.mark.parametrize("method", ["occlusion", "shapley", "lime"])
def test_all_words_left_out(architecture, method):
    """With 'delete', the text of which all words are missing is the start of a line alone."""
    model, found = explained(architecture, method, "the king was", baseline="delete", target="king")
    curves = model.faithfulness(found)
    alone = -model.surprisals("king")[0]
    assert curves.deletion[-1] == pytest.approx(alone, abs=1e-5)
    assert curves.insertion[0] == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
@pytest.mark.parametrize("method", WITH_BASELINE)
@pytest.mark.parametrize(
    ("baseline", "says"),
    [
        (["the", "king"], "baseline has 2 words; 9 words stand before the prediction"),
        (["the"] * 8 + ["Qwertz"], "A word of baseline is 'Qwertz', which is not among"),
        (np.zeros(3), r"baseline has shape \(3,\); it must be \(16,\)"),
        (np.zeros((8, 16)), r"baseline has shape \(8, 16\)"),
        (np.full(16, np.nan), "not finite"),
        ("nothing", "baseline is 'nothing'"),
        (7, r"baseline has shape \(\)"),
        ([], "baseline has 0 words"),
    ],
)
def test_a_baseline_that_does_not_fit(architecture, method, baseline, says):
    with pytest.raises(InputError, match=says):
        explained(architecture, method, TEXT, baseline=baseline)
    model, found = explained(architecture, "occlusion", TEXT)
    with pytest.raises(InputError, match=says):
        model.faithfulness(found, baseline=baseline)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
@pytest.mark.parametrize("n_steps", [0, -1, 1001, 2.5, "many"])
def test_a_number_of_steps_that_cannot_be_taken(architecture, n_steps):
    with pytest.raises(InputError, match=r"n_steps is .*; it must be a whole number from 1 to 1000"):
        explained(architecture, "integrated_gradients", TEXT, n_steps=n_steps)
    with pytest.raises(InputError, match="n_steps is"):
        made(architecture)[0].gradient_path(TEXT, n_steps=n_steps)


@every_method
def test_a_model_that_does_not_listen(architecture, method):
    """A constant model: what measures a change finds none, and nothing divides by zero."""
    with np.errstate(all="raise"):
        model, found = explained(architecture, method, TEXT, silent=True, target="king")
        curves = model.faithfulness(found)
    assert np.isfinite(found.scores).all()
    assert all(np.isfinite(number) for number in found.details.values())
    if method in BY_CHANGE:
        np.testing.assert_allclose(found.scores, 0, atol=1e-12)
        assert agreement(found, found).rank_correlation is None
    if method == "attention":
        np.testing.assert_allclose(found.scores, 0.1, atol=1e-6)  # evenly on nine words and the start
    np.testing.assert_allclose(curves.deletion, curves.value)
    assert (curves.deletion_score, curves.insertion_score) == (0, 0)
