"""From the files of a trained model to the object that answers: weights, card and vocabulary, each checked."""

from __future__ import annotations

import os
from pathlib import Path

from lessons.checkpoint import neighbour, read_checkpoint, sha256_of
from lessons.errors import CheckpointError, InputError
from lessons.model import LanguageModel
from lessons.networks import filled_network
from lessons.places import MODEL_CARD, SHIPPED
from lessons.presets import DISPLAY_NAMES
from lessons.text import Vocabulary
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["load_model"]

_VOCABULARIES: dict[str, Vocabulary] = {}  # by SHA-256: models that were trained on the same text share theirs


def load_model(name: str | os.PathLike[str]) -> LanguageModel:
    """Load a trained model. Nothing is fetched and nothing is unpickled; the weights' SHA-256 is checked.

    Args:
        name: "lstm" or "transformer" for the shipped ones, or the folder (or card) that `glassbox train` wrote. A
            folder of one of these two names is reached as "./lstm" or as a `Path`.

    Raises:
        CheckpointError: there is no such model, or its files are damaged or of a newer format.
        InputError: `name` is neither a string nor a path.
    """
    if not isinstance(name, (str, os.PathLike)):
        raise InputError(f"load_model was given {name!r}; give it 'lstm', 'transformer' or a trained model's folder.")
    shipped = isinstance(name, str) and name in DISPLAY_NAMES  # a Path is a folder, whatever its name
    path = SHIPPED / str(name) if shipped else Path(name)
    card_path = path if path.suffix == ".json" else path / MODEL_CARD
    if not card_path.is_file():
        raise CheckpointError(
            f"There is no model {str(name)!r}: {card_path} does not exist. "
            "Ask for 'lstm', 'transformer', or a folder that 'glassbox train' has finished."
        )
    tensors, card = read_checkpoint(card_path)
    try:
        architecture, fields = card["architecture"], card["config"]
        network = filled_network(architecture, fields, tensors)
        vocabulary_path = neighbour(card_path, card["vocabulary"]["file"])
        expected = card["vocabulary"]["sha256"]
    except (KeyError, TypeError, InputError, RuntimeError) as error:
        raise CheckpointError(f"{card_path} does not describe the weights beside it: {error}.") from error
    if not vocabulary_path.is_file() or sha256_of(vocabulary_path) != expected:
        raise CheckpointError(f"The vocabulary {vocabulary_path} is missing or changed: its SHA-256 is not the card's.")
    vocabulary = _VOCABULARIES.get(expected) or Vocabulary.load(vocabulary_path)
    _VOCABULARIES[expected] = vocabulary
    if len(vocabulary) != network.config.vocab_size or END_OF_LINE not in vocabulary:
        raise CheckpointError(
            f"{vocabulary_path} has {len(vocabulary)} tokens; the model needs {network.config.vocab_size}."
        )
    return LanguageModel(str(name) if shipped else card_path.resolve().parent.name, network, vocabulary, card)
