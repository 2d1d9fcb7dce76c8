"""Checkpoints come whole or not at all, and a damaged one is refused with its reason."""

import errno
import json
import random

import pytest
import torch

from lessons.checkpoint import read_card, read_checkpoint, write_card, write_checkpoint
from lessons.errors import CheckpointError

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1000, dtype=torch.half), "n": torch.tensor(7)}


@pytest.fixture
def card_path(tmp_path):
    write_checkpoint(tmp_path / "model.json", TENSORS, {"architecture": "lstm"})
    return tmp_path / "model.json"


def weights_of(card_path):
    return card_path.with_name(json.loads(card_path.read_text(encoding="utf-8"))["weights"]["file"])


def test_what_was_written_is_read(card_path):
    tensors, card = read_checkpoint(card_path)
    assert card["architecture"] == "lstm"
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


def test_a_new_one_replaces_the_old_one(card_path):
    old = weights_of(card_path)
    write_checkpoint(card_path, {"a": torch.zeros(3)}, {})
    assert read_checkpoint(card_path)[0]["a"].tolist() == [0, 0, 0]
    assert not old.exists()


def test_weights_that_are_there_already_are_left_alone(card_path):
    # A model may be reading from them, and Windows then refuses to replace the file.
    before = weights_of(card_path).stat()
    write_checkpoint(card_path, TENSORS, {"architecture": "lstm", "more": 1})
    assert weights_of(card_path).stat().st_mtime_ns == before.st_mtime_ns
    assert weights_of(card_path).stat().st_ino == before.st_ino
    assert read_checkpoint(card_path)[1]["more"] == 1


def test_other_checkpoints_in_the_folder_stay(card_path):
    mine = card_path.with_name("model-00001-of-00002.safetensors")
    mine.write_bytes(b"a file of somebody else")
    write_checkpoint(card_path.with_name("training.json"), {"a": torch.zeros(3)}, {})
    write_checkpoint(card_path.with_name("model-b.json"), {"a": torch.zeros(3)}, {})
    write_checkpoint(card_path, TENSORS, {"architecture": "transformer"})
    assert mine.exists()
    assert read_checkpoint(card_path.with_name("model-b.json"))[0].keys() == {"a"}
    assert read_checkpoint(card_path)[0].keys() == TENSORS.keys()


def test_a_full_disk_leaves_the_old_one(card_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lessons.files.os.fsync", full)
    with pytest.raises(CheckpointError, match=r"No space left on device.*before it is untouched.*Make room"):
        write_checkpoint(card_path, {"a": torch.zeros(3)}, {})
    monkeypatch.undo()
    assert read_checkpoint(card_path)[0].keys() == TENSORS.keys()
    assert len(list(card_path.parent.iterdir())) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "zeros"])
def test_damaged_weights_are_refused(card_path, damage):
    path, chance = weights_of(card_path), random.Random(3)
    whole = path.read_bytes()
    for _ in range(30):
        data = bytearray(whole)
        place = chance.randrange(len(data))
        if damage == "flip":
            data[place] ^= 1 << chance.randrange(8)
        elif damage == "cut":
            del data[place:]
        else:
            data[place : place + 64] = bytes(len(data[place : place + 64]))
        path.write_bytes(data)
        if data == whole:
            continue
        with pytest.raises(CheckpointError, match=r"SHA-256 differs|bytes, and its card says"):
            read_checkpoint(card_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda card: card.update(format_version=3), "format version 3, and this version of the project reads up to 2"),
        (lambda card: card.update(format_version="new"), "format_version 'new'"),
        (lambda card: card.update(format="other"), "not a card"),
        (lambda card: card.pop("weights"), "names no weights"),
        (lambda card: card["weights"].update(file="../elsewhere.safetensors"), "where a file beside it should stand"),
        (lambda card: card["weights"].update(file="gone.safetensors"), "are missing"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(card_path, change, sentence):
    card = read_card(card_path)
    change(card)
    write_card(card_path, card)
    with pytest.raises(CheckpointError, match=sentence):
        read_checkpoint(card_path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"format": "glassbox-lm"}', "[" * 100_000])
def test_a_card_that_is_no_card_is_refused(card_path, text):
    card_path.write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError):
        read_checkpoint(card_path)


def test_a_missing_card_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        read_checkpoint(tmp_path / "model.json")
