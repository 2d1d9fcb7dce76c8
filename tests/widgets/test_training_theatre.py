"""TrainingTheatre: what it shows is in the logs, it trains only once, and it ends what it started."""

import json
import math

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.records import RunChange
from tests.browser.standin import portable
from tests.fake_runs import FakeRun, RecordedRun, made_up_log
from tests.makers.theatre import under_way
from widgets import TrainingTheatre
from widgets.theatre_words import took


@pytest.fixture
def run():
    return FakeRun("lstm", n_steps=60, every=10)


@pytest.fixture
def theatre(run):
    return TrainingTheatre(run)


@pytest.fixture
def film():
    """Two recordings, the second one longer."""
    logs = (made_up_log("lstm", n_steps=40, every=10), made_up_log("transformer", n_steps=80, every=20))
    return TrainingTheatre(*map(RecordedRun, logs))


@pytest.fixture
def clock(monkeypatch):
    """The time of the theatre, moved by hand: `clock[0] += 1`."""
    now = [100.0]
    monkeypatch.setattr("widgets.training_theatre.time.monotonic", lambda: now[0])
    return now


def status(theatre, which=0):
    return "".join(theatre.board["runs"][which]["status"])


def why_not(theatre):
    return {deed: reason for deed, _, reason in theatre.board["buttons"]}


def slider(theatre, name):
    return next(one["value"] for one in theatre.board["sliders"] if one["name"] == name)


# Deeds.


def test_a_run_is_started_paused_stepped_and_stopped(theatre, run, ask):
    assert status(theatre) == "LSTM has not been started."
    assert why_not(theatre)["pause"] == "It has not been started yet."
    ask(theatre, "do", deed="start")
    run.advance(20)
    ask(theatre, "news")
    assert status(theatre) == "LSTM is training: step 20 of 60, 40 left, 2.0 s of training"
    assert theatre.board["going"] is True
    assert why_not(theatre)["start"] == "It is training already."
    ask(theatre, "do", deed="pause")
    assert status(theatre).startswith("LSTM is paused: step 20")
    assert theatre.board["going"] is False
    ask(theatre, "do", deed="step")
    assert status(theatre).startswith("LSTM is paused: step 21")
    ask(theatre, "do", deed="start")
    ask(theatre, "do", deed="stop")
    assert status(theatre).startswith("LSTM was stopped: step 21")
    assert why_not(theatre)["start"] == ""
    assert run.told == ["start", "pause", "step", "start", "stop"]
    run.fail("finished", "")
    theatre.refresh()
    assert why_not(theatre)["stop"] == "It has ended: nothing is training."


def test_a_second_start_does_not_train_twice(theatre, run, ask):
    for _ in range(3):
        ask(theatre, "do", deed="start")
    theatre.start()
    run.advance(1)
    theatre.start()
    assert run.told == ["start"]
    assert theatre.error == ""


def test_a_deed_that_cannot_be_done_gets_its_reason_and_the_error_outlives_the_news(theatre, run, ask):
    ask(theatre, "do", deed="stop")
    assert theatre.error == "LSTM: It has not been started yet."
    ask(theatre, "news")
    assert theatre.error == "LSTM: It has not been started yet."
    ask(theatre, "do", deed="start")
    assert theatre.error == ""
    assert run.told == ["start"]


def test_deeds_go_to_each_run_that_can_do_them(ask):
    runs = FakeRun("lstm", n_steps=20), FakeRun("transformer", n_steps=40)
    theatre = TrainingTheatre(*runs)
    theatre.start()
    for one in runs:
        one.advance(20)
    theatre.pause()
    assert [one.told for one in runs] == [["start"], ["start", "pause"]]
    assert why_not(theatre)["step"] == ""
    assert [one["hue"] for one in theatre.board["runs"]] == ["lstm", "transformer"]


def test_steps_are_counted(theatre, run):
    theatre.start()
    run.advance(1)
    theatre.do_steps(5)
    assert theatre.log.last_step == 6
    with pytest.raises(InputError, match="n must be a whole number"):
        theatre.do_steps(0)


