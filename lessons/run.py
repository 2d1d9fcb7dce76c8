"""A whole training run: from a corpus to a folder with a model that `load_model` opens."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lessons.cache import NeuralCache, evaluate_cached, tuned
from lessons.checkpoint import read_checkpoint, sha256_of, write_checkpoint
from lessons.corpus import Corpus
from lessons.distributed import Team
from lessons.errors import CheckpointError
from lessons.evaluation import evaluate
from lessons.last_checkpoints import PREVIOUS_CARD, TRAINING_CARD
from lessons.loading import load_model
from lessons.model import LanguageModel
from lessons.networks import build_network, config_from
from lessons.places import MODEL_CARD
from lessons.presets import Preset
from lessons.reading import Network
from lessons.records import Evaluation, TrainingStep
from lessons.text import Vocabulary, wikitext
from lessons.text.tokenizers import END_OF_LINE
from lessons.training import Trainer, train

__all__ = [
    "Run",
    "evaluate_model",
    "evaluate_with_cache",
    "finish",
    "finished_card",
    "has_started",
    "prepare",
    "run_steps",
]

_VOCABULARY_FILE = "vocabulary.json"


@dataclass(frozen=True)
class Run:
    """What a training run works with: the architecture's name, its preset, the corpus and all that is made of them."""

    architecture: str
    preset: Preset
    corpus: Corpus
    vocabulary: Vocabulary
    trainer: Trainer
    valid_ids: Tensor

    def about(self, vocabulary: Path) -> dict[str, Any]:
        """Return what every card of a model of this run says of it. Args: vocabulary, its file beside the card."""
        return {
            "architecture": self.architecture,
            "config": asdict(self.trainer.network.config),
            "recipe": asdict(self.preset.recipe),
            "corpus": {"name": self.corpus.name, "sha256": dict(self.corpus.sha256)},
            "vocabulary": {"file": vocabulary.name, "sha256": sha256_of(vocabulary)},
        }


def _token_ids(corpus: Corpus, split: str, vocabulary: Vocabulary) -> Tensor:
    return torch.from_numpy(vocabulary.encode(wikitext(corpus.text(split))))


def prepare(
    architecture: str, preset: Preset, corpus: Corpus, device: torch.device | None = None, team: Team | None = None
) -> Run:
    """Read the corpus, count its words and make an untrained network.

    Args:
        architecture: "lstm" or "transformer".
        preset: shape and recipe.
        corpus: its training split makes the vocabulary.
        device: where to train (`lessons.devices`); None: on the processor.
        team: the processes that train together (`lessons.distributed`); None: this one alone.

    Raises:
        CorpusError: the corpus cannot be read.
        InputError: the corpus is too small for the recipe, or its batches cannot be shared out among the team.
    """
    tokens = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([tokens])
    cutoffs = tuple(cutoff for cutoff in preset.shape.get("cutoffs", ()) if cutoff < len(vocabulary))
    config = config_from(architecture, {**preset.shape, "cutoffs": cutoffs, "vocab_size": len(vocabulary)})
    network = build_network(architecture, config, preset.recipe.seed)
    network.head.start_at_frequencies(torch.from_numpy(vocabulary.counts.copy()))
    trainer = Trainer(network.to(device), torch.from_numpy(vocabulary.encode(tokens)), preset.recipe, team)
    return Run(architecture, preset, corpus, vocabulary, trainer, _token_ids(corpus, "valid", vocabulary))


def run_steps(run: Run, folder: str | Path, resume: bool = False) -> Generator[TrainingStep, None, None]:
    """Train, and measure the validation split now and then; see `lessons.training.train`. All of a team call it."""
    end_of_line = run.vocabulary.stoi[END_OF_LINE]

    def valid_perplexity(network: Network) -> float:
        return evaluate(network, run.valid_ids, end_of_line).perplexity

    return train(run.trainer, folder, resume, valid_perplexity)


def finish(run: Run, folder: str | Path, command: str) -> dict[str, Any]:
    """Write the trained model, in half precision, with a card that holds the perplexities of the very file that was
    written.

    Args:
        run: a run whose training is done; of a team, process 0 alone writes.
        folder: where the model goes.
        command: what was typed to train it, for the card.

    Returns:
        The card.

    Raises:
        CheckpointError: it cannot be written.
    """
    folder = Path(folder)
    try:
        run.vocabulary.save(folder / _VOCABULARY_FILE)
    except OSError as error:
        raise CheckpointError(
            f"The vocabulary could not be written to {folder}: {error}. Make room on the disk."
        ) from error
    card = run.about(folder / _VOCABULARY_FILE) | {
        "command": command,
        "seed": run.preset.recipe.seed,
        "steps": run.trainer.step,
        "epochs": round(run.trainer.step / run.trainer.batches.per_epoch, 2),
        "minutes": round(run.trainer.seconds / 60, 1),
        "torch": torch.__version__.split("+")[0],
    }
    with run.trainer.result() as network:
        tensors = {name: value.half().cpu() for name, value in network.state_dict().items()}
    write_checkpoint(folder / MODEL_CARD, tensors, card)
    model = load_model(folder)
    for split in ("valid", "test"):
        measured = evaluate_model(model, run.corpus, split)
        card |= {f"{split}_perplexity": round(measured.perplexity, 2)}
    return write_checkpoint(folder / MODEL_CARD, tensors, card)


def evaluate_model(model: LanguageModel, corpus: Corpus, split: str) -> Evaluation:
    """Measure a trained model on a split of a corpus, with the model's own vocabulary.

    Args:
        model: loaded by `load_model`.
        corpus: any; a token that the model does not know counts as `<unk>`.
        split: "train", "valid" or "test".
    """
    ids = _token_ids(corpus, split, model.vocabulary)
    return evaluate(model.network, ids, model.vocabulary.stoi[END_OF_LINE], model.name, split)


def evaluate_with_cache(
    model: LanguageModel, corpus: Corpus, split: str, window: int = 2000
) -> tuple[NeuralCache, Evaluation]:
    """Measure a trained model on a split, with a neural cache that is tuned on the corpus' validation split.

    Args:
        model: loaded by `load_model`.
        corpus: any; a token that the model does not know counts as `<unk>`.
        split: "train", "valid" or "test"; on "valid" the figure is that of the split that the cache was tuned on.
        window: how many of the last places the cache keeps.
    """
    ids, valid_ids = (_token_ids(corpus, part, model.vocabulary) for part in (split, "valid"))
    end_of_line = model.vocabulary.stoi[END_OF_LINE]
    cache = tuned(model.network, valid_ids, end_of_line, window)
    return cache, evaluate_cached(model.network, ids, end_of_line, cache, model.name, split)[1]


def finished_card(run: Run, folder: str | Path) -> Mapping[str, Any] | None:
    """Return the card in a folder if it is that of this run's finished and measured model, else None."""
    try:
        _, card = read_checkpoint(Path(folder) / MODEL_CARD)
    except CheckpointError:  # there is none, or it is damaged and to be written again
        return None
    return card if card.get("steps") == run.trainer.step and "test_perplexity" in card else None


def has_started(folder: str | Path) -> bool:
    """Return whether a folder holds a checkpoint to resume from."""
    return any((Path(folder) / card).is_file() for card in (TRAINING_CARD, PREVIOUS_CARD))
