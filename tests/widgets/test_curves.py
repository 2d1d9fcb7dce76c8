"""Loss curves as they are drawn: thinning keeps spikes, smoothing is a mean, nothing leaves the axes."""

import json
import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from lessons.records import RUN_CURVES, RunLog
from tests.fake_runs import made_up_log
from widgets.curves import (
    COUNTED,
    MOST_POINTS,
    ShownRun,
    log_axis,
    loss_plot,
    smoothed,
    smoothing_over,
    step_axis,
    thinned,
)
from widgets.sketches import overlap, text_width

EMPTY = RunLog("LSTM", "lstm", "toy", 7, 10, None, {"learning_rate": 1e-3, "dropout": 0.0, "clip": 0.25})


def paths(plot, look):
    """Return the points of all lines of one look, in pixels."""
    found = [mark[1]["d"] for mark in plot.page()["marks"] if look in mark[1]["class"].split()]
    return [[tuple(map(float, at.split())) for at in path[1:].split("L")] for path in found]


def words(plot):
    return [mark[2] for mark in plot.page()["marks"] if mark[0] == "text"]


def test_thinning_keeps_the_ends_and_every_spike():
    values = np.random.default_rng(0).normal(size=10_000)
    values[[17, 5000, 9998]] = 50, -50, 99
    kept = thinned(values)
    assert len(kept) <= MOST_POINTS
    assert {0, 17, 5000, 9998, 9999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert thinned(values[:MOST_POINTS]).tolist() == list(range(MOST_POINTS))
    assert len(thinned(np.zeros(5000))) <= MOST_POINTS


def test_smoothing_is_the_mean_of_the_last_numbers_without_those_that_are_none():
    values = np.array([4.0, 2.0, math.nan, 6.0, 8.0])
    np.testing.assert_allclose(smoothed(values, 2), [4, 3, math.nan, 6, 7])
    np.testing.assert_allclose(smoothed(values, 99), [4, 3, math.nan, 4, 5])
    assert np.isnan(smoothed(np.full(3, math.nan), 2)).all()
    assert smoothed(np.zeros(0), 3).size == 0


def test_the_mean_goes_over_a_fortieth_of_the_planned_steps():
    assert smoothing_over(made_up_log(n_steps=400)) == 10
    assert smoothing_over(made_up_log(n_steps=40)) == 5
    log = made_up_log(n_steps=400)
    assert smoothing_over(replace(log, n_steps=400_000)) == 200


def test_the_lines_are_drawn_where_the_perplexities_are():
    log = made_up_log(n_steps=200)
    plot, facts = loss_plot([ShownRun(log, "lstm")])
    (low, high) = plot.y
    for name, value in {**log.baselines, "floor": log.floor}.items():
        assert low <= math.log10(value) <= high
        assert any(text.startswith(COUNTED.get(name, name)) for text in words(plot))
    raw, mean, measured = (*paths(plot, "gb-raw"), *paths(plot, "gb-curve0"))
    assert raw[99] == plot.at(100, math.log10(log.perplexity[99]))
    assert mean[99] == plot.at(100, float(log.loss[95:100].mean()) / math.log(10))
    assert measured[2] == plot.at(100, math.log10(log.checkpoints[2].valid_perplexity))
    assert "last 5 logged steps" in facts[0]


def test_what_the_faint_line_is_depends_on_what_was_logged():
    log = made_up_log(n_steps=60)
    assert any("the faint one each step's." in fact for fact in loss_plot([ShownRun(log, "lstm")])[1])
    kept = (log.step <= 20) | (log.step % 10 == 0)
    sparse = replace(log, **{name: getattr(log, name)[kept] for name in RUN_CURVES})
    facts = " ".join(loss_plot([ShownRun(sparse, "lstm")])[1])
    assert "the faint one what was logged: not every step is in the log." in facts
    assert "each step's" not in facts
    early = " ".join(loss_plot([ShownRun(sparse.until(15), "lstm")])[1])
    assert "the faint one each step's." in early


def test_a_long_run_is_thinned_and_says_so():
    log = made_up_log(n_steps=1500, every=10)
    plot, facts = loss_plot([ShownRun(log, "lstm")])
    assert all(len(points) <= MOST_POINTS for points in paths(plot, "gb-raw") + paths(plot, "gb-curve0"))
    assert f"Of 1,500 logged steps at most {MOST_POINTS} points" in " ".join(facts)
    assert "One in 3 measurements has a mark." in facts


@pytest.mark.parametrize("faint", [False, True])
def test_a_run_that_diverged_has_a_chart_without_a_nan(faint):
    log = made_up_log(diverges_at=120, until=180, state="diverged")
    huge = replace(log, loss=np.where(np.arange(180) > 100, 5e3, log.loss))
    for one in (log, huge):
        plot, facts = loss_plot([ShownRun(one, "lstm", faint=faint)])
        page = json.dumps(plot.page(), allow_nan=False)
        assert "nan" not in page.lower()
        assert "inf" not in page.lower()
        points = [point for path in paths(plot, "gb-raw") + paths(plot, "gb-curve0") for point in path]
        assert all(plot.top <= y <= plot.bottom for _, y in points)
    assert any("drawn at the upper edge" in fact for fact in facts)


@pytest.mark.parametrize("share", [0.9, 0.97, 1.0, 1.05, 1.2])
def test_the_names_of_levels_keep_away_from_curves_and_from_each_other(share):
    log = made_up_log(n_steps=200)
    end = share * float(log.perplexity[-5:].mean())
    plot, _ = loss_plot([ShownRun(log, "lstm")], levels={"near": end * 0.97, "nearer": end, "far": 170.0})
    boxes = {}
    for kind, at, *text in plot.page()["marks"]:
        if kind == "text" and "gb-over" in at["class"]:
            wide = text_width(text[0], 12)
            left = at["x"] - (wide if "gb-end" in at["class"] else 0)
            boxes[text[0].split()[0]] = (left, at["y"] - 9, left + wide, at["y"])
    assert set(boxes) == {"near", "nearer", "far"}
    assert not any(overlap(one, other) for one, other in combinations(boxes.values(), 2))
    for left, top, right, foot in boxes.values():
        for curve in paths(plot, "gb-curve0"):
            assert not [(x, y) for x, y in curve if left < x < right and top < y < foot]


def test_the_name_of_a_level_at_the_foot_of_the_chart_stays_off_the_numbers_of_the_axis():
    log = made_up_log(n_steps=200)
    end = float(log.perplexity[-5:].mean())
    plot, _ = loss_plot(
        [ShownRun(log, "lstm")], levels={"floor": 0.97 * end, "lower edge": 0.94 * end, "unigram": 170.0}
    )
    named = {text[0]: at for kind, at, *text in plot.page()["marks"] if kind == "text" and "gb-over" in at["class"]}
    assert all(at["y"] <= plot.bottom for at in named.values())
    assert "counting single words 170" in named


def test_a_run_of_which_nothing_is_known_yet_has_axes():
    plot, facts = loss_plot([ShownRun(EMPTY, "lstm")])
    assert "steps" in words(plot)
    assert facts == []


def test_the_axes_have_few_round_numbers():
    assert [text for _, text in log_axis(8, 900)] == ["5", "10", "20", "50", "100", "200", "500", "1,000"]
    assert [text for _, text in log_axis(3, 900_000)] == ["2", "10", "100", "1,000", "10,000", "100,000", "1,000,000"]
    assert [text for _, text in step_axis(600)] == ["0", "100", "200", "300", "400", "500", "600"]
    assert step_axis(1) == [(0, "0"), (1, "1")]
