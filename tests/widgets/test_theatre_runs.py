"""TrainingTheatre: a run is started even if the other cannot be, and ended by the last theatre that has it."""

import gc
import threading
from pathlib import Path
from weakref import ref

import pytest

from lessons.errors import InputError
from tests.fake_runs import FakeRun
from widgets import TrainingTheatre
from widgets.base import LOCK


@pytest.fixture
def run():
    return FakeRun("lstm", n_steps=60, every=10)


@pytest.fixture
def theatre(run):
    return TrainingTheatre(run)


def status(theatre):
    return "".join(theatre.board["runs"][0]["status"])


def no_room():
    raise InputError("There is no room.")


def test_of_two_runs_one_starts_and_can_be_stopped_if_the_other_cannot(run, ask):
    other = FakeRun("transformer")
    other.start = no_room
    theatre = TrainingTheatre(run, other)
    ask(theatre, "do", deed="start")
    assert theatre.error == "There is no room."
    assert theatre.board["going"] is True
    assert [reason for deed, _, reason in theatre.board["buttons"] if deed in ("pause", "stop")] == ["", ""]


class Unsteady(FakeRun):
    """A run that goes on between any two looks at it: the state that is given comes after so many looks."""

    after, then = 10**6, ""

    def log(self):
        self.after -= 1
        if self.after == 0:
            self._now(self.then)
        return super().log()


@pytest.mark.parametrize("after", range(1, 12))
@pytest.mark.parametrize(("deed", "then"), [("pause", "stopped"), ("start", "finished")])
def test_a_page_that_hears_that_nothing_goes_on_has_heard_the_end(ask, deed, then, after):
    run = Unsteady("lstm", n_steps=60, every=10)
    theatre = TrainingTheatre(run)
    theatre.start()
    run.advance(20)
    run.stop = lambda: None  # it takes a moment
    if deed == "pause":
        theatre.pause()
    run.after, run.then = after, then
    if deed == "pause":
        ask(theatre, "do", deed="stop")
    for _ in range(20):  # the page asks as long as something goes on
        if not theatre.board["going"]:
            break
        ask(theatre, "news")
    said = {"stopped": "was stopped", "finished": "has finished"}[then]
    assert said in status(theatre)
    assert theatre.board["going"] is False


def test_a_run_is_stopped_before_the_one_in_its_place_is_made(theatre, run):
    theatre.start()
    run.advance(20)
    make, told = run.again, []
    run.again = lambda **instead: told.extend(run.told) or make(**instead)
    theatre.repeat()
    assert told == ["start", "stop"]
    assert theatre.kept[0].last_step == 20


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_the_process_before_is_gone_before_the_next_one_is_made(theatre, run, state):
    """One that has stopped may still be saving."""
    theatre.start()
    run.advance(20)
    if state == "stopped":
        theatre.stop()
    told, make = [], run.again
    run.end_process = lambda: told.append("gone") or run.stop()
    run.again = lambda **instead: told.append("made") or make(**instead)
    theatre.again()
    assert told == ["gone", "made"]


def test_the_exported_page_is_of_one_moment(theatre, run):
    theatre.start()
    run.advance(30)  # and no page has asked since
    page = theatre.static_html()
    assert "step 30 of 60" in page
    assert "LSTM, step 30" in page
    assert "step 30 of 60" in status(theatre)
    run.advance(10)
    assert "step 40 of 60" in theatre.picture().svg()


@pytest.mark.parametrize("refused", ["made", "started"])
def test_a_run_in_whose_place_none_can_be_started_is_not_lost(theatre, run, ask, refused):
    theatre.start()
    run.advance(20)
    new = FakeRun("lstm")
    new.start = no_room
    run.again = lambda **instead: new if refused == "started" else no_room()
    ask(theatre, "do", deed="again")
    assert theatre.error == "There is no room. LSTM was stopped for it, and Start goes on with it."
    assert theatre.runs == (run,)
    assert theatre.kept == ()
    assert new.is_closed is (refused == "started")
    assert status(theatre).startswith("LSTM was stopped: step 20")
    ask(theatre, "do", deed="start")
    run.advance(5)
    theatre.refresh()
    assert status(theatre).startswith("LSTM is training: step 25")
    run.fail("finished", "")
    ask(theatre, "do", deed="again")
    assert theatre.error == "There is no room."
    theatre.close()
    assert run.is_closed


def test_a_folder_that_was_named_is_told(run):
    def about():
        return TrainingTheatre(run).board["runs"][0]["about"]

    assert "kept in" not in about()
    run.folder, run.is_temporary = Path("runs") / "x-2", False
    assert about().endswith(f" · kept in {run.folder}")
    run.is_temporary = True
    assert "kept in" not in about()


def test_closing_ends_the_runs(theatre, run):
    theatre.start()
    theatre.close()
    assert run.is_closed
    with pytest.raises(InputError, match="closed"):
        theatre.start()
    with pytest.raises(InputError, match="closed"):
        theatre.log  # noqa: B018


def test_what_another_thread_is_answering_is_answered_before_it_closes_and_nobody_waits_for_the_run_to_end(
    theatre, run, ask
):
    theatre.start()
    run.advance(5)
    log, asked, go_on, closes, free = run.log, *(threading.Event() for _ in range(4))

    def slow():
        asked.set()
        go_on.wait(30)
        return log()

    def end():
        def other():
            with LOCK:
                free.set()

        beside = threading.Thread(target=other)
        beside.start()
        beside.join(30)
        run.is_closed = True

    def close():
        closes.set()
        theatre.close()

    run.log, run.close = slow, end
    page = threading.Thread(target=lambda: ask(theatre, "news"))
    cell = threading.Thread(target=close)
    page.start()
    assert asked.wait(30)
    cell.start()
    assert closes.wait(30)
    cell.join(0.1)
    assert cell.is_alive()
    assert not run.is_closed
    go_on.set()
    page.join(30)
    cell.join(30)
    assert theatre.error == ""
    assert run.is_closed
    assert free.is_set()
    with pytest.raises(InputError, match="closed"):
        theatre.refresh()


def test_a_theatre_that_takes_a_run_over_is_not_robbed_of_it(run):
    first = TrainingTheatre(run)
    first.start()
    second = TrainingTheatre(run)
    first.close()
    assert not run.is_closed
    run.advance(3)
    second.refresh()
    assert "step 3" in status(second)
    second.close()
    assert run.is_closed


def test_a_theatre_that_is_refused_ends_nobodys_run(run):
    with pytest.raises(InputError):
        TrainingTheatre(run, keep=7)
    gc.collect()
    assert not run.is_closed


def test_a_theatre_that_is_refused_leaves_the_run_to_the_one_that_has_it(theatre, run):
    theatre.start()
    with pytest.raises(InputError):
        TrainingTheatre(run, step=5)
    theatre.close()
    assert run.is_closed


def test_a_run_goes_with_the_last_that_holds_it():
    theatre = TrainingTheatre(FakeRun("lstm"))
    theatre.start()
    theatre.again()
    run = ref(theatre.runs[0])
    theatre.close()
    gc.collect()
    assert run() is None
