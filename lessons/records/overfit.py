"""How well models learn from more and less text, with more and less dropout: the same training many times over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["OverfitGrid", "OverfitRun"]


@dataclass(frozen=True, eq=False)
class OverfitRun:
    """One training on a part of the text.

    Attributes:
        fraction: the part of the training text that it reads, above 0 and at most 1.
        dropout: the share of units set to zero, at every place where the model has dropout.
        seed: of the starting weights, the batches and the dropout.
        n_tokens: how many tokens that part has.
        epochs: how often it was read.
        step: (n,) numbers of the steps after which it was measured, rising; 0 is before the first.
        train: (n,) perplexity on the text that it learns from, dropout off: on as many of its first tokens as
            are measured of other text, or on all if it has fewer.
        valid: (n,) perplexity on text that it never learns from.
    """

    fraction: float
    dropout: float
    seed: int
    n_tokens: int
    epochs: float
    step: np.ndarray
    train: np.ndarray
    valid: np.ndarray

    def __post_init__(self) -> None:
        n = np.size(self.step)
        if not n:
            raise InputError("A run must have been measured at least once.")
        object.__setattr__(self, "step", frozen(self.step, np.int64, (n,), "step"))
        if (np.diff(self.step) <= 0).any():
            raise InputError("step must rise from one measurement to the next.")
        for name in ("train", "valid"):
            values = frozen(getattr(self, name), np.float64, (n,), name)
            if not (np.isfinite(values) & (values > 0)).all():
                raise InputError(f"{name} holds a number that is no perplexity: all must be finite and above 0.")
            object.__setattr__(self, name, values)

    @property
    def best(self) -> int:
        """Index of the measurement with the lowest validation perplexity: where early stopping stops."""
        return int(np.argmin(self.valid))


@dataclass(frozen=True, eq=False)
class OverfitGrid:
    """The same training with every part of the text and every dropout, once for each seed.

    Attributes:
        runs: one for each fraction, dropout and seed.
        floor: the perplexity of the rules that wrote the validation text, which no model can beat.
        baselines: perplexities of models that only count, on the same tokens, by name.
        n_valid_tokens: how many validation tokens are measured on.
        corpus: the text.
        recipe: the training in words.
        torch: the version of PyTorch that was used.
        source: where the numbers come from, for the reader.
    """

    runs: tuple[OverfitRun, ...]
    floor: float
    baselines: dict[str, float]
    n_valid_tokens: int
    corpus: str
    recipe: str
    torch: str
    source: str = "measured here"

    def __post_init__(self) -> None:
        object.__setattr__(self, "runs", tuple(self.runs))
        object.__setattr__(self, "baselines", dict(self.baselines))
        seen = {(run.fraction, run.dropout, run.seed) for run in self.runs}
        wanted = len(self.fractions) * len(self.dropouts) * len(self.seeds)
        if not self.runs or len(seen) != len(self.runs) or len(seen) != wanted:
            raise InputError(
                f"The grid has {len(self.runs)} runs of {len(seen)} kinds; it must have one for each of "
                f"{len(self.fractions)} fractions, {len(self.dropouts)} dropout rates and {len(self.seeds)} seeds."
            )
        steps = self.runs[0].step
        if any(not np.array_equal(run.step, steps) for run in self.runs):
            raise InputError("The runs were not all measured after the same steps.")

    @property
    def fractions(self) -> tuple[float, ...]:
        """All parts of the text, rising."""
        return tuple(sorted({run.fraction for run in self.runs}))

    @property
    def dropouts(self) -> tuple[float, ...]:
        """All dropout rates, rising."""
        return tuple(sorted({run.dropout for run in self.runs}))

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, rising."""
        return tuple(sorted({run.seed for run in self.runs}))

    def of(self, fraction: float, dropout: float) -> tuple[OverfitRun, ...]:
        """Return the runs of one cell of the grid, in order of their seeds.

        Raises:
            InputError: it was not measured.
        """
        found = [run for run in self.runs if (run.fraction, run.dropout) == (fraction, dropout)]
        if not found:
            raise InputError(
                f"There is no run with {fraction:g} of the text and dropout {dropout:g}; the fractions are "
                f"{', '.join(f'{one:g}' for one in self.fractions)}, the dropout rates "
                f"{', '.join(f'{one:g}' for one in self.dropouts)}."
            )
        return tuple(sorted(found, key=lambda run: run.seed))
