"""Small networks, corpora and models for tests: seconds instead of hours, the same code."""

from dataclasses import replace

import torch

from lessons.corpus import Corpus
from lessons.model import LanguageModel
from lessons.networks import build_network, config_from
from lessons.noise import NoiseRates
from lessons.presets import Preset, TrainingRecipe
from lessons.text import Vocabulary
from tests.fakes import WORDS as FAKE_WORDS

WORDS = ["the", "king", "was", "crowned", "in", "a", "town", "of", "stone", "and", "bees", ",", ".", "<unk>", "1066"]
SHAPES = {
    "lstm": {"d_model": 16, "n_layers": 2, "cutoffs": (6, 10)},
    "transformer": {"context_length": 16, "n_layers": 2, "n_heads": 2, "d_model": 16, "d_ff": 32, "cutoffs": (6, 10)},
}
RECIPE = TrainingRecipe(
    batch_size=4,
    length=8,
    learning_rate=5e-3,
    epochs=2,
    noise=NoiseRates(0.1, 0.1, 0.1, 0.1),
    precision="float32",
    evaluations=4,
    checkpoint_every=5,
)


def corpus(n_lines: int = 300) -> Corpus:
    """Return a corpus of lines that repeat a pattern, so that a small network can learn something."""
    lines = [" ".join(WORDS[(i * 3 + j * (1 + i % 2)) % len(WORDS)] for j in range(6 + i % 4)) for i in range(n_lines)]
    return Corpus.from_text("\n".join(lines) + "\n", name="tiny")


def preset(architecture: str, **changes: object) -> Preset:
    """Return a preset of the tiny shape with some of the recipe's fields changed."""
    return Preset("a test", replace(RECIPE, **changes), SHAPES[architecture])


def network(architecture: str, vocab_size: int = 20, seed: int = 3, **changes: object):
    """Return an untrained tiny network."""
    built = build_network(
        architecture, config_from(architecture, {**SHAPES[architecture], "vocab_size": vocab_size, **changes}), seed
    )
    with torch.random.fork_rng(devices=[]):  # starting weights are so small that a wrong formula could hide behind them
        torch.manual_seed(seed)
        for parameter in built.parameters():
            parameter.data.add_(0.5 * torch.randn_like(parameter))
    return built


def model(architecture: str, seed: int = 3, **changes: object) -> LanguageModel:
    """Return a whole small model with random weights: it reads the words of `WORDS` and of `tests.fakes`.

    Args:
        architecture: "lstm" or "transformer".
        seed: of the weights.
        changes: fields of the network's shape, for example `n_layers=4, n_heads=8`.
    """
    vocabulary = Vocabulary.build([[*WORDS, *FAKE_WORDS]])
    built = network(architecture, len(vocabulary), seed, **changes)
    return LanguageModel(architecture, built, vocabulary, {"architecture": architecture})
