"""The lines across a chart: one set where it is true of all runs, one for each run where it is not, never mixed."""

import math
from dataclasses import replace
from itertools import combinations

import pytest

from tests.fake_recording import both
from tests.fake_runs import RecordedRun, made_up_log
from tests.makers.theatre import two_texts
from widgets import TrainingSlider, TrainingTheatre
from widgets.curves import ShownRun, loss_plot
from widgets.levels import levels_of
from widgets.recording_charts import perplexity_chart
from widgets.recording_source import recorded_from
from widgets.sketches import overlap, text_width

TOY = made_up_log("lstm", n_steps=60, every=20)
WIKI = replace(
    made_up_log("transformer", n_steps=60, every=20, corpus="WikiText-2"),
    baselines={"unigram": 1130.0, "bigram": 261.0},
    floor=None,
)
ALIKE = made_up_log("transformer", n_steps=60, every=20)


def levels(*logs):
    return levels_of([(log.name, log.architecture, log) for log in logs])


def names_on(plot):
    """Return the words over the chart, with the box of each and its hue."""
    found = {}
    for kind, at, *text in plot.page()["marks"]:
        if kind == "text" and "gb-over" in at["class"]:
            hue = at["class"].partition("gb-hue-")[2]
            wide = text_width(text[0], 13 if hue else 12)
            left = at["x"] - {"gb-end": wide, "gb-middle": wide / 2}.get(at["class"].split()[0], 0)
            found[text[0]] = ((left, at["y"] - 10, left + wide, at["y"]), hue)
    return found


def drawn_at(plot, value, hue):
    y = plot.at(0, math.log10(value))[1]
    path = f"M{plot.left:g} {y:g}L{plot.right:g} {y:g}"
    return any(
        at["d"] == path and at["class"].startswith("gb-other") and (f"gb-hue-{hue}" in at["class"] if hue else True)
        for kind, at, *_ in plot.page()["marks"]
        if kind == "path"
    )


def test_runs_that_agree_share_their_lines():
    found = levels(TOY, ALIKE)
    assert found.values == {"unigram": 162.0, "bigram": 58.0, "floor": 24.0}
    assert (found.hues, found.said) == ({}, "")


def test_what_is_not_known_yet_is_no_disagreement():
    begins = replace(ALIKE, baselines={}, floor=None)
    assert levels(begins, TOY) == levels(TOY, begins) == levels(TOY)
    assert levels(begins).values == {}


def test_runs_on_different_texts_have_lines_of_their_own():
    found = levels(TOY, WIKI)
    assert found.values == {
        "LSTM: single words": 162.0,
        "LSTM: pairs": 58.0,
        "LSTM: floor": 24.0,
        "Transformer: single words": 1130.0,
        "Transformer: pairs": 261.0,
    }
    assert set(found.hues) == set(found.values)
    assert found.hues["LSTM: floor"] == "lstm"
    assert found.said.startswith("The runs read different texts (LSTM: a toy language; Transformer: WikiText-2)")
    assert levels(TOY, replace(ALIKE, corpus="another")).said  # the same numbers by chance


def test_one_text_measured_in_two_ways_is_said_too():
    other = replace(ALIKE, baselines={"unigram": 160.0, "bigram": 58.0}, n_valid_tokens=9000)
    assert levels(TOY, other).values["LSTM: single words"] == 162.0
    assert levels(TOY, other).values["Transformer: single words"] == 160.0
    assert "not measured alike (LSTM: 4,000 validation tokens; Transformer: 9,000" in levels(TOY, other).said


def test_before_there_are_lines_none_are_spoken_of():
    found = levels(*[replace(log, baselines={}, floor=None) for log in (TOY, WIKI)])
    assert found.said.startswith("The runs read different texts (LSTM: ")
    assert found.said.endswith("): perplexities of different texts cannot be compared.")


def test_long_names_are_cut_and_still_told_apart():
    long = [replace(log, name=f"{'a long name ' * 9}{i}") for i, log in enumerate((TOY, WIKI))]
    found = levels(*long)
    assert len(found.values) == 5
    assert max(map(len, found.values)) < 40


def test_the_theatre_draws_says_and_prints_whose_lines_they_are():
    theatre = two_texts()
    said = levels(TOY, WIKI).said
    assert theatre.charts["facts"][0] == said
    assert said not in theatre.spoken  # which is read out at each checkpoint anew
    marks = str(theatre.charts["plots"][0]["marks"])
    for words in ("LSTM: single words 162", "LSTM: floor 24.0", "Transformer: pairs 261"):
        assert words in marks
        assert words in theatre.picture().svg()
    assert "counting" not in marks
    assert said in theatre.static_html().replace("&quot;", '"')
    alone = TrainingTheatre(RecordedRun(TOY), RecordedRun(ALIKE))
    assert "belong to one run" not in f"{alone.spoken}{alone.charts['facts']}{alone.static_html()}"
    assert "counting single words 162" in str(alone.charts["plots"][0]["marks"])


def test_lines_of_one_run_have_its_hue_and_stand_where_their_numbers_are():
    found = levels(TOY, WIKI)
    plot, _ = loss_plot([ShownRun(TOY, "lstm"), ShownRun(WIKI, "transformer", 1)], levels=found.values, hues=found.hues)
    for words, value in found.values.items():
        assert drawn_at(plot, value, found.hues[words])
    assert {hue for _, hue in names_on(plot).values()} == {"lstm", "transformer"}


@pytest.mark.parametrize("share", [1.0, 1.001, 1.02, 1.1, 1.3, 2.0])
@pytest.mark.parametrize("name", ["Transformer", "a run with a long name"])
@pytest.mark.parametrize("baselines", [TOY.baselines, {"unigram": 25.0, "bigram": 24.5}])
def test_names_of_near_lines_do_not_lie_on_each_other(share, name, baselines):
    near = {level: value * share for level, value in baselines.items()}
    first = replace(TOY, baselines=baselines)
    other = replace(ALIKE, name=name, corpus="other words", baselines=near, floor=TOY.floor * share)
    found = levels(first, other)
    runs = [ShownRun(first, "lstm"), ShownRun(other, "transformer", 1)]
    plot, _ = loss_plot(runs, levels=found.values, hues=found.hues, width=500, height=236)
    boxes = [box for box, _ in names_on(plot).values()]
    assert len(boxes) == 6
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert all(left >= plot.left and right <= plot.right and foot <= plot.bottom for left, _, right, foot in boxes)


def test_a_slider_tells_the_lines_of_two_recordings_apart():
    lstm, transformer = both()
    alike = recorded_from([lstm, transformer])
    for name in names_on(perplexity_chart(alike, 10, 10)):
        assert ":" not in name
    counted = {level: 1.5 * value for level, value in transformer.run.baselines.items()}
    other = replace(transformer, run=replace(transformer.run, corpus="other words", baselines=counted))
    plot = perplexity_chart(recorded_from([lstm, other]), 10, 10)
    shown = names_on(plot)
    assert {"LSTM", "Transformer"} < set(shown)
    assert len([name for name in shown if ":" in name]) == 2 * len(counted)
    assert not any(overlap(one, two) for (one, _), (two, _) in combinations(shown.values(), 2))
    for level, value in counted.items():
        assert drawn_at(plot, value, "transformer")
        assert drawn_at(plot, lstm.run.baselines[level], "lstm")
    slider = TrainingSlider(lstm, other, step=30)
    said = slider.board["hints"][0]
    assert said.startswith("The runs read different texts")
    assert said not in slider.board["spoken"]  # which is read out at each move anew
    assert "The runs read" not in str(TrainingSlider(lstm, transformer, step=30).board)
