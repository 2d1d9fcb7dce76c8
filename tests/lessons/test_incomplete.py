"""A text of which words are missing: the model reads and says what it would of the same text, typed."""

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny

TEXT = "The king was crowned in London"
SOME = np.array([True, False, True, True, False, True])


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


def test_words_that_are_read_as_unk_are_typed_as_unk(model):
    found = model.incomplete(TEXT, SOME, target="king")
    assert found.texts == (("The", "<unk>", "was", "crowned", "<unk>", "London"),)
    typed = model.next_tokens(" ".join(found.texts[0]), top_k=model.vocab_size)
    assert found.choices == (typed.tokens[0],)
    np.testing.assert_allclose(found.probabilities, typed.probabilities[:1], rtol=1e-5)
    assert found.value == pytest.approx(np.log(typed.probabilities[typed.tokens.index("king")]), abs=1e-5)


def test_words_that_are_left_out_are_not_typed(model):
    found = model.incomplete(TEXT, SOME, target="king", baseline="delete")
    assert found.texts == (("The", "", "was", "crowned", "", "London"),)
    typed = model.next_tokens("The was crowned London", top_k=1)
    assert found.choices == typed.tokens
    np.testing.assert_allclose(found.probabilities, typed.probabilities, rtol=1e-5)


def test_random_words_make_several_texts(model):
    found = model.incomplete(TEXT, SOME, target="king", baseline="resample", n_draws=3, seed=5)
    assert (len(found.texts), found.seed) == (3, 5)
    for text, choice, probability, value in zip(
        found.texts, found.choices, found.probabilities, found.values, strict=True
    ):
        assert [word for word, there in zip(text, SOME, strict=True) if there] == ["The", "was", "crowned", "London"]
        typed = model.next_tokens(" ".join(text), top_k=model.vocab_size)
        assert choice == typed.tokens[0]
        assert probability == pytest.approx(typed.probabilities[0], rel=1e-5)
        assert value == pytest.approx(np.log(typed.probabilities[typed.tokens.index("king")]), abs=1e-5)


@pytest.mark.parametrize("baseline", ["unk", "zero", "mean", "delete", "resample"])
def test_it_is_the_point_of_the_curve(model, baseline):
    options = {"target": "king", "position": 5, "explains": "probability"}
    found = model.explain(TEXT, baseline=baseline, **options)
    curves = model.faithfulness(found, n_random=0)
    there = np.ones(5, bool)
    there[curves.order[:2]] = False
    said = model.incomplete(TEXT, there, baseline=baseline, **options)
    assert said.value == pytest.approx(curves.deletion[2], abs=1e-6)
    assert (said.baseline, said.target, said.position) == (baseline, "king", 5)
    assert len(said.texts[0]) == 5


def test_words_outside_the_window_stay_as_they_are():
    model = tiny.model("transformer", context_length=4)
    found = model.incomplete(TEXT, np.zeros(6, bool))
    outside = model.explain(TEXT).n_outside
    assert 0 < outside < 6
    assert found.texts[0] == (*TEXT.split()[:outside], *["<unk>"] * (6 - outside))


@pytest.mark.parametrize("present", [[True] * 5, [1] * 6, np.ones((6, 1), bool), "all"])
def test_present_must_fit(model, present):
    with pytest.raises(InputError, match="6 words stand before the prediction"):
        model.incomplete(TEXT, present)
