"""The texts that a live run can train on: the toy language, WikiText-2 where it is, or a corpus of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lessons.corpus import SPLITS, Corpus
from lessons.errors import CorpusError, InputError
from lessons.files import write_whole
from lessons.text import wikitext
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["LiveText", "read_live_text", "source_of", "write_texts"]

_TOY_PROMPT = "the dogs"
_TOY_SENTENCE = "the dog that the farmers see sleeps ."
_WIKITEXT_PROMPT = "The king was crowned"
_WIKITEXT_SENTENCE = "The king was crowned in the cathedral , and the people of the town were there ."
_SENTENCE_TOKENS = 16


@dataclass(frozen=True)
class LiveText:
    """A text to train on, and what to ask of a model that is trained on it.

    Attributes:
        corpus: the text.
        prompt: what the samples go on from.
        sentence: whose surprisals are taken.
        truth: (n,) surprisals of the first tokens of the validation split by the rules that wrote them, nats; None
            where no rules are known.
    """

    corpus: Corpus
    prompt: str
    sentence: str
    truth: np.ndarray | None = None


def source_of(corpus: str | Corpus) -> tuple[str, str]:
    """Return the name of a text on screen and its source (see `RunPlan`), without reading it.

    Raises:
        InputError: there is no such text, or WikiText-2 is not on this machine.
    """
    if isinstance(corpus, Corpus):
        return corpus.name, "files"
    if corpus == "toy":
        return "the toy language", "toy"
    if corpus == "wikitext-2":
        from lessons.wikitext2 import wikitext2_folder

        try:
            wikitext2_folder(download=False)
        except CorpusError as error:
            raise InputError(
                f'{str(error).split(". What you can do", 1)[0]}. A live run fetches nothing: take corpus="toy", the '
                "toy language, which is always at hand, or fetch WikiText-2 with Corpus.wikitext2() first."
            ) from error
        return "WikiText-2", "wikitext-2"
    raise InputError(f'corpus is {corpus!r:.60}; it must be "toy", "wikitext-2" or a Corpus.')


def write_texts(corpus: Corpus, folder: Path) -> None:
    """Put a corpus into a run's folder. Raises: OSError."""
    for split in SPLITS:
        write_whole(folder / f"{split}.txt", corpus.text(split).encode(), flush=False)


def read_live_text(source: str, name: str, folder: Path) -> LiveText:
    """Return the text of a run.

    Args:
        source: see `RunPlan`.
        name: of the corpus.
        folder: of the run.

    Raises:
        CorpusError: it cannot be read.
    """
    if source == "toy":
        from lessons.grammar.kept import kept_toy_text

        toy, truth = kept_toy_text()
        return LiveText(toy, _TOY_PROMPT, _TOY_SENTENCE, truth)
    if source == "wikitext-2":
        from lessons.wikitext2 import wikitext2_folder

        corpus = Corpus.wikitext2(wikitext2_folder(download=False))
        return LiveText(corpus, _WIKITEXT_PROMPT, _WIKITEXT_SENTENCE)
    train, valid, test = (folder / f"{split}.txt" for split in SPLITS)
    corpus = Corpus.from_files(train, valid, test, name=name)
    first = next((tokens for line in corpus.lines("valid") if len(tokens := wikitext(line)) > 1), [END_OF_LINE])
    words = first[:-1][:_SENTENCE_TOKENS]
    return LiveText(corpus, " ".join(words[:2]), " ".join(words))