# Turning.


def test_what_is_turned_acts_on_the_run_and_is_marked_in_the_chart(theatre, run, ask):
    theatre.start()
    run.advance(30)
    ask(theatre, "turn", name="learning_rate", value=0.02)
    assert run.told[-1] == {"learning_rate": 0.02}
    assert theatre.log.changes == (RunChange(30, "learning_rate", 0.02),)
    assert slider(theatre, "learning_rate") == 0.02
    run.advance(10)
    ask(theatre, "news")
    marks = [mark for mark in theatre.charts["plots"][0]["marks"] if "gb-turned" in mark[1]["class"]]
    assert len(marks) == 1
    assert "rate 0.02" in [mark[2] for mark in theatre.charts["plots"][0]["marks"] if mark[0] == "text"]
    assert "learning rate turned to 0.02 after step 30" in theatre.spoken
    assert theatre.log.learning_rate[-1] == 0.02


def test_what_is_turned_before_the_start_is_shown_at_once(theatre, run, ask):
    ask(theatre, "turn", name="dropout", value=0.5)
    assert slider(theatre, "dropout") == 0.5
    theatre.start()
    run.advance(1)
    theatre.refresh()
    assert slider(theatre, "dropout") == 0.5
    assert theatre.log.settings_at(0)["dropout"] == 0.5


def test_the_sliders_turn_the_run_that_is_chosen(ask):
    runs = FakeRun("lstm", n_steps=20), FakeRun("transformer", n_steps=20)
    theatre = TrainingTheatre(*runs)
    theatre.start()
    for one in runs:
        one.advance(5)
    ask(theatre, "turns", run="Transformer")
    ask(theatre, "turn", name="clip", value=1.0)
    assert runs[0].told == ["start"]
    assert runs[1].told == ["start", {"clip": 1.0}]
    assert slider(theatre, "clip") == 1.0
    assert "clipping 0.25" in theatre.board["runs"][0]["about"]  # they differ now, so each is told
    ask(theatre, "turns", run="")
    theatre.turn(clip=2.0)
    assert [one.told[-1] for one in runs] == [{"clip": 2.0}] * 2


@pytest.mark.parametrize(("name", "value"), [("dropout", 1.0), ("learning_rate", -1), ("seed", 3)])
def test_nonsense_is_not_turned(theatre, run, ask, name, value):
    theatre.start()
    run.advance(5)
    theatre.refresh()
    before = theatre.board
    ask(theatre, "turn", name=name, value=value)
    assert theatre.error
    assert theatre.board == before
    assert run.told == ["start"]


# Again.


def test_from_the_start_takes_what_was_turned_and_keeps_the_run_before(theatre, run, ask):
    theatre.start()
    run.advance(30)
    theatre.turn(learning_rate=0.02)
    ask(theatre, "do", deed="again")
    (new,) = theatre.runs
    assert run.is_closed
    assert new.told == ["start"]
    new.advance(5)
    theatre.refresh()
    assert theatre.log.settings["learning_rate"] == 0.02
    assert theatre.log.changes == ()
    (kept,) = theatre.kept
    assert (kept.last_step, kept.state) == (30, "stopped")
    assert any("LSTM before: learning rate 0.004" in words for *_, words in theatre.charts["key"])
    ask(theatre, "keep", keep=False)
    ask(theatre, "do", deed="again")
    assert theatre.kept == (kept,)
    for _ in range(5):
        theatre.runs[0].advance(3)
        theatre.keep = True
        theatre.again()
    assert len(theatre.kept) == 3


