"""How much of a network dropout sets to zero, place by place: numbers alone, known without loading torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from lessons.checks import real

__all__ = ["NoiseRates"]


@dataclass(frozen=True)
class NoiseRates:
    """The share of values set to zero, 0 to below 1, at each place.

    Attributes:
        word: whole words (rows of the embedding), the same for all places of a batch.
        embedding: units of the embedded tokens.
        hidden: units between layers (LSTM), or of each branch before it joins the residual stream (Transformer).
        output: units of the last hidden state.
        recurrent: single weights from an LSTM's hidden state to its gates, one mask for all places of a training step
            (weight drop).
    """

    word: float = 0.0
    embedding: float = 0.0
    hidden: float = 0.0
    output: float = 0.0
    recurrent: float = 0.0

    def __post_init__(self) -> None:
        for name, rate in asdict(self).items():
            real(f"The dropout rate '{name}'", rate, 0, below=1)

    def times(self, factor: float) -> NoiseRates:
        """Return so many times as much noise, at all places. Raises InputError where that is 1 or more."""
        return NoiseRates(*(factor * getattr(self, place.name) for place in fields(self)))
