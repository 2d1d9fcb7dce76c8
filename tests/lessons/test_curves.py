"""The faulty trainings and the grid of overfitting: that each fault is what it says, and that what ships is sound."""

import json
import math

import numpy as np
import pytest
import torch

from lessons.curves import CHANGES, RECIPE, curve_of, faulty_run, grid_of, overfit_run, shipped_curves, shipped_overfit
from lessons.curves.faults import DAMAGED, Change
from lessons.curves.overfit import DROPOUTS, FRACTIONS, N_STEPS, SEEDS
from lessons.curves.setting import new_trainer, toy_text
from lessons.curves.table import (
    CURVES,
    OVERFIT,
    curves_from_json,
    curves_to_json,
    overfit_from_json,
    overfit_to_json,
)
from lessons.errors import InputError
from lessons.evaluation import evaluate
from lessons.grammar import toy_language
from lessons.records import FAULTS, FaultyRun, OverfitGrid, OverfitRun


def trainer(fault, n_steps=10):
    made = new_trainer(toy_text().train[:20_000], n_steps, 7, RECIPE.learning_rate, 0.2)
    CHANGES[fault].apply(made)
    return made


def weights(made):
    return torch.cat([values.detach().flatten() for values in made.network.parameters()])


@pytest.mark.parametrize("fault", CHANGES)
def test_the_line_of_a_fault_names_all_that_was_changed(fault):
    change, usual = CHANGES[fault], Change("", "")
    settings = {"learning_rate": "learning_rate = ", "dropout": "dropout = ", "share": "tokens = text"}
    changed = {name for name in settings if getattr(change, name) != getattr(usual, name)}
    assert changed == {name for name, words in settings.items() if words in change.wrong}
    assert changed == {name for name, words in settings.items() if words in change.right}
    code = change.apply is not usual.apply or change.pairs is not usual.pairs
    assert len(changed) + code == {"healthy": 0, "too little text": 2}.get(fault, 1)


def test_the_changes_are_the_faults_and_only_a_healthy_run_has_none():
    assert list(CHANGES) == list(FAULTS)
    assert [name for name, change in CHANGES.items() if change.right == change.wrong] == ["healthy"]
    assert CHANGES["healthy"].right in CHANGES["optimizer never steps"].right
    assert f"learning_rate = {RECIPE.learning_rate}" == CHANGES["too high a rate"].right
    for fault in ("too high a rate", "too low a rate"):
        assert CHANGES[fault].wrong == f"learning_rate = {CHANGES[fault].learning_rate}"


def test_the_same_seed_gives_the_same_curve_and_starts_at_the_unigram():
    first, again, other = faulty_run(n_steps=21), faulty_run(n_steps=21), faulty_run(n_steps=21, seed=8)
    np.testing.assert_array_equal(first.loss, again.loss)
    assert (first.loss != other.loss).all()
    assert [look.step for look in first.checkpoints] == [0, 20, 21]
    assert first.checkpoints[0].valid_perplexity == pytest.approx(first.baselines["unigram"], rel=0.01)
    assert (first.state, first.name, first.n_steps) == ("finished", "healthy", 21)


def test_validation_is_what_evaluate_measures_and_the_floor_is_the_rules():
    text, made = toy_text(), trainer("healthy")
    measured = evaluate(made.network, text.valid, text.start).perplexity
    assert faulty_run(n_steps=1).checkpoints[0].valid_perplexity == pytest.approx(measured, rel=1e-5)
    words = [text.vocabulary.itos[number] for number in text.valid.tolist()]
    assert text.floor == pytest.approx(math.exp(toy_language().surprisals(words).mean()))
    assert text.floor < text.baselines["bigram"] < text.baselines["unigram"]


def test_without_zeroing_the_gradients_add_up():
    good, bad = trainer("healthy"), trainer("gradients never zeroed")
    first = [one.do_step()[2] for one in (good, bad)]
    second = [one.do_step()[2] for one in (good, bad)]
    assert first[0] == first[1]
    assert second[1] > 1.5 * second[0]


def test_without_a_step_no_weight_moves():
    for fault, moves in (("healthy", True), ("optimizer never steps", False)):
        made = trainer(fault)
        before = weights(made)
        made.do_step()
        made.do_step()
        assert bool((weights(made) != before).any()) is moves


def test_the_answer_is_shown_in_training_and_in_measuring():
    inputs, targets = trainer("sees the answer").batches.batch(0, 0)
    assert torch.equal(inputs, targets)
    inputs, targets = CHANGES["sees the answer"].pairs(torch.arange(5))
    assert torch.equal(inputs, targets)


def test_only_the_damaged_batches_are_shuffled():
    good, bad = trainer("healthy").batches, trainer("damaged batches").batches
    for step in (0, DAMAGED[0] - 1, DAMAGED[0], DAMAGED[-1], DAMAGED[-1] + 1):
        place = divmod(step, good.per_epoch)
        (_, targets), (inputs, damaged) = good.batch(*place), bad.batch(*place)
        assert torch.equal(targets, damaged) is (step not in DAMAGED)
        assert torch.equal(targets.flatten().sort().values, damaged.flatten().sort().values)
        assert torch.equal(inputs[:, 1:], damaged[:, :-1])