def test_repeat_exactly_is_the_same_to_the_last_digit_and_says_so(theatre, run):
    theatre.start()
    run.advance(30)
    theatre.turn(clip=0.1)
    run.advance(10)
    theatre.repeat()
    theatre.runs[0].advance(35)
    theatre.refresh()
    assert "clipping 0.25, later turned once; to step 40" in theatre.charts["key"][1][2]
    assert theatre.log.changes == (RunChange(30, "clip", 0.1),)
    np.testing.assert_array_equal(theatre.log.loss, theatre.kept[0].loss[:35])
    assert "all 35 losses so far are the same" in theatre.charts["facts"][0]
    theatre.runs[0]._made["seed"] = 8  # as if the machine computed otherwise
    theatre.runs[0].advance(1)
    theatre.refresh()
    assert "does not repeat the run before: the loss of step 1 differs" in theatre.charts["facts"][0]


def test_a_run_that_cannot_be_made_again_says_so(run):
    run.again = None
    theatre = TrainingTheatre(run)
    assert why_not(theatre)["again"] == "This run cannot be made again; run its cell again."


# What is shown.


def test_news_of_an_unchanged_run_send_only_the_receipt(theatre, run, ask):
    theatre.start()
    run.advance(20)
    (message,) = ask(theatre, "news")
    assert "charts" in message["state"]
    (message,) = ask(theatre, "news")
    assert set(message["state"]) == {"_answered"}


def test_the_checkpoints_are_those_of_the_log(theatre, run, ask):
    theatre.start()
    run.advance(40)
    ask(theatre, "checkpoint", step=25)
    (panel,) = theatre.panels["runs"]
    checkpoints = theatre.log.checkpoints
    assert theatre.panels["steps"][theatre.panels["at"]] == [20, "step 20"]
    for column, one in ((1, checkpoints[2]), (2, checkpoints[4])):
        assert [cell[column][0] for cell in panel["tokens"]] == [f"{value:.1f}" for value in one.surprisals]
        assert panel["wrote"][column - 1][1] == one.sample
        assert f"{one.surprisals.mean():.2f}" in panel["mean"]
    assert [cell[0] for cell in panel["tokens"]] == list(theatre.log.tokens)
    ask(theatre, "checkpoint", step=99)
    assert len(theatre.panels["runs"][0]["wrote"]) == 1
    ask(theatre, "reset")
    assert theatre.panels["at"] == 0
    rows = theatre.table()
    assert [row["step"] for row in rows] == [0, 10, 20, 30, 40]
    assert [row["valid_perplexity"] for row in rows] == [one.valid_perplexity for one in checkpoints]


def test_what_is_read_out_changes_with_checkpoints_and_not_with_steps(theatre, run):
    theatre.start()
    run.advance(20)
    theatre.refresh()
    spoken = theatre.spoken
    perplexity = theatre.log.checkpoints[-1].valid_perplexity
    said = f"LSTM, step 20 of 60: validation perplexity {perplexity:.0f}, counting single words reaches 162,"
    assert spoken.startswith(said)
    run.advance(5)
    theatre.refresh()
    assert theatre.spoken == spoken
    assert "25" in status(theatre)
    run.advance(15)
    theatre.refresh()
    assert "step 40 of 60" in theatre.spoken


def test_the_share_of_clipped_steps_is_right(theatre, run):
    theatre.start()
    run.advance(20)
    theatre.turn(clip=0.3)
    run.advance(30)
    theatre.refresh()
    limits = np.where(theatre.log.step > 20, 0.3, 0.25)
    share = 100 * float(np.mean(theatre.log.gradient_norm > limits))
    assert any(f"in {share:.1f} %" in fact or f"in {share:.2g} %" in fact for fact in theatre.charts["facts"])


@pytest.mark.parametrize(("clip", "drawn"), [(0.25, 1), (1e9, 0)])
def test_a_limit_that_no_gradient_can_meet_is_not_drawn(clip, drawn):
    marks = TrainingTheatre(made_up_log("lstm", n_steps=40, clip=clip)).charts["plots"][2]["marks"]
    assert sum("gb-here" in mark[1]["class"] for mark in marks) == drawn


