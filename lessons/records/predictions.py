"""What a model expects next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["NextTokens"]


@dataclass(frozen=True, eq=False)
class NextTokens:
    """A model's distribution over the next token at one place: the top of it in full, the rest as one number.

    Attributes:
        model_name: the model that was asked.
        position: place of the predicted token in the text, -1 for the one after the text.
        tokens: (k,) the most probable tokens, most probable first.
        token_ids: (k,) int64.
        probabilities: (k,) float64, at the given temperature.
        temperature: what the logits were divided by before the softmax; 1.0 is the model as trained.
        vocab_size: number of tokens that the distribution covers.
        entropy: of the whole distribution, in nats.
        context: number of tokens before the predicted one that the model could see, the start of line `<eos>` included.
        true_token: the token that stands at `position`, or None after the text.
        true_probability: its probability at the given temperature, or None.
        true_rank: 1 for the model's first choice, or None. Equal probabilities share the best rank.
    """

    model_name: str
    position: int
    tokens: tuple[str, ...]
    token_ids: np.ndarray
    probabilities: np.ndarray
    temperature: float
    vocab_size: int
    entropy: float
    context: int
    true_token: str | None = None
    true_probability: float | None = None
    true_rank: int | None = None

    def __post_init__(self) -> None:
        k = len(self.tokens)
        object.__setattr__(self, "token_ids", frozen(self.token_ids, np.int64, (k,), "token_ids"))
        object.__setattr__(self, "probabilities", frozen(self.probabilities, np.float64, (k,), "probabilities"))
        if not 1 <= k <= self.vocab_size:
            raise InputError(
                f"{k} tokens were given for a vocabulary of {self.vocab_size}; 1 to {self.vocab_size} fit."
            )

    @property
    def rest_probability(self) -> float:
        """Probability of all tokens that are not listed."""
        return max(0.0, 1.0 - float(self.probabilities.sum()))

    @property
    def rest_count(self) -> int:
        """Number of tokens that are not listed."""
        return self.vocab_size - len(self.tokens)

    @property
    def true_surprisal(self) -> float | None:
        """-log of the true token's probability, in nats (Shannon 1948); infinite for a probability of 0."""
        if self.true_probability is None:
            return None
        return -math.log(self.true_probability) if self.true_probability > 0 else math.inf
