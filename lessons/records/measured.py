"""What training and measuring report: loss, perplexity, speed."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Evaluation", "TrainingStep", "perplexity_of"]


def perplexity_of(loss: float) -> float:
    """Return exp of a mean surprisal in nats: as unsure as an even choice among so many tokens.

    A loss above 709 gives infinity, since its exponential is larger than any float; a loss that is not a number stays
    so.
    """
    return math.inf if loss > 709 else math.exp(loss)


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
        note: what a person should know: that a checkpoint was damaged or could not be written, and what that means.
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
    note: str | None = None

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
