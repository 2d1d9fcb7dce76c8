"""A recorded training run: what the model could do at each of its checkpoints, and what it looked like inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen
from lessons.records.run import RunCheckpoint, RunLog
from lessons.records.traces import GATES

__all__ = ["GATE_BINS", "HEAD_SCORES", "RecordedCheckpoint", "Recording"]

#: What each attention head is scored by, and what the score is.
HEAD_SCORES: Mapping[str, str] = MappingProxyType(
    {
        "previous_token": "weight on the token right before",
        "first_token": "weight on the first token, <eos>",
        "own_token": "weight on the token itself",
        "same_token": "weight on earlier copies of the same token, two or more places back",
        "relative_entropy": "entropy of the weights, divided by the largest possible",
    }
)
GATE_BINS = 20  # of a histogram of gate values: from 0 to 1, or for the candidate from −1 to 1
_QUANTILES = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedCheckpoint(RunCheckpoint):
    """What the model could do at one checkpoint, and what it looked like inside.

    L, H: layers and heads. P, W, U: the recording's prompts, words and units. S: tokens of its sentence with the
    `<eos>` before it. An LSTM has no attention, a Transformer no gates: those fields are None.

    Attributes:
        learning_rate: of the last step; NaN before the first.
        weights_sha256: of the weights that were measured.
        greedy: (P,) what it writes after each prompt if it always takes its first choice.
        drawn: (P,) what it writes with the recording's seed, at temperature 1.
        neighbours: (W, k) the tokens whose embeddings have the largest cosine with each word's, the nearest first.
        cosines: (W, k) these cosines, −1 to 1.
        attention: (L, H, S, S) weights on the sentence, to within 0.004: rows are queries.
        head_scores: (5, L, H) `HEAD_SCORES`, means over the recording's lines, the queries from the third token on.
        gates: (L, 4, S, U) of the recording's units on the sentence, to within 0.004; the gates are `GATES`.
        gate_means: (L, 4) over all units and all tokens of the recording's lines.
        gate_histogram: (L, 4, 20) shares of the values in bins of equal width from 0 to 1, of the candidate −1 to 1.
        half_lives: (L, 3) tokens after which half of a cell is left, by the geometric mean of its unit's forget gate:
            that of the unit at 10 %, at 50 % and at 90 % of the layer's units.
    """

    learning_rate: float
    weights_sha256: str
    greedy: tuple[str, ...]
    drawn: tuple[str, ...]
    neighbours: np.ndarray
    cosines: np.ndarray
    attention: np.ndarray | None = None
    head_scores: np.ndarray | None = None
    gates: np.ndarray | None = None
    gate_means: np.ndarray | None = None
    gate_histogram: np.ndarray | None = None
    half_lives: np.ndarray | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = np.shape(self.neighbours)
        self._freeze("neighbours", np.str_, shape)
        self._freeze("cosines", np.float64, shape)
        for name in ("greedy", "drawn"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if (self.attention is None) == (self.gates is None):
            raise InputError("A recorded checkpoint has attention weights or gates, one of both.")
        if self.attention is not None:
            n_layers, n_heads, n_tokens, _ = np.shape(self.attention)
            self._freeze("attention", np.float32, (n_layers, n_heads, n_tokens, n_tokens))
            self._freeze("head_scores", np.float64, (len(HEAD_SCORES), n_layers, n_heads))
            return
        assert self.gates is not None
        n_layers, _, n_tokens, n_units = np.shape(self.gates)
        self._freeze("gates", np.float32, (n_layers, len(GATES), n_tokens, n_units))
        self._freeze("gate_means", np.float64, (n_layers, len(GATES)))
        self._freeze("gate_histogram", np.float64, (n_layers, len(GATES), GATE_BINS))
        self._freeze("half_lives", np.float64, (n_layers, _QUANTILES))

    def _freeze(self, name: str, dtype: type, shape: tuple[int, ...]) -> None:
        object.__setattr__(self, name, frozen(getattr(self, name), dtype, shape, name))

    @property
    def saturated(self) -> np.ndarray:
        """(L, 4, 2) shares of the values below 0.1 and above 0.9; of the candidate below −0.9 and above 0.9."""
        histogram = self.gate_histogram
        if histogram is None:
            raise InputError("A Transformer has no gates; its checkpoints have `attention` and `head_scores`.")
        low, high = histogram[..., :2].sum(-1), histogram[..., -2:].sum(-1)
        candidate = GATES.index("candidate")  # its bins are twice as wide
        low[:, candidate], high[:, candidate] = histogram[:, candidate, 0], histogram[:, candidate, -1]
        return np.stack([low, high], -1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Recording:
    """A training run that is over, with all that was measured at its checkpoints; see `lessons.recording`.

    It can be replayed like a run: it has a `name`, `is_live` is False, and `log()` returns its log.

    Attributes:
        run: its log; all checkpoints are `RecordedCheckpoint`s, and `run.tokens` is the sentence.
        prompts: (P,) what the model goes on from.
        words: (W,) whose neighbours are listed.
        n_candidates: among how many of the most frequent tokens the neighbours are looked for.
        units: (U,) which units' gates are recorded, from 0, the same in each layer; empty for a Transformer.
        n_lines, n_tokens: what head scores and gates are means over; n_tokens counts each line's `<eos>`.
        even: (5,) the `HEAD_SCORES` of a head that weighs all visible tokens of these lines alike; empty for an LSTM.
        seed: of the choice of the lines, and of what is drawn.
    """

    run: RunLog
    prompts: tuple[str, ...]
    words: tuple[str, ...]
    n_candidates: int
    units: tuple[int, ...]
    n_lines: int
    n_tokens: int
    even: np.ndarray
    seed: int
    is_live: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name in ("prompts", "words", "units"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.run.checkpoints:
            raise InputError("A recording has at least one checkpoint; this run has none.")
        kind = "transformer" if self.run.architecture == "transformer" else "lstm"
        object.__setattr__(self, "even", frozen(self.even, np.float64, (5 * (kind == "transformer"),), "even"))
        for at in self.run.checkpoints:
            if not isinstance(at, RecordedCheckpoint):
                raise InputError(f"The checkpoint at step {at.step} is no RecordedCheckpoint, but {type(at).__name__}.")
            self._check(at)

    def _check(self, at: RecordedCheckpoint) -> None:
        """Raise InputError if a checkpoint is not like the first one, or does not fit the recording."""
        inside, first = (each.gates if each.attention is None else each.attention for each in (at, self.checkpoints[0]))
        assert inside is not None
        assert first is not None
        fits = (
            inside.shape == first.shape
            and inside.shape[2] == len(self.run.tokens) + 1
            and (at.gates is None or at.gates.shape[-1] == len(self.units))
            and (at.attention is None) == (self.run.architecture == "lstm")
            and len(at.greedy) == len(at.drawn) == len(self.prompts)
            and at.neighbours.shape[:1] == (len(self.words),)
        )
        if not fits:
            raise InputError(
                f"The checkpoint at step {at.step} does not fit the recording's sentence, prompts or words."
            )

    @property
    def name(self) -> str:
        """What the run is called on screen."""
        return self.run.name

    @property
    def checkpoints(self) -> tuple[RecordedCheckpoint, ...]:
        """In order of their steps."""
        return self.run.checkpoints  # type: ignore[return-value]

    @property
    def steps(self) -> tuple[int, ...]:
        """The numbers of the checkpoints' steps."""
        return tuple(at.step for at in self.run.checkpoints)

    @property
    def weights_sha256(self) -> str:
        """Of the weights at the last checkpoint: those of the model that came of the run, if it was finished."""
        return self.checkpoints[-1].weights_sha256

    def log(self) -> RunLog:
        """Return the run's log, as every run does."""
        return self.run

    def at(self, step: int) -> RecordedCheckpoint:
        """Return the last checkpoint up to a step; the first one for a step before it."""
        before = [checkpoint for checkpoint in self.checkpoints if checkpoint.step <= step]
        return before[-1] if before else self.checkpoints[0]
