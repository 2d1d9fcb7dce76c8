"""Input x gradient: what the slope at the text says about taking a word's vector away.

    score of word t = (e_t - b_t) . d f / d e_t          b_t: what stands for a missing word, 0 unless another is given

This is the first term of f(text) - f(text without the word), as if f were a straight line. Where f is one (a linear
model), it is that difference exactly; where f bends, it may even have the wrong sign.

Source: Shrikumar, Greenside and Kundaje 2017, arXiv:1704.02685, section 2 (as 'gradient x input').
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lessons.attribution.ask import ask
from lessons.attribution.missing import Baseline, missing
from lessons.records import Attribution, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["input_x_gradient"]


def input_x_gradient(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "zero",
    n_draws: int = 8,
    seed: int = 0,
) -> Attribution:
    """Return the word's vector, less the baseline's, times the gradient, summed over the D units.

    With the baseline "zero" it is Captum's `InputXGradient`.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        baseline, n_draws, seed: what 'missing' means, see `lessons.attribution.missing.missing`; not "delete".

    Raises:
        InputError: see `ask` and `missing`.
    """
    question = ask(model, text, target, position, explains, against)
    absent = missing(question, baseline, n_draws, seed)
    path = question.embeddings() - absent.embeddings(question).mean(dim=0)  # (n, D)
    values, gradients = question.gradients(question.embeddings()[None])
    scores = (path.double() * gradients[0]).sum(dim=-1).numpy()
    return question.answer(
        "input_x_gradient",
        scores,
        value=values[0],
        forward_passes=1,
        backward_passes=1,
        baseline=absent.name,
        seed=absent.seed,
    )