def test_a_run_without_end_is_logged_as_diverged(monkeypatch):
    change = CHANGES["too high a rate"]
    monkeypatch.setattr("lessons.curves.faulty.CHANGES", {"too high a rate": change.__class__("", "", 1e6)})
    log = faulty_run("too high a rate", n_steps=30)
    assert log.state == "diverged"
    assert "diverged at step" in log.message
    assert len(log.step) < 30


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fault": "bad luck"}, "There is no fault 'bad luck'; it must be one of healthy, too high a rate"),
        ({"n_steps": 0}, "n_steps is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_a_faulty_run_refuses(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        faulty_run(**settings)


def test_a_curve_survives_its_file():
    curves = [FaultyRun(fault, curve_of("healthy", n_steps=2).log, "a", "b") for fault in FAULTS]
    back = curves_from_json(json.loads(json.dumps(curves_to_json(curves))))
    assert [one.fault for one in back] == list(FAULTS)
    np.testing.assert_allclose(back[0].log.loss, curves[0].log.loss, rtol=1e-4)
    assert np.isnan(back[0].log.seconds).all()


def test_what_is_no_table_is_refused():
    with pytest.raises(InputError, match="has format None"):
        curves_from_json({})
    with pytest.raises(InputError, match="This is no set of curves"):
        curves_from_json({"format": 1, "curves": [{}]})
    with pytest.raises(InputError, match="There must be one curve for each of healthy"):
        curves_from_json({"format": 1, "curves": []})
    with pytest.raises(InputError, match="This is no grid"):
        overfit_from_json({"format": 1}, "nowhere")


def test_the_shipped_curves_are_small_and_made_by_these_changes():
    assert CURVES.stat().st_size < 150_000
    for one in shipped_curves():
        assert (one.right, one.wrong) == (CHANGES[one.fault].right, CHANGES[one.fault].wrong)
        assert one.log.settings["learning_rate"] == (CHANGES[one.fault].learning_rate or RECIPE.learning_rate)
        assert one.log.floor == pytest.approx(toy_text().floor)


def test_a_shipped_curve_can_be_made_again():
    shipped = next(one for one in shipped_curves() if one.fault == "healthy").log
    made = new_trainer(toy_text().train, shipped.n_steps, shipped.seed, RECIPE.learning_rate, RECIPE.noise.hidden)
    np.testing.assert_allclose(shipped.loss[:5], [made.do_step()[0] for _ in range(5)], rtol=0.01)


def test_a_run_of_the_grid_reads_its_part_only_and_is_repeated_exactly():
    one, again = (overfit_run(1 / 64, 0.1, n_steps=20) for _ in range(2))
    np.testing.assert_array_equal(one.valid, again.valid)
    assert one.n_tokens == round(len(toy_text().train) / 64)
    assert one.step.tolist() == list(range(21))
    assert one.epochs == pytest.approx(20 * 16 * 32 / one.n_tokens, rel=0.1)
    assert one.train[-1] < one.train[0]
    assert one.valid[one.best] == one.valid.min()


def test_a_grid_has_every_cell_once_and_survives_its_file():
    steps, values = [0, 10], [90.0, 20.0]
    runs = [OverfitRun(f, d, s, 100, 2.0, steps, values, values) for s in (1, 2) for f in (0.5, 1.0) for d in (0, 0.5)]
    grid = grid_of(runs)
    assert (grid.fractions, grid.dropouts, grid.seeds) == ((0.5, 1.0), (0, 0.5), (1, 2))
    assert [run.seed for run in grid.of(0.5, 0.5)] == [1, 2]
    back = overfit_from_json(json.loads(json.dumps(overfit_to_json(grid))), "a file")
    assert (len(back.runs), back.source, back.recipe, back.floor) == (8, "a file", grid.recipe, grid.floor)
    with pytest.raises(InputError, match=r"There is no run with 0\.25 of the text"):
        grid.of(0.25, 0)
    with pytest.raises(InputError, match="The grid has 7 runs"):
        grid_of(runs[:-1])
    with pytest.raises(InputError, match="The grid has 9 runs of 8 kinds"):
        grid_of([*runs, runs[0]])
    with pytest.raises(InputError, match="no perplexity"):
        OverfitRun(1.0, 0, 1, 100, 2.0, steps, values, [1.0, math.nan])
    assert isinstance(back, OverfitGrid)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fraction": 0.0, "dropout": 0.1}, "fraction is 0.0"),
        ({"fraction": 1.5, "dropout": 0.1}, "fraction is 1.5"),
        ({"fraction": 1.0, "dropout": 1.0}, "dropout rate .* is 1.0"),
        ({"fraction": 1e-6, "dropout": 0.1}, "training tokens were given"),
        ({"fraction": 1.0, "dropout": 0.1, "n_steps": 5}, "n_steps is 5"),
    ],
)
def test_what_a_run_of_the_grid_refuses(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        overfit_run(**settings)


def test_the_shipped_grid_is_small_and_the_one_that_the_command_makes():
    grid = shipped_overfit()
    assert OVERFIT.stat().st_size < 150_000
    assert (grid.fractions, grid.dropouts, grid.seeds) == (FRACTIONS, DROPOUTS, SEEDS)
    assert grid.runs[0].step[-1] == N_STEPS
    assert grid.floor == pytest.approx(toy_text().floor)
    made = grid_of(grid.runs)
    assert (made.recipe, made.baselines) == (grid.recipe, pytest.approx(grid.baselines))


def test_little_text_is_learnt_by_heart_and_dropout_helps_there_and_hurts_with_all_of_it():
    grid = shipped_overfit()
    valid = {(f, d): np.mean([run.valid[-1] for run in grid.of(f, d)]) for f in FRACTIONS for d in DROPOUTS}
    assert valid[1 / 64, 0.5] < 0.7 * valid[1 / 64, 0.0]
    assert valid[1.0, 0.0] < 0.9 * valid[1.0, 0.5]
    for run in grid.of(1 / 64, 0.0):
        assert run.train[-1] < grid.floor < run.valid[run.best] < 0.8 * run.valid[-1]
    assert all(run.valid.min() > grid.floor for run in grid.runs)
