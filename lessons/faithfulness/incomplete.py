"""Reading a text of which some words are missing: what a point of a deletion curve stands for.

A curve shows one number of such a text. The words that are really read, and the word that the model then expects most,
show how far from any text that somebody would write this is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lessons.attribution.ask import ask
from lessons.attribution.many_texts import last_hidden_states
from lessons.attribution.missing import Baseline, missing
from lessons.attribution.value import Explained, first_choices, way_to
from lessons.errors import InputError
from lessons.records import IncompleteText, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["read_incomplete"]


def read_incomplete(
    model: LanguageModel,
    text: str | TokenizedText,
    present: np.ndarray,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    n_draws: int = 8,
    seed: int = 0,
) -> IncompleteText:
    """Return what a model reads and says when some of the words before a prediction are missing.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        present: (T,) bool, False where a word before the prediction is missing.
        baseline, n_draws, seed: what 'missing' means, see `lessons.attribution.missing.missing`.

    Raises:
        InputError: see `ask` and `missing`; `present` has not one value for each word.
    """
    question = ask(model, text, target, position, explains, against)
    there = np.asarray(present)
    n_words = question.n_outside + len(question.words)
    if there.dtype != np.bool_ or there.shape != (n_words,):
        raise InputError(
            f"present has type {there.dtype} and shape {there.shape}; {n_words} words stand before the prediction, "
            "so give an array of that many True (it is there) and False (it is missing)."
        )
    absent = missing(question, baseline, n_draws, seed)
    read = absent.texts(question, there[None, question.n_outside :])
    network = question.network
    weight = network.embedding.weight.detach()
    with torch.inference_mode():
        hidden = last_hidden_states(network, read, absent.vectors)
        values = question.explained(hidden)
        choices = first_choices(network.head, weight, hidden).tolist()
        surely = [
            Explained("probability", way_to(word, network.head, weight))(state[None]).item()
            for word, state in zip(choices, hidden, strict=True)
        ]
    words, itos = question.text.tokens, question.vocabulary.itos
    versions = [None] * absent.n_versions if absent.token_ids is None else absent.token_ids.tolist()
    texts = tuple(
        tuple(
            words[place]
            if is_there or place < question.n_outside
            else _instead(version, place - question.n_outside, itos)
            for place, is_there in enumerate(there.tolist())
        )
        for version in versions
    )
    return IncompleteText(
        model_name=model.name,
        position=question.position,
        target=itos[question.target_id],
        baseline=absent.name,
        present=there,
        texts=texts,
        values=values.numpy(),
        choices=tuple(itos[word] for word in choices),
        probabilities=np.array(surely),
        seed=absent.seed,
    )


def _instead(version: list[int] | None, place: int, itos: tuple[str, ...]) -> str:
    """Return the token that is read in place of a missing word, "" if none is."""
    number = len(itos) if version is None else version[place]
    return itos[number] if number < len(itos) else ""
