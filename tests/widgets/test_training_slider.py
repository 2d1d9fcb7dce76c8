"""TrainingSlider in Python: its numbers are the recording's, its scales stay, bad values change nothing."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.records import HEAD_SCORES
from tests.fake_recording import both, recording
from widgets import TrainingSlider
from widgets.words import number


@pytest.fixture
def slider():
    return TrainingSlider(*both())


def heads(**settings):
    return TrainingSlider(recording("transformer"), **settings)


def cut_short(whole):
    """Return a recording that ends after step 30."""
    names = ("prompts", "words", "units", "n_candidates", "n_lines", "n_tokens", "even", "seed")
    return type(whole)(**{name: getattr(whole, name) for name in names}, run=whole.run.until(30))


def small(slider):
    """Return the small maps as the page reads them."""
    rows, columns = slider.drawn["grid"]["side"]
    n = len(slider.board["cells"])
    return np.frombuffer(slider.maps, np.uint8)[: n * rows * columns].reshape(n, rows, columns)


def large(slider):
    look = slider.drawn["large"]
    size = len(look["rows"]), len(look["tops"])
    return np.frombuffer(slider.maps, np.uint8)[-size[0] * size[1] :].reshape(size)


def test_it_stands_at_the_end_and_goes_to_the_last_checkpoint_up_to_a_step(slider):
    assert slider.step == slider.checkpoint.step == 126
    slider.step = 31
    assert (slider.step, slider.board["at"], slider.board["stops"][2]) == (30, 2, "step 30")
    assert [at.step for at in slider.checkpoints] == [30, 30]
    assert slider.compared.step == 10
    slider.against = "first"
    assert slider.compared.step == 0
    slider.against = 99
    assert slider.compared.step == 95
    assert slider.board["fields"][0]["value"] == "95"
    slider.step = 10**9
    assert slider.step == 126


def test_of_recordings_with_other_steps_each_shows_its_last_checkpoint():
    slider = TrainingSlider(recording("lstm"), cut_short(recording("transformer")), step=63)
    assert [at.step for at in slider.checkpoints] == [63, 30]
    assert slider.board["heads"][1][2].startswith(" after step 30")


def test_the_mark_over_time_stands_at_the_checkpoint_of_the_recording_that_is_asked():
    slider = TrainingSlider(recording("lstm"), cut_short(recording("transformer")), step=126)
    slider.change(look="growth", asked="Transformer")
    chart, _ = slider.board["charts"][1]
    (mark,) = (at["d"] for kind, at, *_ in chart["marks"] if kind == "path" and at["class"] == "gb-here")
    assert float(mark[1:].split()[0]) == chart["stops"][-1][0]  # its last step is 30


def test_every_number_is_that_of_the_checkpoint(slider):
    for step in slider.recording.steps:
        slider.step = step
        for said, at in zip(slider.board["heads"], slider.checkpoints, strict=True):
            assert number(at.valid_perplexity) in said
    slider.change(look="surprise", step=63)
    for (_, line), at in zip(slider.board["lines"], slider.checkpoints, strict=True):
        assert line["numbers"] == [number(value) for value in at.surprisals]
    slider.change(look="neighbours", word="stone")
    place = slider.recording.words.index("stone")
    for table, at in zip(slider.board["tables"], slider.checkpoints, strict=True):
        assert [row[0][0].removesuffix(" (new)") for row in table["rows"]] == at.neighbours[place].tolist()
        assert [row[0][1] for row in table["rows"]] == [number(value, 2) for value in at.cosines[place]]
    slider.look = "writes"
    for text, at in zip(slider.board["texts"], slider.checkpoints, strict=True):
        assert [row[2][1].split() for row in text["rows"][::2]] == [
            " ↵ ".join(part.strip() for part in written.split("\n")).split()
            for pair in zip(at.greedy, at.drawn, strict=True)
            for written in pair
        ]


def test_attention_maps_are_the_recorded_weights_and_the_line_is_a_row():
    slider = heads(look="inside", step=63, layer=1, part=0, selected=3)
    weights = slider.checkpoint.attention[1, 0]
    roots = (large(slider).astype(float) - 1) / 254
    shown = np.tril(np.where(large(slider) > 0, roots, 0) ** 2)
    np.testing.assert_allclose(shown, weights, atol=0.005)
    assert not np.triu(large(slider), 1).any()
    np.testing.assert_array_equal(small(slider)[2], large(slider))
    assert slider.board["cell"] == 2
    (_, line), row = slider.board["lines"][0], weights[4]
    assert line["numbers"] == [number(100 * value, 0) for value in row[:5]] + [""] * (len(row) - 5)


def test_gates_are_histograms_on_one_scale_and_the_recorded_units():
    slider = TrainingSlider(recording("lstm"), look="inside", layer=1, part=1, step=100)
    at = slider.checkpoint
    np.testing.assert_allclose((large(slider) - 1.0) / 254, at.gates[1, 1].T, atol=0.003)
    filled = (small(slider) > 0).sum(1).reshape(2, 4, 20)
    np.testing.assert_allclose(filled / 20, np.sqrt(at.gate_histogram), atol=0.026)
    assert slider.board["tables"][0]["rows"][1][1][0] == number(at.gate_means[1, 1], 2)
    slider.part = 2
    assert slider.drawn["large"]["signed"] is True
    np.testing.assert_allclose((large(slider) - 128.0) / 127, at.gates[1, 2].T, atol=0.005)


def test_what_is_followed_over_time_is_the_score_of_every_checkpoint():
    slider = heads(look="growth", score="own_token", layer=1, part=1, step=30)
    values = [at.head_scores[list(HEAD_SCORES).index("own_token")] for at in slider.recording.checkpoints]
    assert [text for _, text in slider.board["cells"]] == [f"{100 * value:.0f} %" for value in values[2].ravel()]
    assert len(slider.board["charts"]) == 2
    even = slider.recording.even[list(HEAD_SCORES).index("own_token")]
    assert f"{100 * even:.0f} %" in slider.board["hints"][0]


def test_the_most_telling_head_or_gate_is_shown_first(slider):
    slider.look = "inside"
    assert (slider.layer, slider.part) == (0, 1)  # the forget gate
    slider.asked = "Transformer"
    last = slider.recording.checkpoints[-1].head_scores[0]
    assert last[slider.layer, slider.part] == last.max()


def test_the_sentence_tells_when_a_head_came_to_be_named_and_stays_honest_where_none_is():
    slider = heads(look="growth", score="own_token")
    values = np.stack([at.head_scores[list(HEAD_SCORES).index("own_token")] for at in slider.recording.checkpoints])
    said = "".join(slider.board["told2"][0])
    assert ("more than half" in said and "No head" not in said) == bool((values[-1] >= 0.5).any())
    for layer, head in np.ndindex(*values.shape[1:]):
        named = f"layer {layer + 1}, head {head + 1} from step" in said
        assert named == bool(values[-1, layer, head] >= 0.5)


def test_scales_and_charts_are_the_same_at_every_step(slider):
    slider.look = "surprise"
    scales = set()
    for step in slider.recording.steps:
        slider.step = step
        chart = slider.board["charts"][0][0]
        words = [mark[2] for mark in chart["marks"] if mark[0] == "text"]
        scales.add((str(slider.board["lines"][0][1]["legend"]), str(words)))
    assert len(scales) == 1


def test_what_changed_is_worked_out_from_both_checkpoints(slider):
    slider.change(look="surprise", step=126, against="first", asked="Transformer")
    now, then = slider.checkpoint.surprisals, slider.compared.surprisals
    said = "".join(slider.board["told"][1])
    assert f"{number(then.mean(), 2)} → {number(now.mean(), 2)} nats" in said
    assert slider.recording.run.tokens[int((now - then).argmin())] in said
    slider.change(look="inside", asked="Transformer")
    moved = np.abs(slider.checkpoint.attention - slider.compared.attention).sum(-1).mean(-1) / 2
    assert f"{100 * moved[slider.layer, slider.part]:.0f} %" in slider.board["told"][0][1]
    slider.change(step=0, against="before")
    assert "is the checkpoint that is compared with" in slider.board["told"][0][0]
    slider.change(asked="LSTM", step=126)
    assert number(slider.checkpoint.half_lives[0, 1]) in slider.board["told"][0]


def test_requests_of_the_page(slider, ask):
    ask(slider, "go", at=3)
    assert slider.step == slider.recording.steps[3]
    ask(slider, "set", name="look", value="neighbours")
    ask(slider, "set", name="word", value="2")
    assert slider.word == slider.recording.words[2]
    ask(slider, "set", name="against", value="10")
    assert slider.compared.step == 10
    ask(slider, "pin")
    ask(slider, "go", at=6)
    assert slider.compared.step == slider.recording.steps[3]
    ask(slider, "set", name="look", value="growth")
    ask(slider, "set", name="asked", value="1")
    ask(slider, "set", name="score", value="first_token")
    assert (slider.asked, slider.score) == ("Transformer", "first_token")
    ask(slider, "choose", cell=3)
    assert (slider.layer, slider.part) == (1, 1)
    ask(slider, "set", name="asked", value="0")  # gates have other scores
    assert slider.score == "mean"
    ask(slider, "set", name="look", value="inside")
    ask(slider, "select", position=3)
    assert (slider.selected, slider.board["selected"]) == (2, 3)
    ask(slider, "reset")
    assert (slider.step, slider.look, slider.asked, slider.against) == (126, "writes", "LSTM", "before")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"step": -1}, "step must be a whole number"),
        ({"step": 1.5}, "step must be"),
        ({"look": "loss"}, "look must be 'writes'"),
        ({"against": "last"}, "against must be 'before' or 'first'"),
        ({"against": None}, "against must be"),
        ({"asked": "GRU"}, "asked must be 'LSTM' or 'Transformer'"),
        ({"word": "zebra"}, "word must be"),
        ({"selected": 99}, "selected must be"),
        ({"layer": 2, "part": 0}, "layer must be"),
        ({"layer": 0, "part": 4}, "part must be"),
        ({"score": "entropy"}, "score must be"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(slider, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        TrainingSlider(*both(), **settings)
    before = slider.get_state()
    with pytest.raises(InputError, match=sentence):
        slider.change(**settings)
    assert slider.get_state() == before


def test_something_else_than_one_or_two_recordings_is_refused():
    with pytest.raises(InputError, match="0 recordings"):
        TrainingSlider()
    with pytest.raises(InputError, match="A str is no recording"):
        TrainingSlider("lstm")
    assert TrainingSlider(*2 * [recording("lstm")]).board["heads"][1][1] == "LSTM 2"


def test_a_run_that_diverged_is_shown_without_numbers_that_json_lacks():
    whole = recording("transformer")
    lost = replace(
        whole.checkpoints[-1], valid_perplexity=np.nan, surprisals=np.full(len(whole.run.tokens), np.nan), seconds=0.0
    )
    run = replace(whole.run, checkpoints=(*whole.run.checkpoints[:-1], lost), state="diverged")
    slider = TrainingSlider(replace(whole, run=run))
    for look in ("writes", "surprise", "neighbours", "inside", "growth"):
        for against in ("before", "first"):
            slider.change(look=look, against=against)
            json.dumps([slider.board, slider.drawn], allow_nan=False)
            assert slider.picture().svg()
    assert "no number" in slider.board["heads"][0]


def test_the_static_page_and_the_picture_have_what_is_seen(slider):
    for look in ("writes", "surprise", "neighbours", "inside", "growth"):
        slider.look = look
        page = slider.static_html()
        for at in slider.recording.checkpoints:
            assert number(at.valid_perplexity) in page
        assert slider.picture().figure().axes


@pytest.mark.parametrize("look", ["writes", "surprise", "neighbours", "inside", "growth"])
def test_moving_costs_python_less_than_50_milliseconds(slider, look):
    slider.look = look
    times = []
    for step in slider.recording.steps:
        begun = time.process_time()
        slider.step = step
        times.append(time.process_time() - begun)
    assert sorted(times)[len(times) // 2] < 0.05


def test_a_closed_slider_lets_go(slider):
    slider.close()
    with pytest.raises(InputError, match="closed"):
        slider.checkpoint  # noqa: B018
