"""The range test: what it reads off a curve, that it trains as it says, live and at once, and the shipped table."""

import json
import math
import sys
import tempfile
import threading
import time

import numpy as np
import pytest
import torch

from lessons import cli
from lessons.errors import InputError, TrainingError
from lessons.rates import LiveFinder
from lessons.rates import live as live_finder
from lessons.rates import table as rate_table
from lessons.rates.finder import find_rate, try_rate, watch_rate
from lessons.rates.short import PlainDescent, prepare_short
from lessons.rates.table import from_json, measure_rates, shipped_rates, to_json, trial_rates, write_table
from lessons.records import OPTIMIZERS, RateCurve, RateTable
from lessons.trainer import Trainer
from tests import tiny

CORPUS = tiny.corpus()


@pytest.fixture(autouse=True)
def tiny_presets(monkeypatch):
    """Small models instead of those of the class preset."""
    monkeypatch.setattr("lessons.rates.short.preset", lambda architecture, name: tiny.preset(architecture))


def curve_of(losses, n_steps=None, ended="whole"):
    return RateCurve("lstm", "x", "sgd", 7, 0.25, 1e-3, 1e3, n_steps or len(losses), np.array(losses), ended)


def valley(n=121):
    """Return losses over six decades with their steepest fall at 1, their lowest point at 10, and a rise after it."""
    place = np.log10(np.geomspace(1e-3, 1e3, n))
    return np.where(place < 1, 4 - np.tanh(2 * place), 3 + 4 * (place - 1))


def test_the_mean_is_corrected_for_its_start_at_zero():
    assert curve_of([3.0] * 30).smoothed == pytest.approx(np.full(30, 3.0))
    losses = [4.0, 2.0, 1.0]
    first, second, third = curve_of(losses, 20, "").smoothed
    assert first == 4.0
    assert second == pytest.approx((0.8 * 0.2 * 4 + 0.2 * 2) / (1 - 0.8**2))
    assert third == pytest.approx((0.64 * 0.2 * 4 + 0.8 * 0.2 * 2 + 0.2 * 1) / (1 - 0.8**3))


def test_advice_stands_where_the_curve_falls_lies_and_rises():
    curve = curve_of(valley())
    assert 0.8 < curve.steepest < 3  # the mean lags a few steps behind
    assert 9 < curve.best < 25
    assert curve.tenth == pytest.approx(curve.best / 10)
    assert curve.diverges > curve.best
    at = np.flatnonzero(curve.rates == curve.diverges)[0]
    assert curve.smoothed[at] > curve.start >= curve.smoothed[at - 1]


def test_a_curve_that_never_rises_never_diverges_unless_it_overflows():
    falling = np.linspace(4, 3, 60)
    assert curve_of(falling).diverges is None
    cut = curve_of(falling, 80, "no number")
    assert cut.diverges == cut.rates[-1]


def test_a_fall_within_the_noise_of_the_batches_gives_no_advice():
    noisy = valley() + np.random.default_rng(0).normal(0, 3, 121)
    curve = curve_of(noisy, ended="far above")
    assert (curve.best, curve.steepest, curve.tenth) == (None, None, None)
    assert curve.noise > 2
    assert curve.diverges == curve.rates[-1]
    assert trial_rates(curve) == {}


