"""The text of the toy language with its floor, worked out once on a machine and then kept in the user's cache folder.

Expanding the grammar and writing 400,000 tokens takes two seconds, and each live training is a new process. What is
kept is taken only if it was made by these very rules and this very code, and is whole; otherwise it is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

import numpy as np

from lessons.corpus import Corpus
from lessons.files import write_whole
from lessons.grammar.toy import toy_corpus, toy_language

__all__ = ["kept_toy_text"]

_SEED, _N_TOKENS = 7, 400_000
_N_FLOOR = 20_000  # tokens of the validation split whose true surprisals are kept


def kept_toy_text(folder: Path | None = None) -> tuple[Corpus, np.ndarray]:
    """Return the corpus of the toy language, and the true surprisals of the first tokens of its valid split, nats.

    Args:
        folder: where it is kept; left out, the user's cache folder. One that cannot be written to does no harm.
    """
    with contextlib.suppress(OSError):
        path = (_cache() if folder is None else folder) / "toy-language.json"
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            return _from(path.read_bytes())
        made = _made()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, made)
        return _from(made)
    return _from(_made())


def _cache() -> Path:
    import pooch  # not at the top: see lessons.download

    return Path(pooch.os_cache("glassbox-lm"))


def _made() -> bytes:
    """Return the text and the surprisals as they are kept: a line with their sum and what made them, then the rest."""
    corpus = toy_corpus(_SEED, _N_TOKENS)
    tokens = [token for line in corpus.lines("valid") for token in (*line.split(), "<eos>")][:_N_FLOOR]
    surprisals = toy_language().surprisals(tokens)
    content = {
        "name": corpus.name,
        "texts": dict(corpus.texts),
        "notes": corpus.notes,
        "surprisals": surprisals.tolist(),
    }
    body = json.dumps(content).encode()
    return f"{_made_by()} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def _from(data: bytes) -> tuple[Corpus, np.ndarray]:
    head, body = data.split(b"\n", 1)
    if head.decode("ascii") != f"{_made_by()} {hashlib.sha256(body).hexdigest()}":
        raise ValueError("made by other rules, or damaged")
    content = json.loads(body)
    return Corpus(content["name"], content["texts"], tuple(content["notes"])), np.array(content["surprisals"])


def _made_by() -> str:
    """Return the sum of the rules and of the code that makes the text."""
    folder = Path(__file__).parent
    sources = (*sorted(folder.glob("*.py")), *sorted(folder.glob("*.txt")))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
