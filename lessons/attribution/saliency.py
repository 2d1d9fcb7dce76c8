"""Saliency: how strongly the number would react to a small change of a word's vector.

    score of word t = || d f / d e_t ||          e_t: the word's embedding, (D,)

The length of a gradient has no sign: a score says 'sensitive here', not 'for' or 'against'. And it is a slope: where f
is flat because the word has already done its work, the score is near 0 although the word is decisive (saturation).

Source: Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034 (images); Li et al. 2016, arXiv:1506.01066 (words).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lessons.attribution.ask import ask
from lessons.records import Attribution, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["saliency"]


def saliency(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
) -> Attribution:
    """Return the length of the gradient at each word, 0 or more.

    Captum's `Saliency` gives the D numbers of each gradient without their signs; the length of these is our score.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.

    Raises:
        InputError: see `ask`.
    """
    question = ask(model, text, target, position, explains, against)
    values, gradients = question.gradients(question.embeddings()[None])
    scores = gradients[0].double().norm(dim=-1).numpy()  # (n,)
    return question.answer("saliency", scores, value=values[0], forward_passes=1, backward_passes=1)
