"""Where the text comes from: WikiText-2, found in a folder on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lessons.errors import CorpusError, InputError

__all__ = ["WIKITEXT2_FILES", "CorpusFile", "WikiText2", "wikitext2_folder"]


@dataclass(frozen=True)
class CorpusFile:
    """What is known about a file of the corpus.

    Attributes:
        name: of the file.
        bytes: its size.
        lines: number of lines, each a paragraph or a heading.
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


def wikitext2_folder() -> Path:
    """Return the folder that holds WikiText-2: `GLASSBOX_DATA`.

    Raises:
        CorpusError: the folder is not named or lacks a file.
    """
    folder = os.environ.get("GLASSBOX_DATA")
    if not folder:
        raise CorpusError(
            "WikiText-2 is not here: set GLASSBOX_DATA to the folder that holds train.txt, valid.txt and test.txt."
        )
    for file in WIKITEXT2_FILES.values():
        if not Path(folder, file.name).is_file():
            raise CorpusError(f"GLASSBOX_DATA is {folder}, and there is no {file.name} in it; put the file there.")
    return Path(folder)


class WikiText2:
    """One split of WikiText-2, line by line, each line with its `\\n` as in the file.

    Attributes:
        split: "train", "valid" or "test".
        path: the file.
    """

    def __init__(self, split: str, folder: str | os.PathLike[str] | None = None) -> None:
        if split not in WIKITEXT2_FILES:
            raise InputError(f"There is no split {split!r}; WikiText-2 has {', '.join(WIKITEXT2_FILES)}.")
        self.split = split
        self.path = Path(folder if folder is not None else wikitext2_folder()) / WIKITEXT2_FILES[split].name

    def text(self) -> str:
        """Return the whole split as one string."""
        return self.path.read_bytes().decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        with open(self.path, encoding="utf-8", newline="\n") as file:
            yield from file
