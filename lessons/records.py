"""The plain, immutable records that pass from the models to the widgets: NumPy and dataclasses, no torch.

A record checks its own lengths when it is made and never changes afterwards. Its arrays are read-only copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError

__all__ = ["Evaluation", "NextTokens", "TokenizedText", "TrainingStep", "perplexity_of"]


def perplexity_of(loss: float) -> float:
    """Return exp of a mean surprisal in nats: as unsure as an even choice among so many tokens.

    A loss above 709 gives infinity, since its exponential is larger than any float; a loss that is not a number stays
    so.
    """
    return math.inf if loss > 709 else math.exp(loss)


def _frozen(values: object, dtype: type, length: int, name: str) -> np.ndarray:
    """Return `values` as a read-only one-dimensional array of `length` entries."""
    array: np.ndarray = np.array(values, dtype=dtype)
    if array.shape != (length,):
        raise InputError(f"{name} has shape {array.shape}; it must have one value for each of the {length} tokens.")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class TokenizedText:
    """A text as a model reads it, beside the text as it was typed.

    Attributes:
        text: what was typed, after characters that no page can show were replaced.
        tokens: (T,) the tokens that the model reads; `<unk>` where a word is not in the vocabulary.
        typed: (T,) for each token what the person wrote, so that an unknown word can still be shown.
        token_ids: (T,) int64, the tokens' places in the vocabulary.
        notes: sentences for the reader about what was done to the text (unknown words, replaced characters).
    """

    text: str
    tokens: tuple[str, ...]
    typed: tuple[str, ...]
    token_ids: np.ndarray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.typed) != len(self.tokens):
            raise InputError(f"typed has {len(self.typed)} entries for {len(self.tokens)} tokens; the two must match.")
        object.__setattr__(self, "token_ids", _frozen(self.token_ids, np.int64, len(self.tokens), "token_ids"))

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_unknown(self) -> tuple[bool, ...]:
        """(T,) True where a word was typed that the vocabulary does not hold (a typed `<unk>` is known)."""
        return tuple(
            token == "<unk>" and typed != "<unk>" for token, typed in zip(self.tokens, self.typed, strict=True)
        )


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
        object.__setattr__(self, "token_ids", _frozen(self.token_ids, np.int64, k, "token_ids"))
        object.__setattr__(self, "probabilities", _frozen(self.probabilities, np.float64, k, "probabilities"))
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


@dataclass(frozen=True)
class TrainingStep:
    """What one optimizer step of `lessons.training.train` did.

    Attributes:
        step: number of steps done so far, this one included.
        epoch: tokens seen divided by tokens in the training split.
        progress: 0 to 1, the part of the planned training that is done.
        tokens_seen: training targets so far.
        loss: mean of this step's batch, nats per token, with dropout on.
        learning_rate: the rate this step used.
        gradient_norm: L2 norm over all parameters before clipping.
        tokens_per_second: mean over the last steps, 0 before the first can be timed.
        seconds: training time so far, resumed runs added up, evaluation and saving left out.
        seconds_left: estimate for the rest, or None before there is one.
        valid_perplexity: perplexity of the whole validation split where it was measured at this step, else None.
        checkpoint: path of the checkpoint that was written at this step, else None.
    """

    step: int
    epoch: float
    progress: float
    tokens_seen: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    seconds: float
    seconds_left: float | None = None
    valid_perplexity: float | None = None
    checkpoint: str | None = None

    @property
    def perplexity(self) -> float:
        """exp of the loss: the perplexity of this step's batch."""
        return perplexity_of(self.loss)


@dataclass(frozen=True)
class Evaluation:
    """How well a model predicts a split.

    Attributes:
        model_name: the model that was measured.
        split: the part of the corpus.
        n_tokens: tokens predicted, each `<eos>` counted.
        loss: mean surprisal, nats per token.
        seconds: how long the measurement took.
    """

    model_name: str
    split: str
    n_tokens: int
    loss: float
    seconds: float

    @property
    def perplexity(self) -> float:
        """exp of the mean surprisal."""
        return perplexity_of(self.loss)
