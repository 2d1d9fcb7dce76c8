"""The recipes: what is trained, how long and how, in one place.

Every number of a training run is a field of a `TrainingRecipe`; the three presets of each model are the recipes that
the project itself was tried with. What came out of them is in docs/models.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from lessons.checks import real, whole
from lessons.errors import InputError
from lessons.noise import NoiseRates

__all__ = ["PRESETS", "Preset", "TrainingRecipe", "preset"]

PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class TrainingRecipe:
    """How a model is trained. Exactly one of `epochs` and `minutes` says for how long.

    Attributes:
        batch_size: B, rows (LSTM) or windows (Transformer) per step.
        length: T, tokens per row and step (for the LSTM also known as bptt).
        learning_rate: the highest rate; it rises from zero over `warmup` and falls to zero along half a cosine.
        epochs: passes over the training split. The run is then the same, step by step, whenever it is repeated.
        minutes: training time. A faster machine then does more steps.
        warmup: share of the training over which the rate rises.
        weight_decay: of AdamW (Loshchilov and Hutter 2019), on matrices only.
        betas: of AdamW.
        clip: largest L2 norm of the gradient; longer ones are shortened.
        noise: dropout rates.
        seed: of the starting weights, the batches and the dropout.
        precision: "bfloat16" multiplies matrices in half precision, "auto" where the processor has instructions for it.
        evaluations: how often the validation split is measured, evenly spread; the last time at the end.
        checkpoint_every: steps between two checkpoints.
    """

    batch_size: int
    length: int
    learning_rate: float
    epochs: float | None = None
    minutes: float | None = None
    warmup: float = 0.02
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    clip: float = 0.25
    noise: NoiseRates = field(default_factory=NoiseRates)
    seed: int = 7
    precision: str = "auto"
    evaluations: int = 10
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.minutes is None):
            raise InputError(
                f"epochs is {self.epochs} and minutes is {self.minutes}; give exactly one of them to say how long "
                "to train."
            )
        for name in ("batch_size", "length", "checkpoint_every"):
            whole(name, getattr(self, name), 1)
        whole("evaluations", self.evaluations, 0)
        whole("seed", self.seed, 0, 2**63 - 1)
        for name in ("epochs", "minutes", "learning_rate", "clip"):
            if getattr(self, name) is not None:
                real(name, getattr(self, name), 0, open_below=True)
        real("weight_decay", self.weight_decay, 0)
        for name, share in (("warmup", self.warmup), *zip(("betas[0]", "betas[1]"), self.betas, strict=True)):
            real(name, share, 0, below=1)
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is {self.precision!r}; choose one of {', '.join(PRECISIONS)}.")


@dataclass(frozen=True)
class Preset:
    """A model's shape and its recipe. `shape` holds the configuration's fields except `vocab_size`."""

    purpose: str
    recipe: TrainingRecipe
    shape: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


_CUTOFFS = (2000, 10000)
_LSTM = MappingProxyType({"d_model": 256, "n_layers": 2, "cutoffs": _CUTOFFS})
_TRANSFORMER = MappingProxyType(
    {"context_length": 128, "n_layers": 4, "n_heads": 6, "d_model": 192, "d_ff": 768, "cutoffs": _CUTOFFS}
)
_LSTM_RECIPE = TrainingRecipe(
    batch_size=64, length=50, learning_rate=4e-3, minutes=20, noise=NoiseRates(0.0, 0.1, 0.1, 0.2)
)
_TRANSFORMER_RECIPE = TrainingRecipe(
    batch_size=16, length=128, learning_rate=2e-3, minutes=20, clip=1.0, noise=NoiseRates(0.05, 0.1, 0.1, 0.1)
)

PRESETS: Mapping[str, Mapping[str, Preset]] = MappingProxyType(
    {
        "lstm": MappingProxyType(
            {
                "class": Preset(
                    "a minute, to watch the loss fall",
                    replace(_LSTM_RECIPE, batch_size=16, length=32, learning_rate=5e-3, minutes=1, evaluations=2),
                    MappingProxyType({"d_model": 128, "n_layers": 1, "cutoffs": _CUTOFFS}),
                ),
                "laptop": Preset("twenty minutes, to get a model that is worth asking", _LSTM_RECIPE, _LSTM),
                "best": Preset(
                    "the recipe of the shipped model",
                    replace(_LSTM_RECIPE, minutes=85, noise=NoiseRates(0.1, 0.25, 0.2, 0.3), evaluations=17),
                    _LSTM,
                ),
            }
        ),
        "transformer": MappingProxyType(
            {
                "class": Preset(
                    "a minute, to watch the loss fall",
                    replace(_TRANSFORMER_RECIPE, batch_size=8, length=64, learning_rate=3e-3, minutes=1, evaluations=2),
                    MappingProxyType(
                        {
                            "context_length": 64,
                            "n_layers": 2,
                            "n_heads": 4,
                            "d_model": 128,
                            "d_ff": 512,
                            "cutoffs": _CUTOFFS,
                        }
                    ),
                ),
                "laptop": Preset(
                    "twenty minutes, to get a model that is worth asking", _TRANSFORMER_RECIPE, _TRANSFORMER
                ),
                "best": Preset(
                    "the recipe of the shipped model",
                    replace(
                        _TRANSFORMER_RECIPE,
                        learning_rate=2.5e-3,
                        minutes=85,
                        noise=NoiseRates(0.1, 0.15, 0.15, 0.15),
                        evaluations=17,
                    ),
                    _TRANSFORMER,
                ),
            }
        ),
    }
)


def preset(architecture: str, name: str) -> Preset:
    """Return one of the presets.

    Args:
        architecture: "lstm" or "transformer".
        name: "class", "laptop" or "best".

    Raises:
        InputError: there is no such architecture or preset.
    """
    if architecture not in PRESETS:
        raise InputError(f"There is no model called {architecture!r}; choose one of {', '.join(PRESETS)}.")
    if name not in PRESETS[architecture]:
        raise InputError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS[architecture])}.")
    return PRESETS[architecture][name]
