"""PathSlider in Python: its numbers are the model's, moving asks nobody, bad values change nothing, the way back."""

import math

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny
from widgets import PathSlider

TEXT = "The king was crowned in London"
BASELINES = ("unk", "zero", "mean", "resample")


@pytest.fixture(scope="module")
def both():
    return tiny.model("lstm"), tiny.model("transformer")


@pytest.fixture
def slider(both):
    return PathSlider(*both, text=TEXT)


class Counting:
    """A model that counts how often it is asked for a way and for the next token."""

    def __init__(self, model):
        self._model, self.asked = model, []

    def __getattr__(self, name):
        return getattr(self._model, name)

    def gradient_path(self, text, **options):
        self.asked.append((options["n_steps"], options["rule"]))
        return self._model.gradient_path(text, **options)

    def next_tokens(self, *args, **options):
        self.asked.append("next")
        return self._model.next_tokens(*args, **options)


def sent_slopes(slider):
    """Return the slopes as the page reads them."""
    shape = len(slider.curve.places) + len(slider.path.places), len(slider.attribution)
    return np.frombuffer(slider.way, "<f4").reshape(shape)


@pytest.mark.parametrize("asked", ["LSTM", "Transformer"])
@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("rule", ["gauss_legendre", "midpoint"])
def test_scores_gap_and_slopes_are_the_model_s(both, asked, baseline, rule):
    slider = PathSlider(*both, text=TEXT, asked=asked, baseline=baseline, n_steps=4, rule=rule)
    model = both[asked == "Transformer"]
    answer = model.explain(TEXT, "integrated_gradients", baseline=baseline, n_steps=4, rule=rule)
    np.testing.assert_array_equal(slider.attribution.scores, answer.scores)
    assert f"{abs(answer.convergence_delta):.3f}" in slider.board["gap"][0][1]
    slider.place = 1
    np.testing.assert_allclose(slider.collected, answer.scores, atol=1e-12)
    at_the_text = model.explain(TEXT, "input_x_gradient", baseline=baseline)
    np.testing.assert_allclose(slider.slopes, at_the_text.scores, atol=1e-5)
    np.testing.assert_allclose(sent_slopes(slider), np.vstack([slider.curve.slopes, slider.path.slopes]), rtol=1e-6)


def test_what_is_collected_goes_from_nothing_to_the_scores_step_by_step(both):
    slider = PathSlider(both[0], text=TEXT, n_steps=4, rule="midpoint", place=0)
    assert not slider.collected.any()
    slider.place = 0.25
    np.testing.assert_allclose(slider.collected, slider.path.slopes[0] / 4)
    slider.place = 0.375
    np.testing.assert_allclose(slider.collected, slider.path.slopes[0] / 4 + slider.path.slopes[1] / 8)
    np.testing.assert_allclose(slider.board["edges"], [0, 0.25, 0.5, 0.75, 1])


def test_the_curve_is_drawn_to_scale_and_the_walk_ends_at_the_sum_of_the_scores(slider):
    chart, answer = slider.board["chart"], slider.attribution
    (start, *_), (end, *_) = chart["levels"]
    assert (end - start) / chart["rise"] == pytest.approx(answer.value - answer.baseline_value, abs=0.01)
    assert chart["curve"][0] == pytest.approx([0, start], abs=1e-3)
    assert chart["curve"][-1] == pytest.approx([1, end], abs=1e-3)
    assert chart["walked"][0] == [0, start]
    assert (chart["walked"][-1][1] - end) / chart["rise"] == pytest.approx(answer.convergence_delta, abs=0.01)
    assert len(chart["steps"]) == 16
    heights = [height for line in ("curve", "walked", "steps") for _, height in chart[line]]
    assert 0 < min(heights) < max(heights) < 1


def test_moving_asks_nobody_and_sends_one_number(both, ask):
    model = Counting(both[0])
    slider = PathSlider(model, text=TEXT)
    model.asked.clear()
    (message,) = ask(slider, "go", place=0.26)
    assert set(message["state"]) == {"at", "_answered"}
    assert (slider.at, slider.place) == (8, 0.25)  # the nearest of 33
    slider.place = 1
    assert slider.at == 32
    assert model.asked == []


def test_more_steps_ask_for_the_steps_alone_and_only_once(both, ask):
    model = Counting(both[0])
    slider = PathSlider(model, text=TEXT)
    model.asked.clear()
    (message,) = ask(slider, "steps", n_steps=2)
    assert {"board", "way", "question"} <= set(message["state"])
    ask(slider, "rule", rule="midpoint")
    ask(slider, "rule", rule="gauss_legendre")
    assert [asked for asked in model.asked if asked != "next"] == [(2, "gauss_legendre"), (2, "midpoint")]
    assert slider.board["chosen"] == [2, "gauss_legendre"]