def test_few_steps_give_no_advice():
    curve = curve_of([4.0, 3.9], 100, "")
    assert (curve.start, curve.best, curve.steepest, curve.tenth, curve.diverges) == (None,) * 5
    assert curve_of(np.zeros(0), 20, "").smoothed.size == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"optimizer": "adam"}, "optimizer is 'adam'"),
        ({"ended": "so"}, "ended is 'so'"),
        ({"low": 2.0}, "it must rise from above 0"),
        ({"n_steps": 2}, "There are 3 losses; 2 steps were planned"),
    ],
)
def test_a_record_refuses_what_cannot_be(changes, sentence):
    fields = {"optimizer": "sgd", "low": 0.1, "high": 1.0, "n_steps": 3, "ended": "whole"} | changes
    with pytest.raises(InputError, match=sentence):
        RateCurve("lstm", "x", seed=7, clip=1.0, losses=np.ones(3), **fields)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_the_losses_are_those_of_a_training_with_these_rates(architecture, optimizer):
    curve = find_rate(architecture, CORPUS, optimizer=optimizer, seed=3, n_steps=20)
    run = prepare_short(architecture, CORPUS, optimizer, 3, 20)
    assert isinstance(run.trainer.optimizer, PlainDescent) == (optimizer == "sgd")
    for rate, loss in zip(curve.rates, curve.losses, strict=True):
        before = [weight.detach().clone() for weight in run.trainer.network.parameters()]
        run.trainer.recipe = tiny.preset(architecture, learning_rate=rate, warmup=0.0, plateau=0.9, seed=3).recipe
        found, used, norm = run.trainer.do_step()
        assert (found, used) == (loss, pytest.approx(rate))
        if optimizer == "sgd":
            changed = zip(run.trainer.network.parameters(), before, strict=True)
            length = math.sqrt(sum(float((now - was).detach().square().sum()) for now, was in changed))
            assert length == pytest.approx(rate * min(norm, run.trainer.recipe.clip), rel=1e-2, abs=1e-7)


