"""WikiText-2: found on this machine, or fetched once, and checked to the last byte either way."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lessons.download import fetch
from lessons.errors import CorpusError, InputError

__all__ = ["SPLITS", "WIKITEXT2_FILES", "CorpusFile", "WikiText2", "wikitext2_file", "wikitext2_folder"]

SPLITS = ("train", "valid", "test")

_ADDRESS = (
    "https://raw.githubusercontent.com/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8"
    "/word_language_model/data/wikitext-2/"
)
_LOCK = threading.Lock()  # threads of one process fetch a file once; several processes each fetch it whole


@dataclass(frozen=True)
class CorpusFile:
    """What is known about a file of WikiText-2.

    Attributes:
        name: of the file.
        bytes: its size.
        lines: number of lines, each a paragraph, a heading or blank.
        tokens: number of tokens, one `<eos>` a line counted.
        sha256: of its bytes.
    """

    name: str
    bytes: int
    lines: int
    tokens: int
    sha256: str


WIKITEXT2_FILES = {
    "train": CorpusFile(
        "train.txt", 10_797_148, 36_718, 2_088_628, "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f"
    ),
    "valid": CorpusFile(
        "valid.txt", 1_121_681, 3_760, 217_646, "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8"
    ),
    "test": CorpusFile(
        "test.txt", 1_256_449, 4_358, 245_569, "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0"
    ),
}


class WikiText2:
    """One part of WikiText-2: iterating gives its lines, each with its `\\n`, as torchtext's data set does.

    Source: Merity et al., "Pointer Sentinel Mixture Models" (2016), arXiv:1609.07843; CC BY-SA.

    Attributes:
        split: "train", "valid" or "test".
        path: the file, whose sum has been checked.
    """

    def __init__(self, split: str, folder: str | os.PathLike[str] | None = None, download: bool = True) -> None:
        """Find the file, or fetch it; the arguments and errors are those of `wikitext2_file`."""
        self.path = wikitext2_file(split, folder, download)
        self.split = split

    def __iter__(self) -> Iterator[str]:
        with open(self.path, encoding="utf-8", newline="\n") as file:
            yield from file

    def __len__(self) -> int:
        return WIKITEXT2_FILES[self.split].lines

    def __repr__(self) -> str:
        return f"WikiText2({self.split!r}, {str(self.path)!r})"

    def text(self) -> str:
        """Return the whole part as one string."""
        return self.path.read_bytes().decode("utf-8")


def wikitext2_folder(download: bool = True) -> Path:
    """Return a folder that holds all three files, checked: the one that GLASSBOX_DATA names, or the cache.

    Raises:
        CorpusError: as for `wikitext2_file`.
    """
    named = _named_folder()
    if named is not None and all((named / file.name).is_file() for file in WIKITEXT2_FILES.values()):
        paths = [wikitext2_file(split, named) for split in SPLITS]
    else:
        paths = [_in_cache(WIKITEXT2_FILES[split], download) for split in SPLITS]
    return paths[0].parent


def wikitext2_file(split: str, folder: str | os.PathLike[str] | None = None, download: bool = True) -> Path:
    """Return the path of a file of WikiText-2 after its SHA-256 was checked (once for each process and file).

    It is looked for in the folder that the environment variable GLASSBOX_DATA names, then in the user's cache folder.
    If it is in neither, it is downloaded into the cache.

    Args:
        split: "train", "valid" or "test".
        folder: the only place to look; left out, the two above.
        download: False raises the error instead of using the network.

    Raises:
        InputError: there is no such split.
        CorpusError: the file is not there and could not be fetched or stored, or another file stands in its place.
    """
    if not isinstance(split, str) or split not in WIKITEXT2_FILES:
        raise InputError(f"There is no split {split!r:.60}; WikiText-2 has {', '.join(SPLITS)}.")
    file = WIKITEXT2_FILES[split]
    place = Path(folder) if folder is not None else _named_folder()
    if place is not None:
        path = place / file.name
        if path.is_file():
            if not _is_right(path, file):
                raise CorpusError(
                    f"{path} is not the {file.name} of WikiText-2: it has {path.stat().st_size:,} bytes in place of "
                    f"{file.bytes:,}, or its SHA-256 is not {file.sha256[:12]}…. Replace it by the one "
                    f"at {_ADDRESS}{file.name}"
                )
            return path
        if folder is not None:
            raise CorpusError(f"There is no {file.name} in {place}. {_help(file, place)}")
    return _in_cache(file, download)


def _in_cache(file: CorpusFile, download: bool) -> Path:
    """Return the file in the user's cache folder, fetched if it is missing or wrong."""
    import pooch  # not at the top: see lessons.download

    folder = Path(pooch.os_cache("glassbox-lm")) / "wikitext-2"
    path = folder / file.name
    with _LOCK:
        if not _is_right(path, file):
            if not download:
                raise CorpusError(f"{file.name} of WikiText-2 is not on this machine. {_help(file, folder)}")
            fetch(_ADDRESS + file.name, path, file.bytes, file.sha256, _help(file, folder))
    return path


def _named_folder() -> Path | None:
    """Return the folder that GLASSBOX_DATA names, or None where the variable is not set."""
    named = os.environ.get("GLASSBOX_DATA")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise CorpusError(
            f"GLASSBOX_DATA is {named!r}, and there is no such folder. Correct the variable or take it away; "
            f"the folder should hold {_names()}."
        )
    return folder


def _is_right(path: Path, file: CorpusFile) -> bool:
    """Tell whether the file at `path` is `file`, byte for byte."""
    try:
        state = path.stat()
        return state.st_size == file.bytes and _sum(path, state.st_ino, state.st_mtime_ns, state.st_size) == file.sha256
    except OSError:
        return False


@lru_cache(maxsize=64)
def _sum(path: Path, inode: int, changed: int, size: int) -> str:
    """Return the SHA-256 of a file; the other arguments make a changed file a new question."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _help(file: CorpusFile, folder: Path) -> str:
    """Return what a reader can do about a missing file."""
    return (
        "What you can do: try again with a network (behind a proxy, set HTTPS_PROXY and HTTP_PROXY); "
        f"or fetch {_ADDRESS}{file.name} with a browser and put it into {folder}; "
        f"or set GLASSBOX_DATA to a folder that holds {_names()}."
    )


def _names() -> str:
    return "train.txt, valid.txt and test.txt"
