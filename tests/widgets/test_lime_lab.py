"""LimeLab in Python: the fit's numbers on the page, the sum of one text, the seeds, and what it refuses."""

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny
from tests.makers.lime import TEXT, lab
from widgets import LimeLab

MODEL = tiny.model("lstm")


def as_number(words):
    return float(words.replace("−", "-").replace("+", "").replace(",", ""))


@pytest.fixture
def shown():
    return LimeLab(MODEL, text=TEXT, n_samples=40, kernel_width=0.3, seed=2)


def test_the_numbers_are_those_of_local_fit(shown):
    fit = MODEL.local_fit(TEXT, n_samples=40, kernel_width=0.3, seed=2)
    for name in ("present", "values", "weights", "fitted"):
        np.testing.assert_array_equal(getattr(shown.fit, name), getattr(fit, name))
    for row, score, error in zip(
        shown.board["slopes"]["rows"], fit.attribution.scores, fit.attribution.spread, strict=True
    ):
        said = [as_number(part) for part in row["cells"][0].split(" ± ")]
        assert said == pytest.approx([score, error], abs=0.0051)
        full = shown.board["slopes"]["full"]
        assert row["level"] == pytest.approx(score / full, abs=0.001)
        assert row["ends"] == pytest.approx([(score - error) / full, (score + error) / full], abs=0.001)
    assert f"R² = {fit.attribution.details['r_squared']:.2f}" in shown.board["fit"]


@pytest.mark.parametrize("sort", ["drawn", "weight", "model", "misfit"])
def test_the_texts_are_listed_page_by_page_in_the_order_chosen(shown, ask, sort):
    shown.sort = sort
    fit, seen = shown.fit, []
    for _ in range(4):
        for row in shown.board["texts"]:
            i = row["sample"]
            seen.append(i)
            assert row["there"] == "".join(str(int(bit)) for bit in fit.present[i])
            said = [as_number(cell) for cell in row["cells"]]
            assert said == pytest.approx([fit.values[i], fit.fitted[i], fit.weights[i]], abs=0.0051)
        ask(shown, "page", by=1)
    assert sorted(seen) == list(range(40))
    assert shown.board["listed"] == "texts 1 to 12 of 40"  # the last page leads to the first
    key = {
        "drawn": -np.arange(40),
        "weight": fit.weights,
        "model": fit.values,
        "misfit": fit.weights * (fit.values - fit.fitted) ** 2,
    }
    assert (np.diff(key[sort][seen]) <= 0).all()
    ask(shown, "page", by=-1)
    assert shown.board["listed"] == "texts 37 to 40 of 40"


def test_a_dot_stands_where_its_numbers_say(shown):
    fit, dots = shown.fit, np.array(shown.dots).reshape(-1, 3)
    ticks = [shape for shape in shown.board["axes"] if shape[0] == "text" and shape[1].get("class") == "gb-end"]
    (low, high), (bottom, top) = (
        [as_number(tick[2]) for tick in (ticks[0], ticks[-1])],
        [tick[1]["y"] - 4 for tick in (ticks[0], ticks[-1])],
    )
    np.testing.assert_allclose(dots[:, 1], bottom + (top - bottom) * (fit.values - low) / (high - low), atol=0.1)
    assert np.corrcoef(dots[:, 0], fit.fitted)[0, 1] == pytest.approx(1, abs=1e-5)
    heavy, light = np.argmax(fit.weights), np.argmin(fit.weights)
    assert dots[heavy, 2] > dots[light, 2]


def test_the_sum_of_a_text_is_the_lines_number(shown, ask):
    sample = int(np.flatnonzero(shown.fit.present.sum(axis=1) == 3)[0])
    ask(shown, "pick", sample=sample)
    assert shown.picked == sample
    told = shown.board["sum"]
    assert told.startswith(f"Text {sample + 1}, what the line says: ")
    terms, line = told.split(": ")[1].split(". The model")[0].split(" = ")
    total = as_number(terms.split(" with no word")[0])
    words = terms.split(" with no word ")[1].split(" ")
    total += sum(
        as_number(number) * (-1 if sign == "−" else 1) for sign, number in zip(words[::3], words[1::3], strict=True)
    )
    assert total == pytest.approx(as_number(line), abs=0.03)
    assert as_number(line) == pytest.approx(shown.fit.fitted[sample], abs=0.0051)
    shown.sort = "misfit"
    assert sample in [row["sample"] for row in shown.board["texts"]]  # the page that has it


def test_another_seed_is_another_fit_and_undo_brings_the_old_one_back(shown, ask):
    before = shown.fit
    ask(shown, "new")
    assert shown.seed == 3
    assert not np.array_equal(shown.fit.present, before.present)
    ask(shown, "undo")
    assert (shown.seed, shown.fit) == (2, before)  # kept, so nobody was asked


def test_repeat_exactly_asks_again_and_compares(shown, ask):
    before = shown.fit
    (message,) = ask(shown, "again")
    assert message["state"]["board"]["told"] == (
        "Asked again with seed 2: the same texts, numbers and slopes, to the last digit."
    )
    assert shown.fit is before
    ask(shown, "sort", by="weight")
    assert shown.board["told"] == ""
    shown._fit = MODEL.local_fit(TEXT, n_samples=40, kernel_width=0.3, seed=4)
    shown.repeat()
    assert "something differs" in shown.board["told"]


