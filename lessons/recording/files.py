"""A recording as a file, and the one that ships with a model.

A recording is a JSON file of a few hundred kilobytes, about an eightieth of a model's weights. So it ships beside
them: the training can be looked at without a network, without a corpus and without PyTorch.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from lessons.checkpoint import read_card
from lessons.errors import CheckpointError, InputError
from lessons.files import write_whole
from lessons.places import MODEL_CARD, SHIPPED
from lessons.records import GATES, RUN_CURVES, RecordedCheckpoint, Recording, RunChange, RunLog
from lessons.tables import shipped_beside

__all__ = ["RECORDING", "read_recording", "shipped_for", "shipped_recording", "write_recording"]

RECORDING = "recording.json"  # in a run's folder, and beside a shipped model's card
_FORMAT = 1
_DIGITS = 5  # significant ones, of what is not packed
_CANDIDATE = GATES.index("candidate")


def write_recording(path: str | Path, recording: Recording) -> int:
    """Write a recording, whole or not at all, and return the file's size in bytes.

    Raises:
        OSError: it cannot be written.
    """
    stored: dict[str, Any] = {"format": _FORMAT}
    for field in fields(recording):
        stored[field.name] = _plain(getattr(recording, field.name))
    data = (json.dumps(stored, ensure_ascii=False, allow_nan=False) + "\n").encode()
    write_whole(path, data)
    return len(data)


def read_recording(path: str | Path) -> Recording:
    """Return a recording that `write_recording` wrote.

    Args:
        path: of the file, or of the run's folder.

    Raises:
        InputError: there is none, or the file is no recording.
    """
    path = Path(path) / RECORDING if Path(path).is_dir() else Path(path)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("format", None) != _FORMAT:
            raise ValueError(f"it is not of format {_FORMAT}")
        run = stored.pop("run")
        curves: dict[str, Any] = {
            name: [math.nan if value is None else value for value in run.pop(name)] for name in RUN_CURVES
        }
        checkpoints = tuple(_checkpoint(one, len(run["tokens"]) + 1) for one in run.pop("checkpoints"))
        changes = tuple(RunChange(**change) for change in run.pop("changes"))
        return Recording(run=RunLog(**run, **curves, checkpoints=checkpoints, changes=changes), **stored)
    except FileNotFoundError:
        raise InputError(
            f"There is no recording at {path}. Train with 'glassbox train ... --snapshots', then 'glassbox record'."
        ) from None
    except (OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} cannot be read as a recording: {error}. Make it again with 'glassbox record'."
        ) from error


def shipped_recording(name: str) -> Recording:
    """Return the recorded training of a shipped model.

    Args:
        name: "lstm" or "transformer".

    Raises:
        InputError: there is no such model, it has no recording, or the recording is of other weights.
    """
    if name not in ("lstm", "transformer"):
        raise InputError(f"There is no shipped model {name!r}; ask for the recording of 'lstm' or 'transformer'.")
    path = SHIPPED / name / RECORDING
    if not path.is_file():
        raise InputError(
            f"The training of the shipped model {name!r} has not been recorded. Record one of your own: "
            "'glassbox train ... --out DIR --snapshots', 'glassbox record DIR', then lessons.recording.read_recording."
        )
    recording = read_recording(path)
    try:
        weights = read_card(SHIPPED / name / MODEL_CARD).get("weights", {}).get("sha256")
    except CheckpointError as error:
        raise InputError(f"The shipped model {name!r} cannot be read: {error}") from error
    if recording.weights_sha256 != weights:
        raise InputError(
            f"{path} is the recording of another training than the shipped model's: its last weights have the SHA-256 "
            f"{recording.weights_sha256[:8]}..., the model's {str(weights)[:8]}.... Make it again with "
            "'glassbox record DIR --save'."
        )
    return recording


def shipped_for(card: Mapping[str, Any]) -> Recording | None:
    """Return the shipped recording if its last weights are those that a model's card names, else None.

    Raises:
        InputError: the shipped recording is damaged.
    """
    return shipped_beside(card, RECORDING, read_recording)


# How values are stored: maps as bytes in base85, numbers with five digits, NaN as null.


def _plain(value: Any) -> Any:
    if isinstance(value, RunLog):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, RecordedCheckpoint):
        stored = {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in ("attention", "gates")
        }
        return stored | {"inside": base64.b85encode(_packed(value)).decode(), "layers": _layers(value)}
    if isinstance(value, RunChange):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if hasattr(value, "items"):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, float):
        return None if not math.isfinite(value) else float(f"{value:.{_DIGITS}g}")
    return value


def _layers(at: RecordedCheckpoint) -> list[int]:
    """Return (L, H) of a Transformer's maps, (L, U) of an LSTM's gates."""
    if at.attention is not None:
        return list(at.attention.shape[:2])
    assert at.gates is not None
    return [at.gates.shape[0], at.gates.shape[-1]]


def _packed(at: RecordedCheckpoint) -> bytes:
    """Return the lower triangles of attention maps, 255 times the root of a weight; or 255 times each gate."""
    if at.attention is not None:
        rows, columns = np.tril_indices(at.attention.shape[-1])
        return np.rint(255 * np.sqrt(np.clip(at.attention[..., rows, columns], 0, 1))).astype(np.uint8).tobytes()
    assert at.gates is not None
    shares = np.array(at.gates)
    shares[:, _CANDIDATE] = (shares[:, _CANDIDATE] + 1) / 2
    return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8).tobytes()


def _checkpoint(stored: dict[str, Any], n_tokens: int) -> RecordedCheckpoint:
    values = np.frombuffer(base64.b85decode(stored.pop("inside")), np.uint8).astype(np.float32) / 255
    first, second = stored.pop("layers")
    for name in ("valid_perplexity", "learning_rate"):
        stored[name] = math.nan if stored[name] is None else stored[name]
    for name in ("surprisals", "half_lives"):
        if stored[name] is not None:
            stored[name] = np.array(stored[name], np.float64)
    if stored["head_scores"] is not None:
        maps = np.zeros((first, second, n_tokens, n_tokens), np.float32)
        rows, columns = np.tril_indices(n_tokens)
        maps[..., rows, columns] = values.reshape(first, second, -1) ** 2
        return RecordedCheckpoint(**stored, attention=maps)
    gates = values.reshape(first, len(GATES), n_tokens, second)
    gates[:, _CANDIDATE] = 2 * gates[:, _CANDIDATE] - 1
    return RecordedCheckpoint(**stored, gates=gates)
