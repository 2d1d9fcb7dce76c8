"""How far back a model's memory reaches: take the words before a distance away, and measure what that costs.

    from lessons.memory_reach import memory_reach, reach_text
    memory_reach(lstm, reach_text(lstm)[0], kind="shuffle").extra

A target is a word of a running text, predicted from the `context` tokens before it, across line ends. Three things can
be done to those that stand farther away than k tokens: they are not read ("cut"), read in a random order ("shuffle"),
or they are the words of another place ("replace"). Every target is measured with its whole context, too, and what
counts is the difference between the two, target by target. Nothing else is read: no `<eos>` is put in front.

Source: Khandelwal, He, Qi and Jurafsky 2018, arXiv:1805.04623. They found, for a larger LSTM on this corpus, that about
200 tokens of context are used and that their order counts within about the last 50.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from lessons.at_hand import corpus_at_hand
from lessons.checks import whole
from lessons.errors import InputError
from lessons.heap import give_back_memory
from lessons.lstm import LSTMLanguageModel
from lessons.passages import PASSAGES
from lessons.reading import Network
from lessons.records import REACH_KINDS, ReachCurve, ReachExample, ReachTable
from lessons.text import wikitext

__all__ = [
    "DISTANCES",
    "EXAMPLE",
    "EXAMPLE_TARGET",
    "measure_reach",
    "memory_reach",
    "reach_example",
    "reach_text",
    "surprisals_after",
]

DISTANCES = (1, 2, 5, 10, 20, 30, 50, 75, 100, 128, 200, 300)
_TOKENS_AT_ONCE = 12_800  # of a batch: keeps the memory near 100 MB

#: A text of our own; what comes next stands in it once, at its beginning.
EXAMPLE = (
    "The second album of the band was recorded in London in the spring of 1998. It sold well in Europe, and critics "
    "praised the guitar and the drums, but the singer was not happy with the sound. She left the group in the "
    "following year, and the other members never made another"
)
EXAMPLE_TARGET = "album"


def reach_text(model: Any) -> tuple[np.ndarray, str]:
    """Return a running text as a model's token ids, and where it comes from; nothing is fetched.

    It is the validation split of WikiText-2 where that is on this machine, else the small text of our own, whole.
    """
    corpus = corpus_at_hand()
    if corpus.name == "WikiText-2":
        return model.vocabulary.encode(wikitext(corpus.text("valid"))), "WikiText-2, validation split"
    text = "".join(corpus.text(split) for split in ("train", "valid", "test"))
    return model.vocabulary.encode(wikitext(text)), corpus.name


@torch.inference_mode()
def surprisals_after(network: Network, contexts: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return -log P of each target right after its context, in nats: (N,) float64.

    Args:
        network: the model.
        contexts: (N, k) token ids, read from the start state; at most the Transformer's context_length.
        targets: (N,) token ids.
    """
    found = []
    at_once = max(1, _TOKENS_AT_ONCE // contexts.shape[1])
    for first in range(0, len(contexts), at_once):
        ids = torch.from_numpy(contexts[first : first + at_once].copy())  # (n, k)
        hidden = network(ids)[0] if isinstance(network, LSTMLanguageModel) else network(ids)  # (n, k, D)
        of = torch.from_numpy(targets[first : first + at_once])
        found.append(network.head.surprisals(hidden[:, -1], of, network.embedding.weight))
    give_back_memory()
    return torch.cat(found).double().numpy()


def _changed(contexts: np.ndarray, distance: int, kind: str, seed: int, text: np.ndarray) -> np.ndarray:
    """Return contexts (N, C) in which what stands before the last `distance` tokens is cut, shuffled or replaced."""
    far = contexts.shape[1] - distance
    if kind == "cut" or far <= 0:
        return contexts[:, -distance:]
    rng = np.random.default_rng([seed, distance])
    changed = contexts.copy()
    if kind == "shuffle":
        changed[:, :far] = rng.permuted(contexts[:, :far], axis=1)
    else:
        starts = rng.integers(0, len(text) - far + 1, len(contexts))
        changed[:, :far] = text[starts[:, None] + np.arange(far)]
    return changed


def _context_of(model: Any, distances: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Return the distances that a model can be asked for, and the number of tokens in its whole context."""
    asked = sorted({whole("distances", distance, 1) for distance in distances})
    if not asked:
        raise InputError("distances is empty; give at least one number of tokens, for example 10.")
    context = asked[-1] if model.context_length is None else min(asked[-1], model.context_length)
    return tuple(distance for distance in asked if distance <= context), context


def _measuring(
    model: Any, token_ids: np.ndarray, distances: Sequence[int], kind: str, n_targets: int, seed: int, corpus: str
) -> Iterator[ReachCurve | None]:
    """Measure one distance after another; yield the curve so far, None while there is no point on it."""
    if kind not in REACH_KINDS:
        raise InputError(f"kind is {kind!r}; it must be one of {', '.join(REACH_KINDS)}.")
    text = np.ascontiguousarray(token_ids, np.int64)
    widest = max((whole("distances", distance, 1) for distance in distances), default=1)
    asked, context = _context_of(model, distances)
    n_targets = whole("n_targets", n_targets, 2)
    seed = whole("seed", seed, 0)
    if text.ndim != 1 or len(text) - widest < n_targets:
        raise InputError(
            f"The text has {text.size:,} tokens; for {n_targets:,} targets with {widest:,} tokens before each it needs "
            f"at least {widest + n_targets:,}. Take fewer targets, a shorter distance, or a longer text."
        )
    rng = np.random.default_rng(seed)  # the same targets for every model: each has the widest context before it
    places = np.sort(rng.choice(np.arange(widest, len(text)), n_targets, replace=False))
    contexts, targets = text[places[:, None] + np.arange(-context, 0)], text[places]
    network = model.network
    base = surprisals_after(network, contexts, targets)  # (N,)
    yield None
    losses, extras, errors = [], [], []
    for k, distance in enumerate(asked, 1):
        changed = _changed(contexts, distance, kind, seed, text)
        found = base if distance == context else surprisals_after(network, changed, targets)
        difference = found - base
        losses.append(found.mean())
        extras.append(difference.mean())
        errors.append(difference.std(ddof=1) / np.sqrt(n_targets))
        name, whole_loss = model.name, float(base.mean())
        points = [np.array(values) for values in (asked[:k], losses, extras, errors)]
        facts: tuple[Any, ...] = (whole_loss, context, n_targets, seed, corpus)
        yield ReachCurve(name, kind, points[0], points[1], points[2], points[3], *facts)


def memory_reach(
    model: Any,
    token_ids: np.ndarray,
    distances: Sequence[int] = DISTANCES,
    kind: str = "cut",
    n_targets: int = 200,
    seed: int = 7,
    corpus: str = "",
) -> ReachCurve:
    """Return the loss at the same targets with the words before each distance cut, shuffled or replaced.

    Args:
        model: a LanguageModel.
        token_ids: (N,) a running text.
        distances: numbers of tokens right before the target that stay as they are. The largest, or the Transformer's
            context_length if that is smaller, is the whole context that all are compared with.
        kind: "cut", "shuffle" or "replace".
        n_targets: how many places are drawn.
        seed: of the places and of the shuffling.
        corpus: name of the text, for the record.

    Raises:
        InputError: a value cannot be used, or the text is too short.
    """
    *_, curve = _measuring(model, token_ids, distances, kind, n_targets, seed, corpus)
    assert curve is not None
    return curve


def reach_example(
    models: Sequence[Any], kind: str, seed: int = 7, text: str = EXAMPLE, target: str = EXAMPLE_TARGET
) -> ReachExample:
    """Return one sentence with the words before each distance taken away, and the target's surprisal there.

    Args:
        models: LanguageModels that share a vocabulary; a Transformer reads at most its context_length of the words.
        kind: "cut", "shuffle" or "replace".
        seed: of the shuffling.
        text: what stands before the target.
        target: one word.
    """
    vocabulary = models[0].vocabulary
    read = models[0].tokenize(text)
    contexts = read.token_ids[None]  # (1, T)
    answer = vocabulary.encode([target])
    distances = [distance for distance in DISTANCES if distance < len(read)]
    other = np.concatenate([models[0].tokenize(passage).token_ids for passage in PASSAGES])
    changed = [_changed(contexts, distance, kind, seed, other) for distance in distances]
    words = tuple(tuple(vocabulary.decode(ids[0])) for ids in changed)

    def surprisal(model: Any, ids: np.ndarray) -> float:
        last = ids[:, -(model.context_length or ids.shape[1]) :]
        return float(surprisals_after(model.network, last, answer)[0])

    found = {model.name: np.array([surprisal(model, ids) for ids in changed]) for model in models}
    whole = {model.name: surprisal(model, contexts) for model in models}
    return ReachExample(kind, read.tokens, target, np.array(distances), words, found, whole)


def measure_reach(
    models: Sequence[Any],
    kinds: Sequence[str] = tuple(REACH_KINDS),
    distances: Sequence[int] = DISTANCES,
    n_targets: int = 100,
    seed: int = 7,
    token_ids: np.ndarray | None = None,
    corpus: str = "a text of your own",
) -> Iterator[ReachTable]:
    """Measure models on the text at hand, one distance after another; yield the table as it grows, the last one whole.

    Args:
        models: LanguageModels that share a vocabulary.
        kinds: of "cut", "shuffle" and "replace".
        distances: see `memory_reach`.
        n_targets: see `memory_reach`.
        seed: see `memory_reach`.
        token_ids: (N,) a running text; None takes `reach_text`.
        corpus: the name of that text.

    Raises:
        InputError: no model, models with different vocabularies, or what `memory_reach` refuses.
    """
    if not models or any(model.vocabulary != models[0].vocabulary for model in models):
        raise InputError("Give at least one model, and only models that share a vocabulary: they read the same tokens.")
    if token_ids is None:
        token_ids, corpus = reach_text(models[0])
    examples = tuple(reach_example(models, kind, seed) for kind in kinds)
    weights = {model.name: model.card["weights"]["sha256"] for model in models if "weights" in model.card}
    jobs = [(model, kind) for kind in kinds for model in models]
    steps = sum(len(_context_of(model, distances)[0]) for model, _ in jobs)
    curves: list[ReachCurve] = []
    made = 0
    for model, kind in jobs:
        curve = None
        for curve in _measuring(model, token_ids, distances, kind, n_targets, seed, corpus):
            if curve is not None:
                made += 1
                yield ReachTable((*curves, curve), examples, "measured here", weights, made / steps)
        assert curve is not None
        curves.append(curve)
