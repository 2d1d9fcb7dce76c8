"""Attention as an explanation: how much weight the last word's queries give to each word. To be compared, not believed.

A weight says how much of a word's *value vector* is mixed in at one place of one layer. It does not know the target, it
has no sign, and by the last layer the vector at a place is no longer that word's alone.

Source: Jain and Wallace 2019, arXiv:1902.10186 (why not to believe it); Wiegreffe and Pinter 2019, arXiv:1908.04626
(when it can be used all the same).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lessons.attribution.ask import ask
from lessons.attribution.question import Question
from lessons.checks import whole
from lessons.errors import InputError
from lessons.records import Attribution, TokenizedText, TransformerTrace
from lessons.tracing import trace
from lessons.transformer import TransformerLanguageModel

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["answer_from_weights", "attention", "weights_before"]


def attention(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    layer: int = -1,
    head: int | None = None,
) -> Attribution:
    """Return the attention weights from the place of the prediction to each word, 0 to 1.

    The weights on all words and on the `<eos>` before them sum to 1; `details["start"]` is the weight on that.

    Args:
        model: a Transformer.
        text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`. The weights
            are the same for every target.
        layer: counted from 0; -1 for the last one.
        head: counted from 0; None for the mean over all heads.

    Raises:
        InputError: see `ask`; the model is an LSTM; there is no such layer or head.
    """
    question = ask(model, text, target, position, explains, against)
    weights = weights_before(question)  # (L, H, T, T)
    layer = whole("layer", layer, -1, len(weights) - 1)
    heads = weights[layer] if head is None else weights[layer, [whole("head", head, 0, weights.shape[1] - 1)]]
    details = {"layer": layer % len(weights), **({} if head is None else {"head": head})}
    return answer_from_weights("attention", question, heads.mean(axis=0)[-1], details)


def weights_before(question: Question) -> np.ndarray:
    """Return (L, H, T, T) float64, the attention weights in the window before the prediction.

    Raises:
        InputError: the model is an LSTM.
    """
    network, text, n_words = question.network, question.text, len(question.words) + question.n_outside
    if not isinstance(network, TransformerLanguageModel):
        raise InputError(
            "An LSTM has no attention weights; ask a Transformer, or choose a method that works for both models, "
            "such as 'occlusion'."
        )
    before = TokenizedText(text.text, text.tokens[:n_words], text.typed[:n_words], text.token_ids[:n_words])
    read = trace(network, question.vocabulary, before, "", question.end_of_line, top_k=0, lens=False, logits=False)
    assert isinstance(read, TransformerTrace)
    return read.attention_weights.astype(np.float64)


def answer_from_weights(
    method: str, question: Question, weights: np.ndarray, details: Mapping[str, float]
) -> Attribution:
    """Return the record of weights (T,) from the place of the prediction to the tokens of the window."""
    n_start = len(question.start)
    return question.answer(
        method,
        weights[n_start:],
        value=question.value(),
        forward_passes=2,
        details={**details, "start": float(weights[:n_start].sum())},
        notes=("Attention weights are the same whichever word is explained, and have no sign.",),
    )
