"""CurveDoctor in Python: the signs of the real curves, the answers, the score, and that nothing is lost."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lessons.curves import shipped_curves
from lessons.errors import InputError
from lessons.records import FAULTS
from widgets import CurveDoctor
from widgets.curve_diagnoses import DIAGNOSES
from widgets.curve_signs import Signs

CURVES = shipped_curves()


@pytest.fixture
def doctor():
    return CurveDoctor(CURVES, seed=0)


def letter_of(doctor, fault):
    return next(letter for letter in "ABCDEFGH" if doctor.curve(letter).fault == fault)


@pytest.mark.parametrize("one", CURVES, ids=lambda one: one.fault)
def test_each_real_curve_shows_its_own_signs_and_no_others(one):
    signs = Signs(one.log)
    assert [name for name, diagnosis in DIAGNOSES.items() if diagnosis.fits(signs)] == [one.fault]
    for name, diagnosis in DIAGNOSES.items():
        assert bool(diagnosis.against(signs)) is (name != one.fault)


def test_every_fault_can_be_diagnosed():
    assert list(DIAGNOSES) == list(FAULTS)


@pytest.mark.parametrize("one", CURVES, ids=lambda one: one.fault)
def test_the_words_for_a_curve_do_not_give_it_away(one):
    words = Signs(one.log).spoken().lower()
    for name, diagnosis in DIAGNOSES.items():
        assert name not in words
        assert diagnosis.name.lower() not in words
    assert f"{one.log.learning_rate.max():g}" in words


def test_the_words_have_the_numbers_of_the_log():
    log = next(one.log for one in CURVES if one.fault == "too little text")
    valid = np.array([look.valid_perplexity for look in log.checkpoints])
    at = log.checkpoints[int(valid.argmin())].step
    words = Signs(log).spoken()
    assert f"to {valid.min():.1f} at step {at}, then up to {valid[-1]:.1f}" in words
    assert f"The floor is {log.floor:.1f}" in words


def test_the_order_is_that_of_the_seed(doctor):
    order = [doctor.curve(letter).fault for letter in "ABCDEFGH"]
    assert sorted(order) == sorted(FAULTS)
    assert order == [CURVES[i].fault for i in np.random.default_rng(0).permutation(8)]
    assert order == [CurveDoctor(CURVES, seed=0).curve(letter).fault for letter in "ABCDEFGH"]
    assert order != [CurveDoctor(CURVES, seed=1).curve(letter).fault for letter in "ABCDEFGH"]


def test_nothing_on_the_page_gives_a_diagnosis_away(doctor):
    for wanted in "ABCDEFGH":
        doctor.selected = wanted
        sent = json.dumps([doctor.wall, {**doctor.board, "diagnoses": []}])
        for name, diagnosis in DIAGNOSES.items():
            assert f'"{name}"' not in sent
            assert diagnosis.name not in sent
            assert diagnosis.cure not in sent


def test_a_wrong_choice_is_answered_with_this_curves_numbers_and_costs_the_first_try(doctor, ask):
    letter = letter_of(doctor, "sees the answer")
    ask(doctor, "diagnose", letter=letter, diagnosis="healthy")
    (answer,) = doctor.board["answer"]
    assert answer.startswith("“Nothing is wrong” does not fit.")
    lowest = min(look.valid_perplexity for look in doctor.curve(letter).log.checkpoints)
    assert f"Here: Validation comes to {lowest:.2f}, below the floor" in answer
    assert doctor.board["is_known"] is False
    ask(doctor, "diagnose", letter=letter, diagnosis="sees the answer")
    found, cure, line = doctor.board["answer"]
    assert found.startswith("The model sees the answer.")
    assert cure.startswith("Cure: ")
    assert line == f"The line: {doctor.curve(letter).right}   →   {doctor.curve(letter).wrong}"
    assert (doctor.score, doctor.board["score"]) == ((1, 0, 8), "1 of 8 found out, 0 at the first try.")
    assert [mark for *_, mark in doctor.board["diagnoses"]].count("wrong") == 1


def test_the_score_counts_first_tries(doctor):
    for letter in "ABCDEFGH":
        doctor.diagnose(doctor.curve(letter).fault, letter)
    assert doctor.score == (8, 8, 8)
    assert all(one["found"] and one["known"] for one in doctor.wall)


def test_a_choice_that_comes_again_is_answered_again_and_does_not_pile_up(doctor):
    doctor.selected = letter_of(doctor, "healthy")
    for _ in range(30):
        for wrong in ("too low a rate", "sees the answer"):
            doctor.diagnose(wrong)
            assert DIAGNOSES[wrong].name in doctor.board["answer"][0]
    assert len(doctor.answers) <= 4
    doctor.diagnose("healthy")
    assert doctor.score == (1, 0, 8)
    doctor.diagnose("too low a rate")
    assert len(doctor.board["answer"]) == 4  # what was found is not lost on a wrong choice
    assert doctor.score == (1, 0, 8)


def test_show_all_keeps_the_score_and_reset_hides_all(doctor, ask):
    doctor.diagnose(doctor.curve("A").fault)
    ask(doctor, "show_all")
    assert [one["known"] for one in doctor.wall] == [DIAGNOSES[doctor.curve(x).fault].name for x in "ABCDEFGH"]
    assert doctor.score == (1, 1, 8)
    ask(doctor, "reset")
    assert (doctor.answers, doctor.shown, doctor.score) == ((), False, (0, 0, 8))
    assert not any(one["known"] for one in doctor.wall)


def test_another_order_starts_anew(doctor, ask):
    doctor.diagnose(doctor.curve("A").fault)
    doctor.show_all()
    ask(doctor, "shuffle", seed=5)
    assert (doctor.seed, doctor.answers, doctor.shown) == (5, (), False)


def test_all_small_charts_have_the_same_axes_and_the_large_one_has_numbers(doctor):
    rules = [[m[1]["d"] for m in one["plot"]["marks"] if "gb-rule" in m[1]["class"]] for one in doctor.wall]
    assert all(one == rules[0] for one in rules)
    assert not any(mark[0] == "text" for one in doctor.wall for mark in one["plot"]["marks"])
    words = [mark[2] for mark in doctor.board["loss"]["marks"] if mark[0] == "text"]
    assert {"1", "10", "100", "1,000", "steps", f"floor {CURVES[0].log.floor:.1f}"} <= set(words)


def test_a_look_is_answered_with_one_small_message(doctor, ask):
    (message,) = ask(doctor, "look", letter="D")
    assert set(message["state"]) == {"wall", "board", "_answered"} or set(message["state"]) == {"board", "_answered"}
    assert doctor.board["words"].startswith("Curve D. Training perplexity goes from")
    assert len(json.dumps(message["state"])) < 60_000


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"curves": ()}, "There must be 1 to 8 curves"),
        ({"curves": (*CURVES, CURVES[0])}, "There must be 1 to 8 curves"),
        ({"curves": [CURVES[0].log]}, "curves must be FaultyRuns"),
        ({"curves": None}, "curves must be FaultyRuns"),
        ({"curves": [replace(CURVES[0], log=CURVES[0].log.until(5))]}, "has 5 steps and 1 measurements"),
        ({"curves": [replace(CURVES[0], log=replace(CURVES[0].log, floor=None))]}, "a floor and the baseline"),
        ({"selected": "I"}, "selected must be"),
        ({"seed": -1}, "seed must be"),
        ({"answers": [("A", "bad luck")]}, "A diagnosis must be"),
        ({"answers": [("Z", "healthy")]}, "The letter of an answer must be"),
        ({"answers": 3}, "answers must be pairs"),
        ({"shown": "yes"}, "shown must be"),
    ],
)
def test_what_it_refuses(doctor, settings, sentence):
    before = doctor.get_state()
    with pytest.raises(InputError, match=sentence):
        doctor.change(**settings)
    assert doctor.get_state() == before


def test_the_exported_page_has_words_for_each_curve(doctor):
    page = doctor.static_html()
    assert page.count("not found out yet") == 8
    assert "0 of 8 found out" in page
