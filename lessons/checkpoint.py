"""Checkpoints: a safetensors file with the numbers beside a JSON card that says what they are.

The card names its weights file with size and SHA-256, and is put in place last: until then the old pair counts. A
process that is killed at any moment leaves either the old pair or the new one. The card ends with the SHA-256 of its
own text. Both sums are checked at every reading: a flipped bit passes safetensors unnoticed, and often JSON, too.
Nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lessons.errors import CheckpointError, InputError
from lessons.files import check_room, write_whole

__all__ = [
    "ADVICE",
    "FORMAT",
    "FORMAT_VERSION",
    "card_bytes",
    "neighbour",
    "read_card",
    "read_checkpoint",
    "remove_unnamed",
    "sha256_of",
    "write_card",
    "write_checkpoint",
]

ADVICE = "Fetch the folder again (git checkout for a shipped model), or train the model anew."
FORMAT = "glassbox-lm"
FORMAT_VERSION = 2  # 1 had no sum of the card; it is still read

_ORPHANED = 60.0  # seconds after which weights that no card names are nobody's; until then their card may be on its way
_SUM = ',\n  "card_sha256": "'  # what stands between a card's text and its sum


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_card(path: str | os.PathLike[str], card: Mapping[str, Any], flush: bool = True) -> None:
    """Write a card, whole or not at all, with the sum of its own text.

    Args:
        path: of the JSON file.
        card: what it says; `format` and `format_version` are added.
        flush: as for `write_whole`.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, card_bytes(card), flush)


def card_bytes(card: Mapping[str, Any]) -> bytes:
    """Return a card as `write_card` writes it."""
    full = {"format": FORMAT, "format_version": FORMAT_VERSION, **card}
    text = json.dumps(full, indent=2, ensure_ascii=False).removesuffix("\n}")
    return f'{text}{_SUM}{_sum_of(text)}"\n}}\n'.encode()


def _sum_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_checkpoint(
    card_path: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    card: Mapping[str, Any],
    previous: tuple[Path, bytes] | None = None,
    flush: bool = True,
) -> dict[str, Any]:
    """Write tensors and their card, whole or not at all, and return the card as written.

    The weights go into a file of their own beside the card, `<card's stem>-<first 8 digits of the sum>.safetensors`;
    weights that the replaced card named are removed once the new card stands.

    Args:
        card_path: of the JSON card.
        tensors: by name.
        card: what to say of them; `format`, `format_version` and `weights` are added.
        previous: a second card beside it, and the bytes of a card that it gets before the new one is put in place: the
            weights that this one names are kept.
        flush: as for `write_whole`.

    Raises:
        CheckpointError: the disk is full or cannot be written to; what was there is still there, and nothing else.
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
    cards = [card_path] if previous is None else [card_path, previous[0]]
    ours = weights.name
    try:
        card_path.parent.mkdir(parents=True, exist_ok=True)
        ours += "".join(_text_or_nothing(path) for path in cards)
        if not _holds(weights, checksum):
            check_room(card_path.parent, len(data) + 3 * len(card_bytes(full)))
            write_whole(weights, data, flush)
        if previous is not None:
            write_whole(*previous, flush)
        write_card(card_path, full, flush)
    except OSError as error:
        why = error.strerror or error
        raise CheckpointError(
            f"The checkpoint {card_path} ({len(data) / 1e6:.1f} MB) could not be written: {why}. The one before it is "
            "untouched. Make room on the disk, or choose another folder."
        ) from error
    finally:
        remove_unnamed(cards, ours)
    return full


def _text_or_nothing(card_path: Path) -> str:
    """Return a card's text, or nothing if there is none."""
    try:
        return card_path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


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


def remove_unnamed(cards: Sequence[Path], ours: str) -> None:
    """Remove weights that none of these cards names: those in `ours` at once, others when they are old enough.

    Weights without a card are left by a killed process, or belong to another one that is about to write its card.

    Args:
        cards: of one folder; the weights looked at are those of the first one's name.
        ours: any text that holds the names of files that nobody else is about to need.
    """
    named = "".join(map(_text_or_nothing, cards))
    for path in cards[0].parent.glob(f"{glob.escape(cards[0].stem)}-{'[0-9a-f]' * 8}.safetensors"):
        with contextlib.suppress(OSError):  # one that cannot be removed does not keep the others
            if path.name not in named and (path.name in ours or time.time() - path.stat().st_mtime > _ORPHANED):
                path.unlink()


def read_card(card_path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return a checkpoint's card.

    Raises:
        CheckpointError: there is none, it is not a card, it was changed, or a newer version of the project wrote it.
    """
    card_path = Path(card_path)
    try:
        text = card_path.read_text(encoding="utf-8")
        without, found, end = text.rpartition(_SUM)
        if found and end != f'{_sum_of(without)}"\n}}\n':
            raise CheckpointError(f"{card_path} was changed after it was written: its own SHA-256 differs. {ADVICE}")
        card = json.loads(text)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint at {card_path}: the file does not exist.") from None
    except CheckpointError:
        raise
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
    if version > 1 and not found:
        raise CheckpointError(f"{card_path} was changed after it was written: its own SHA-256 is missing. {ADVICE}")
    card.pop("card_sha256", None)
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
    try:
        size = path.stat().st_size
        if size != weights.get("bytes"):
            raise CheckpointError(f"{path} has {size} bytes, and its card says {weights.get('bytes')}. {ADVICE}")
        if sha256_of(path) != weights.get("sha256"):
            raise CheckpointError(f"{path} is not the file its card describes: the SHA-256 differs. {ADVICE}")
        return _mapped(path), card
    except FileNotFoundError:
        raise CheckpointError(f"The weights {path} are missing. {ADVICE}") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as safetensors: {error}. {ADVICE}") from error


def _mapped(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, each in a mapping of its own: a tensor that is let go leaves the memory."""
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
    tensors = {}
    for name in names:
        with safe_open(path, framework="pt") as file:
            tensors[name] = file.get_tensor(name)
    return tensors
