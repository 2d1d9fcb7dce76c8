"""The log of a run is written line by line, read while it grows, and reads the same after whatever cut it short."""

import contextlib
import math
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.records import RunChange, RunCheckpoint, RunLog, TrainingStep
from lessons.run_log import RUN_LOG, RunLogReader, RunLogWriter, read_run_log

RUN = RunLog(
    name="LSTM",
    architecture="lstm",
    corpus="tiny",
    seed=7,
    n_parameters=1234,
    n_steps=20,
    settings={"learning_rate": 3e-3, "dropout": 0.1, "clip": 0.25},
    n_valid_tokens=100,
    baselines={"unigram": 92.5},
    floor=10.03,
    prompt="the <unk>",
    tokens=("the", "king", "‮\N{SLIGHTLY SMILING FACE}"),
)


def step(number, loss=5.0):
    return TrainingStep(number, 0.1, 0.2, 64, loss, 1e-3, 0.5, 900.0, number * 0.5)


def checkpoint(number, perplexity=300.0):
    return RunCheckpoint(number, number * 0.5, perplexity, "a\nsample", np.array([1.0, 2.0, 3.5]))


def written(folder, *, upto=10):
    writer = RunLogWriter(folder / RUN_LOG)
    writer.run(RUN)
    writer.checkpoint(checkpoint(0, 900.0))
    writer.state("running")
    for number in range(1, upto + 1):
        writer.step(step(number, 6 - number / 10))
    writer.checkpoint(checkpoint(5))
    writer.change(RunChange(6, "learning_rate", 0.01))
    return folder / RUN_LOG


def test_what_was_written_is_read(tmp_path):
    log = read_run_log(written(tmp_path))
    for name in ("name", "seed", "n_steps", "settings", "baselines", "floor", "prompt", "tokens", "n_valid_tokens"):
        assert getattr(log, name) == getattr(RUN, name)
    assert log.step.tolist() == list(range(1, 11))
    assert log.loss == pytest.approx([6 - k / 10 for k in range(1, 11)])
    assert log.perplexity == pytest.approx(np.exp(log.loss))
    assert [c.step for c in log.checkpoints] == [0, 5]
    assert log.checkpoints[1].surprisals.tolist() == [1.0, 2.0, 3.5]
    assert (log.state, log.message, log.last_step) == ("running", "", 10)
    assert log.settings_at(5)["learning_rate"] == 3e-3
    assert log.settings_at(6)["learning_rate"] == 0.01
    with pytest.raises(ValueError, match="read-only"):
        log.loss[0] = 1


def test_it_is_read_while_it_grows_and_never_half_a_line(tmp_path):
    whole = written(tmp_path).read_bytes()
    reader = RunLogReader(tmp_path / "growing")
    assert reader.look() is None
    seen = []
    for end in range(0, len(whole) + 1, 37):
        (tmp_path / "growing").write_bytes(whole[:end])
        log = reader.look()
        seen.append(log.last_step if log else 0)
    assert seen == sorted(seen)
    assert set(seen) == set(range(11))
    (tmp_path / "growing").write_bytes(whole)
    assert reader.look().step.tolist() == read_run_log(tmp_path / RUN_LOG).step.tolist()


@pytest.mark.parametrize("after", range(20))
def test_an_interrupt_in_a_look_loses_no_line(tmp_path, monkeypatch, after):
    path = written(tmp_path)
    whole, reader, done = read_run_log(path), RunLogReader(path), []
    take, built = reader._take, reader._built

    def interrupted(work):
        def one(*given):
            done.append(work)
            if len(done) == after + 1:
                raise KeyboardInterrupt
            return work(*given)

        return one

    monkeypatch.setattr(reader, "_take", interrupted(take))
    monkeypatch.setattr(reader, "_built", interrupted(built))
    for _ in range(2):  # the second look comes when nothing more is written
        with contextlib.suppress(KeyboardInterrupt):
            log = reader.look()
    assert log.step.tolist() == whole.step.tolist()
    assert log.changes == whole.changes
    assert [one.step for one in log.checkpoints] == [one.step for one in whole.checkpoints]
    assert log.state == whole.state


