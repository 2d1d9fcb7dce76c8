"""Estimates with a pause after each piece: the same numbers as in one go, and no time counted while nobody asks."""

import time
from itertools import islice

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny

TEXT = "The king was crowned in London by a queen and not killed"


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


@pytest.mark.parametrize("baseline", ["unk", "delete", "resample"])
@pytest.mark.parametrize("method", ["lime", "shapley"])
def test_every_estimate_is_what_the_method_says_from_so_many_samples(model, method, baseline):
    found = list(model.estimates(TEXT, method, every=32, n_samples=96, seed=3, baseline=baseline))
    assert [one.details["n_samples"] for one in found] == [32, 64, 96]
    for one in found:
        n_samples = int(one.details["n_samples"])
        alone = model.explain(TEXT, method, n_samples=n_samples, seed=3, baseline=baseline)
        np.testing.assert_allclose(one.scores, alone.scores, atol=1e-5)
        np.testing.assert_allclose(one.spread, alone.spread, atol=1e-5)
        assert (one.forward_passes, one.seed, one.method) == (alone.forward_passes, 3, method)
    assert found[-1].spread.mean() < found[0].spread.mean()


def test_too_few_samples_give_no_estimate_yet(model):
    assert [one is None for one in model.estimates(TEXT, "shapley", every=8, n_samples=32)] == [
        True,
        True,
        False,
        False,
    ]
    assert [one is None for one in model.estimates(TEXT, "lime", every=1, n_samples=3)] == [True, False, False]


def test_few_words_have_exact_shapley_values_at_once(model):
    (only,) = model.estimates("The king was crowned", "shapley", every=2)
    assert only.details["n_coalitions"] == 16


def test_a_pause_is_not_counted(model):
    began = time.perf_counter()
    found = model.estimates(TEXT, "lime", every=2, n_samples=6)
    first = next(found)
    pause = time.perf_counter()
    time.sleep(0.3)
    paused = time.perf_counter() - pause
    second = next(found)
    assert first.seconds < second.seconds <= time.perf_counter() - began - paused


def test_only_what_is_asked_for_is_computed(model, monkeypatch):
    from lessons.attribution.question import Question

    asked, values = [], Question.values
    monkeypatch.setattr(
        Question, "values", lambda self, present, absent: asked.append(len(present)) or values(self, present, absent)
    )
    list(islice(model.estimates(TEXT, "lime", every=16, n_samples=4096), 2))
    assert asked == [16, 16]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "occlusion"}, "samples are drawn for 'lime' and 'shapley' only"),
        ({"every": 0}, "every"),
        ({"method": "shapley", "every": 0}, "every"),
        ({"n_samples": 1}, "n_samples"),
        ({"target": "no such word"}, "target"),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence_before_anything_is_computed(model, options, says):
    with pytest.raises(InputError, match=says):
        model.estimates(TEXT, **options)