def test_the_same_seed_gives_the_same_curve_and_another_one_another():
    one, again, other = (find_rate("lstm", CORPUS, seed=seed, n_steps=20).losses for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_it_stops_when_the_loss_does_not_come_back():
    *_, before, last = watch_rate("transformer", CORPUS, optimizer="sgd", low=1.0, high=1e6, n_steps=200)
    assert last.losses.size < 200
    assert before.ended == ""
    assert last.ended in ("far above", "no number")
    assert last.diverges is not None


def test_an_overflow_ends_the_test_and_its_losses_stay(monkeypatch):
    def overflows(trainer):
        raise TrainingError("no number")

    steps = watch_rate("lstm", CORPUS, n_steps=30)
    for _ in range(12):
        curve = next(steps)
    monkeypatch.setattr(Trainer, "do_step", overflows)
    last = next(steps)
    assert last.ended == "no number"
    assert last.diverges is not None
    np.testing.assert_array_equal(last.losses, curve.losses)
    assert next(steps, None) is None


def test_a_trial_is_a_whole_run_with_its_end_measured():
    good = try_rate("lstm", 5e-3, CORPUS, n_steps=40, n_valid_tokens=200, why="steepest")
    none = try_rate("lstm", 1e-9, CORPUS, n_steps=40, n_valid_tokens=200)
    assert (good.n_steps, good.n_valid_tokens, good.why) == (40, 200, "steepest")
    assert good.perplexity < none.perplexity
    assert math.isinf(try_rate("transformer", 1e30, CORPUS, n_steps=40, optimizer="sgd").perplexity)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"optimizer": "adam"}, "optimizer is 'adam'; it must be one of adamw, sgd"),
        ({"n_steps": 3}, "n_steps is 3"),
        ({"low": 0}, "low is 0"),
        ({"low": 2.0, "high": 1.0}, "high is 1.0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_is_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        find_rate("lstm", CORPUS, **settings)


def test_a_table_is_measured_written_and_read(monkeypatch, tmp_path):
    monkeypatch.setattr(rate_table, "toy_corpus", lambda: CORPUS)
    monkeypatch.setattr(rate_table, "find_rate", lambda *a, **k: find_rate(*a, **k, n_steps=60))
    told = []
    table = measure_rates((), (3, 4), told.append, n_steps=3)
    assert len(table.curves) == 8
    assert len(told) == 8 + len(table.trials)
    (first, second), trials = table.of("lstm", "tiny", "sgd"), table.trials_of("lstm", "tiny", "sgd")
    assert (first.seed, second.seed) == (3, 4)
    assert {one.rate for one in trials} == set(trial_rates(first).values())
    write_table(tmp_path / "rates.json", table)
    again = from_json(json.loads((tmp_path / "rates.json").read_text(encoding="utf-8")), "read")
    assert again.source == "read"
    for one, other in zip(table.curves, again.curves, strict=True):
        np.testing.assert_allclose(one.losses, other.losses, atol=0.00051)
        assert (one.ended, one.low, one.high) == (other.ended, other.low, other.high)
    assert [one.why for one in again.trials] == [one.why for one in table.trials]
    assert len(again.curves) + len(again.trials) == len(told)


@pytest.mark.parametrize("stored", [{}, {"format": 1}, {"format": 1, "curves": [{}], "trials": []}])
def test_what_is_no_table_is_refused(stored):
    with pytest.raises(InputError, match=r"format None|is no table of learning rates"):
        from_json(stored, "a test")


def test_the_shipped_table_is_whole_and_says_what_it_is_of():
    table = shipped_rates()
    assert to_json(table) == json.loads(rate_table.TABLE.read_text(encoding="utf-8"))
    assert rate_table.TABLE.stat().st_size < 60_000
    texts = {one.corpus for one in table.curves}
    assert len(texts) == 2
    for text in texts:
        for architecture in ("lstm", "transformer"):
            adamw, sgd = (table.of(architecture, text, optimizer) for optimizer in OPTIMIZERS)
            assert [one.seed for one in adamw] == [one.seed for one in sgd] == [7, 8, 9]
            assert sgd[0].diverges > 2 * adamw[0].diverges  # the rate belongs to the optimizer
    for first in table.curves[::3]:
        done = {one.why: one.rate for one in table.trials_of(first.architecture, first.corpus, first.optimizer)}
        assert not done or done == pytest.approx(trial_rates(first), rel=1e-6)
    assert len(table.trials) == 24
    for one in table.trials:
        assert one.perplexity > table.floors[one.corpus]


def test_the_shipped_curve_is_what_this_machine_finds(monkeypatch):
    monkeypatch.undo()
    shipped = next(one for one in shipped_rates().curves if "toy" in one.corpus)
    steps = watch_rate(shipped.architecture, optimizer=shipped.optimizer, seed=shipped.seed)
    for _ in range(12):
        curve = next(steps)
    assert curve.corpus == shipped.corpus
    np.testing.assert_allclose(curve.losses, shipped.losses[:12], atol=0.002)


def test_the_command_prints_and_saves_only_what_is_whole(monkeypatch, capsys, tmp_path):
    curves = tuple(curve_of(valley()) for _ in range(2))

    def measure(corpora, seeds, each, n_steps):
        for curve in curves:
            each(curve)
        return RateTable(curves)

    monkeypatch.setattr(rate_table, "measure_rates", measure)
    monkeypatch.setattr(rate_table, "TABLE", tmp_path / "rates.json")
    assert cli.main(["rates", "--toy"]) == 0
    assert capsys.readouterr().out.count("steepest") == 2
    assert cli.main(["rates", "--toy", "--save"]) == 1
    assert "leave out --toy" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def wait_for(check, seconds=90):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def live():
    finder = LiveFinder("lstm", n_steps=400)
    yield finder
    finder.close()


def test_a_live_test_trains_in_a_process_of_its_own_and_stops_at_once(live, monkeypatch):
    monkeypatch.undo()
    assert live.curve() is None
    begin = time.perf_counter()
    live.start()
    live.start()
    assert time.perf_counter() - begin < 0.5
    assert live.state == "starting"
    wait_for(lambda: (found := live.curve()) is not None and found.losses.size >= 12)
    assert live.state == "running"
    begin = time.perf_counter()
    live.stop()
    live.close()
    assert time.perf_counter() - begin < 0.5
    assert (live.state, live.message) == ("stopped", "")
    curve = live.curve()
    assert (curve.architecture, curve.optimizer, curve.n_steps) == ("lstm", "adamw", 400)
    alone = watch_rate("lstm", n_steps=400)
    for _ in range(12):
        expected = next(alone)
    np.testing.assert_allclose(curve.losses[:12], expected.losses, atol=1e-4)
    live.start()
    assert live.state == "stopped"


def test_a_live_test_that_comes_to_its_end_is_finished(monkeypatch, tmp_path):
    (tmp_path / "random.py").write_text("raise ImportError('a file of the learner')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    finder = LiveFinder("lstm", corpus="the toy language, seed 7", n_steps=20)
    finder.start()
    wait_for(lambda: (found := finder.curve()) is not None and found.ended)
    assert finder.curve().corpus == "the toy language, seed 7"
    assert finder.name == "LSTM with AdamW on the toy language"
    wait_for(lambda: finder.state != "running")
    assert (finder.state, finder.message) == ("finished", "")
    assert finder.curve().losses.size <= 20
    finder.close()
    assert finder.state == "finished"


def test_the_process_leaves_when_the_kernel_is_gone():
    finder = LiveFinder("lstm", n_steps=5000)
    finder.start()
    finder._process.stdin.close()  # what the end of a kernel does
    wait_for(lambda: finder._process.poll() is not None)
    assert finder.curve() is None or finder.curve().losses.size < 5000


def test_a_process_that_fails_says_so():
    finder = LiveFinder("lstm", n_steps=20)
    finder._asked["n_steps"] = 3
    finder.start()
    wait_for(lambda: finder.state == "failed")
    assert finder.message.startswith("n_steps is 3")
    finder.close()
    assert finder.message.startswith("n_steps is 3")


def test_a_process_that_breaks_leaves_its_last_line():
    finder = LiveFinder("lstm", n_steps=20)
    finder._asked["no such option"] = 1
    finder.start()
    wait_for(lambda: finder.state == "failed")
    finder.close()
    assert finder.message.startswith("The process that trains ended with code 1. Its last line was: TypeError")


def test_a_live_test_knows_each_text_by_its_name_in_the_tables(monkeypatch):
    assert set(live_finder.LIVE_CORPORA.values()) == {one.corpus for one in shipped_rates().curves}
    monkeypatch.setattr(live_finder, "source_of", lambda source: (f"<{source}>", source))
    for source, name in live_finder.LIVE_CORPORA.items():
        for corpus in (source, name):
            finder = LiveFinder("transformer", "sgd", corpus=corpus)
            assert finder._asked["corpus"] == source
            assert finder.name == f"Transformer with plain gradient descent on <{source}>"


def test_without_wikitext_a_live_test_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"is not on this machine\. A live run fetches nothing"):
        LiveFinder("lstm", corpus="WikiText-2")


def test_a_live_test_asks_for_its_memory_first(monkeypatch):
    monkeypatch.setattr("lessons.live.memory.free_memory", lambda: 1e6)
    finder = LiveFinder("lstm")
    with pytest.raises(InputError, match="MB of memory, and 1 MB are free"):
        finder.start()
    assert finder._process is None
    assert finder.curve() is None


def test_several_threads_may_look_at_a_live_test_while_it_grows():
    finder = LiveFinder("lstm", n_steps=2000)
    finder._folder = tempfile.TemporaryDirectory()
    about = {"architecture": "lstm", "corpus": "x", "optimizer": "adamw", "seed": 7, "clip": 0.25}
    lines = [json.dumps({"about": about | {"low": 1e-3, "high": 1.0, "n_steps": 2000}})]
    lines += [json.dumps({"loss": float(i)}) for i in range(2000)]
    failures = []

    def look():
        try:
            while (found := finder.curve()) is None or found.losses.size < 2000:
                assert found is None or (found.losses == np.arange(found.losses.size)).all()
            assert (found.losses == np.arange(2000)).all()
        except Exception as error:
            failures.append(error)

    finder._log.touch()
    threads = [threading.Thread(target=look, daemon=True) for _ in range(4)]
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        with finder._log.open("a", encoding="utf-8") as log:
            for line in lines:
                log.write(f"{line}\n")
                log.flush()
        for thread in threads:
            thread.join(30)
    finally:
        sys.setswitchinterval(often)
        finder.close()
    assert not failures


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"architecture": "gru"}, "no model called 'gru'"),
        ({"optimizer": "adam"}, "optimizer is 'adam'"),
        ({"corpus": "mine"}, "corpus is 'mine'; it must be one of toy, wikitext-2"),
        ({"seed": "x"}, "seed is 'x'"),
    ],
)
def test_a_live_test_refuses_before_it_starts(given, sentence):
    with pytest.raises(InputError, match=sentence):
        LiveFinder(**{"architecture": "lstm"} | given)


def test_plain_descent_goes_down_the_gradient_by_the_rate():
    weight = torch.nn.Parameter(torch.tensor([2.0, -1.0]))
    descent = PlainDescent([weight, torch.nn.Parameter(torch.zeros(1))])
    descent.param_groups[0]["lr"] = 0.5
    (weight.square().sum()).backward()
    descent.step()
    assert weight.tolist() == [0.0, 0.0]
    descent.zero_grad()
    assert weight.grad is None