def test_ten_seeds_vary_as_they_do(shown):
    shown.run_seeds()
    fits = [MODEL.local_fit(TEXT, n_samples=40, kernel_width=0.3, seed=seed) for seed in range(2, 12)]
    scores = np.array([fit.attribution.scores for fit in fits])
    np.testing.assert_array_equal([run.attribution.scores for run in shown.runs], scores)
    over = scores.std(axis=0, ddof=1)
    for row, deviation, ticks in zip(shown.board["slopes"]["rows"], over, scores.T, strict=True):
        assert as_number(row["cells"][1].strip("± ")) == pytest.approx(deviation, abs=0.0051)
        assert row["ticks"] == pytest.approx(ticks / shown.board["slopes"]["full"], abs=0.001)
    top, varies = shown.board["seeds"]
    sets = [frozenset(np.argsort(-abs(one), kind="stable")[:3]) for one in scores]
    assert f"for {max(map(sets.count, sets))} of 10 seeds" in top
    assert f"varies by {over.mean():.3f} nats" in varies
    reported = np.mean([fit.attribution.spread for fit in fits])
    assert f"standard error {reported:.3f}" in varies


def test_the_seeds_go_one_by_one_and_can_be_stopped(shown, ask):
    ask(shown, "seeds")
    for left in (8, 7):
        (message,) = ask(shown, "go_on")
        assert message["state"]["board"]["left"] == left
    ask(shown, "stop")
    ask(shown, "go_on")  # nothing is under way any more
    assert (len(shown.runs), shown.board["left"]) == (3, 0)
    assert len(shown.board["seeds"]) == 2
    ask(shown, "kernel_width", value=0.5)  # another question: those seeds do not answer it
    assert (shown.runs, shown.board["seeds"]) == ((), [])


def test_the_slider_of_the_kernel_width_changes_the_weights_alone(shown, ask):
    before = shown.fit
    ask(shown, "kernel_width", value=2.0)
    np.testing.assert_array_equal(shown.fit.values, before.values)
    assert shown.fit.weights.min() > before.weights.min()
    assert shown.board["stops"]["kernel_width"][-1] == [2.0, "2"]
    assert [0.3, "0.3"] in LimeLab(MODEL, kernel_width=0.3).board["stops"]["kernel_width"]


def test_reset_brings_everything_back(shown, ask):
    shown.run_seeds()
    ask(shown, "read", text="the king")
    ask(shown, "n_samples", value=16)
    ask(shown, "new")
    ask(shown, "reset")
    assert (shown.text, shown.n_samples, shown.seed, shown.runs) == (TEXT, 40, 2, ())


def test_long_texts_are_listed_six_at_a_time(ask):
    shown = LimeLab(MODEL, text="the king was born " * 7, n_samples=16)
    assert shown.board["listed"] == "texts 1 to 6 of 16"
    for _ in range(2):
        ask(shown, "page", by=1)
    assert [row["sample"] for row in shown.board["texts"]] == [12, 13, 14, 15]
    shown.picked = 8
    assert shown.board["listed"] == "texts 7 to 12 of 16"
    assert " [" in shown.board["spoken"]  # a word that comes twice bears its place


def test_few_texts_are_called_few():
    assert any(fact.startswith("Few texts: 16 for 13 numbers") for fact in lab(TEXT, n_samples=16).board["facts"])
    assert not any(fact.startswith("Few texts") for fact in lab(TEXT, n_samples=128).board["facts"])


def test_one_unknown_word_changes_nothing():
    shown = LimeLab(MODEL, text="qwertz")
    assert shown.board["fit"][1] == "the same for every text"
    assert shown.board["slopes"]["rows"][0]["cells"] == ["0.00 ± 0.00"]
    shown.run_seeds()
    assert len(shown.board["seeds"]) == 1  # one word: there is no order to speak of


def test_words_outside_the_window_are_said_to_be():
    shown = LimeLab(tiny.model("transformer"), text="the king was born " * 6)
    assert any("outside" in fact for fact in shown.board["facts"])
    assert shown.board["slopes"]["rows"][0]["cells"] == ["0.00 ± 0.00"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_samples": 15}, "n_samples must be a whole number from 16 to 1,024, not 15"),
        ({"kernel_width": 0}, "kernel_width must be a number from 0.05 to 2, not 0"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"sort": "size"}, "sort must be 'drawn', 'weight', 'model' or 'misfit'"),
        ({"picked": 40}, "picked must be a whole number from 0 to 39, not 40"),
        ({"target": "Nobel"}, "not among"),
        ({"position": 0}, "No word stands before the first word"),
    ],
)
def test_what_it_refuses(shown, settings, sentence):
    before = shown.get_state()
    with pytest.raises(InputError, match=sentence):
        shown.change(**settings)
    assert shown.get_state() == before


def test_the_paper_has_the_numbers_too(shown):
    page = shown.static_html()
    for row in shown.board["slopes"]["rows"]:
        assert row["cells"][0] in page
    for row in shown.board["texts"]:
        assert row["cells"][0] in page
    assert shown.figure().get_size_inches()[0] > 3
