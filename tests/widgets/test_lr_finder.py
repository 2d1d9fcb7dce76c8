"""LRFinder in Python: what the charts and sentences say is what the table has, and a live test is never lost."""

import math
import re

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.records import RateTable
from tests.makers.rates import FakeFinder, curve, rates, trials
from widgets import LRFinder
from widgets.rate_plots import MOST_PLACES, curve_plot, place_of, rate_at, rate_words

TABLE = rates()


@pytest.fixture
def finder():
    return LRFinder(TABLE, live=FakeFinder)


def words_of(plot):
    return [mark[2] for mark in plot["marks"] if mark[0] == "text"]


def test_before_the_prediction_no_advice_is_given_away(finder):
    board = finder.board
    assert board["trials"] is None
    assert (board["rows"], board["revealed"]) == ([], False)
    told = " ".join([*board["said"], *board["facts"], *words_of(board["plot"])])
    assert "steepest" not in told
    assert f"rate {rate_words(finder.curve.best)}" in told


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_the_advice_is_the_curves_own(optimizer):
    finder = LRFinder(TABLE, optimizer=optimizer, revealed=True)
    one = finder.curve
    assert one.optimizer == optimizer
    for name, rate in (
        ("steepest fall", one.steepest),
        ("a tenth of the lowest", one.tenth),
        ("all lost", one.diverges),
    ):
        assert f"{name} {rate_words(rate)}" in words_of(finder.board["plot"])
        assert rate_words(rate) in finder.board["said"][1]
    other = TABLE.of("lstm", "noise", "sgd" if optimizer == "adamw" else "adamw")[0]
    times = f"{max(other.steepest / one.steepest, one.steepest / other.steepest):,.0f} times"
    assert times in finder.board["facts"][0]
    assert ("higher" if optimizer == "adamw" else "lower") in finder.board["facts"][0]


def test_the_verdict_is_about_the_runs_that_were_done(finder):
    finder.show()
    assert finder.trials == tuple(trials())
    said = finder.board["said"][3]
    assert "The best of these 4 runs had the rate 0.03 (3 × the steepest): perplexity 11.0." in said
    assert "The steepest fall (0.01): 12.1, 10 % more." in said
    assert "The rate at which all was lost (2): the run diverged." in said
    assert [row[2] for row in finder.board["rows"]] == ["15.20", "12.10", "11.00 (the lowest)", "diverged"]


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (0.02, "Your rate 0.02: the nearest whole runs had perplexity 12.1 at 0.01 and perplexity 11.0 at 0.03."),
        (1e-5, "Your rate 1e−5, beyond all that was tried: the nearest whole runs had perplexity 15.2 at 0.003."),
        (500.0, "no perplexity (diverged) at 2."),
    ],
)
def test_a_guess_is_compared_with_the_nearest_runs_and_nothing_is_made_up(finder, guess, said):
    finder.change(guess=guess, revealed=True)
    assert said in finder.board["said"][2]


def test_a_point_stands_where_its_numbers_say():
    plot = curve_plot([curve()], [], 1e-3, True, None)
    assert plot.at(place_of(1e-6), 0)[0] == plot.left
    assert plot.at(place_of(1e4), 0)[0] == plot.right
    across = [plot.at(place_of(rate), 0)[0] for rate in (0.01, 0.1, 1)]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.11)


def test_the_slider_reaches_every_place_and_comes_back_to_it(finder, ask):
    for place in range(MOST_PLACES + 1):
        assert round(place_of(rate_at(place))) == place
    ask(finder, "guess", place=80)
    assert finder.guess == rate_at(80) == 0.01
    assert finder.board["place"] == 80
    ask(finder, "guess", place=MOST_PLACES + 1)
    assert finder.error.startswith("place must be a whole number from 0 to 200")
    assert finder.guess == 0.01


@pytest.mark.parametrize(
    ("rate", "words"), [(1e-6, "1e−6"), (2.5e-5, "2.5e−5"), (0.001, "0.001"), (0.0112, "0.011"), (7.9, "7.9"),
                        (316.0, "320"), (1e4, "10,000")]
)  # fmt: skip
def test_rates_in_words(rate, words):
    assert rate_words(rate) == words


def test_choosing_shows_another_test_and_a_text_without_runs_says_so(finder, ask):
    ask(finder, "choose", name="optimizer", value="sgd")
    ask(finder, "choose", name="corpus", value="other words")
    ask(finder, "show")
    assert finder.curve is TABLE.of("lstm", "other words", "sgd")[0]
    assert finder.board["trials"] is None
    assert finder.board["said"][-1] == "No whole runs of this text are here."
    ask(finder, "choose", name="guess", value="3")
    assert "the choice must be" in finder.error
    ask(finder, "choose", name="corpus", value="poems")
    assert "corpus must be 'noise' or 'other words'" in finder.error


