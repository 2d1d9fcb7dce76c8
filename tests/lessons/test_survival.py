"""A training survives being killed at any moment, and two trainings in one folder do not mix."""

import os
import random
import signal
import sys

import pytest
import torch

from lessons.checkpoint import read_checkpoint, write_checkpoint
from lessons.errors import CheckpointError, TrainingError
from lessons.last_checkpoints import PREVIOUS_CARD, TRAINING_CARD, LastCheckpoints
from lessons.run import run_steps
from lessons.run_lock import open_folder

if sys.platform == "win32":
    pytest.skip("there is no fork and no SIGKILL on Windows", allow_module_level=True)

from tests.survival import EVERY, Nursery, is_alive, kill, losses_in, prepared, survive_kills, unbroken, wait_until

ARCHITECTURES = ["lstm", "transformer"]


@pytest.fixture(scope="module")
def nursery():
    with Nursery() as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_run_killed_at_random_moments_goes_on_as_if_unbroken(nursery, architecture, tmp_path):
    lost, compared = survive_kills(nursery, architecture, tmp_path, n_kills=3, n_aimed=1, chance=random.Random(5))
    assert max(lost) <= EVERY
    assert compared > 4 * EVERY
    with open_folder(tmp_path / "run"):
        assert not list((tmp_path / "run").glob(".*.tmp"))  # what the kills had left half written


def saved(folder, step):
    """Save what is easily told apart."""
    checkpoints = LastCheckpoints(folder)
    checkpoints.newest()
    assert checkpoints.save({"a": torch.full((100,), float(step))}, {"step": step}) is None
    return checkpoints


def killed_in(monkeypatch, n):
    """Die at the n-th change that is made to the disk: before it if n is even, else after it."""
    left = n

    def deadly(change):
        def changed(*given, **named):
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            result = change(*given, **named)
            left -= 2
            if left == -1:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return changed

    for place in ("os.fsync", "os.replace", "os.chmod", "tempfile.mkstemp", "pathlib.Path.unlink"):
        owner, _, name = place.rpartition(".")
        module = {"os": os, "tempfile": sys.modules["tempfile"], "pathlib.Path": sys.modules["pathlib"].Path}[owner]
        monkeypatch.setattr(module, name, deadly(getattr(module, name)))


@pytest.mark.timeout(900)  # seconds: it waits hundreds of times for the disk, which others may keep busy
def test_killed_at_each_single_change_to_the_disk_a_save_leaves_two_whole_checkpoints(tmp_path, monkeypatch):
    for n in range(100):
        folder = tmp_path / str(n)
        folder.mkdir()
        for step in (1, 2):
            checkpoints = saved(folder, step)
        child = os.fork()
        if not child:
            killed_in(monkeypatch, n)
            checkpoints.save({"a": torch.full((100,), 3.0)}, {"step": 3})
            os._exit(0)
        ended = os.waitpid(child, 0)[1]
        for card_path, allowed in ((TRAINING_CARD, (2, 3)), (PREVIOUS_CARD, (1, 2))):
            tensors, card = read_checkpoint(folder / card_path)
            assert card["step"] in allowed
            assert set(tensors["a"].tolist()) == {float(card["step"])}
        assert LastCheckpoints(folder).newest().note is None
        if not ended:
            assert n >= 20  # three files: made, flushed, given their rights, put in place; and old weights removed
            return
    pytest.fail("the save never came to its end")


def test_the_last_two_are_kept_and_nothing_else(tmp_path):
    for step in range(1, 6):
        saved(tmp_path, step)
    assert read_checkpoint(tmp_path / TRAINING_CARD)[1]["step"] == 5
    assert read_checkpoint(tmp_path / PREVIOUS_CARD)[1]["step"] == 4
    assert len(list(tmp_path.iterdir())) == 4


def test_weights_that_a_killed_process_left_without_a_card_are_removed_after_a_while(tmp_path):
    saved(tmp_path, 1)
    for name, age in (("training-00000000.safetensors", 3600), ("training-11111111.safetensors", 0)):
        (tmp_path / name).write_bytes(b"left")
        then = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))
    saved(tmp_path, 2)
    assert not (tmp_path / "training-00000000.safetensors").exists()
    assert (tmp_path / "training-11111111.safetensors").exists()  # another process may be about to write its card


def test_a_run_that_starts_anew_in_a_folder_does_not_fall_back_to_the_old_one(tmp_path):
    for step in (10, 20):
        saved(tmp_path, step)
    anew = LastCheckpoints(tmp_path)
    anew.save({"a": torch.zeros(3)}, {"step": 1})
    assert not (tmp_path / PREVIOUS_CARD).exists()
    anew.save({"a": torch.ones(3)}, {"step": 2})
    assert read_checkpoint(tmp_path / PREVIOUS_CARD)[1]["step"] == 1