@pytest.mark.parametrize("state", ["diverged", "failed"])
def test_a_run_that_ended_badly_says_what_to_do_and_sends_no_nan(state, run):
    at = 31 if state == "diverged" else None
    message = "" if at else "The disk is full."
    log = made_up_log("lstm", n_steps=60, every=20, until=40, diverges_at=at, state=state, message=message)
    run.start()
    run.log = lambda: log
    theatre, film = TrainingTheatre(run), TrainingTheatre(log)
    (problem,) = theatre.board["problems"]
    said = "LSTM has diverged at step 31: the loss is no longer a number." if at else "LSTM: The disk is full."
    assert problem.startswith(f"{said} ")
    assert "from the start" in problem
    assert problem in theatre.spoken
    assert why_not(theatre)["again"] == ""
    assert film.board["problems"] == [said]
    for one in (theatre, film):
        assert "NaN" not in json.dumps(portable(one.get_state()), allow_nan=False, default=str)
        assert "nan" not in one.static_html().lower()
        assert "nan" not in one.picture().svg().lower()
        assert len(one.panels["runs"][0]["wrote"]) == 2


def test_what_the_run_says_by_itself_is_told_once(theatre, run):
    theatre.start()
    run.advance(20)
    run.fail("stopped", "It can go on from there.")
    theatre.refresh()
    assert status(theatre).endswith("2.0 s of training. It can go on from there.")
    run.fail("diverged", "The run diverged at step 20; turn the rate down and go on from step 10.")
    theatre.refresh()
    assert theatre.board["problems"] == [f"LSTM: {theatre.log.message}"]
    assert status(theatre).endswith("of training")
    theatre.start()
    assert status(theatre).startswith("LSTM is training")
    assert theatre.board["problems"] == []


def test_a_log_without_a_length_and_names_that_are_no_models_are_shown(ask):
    theatre = TrainingTheatre(made_up_log("gru", n_steps=20), made_up_log("gru", n_steps=30, learning_rate=0.1))
    assert [one["status"][1] for one in theatre.board["runs"]] == ["gru", "gru 2"]
    assert [one["hue"] for one in theatre.board["runs"]] == ["other", "other"]
    assert "learning rate 0.1" in theatre.board["runs"][1]["about"]


# Recordings.


def test_a_recording_says_what_it_is_and_cannot_be_trained(film, ask):
    replay = film.board["replay"]
    assert replay["about"].startswith("A recording: the LSTM for 4.0 s (40 steps) and the Transformer for 8.0 s (80")
    assert "Nothing is trained here." in replay["about"]
    assert film.board["buttons"] == film.board["sliders"] == []
    for deed in (film.start, film.stop, film.again):
        with pytest.raises(InputError, match="a recording"):
            deed()
    ask(film, "turn", name="dropout", value=0.1)
    assert "recording" in film.error


def test_scrubbing_shows_the_run_as_it_was_known(film, ask):
    assert film.board["replay"]["last"] == 80
    ask(film, "go", step=25)
    assert film.step == 25
    assert "step 25 of 40" in status(film)
    assert [step for step, _ in film.panels["steps"]] == [0, 10, 20]
    assert "validation perplexity" in film.spoken
    assert (film.board["replay"]["next"], film.board["replay"]["skip"]) == (26, 30)
    ask(film, "go", step=60)
    assert ["step 40 of 40" in status(film), "step 60 of 80" in status(film, 1)] == [True, True]
    assert film.logs[0].last_step == 40  # the logs stay whole
    ask(film, "reset")
    assert film.step is None


def test_playing_goes_by_the_clock_and_ends_at_the_end(film, ask, clock):
    film.play_seconds = 8
    ask(film, "play", playing=True)
    assert (film.step, film.board["going"]) == (0, True)
    for _ in range(4):
        clock[0] += 0.25
        ask(film, "news")
    assert film.step == pytest.approx(10, abs=2)
    at = film.step
    clock[0] += 60  # nobody looked for a minute: it goes on where it was
    ask(film, "news")
    assert film.step == at + 5
    ask(film, "play", playing=False)
    clock[0] += 1
    ask(film, "news")
    assert film.step == at + 5
    film.change(step=79, playing=True)
    clock[0] += 0.25
    film.refresh()
    assert (film.step, film.playing, film.board["going"]) == (80, False, False)


