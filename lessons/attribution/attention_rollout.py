"""Attention rollout: attention weights followed through all layers, along with what the residual stream hands on.

    A_l     = (mean over heads of the weights of layer l + I) / 2      half is handed on as it is
    rollout = A_L ... A_2 A_1                                          rows still sum to 1

Its last row says from which words the information at the place of the prediction could have come, if every layer mixed
the words by its weights and did nothing else. That is a strong 'if': values, MLPs and the target play no part.

Source: Abnar and Zuidema 2020, arXiv:2005.00928, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lessons.attribution.ask import ask
from lessons.attribution.attention import answer_from_weights, weights_before
from lessons.records import Attribution, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["attention_rollout"]


def attention_rollout(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
) -> Attribution:
    """Return the share of each word in what reaches the place of the prediction, 0 to 1.

    The shares of all words and of the `<eos>` before them sum to 1; `details["start"]` is the share of that.

    Args:
        model: a Transformer.
        text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`. The shares are
            the same for every target.

    Raises:
        InputError: see `ask`; the model is an LSTM.
    """
    question = ask(model, text, target, position, explains, against)
    mean_weights = weights_before(question).mean(axis=1)  # (L, T, T)
    rollout = np.eye(mean_weights.shape[-1])
    for weights in mean_weights:
        rollout = (weights + np.eye(len(weights))) / 2 @ rollout
    return answer_from_weights("attention_rollout", question, rollout[-1], {})