def test_a_live_test_grows_is_compared_and_ends(finder, ask):
    ask(finder, "run")
    assert finder.board["running"] is True
    assert "a process of its own" in finder.board["status"]
    sizes = []
    while finder.board["running"]:
        ask(finder, "news")
        sizes.append(finder.live_curve.losses.size)
    assert sizes == [*range(10, 160, 10), 150]  # the last look is at one that had ended before it
    assert "the first 150 losses are the same to three digits" in finder.board["status"]
    assert "gb-curve1 gb-hue-other" in str(finder.board["plot"]["marks"])


def test_what_is_done_between_two_looks_at_the_end_is_not_lost(ask):
    class Ends(FakeFinder):
        def curve(self):
            found = super().curve()
            if self._n == 140:  # the last steps are done while it is being looked at
                self._n, self.state = 150, "finished"
            return found

    finder = LRFinder(RateTable((curve(),)), live=Ends)
    ask(finder, "run")
    while finder.board["running"]:
        ask(finder, "news")
    assert finder.live_curve.losses.size == 150


def test_a_second_start_does_not_run_twice(ask):
    made = []

    def live(*settings, corpus):
        made.append(FakeFinder(*settings, corpus=corpus))
        return made[-1]

    finder = LRFinder(TABLE, live=live)
    for _ in range(3):
        ask(finder, "run")
    assert len(made) == 1
    ask(finder, "stop")
    assert finder.board["running"] is False
    ask(finder, "run")
    assert len(made) == 2
    assert made[0].closed
    finder.close()
    assert made[1].closed


def test_what_was_run_stays_with_its_model_and_reset_drops_it(finder, ask):
    ask(finder, "run")
    ask(finder, "news")
    ask(finder, "choose", name="optimizer", value="sgd")
    assert finder.live_curve is None
    ask(finder, "choose", name="optimizer", value="adamw")
    assert finder.live_curve.losses.size == 10
    ask(finder, "stop")
    assert finder.live_curve.losses.size == 10
    ask(finder, "reset")
    assert (finder.live_curve, finder.board["status"]) == (None, "")


def test_what_is_run_is_what_is_shown(ask):
    here = ["noise"]

    def live(*settings, corpus):
        if corpus not in here:
            raise InputError(f"{corpus} is not on this machine.")
        return FakeFinder(*settings, corpus=corpus)

    finder = LRFinder(TABLE, live=live)
    ask(finder, "run")
    ask(finder, "news")
    ask(finder, "stop")
    ask(finder, "choose", name="corpus", value="other words")
    assert finder.board["run"] == "Run it here, on other words"
    ask(finder, "run")
    assert finder.error == "other words is not on this machine."
    assert finder.board["status"] == "lstm with adamw on noise: stopped."
    here.append("other words")
    ask(finder, "run")
    ask(finder, "news")
    assert finder.board["run"] == "Stop"
    assert finder.live_curve.corpus == finder.corpus == "other words"
    assert finder.live_curve.losses.size == 10
    ask(finder, "choose", name="corpus", value="noise")
    assert finder.live_curve.corpus == "noise"
    assert finder.board["status"].startswith("lstm with adamw on other words: running.")


def test_another_outcome_here_is_said(ask):
    class Elsewhere(FakeFinder):
        def curve(self):
            found = super().curve()
            return found and curve("lstm", "adamw", n=found.losses.size, n_steps=150, seed=9)

    finder = LRFinder(RateTable((curve(),)), live=Elsewhere)
    ask(finder, "run")
    ask(finder, "news")
    assert "with seed 9 (dashed); the curve in the table has seed 7" in finder.board["status"]


def test_a_test_that_cannot_start_is_explained(ask):
    def refuses(architecture, optimizer, corpus):
        raise InputError("There is no room.")

    finder = LRFinder(TABLE, live=refuses)
    ask(finder, "run")
    assert finder.error == "There is no room."
    assert finder.board["running"] is False

    class Full(FakeFinder):
        def start(self):
            raise InputError("There is no memory.")

    finder = LRFinder(TABLE, live=Full)
    ask(finder, "run")
    assert finder.error == "There is no memory."
    assert finder.board["running"] is False
    ask(LRFinder(TABLE), "run")
    plain = LRFinder(TABLE)
    ask(plain, "run")
    assert plain.error.startswith("This widget was made without a way to run")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"table": {}}, "table must be a RateTable with at least one curve"),
        ({"table": RateTable(())}, "table must be a RateTable"),
        ({"architecture": "gru"}, "architecture must be 'lstm' or 'transformer', not 'gru'"),
        ({"guess": 0}, "guess must be a number from 1e-06 to 10000, not 0"),
        ({"guess": math.nan}, "guess must be a number"),
        ({"revealed": 1}, "revealed must be True or False"),
    ],
)
def test_what_it_refuses(finder, settings, sentence):
    before = finder.get_state()
    with pytest.raises(InputError, match=re.escape(sentence)):
        finder.change(**settings)
    assert finder.get_state() == before


def test_on_paper_are_the_same_charts(finder):
    finder.change(revealed=True, guess=0.02)
    drawn = finder.static_html()
    assert drawn.count("<tr>") == 5
    assert "<th>the rate is</th><th>rate</th><th>perplexity</th>" in drawn
    assert "your rate 0.02" in drawn
    assert np.isfinite(finder.picture().height)
