"""Deletion and insertion curves: each point must be the model's own number for the text that is left."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.faithfulness.curves import order_of, random_orders, taken_away
from tests import tiny

TEXT = "The king was crowned in London"


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


def log_probability(model, words, present, target):
    text = " ".join(word if there else "<unk>" for word, there in zip(words, present, strict=True))
    found = model.next_tokens(text, top_k=model.vocab_size)
    return np.log(found.probabilities[found.tokens.index(target)])


def test_each_point_is_what_the_model_says_of_the_text_that_is_left(model):
    found = model.explain(TEXT)
    curves = model.faithfulness(found, n_random=3)
    order = list(np.argsort(-found.scores))
    for k in range(len(found) + 1):
        gone = [place not in order[:k] for place in range(len(found))]
        kept = [not there for there in gone]
        assert curves.deletion[k] == pytest.approx(log_probability(model, found.tokens, gone, found.target), abs=1e-5)
        assert curves.insertion[k] == pytest.approx(log_probability(model, found.tokens, kept, found.target), abs=1e-5)
    for drawn, values in zip(random_orders(len(found), 3, 0), curves.random_deletion, strict=True):
        gone = [place not in drawn[:2] for place in range(len(found))]
        assert values[2] == pytest.approx(log_probability(model, found.tokens, gone, found.target), abs=1e-5)


def test_the_reversed_order_reads_the_same_texts(model):
    found = model.explain(TEXT)
    reversed_scores = type(found)(**{**vars(found), "scores": -found.scores})
    there, back = model.faithfulness(found, n_random=0), model.faithfulness(reversed_scores, n_random=0)
    np.testing.assert_allclose(back.deletion, there.insertion[::-1], atol=1e-6)
    assert back.deletion_score == pytest.approx(there.insertion_score, abs=1e-6)
    assert there.random_deletion.shape == (0, len(found) + 1)


def test_the_first_step_of_deletion_is_the_largest_occlusion(model):
    found = model.explain(TEXT)
    curves = model.faithfulness(found)
    assert curves.value - curves.deletion[1] == pytest.approx(found.scores.max(), abs=1e-6)
    assert curves.comprehensiveness(0.1) == pytest.approx(found.scores.max(), abs=1e-6)
    assert curves.sufficiency(1) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("baseline", ["unk", "zero", "mean", "delete", "resample"])
def test_what_missing_means_is_what_it_meant_to_the_method(model, baseline):
    curves = model.faithfulness(model.explain(TEXT, baseline=baseline), n_random=2)
    assert curves.baseline == baseline
    other = model.faithfulness(curves.attribution, baseline="mean", n_random=2)
    assert other.baseline == "mean"
    assert curves.seed == 0


def test_a_method_that_leaves_nothing_out_is_tested_with_unk(model):
    assert model.faithfulness(model.explain(TEXT, "saliency")).baseline == "unk"


def test_every_text_is_read_once(model):
    curves = model.faithfulness(model.explain("king", "saliency"), n_random=50)
    assert curves.forward_passes == 2  # with the word and without it


def test_words_outside_the_window_change_nothing():
    model = tiny.model("transformer", context_length=8)
    found = model.explain(" ".join(["king"] * 10 + ["was", "born"]), "saliency")
    curves = model.faithfulness(found)
    assert found.n_outside > 0
    np.testing.assert_array_equal(curves.deletion[-found.n_outside :], curves.deletion[-1])


def test_random_orders_can_be_had_piece_by_piece(model):
    found = model.explain(TEXT)
    at_once = model.faithfulness(found, n_random=5, seed=2).random_deletion
    pieces = [
        model.faithfulness(found, n_random=n, first_random=k, seed=2).random_deletion for k, n in ((0, 2), (2, 3))
    ]
    np.testing.assert_allclose(np.vstack(pieces), at_once, atol=1e-6)


def test_the_same_seed_gives_the_same_orders():
    np.testing.assert_array_equal(random_orders(9, 4, 3), random_orders(9, 4, 3))
    assert (random_orders(9, 4, 3) != random_orders(9, 4, 4)).any()


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12))
def test_taking_away_ends_with_nothing_and_follows_the_order(scores):
    order = order_of(np.array(scores, float))
    present = taken_away(order)
    assert present[0].all()
    assert not present[-1].any()
    assert sorted(order.tolist()) == list(range(len(scores)))
    gone = [int(np.flatnonzero(before & ~after)[0]) for before, after in pairwise(present)]
    assert gone == order.tolist()
    assert all(scores[a] >= scores[b] for a, b in pairwise(order))


@pytest.mark.parametrize(
    "options", [{"n_random": -1}, {"n_random": 1001}, {"first_random": -1}, {"seed": -1}, {"baseline": "nothing"}]
)
def test_a_value_out_of_range_is_refused(model, options):
    with pytest.raises(InputError):
        model.faithfulness(model.explain(TEXT), **options)
