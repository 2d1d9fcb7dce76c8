"""The recipes: what is trained, how long and how, in one place.

Every number of a training run is a field of a `TrainingRecipe`; the four presets of each model are the recipes that
the project itself was tried with. What came out of them is in docs/models.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from lessons.checks import real, whole
from lessons.errors import CheckpointError, InputError
from lessons.noise_rates import NoiseRates

__all__ = ["DISPLAY_NAMES", "PRESETS", "Preset", "TrainingRecipe", "preset", "recipe_from"]

#: The two architectures, as they are called on screen.
DISPLAY_NAMES = {"lstm": "LSTM", "transformer": "Transformer"}
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class TrainingRecipe:
    """How a model is trained. Exactly one of `epochs` and `minutes` says for how long.

    Attributes:
        batch_size: B, rows (LSTM) or windows (Transformer) per step.
        length: T, tokens per row and step (for the LSTM also known as bptt).
        learning_rate: the highest rate; it rises from zero over `warmup`, stays over `plateau` and falls to zero along
            half a cosine (`lessons.schedule`).
        epochs: passes over the training split. The run is then the same, step by step, whenever it is repeated.
        minutes: training time. A faster machine then does more steps.
        warmup: share of the training over which the rate rises.
        plateau: share of the training, after that, over which it stays.
        jitter: by how many tokens the edges of an LSTM's steps are moved at random (jittered bptt).
        weight_decay: of AdamW (Loshchilov and Hutter 2019), on matrices only.
        betas: of AdamW.
        clip: largest L2 norm of the gradient; longer ones are shortened.
        noise: dropout rates.
        late_from: share of the training after which `late_noise` counts; 1 for never.
        late_noise: what all dropout rates are multiplied by from then on, when the rate is low and a small model has no
            time left to learn its text by heart.
        activation_penalty: how much large outputs of an LSTM cost (`lessons.penalties`).
        temporal_penalty: how much changes of its output from token to token cost.
        average_over: steps over which the weights are averaged, the average being what is measured and kept in the end
            (`lessons.averaging`); 0 for none.
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
    plateau: float = 0.0
    jitter: int = 0
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    clip: float = 0.25
    noise: NoiseRates = field(default_factory=NoiseRates)
    late_from: float = 1.0
    late_noise: float = 1.0
    activation_penalty: float = 0.0
    temporal_penalty: float = 0.0
    average_over: int = 0
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
        for name in ("evaluations", "average_over"):
            whole(name, getattr(self, name), 0)
        whole("jitter", self.jitter, 0, (self.length - 1) // 2)
        whole("seed", self.seed, 0, 2**63 - 1)
        for name in ("epochs", "minutes", "learning_rate", "clip"):
            if getattr(self, name) is not None:
                real(name, getattr(self, name), 0, open_below=True)
        for name in ("weight_decay", "activation_penalty", "temporal_penalty"):
            real(name, getattr(self, name), 0)
        for name, share in (("warmup", self.warmup), *zip(("betas[0]", "betas[1]"), self.betas, strict=True)):
            real(name, share, 0, below=1)
        real("plateau", self.plateau, 0)
        for name in ("late_from", "late_noise"):
            real(name, getattr(self, name), 0)
        self.noise.times(self.late_noise)  # refuses rates of 1 or more
        if self.warmup + self.plateau >= 1:
            raise InputError(
                f"warmup is {self.warmup} and plateau {self.plateau}; together they must leave some of the training, "
                "below 1, for the rate to fall."
            )
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is {self.precision!r}; choose one of {', '.join(PRECISIONS)}.")

    def noise_at(self, progress: float) -> NoiseRates:
        """Return the dropout rates at a share of the training, 0 to 1."""
        return self.noise.times(self.late_noise) if progress >= self.late_from else self.noise

    @property
    def settings(self) -> dict[str, float]:
        """The values of `lessons.records.TURNED`, as a `RunLog` has them: dropout is that between layers."""
        return {"learning_rate": self.learning_rate, "dropout": self.noise.hidden, "clip": self.clip}


def recipe_from(fields: object) -> TrainingRecipe:
    """Return the recipe that a card holds; a field that came later has its default, which is what was done before.

    Raises:
        CheckpointError: these are not the fields of a recipe.
    """
    try:
        given = dict(fields)  # type: ignore[call-overload]
        return TrainingRecipe(
            **{**given, "betas": tuple(given["betas"]), "noise": NoiseRates(**given["noise"])},
        )
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise CheckpointError(f"The checkpoint's recipe cannot be read: {error}.") from error


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
                    "an hour and a half, for most of what the long recipe reaches",
                    replace(_LSTM_RECIPE, minutes=85, noise=NoiseRates(0.1, 0.25, 0.2, 0.3), evaluations=17),
                    _LSTM,
                ),
                "long": Preset(
                    "the shipped model's recipe in one piece: hours, in as many sittings as you like",
                    TrainingRecipe(
                        batch_size=40,
                        length=70,
                        learning_rate=3e-3,
                        epochs=53.5,
                        plateau=0.3,
                        jitter=10,
                        weight_decay=0.05,
                        noise=NoiseRates(0.1, 0.3, 0.2, 0.35, recurrent=0.3),
                        late_from=0.779,
                        late_noise=0.5,
                        average_over=3000,
                        evaluations=53,
                        checkpoint_every=400,
                    ),
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
                    "an hour and a half, for most of what the long recipe reaches",
                    replace(
                        _TRANSFORMER_RECIPE,
                        learning_rate=2.5e-3,
                        minutes=85,
                        noise=NoiseRates(0.1, 0.15, 0.15, 0.15),
                        evaluations=17,
                    ),
                    _TRANSFORMER,
                ),
                "long": Preset(
                    "the shipped model's recipe in one piece: hours, in as many sittings as you like",
                    replace(
                        _TRANSFORMER_RECIPE,
                        learning_rate=2.5e-3,
                        minutes=None,
                        epochs=24.1,
                        noise=NoiseRates(0.1, 0.2, 0.2, 0.2),
                        late_from=0.685,
                        late_noise=0.5,
                        evaluations=24,
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
        name: "class", "laptop", "best" or "long".

    Raises:
        InputError: there is no such architecture or preset.
    """
    if architecture not in PRESETS:
        raise InputError(f"There is no model called {architecture!r}; choose one of {', '.join(PRESETS)}.")
    if name not in PRESETS[architecture]:
        raise InputError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS[architecture])}.")
    return PRESETS[architecture][name]
