"""What each word before a prediction contributed to it, by one method, with all that the method assumed and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.records.arrays import frozen
from lessons.records.text import TokenizedText

__all__ = ["BASELINES", "EXPLAINS", "Attribution"]

#: What can be explained: the number that the scores are about.
EXPLAINS: Mapping[str, str] = MappingProxyType(
    {
        "log_probability": "log-probability of the target, in nats",
        "probability": "probability of the target",
        "logit": "logit of the target: its score before the softmax",
        "contrast": "log-probability of the target minus that of another word, in nats",
    }
)

#: What can stand in place of a word that is missing.
BASELINES: Mapping[str, str] = MappingProxyType(
    {
        "unk": "the token <unk>",
        "zero": "a vector of zeros",
        "mean": "the mean of all embeddings",
        "delete": "nothing: the words after it move up",
        "resample": "words drawn at random, as often as they stand in the corpus",
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Attribution:
    """One number for each word before a prediction: what it contributed, by one method.

    The `<eos>` that starts the line is read before the first word. It is no word of the text, it is never missing and
    it gets no score: what it does is part of `baseline_value`.

    Attributes:
        model_name: the model that was explained.
        method: the name of the method, as in `model.explain(text, method=...)`.
        text: the whole text as the model reads it.
        position: place of the predicted word in the text, -1 for the word after the text.
        tokens: (T,) the words before the prediction.
        scores: (T,) float64: above 0 where the word speaks for the target, below 0 where it speaks against it; methods
            without a direction (saliency, attention) have none below 0. A word outside the model's window has 0.
        target, target_id: the predicted word that is explained.
        explains: which number is explained, one of `EXPLAINS`.
        against, against_id: the other word of a contrast, else None.
        baseline: what 'missing' means, one of `BASELINES`, "words" or "vectors" for what was given; None if the method
            leaves nothing out.
        value: the explained number with all words.
        baseline_value: the same with all words missing; None if the method does not ask for it.
        forward_passes: how many texts the model read for this.
        backward_passes: how many gradients were taken for this.
        seconds: how long it took.
        seed: of what was drawn at random, None if nothing was.
        spread: (T,) standard error of each score if it was estimated from samples, else None.
        convergence_delta: sum of the scores minus (`value` - `baseline_value`), where the method promises 0; else None.
        n_outside: number of words at the front that the model cannot see, since its window is shorter than the text.
        details: further numbers of the method by name, such as `n_steps` or `r_squared`.
        notes: sentences for the reader.
    """

    model_name: str
    method: str
    text: TokenizedText
    position: int
    tokens: tuple[str, ...]
    scores: np.ndarray
    target: str
    target_id: int
    explains: str
    value: float
    forward_passes: int
    seconds: float
    against: str | None = None
    against_id: int | None = None
    baseline: str | None = None
    baseline_value: float | None = None
    backward_passes: int = 0
    seed: int | None = None
    spread: np.ndarray | None = None
    convergence_delta: float | None = None
    n_outside: int = 0
    details: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.tokens),)
        object.__setattr__(self, "scores", frozen(self.scores, np.float64, shape, "scores"))
        if self.spread is not None:
            object.__setattr__(self, "spread", frozen(self.spread, np.float64, shape, "spread"))
        if self.explains not in EXPLAINS:
            raise InputError(f"explains is {self.explains!r}; it must be one of {', '.join(EXPLAINS)}.")
        if (self.against is None) != (self.explains != "contrast"):
            raise InputError("A contrast, and nothing else, names the word that it is against.")
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))

    def __len__(self) -> int:
        """T, the number of words before the prediction."""
        return len(self.tokens)

    @property
    def total(self) -> float:
        """Sum of the scores."""
        return float(self.scores.sum())

    @property
    def order(self) -> np.ndarray:
        """(T,) int64: places of the words, the largest score without its sign first; equal ones from left to right."""
        return np.argsort(-np.abs(self.scores), kind="stable")

    def top(self, k: int = 5) -> list[tuple[str, float]]:
        """Return the k words whose scores are largest without their sign, each with its score.

        Raises:
            InputError: `k` is below 1.
        """
        return [(self.tokens[i], float(self.scores[i])) for i in self.order[: whole("k", k, 1)].tolist()]
