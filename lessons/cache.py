"""The neural cache: a model that looks up what came after the moments that were like this one.

While a text is read, each hidden state h_i is kept together with the word that came next, x_(i+1). At place t the cache
asks which of the last N states look like h_t, and expects the words that followed them:

    p_cache(w) = sum over i with x_(i+1) = w of softmax over i (theta h_t . h_i)      i = t - N ... t - 1
    p(w)       = (1 - lambda) p_model(w) + lambda p_cache(w)

Nothing is trained: theta (how choosy it is) and lambda (how much it counts) are two numbers, chosen on the validation
split. Both parts are distributions, and so is their mixture. A word that stood in the text a moment ago becomes more
probable, a rare name most of all; so a perplexity with a cache is reported beside the one without, never instead of it.

Source: Grave, Joulin and Usunier 2016, Improving Neural Language Models with a Continuous Cache, arXiv:1612.04426,
equations 2 to 4.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.checks import real, whole
from lessons.reading import Network, hidden_states
from lessons.records import Evaluation

__all__ = ["LAMBDAS", "THETAS", "NeuralCache", "cache_distribution", "cache_probabilities", "evaluate_cached", "tuned"]

THETAS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)  # what `tuned` tries
LAMBDAS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.18, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)

_QUERIES_AT_ONCE = 256  # places that are looked up together


@dataclass(frozen=True)
class NeuralCache:
    """The three numbers of a cache.

    Attributes:
        window: N, how many of the last places are kept.
        theta: how much nearer states count more than others; 0 counts all alike.
        weight: lambda, the share of the cache in the mixture, 0 to below 1.
    """

    window: int
    theta: float
    weight: float

    def __post_init__(self) -> None:
        whole("window", self.window, 1)
        real("theta", self.theta, 0)
        real("weight", self.weight, 0, below=1)


def cache_distribution(query: Tensor, keys: Tensor, words: Tensor, theta: float, vocab_size: int) -> Tensor:
    """Return the cache's probability of every word at one place, by the equation above.

    Args:
        query: (D,) the hidden state h_t.
        keys: (n, D) hidden states before it, at least one.
        words: (n,) the word that came after each of them.
        theta: how much nearer states count more.
        vocab_size: V.

    Returns:
        (V,), sum 1.
    """
    shares = (theta * (keys @ query)).softmax(dim=0)  # (n,)
    return shares.new_zeros(vocab_size).index_add(0, words, shares)


def cache_probabilities(
    queries: Tensor, targets: Tensor, keys: Tensor, words: Tensor, window: int, thetas: Sequence[float]
) -> Tensor:
    """Return the cache's probability of the word that came, at many places in a row and for several thetas.

    Args:
        queries: (n, D) hidden states of the places, the last n rows of `keys`.
        targets: (n,) the word that came after each, the last n of `words`.
        keys: (m + n, D) hidden states, from at most `window` places before the first query.
        words: (m + n,) the word that came after each of them.
        window: N; place t looks at places t - N to t - 1, and never at itself.
        thetas: K of them.

    Returns:
        (K, n); NaN where nothing came before.
    """
    place = torch.arange(len(keys))
    back = place[-len(queries) :, None] - place  # (n, m + n) how many places ago
    scores = (queries @ keys.T).masked_fill((back < 1) | (back > window), -torch.inf)
    found = words == targets[:, None]
    return torch.stack([((theta * scores).softmax(dim=1) * found).sum(dim=1) for theta in thetas])


@torch.inference_mode()
def _both_probabilities(
    network: Network, token_ids: Tensor, end_of_line: int, window: int, thetas: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Return the model's (T,) and the cache's (K, T) float64 probability of each token of a text.

    The cache is empty at the first token and says there what the model says.
    """
    stream = torch.cat([torch.tensor([end_of_line]), token_ids])
    model, cache = zip(*_blocks(network, stream, window, thetas), strict=True)
    p_model, p_cache = torch.cat(model).neg().exp(), torch.cat(cache, dim=1).double()
    p_cache[:, 0] = p_model[0]
    return p_model, p_cache


def _blocks(network: Network, stream: Tensor, window: int, thetas: Sequence[float]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the model's surprisals (n,) and the cache's probabilities (K, n), some places at a time."""
    keys, words, place = torch.empty(0, network.config.d_model), stream[:0], 1
    for hidden in hidden_states(network, stream[:-1]):
        for queries in hidden.split(_QUERIES_AT_ONCE):
            targets = stream[place : place + len(queries)]
            place += len(queries)
            keys, words = torch.cat([keys[-window:], queries]), torch.cat([words[-window:], targets])
            surprisals = network.head.surprisals(queries, targets, network.embedding.weight)
            yield surprisals.double(), cache_probabilities(queries, targets, keys, words, window, thetas)


def _loss(p_model: Tensor, p_cache: Tensor, weight: float) -> float:
    """Return the mean surprisal of the mixture, in nats."""
    return -float(((1 - weight) * p_model + weight * p_cache).log().mean())


def tuned(network: Network, token_ids: Tensor, end_of_line: int, window: int = 2000) -> NeuralCache:
    """Return the cache that suits a network best: of all `THETAS` and `LAMBDAS`, those with the lowest perplexity.

    Args:
        network: the model.
        token_ids: (N,) int64, the validation split; never the one that is reported.
        end_of_line: number of the token `<eos>`.
        window: how many places the cache keeps.
    """
    whole("window", window, 1)
    p_model, p_cache = _both_probabilities(network, token_ids, end_of_line, window, THETAS)
    caches = [NeuralCache(window, theta, weight) for theta in THETAS for weight in LAMBDAS]
    return min(caches, key=lambda cache: _loss(p_model, p_cache[THETAS.index(cache.theta)], cache.weight))


def evaluate_cached(
    network: Network, token_ids: Tensor, end_of_line: int, cache: NeuralCache, name: str = "", split: str = ""
) -> tuple[Evaluation, Evaluation]:
    """Measure the mean surprisal of a text without a cache, as `lessons.evaluation` does, and with one.

    Args:
        network: the model.
        token_ids: (N,) int64.
        end_of_line: number of the token `<eos>`.
        cache: its window, theta and lambda.
        name: of the model, for the records.
        split: of the corpus, for the records.
    """
    begin = time.perf_counter()
    p_model, (p_cache,) = _both_probabilities(network, token_ids, end_of_line, cache.window, [cache.theta])
    losses = _loss(p_model, p_cache, 0.0), _loss(p_model, p_cache, cache.weight)
    seconds = time.perf_counter() - begin
    without, with_cache = (Evaluation(name, split, len(token_ids), loss, seconds) for loss in losses)
    return without, with_cache
