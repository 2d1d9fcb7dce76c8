"""The neural cache in blocks is the paper's sum written as a loop, and its mixture is a distribution."""

import math

import pytest
import torch

from lessons import cache as cache_module
from lessons.cache import LAMBDAS, THETAS, NeuralCache, cache_distribution, cache_probabilities, evaluate_cached, tuned
from lessons.errors import InputError
from lessons.evaluation import evaluate
from lessons.reading import hidden_states
from tests import tiny

ARCHITECTURES = ["lstm", "transformer"]
EOS = 1


def text(n_tokens=90, seed=2):
    return torch.randint(0, 20, (n_tokens,), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def by_a_loop(network, token_ids, cache):
    """Return the mixture over all words at every place, (T, V), one place and one kept state after another."""
    stream = [EOS, *token_ids.tolist()]
    hidden = torch.cat(list(hidden_states(network, torch.tensor(stream[:-1])))).double()
    rows = []
    for t in range(len(token_ids)):
        mixture = network.head.log_probabilities(hidden[t, None].float(), network.embedding.weight)[0].double().exp()
        kept = [(hidden[i], stream[i + 1]) for i in range(max(0, t - cache.window), t)]
        if kept:
            weights = [math.exp(cache.theta * float(hidden[t] @ state)) for state, _ in kept]
            mixture *= 1 - cache.weight
            for weight, (_, word) in zip(weights, kept, strict=True):
                mixture[word] += cache.weight * weight / sum(weights)
        rows.append(mixture)
    return torch.stack(rows)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("window", [1, 7, 40, 1000])
@pytest.mark.parametrize("at_once", [5, 256])
def test_blocks_say_what_the_loop_says(architecture, window, at_once, monkeypatch):
    monkeypatch.setattr(cache_module, "_QUERIES_AT_ONCE", at_once)
    network, ids, cache = tiny.network(architecture), text(), NeuralCache(window, 0.3, 0.2)
    loop = by_a_loop(network, ids, cache)
    torch.testing.assert_close(loop.sum(dim=1), torch.ones(len(ids)).double())  # a distribution at every place
    expected = -float(loop[torch.arange(len(ids)), ids].log().mean())
    without, with_cache = evaluate_cached(network, ids, EOS, cache, "tiny", "test")
    assert with_cache.loss == pytest.approx(expected, rel=1e-6)
    assert without.loss == pytest.approx(evaluate(network, ids, EOS).loss, rel=1e-6)
    assert (with_cache.model_name, with_cache.split, with_cache.n_tokens) == ("tiny", "test", 90)


def test_the_whole_distribution_of_a_place_is_what_the_blocks_pick_from():
    torch.manual_seed(0)
    keys, words = torch.randn(30, 8), torch.randint(0, 12, (30,))
    picked = cache_probabilities(keys[20:], words[20:], keys, words, 15, [0.5, 2.0])
    for k, theta in enumerate([0.5, 2.0]):
        for place in range(20, 30):
            past = slice(place - 15, place)
            whole = cache_distribution(keys[place], keys[past], words[past], theta, 12)
            assert float(whole.sum()) == pytest.approx(1)
            assert float(whole[words[place]]) == pytest.approx(float(picked[k, place - 20]), abs=1e-6)


def test_theta_0_counts_words_and_a_large_theta_takes_the_nearest_state():
    keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.0, 0.8]])
    words = torch.tensor([3, 2, 2, 1])
    query = torch.tensor([1.0, 0.0])
    assert cache_distribution(query, keys, words, 0.0, 5).tolist() == [0, 0.25, 0.5, 0.25, 0]
    nearest = cache_distribution(query, keys, words, 1000.0, 5)
    assert nearest.tolist() == pytest.approx([0, 0, 0, 1, 0])


def test_nothing_is_known_of_the_word_that_is_predicted():
    network, ids = tiny.network("lstm"), text()
    changed = ids.clone()
    changed[-1] = (changed[-1] + 1) % 20
    cache = NeuralCache(50, 1.0, 0.5)
    before, after = by_a_loop(network, ids, cache), by_a_loop(network, changed, cache)
    assert torch.equal(before, after)  # the loop never looks at the last word
    for given in (ids, changed):
        expected = -float(before[torch.arange(len(ids)), given].log().mean())
        assert evaluate_cached(network, given, EOS, cache)[1].loss == pytest.approx(expected, rel=1e-6)


def test_a_weight_of_0_is_the_model_alone():
    network, ids = tiny.network("transformer"), text()
    without, with_cache = evaluate_cached(network, ids, EOS, NeuralCache(20, 0.5, 0.0))
    assert with_cache.loss == without.loss


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_tuned_cache_is_the_best_of_the_grid(architecture):
    network, ids = tiny.network(architecture), text(60).repeat(3)
    best = tuned(network, ids, EOS, window=80)
    assert best.window == 80
    losses = {
        (theta, weight): evaluate_cached(network, ids, EOS, NeuralCache(80, theta, weight))[1].loss
        for theta in THETAS[::3]
        for weight in (*LAMBDAS[::4], best.weight)
    }
    found = evaluate_cached(network, ids, EOS, best)
    assert found[1].loss <= min(losses.values()) + 1e-9
    assert found[1].perplexity < found[0].perplexity  # the text repeats itself, and only the cache can know


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"window": 0}, "window is 0"),
        ({"theta": -1}, "theta is -1"),
        ({"theta": math.inf}, "theta is inf"),
        ({"weight": 1}, "weight is 1; it must be at least 0 and below 1"),
    ],
)
def test_a_cache_refuses_nonsense(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        NeuralCache(**{"window": 10, "theta": 0.3, "weight": 0.1, **changes})
    if "window" in changes:
        with pytest.raises(InputError, match=sentence):
            tuned(tiny.network("lstm"), text(), EOS, **changes)
