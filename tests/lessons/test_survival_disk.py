"""A full or read-only disk takes no checkpoint away and stops no training; only the last save has to succeed."""

import errno
import os
import shutil
import signal
import sys
from itertools import islice
from types import SimpleNamespace

import pytest

from lessons import cli
from lessons.checkpoint import read_checkpoint
from lessons.errors import CheckpointError
from lessons.files import check_room
from lessons.last_checkpoints import TRAINING_CARD, LastCheckpoints
from lessons.places import MODEL_CARD
from lessons.run import finish, run_steps
from lessons.run_lock import open_folder
from lessons.tensorboard import TensorBoardLog
from tests import tiny
from tests.survival import EVERY, fill, make_read_only, prepared, small_disk, survive_a_full_disk


@pytest.fixture
def disk(tmp_path):
    if not sys.platform.startswith("linux") or os.geteuid():
        pytest.skip("a small disk can be made on Linux as root alone")
    try:
        with small_disk(tmp_path / "disk") as folder:
            yield folder
    except OSError as error:
        pytest.skip(f"no small disk can be made here: {error}")


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("".join(tiny.corpus(400).texts.values()), encoding="utf-8")
    return path


def steps_until_failed(run, folder):
    """Train to the first checkpoint that cannot be written; return what the step says, and the generator."""
    steps = run_steps(run, folder)
    assert next(islice(steps, EVERY - 1, None)).checkpoint
    yield steps
    step = next(islice(steps, EVERY - 1, None))
    assert step.checkpoint is None
    yield step.note
    assert next(steps).note is None
    found = LastCheckpoints(folder).newest()
    assert (found.card["step"], found.note) == (EVERY, None)
    assert len(list(folder.glob("training*"))) == 2  # nothing half written


def goes_on(run, steps, folder):
    """The disk is well again: the next save is as if nothing had been."""
    while not (step := next(steps)).checkpoint:
        pass
    assert step.note is None
    assert LastCheckpoints(folder).newest().card["step"] == run.trainer.step == step.step
    steps.close()


def test_a_training_on_a_small_disk_that_fills_up_goes_on(disk):
    assert survive_a_full_disk(disk, "lstm", 2) == (2, 2)


def test_the_last_save_on_a_full_disk_is_an_error_and_what_was_there_stays(disk):
    run = prepared("lstm")
    steps = run_steps(run, disk / "run")
    list(islice(steps, EVERY + 1))
    fill(disk)
    with pytest.raises(
        CheckpointError, match=r"it needs 0\.\d MB, 0\.0 MB are free, and 1 MB are to stay free\. The one"
    ):
        steps.close()
    assert LastCheckpoints(disk / "run").newest().card["step"] == EVERY
    assert not list((disk / "run").glob(".*.tmp"))


def test_a_finished_model_on_a_full_disk_is_an_error(disk):
    run = prepared("lstm", epochs=1)
    list(run_steps(run, disk / "run"))
    fill(disk)
    with pytest.raises(CheckpointError, match=r"The vocabulary could not be written .* Make room on the disk"):
        finish(run, disk / "run", "glassbox train")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard writes in a thread
def test_a_full_disk_of_tensorboard_s_stops_no_training(disk, text, tmp_path, capsys, monkeypatch):
    pytest.importorskip("tensorboard")
    add = TensorBoardLog.add

    def add_and_fill(log, step):
        add(log, step)
        if step.step == 20:
            fill(disk)

    monkeypatch.setattr(TensorBoardLog, "add", add_and_fill)
    words = ["train", "lstm", "--preset", "class", "--text", str(text), "--out", str(tmp_path / "run")]
    assert cli.main([*words, "--epochs", "20", "--tensorboard", str(disk / "log")]) == 0
    assert "TensorBoard's files cannot be written: " in capsys.readouterr().out
    assert (tmp_path / "run" / MODEL_CARD).exists()


def test_a_folder_on_a_read_only_disk_is_refused_in_a_sentence(disk, text, capsys):
    make_read_only(disk)
    words = ["train", "lstm", "--preset", "class", "--text", str(text), "--out", str(disk / "run")]
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"glassbox: {disk / 'run'} cannot be used for checkpoints: ")
    assert said.endswith("Choose another folder.\n")
    assert "Traceback" not in said


def test_a_disk_that_becomes_read_only_stops_no_training(disk):
    run = prepared("lstm")
    moments = steps_until_failed(run, disk)
    steps = next(moments)
    make_read_only(disk)
    assert "Read-only file system" in next(moments)
    assert not list(moments)
    with pytest.raises(CheckpointError, match="Read-only file system"):
        steps.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_refused(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(CheckpointError, match="cannot be used for checkpoints"), open_folder(tmp_path):
            pass
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize("n", range(9))  # three files: made, flushed, put in place
def test_whichever_change_to_the_disk_fails_the_training_goes_on(n, tmp_path, monkeypatch):
    run, left = prepared("lstm"), n

    def failing(change):
        def changed(*given, **named):
            nonlocal left
            left -= 1
            if left == -1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return change(*given, **named)

        return changed

    moments = steps_until_failed(run, tmp_path)
    steps = next(moments)
    with monkeypatch.context() as patched:
        patched.setattr("lessons.files.tempfile.mkstemp", failing(sys.modules["tempfile"].mkstemp))
        patched.setattr("lessons.files.os.fsync", failing(os.fsync))
        patched.setattr("lessons.files.os.replace", failing(os.replace))
        note = next(moments)
    assert note.startswith(f"The checkpoint {tmp_path / TRAINING_CARD} (0.")
    assert "could not be written: No space left on device. The one before it is untouched." in note
    assert note.endswith("The training goes on, and will try again.")
    assert not list(tmp_path.glob(".*.tmp"))
    goes_on(run, steps, tmp_path)


def test_a_file_that_may_not_grow_so_large_stops_no_training(tmp_path):
    resource = pytest.importorskip("resource", reason="Windows knows no such limit")
    run = prepared("lstm")
    moments = steps_until_failed(run, tmp_path)
    steps = next(moments)
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, most))
        note = next(moments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
        signal.signal(signal.SIGXFSZ, handler)
    assert "could not be written: File too large." in note
    goes_on(run, steps, tmp_path)


@pytest.mark.parametrize(
    ("total", "free", "needed", "fits"),
    [
        (10**12, 150_000_000, 40_000_000, True),
        (10**12, 150_000_000, 60_000_000, False),  # 100 MB are left to others
        (20_000_000, 15_000_000, 13_000_000, True),
        (20_000_000, 15_000_000, 14_500_000, False),  # a twentieth of a small disk
        (0, 0, 1, False),
    ],
)
def test_a_disk_is_not_filled_to_the_last_byte(total, free, needed, fits, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))
    if fits:
        check_room(tmp_path, needed)
    else:
        with pytest.raises(OSError, match=rf"it needs {needed / 1e6:.1f} MB, {free / 1e6:.1f} MB are free"):
            check_room(tmp_path, needed)


def test_a_save_after_a_failed_one_keeps_the_same_one_before(tmp_path, monkeypatch):
    run = prepared("lstm", every=1)
    steps = run_steps(run, tmp_path)
    list(islice(steps, 2))
    with monkeypatch.context() as patched:
        patched.setattr(
            "lessons.checkpoint.check_room", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full"))
        )
        assert "full" in next(steps).note
    next(steps)
    assert read_checkpoint(tmp_path / "training.previous.json")[1]["step"] == 2
    assert LastCheckpoints(tmp_path).newest().card["step"] == 4
