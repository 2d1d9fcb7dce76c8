"""Checkpoints: a safetensors file with the numbers beside a JSON card that says what they are.

The card names its weights file with size and SHA-256, and is put in place last: until then the old pair counts. A
process that is killed at any moment leaves either the old pair or the new one. The sum is checked at every reading,
since a flipped bit passes the safetensors format unnoticed. Nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lessons.errors import CheckpointError, InputError
from lessons.files import write_whole

__all__ = ["FORMAT", "FORMAT_VERSION", "neighbour", "read_card", "read_checkpoint", "sha256_of", "write_checkpoint"]

FORMAT = "glassbox-lm"
FORMAT_VERSION = 1


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_checkpoint(
    card_path: str | os.PathLike[str], tensors: Mapping[str, Tensor], card: Mapping[str, Any]
) -> dict[str, Any]:
    """Write tensors and their card, whole or not at all, and return the card as written.

    The weights go into a file of their own beside the card, `<card's stem>-<first 8 digits of the sum>.safetensors`;
    older weights of the same card are removed once the new card stands.

    Args:
        card_path: of the JSON card.
        tensors: by name.
        card: what to say of them; `format`, `format_version` and `weights` are added.

    Raises:
        CheckpointError: the disk is full or cannot be written to; the old checkpoint is still there.
    """
    card_path = Path(card_path)
    data = save({name: tensor.detach().contiguous() for name, tensor in tensors.items()})
    checksum = hashlib.sha256(data).hexdigest()
    weights = card_path.with_name(f"{card_path.stem}-{checksum[:8]}.safetensors")
    full = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **card,
        "weights": {"file": weights.name, "bytes": len(data), "sha256": checksum},
    }
    try:
        card_path.parent.mkdir(parents=True, exist_ok=True)
        if not _holds(weights, checksum):
            write_whole(weights, data)
        write_whole(card_path, (json.dumps(full, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {card_path} ({len(data) / 1e6:.0f} MB) could not be written: {error}. The one before "
            "it is untouched. Make room on the disk, or choose another folder."
        ) from error
    _remove_older(card_path, weights)
    return full


def _holds(path: Path, checksum: str) -> bool:
    """Return whether a file is there with this SHA-256: then it is left alone, since a model may be reading from it."""
    return path.is_file() and sha256_of(path) == checksum


def neighbour(card_path: Path, name: object) -> Path:
    """Return the path of a file that a card names beside itself.

    Raises:
        InputError: that is no file's name, or it leads elsewhere.
    """
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        raise InputError(f"it names {name!r} where a file beside it should stand")
    return card_path.with_name(name)


def _remove_older(card_path: Path, weights: Path) -> None:
    """Remove weights that the card named before."""
    for old in card_path.parent.glob(f"{card_path.stem}-{'[0-9a-f]' * 8}.safetensors"):
        if old != weights:
            with contextlib.suppress(OSError):
                old.unlink()


def read_card(card_path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return a checkpoint's card.

    Raises:
        CheckpointError: there is none, it is not a card, or a newer version of the project wrote it.
    """
    card_path = Path(card_path)
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint at {card_path}: the file does not exist.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{card_path} cannot be read as a checkpoint's card: {error}.") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise CheckpointError(f"{card_path} is not a card of {FORMAT}: its 'format' must be {FORMAT!r}.")
    version = card.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(f"{card_path} has format_version {version!r}; it must be a whole number of at least 1.")
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{card_path} has format version {version}, and this version of the project reads up to {FORMAT_VERSION}. "
            "Update the project (git pull, then make lab), or train the model anew."
        )
    return card


def read_checkpoint(card_path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a checkpoint's tensors, which stay in the file until they are used, and its card.

    Raises:
        CheckpointError: a file is missing, cut short, changed, or not what the card says.
    """
    card_path = Path(card_path)
    card = read_card(card_path)
    weights = card.get("weights")
    try:
        if not isinstance(weights, dict):
            raise InputError("it names no weights")
        path = neighbour(card_path, weights.get("file"))
    except InputError as error:
        raise CheckpointError(f"{card_path} is damaged: {error}.") from error
    advice = "Fetch the folder again (git checkout for a shipped model), or train the model anew."
    try:
        size = path.stat().st_size
        if size != weights.get("bytes"):
            raise CheckpointError(f"{path} has {size} bytes, and its card says {weights.get('bytes')}. {advice}")
        if sha256_of(path) != weights.get("sha256"):
            raise CheckpointError(f"{path} is not the file its card describes: the SHA-256 differs. {advice}")
        return _mapped(path), card
    except FileNotFoundError:
        raise CheckpointError(f"The weights {path} are missing. {advice}") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as safetensors: {error}. {advice}") from error


def _mapped(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, each in a mapping of its own: a tensor that is let go leaves the memory."""
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
    tensors = {}
    for name in names:
        with safe_open(path, framework="pt") as file:
            tensors[name] = file.get_tensor(name)
    return tensors
