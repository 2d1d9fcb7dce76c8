"""Whole gradients: their norms and parts, what both clippings make of them, and the shipped runs with and without."""

import json
import math

import numpy as np
import pytest
import torch

from lessons import cli
from lessons.clipping import table as clipping_table
from lessons.clipping.gradients import NO_CLIP, gradient_of, log_run
from lessons.clipping.table import PAIRS, from_json, measure_clipping, shipped_clipping, to_json, write_table
from lessons.errors import InputError
from lessons.rates.short import prepare_short
from lessons.records import ClippingTable, clipped_by_norm, clipped_by_value, cosine
from tests import tiny

CORPUS = tiny.corpus()


@pytest.fixture
def tiny_presets(monkeypatch):
    """Small models instead of those of the class preset."""
    monkeypatch.setattr("lessons.rates.short.preset", lambda architecture, name: tiny.preset(architecture))


def prepared(architecture, clip=None, optimizer="adamw"):
    return prepare_short(architecture, CORPUS, optimizer, 3, 20, clip=clip)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_a_look_has_the_gradient_of_the_very_step(tiny_presets, architecture):
    free, clipped = prepared(architecture, NO_CLIP), prepared(architecture, 0.05)
    look = gradient_of(clipped.trainer)
    _, _, norm = free.trainer.do_step()
    grads = {name: weight.grad for name, weight in free.trainer.network.named_parameters() if weight.grad is not None}
    whole = torch.cat([grad.flatten() for grad in grads.values()]).double().numpy()
    assert look.step == 1
    assert look.n_weights == whole.size
    assert look.norm == pytest.approx(norm, rel=1e-4)
    assert math.sqrt(sum(part**2 for part in look.parts.values())) == pytest.approx(look.norm, rel=1e-6)
    embedding = grads["embedding.weight"].double().square().sum()
    if "positions.weight" in grads:
        embedding = embedding + grads["positions.weight"].double().square().sum()
    assert look.parts["embedding"] == pytest.approx(math.sqrt(float(embedding)), rel=1e-4)
    assert {"embedding", "layer 1", "layer 2", "head"} == set(look.parts)
    cut = clipped_by_value(whole, look.value)
    assert np.linalg.norm(cut) == pytest.approx(look.clip, rel=1e-3)
    assert look.cosine_by_value == pytest.approx(cosine(whole, cut), abs=1e-4)
    assert look.share_cut == pytest.approx((np.abs(whole) > look.value).mean(), abs=0.01)
    assert look.cosine_by_norm == pytest.approx(1, abs=1e-9)
    assert look.cosine_by_value < 0.999


def test_looking_changes_nothing_of_the_training(tiny_presets):
    plain, looked = prepared("lstm", 0.05), prepared("lstm", 0.05)
    quiet, none = log_run(plain, "a", 12)
    log, looks = log_run(looked, "a", 12, every=4)
    assert none == ()
    assert [look.step for look in looks] == [1, 5, 9]
    np.testing.assert_array_equal(quiet.loss, log.loss)
    np.testing.assert_array_equal(quiet.gradient_norm, log.gradient_norm)
    assert looks[1].norm == pytest.approx(log.gradient_norm[4], rel=1e-4)
    assert log.state == "finished"
    assert all(not weight._post_accumulate_grad_hooks for weight in looked.trainer.network.parameters())


def test_a_short_gradient_is_left_alone(tiny_presets):
    look = gradient_of(prepared("lstm", NO_CLIP).trainer)
    assert (look.value, look.cosine_by_value, look.share_cut) == (None, None, None)
    assert look.cosine_by_norm == pytest.approx(1)


def test_a_run_that_diverges_says_so_and_keeps_its_steps(tiny_presets):
    run = prepare_short("transformer", CORPUS, "sgd", 3, 30, rate=1e12, clip=NO_CLIP)
    log, _ = log_run(run, "too fast", 30)
    assert log.state == "diverged"
    assert "diverged at step" in log.message
    assert 0 < log.last_step < 30
    assert np.isfinite(log.loss).all()


