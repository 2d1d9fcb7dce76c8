"""The corpus that a lesson works on without asking for a network: WikiText-2, or a small text that stands in for it."""

from __future__ import annotations

from dataclasses import replace

from lessons.corpus import Corpus, wikitext2_folder
from lessons.errors import CorpusError
from lessons.passages import SMALL_TEXT

__all__ = ["corpus_at_hand"]


def corpus_at_hand() -> Corpus:
    """Return WikiText-2 if it is on this machine, else a small text of our own in the same shape; nothing is fetched.

    The small text's `notes` say why it stands there.
    """
    try:
        return Corpus.wikitext2(wikitext2_folder(download=False))
    except CorpusError as error:
        small = Corpus.from_text(SMALL_TEXT, name="a small text of our own", valid=0.2, test=0.2)
        reason = str(error).split(". ", 1)[0]
        return replace(small, notes=(f"It stands in for WikiText-2. The reason: {reason}.",))