def test_undo_takes_back_steps_and_questions_one_after_the_other(slider, ask):
    ask(slider, "steps", n_steps=1)
    ask(slider, "choose", name="baseline", value="zero", revision=slider.question["revision"])
    ask(slider, "rule", rule="midpoint")
    assert slider.question["undo"] is True
    ask(slider, "undo")
    assert (slider.rule, slider.baseline, slider.n_steps) == ("gauss_legendre", "zero", 1)
    ask(slider, "undo")
    assert (slider.baseline, slider.n_steps) == ("unk", 1)
    ask(slider, "undo")
    assert slider.n_steps == 16
    assert slider.question["undo"] is False
    ask(slider, "steps", n_steps=3)
    slider.place = 1
    ask(slider, "reset")
    assert (slider.n_steps, slider.place, slider.at) == (16, 0.5, 16)
    assert [3, "3"] not in slider.board["choices"][0]


def test_a_wide_gap_is_told_in_words(both):
    slider = PathSlider(both[0], text=TEXT, n_steps=1, explains="logit", baseline="zero")
    answer = slider.attribution
    wide = abs(answer.convergence_delta) > 0.05 * abs(answer.value - answer.baseline_value)
    assert slider.board["wide"] == ("Take more steps" in slider.board["gap"][0][-1]) == bool(answer.notes) == wide
    assert "logits" in slider.board["gap"][0][1]
    slider.n_steps = 64
    assert "Take more steps" not in slider.board["gap"][0][-1]


def test_a_text_that_is_its_own_baseline_has_no_share_to_miss(both):
    slider = PathSlider(*both, text="<unk> <unk>")
    assert not slider.attribution.scores.any()
    assert "change nothing" in slider.board["gap"][0][-1]
    assert all(math.isfinite(height) for line in ("curve", "walked") for _, height in slider.board["chart"][line])
    assert slider.picture().figure().axes


def test_a_long_text_has_fewer_places_and_the_largest_scores_first(both):
    text = " ".join(["The king was born in a town ."] * 5)
    slider = PathSlider(both[0], text=text)
    board, scores = slider.board, slider.attribution.scores
    assert board["places"] == 17
    assert np.all(np.diff(np.abs(scores[board["order"]])) <= 0)
    assert board["words"][1] == "king · 2"
    assert "largest score first" in board["heads"][0]
    slider.text = TEXT
    assert (slider.board["places"], slider.place, slider.at) == (33, 0.5, 16)


def test_words_outside_the_window_are_told(both):
    slider = PathSlider(both[1], text=" ".join(["king"] * 20))
    assert f"does not see the first {slider.attribution.n_outside} words" in " ".join(slider.board["facts"])


def test_random_baselines_say_how_many_and_their_seed(both):
    slider = PathSlider(both[0], text=TEXT, baseline="resample")
    assert "means over 8 baselines, drawn with seed 0" in " ".join(slider.board["facts"])
    assert slider.board["places"] == 17
    slider.text = " ".join(["The king was born in a town ."] * 5)
    assert slider.board["places"] == len(slider.curve.places) == 9
    assert "stands at 9 places" in " ".join(slider.board["facts"])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_steps": 0}, "n_steps must be a whole number from 1 to 64, not 0"),
        ({"n_steps": 65}, "n_steps must be"),
        ({"n_steps": 2.0}, "n_steps must be"),
        ({"rule": "trapezoid"}, "rule must be 'gauss_legendre' or 'midpoint'"),
        ({"place": 1.1}, "place must be a number from 0 to 1"),
        ({"place": math.nan}, "place must be"),
        ({"baseline": "delete"}, "baseline must be 'unk', 'zero', 'mean' or 'resample', not 'delete'"),
        ({"target": "blargh"}, "not among the"),
        ({"position": 0}, "before the first word"),
        ({"text": ""}, "empty"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(slider, both, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        PathSlider(*both, **({"text": TEXT} | settings))
    before, walk = slider.get_state(), slider.walk
    with pytest.raises(InputError, match=sentence):
        slider.change(**settings)
    assert slider.get_state() == before
    assert slider.walk is walk


def test_the_static_page_has_every_number(slider):
    page = slider.static_html()
    for value in (*slider.slopes, *slider.collected, *slider.attribution.scores):
        assert f"{abs(value):.2f}" in page
    assert "0.50 of the way: log-probability" in page
    assert slider.board["last"] in page


def test_a_closed_slider_lets_go(slider):
    slider.close()
    with pytest.raises(InputError, match="closed"):
        slider.attribution  # noqa: B018
    with pytest.raises(InputError, match="closed"):
        slider.place = 0.25


def test_a_model_without_the_way_is_refused(models):
    with pytest.raises(InputError, match="gradient_path"):
        PathSlider(*models)