@pytest.mark.parametrize("limit", [0.5, 1.5, 10.0])
def test_the_three_functions_are_their_formulas(limit):
    gradient = np.array([3.0, -1.0, 0.5])
    norm = math.sqrt(10.25)
    assert clipped_by_norm(gradient, limit) == pytest.approx(gradient * min(1, limit / norm))
    by_hand = [min(limit, max(-limit, x)) for x in gradient.tolist()]
    assert clipped_by_value(gradient, limit).tolist() == by_hand
    dot = sum(x * y for x, y in zip(gradient.tolist(), by_hand, strict=True))
    assert cosine(gradient, by_hand) == pytest.approx(dot / norm / math.sqrt(sum(x * x for x in by_hand)))


def test_a_table_is_measured_written_and_read(tiny_presets, tmp_path):
    told = []
    table = measure_clipping(told.append, 12, 3, CORPUS)
    assert len(told) == 2 * len(PAIRS)
    for (clipped, free), (_, _, rate) in zip(table.runs, PAIRS, strict=True):
        assert clipped.name == free.name
        assert free.settings["clip"] == NO_CLIP
        assert clipped.settings["learning_rate"] == free.settings["learning_rate"] == rate
        assert clipped.loss[0] == free.loss[0]  # the same start and the same first batch
    write_table(tmp_path / "clipping.json", table)
    again = from_json(json.loads((tmp_path / "clipping.json").read_text(encoding="utf-8")), "read")
    np.testing.assert_allclose(again.runs[0][0].loss, table.runs[0][0].loss, rtol=1e-3)
    assert again.looks[1][0].parts == pytest.approx(dict(table.looks[1][0].parts), rel=1e-4)
    assert again.source == "read"


@pytest.mark.parametrize("stored", [{}, {"format": 1}, {"format": 1, "looks": [[{}]], "runs": []}])
def test_what_is_no_table_is_refused(stored):
    with pytest.raises(InputError, match=r"format None|is no table of clipping"):
        from_json(stored, "a test")


def test_a_table_needs_pairs_and_a_look_for_each():
    (clipped, free), *_ = shipped_clipping().runs
    with pytest.raises(InputError, match="at least one pair"):
        ClippingTable((), ())
    with pytest.raises(InputError, match="two RunLogs"):
        ClippingTable(((clipped,),), ((),))
    with pytest.raises(InputError, match="looks at 0 runs, and 1 pairs"):
        ClippingTable(((clipped, free),), ())


def test_the_shipped_table_shows_what_it_is_shipped_for():
    table = shipped_clipping()
    assert to_json(table) == json.loads(clipping_table.TABLE.read_text(encoding="utf-8"))
    assert clipping_table.TABLE.stat().st_size < 60_000
    assert all(f"rate {rate:g}" in clipped.name for (clipped, _), (_, _, rate) in zip(table.runs, PAIRS, strict=True))
    for (clipped, free), looks in zip(table.runs, table.looks, strict=True):
        assert clipped.state == "finished"
        assert free.state == "diverged" or free.last_step == clipped.last_step
        assert min(look.cosine_by_value or 1 for look in looks) < 0.98  # a turn of more than ten degrees
        for look in looks:
            assert look.cosine_by_norm == pytest.approx(1, abs=1e-5)
            assert look.cosine_by_value is None or look.cosine_by_value < 1
            assert look.norm == pytest.approx(clipped.gradient_norm[look.step - 1], rel=1e-3)


def test_the_shipped_run_is_what_this_machine_finds():
    (clipped, _), *_ = shipped_clipping().runs
    architecture, optimizer, rate = PAIRS[0]
    log, _ = log_run(prepare_short(architecture, None, optimizer, 7, 200, rate=rate), "again", 8)
    np.testing.assert_allclose(log.loss, clipped.loss[:8], atol=0.002)
    np.testing.assert_allclose(log.gradient_norm, clipped.gradient_norm[:8], rtol=0.01)


def test_the_command_saves_what_it_measured(monkeypatch, capsys, tmp_path):
    table = shipped_clipping()

    def measure(each, n_steps):
        each(table.runs[0][1])
        return table

    monkeypatch.setattr(clipping_table, "measure_clipping", measure)
    monkeypatch.setattr(clipping_table, "TABLE", tmp_path / "clipping.json")
    assert cli.main(["clipping"]) == 0
    assert not list(tmp_path.iterdir())
    assert cli.main(["clipping", "--save"]) == 0
    assert "without clipping" in capsys.readouterr().out
    assert (tmp_path / "clipping.json").stat().st_size > 1000
