"""Averaged weights are the mean that the formula says, are what counts in the end, and survive an interruption."""

from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.averaging import EVERY, AveragedWeights, newest_share
from lessons.checkpoint import read_checkpoint
from lessons.evaluation import evaluate
from lessons.loading import load_model
from lessons.run import finish, prepare, run_steps
from lessons.text.tokenizers import END_OF_LINE
from lessons.training import TRAINING_CARD
from tests import tiny

ARCHITECTURES = ["lstm", "transformer"]


def averaged(architecture, **changes):
    return prepare(architecture, tiny.preset(architecture, average_over=30, **changes), tiny.corpus())


def test_the_mean_is_the_weighted_sum_of_all_that_was_seen():
    network = tiny.network("lstm")
    average, seen = AveragedWeights(network, steps=100), []
    for step in range(1, 401):
        network.head.bias.data += torch.randn_like(network.head.bias)
        average.update(step)
        if step % EVERY == 0:
            seen.append(network.head.bias.data.double().clone())
    weights = [newest_share(k, 100) for k in range(len(seen))]
    for k in range(len(seen)):  # each later update leaves a share of what was there
        for later in range(k):
            weights[later] *= 1 - newest_share(k, 100)
    assert sum(weights) == pytest.approx(1)
    expected = sum(weight * values for weight, values in zip(weights, seen, strict=True))
    torch.testing.assert_close(average.values["head.bias"].double(), expected, rtol=1e-5, atol=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 100_000))
def test_the_newest_weights_share_falls_to_what_the_reach_says(update, steps):
    share = newest_share(update, steps)
    assert 0 < share <= 1
    assert share <= newest_share(max(0, update - 1), steps)
    assert share >= min(1, EVERY / steps)
    assert newest_share(0, steps) == 1  # the starting weights are forgotten at once
    assert newest_share(10**9, steps) == min(1, EVERY / steps)


def test_the_network_has_the_mean_inside_the_block_alone():
    network = tiny.network("lstm")
    average = AveragedWeights(network, steps=100)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    mean = {name: torch.randn_like(value) for name, value in average.values.items()}
    average.restore(mean)
    seen = []

    def looked_at():
        with average.in_place():
            seen.extend(value.clone() for value in network.state_dict().values())
            seen.append(network(torch.arange(5)[None])[0])
            raise KeyError

    with pytest.raises(KeyError):  # whatever happens inside
        looked_at()
    *values, hidden = seen
    assert all(torch.equal(value, mean[name]) for value, name in zip(values, network.state_dict(), strict=True))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(torch.equal(value, mean[name]) for name, value in average.values.items())
    assert not torch.equal(hidden, network(torch.arange(5)[None])[0])  # torch's own LSTM had read the mean


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("stop", [1, 5, 13, 20])
def test_a_resumed_run_goes_on_with_the_very_same_losses_and_the_same_average(architecture, stop, tmp_path):
    whole = averaged(architecture)
    unbroken = [step.loss for step in run_steps(whole, tmp_path / "unbroken")]
    first = [step.loss for step in islice(run_steps(averaged(architecture), tmp_path / "broken"), stop)]
    resumed = averaged(architecture)
    rest = [step.loss for step in run_steps(resumed, tmp_path / "broken", resume=True)]
    assert first + rest == unbroken  # to the last bit
    for name, value in whole.trainer.average.values.items():
        assert torch.equal(resumed.trainer.average.values[name], value)


def test_averaging_does_not_disturb_the_training(tmp_path):
    plain = prepare("lstm", tiny.preset("lstm"), tiny.corpus())
    losses = [step.loss for step in run_steps(plain, tmp_path / "plain")]
    assert [step.loss for step in run_steps(averaged("lstm"), tmp_path / "averaged")] == losses


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_average_is_what_is_measured_and_written(architecture, tmp_path):
    run = averaged(architecture, epochs=4)
    steps = list(run_steps(run, tmp_path))
    run.trainer.network.head.bias.data += 1000 * torch.randn_like(run.trainer.network.head.bias)  # not what counts
    with run.trainer.result() as network:
        expected = evaluate(network, run.valid_ids, run.vocabulary.stoi[END_OF_LINE]).perplexity
    assert steps[-1].valid_perplexity == expected
    card = finish(run, tmp_path, "glassbox train")
    assert card["valid_perplexity"] == pytest.approx(expected, rel=0.01)  # written in half precision
    model = load_model(tmp_path)
    for name, value in model.network.state_dict().items():
        assert torch.equal(value.float(), run.trainer.average.values[name].half().float())


def test_the_average_of_a_noisy_run_is_better_than_its_last_step(tmp_path):
    run = averaged("lstm", epochs=12, learning_rate=0.03, warmup=0.0, plateau=0.99)
    losses = []
    for _ in islice(run_steps(run, tmp_path), 150, None):
        with run.trainer.result() as network:
            measured = evaluate(network, run.valid_ids, 0).loss
        losses.append((measured, evaluate(run.trainer.network, run.valid_ids, 0).loss))
    mean, last = torch.tensor(losses).mean(dim=0).tolist()
    assert mean < last


def test_the_average_is_in_the_checkpoint_only_if_there_is_one(tmp_path):
    for name, run in (("with", averaged("lstm")), ("without", prepare("lstm", tiny.preset("lstm"), tiny.corpus()))):
        for _ in islice(run_steps(run, tmp_path / name), 3):
            pass
        tensors, _ = read_checkpoint(tmp_path / name / TRAINING_CARD)
        assert any(key.startswith("average.") for key in tensors) == (name == "with")