def test_the_second_training_in_a_folder_is_told(nursery, tmp_path):
    first = nursery.train("lstm", tmp_path / "run", tmp_path / "first")
    wait_until(lambda: losses_in(tmp_path / "first"))
    second = nursery.train("lstm", tmp_path / "run", tmp_path / "second", seed=8)
    wait_until(lambda: not is_alive(second))
    kill(first)
    assert (tmp_path / "second").read_text(encoding="utf-8").startswith("end Another process trains in")


@pytest.mark.slow
def test_where_locks_do_nothing_two_trainings_do_not_mix(nursery, tmp_path):
    run, curves = tmp_path / "run", {seed: tmp_path / f"curve {seed}" for seed in (7, 8)}
    both = [nursery.train("lstm", run, curve, seed, every=1, locks=False) for seed, curve in curves.items()]
    wait_until(lambda: not all(map(is_alive, both)))  # the first one that finds the other's checkpoint
    assert any(map(is_alive, both))
    alive = both.index(next(process for process in both if is_alive(process)))
    seed, other = list(curves)[alive], list(curves)[1 - alive]
    assert "end Another process saves its training in" in curves[other].read_text(encoding="utf-8")
    seen = len(losses_in(curves[seed]))
    wait_until(lambda: len(losses_in(curves[seed])) > seen + 3)
    kill(both[alive])
    found = LastCheckpoints(run).newest()
    assert found.note is None
    assert found.card["recipe"]["seed"] == seed
    resumed = next(iter(run_steps(prepared("lstm", seed), run, resume=True)))
    assert resumed.loss.hex() == unbroken(nursery, "lstm", tmp_path / "unbroken", resumed.step, seed)[resumed.step]


def test_a_training_that_finds_another_s_checkpoint_ends_and_leaves_it(tmp_path):
    mine = saved(tmp_path, 1)
    write_checkpoint(tmp_path / TRAINING_CARD, {"a": torch.zeros(3)}, {"step": 100})
    with pytest.raises(CheckpointError, match=r"Another process saves its training in .* ends at step 2"):
        mine.save({"a": torch.ones(3)}, {"step": 2})
    assert read_checkpoint(tmp_path / TRAINING_CARD)[1]["step"] == 100


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_rate_of_a_million_diverges_at_a_step_that_is_told(architecture, tmp_path):
    run = prepared(architecture, every=1, learning_rate=1e6)
    with pytest.raises(TrainingError) as told:
        list(run_steps(run, tmp_path))
    sentence = str(told.value)
    assert f"diverged at step {run.trainer.step + 1}:" in sentence
    if "is kept" in sentence:
        found = LastCheckpoints(tmp_path).newest()
        assert f"The checkpoint of step {found.card['step']}, from before, is kept." in sentence
        again = prepared(architecture, every=1, learning_rate=1e6)
        again.trainer.restore(found.tensors, found.card)
        assert again.trainer.do_step()[0] < 50  # its weights are sound: from them, another step can be done
    else:
        assert not (tmp_path / TRAINING_CARD).exists()


@pytest.mark.parametrize("hurt", ["weights", "loss"])
def test_the_checkpoint_from_before_a_divergence_is_the_one_that_is_kept(hurt, tmp_path):
    run = prepared("lstm", every=1)
    steps = run_steps(run, tmp_path)
    for _ in range(5):
        next(steps)
    if hurt == "weights":  # broken by the step, before they are saved
        step = run.trainer.optimizer.step
        parameter = next(run.trainer.network.parameters())
        run.trainer.optimizer.step = lambda: (step(), parameter.data.fill_(float("nan")))
        with pytest.raises(
            TrainingError, match=r"diverged at step 6: .* The checkpoint of step 5, from before, is kept"
        ):
            next(steps)
    else:  # so far off that the next loss is beyond all bounds: then the checkpoint with these weights goes, too
        run.trainer.network.head.bias.data.mul_(1e6)
        with pytest.raises(
            TrainingError, match=r"diverged at step 6: its loss is .* checkpoint of step 4, from before"
        ):
            next(steps)
    found = LastCheckpoints(tmp_path).newest()
    assert (found.note, found.card["step"]) == (None, 5 if hurt == "weights" else 4)
    assert all(torch.isfinite(values).all() for values in found.tensors.values())
    assert len(list(tmp_path.glob("training-*.safetensors"))) == (2 if hurt == "weights" else 1)
