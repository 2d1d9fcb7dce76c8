"""The learning-rate range test: train a fresh model while the rate rises, and see where the loss falls and breaks.

    find_rate("lstm").steepest            # of the class preset, on the toy language
    for curve in watch_rate("lstm"): ...  # the same, a step at a time

Source: Smith 2017, arXiv:1506.01186, section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lessons.checks import real, whole
from lessons.corpus import Corpus
from lessons.devices import steady_speed
from lessons.errors import TrainingError
from lessons.evaluation import evaluate
from lessons.rates.short import prepare_short
from lessons.records import RateCurve, RateTrial
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["RANGES", "find_rate", "try_rate", "watch_rate"]

#: The lowest and the highest rate of a range test, by optimizer.
RANGES = {"adamw": (1e-6, 10.0), "sgd": (1e-3, 1e4)}
N_STEPS = 150
_FAR = 1.0  # nats above the best and above the start, too: the loss is not coming back


def watch_rate(
    architecture: str,
    corpus: Corpus | None = None,
    *,
    optimizer: str = "adamw",
    seed: int = 7,
    low: float | None = None,
    high: float | None = None,
    n_steps: int = N_STEPS,
) -> Iterator[RateCurve]:
    """Train while the rate rises by the same factor each step; yield the curve so far after each step.

    It ends early when the smoothed loss is more than a nat above its best and above where it began.

    Args:
        architecture: "lstm" or "transformer", in the shape and with the batches of the class preset.
        corpus: to train on; None is the toy language.
        optimizer: "adamw" as our trainings have it, or "sgd"; gradients are clipped as in the preset.
        seed: of the starting weights, the batches and the dropout.
        low: the first rate; None is the optimizer's of `RANGES`.
        high: the last rate; None likewise.
        n_steps: steps from the first to the last rate, at least 20.

    Raises:
        InputError: a value is out of range.
    """
    run = prepare_short(architecture, corpus, optimizer, seed, whole("n_steps", n_steps, 20, 10_000))
    low = real("low", RANGES[optimizer][0] if low is None else low, 0, open_below=True)
    high = real("high", RANGES[optimizer][1] if high is None else high, low, open_below=True)
    trainer = run.trainer
    # A plateau without end: the schedule leaves the rate alone.
    endless = 10 * n_steps / trainer.batches.per_epoch
    trainer.recipe = replace(trainer.recipe, warmup=0.0, plateau=0.9, epochs=endless)
    settings = architecture, run.corpus.name, optimizer, seed, trainer.recipe.clip, low, high, n_steps
    losses: list[float] = []
    ended = ""
    for rate in np.geomspace(low, high, n_steps).tolist():
        trainer.adjust(learning_rate=rate)
        try:
            with steady_speed():
                losses.append(trainer.do_step()[0])
        except TrainingError:
            yield RateCurve(*settings, np.array(losses), "no number")
            return
        curve = RateCurve(*settings, np.array(losses))
        if curve.start is not None and curve.smoothed[-1] > max(curve.start, float(curve.smoothed.min()) + _FAR):
            ended = "far above"
        elif len(losses) == n_steps:
            ended = "whole"
        yield replace(curve, ended=ended)
        if ended:
            return


def find_rate(
    architecture: str,
    corpus: Corpus | None = None,
    *,
    optimizer: str = "adamw",
    seed: int = 7,
    low: float | None = None,
    high: float | None = None,
    n_steps: int = N_STEPS,
) -> RateCurve:
    """Return the whole range test: `steepest`, `tenth` and `diverges` of the curve are the advice.

    Args:
        architecture, corpus, optimizer, seed, low, high, n_steps: as for `watch_rate`.

    Raises:
        InputError: a value is out of range.
    """
    *_, last = watch_rate(architecture, corpus, optimizer=optimizer, seed=seed, low=low, high=high, n_steps=n_steps)
    return last


def try_rate(
    architecture: str,
    rate: float,
    corpus: Corpus | None = None,
    *,
    optimizer: str = "adamw",
    seed: int = 7,
    n_steps: int = 300,
    n_valid_tokens: int = 8000,
    why: str = "",
) -> RateTrial:
    """Train with a rate, with the preset's rise and fall of it, and measure the end on the validation split.

    Args:
        architecture, corpus, optimizer, seed: as for `watch_rate`.
        rate: the highest learning rate.
        n_steps: length of the training.
        n_valid_tokens: how many tokens of the validation split are predicted.
        why: what the rate is, for the record.

    Raises:
        InputError: a value is out of range.
    """
    run = prepare_short(architecture, corpus, optimizer, seed, n_steps, rate=rate)
    try:
        with steady_speed():
            while run.trainer.step < n_steps:
                run.trainer.do_step()
            network, end = run.trainer.network, run.vocabulary.stoi[END_OF_LINE]
            perplexity = evaluate(network, run.valid_ids[:n_valid_tokens], end).perplexity
    except TrainingError:
        perplexity = math.inf
    n_valid = min(n_valid_tokens, len(run.valid_ids))
    found = perplexity if math.isfinite(perplexity) else math.inf
    return RateTrial(architecture, run.corpus.name, optimizer, seed, rate, why, n_steps, n_valid, found)
