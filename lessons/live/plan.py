"""What a live run is to train: chosen in the kernel, written to the run's folder, read by the process that trains.

It is numbers and names alone, so that a kernel can hold, check and send it without loading torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lessons.checks import real, whole
from lessons.errors import CheckpointError, InputError
from lessons.files import write_whole
from lessons.noise_rates import NoiseRates
from lessons.presets import DISPLAY_NAMES, Preset, preset
from lessons.records import TURNED, RunChange, RunLog

__all__ = ["PLAN", "RunPlan", "turned"]

PLAN = "plan.json"  # in a live run's folder
_MOST_STEPS = 100_000
_MOST_MEASUREMENTS = 1_000
_LONGEST = 2_000  # characters of a prompt or a sentence


def turned(name: str, value: float) -> float:
    """Return a value that something of `lessons.records.TURNED` can be turned to.

    Raises:
        InputError: there is no such thing, or the value is out of range.
    """
    if name not in TURNED:
        raise InputError(f"{name!r} cannot be turned; it must be one of {', '.join(TURNED)}.")
    return real(name, value, 0, below=1) if name == "dropout" else real(name, value, 0, open_below=True)


@dataclass(frozen=True)
class RunPlan:
    """A run of the `class` preset, as long and with the settings that were asked for: one dropout for all three places
    (embedding, hidden, output) and none of whole words, so that one number says it.

    Attributes:
        architecture: "lstm" or "transformer".
        corpus: name of the text on screen.
        source: where the process finds the text: "toy", "wikitext-2" or "files" (in the run's folder).
        seed: of the starting weights, the batches, the dropout and the samples.
        learning_rate: the highest rate; None for the preset's.
        dropout: share of units set to zero, at each place between two parts of the model; None for the preset's between
            layers.
        clip: largest L2 norm of the gradient; None for the preset's.
        n_steps: length.
        evaluations: how often the model is measured, evenly spread; besides, before the first step.
        name: what the run is called on screen; None for the architecture's.
        prompt: before the samples; None for one that suits the text.
        sentence: whose surprisals are taken; None for one that suits the text.
        changes: what is turned by itself, and after which step.
    """

    architecture: str
    corpus: str = "the toy language"
    source: str = "toy"
    seed: int = 7
    learning_rate: float | None = None
    dropout: float | None = None
    clip: float | None = None
    n_steps: int = 600
    evaluations: int = 12
    name: str | None = None
    prompt: str | None = None
    sentence: str | None = None
    changes: tuple[RunChange, ...] = ()

    def __post_init__(self) -> None:
        preset(self.architecture, "class")  # refuses another architecture
        ends = {"seed": (0, 2**63 - 1), "n_steps": (1, _MOST_STEPS), "evaluations": (1, _MOST_MEASUREMENTS)}
        for number, (low, high) in ends.items():
            object.__setattr__(self, number, whole(number, getattr(self, number), low, high))
        for setting in TURNED:
            if getattr(self, setting) is not None:
                object.__setattr__(self, setting, turned(setting, getattr(self, setting)))
        for text in ("name", "prompt", "sentence"):
            _check_text(text, getattr(self, text))
        last = {(change.step, change.name): change for change in _checked(self.changes)}  # of several at one step
        object.__setattr__(self, "changes", tuple(sorted(last.values(), key=lambda change: change.step)))

    @property
    def preset(self) -> Preset:
        """The class preset with the settings of this run; its length in epochs has still to be given."""
        chosen = preset(self.architecture, "class")
        given = {name: getattr(self, name) for name in ("learning_rate", "clip") if getattr(self, name) is not None}
        dropout = chosen.recipe.noise.hidden if self.dropout is None else self.dropout
        noise = NoiseRates(embedding=dropout, hidden=dropout, output=dropout)
        return replace(
            chosen, recipe=replace(chosen.recipe, minutes=None, epochs=1, seed=self.seed, noise=noise, **given)
        )

    @property
    def about(self) -> RunLog:
        """The run as it is known before anything was read: no step, no weights counted."""
        return RunLog(
            name=DISPLAY_NAMES[self.architecture] if self.name is None else self.name,
            architecture=self.architecture,
            corpus=self.corpus,
            seed=self.seed,
            n_parameters=0,
            n_steps=self.n_steps,
            settings=self.preset.recipe.settings,
            prompt=self.prompt or "",
        )

    def save(self, folder: Path) -> None:
        """Write the plan into a run's folder. Raises: OSError."""
        fields = {**asdict(self), "changes": [asdict(change) for change in self.changes]}
        write_whole(folder / PLAN, json.dumps(fields, ensure_ascii=False, indent=2).encode(), flush=False)

    @classmethod
    def load(cls, folder: Path) -> RunPlan:
        """Return the plan of a run's folder.

        Raises:
            CheckpointError: there is none, or it is damaged.
        """
        try:
            fields: dict[str, Any] = json.loads((folder / PLAN).read_text(encoding="utf-8"))
            return cls(**{**fields, "changes": tuple(RunChange(**change) for change in fields["changes"])})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CheckpointError(
                f"{folder / PLAN} cannot be read as the plan of a live run: {error}. Choose another folder."
            ) from error


def _checked(changes: Iterable[RunChange]) -> Iterable[RunChange]:
    for change in changes:
        if not isinstance(change, RunChange):
            raise InputError(f"changes hold {change!r:.60}; each must be a RunChange(step, name, value).")
        yield RunChange(whole("The step of a change", change.step, 0), change.name, turned(change.name, change.value))


def _check_text(name: str, text: object) -> None:
    if text is None:
        return
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{name} is {text!r:.60}; it must be a text with at least one word, or be left out.")
    if len(text) > _LONGEST:
        raise InputError(f"{name} has {len(text):,} characters; it must have at most {_LONGEST:,}.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{name} holds half a character (a lone surrogate); take it out.") from None
