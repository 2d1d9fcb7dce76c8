"""ClipGauge in Python: arrows, shares and angles are what NumPy finds, and nothing is drawn that was not measured."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from lessons.clipping import shipped_clipping
from lessons.errors import InputError
from lessons.records import clipped_by_norm, clipped_by_value, cosine
from tests.fake_runs import made_up_log
from widgets import ClipGauge
from widgets.clip_board import clip_at, place_of

TABLE = shipped_clipping()


@pytest.fixture
def gauge():
    return ClipGauge(TABLE)


def numbers(cells):
    return [float(cell.replace("−", "-").rstrip("°")) for cell in cells]


@pytest.mark.parametrize("gradient", [(3.0, 1.0), (-2.0, 0.5), (4.0, -4.0), (0.0, 2.0), (0.1, 0.2), (0.0, 0.0)])
@pytest.mark.parametrize("limit", [0.5, 1.5, 6.0])
def test_the_table_has_both_clippings_and_their_angles(gradient, limit):
    board = ClipGauge(gradient=gradient, limit=limit).board
    vector = np.array(gradient)
    wanted = [vector, clipped_by_norm(vector, limit), clipped_by_value(vector, limit)]
    for (_, *cells), one in zip(board["rows"], wanted, strict=True):
        *components, length, angle = numbers(cells)
        assert components == pytest.approx(one, abs=0.0051)
        assert length == pytest.approx(np.hypot(*one), abs=0.0051)
        turn = abs(math.atan2(one[1], one[0]) - math.atan2(*reversed(gradient))) if length else 0
        assert angle == pytest.approx(math.degrees(turn), abs=0.06)
    assert numbers(board["rows"][1][1:])[-1] == 0.0  # by norm, the direction always stays
    assert np.hypot(*wanted[1]) <= limit + 1e-12


def test_both_axes_have_one_scale_so_that_angles_are_true(gauge):
    left, right, top, bottom, _ = gauge.board["plot"]["area"]
    assert right - left == bottom - top
    circle = next(at["d"] for kind, at, *_ in gauge.board["plot"]["marks"] if "gb-raw" in at["class"])
    x, y = np.array([point.split() for point in circle[1:].split("L")], float).T
    assert np.ptp(x) == pytest.approx(np.ptp(y), abs=0.3)


@pytest.mark.parametrize(
    ("gradient", "said"),
    [
        (
            (3.0, 1.0),
            ("The arrow gets shorter; its direction stays.", "one component is cut. The arrow turns by 15.3°"),
        ),
        ((4.0, 4.0), ("direction stays", "both components are cut, and here the direction happens to stay")),
        ((4.0, 0.0), ("direction stays", "one component is cut, and here the direction happens to stay")),
        ((1.0, 1.0), ("is within 1.50, so nothing is changed", "neither component is beyond the limit")),
        ((1.4, 1.4), ("direction stays", "neither component is beyond the limit")),
    ],
)
def test_the_words_say_what_is_seen(gradient, said):
    for words, sentence in zip(said, ClipGauge(gradient=gradient, limit=1.5).board["said"], strict=True):
        assert words in sentence


def test_the_share_of_clipped_steps_is_that_of_the_log(gauge):
    gauge.view = "training"
    norms = gauge.run.gradient_norm
    for clip in (0.05, 0.2, 0.25, 5.0):
        gauge.clip = clip
        factors = np.minimum(1, clip / norms)
        said = gauge.board["said"][0]
        assert f"{(norms > clip).sum()} of {norms.size} steps ({100 * (norms > clip).mean():.0f} %)" in said
        assert f"multiplied by {factors.mean():.2f} on average" in said
        assert f"together {100 * (norms * factors).sum() / norms.sum():.0f} % is left" in said


def test_the_slider_goes_from_no_step_whole_to_no_step_clipped(gauge, ask):
    gauge.view = "training"
    ask(gauge, "clip", place=0)
    assert "200 of 200 steps (100 %)" in gauge.board["said"][0]
    ask(gauge, "clip", place=60)
    assert "0 of 200 steps (0 %)" in gauge.board["said"][0]
    assert [place_of(gauge.run, clip_at(gauge.run, place)) for place in (0, 17, 60)] == [0, 17, 60]
    ask(gauge, "clip", place=61)
    assert gauge.error.startswith("place must be a whole number from 0 to 60")


def test_a_log_of_ones_own_is_shown_instead(ask):
    log = made_up_log("transformer")
    gauge = ClipGauge(log=log, view="training")
    assert gauge.run is log
    assert gauge.board["clip"] == f"{log.settings['clip']:.3f}"
    assert [name for name, _ in gauge.board["views"]] == ["arrow", "training"]
    assert (gauge.board["rows"], gauge.looks, gauge.board["choices"]) == ([], (), {})
    spoiled = replace(log, gradient_norm=np.where(log.step < 5, np.nan, log.gradient_norm))
    assert f"of {log.step.size - 4} steps" in ClipGauge(log=spoiled, view="training").board["said"][0]
    ask(ClipGauge(), "clip", place=3)
    bare = ClipGauge()
    ask(bare, "clip", place=3)
    assert bare.error.startswith("There is no training here")


def test_whole_gradients_are_turned_by_value_alone(gauge):
    gauge.view = "training"
    assert len(gauge.board["rows"]) == len(gauge.looks) == 10
    for pair in range(len(TABLE.runs)):
        gauge.pair = pair
        heads = gauge.board["heads"]
        for row, look in zip(gauge.board["rows"], gauge.looks, strict=True):
            cells = dict(zip(heads, row, strict=True))
            assert float(cells["norm"]) == pytest.approx(look.norm, abs=0.00051)
            assert float(cells["embedding"]) == pytest.approx(look.parts["embedding"], abs=0.00051)
            if look.cosine_by_value is None:
                assert cells["by norm: turned by"] == "not clipped"
            else:
                assert cells["by norm: turned by"] == "0.0°"
                angle = math.degrees(math.acos(look.cosine_by_value))
                assert float(cells["by value: turned by"].rstrip("°")) == pytest.approx(angle, abs=0.06)


def test_with_and_without_are_the_tables_runs(gauge, ask):
    ask(gauge, "view", name="runs")
    for pair, (clipped, free) in enumerate(TABLE.runs):
        ask(gauge, "choose", name="pair", value=str(pair))
        said = gauge.board["said"][0]
        assert said.startswith(clipped.name)
        assert f"mean loss of {clipped.loss[-10:].mean():.2f}" in said
        end = f"diverged after step {free.last_step}" if free.state == "diverged" else f"{free.loss[-10:].mean():.2f}"
        assert end in said
    ask(gauge, "choose", name="pair", value="9")
    assert gauge.error.startswith("pair must be")
    assert gauge.pair == len(TABLE.runs) - 1


def test_another_run_has_a_limit_of_its_own(gauge):
    gauge.change(view="training", clip=0.01)
    gauge.pair = 1
    assert gauge.board["clip"] == f"{TABLE.runs[1][0].settings['clip']:.3f}"


def test_each_view_has_a_sentence_unless_one_is_given(gauge):
    before = gauge.card["say"]
    gauge.view = "runs"
    assert gauge.card["say"] != before
    gauge.say = "Look here."
    assert gauge.card["say"] == "Look here."


def test_moving_is_answered_with_one_message_and_reset_goes_back(gauge, ask):
    (message,) = ask(gauge, "gradient", x=-1, y=2.5)
    assert set(message["state"]) == {"board", "_answered"}
    assert gauge.gradient == (-1, 2.5)
    ask(gauge, "limit", value=2)
    ask(gauge, "reset")
    assert (gauge.gradient, gauge.limit) == ((3.0, 1.0), 1.5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"table": 3}, "table must be a ClippingTable"),
        ({"log": 3}, "log must be a RunLog or None, not int"),
        ({"gradient": 3}, "gradient must be two numbers from -4 to 4"),
        ({"gradient": (1, 2, 3)}, "gradient must be two numbers"),
        ({"gradient": (1, 9)}, "gradient's second component must be a number from -4 to 4, not 9"),
        ({"limit": 0}, "limit must be a number from 0.1 to 6, not 0"),
        ({"clip": -1}, "clip must be a number"),
        ({"view": "all"}, "view must be 'arrow', 'training' or 'runs'"),
        ({"pair": 7}, "pair must be a whole number from 0 to 2, not 7"),
    ],
)
def test_what_it_refuses(gauge, settings, sentence):
    before = gauge.get_state()
    with pytest.raises(InputError, match=re.escape(sentence)):
        gauge.change(**settings)
    assert gauge.get_state() == before


def test_a_view_that_needs_a_training_is_refused_without_one():
    with pytest.raises(InputError, match="The view 'runs' needs a table of trainings"):
        ClipGauge(view="runs")


@pytest.mark.parametrize("view", ["arrow", "training", "runs"])
def test_on_paper_is_the_chart_of_the_view(gauge, view):
    gauge.view = view
    assert gauge.board["said"][0].split()[0] in gauge.static_html()


def test_a_vector_of_length_0_has_every_direction():
    assert cosine([0, 0], [1, 2]) == 1.0
    assert clipped_by_norm([0, 0], 1).tolist() == [0, 0]
