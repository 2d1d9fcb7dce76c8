"""A live run trains in a process of its own, obeys within half a second, and loses nothing."""

import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lessons.errors import CheckpointError, InputError
from lessons.live import LiveRun, recorded_run
from lessons.run_log import RUN_LOG
from tests import tiny

PATIENCE = 120  # seconds: loading PyTorch takes long on a machine with more work than processors
OVER = ("stopped", "finished", "diverged", "failed")


def wait(run, until):
    """Return the first log that is as wanted."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        log = run.log()
        if log is not None and until(log):
            return log
        time.sleep(0.01)
    raise AssertionError(f"still {run.log() and (run.log().state, run.log().message, run.log().last_step)}")


def over(run):
    return wait(run, lambda log: log.state in OVER)


@pytest.fixture
def live(tmp_path):
    """A function that makes live runs on a small corpus, which are closed afterwards."""
    made = []

    def make(architecture="lstm", **options):
        options = {"corpus": tiny.corpus(600), "n_steps": 30, "evaluations": 3, **options}
        made.append(LiveRun(architecture, **options))
        return made[-1]

    yield make
    for run in made:
        run.close()


def same(one, other):
    """Assert that two runs are equal to the last digit, seconds left out."""
    assert one.step.tolist() == other.step.tolist()
    for name in ("loss", "learning_rate", "gradient_norm"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    pairs = list(zip(one.checkpoints, other.checkpoints, strict=True))
    assert all(
        (a.step, a.valid_perplexity, a.sample) == (b.step, b.valid_perplexity, b.sample)
        and np.array_equal(a.surprisals, b.surprisals)
        for a, b in pairs
    )
    assert one.changes == other.changes


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_it_trains_to_the_end_and_says_all_that_it_did(live, architecture):
    run = live(architecture)
    assert run.is_live
    assert run.log() is None
    run.start()
    assert run.log().state == "starting"
    log = over(run)
    assert (log.state, log.last_step, log.message) == ("finished", 30, "")
    assert log.step.tolist() == list(range(1, 31))
    assert [checkpoint.step for checkpoint in log.checkpoints] == [0, 10, 20, 30]
    assert log.checkpoints[-1].valid_perplexity < log.checkpoints[0].valid_perplexity
    assert set(log.baselines) == {"unigram", "bigram"}
    assert log.n_parameters > 0
    assert log.n_valid_tokens > 0
    assert log.floor is None
    assert not log.checkpoints[-1].sample.startswith(log.prompt)  # what was written, and not what it goes on from
    assert len(log.tokens) == log.checkpoints[0].surprisals.size > 0
    run.start()  # it is finished: nothing happens
    assert run.log().last_step == 30


def test_it_pauses_steps_goes_on_and_stops(live):
    run = live(n_steps=5000)
    run.step(3)
    assert wait(run, lambda log: log.state == "paused").last_step == 3
    run.step()
    assert wait(run, lambda log: log.state == "paused" and log.last_step > 3).last_step == 4
    pid = run.pid
    run.start()
    run.start()  # does not train twice
    wait(run, lambda log: log.last_step > 10)
    assert run.pid == pid
    run.pause()
    log = wait(run, lambda log: log.state == "paused")
    time.sleep(0.2)
    assert run.log().last_step == log.last_step
    begin = time.monotonic()
    run.stop()
    assert time.monotonic() - begin < 0.1
    log = over(run)
    assert log.state == "stopped"
    assert "can go on" in log.message
    run.start()  # its process has said its last word, and may still be there for a moment
    wait(run, lambda later: later.last_step > log.last_step)
    os.kill(run.pid, signal.SIGINT)
    log = over(run)
    assert log.state == "stopped"
    run.start()
    wait(run, lambda later: later.last_step > log.last_step)


def test_stopped_and_started_at_once_it_goes_on(live):
    run = live(n_steps=5000)
    run.step(20)
    wait(run, lambda log: log.state == "paused")
    run.stop()
    run.start()  # while its process has still to save
    wait(run, lambda log: log.state == "running" and log.last_step > 25)
    run.end_process()
    assert run.pid is None
    assert (log := run.log()).state == "stopped"
    run.start()
    log = wait(run, lambda later: later.last_step > log.last_step)
    assert log.step.tolist() == list(range(1, log.last_step + 1))
    assert run.folder.joinpath(RUN_LOG).read_text(encoding="utf-8").count('"step": 1,') == 1
    run.stop()


def test_stopped_turned_and_resumed_it_is_the_same_run(live, tmp_path):
    run = live(n_steps=60, folder=tmp_path / "run", dropout=0.2)
    run.step(7)
    wait(run, lambda log: log.state == "paused")
    run.turn(learning_rate=0.02, dropout=0.4)
    run.step(5)
    wait(run, lambda log: log.last_step == 12 and log.state == "paused")
    run.turn(clip=0.1)  # after the last step, and before the state is saved
    run.stop()
    assert over(run).last_step == 12
    run.start()
    wait(run, lambda log: log.last_step > 14)
    run._child.kill()  # without a word
    failed = over(run)
    assert failed.state == "failed"
    assert "signal 9" in failed.message
    run.start()
    broken = over(run)
    assert broken.state == "finished"
    assert {(change.step, change.name) for change in broken.changes} == {
        (7, "learning_rate"),
        (7, "dropout"),
        (12, "clip"),
    }
    assert broken.settings_at(12) == {"learning_rate": 0.02, "dropout": 0.4, "clip": 0.1}
    again = run.again()
    again.start()
    same(over(again), broken)
    again.close()


def test_it_diverges_in_words_and_without_nan_on_the_wire(live, tmp_path):
    run = live(learning_rate=1e6, folder=tmp_path / "run")
    run.start()
    log = over(run)
    assert log.state == "diverged", log.message
    assert f"diverged at step {log.last_step}" in log.message
    assert "1e+06" in log.message
    assert math.isnan(log.loss[-1])
    written = (tmp_path / "run" / RUN_LOG).read_text(encoding="utf-8")
    assert "NaN" not in written
    assert "Infinity" not in written


def test_one_training_in_a_folder(live, tmp_path):
    first, second = (live(n_steps=5000, folder=tmp_path / "run") for _ in range(2))
    first.start()
    wait(first, lambda log: log.last_step > 0)
    with pytest.raises(CheckpointError, match="Another process trains"):
        second.start()
    with pytest.raises(InputError, match="seed is 7, and here it is 8"):
        live(n_steps=5000, folder=tmp_path / "run", seed=8)
    first.close()
    stopped = first.log()
    assert (stopped.state, second.log().state) == ("stopped", "stopped")
    second.start()
    log = wait(second, lambda log: log.last_step > stopped.last_step)
    assert log.step.tolist() == list(range(1, log.last_step + 1))


def test_a_finished_run_can_be_prolonged_and_a_closed_one_cannot_be_started(live, tmp_path):
    short = live(folder=tmp_path / "run", n_steps=10)
    short.start()
    assert over(short).last_step == 10
    short.close()
    for begin in (short.start, short.restart):
        with pytest.raises(InputError, match="This run is closed"):
            begin()
    longer = live(folder=tmp_path / "run", n_steps=20)
    longer.start()
    log = wait(longer, lambda log: log.state in OVER and log.last_step > 10)
    assert (log.state, log.last_step, log.message) == ("finished", 20, "")


def test_restart_forgets(live):
    run = live(n_steps=5000)
    run.step(20)
    wait(run, lambda log: log.state == "paused" and log.last_step == 20)
    run.turn(learning_rate=1e-4)
    run.restart()
    log = wait(run, lambda log: log.state == "running" and log.last_step > 0)
    assert log.changes == ()
    run.stop()


SCRIPT = """
import os, signal, sys, time
from lessons.live import LiveRun
from tests import tiny
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have it ignored
run = LiveRun("lstm", tiny.corpus(600), n_steps=100000, folder=sys.argv[1])
run.start()
while run.log().last_step < 5:
    time.sleep(0.01)
print(run.pid, flush=True)
time.sleep(1000)
"""


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="signals to groups of processes")
@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_it_ends_with_the_kernel(live, tmp_path, how):
    kernel = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "run")], stdout=subprocess.PIPE, start_new_session=True
    )
    pid = int(kernel.stdout.readline())
    if how == "interrupted":
        os.killpg(kernel.pid, signal.SIGINT)
    else:
        kernel.kill()
    end = time.monotonic() + PATIENCE
    while not gone(pid) and time.monotonic() < end:
        time.sleep(0.01)
    assert gone(pid)
    kernel.wait(PATIENCE)
    kernel.stdout.close()
    log = recorded_run(tmp_path / "run").log()
    assert log.state == "stopped"
    assert f"after step {log.last_step:,}" in log.message
