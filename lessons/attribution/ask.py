"""Asking why: from what a learner gives to a question that every method can answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from lessons.attribution.many_texts import last_hidden_states
from lessons.attribution.question import Question
from lessons.attribution.value import Explained, first_choices, way_to
from lessons.checks import whole
from lessons.errors import InputError
from lessons.reading import Network, context_seen
from lessons.records import EXPLAINS, TokenizedText
from lessons.text import Vocabulary, readable_text
from lessons.text.tokenizers import END_OF_LINE

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["ask", "number_of"]


@torch.inference_mode(False)  # whatever surrounds the call: gradients may be asked for later
def ask(
    model: LanguageModel,
    text: str | TokenizedText,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
) -> Question:
    """Return the question why a model says a word.

    Args:
        model: the model.
        text: typed, or already tokenized; at least one word before the prediction.
        target: the word to be explained, or its number; None for the model's first choice after the text, or for the
            true word at a place inside it.
        position: -1 for the word after the text; k for the word at place k, explained by the k words before it.
        explains: one of `lessons.records.EXPLAINS`.
        against: the other word of a contrast.

    Raises:
        InputError: an empty text, no word before the prediction, or a value that is not allowed.
    """
    began = time.perf_counter()
    text = readable_text(text, model.vocabulary)
    position = whole("position", position, -1, len(text) - 1)
    if position == 0:
        raise InputError(
            "position is 0: no word stands before the first word, so none can have mattered. "
            "Give a place from 1 on, or -1 for the word after the text."
        )
    if explains not in EXPLAINS:
        raise InputError(f"explains is {explains!r:.60}; it must be one of {', '.join(EXPLAINS)}.")
    if (explains == "contrast") != (against is not None):
        raise InputError(
            "A contrast asks why one word and not another: give explains='contrast' together with against=WORD, "
            "or neither of them."
        )
    network, vocabulary = model.network, model.vocabulary
    before = text.token_ids[: len(text) if position < 0 else position]
    seen = context_seen(network.context_length, len(before))  # of `<eos>` and the words
    stream = np.concatenate([[vocabulary.stoi[END_OF_LINE]], before])[-seen:]
    n_start = int(seen == len(before) + 1)
    passes = 0
    if target is not None:
        target_id = number_of("target", target, vocabulary)
    elif position >= 0:
        target_id = int(text.token_ids[position])
    else:
        target_id, passes = _first_choice(network, stream), 1
    against_id = None if against is None else number_of("against", against, vocabulary)
    if against_id == target_id:
        raise InputError(f"against is the target itself, {vocabulary.itos[target_id]!r}; give another word.")
    ways = [
        way_to(word, network.head, network.embedding.weight.detach())
        for word in (target_id, against_id)
        if word is not None
    ]
    return Question(
        model_name=model.name,
        network=network,
        vocabulary=vocabulary,
        text=text,
        position=position,
        start=stream[:n_start],
        words=stream[n_start:],
        n_outside=len(before) + n_start - seen,
        target_id=target_id,
        against_id=against_id,
        explains=explains,
        explained=Explained(explains, *ways),
        forward_passes=passes,
        began=began,
    )


@torch.inference_mode()
def _first_choice(network: Network, stream: np.ndarray) -> int:
    hidden = last_hidden_states(network, stream[None], torch.zeros(0, network.config.d_model))
    return int(first_choices(network.head, network.embedding.weight, hidden))


def number_of(name: str, word: object, vocabulary: Vocabulary) -> int:
    """Return the number of a word, given as itself or by that number.

    Args:
        name: what it is called in the error.
        word: a token of the vocabulary or its number.
        vocabulary: of the model.

    Raises:
        InputError: the vocabulary does not have it.
    """
    if isinstance(word, str):
        if word in vocabulary:
            return vocabulary.stoi[word]
        raise InputError(
            f"{name} is {word!r:.60}, which is not among the {len(vocabulary):,} tokens that the model knows; "
            "it could never say it. Capitals count; model.tokenize shows how a text is read."
        )
    return whole(name, word, 0, len(vocabulary) - 1)
