"""Damaged files of a checkpoint are refused by name, and the training goes on from the checkpoint before."""

import json
import random

import pytest
import torch

from lessons.checkpoint import FORMAT_VERSION, read_card, read_checkpoint
from lessons.errors import CheckpointError
from lessons.last_checkpoints import PREVIOUS_CARD, TRAINING_CARD, LastCheckpoints
from lessons.places import MODEL_CARD, SHIPPED
from lessons.run import has_started, run_steps
from lessons.run_lock import open_folder
from tests import tiny
from tests.survival import HURTS, hurt, prepared, refused_and_replaced

N_DAMAGES = 40  # of each kind; the benchmark does 300


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The losses of a run, and a folder with its checkpoints after steps 3 and 6."""
    folder = tmp_path_factory.mktemp("unbroken")
    steps = run_steps(prepared("lstm"), folder)
    losses = [next(steps).loss for _ in range(6)]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    losses += [next(steps).loss for _ in range(4)]
    steps.close()
    return losses, files


@pytest.fixture
def folder(unbroken, tmp_path):
    for name, data in unbroken[1].items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def newest_files(folder):
    card = folder / TRAINING_CARD
    return [card, folder / json.loads(card.read_text(encoding="utf-8"))["weights"]["file"]]


@pytest.mark.parametrize("how", HURTS)
def test_what_is_damaged_is_refused_by_name_and_the_one_before_is_used(folder, how):
    assert refused_and_replaced(folder, how, N_DAMAGES, random.Random(1)) == N_DAMAGES


def test_each_bit_of_a_card_counts(folder):
    card = folder / TRAINING_CARD
    whole = card.read_bytes()
    for bit in range(0, 8 * len(whole), 31):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        card.write_bytes(data)
        with pytest.raises(CheckpointError, match=TRAINING_CARD):
            read_checkpoint(card)


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_the_shipped_cards_carry_their_sum(name):
    path = SHIPPED / name / MODEL_CARD
    again = "write_card(path, read_card(path) | {'format_version': FORMAT_VERSION}) of lessons.checkpoint adds it"
    assert read_card(path)["format_version"] == FORMAT_VERSION, again


@pytest.mark.parametrize("which", [0, 1])
def test_a_run_whose_newest_checkpoint_is_damaged_goes_on_with_the_very_same_losses(unbroken, folder, which):
    path = newest_files(folder)[which]
    path.write_bytes(hurt(path.read_bytes(), "flipped bit", random.Random(2)))
    with open_folder(folder):
        steps = run_steps(prepared("lstm"), folder, resume=True)
        done = [next(steps) for _ in range(7)]
        steps.close()
    assert [(step.step, step.loss) for step in done] == list(zip(range(4, 11), unbroken[0][3:], strict=True))
    assert done[0].note.startswith(str(path))
    assert done[0].note.endswith(f"The training goes on from {PREVIOUS_CARD}, after step 3.")
    assert "train the model anew" not in done[0].note
    assert [step.note for step in done[1:]] == [None] * 6
    found = LastCheckpoints(folder).newest()
    assert (found.card["step"], found.note) == (10, None)
    assert read_checkpoint(folder / PREVIOUS_CARD)[1]["step"] == 9


def test_a_damaged_checkpoint_never_takes_the_place_of_the_good_one_before(folder):
    card, weights = newest_files(folder)
    weights.write_bytes(hurt(weights.read_bytes(), "flipped bit", random.Random(3)))
    checkpoints = LastCheckpoints(folder)
    checkpoints.newest()
    checkpoints.save({"a": torch.zeros(3)}, {"step": 4})
    assert read_checkpoint(folder / PREVIOUS_CARD)[1]["step"] == 3
    card.write_bytes(b"")
    assert LastCheckpoints(folder).newest().card["step"] == 3


def test_a_run_whose_newest_card_is_gone_goes_on_from_the_one_before(folder):
    (folder / TRAINING_CARD).unlink()
    assert has_started(folder)
    found = LastCheckpoints(folder).newest()
    assert found.card["step"] == 3
    assert found.note.startswith(f"There is no checkpoint at {folder / TRAINING_CARD}")


def test_if_both_are_damaged_both_are_named(folder):
    for name in (TRAINING_CARD, PREVIOUS_CARD):
        (folder / name).write_bytes(hurt((folder / name).read_bytes(), "cut", random.Random(4)))
    with pytest.raises(
        CheckpointError, match=rf"^Neither .*{TRAINING_CARD} .*{PREVIOUS_CARD} .*train the model anew\.$"
    ):
        next(run_steps(prepared("lstm"), folder, resume=True))


def test_what_damaged_a_checkpoint_does_not_hide_that_it_is_of_another_run(folder):
    card = newest_files(folder)[0]
    card.write_bytes(b"{}")
    with pytest.raises(CheckpointError, match="another recipe"):
        next(run_steps(prepared("lstm", seed=8), folder, resume=True))
    assert tiny.RECIPE.seed == 7