@pytest.fixture
def in_turns():
    """Threads that take turns after every few instructions, so that whatever can go wrong between them does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_many_threads_look_at_it_and_nothing_is_doubled_or_lost(tmp_path, in_turns):
    path = written(tmp_path, upto=0)
    reader, writer, upto = RunLogReader(path), RunLogWriter(path), 300
    failures = []

    def look():
        try:
            while (log := reader.look()).last_step < upto:
                assert log.step.tolist() == list(range(1, len(log.step) + 1))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(8)]
    [thread.start() for thread in threads]
    for number in range(1, upto + 1):
        writer.change(RunChange(number - 1, "clip", float(number)))
        writer.step(step(number))
    [thread.join() for thread in threads]
    assert failures == []
    log = reader.look()
    assert log.step.tolist() == list(range(1, upto + 1))
    assert [change.value for change in log.changes[1:]] == [float(number) for number in range(1, upto + 1)]
    assert log.changes == read_run_log(path).changes


def test_a_resumed_run_forgets_what_was_lost(tmp_path):
    path = written(tmp_path)
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"kind": "step", "st')  # killed in the middle of a line
    writer = RunLogWriter(path)
    writer.resumed(4)
    writer.step(step(5, 1.5))
    writer.state("finished")
    log = read_run_log(path)
    assert log.step.tolist() == [1, 2, 3, 4, 5]
    assert log.loss[-1] == 1.5
    assert [c.step for c in log.checkpoints] == [0]
    assert log.changes == ()
    assert log.state == "finished"


def test_numbers_that_are_none_travel_as_null(tmp_path):
    path = written(tmp_path)
    writer = RunLogWriter(path)
    writer.step(step(11, math.nan))
    writer.step(step(12, math.inf))
    writer.checkpoint(replace(checkpoint(12, math.nan), surprisals=np.array([1.5, math.nan, math.inf])))
    writer.state("diverged", "at step 11")
    assert "NaN" not in path.read_text(encoding="utf-8")
    assert "Infinity" not in path.read_text(encoding="utf-8")
    log = read_run_log(path)
    assert np.isnan(log.loss[-2:]).all()
    assert math.isnan(log.checkpoints[-1].valid_perplexity)
    np.testing.assert_array_equal(log.checkpoints[-1].surprisals, [1.5, math.nan, math.nan])
    assert (log.state, log.message) == ("diverged", "at step 11")


def test_a_run_until_a_step(tmp_path):
    log = read_run_log(written(tmp_path))
    early = log.until(5)
    assert early.last_step == 5
    assert len(early.checkpoints) == 2
    assert early.changes == ()
    assert early.state == "running"
    assert log.until(10) is log
    assert log.until(0).step.size == 0


def test_what_is_no_log_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        read_run_log(tmp_path / "missing")
    (tmp_path / "other").write_text('{"kind": "step"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as the log of a run"):
        read_run_log(tmp_path / "other")
    (tmp_path / "binary").write_bytes(b"\xff\x00\n" * 5)
    with pytest.raises(InputError, match="holds no run"):
        read_run_log(tmp_path / "binary")


def test_a_record_checks_itself():
    with pytest.raises(InputError, match="state is 'sleeping'"):
        replace(RUN, state="sleeping")
    with pytest.raises(InputError, match="settings name"):
        replace(RUN, settings={"learning_rate": 1.0})
    with pytest.raises(InputError, match="step must rise"):
        replace(RUN, step=[1, 1], **{name: [1, 1] for name in RUN.__dataclass_fields__ if name in CURVES})
    with pytest.raises(InputError, match="loss has shape"):
        replace(RUN, step=[1, 2])
    with pytest.raises(InputError, match="the sentence has 3 tokens"):
        replace(RUN, checkpoints=(RunCheckpoint(0, 0.0, 9.0, "", np.zeros(2)),))
    with pytest.raises(InputError, match="'momentum' cannot be turned"):
        RunChange(1, "momentum", 0.9)


CURVES = ("loss", "learning_rate", "gradient_norm", "tokens_per_second", "seconds")
