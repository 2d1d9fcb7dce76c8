"""A corpus is a text in three parts: one to train on, one to choose by (valid), one to be measured by (test)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lessons.errors import InputError
from lessons.files import read_text
from lessons.wikitext2 import SPLITS, WIKITEXT2_FILES, CorpusFile, WikiText2, wikitext2_file, wikitext2_folder

__all__ = ["SPLITS", "WIKITEXT2_FILES", "Corpus", "CorpusFile", "WikiText2", "wikitext2_file", "wikitext2_folder"]


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text in three parts that do not overlap. Whatever trains, evaluates or counts takes any corpus.

    Every line ends with `\\n`, and the lines of a part, joined, are its text. Tokens come from a tokenizer:
    `map(wikitext, corpus.lines("train"))`.

    Attributes:
        name: what the corpus is called in cards and tables.
        texts: the text of each part, under "train", "valid" and "test".
        sha256: the sum of each part's UTF-8 bytes; for WikiText-2 those of its files.
        notes: sentences about what was done to the text.
    """

    name: str
    texts: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"The name of a corpus is {self.name!r:.60}; it must be a word or two.")
        if not isinstance(self.texts, Mapping) or sorted(self.texts, key=str) != sorted(SPLITS):
            raise InputError(f"A corpus needs a text for each of {', '.join(SPLITS)}, and for nothing else.")
        texts = {split: _whole_lines(self.texts[split], f"The {split} text") for split in SPLITS}
        sums = {split: hashlib.sha256(text.encode()).hexdigest() for split, text in texts.items()}
        object.__setattr__(self, "texts", MappingProxyType(texts))
        object.__setattr__(self, "sha256", MappingProxyType(sums))

    @classmethod
    def wikitext2(cls, folder: str | os.PathLike[str] | None = None) -> Corpus:
        """Return WikiText-2, downloaded if it is not on this machine yet.

        Args:
            folder: where the three files are; left out, they are looked for as `wikitext2_file` says.

        Raises:
            CorpusError: a file is missing and cannot be fetched, or is not the right one.
        """
        return cls("WikiText-2", {split: WikiText2(split, folder).text() for split in SPLITS})

    @classmethod
    def from_text(cls, text: str, name: str = "own text", valid: float = 0.1, test: float = 0.1) -> Corpus:
        """Return a corpus of one text: its first lines to train on, then those of valid, its last ones to test on.

        The parts are blocks of whole lines, always the same for the same text, so no line is in two of them. A line
        should be a paragraph or a sentence; blank lines are kept and not counted.

        Args:
            text: at least three lines with words.
            name: what the corpus is called.
            valid: the share of the lines to choose by, above 0.
            test: the share of the lines to be measured by, above 0; both together stay below 1.

        Raises:
            InputError: the text has too few lines, or the shares do not fit.
        """
        for label, share in (("valid", valid), ("test", test)):
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
                raise InputError(
                    f"{label} is {share!r:.60}; it is a share of the lines, above 0 and below 1, such as 0.1."
                )
        if valid + test >= 1:
            raise InputError(
                f"valid and test are {valid} and {test}; together they must leave lines to train on: below 1."
            )
        lines = _lines(_whole_lines(text, "The text"))
        starts = [place for place, line in enumerate(lines) if line.strip()]
        if len(starts) < len(SPLITS):
            raise InputError(
                f"The number of lines with words is {len(starts)}; it must be at least 3, one line for each part. "
                "Start a new line for each paragraph or sentence."
            )
        n_valid = max(1, round(len(starts) * valid))
        n_test = max(1, round(len(starts) * test))
        while n_valid + n_test >= len(starts):  # rounding up a share of a few lines leaves none to train on
            n_valid, n_test = (n_valid - 1, n_test) if n_valid >= n_test else (n_valid, n_test - 1)
        first_test = starts[len(starts) - n_test]
        first_valid = starts[len(starts) - n_test - n_valid]
        parts = (lines[:first_valid], lines[first_valid:first_test], lines[first_test:])
        return cls(name, {split: "".join(part) for split, part in zip(SPLITS, parts, strict=True)})

    @classmethod
    def from_files(
        cls,
        train: str | os.PathLike[str],
        valid: str | os.PathLike[str] | None = None,
        test: str | os.PathLike[str] | None = None,
        name: str | None = None,
        replace: bool = False,
    ) -> Corpus:
        """Return a corpus of text files in UTF-8: one for each part, or a single one that `from_text` divides.

        Args:
            train: the file to train on, or the only one.
            valid: the file to choose by.
            test: the file to be measured by.
            name: what the corpus is called; left out, the name of the first file.
            replace: False refuses bytes that are not UTF-8; True reads `\ufffd` there and says in `notes` how often.

        Raises:
            CorpusError: a file is missing, empty, no text, or not in UTF-8.
            InputError: one of two files is missing from the call, or a single file has too few lines.
        """
        paths = [path for path in (train, valid, test) if path is not None]
        if len(paths) == 2:
            raise InputError("from_files needs one file, or three: train, valid and test. Two were given.")
        texts, notes = [], []
        for path in paths:
            if not isinstance(path, (str, os.PathLike)):
                raise InputError(f"A file is given by its path, and this is of type {type(path).__name__}.")
            text, replaced = read_text(path, replace)
            texts.append(text)
            if replaced:
                notes.append(f"{os.path.basename(path)}: {replaced:,} places are not UTF-8 and are read as \ufffd.")
        name = os.path.basename(paths[0]) if name is None else name
        if len(texts) == 1:
            return cls(name, cls.from_text(texts[0], name).texts, tuple(notes))
        return cls(name, dict(zip(SPLITS, texts, strict=True)), tuple(notes))

    def text(self, split: str) -> str:
        """Return a part as one string; `split` is "train", "valid" or "test"."""
        if split not in SPLITS:
            raise InputError(f"There is no part {split!r:.60}; a corpus has {', '.join(SPLITS)}.")
        return self.texts[split]

    def lines(self, split: str) -> Iterator[str]:
        """Return the lines of a part one after another, each with its `\\n`; `split` as for `text`."""
        return iter(_lines(self.text(split)))


def _lines(text: str) -> list[str]:
    """Return the lines of a text, each with its `\\n`; no other character ends a line."""
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _whole_lines(text: object, name: str) -> str:
    """Return the text with `\\n`, and nothing else, at the end of every line."""
    if not isinstance(text, str):
        raise InputError(f"{name} must be a string, and this is of type {type(text).__name__}.")
    if not text.strip():
        raise InputError(f"{name} is blank; it must have words in it.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name} holds half a character (a lone surrogate) at place {error.start:,}; "
            "it was read in a wrong encoding. Read it as UTF-8."
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"
