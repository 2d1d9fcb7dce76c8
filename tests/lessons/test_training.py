"""Training learns, stops, and resumes with the same next loss; test_survival has what may befall it."""

import json
import math
from dataclasses import asdict
from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.batches import StreamBatches, WindowBatches
from lessons.checkpoint import read_card, read_checkpoint, write_card
from lessons.errors import CheckpointError, InputError, TrainingError
from lessons.noise import NoiseRates
from lessons.places import MODEL_CARD, SHIPPED
from lessons.presets import PRESETS, TrainingRecipe, preset, recipe_from
from lessons.run import finish, finished_card, prepare, run_steps
from lessons.run_lock import open_folder
from lessons.schedule import learning_rate_factor
from lessons.training import TRAINING_CARD
from tests import tiny

ARCHITECTURES = ["lstm", "transformer"]


def losses(architecture, folder, resume=False, stop=None, **changes):
    run = prepare(architecture, tiny.preset(architecture, **changes), tiny.corpus())
    return [(step.step, step.loss) for step in islice(run_steps(run, folder, resume), stop)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_learns(architecture, tmp_path):
    run = prepare(architecture, tiny.preset(architecture, epochs=12), tiny.corpus())
    steps = list(run_steps(run, tmp_path))
    measured = [step.valid_perplexity for step in steps if step.valid_perplexity]
    assert len(measured) == tiny.RECIPE.evaluations
    assert measured[-1] < 0.8 * measured[0]
    assert steps[-1].progress == 1
    assert steps[-1].checkpoint == str(tmp_path / TRAINING_CARD)
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].epoch == pytest.approx(12, rel=0.01)
    assert steps[-1].learning_rate < steps[len(steps) // 2].learning_rate <= tiny.RECIPE.learning_rate


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("stop", [1, 5, 13])
def test_a_resumed_run_goes_on_with_the_very_same_losses(architecture, stop, tmp_path):
    unbroken = losses(architecture, tmp_path / "unbroken")
    first = losses(architecture, tmp_path / "broken", stop=stop)
    rest = losses(architecture, tmp_path / "broken", resume=True)
    assert first + rest == unbroken  # to the last bit


def test_resuming_where_nothing_was_saved_starts(tmp_path):
    assert losses("lstm", tmp_path, resume=True, stop=3) == losses("lstm", tmp_path / "other", stop=3)


def test_another_seed_gives_another_run(tmp_path):
    assert losses("lstm", tmp_path / "a", stop=3) != losses("lstm", tmp_path / "b", stop=3, seed=8)


def test_a_checkpoint_of_another_recipe_or_model_is_refused(tmp_path):
    losses("lstm", tmp_path, stop=5)
    with pytest.raises(CheckpointError, match=r"another recipe \(it differs in learning_rate\)"):
        losses("lstm", tmp_path, resume=True, learning_rate=1e-3)
    with pytest.raises(CheckpointError, match="another shape"):
        losses("transformer", tmp_path, resume=True)
    run = prepare("lstm", tiny.preset("lstm"), tiny.corpus(n_lines=310))
    with pytest.raises(CheckpointError, match="training on another text"):
        next(run_steps(run, tmp_path, resume=True))


def test_a_checkpoint_from_before_a_field_was_thought_of_is_resumed(tmp_path):
    unbroken = losses("lstm", tmp_path / "unbroken")
    first = losses("lstm", tmp_path / "old", stop=5)
    card = json.loads((tmp_path / "old" / TRAINING_CARD).read_text(encoding="utf-8"))
    for later in ("plateau", "jitter", "activation_penalty", "temporal_penalty", "average_over"):
        del card["recipe"][later]
    del card["recipe"]["noise"]["recurrent"]
    del card["card_sha256"]
    card["format_version"] = 1
    (tmp_path / "old" / TRAINING_CARD).write_text(json.dumps(card), encoding="utf-8")
    assert first + losses("lstm", tmp_path / "old", resume=True) == unbroken


@pytest.mark.parametrize("recipe", [None, [], {}, {"batch_size": 4}, {"betas": 3}, {"better": True}])
def test_a_checkpoint_whose_recipe_makes_no_sense_is_refused(recipe, tmp_path):
    losses("lstm", tmp_path, stop=5)
    write_card(tmp_path / TRAINING_CARD, {**read_card(tmp_path / TRAINING_CARD), "recipe": recipe})
    with pytest.raises(CheckpointError, match="The checkpoint's recipe cannot be read"):
        losses("lstm", tmp_path, resume=True)


def test_a_run_on_its_plateau_may_be_ended_early_or_prolonged(tmp_path):
    plan = {"warmup": 0.0, "plateau": 0.5}
    planned = losses("lstm", tmp_path, epochs=8, stop=60, **plan)
    whole = prepare("lstm", tiny.preset("lstm", epochs=8, **plan), tiny.corpus()).trainer.batches.per_epoch
    rest = losses("lstm", tmp_path, resume=True, epochs=2, **plan)
    assert [step for step, _ in planned + rest] == list(range(1, 2 * whole + 1))
    with pytest.raises(CheckpointError, match="differs in minutes"):
        losses("lstm", tmp_path, resume=True, epochs=None, minutes=1, **plan)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_run_that_diverges_stops_and_keeps_its_last_checkpoint(architecture, tmp_path):
    losses(architecture, tmp_path, stop=5)
    good = read_checkpoint(tmp_path / TRAINING_CARD)[1]
    run = prepare(architecture, tiny.preset(architecture, checkpoint_every=1), tiny.corpus())
    steps = run_steps(run, tmp_path, resume=True)
    run.trainer.network.head.bias.data[0] = float("nan")
    run.trainer.restore = lambda *_: None
    with pytest.raises(
        TrainingError, match=r"diverged at step 1: .*no longer a number.*rate below 0.005\. .* of step 5, "
    ):
        next(steps)
    assert read_checkpoint(tmp_path / TRAINING_CARD)[1] == good


def test_two_runs_do_not_share_a_folder(tmp_path):
    with (
        open_folder(tmp_path),
        pytest.raises(CheckpointError, match="Another process trains"),
        open_folder(tmp_path),
    ):
        pass
    with open_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_used_is_found_out_at_once(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot be used for checkpoints"), open_folder(tmp_path / "file"):
        pass


def test_a_model_counts_as_finished_once_it_is_measured(tmp_path, monkeypatch):
    run = prepare("lstm", tiny.preset("lstm"), tiny.corpus())
    for _ in run_steps(run, tmp_path):
        pass

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("lessons.run.evaluate_model", interrupted)
        with pytest.raises(KeyboardInterrupt):
            finish(run, tmp_path, "glassbox train")
    assert finished_card(run, tmp_path) is None
    card = finish(run, tmp_path, "glassbox train")
    assert finished_card(run, tmp_path)["test_perplexity"] == card["test_perplexity"]


def test_training_by_the_clock_ends_and_counts_resumed_time(tmp_path):
    first = losses("lstm", tmp_path, stop=3, epochs=None, minutes=0.005)
    run = prepare("lstm", tiny.preset("lstm", epochs=None, minutes=0.005), tiny.corpus())
    rest = list(run_steps(run, tmp_path, resume=True))
    assert rest[0].step == len(first) + 1
    assert 0.3 <= run.trainer.seconds < 3
    assert rest[-1].progress == 1


@pytest.mark.parametrize("kind", [StreamBatches, WindowBatches])
def test_targets_are_the_next_tokens_and_an_epoch_sees_the_text_once(kind):
    tokens = torch.arange(1000)
    batches = kind(tokens, 4, 8, seed=1)
    seen = []
    for index in range(batches.per_epoch):
        inputs, targets = batches.batch(2, index)
        assert torch.equal(inputs + 1, targets)
        assert inputs.shape == (4, 8)
        seen += inputs.flatten().tolist()
    assert len(set(seen)) == len(seen) > 900
    assert batches.batch(0, 0)[0].tolist() != batches.batch(1, 0)[0].tolist()


def test_the_stream_goes_on_where_the_last_batch_ended():
    batches = StreamBatches(torch.arange(1000), 4, 8, seed=1)
    (first, _), (second, _) = batches.batch(0, 0), batches.batch(0, 1)
    assert torch.equal(first[:, -1] + 1, second[:, 0])


def test_a_text_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="20 training tokens were given for batches of 4 x 8"):
        StreamBatches(torch.arange(20), 4, 8, seed=1)


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.4))
def test_the_rate_rises_stays_and_falls_to_zero(progress, warmup, plateau):
    factor = learning_rate_factor(progress, warmup, plateau)
    assert 0 <= factor <= 1
    assert learning_rate_factor(1, warmup, plateau) == pytest.approx(0, abs=1e-9)
    assert learning_rate_factor(warmup, warmup, plateau) == 1
    assert learning_rate_factor(warmup + 0.5 * plateau, warmup, plateau) == 1
    middle_of_the_fall = (1 + warmup + plateau) / 2
    assert learning_rate_factor(middle_of_the_fall, warmup, plateau) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"minutes": 1}, "exactly one"),
        ({"epochs": None}, "exactly one"),
        ({"epochs": -1}, "epochs is -1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"warmup": 1}, "warmup is 1"),
        ({"precision": "half"}, "precision is 'half'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "seed is"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"weight_decay": float("nan")}, "weight_decay is nan"),
        ({"betas": (2, 0.9)}, r"betas\[0\] is 2"),
        ({"learning_rate": "x"}, "learning_rate is 'x'"),
        ({"plateau": -0.1}, "plateau is -0.1"),
        ({"plateau": 0.98}, "together they must leave some of the training"),
        ({"jitter": 4}, "jitter is 4; it must be a whole number from 0 to 3"),
        ({"activation_penalty": -1}, "activation_penalty is -1"),
        ({"temporal_penalty": math.inf}, "temporal_penalty is inf"),
        ({"average_over": 2.5}, "average_over is 2.5"),
    ],
)
def test_recipes_refuse_nonsense(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        TrainingRecipe(**{**asdict(tiny.RECIPE), "noise": NoiseRates(), **changes})


def test_noise_rates_refuse_nonsense():
    with pytest.raises(InputError, match="'hidden' is 1"):
        NoiseRates(hidden=1)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_long_preset_is_the_shipped_models_recipe(architecture):
    card, chosen = read_card(SHIPPED / architecture / MODEL_CARD), preset(architecture, "long")
    assert recipe_from(card["recipe"]) == chosen.recipe
    cutoffs = {**card["config"], "cutoffs": tuple(card["config"]["cutoffs"])}
    assert {name: cutoffs[name] for name in chosen.shape} == dict(chosen.shape)


def test_presets_are_found_by_name():
    assert {name for presets in PRESETS.values() for name in presets} == {"class", "laptop", "best", "long"}
    with pytest.raises(InputError, match="no preset 'better'; choose one of class, laptop, best, long"):
        preset("lstm", "better")
    with pytest.raises(InputError, match="no model called 'gru'"):
        preset("gru", "best")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_turned_acts_from_the_next_step_and_is_kept_in_the_checkpoint(architecture, tmp_path):
    def run_turned(folder, stop):
        run = prepare(architecture, tiny.preset(architecture), tiny.corpus())
        steps = run_steps(run, folder)
        seen = [next(steps) for _ in range(5)]
        run.trainer.adjust(learning_rate=1e-3, dropout=0.0, clip=0.01)
        seen += islice(steps, stop)
        steps.close()
        return run, seen

    turned, seen = run_turned(tmp_path / "turned", 5)
    plain = losses(architecture, tmp_path / "plain", stop=10)
    assert [step.loss for step in seen[:5]] == [loss for _, loss in plain[:5]]
    assert seen[5].loss != plain[5][1]  # without dropout
    assert seen[5].learning_rate < 1e-3
    rates = turned.trainer.recipe.noise
    assert (rates.embedding, rates.hidden, rates.output, rates.word) == (0, 0, 0, tiny.RECIPE.noise.word)
    card = read_checkpoint(tmp_path / "turned" / TRAINING_CARD)[1]
    assert (card["recipe"]["learning_rate"], card["recipe"]["clip"]) == (1e-3, 0.01)
    with pytest.raises(InputError, match="dropout rate 'embedding' is 1"):
        turned.trainer.adjust(dropout=1.0, clip=5.0)
    assert turned.trainer.recipe.clip == 0.01
