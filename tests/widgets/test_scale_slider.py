"""ScaleSlider in Python: its numbers are those of the draws, a draw repeats, bad values change nothing."""

import math

import numpy as np
import pytest

from lessons.attention_by_hand import average_scores, draw_scores
from lessons.errors import InputError
from widgets import ScaleSlider
from widgets.scale_slider import WIDTHS


@pytest.fixture
def slider():
    return ScaleSlider()


@pytest.mark.parametrize("d", [2, 64, 512])
def test_bars_and_table_are_the_draw_s_own_numbers(slider, d):
    slider.d = d
    draw = draw_scores(d, 7)
    np.testing.assert_array_equal(slider.draw.scores, draw.scores)
    for panel, look in zip(slider.board["panels"], (draw.plain, draw.scaled), strict=True):
        np.testing.assert_allclose([row["width"] for row in panel["rows"]], look.weights, atol=1e-4)
        assert f"an even choice among {look.effective:.1f} of 8 keys" in panel["fact"]
    mean = average_scores(d)
    assert slider.average == mean
    assert slider.board["heads"][3:] == ["mean of 100 draws, without √d", "mean of 100 draws, with √d"]
    table = {row[0]: row[1:] for row in slider.board["table"]}
    entropies = (draw.plain.entropy, draw.scaled.entropy, mean.plain.entropy, mean.scaled.entropy)
    assert table["entropy of the weights, in nats"] == [f"{entropy:.2f}" for entropy in entropies]
    spreads = (draw.spread, draw.spread / math.sqrt(d), mean.spread, mean.spread / math.sqrt(d))
    assert table["standard deviation of what enters the softmax"] == [f"{spread:.2f}" for spread in spreads]


def test_the_curves_go_from_2_to_512_and_tell_where_d_is(slider):
    keys, gradient = slider.board["curves"]
    assert (keys["plain"][0][0], keys["plain"][-1][0]) == (0, 1)
    assert keys["plain"][-1][1] == pytest.approx(average_scores(512).plain.effective / 8, abs=1e-4)
    assert gradient["scaled"][0][1] == pytest.approx(average_scores(2).scaled.gradient / 0.5, abs=1e-4)
    slider.d = 512
    assert slider.board["curves"][0]["at"] == 1
    slider.d = 2
    assert slider.board["curves"][0]["at"] == 0


def test_another_draw_and_the_same_again(slider, ask):
    first = slider.draw.scores
    (message,) = ask(slider, "another")
    assert set(message["state"]) == {"board", "_answered"}
    assert slider.seed == 8
    assert not np.allclose(slider.draw.scores, first)
    ask(slider, "repeat")
    assert slider.board["repeated"] == "Drawn once more with seed 8: every score is the same, to the last digit."
    ask(slider, "set", d=2)
    assert slider.board["repeated"] == ""
    ask(slider, "reset")
    assert (slider.d, slider.seed) == (64, 7)
    np.testing.assert_array_equal(slider.draw.scores, first)
    slider.seed = 2**32 - 1
    slider.another()
    assert slider.seed == 0


def test_a_repetition_that_differed_would_be_told(slider, monkeypatch):
    monkeypatch.setattr("widgets.scale_slider.draw_scores", lambda d, seed, n: draw_scores(d, seed + 1, n))
    assert slider.repeat() is False
    assert "THE SCORES DIFFER" in slider.board["repeated"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"d": 5}, "d must be one of 2, 3, 4, 6, 8, .* 512, not 5"),
        ({"d": 1}, "d must be a whole number from 2 to 512, not 1"),
        ({"d": 513}, "d must be"),
        ({"d": "64"}, "d must be"),
        ({"d": 64.0}, "d must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**32}, "seed must be"),
        ({"n_keys": 1}, "n_keys must be a whole number from 2 to 16"),
        ({"n_keys": math.nan}, "n_keys must be"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(slider, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        ScaleSlider(**settings)
    before, draw = slider.get_state(), slider.draw
    with pytest.raises(InputError, match=sentence):
        slider.change(**settings)
    assert slider.get_state() == before
    assert slider.draw is draw


def test_every_width_can_be_shown(slider):
    for d in WIDTHS:
        slider.change(d=d, n_keys=16)
        assert sum(row["width"] for row in slider.board["panels"][1]["rows"]) == pytest.approx(1, abs=0.01)
    assert slider.picture().figure().axes
    assert "d is 512, seed 7. without √d: key" in slider.picture().alt
