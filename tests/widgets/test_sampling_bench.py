"""SamplingBench in Python: what it draws, how it goes back, what it counts, and what it refuses."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.records.generation import random_numbers
from tests import tiny
from tests.fakes import WORDS, FakeModel
from widgets import SamplingBench
from widgets.sampling_bench import MOST_WRITTEN

TEXT = "The king was crowned in"
SHAPE = {"temperature": 0.7, "top_k": 12, "top_p": 0.9}


@pytest.fixture
def bench(models):
    return SamplingBench(*models, text=TEXT, seed=5)


def tokens(bench):
    return [[step.token for step in steps] for steps in bench.drawn]


@pytest.mark.parametrize("settings", [{}, SHAPE, {"top_k": 1}], ids=str)
def test_what_is_written_is_what_the_models_generate(models, settings):
    bench = SamplingBench(*models, text=TEXT, seed=5, **settings)
    for _ in range(7):
        bench.draw()
    for model, steps, text in zip(models, bench.drawn, bench.texts, strict=True):
        written = model.generate(TEXT, 7, seed=5, **settings)
        assert steps == written.drawn
        assert text.tokens == (*TEXT.split(), *written.tokens)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_a_network_writes_the_same_on_the_bench_and_in_a_cell(architecture):
    model = tiny.model(architecture)
    bench = SamplingBench(model, text="the king was", seed=3, temperature=1.5)
    bench.draw(25)  # the Transformer sees 16 tokens
    assert tokens(bench)[0] == list(model.generate("the king was", 25, temperature=1.5, seed=3).tokens)
    assert [step.u for step in bench.drawn[0]] == random_numbers(3, 25).tolist()


def test_what_is_shown_is_what_the_models_say(bench, models):
    bench.change(**SHAPE)
    for model, plain, shaped, panel in zip(models, bench.plain, bench.shaped, bench.board["panels"], strict=True):
        truth = model.distribution(TEXT)
        np.testing.assert_array_equal(plain.probabilities, truth.probabilities)
        assert panel["aside"] == f"{len(shaped)} of 49 words can be drawn"
        assert [row["token"] for row in panel["rows"]] == list(truth.tokens[:8])
        kept = [row for row in panel["rows"] if not row.get("cut")]
        assert len(kept) == min(8, len(shaped))
        assert panel["cut"]["label"] == f"cut away: {shaped.cut_count} words"
        assert panel["cut"]["width"] == pytest.approx(shaped.cut_probability, abs=1e-4)
        others = shaped.probabilities[len(kept) :].sum()
        assert panel.get("rest", {"width": 0})["width"] == pytest.approx(others, abs=1e-4)
        facts = "".join(panel["facts"][0])
        assert f"as trained {truth.entropy:.2f} nats" in facts
        assert f"to draw from {shaped.entropy:.2f} nats" in facts


def test_the_way_from_0_to_1_has_everybody_s_interval(bench):
    for shaped, panel in zip(bench.shaped, bench.board["panels"], strict=True):
        edges, words = panel["way"]["edges"], panel["way"]["words"]
        assert (edges[0], edges[-1]) == (0, 1)
        assert len(edges) == len(words) + 1 == len(panel["way"]["spans"]) + 1
        named = [word for word in words if word]
        np.testing.assert_allclose(edges[: len(named)], shaped.cumulative[: len(named)], atol=1e-5)
        first = f"“{shaped.tokens[0]}”: 0 to {shaped.probabilities[0]:.4f}"
        assert panel["way"]["spans"][0].startswith(first)


def test_a_draw_says_where_the_number_fell(bench):
    bench.draw()
    u = random_numbers(5, 1)[0]
    for (step,), panel, name in zip(bench.drawn, bench.board["panels"], ("LSTM", "Transformer"), strict=True):
        way = panel["way"]
        assert "".join(way["fell"]) == (
            f"u = {u:.4f} falls into the interval of “{step.token}”, {step.low:.4f} to {step.high:.4f}."
        )
        assert step.low <= u < step.high
        assert way["edges"][way["at"]] <= way["u"] < way["edges"][way["at"] + 1]
        assert panel["text"] == ["The king was crowned in ", "", step.token]
        assert [row["token"] for row in panel["rows"] if row.get("drawn")] == [step.token]
        assert f"{name}: u = {u:.4f} falls into the interval of “{step.token}”" in bench.board["spoken"]
    assert bench.board["heading"] == ["Word ", "1", " after your text"]
    assert bench.board["hint"] == "drawn with number 1 of seed 5"


def test_narrow_intervals_get_the_digits_that_tell_them_apart():
    model = FakeModel()
    model._logits = model._logits * 0 + np.linspace(30, 0, 49)  # falls steeply: the last ones are hairs
    bench = SamplingBench(model, text=TEXT)
    rank = 20
    low, high = bench.plain[0].interval(rank)
    bench._go(bench._draws.next(bench.plain, 0, {}, False))
    step = bench.drawn[0][0]
    object.__setattr__(step, "u", (low + high) / 2)
    for name, value in {"token": bench.plain[0].tokens[rank - 1], "rank": rank, "low": low, "high": high}.items():
        object.__setattr__(step, name, value)
    bench.change()
    fell = "".join(bench.board["panels"][0]["way"]["fell"])
    numbers = [part.strip(" .,") for part in fell.replace("u = ", "").split() if part[0].isdigit()]
    assert len({float(number.strip(".,")) for number in numbers}) == 3, fell


def test_each_draw_asks_each_model_once_and_sends_one_message(bench, models, ask):
    for k in range(3):
        before = [len(model.asked) for model in models]
        (message,) = ask(bench, "draw", more=False)
        assert set(message["state"]) >= {"board", "_answered"}
        assert set(message["state"]) <= {"board", "controls", "_answered"}
        assert len(json.dumps(message)) < 16_000
        for model, n in zip(models, before, strict=True):
            assert model.asked[n:] == [("distribution", 5 + k)] * (k > 0)  # the first place was on the screen already


def test_stepping_back_draws_the_same_again(bench):
    bench.draw(4)
    four = tokens(bench)
    bench.step_back()
    assert tokens(bench) == [steps[:3] for steps in four]
    assert bench.board["hint"] == "not drawn yet; number 4 of seed 5 will draw it"
    assert all("fell" not in panel["way"] for panel in bench.board["panels"])
    bench.draw()
    assert tokens(bench) == four
    for _ in range(6):
        bench.step_back()
    assert tokens(bench) == [[], []]


def test_repeat_exactly_writes_the_same_and_says_so(bench):
    bench.draw(6)
    first = bench.drawn
    bench.repeat()
    assert bench.drawn == first
    assert bench.board["told"] == (
        "Drawn once more with the same numbers. The same words as before: LSTM all 6, Transformer all 6."
    )
    bench.temperature = 3.0
    bench.repeat()
    assert bench.drawn != first
    assert [[step.u for step in steps] for steps in bench.drawn] == [[step.u for step in steps] for steps in first]
    assert "of 6" in bench.board["told"]
    bench.draw()
    assert bench.board["told"] == ""


def test_repeat_of_nothing_is_nothing(bench):
    bench.repeat()
    assert tokens(bench) == [[], []]


def test_a_slider_turns_to_the_next_word_and_keeps_what_was_drawn(bench):
    bench.draw(2)
    two = tokens(bench)
    bench.temperature = 0.5
    assert tokens(bench) == two
    assert bench.board["heading"][1] == "3"
    assert bench.board["hint"].startswith("not drawn yet")
    bench.temperature = 0.5
    bench.draw()
    assert bench.board["heading"][1] == "3"


def test_a_text_and_a_seed_begin_anew_and_undo_brings_all_back(bench):
    bench.draw(3)
    three = bench.drawn
    bench.new_seed()
    assert (bench.seed, tokens(bench)) == (6, [[], []])
    bench.text = "The queen"
    bench.undo()
    assert (bench.text, bench.seed) == (TEXT, 6)
    bench.undo()
    assert (bench.text, bench.seed, bench.drawn) == (TEXT, 5, three)
    bench.undo()
    assert tokens(bench) == [[], []]
    assert bench.controls["undo"] is False
    bench.undo()


def test_many_words_are_undone_at_once(bench, ask):
    bench.draw()
    ask(bench, "draw", more=False)
    for _ in range(4):
        ask(bench, "draw", more=True)
    assert len(bench.drawn[0]) == 6
    ask(bench, "undo")
    assert len(bench.drawn[0]) == 1
    bench.draw(10)
    bench.undo()
    assert len(bench.drawn[0]) == 1


def test_reset_goes_back_to_the_start(bench):
    bench.draw(3)
    bench.change(text="He was", temperature=2.0, top_k=3, top_p=0.5, seed=99)
    bench.draw()
    bench.reset()
    assert (bench.text, bench.temperature, bench.top_k, bench.top_p, bench.seed) == (TEXT, 1.0, None, None, 5)
    assert tokens(bench) == [[], []]
    bench.undo()
    assert (bench.text, bench.seed, len(bench.drawn[0])) == ("He was", 99, 1)


def test_draws_that_are_only_counted_join_no_text(bench):
    bench.draw()
    bench.count_draws()
    assert len(bench.drawn[0]) == 1
    numbers = np.random.Generator(np.random.PCG64([5, 0])).random(100)
    for shaped, counts, panel in zip(bench.shaped, bench.counts, bench.board["panels"], strict=True):
        assert counts.tolist() == shaped.count_draws(numbers).tolist()
        assert counts.sum() == 100
        expected = 100 * shaped.probabilities
        first = next(row for row in panel["rows"] if row["token"] == shaped.tokens[0])
        assert first["count"] == f"{counts[0]} ({expected[0]:.1f})"
        listed = [row for row in panel["rows"] if "count" in row]
        shown = [int(row["count"].split()[0]) for row in [*listed, panel["rest"]]]
        assert sum(shown) == 100
    assert "100 draws were counted" in bench.board["told"]
    bench.count_draws(400)
    assert bench.counts[0].sum() == 500
    bench.draw()
    assert bench.counts[0].sum() == 0
    assert bench.board["told"] == ""


def test_counts_never_grow_beyond_a_limit(bench):
    bench.count_draws(10_000)
    bench.count_draws(10_000)
    assert bench.counts[0].sum() == 10_000


def test_no_more_than_so_many_words_are_written(models):
    bench = SamplingBench(*models, text=TEXT)
    bench.draw(MOST_WRITTEN)
    with pytest.raises(InputError, match="200 words have been drawn, and no more fit"):
        bench.draw()
    assert len(bench.drawn[0]) == MOST_WRITTEN


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": 5}, "text must be a string"),
        ({"temperature": 0}, "temperature must be a number from 0.1 to 3, not 0"),
        ({"temperature": math.nan}, "temperature must be"),
        ({"temperature": None}, "temperature must be"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 49, not 0"),
        ({"top_k": 50}, "top_k must be"),
        ({"top_k": 2.5}, "top_k must be"),
        ({"top_p": 0}, "top_p must be a number from 0.01 to 1, not 0"),
        ({"top_p": 1.5}, "top_p must be"),
        ({"top_p": "0.9"}, "top_p must be"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4,294,967,295, not -1"),
        ({"seed": True}, "seed must be"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(models, bench, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        SamplingBench(*models, **settings)
    bench.draw(2)
    before, drawn = bench.get_state(), bench.drawn
    with pytest.raises(InputError, match=sentence):
        bench.change(**settings)
    assert bench.get_state() == before
    assert bench.drawn is drawn


@pytest.mark.parametrize("n", [0, -1, 201, 2.5, True, "5"])
def test_a_bad_number_of_words_gets_a_sentence(bench, n):
    with pytest.raises(InputError, match="n must be a whole number from 1 to 200"):
        bench.draw(n)


def test_a_model_that_fails_leaves_the_last_good_state(bench, models, monkeypatch):
    bench.draw(2)
    before, drawn = bench.get_state(), bench.drawn
    monkeypatch.setattr(models[1], "distribution", lambda *a, **k: 1 / 0)
    for act in (bench.draw, lambda: bench.change(text="The queen")):
        with pytest.raises(ZeroDivisionError):
            act()
        assert bench.drawn is drawn
        assert bench.get_state() == before
    monkeypatch.undo()
    bench.draw()
    bench.undo()
    assert bench.drawn is drawn


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Give at least one model"),
        (("lstm",), r"write load_model\('lstm'\)"),
        ((FakeModel(),) * 5, "5 models were given; at most 4"),
        ((FakeModel(), FakeModel(words=[w for w in WORDS if w != "crowned"])), "different tokens"),
    ],
)
def test_what_is_no_model_gets_a_sentence(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        SamplingBench(*arguments, text=TEXT)


def test_a_model_without_a_distribution_gets_a_sentence():
    model = FakeModel()
    model.distribution = None
    with pytest.raises(InputError, match="A FakeModel is no model that could be shown here: it has no distribution"):
        SamplingBench(model)


def test_unknown_words_and_line_ends_are_shown(models):
    bench = SamplingBench(*models, text="zebra was")
    assert bench.board["panels"][0]["text"][0] == "zebra was "[:9]
    assert "zebra" in bench.note
    for seed in range(40):  # until a line end is drawn
        bench.seed = seed
        bench.draw(10)
        shown = "".join(bench.board["panels"][0]["text"])
        assert shown.count("↵") == tokens(bench)[0].count("<eos>")
        assert "\n" not in shown


def test_a_closed_bench_lets_go_of_its_models(bench):
    bench.draw()
    bench.close()
    assert (bench.models, bench.plain, bench.texts) == ((), (), ())
    with pytest.raises(InputError, match="closed"):
        bench.draw()


def test_picture_and_static_page_say_what_was_drawn(bench):
    bench.draw(2)
    assert "falls into the interval of" in bench.static_html()
    picture = bench.picture()
    assert "Word 2 after your text" in picture.svg()
    assert bench.figure().get_axes()


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    bench = SamplingBench(FakeModel(), FakeModel("transformer", seed=1))
    before = bench.get_state(["board", "controls"])
    refused = None
    try:
        bench.text = text
    except InputError as error:
        refused = str(error)
    if refused is not None:
        assert refused.endswith(".")
        assert bench.get_state(["board", "controls"]) == before
    bench.draw(2)
    json.dumps(bench.get_state(["board", "controls", "note", "card"]), allow_nan=False).encode()
    assert "<script" not in bench.static_html()
    bench.static_html().encode()
