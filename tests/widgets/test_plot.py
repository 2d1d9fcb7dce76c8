"""Charts: round numbers on the axes, points where they belong, and names that lie on no other curve."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.kept import Kept
from widgets.plot import Plot, ticks_between
from widgets.plot_labels import name_curves
from widgets.sketches import text_width

ENDS = st.floats(-1e4, 1e4, allow_nan=False)


@given(low=ENDS, span=st.floats(1e-6, 1e4))
def test_ticks_are_round_few_and_hold_the_numbers_between_them(low, span):
    ticks = ticks_between(low, low + span)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= low + span - 1e-6 * step
    assert 2 <= len(ticks) <= 7
    np.testing.assert_allclose(np.diff(ticks), step, rtol=1e-4)
    mantissa = step / 10.0 ** np.floor(np.log10(step) + 1e-6)
    assert min(abs(mantissa - round_) for round_ in (1, 2, 5)) < 1e-3


def test_ticks_of_one_number():
    ticks = ticks_between(3.2, 3.2)
    assert ticks[0] < 3.2 < ticks[-1]
    assert ticks[1] - ticks[0] == pytest.approx(0.2)


def test_a_point_lies_between_the_axes_as_its_numbers_say():
    plot = Plot((0, 10), (-4, 0))
    assert plot.at(0, -4) == (plot.left, plot.bottom)
    assert plot.at(10, 0) == (plot.right, plot.top)
    assert plot.at(5, -2) == pytest.approx(((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2), abs=0.06)


@pytest.mark.parametrize(("up", "words"), [([0, 2, 4], "2"), ([0, 0.5, 1], "0.5"), ([0, 0.002, 0.004], "0.002")])
def test_the_numbers_of_an_axis_have_the_digits_that_tell_them_apart(up, words):
    plot = Plot((0, 1), (up[0], up[-1]))
    plot.axes([(0, "0")], up, "along", "above")
    assert words in [mark[2] for mark in plot.page()["marks"] if mark[0] == "text"]


def test_words_of_the_lower_axis_stay_inside_and_apart():
    plot = Plot((0, 60), (0, 1))
    plot.axes([(k, f"word {k}") for k in range(61)], [0, 1], "along", "above")
    below = [mark for mark in plot.page()["marks"] if mark[0] == "text" and mark[2].startswith("word ")]
    assert 5 < len(below) < 30
    places = [mark[1]["x"] for mark in below]
    assert all(b - a > text_width("word 10", 11) * 0.9 for a, b in pairwise(places[:-1]))
    assert below[-1][1]["class"] != "gb-end" or below[-1][1]["x"] <= plot.width


@pytest.mark.parametrize("n", [1, 2, 6, 24])
def test_names_lie_on_no_other_curve_and_on_no_other_name(n):
    plot = Plot((0, n), (0, 1))
    heights = {"flat": np.full(n + 1, 0.1), "falling": np.linspace(0.9, 0.3, n + 1), "high": np.full(n + 1, 0.95)}
    curves = [[plot.at(k, y) for k, y in enumerate(values)] for values in heights.values()]
    name_curves(plot, curves, list(heights), ["lstm", "lstm", ""])
    names = {mark[2]: mark[1] for mark in plot.page()["marks"]}
    assert names.keys() == heights.keys()
    for name, at in names.items():
        half, top, foot = text_width(name) / 2, at["y"] - 11, at["y"] + 2
        across = np.linspace(at["x"] - half, at["x"] + half, 9)
        assert plot.left <= across[0]
        assert across[-1] <= plot.right
        for other, points in zip(heights, curves, strict=True):
            line = np.interp(across, *np.array(points).T)
            if other != name:
                assert ((line < top) | (line > foot)).all(), (name, other)
            else:
                assert min(abs(line - top).min(), abs(line - foot).min()) < 30
    (_, a), (_, b), (_, c) = names.items()
    assert len({(at["x"], at["y"]) for at in (a, b, c)}) == 3


def test_the_picture_draws_what_the_page_draws():
    from widgets.sketches import stacked

    plot = Plot((0, 2), (0, 1))
    points = [plot.at(k, k / 2) for k in range(3)]
    plot.axes([(0, "0"), (2, "2")], [0, 1], "steps", "height")
    plot.band(points, [(x, y - 10) for x, y in points])
    plot.curve(points, 1, "transformer")
    plot.words(100, 50, "a name", hue="transformer", over=True)
    svg = stacked("Title", "A chart for a test.", 720, [plot.part(720)]).svg()
    for words in ("steps", "height", "a name"):
        assert f">{words}</text>" in svg
    assert 'stroke="#00706b" stroke-width="2" stroke-dasharray' in svg
    assert svg.count('stroke="#00706b"') == 4  # the curve and its three marks


def test_answers_that_are_kept_can_be_looked_through():
    kept = Kept(2)
    for key in "abc":
        kept.get(key, lambda key=key: key.upper())
    assert kept.values() == ("B", "C")
    kept.get("b", lambda: "?")
    assert kept.values() == ("C", "B")


def test_a_line_behind_is_covered_by_the_words_that_were_there():
    plot = Plot((0, 1), (0, 1))
    plot.words(100, 50, "a name", over=True)
    plot.line([(100, 0), (100, 90)], "turned", behind=True)
    assert [mark[0] for mark in plot.page()["marks"]] == ["path", "text"]