def test_a_log_is_a_recording_and_may_stand_beside_a_live_run(run):
    log = made_up_log("transformer", n_steps=60)
    theatre = TrainingTheatre(log, run)
    theatre.start()
    assert run.told == ["start"]
    assert theatre.board["replay"] is None
    assert "is a recording: step 60 of 60" in status(theatre)
    with pytest.raises(InputError, match="A live run is shown as far as it is"):
        theatre.step = 3


def test_a_recording_does_not_know_before_that_the_run_will_diverge(ask):
    log = made_up_log("lstm", n_steps=60, every=20, until=40, diverges_at=31, state="diverged", message="It broke.")
    theatre = TrainingTheatre(log)
    for step in (0, 20, 39):
        ask(theatre, "go", step=step)
        assert theatre.board["problems"] == []
        assert "diverge" not in theatre.spoken
    ask(theatre, "go", step=40)
    assert theatre.board["problems"] == ["LSTM: It broke."]


def test_two_runs_of_one_name_are_told_apart_in_every_sentence():
    theatre = TrainingTheatre(*(made_up_log("lstm", n_steps=40, learning_rate=rate) for rate in (0.004, 0.04)))
    assert [words for *_, words in theatre.charts["key"]] == ["LSTM", "LSTM 2"]
    assert [fact.split(":")[0] for fact in theatre.charts["facts"] if "was shortened" in fact] == ["LSTM", "LSTM 2"]
    assert "the LSTM for 4.0 s (40 steps) and the LSTM 2 for 4.0 s" in theatre.board["replay"]["about"]
    assert {row["run"] for row in theatre.table()} == {"LSTM", "LSTM 2"}
    assert theatre.logs[1] is theatre.logs[1]
    assert theatre.logs[1].loss.tolist() == made_up_log("lstm", n_steps=40, learning_rate=0.04).loss.tolist()


# Bad input, and paper.


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"step": 81}, "step must be a whole number from 0 to 80"),
        ({"step": 2.5}, "step must be"),
        ({"playing": 1}, "playing must be True or False"),
        ({"play_seconds": 0}, "play_seconds must be a whole number from 1 to 600"),
        ({"play_seconds": math.nan}, "play_seconds must be"),
        ({"checkpoint": -1}, "checkpoint must be"),
        ({"turned": "LSTM"}, "turned must be"),
        ({"keep": None}, "keep must be True or False"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(film, settings, sentence):
    before = film.get_state()
    with pytest.raises(InputError, match=sentence):
        film.change(**settings)
    assert film.get_state() == before


@pytest.mark.parametrize("runs", [(), ("lstm",), (FakeRun,), (1, 2), (None, None, None)])
def test_what_is_no_run_is_refused(runs):
    with pytest.raises(InputError, match=r"runs were given|is no run"):
        TrainingTheatre(*runs)


def test_the_same_run_twice_is_refused(run):
    with pytest.raises(InputError, match="given twice"):
        TrainingTheatre(run, run)


def test_the_picture_and_the_static_page_have_the_numbers():
    theatre = under_way()
    page = theatre.static_html()
    assert len(theatre.picture().figure().axes) == 1
    for row in theatre.table():
        assert f"{row['run']}, step {row['step']}" in page
        assert f"{row['valid_perplexity']:,.0f}" in page
    assert "LSTM is training" in page


def test_durations_are_told_as_people_do():
    told = [took(seconds) for seconds in (0, 9.04, 12, 59.7, 200, 240, 3600, 5040, 86400)]
    assert told == ["0.0 s", "9.0 s", "12 s", "1 min", "3 min 20 s", "4 min", "1 h", "1 h 24 min", "24 h"]
