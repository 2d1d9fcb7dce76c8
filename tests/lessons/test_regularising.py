"""What keeps an LSTM from learning its text by heart: each against the same written out by a loop."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from lessons.batches import StreamBatches
from lessons.errors import InputError
from lessons.lstm import lstm_layer
from lessons.noise import Noise, NoiseRates
from lessons.penalties import activation_penalty, temporal_penalty
from lessons.run import prepare
from lessons.training import Trainer
from tests import tiny

WEIGHT_DROP = NoiseRates(recurrent=0.4)


def noise(step=5):
    return Noise(WEIGHT_DROP, seed=1, step=step)


def test_weight_drop_is_an_lstm_with_dropped_recurrent_weights():
    network, ids = tiny.network("lstm"), torch.randint(0, 20, (3, 9))
    hidden, state = network(ids, noise=noise())
    same_draws, values = noise(), network.embedding(ids)
    for index, layer in enumerate(network.layers):
        dropped = nn.LSTM(16, 16, batch_first=True)
        dropped.load_state_dict(layer.state_dict())
        mask = torch.empty(64, 16).bernoulli_(0.6, generator=same_draws.generator) / 0.6
        dropped.weight_hh_l0.data *= mask
        steps = lstm_layer(dropped, values, torch.zeros(3, 16), torch.zeros(3, 16))
        values = torch.stack([step.hidden_state for step in steps], dim=1)
        torch.testing.assert_close(state.cell_state[index], steps[-1].cell_state)
        torch.testing.assert_close(state.hidden_state[index], steps[-1].hidden_state)
    torch.testing.assert_close(hidden, values)


def test_each_dropout_acts_where_its_name_says():
    network, ids = tiny.network("lstm"), torch.randint(0, 20, (3, 9))
    rates = NoiseRates(word=0.2, embedding=0.3, hidden=0.4, output=0.5)
    generator = Noise(rates, seed=1, step=5).generator

    def mask(rate, *shape):
        return torch.empty(shape).bernoulli_(1 - rate, generator=generator) / (1 - rate)

    whole_words = mask(0.2, 20)
    values = network.embedding(ids) * whole_words[ids][:, :, None]  # a dropped word is missing wherever it stands
    values = values * mask(0.3, 3, 1, 16)  # the same units at all places
    values, _ = network.layers[0](values)
    values, _ = network.layers[1](values * mask(0.4, 3, 1, 16))
    values = values * mask(0.5, 3, 1, 16)
    torch.testing.assert_close(network(ids, noise=Noise(rates, seed=1, step=5))[0], values)


def test_weight_drop_is_a_function_of_seed_and_step_and_leaves_the_weights_alone():
    network, ids = tiny.network("lstm"), torch.arange(12)[None]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert torch.equal(network(ids, noise=noise())[0], network(ids, noise=noise())[0])
    assert not torch.allclose(network(ids, noise=noise())[0], network(ids, noise=noise(6))[0])
    assert not torch.allclose(network(ids, noise=noise())[0], network(ids)[0])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_gradient_of_a_dropped_weight_is_zero_and_that_of_the_others_is_there():
    network = tiny.network("lstm")
    network(torch.randint(0, 20, (3, 9)), noise=noise())[0].square().sum().backward()
    generator = noise().generator
    for layer in network.layers:
        kept = torch.empty(64, 16).bernoulli_(0.6, generator=generator).bool()
        gradient = layer.weight_hh_l0.grad
        assert (gradient[~kept] == 0).all()
        assert (gradient[kept] != 0).all()
        assert (layer.weight_ih_l0.grad != 0).all()


def test_weight_drop_in_bfloat16_is_near_to_float32():
    network, ids = tiny.network("lstm"), torch.randint(0, 20, (3, 9))
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = network(ids, noise=noise())
    torch.testing.assert_close(half.float(), network(ids, noise=noise())[0], rtol=0.1, atol=0.1)


def test_the_penalties_are_the_formulas():
    hidden = torch.randn(3, 5, 4)
    rows = hidden.tolist()
    squares = [value**2 for row in rows for place in row for value in place]
    assert float(activation_penalty(hidden)) == pytest.approx(sum(squares) / len(squares))
    changes = [
        (new - old) ** 2
        for row in rows
        for before, after in pairwise(row)
        for old, new in zip(before, after, strict=True)
    ]
    assert float(temporal_penalty(hidden)) == pytest.approx(sum(changes) / len(changes))
    assert float(temporal_penalty(hidden[:, :1])) == 0


def test_after_locked_dropout_the_temporal_penalty_is_on_average_the_paper_s_over_what_is_kept():
    hidden = torch.randn(4, 10, 16)
    means = [
        float(temporal_penalty(Noise(NoiseRates(), 1, step).locked(hidden, 0.3))) * (1 - 0.3) for step in range(2000)
    ]
    assert sum(means) / len(means) == pytest.approx(float(temporal_penalty(hidden)), rel=0.02)


@pytest.mark.parametrize("name", ["activation_penalty", "temporal_penalty"])
def test_a_penalty_makes_its_term_smaller_and_the_reported_loss_is_without_it(name):
    term = {"activation_penalty": activation_penalty, "temporal_penalty": temporal_penalty}[name]
    runs = [prepare("lstm", tiny.preset("lstm", **{name: value}), tiny.corpus()) for value in (0.0, 50.0)]
    first = [run.trainer.do_step()[0] for run in runs]
    assert first[0] == first[1]
    for run in runs:
        for _ in range(60):
            run.trainer.do_step()
    plain, punished = (float(term(run.trainer.network(run.valid_ids[None, :200])[0]).detach()) for run in runs)
    assert punished < 0.5 * plain


def test_jittered_batches_read_every_token_once_in_order_in_pieces_of_changing_length():
    batches = StreamBatches(torch.arange(5000), 4, 20, seed=1, jitter=6)
    plain = StreamBatches(torch.arange(5000), 4, 20, seed=1)
    assert batches.per_epoch == plain.per_epoch
    for epoch in (0, 3):
        pieces = [batches.batch(epoch, index) for index in range(batches.per_epoch)]
        lengths = [inputs.shape[1] for inputs, _ in pieces]
        assert min(lengths) >= 20 - 12
        assert max(lengths) <= 20 + 12
        assert len(set(lengths)) > 5
        regular = torch.cat([plain.batch(epoch, index)[0] for index in range(plain.per_epoch)], dim=1)
        assert torch.equal(torch.cat([inputs for inputs, _ in pieces], dim=1), regular)
        assert all(torch.equal(inputs + 1, targets) for inputs, targets in pieces)
    assert batches.batch(0, 5)[0].tolist() != batches.batch(1, 5)[0].tolist()
    assert torch.equal(batches.batch(2, 7)[0], StreamBatches(torch.arange(5000), 4, 20, 1, 6).batch(2, 7)[0])


@pytest.mark.parametrize(
    "changes",
    [{"jitter": 2}, {"activation_penalty": 1.0}, {"temporal_penalty": 0.5}, {"noise": NoiseRates(recurrent=0.2)}],
)
def test_a_transformer_refuses_what_is_for_lstms(changes):
    tokens = torch.randint(0, 20, (500,))
    with pytest.raises(InputError, match="it is for LSTMs, and must be 0 for a Transformer"):
        Trainer(tiny.network("transformer"), tokens, tiny.preset("transformer", **changes).recipe)
    Trainer(tiny.network("lstm"), tokens, tiny.preset("lstm", **changes).recipe).do_step()


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_late_noise_counts_from_its_share_of_the_training_on(architecture):
    tokens = torch.randint(0, 20, (900,), generator=torch.Generator().manual_seed(1))

    def losses(**changes):
        recipe = tiny.preset(architecture, **changes).recipe
        trainer = Trainer(tiny.network(architecture), tokens, recipe)
        return [trainer.do_step()[0] for _ in range(round(recipe.epochs * trainer.batches.per_epoch))]

    whole, quiet = losses(noise=NoiseRates(0.1, 0.2, 0.2, 0.2)), losses(noise=NoiseRates())
    half = NoiseRates(0.05, 0.1, 0.1, 0.1)
    assert losses(noise=NoiseRates(0.1, 0.2, 0.2, 0.2), late_from=0.0, late_noise=0.0) == quiet
    assert losses(noise=NoiseRates(0.1, 0.2, 0.2, 0.2), late_from=0.0, late_noise=0.5) == losses(noise=half)
    late, middle = losses(noise=NoiseRates(0.1, 0.2, 0.2, 0.2), late_from=0.5, late_noise=0.5), len(whole) // 2
    assert late[:middle] == whole[:middle]
    assert all(one != other for one, other in zip(late[middle:], whole[middle:], strict=True))
    with pytest.raises(InputError, match="dropout rate 'hidden' is 1"):
        tiny.preset(architecture, late_noise=5.0, noise=NoiseRates(hidden=0.2))
