"""What all trainings of this package have in common: a small LSTM, the toy language, and a recipe that is good for it.

A training takes some seconds of one processor thread. The same seed gives the same curve on the same machine and
version of PyTorch; on another one sums are rounded otherwise, so the last digits differ, and where a training is
unstable (too high a rate) the differences grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from lessons.grammar.kept import kept_toy_text
from lessons.networks import build_network, config_from
from lessons.ngram.baselines import counted_baselines
from lessons.noise_rates import NoiseRates
from lessons.presets import TrainingRecipe
from lessons.reading import Network, hidden_states
from lessons.records import perplexity_of
from lessons.text import Vocabulary, wikitext
from lessons.text.tokenizers import END_OF_LINE
from lessons.trainer import Trainer

__all__ = ["RECIPE", "ToyText", "measured_perplexity", "new_trainer", "toy_text"]

#: What is right; `lessons.curves.faults` says what is done otherwise.
RECIPE = TrainingRecipe(
    batch_size=16, length=32, learning_rate=0.01, epochs=1, clip=10.0, noise=NoiseRates(0, 0.2, 0.2, 0.2),
    precision="float32",
)  # fmt: skip
_SHAPE = {"d_model": 64, "n_layers": 1}
_N_VALID_TOKENS = 8000


@dataclass(frozen=True, eq=False)
class ToyText:
    """The toy language's text as a training needs it.

    Attributes: `name` of the corpus, `vocabulary`, `train` and `valid` token ids (N,), `start` (the id of `<eos>`),
    `baselines` and `floor` (perplexities on `valid`).
    """

    name: str
    vocabulary: Vocabulary
    train: Tensor
    valid: Tensor
    start: int
    baselines: dict[str, float]
    floor: float


@lru_cache(maxsize=1)
def toy_text() -> ToyText:
    """Return the text that all trainings here read; it is written once."""
    corpus, truth = kept_toy_text()
    words = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([words])
    heard = wikitext(corpus.text("valid"))[:_N_VALID_TOKENS]
    train, valid = (torch.from_numpy(vocabulary.encode(part)) for part in (words, heard))
    start = vocabulary.stoi[END_OF_LINE]
    baselines = counted_baselines(vocabulary, train, valid)
    floor = perplexity_of(float(truth[:_N_VALID_TOKENS].mean()))
    return ToyText(corpus.name, vocabulary, train, valid, start, baselines, floor)


def new_trainer(tokens: Tensor, n_steps: int, seed: int, learning_rate: float, dropout: float) -> Trainer:
    """Return a small untrained LSTM with all that trains it.

    Args:
        tokens: (N,) what it learns from.
        n_steps: planned length, over which the rate falls.
        seed: of the starting weights, the batches and the dropout.
        learning_rate: the highest one.
        dropout: the share of units set to zero.
    """
    vocabulary = toy_text().vocabulary
    config = config_from("lstm", {**_SHAPE, "cutoffs": (), "vocab_size": len(vocabulary)})
    network = build_network("lstm", config, seed)
    network.head.start_at_frequencies(torch.from_numpy(vocabulary.counts.copy()))
    noise = NoiseRates(0, dropout, dropout, dropout)
    trainer = Trainer(network, tokens, replace(RECIPE, learning_rate=learning_rate, noise=noise, seed=seed))
    trainer.end_after(n_steps)
    return trainer


@torch.inference_mode()
def measured_perplexity(network: Network, inputs: Tensor, targets: Tensor) -> float:
    """Return the perplexity of targets (N,), each predicted from the inputs (N,) up to its place; dropout is off."""
    total, place = 0.0, 0
    for hidden in hidden_states(network, inputs):
        here = targets[place : place + len(hidden)]
        total += float(network.head.surprisals(hidden, here, network.embedding.weight).double().sum())
        place += len(hidden)
    return perplexity_of(total / len(targets))
