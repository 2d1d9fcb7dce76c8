"""The parts of a live run that need no process: its plan, its text, its memory, its folder, and the loop itself."""

import json
import math
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lessons.errors import CheckpointError, InputError
from lessons.grammar import toy_language
from lessons.grammar.kept import kept_toy_text
from lessons.last_checkpoints import LastCheckpoints
from lessons.live import LiveRun, RecordedRun, memory, recorded_run
from lessons.live.logged import LoggedTraining
from lessons.live.plan import PLAN, RunPlan
from lessons.live.run_folder import beside, make_ready
from lessons.live.texts import read_live_text, source_of, write_texts
from lessons.rates import LiveFinder
from lessons.records import RunChange
from lessons.run import prepare
from lessons.run_lock import open_folder, refuse_if_used
from lessons.run_log import RUN_LOG, RunLogWriter, read_run_log
from tests import tiny


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"architecture": "rnn"}, "no model called 'rnn'"),
        ({"seed": -1}, "seed is -1"),
        ({"n_steps": 0}, "n_steps is 0"),
        ({"n_steps": 10**9}, "from 1 to 100000"),
        ({"evaluations": 2.5}, "evaluations is 2.5"),
        ({"learning_rate": 0}, "learning_rate is 0; it must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"dropout": 1}, "below 1"),
        ({"clip": math.inf}, "clip is inf"),
        ({"prompt": "  "}, "at least one word"),
        ({"sentence": "\ud83d"}, "half a character"),
        ({"name": 7}, "name is 7"),
        ({"prompt": "a " * 2000}, "at most 2,000"),
        ({"changes": ["faster"]}, "changes hold 'faster'"),
        ({"changes": [RunChange(3, "dropout", 2.0)]}, "dropout is 2.0"),
        ({"corpus": "shakespeare"}, "corpus is 'shakespeare'"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_nonsense_is_refused_before_a_process_is_started(options, words):
    with pytest.raises(InputError, match=words):
        LiveRun(**{"architecture": "lstm", **options})


def test_turning_to_nonsense_changes_nothing(tmp_path):
    run = LiveRun("lstm", tiny.corpus(), folder=tmp_path)
    for bad in ({"learning_rate": -1}, {"dropout": 1.0}, {"clip": 0}, {"learning_rate": 0.1, "clip": math.nan}):
        with pytest.raises(InputError):
            run.turn(**bad)
    with pytest.raises(InputError):
        run.step(0)
    assert run.log() is None
    run.stop()
    run.pause()
    run.close()
    with pytest.raises(InputError, match="closed"):
        run.start()


def test_a_run_made_from_one_with_a_folder_has_a_folder_beside_it(tmp_path):
    def make(**options):
        return LiveRun("lstm", tiny.corpus(), **options)

    (tmp_path / "x-3").mkdir()
    first = make(folder=tmp_path / "x")
    second = first.again()
    third = second.again(changes=(), learning_rate=0.01)
    other = first.again(folder=tmp_path / "seed-7", seed=8)
    runs = [first, second, third, other, other.again()]
    assert [run.folder.name for run in runs] == ["x", "x-2", "x-4", "seed-7", "seed-7-2"]
    assert not any(run.is_temporary for run in runs)
    with pytest.raises(InputError, match="learning_rate is -1"):
        first.again(learning_rate=-1)
    assert not (tmp_path / "x-5").exists()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot be made"), beside(tmp_path / "file" / "x"):
        pass
    for run in runs:
        run.close()
    assert second.folder.exists()
    passing = make()
    again = passing.again()
    assert passing.is_temporary
    assert again.is_temporary
    again.close()
    passing.close()
    assert not again.folder.exists()


def test_holding_a_run_loads_no_torch():
    script = """
import sys
from lessons.live import LiveRun
run = LiveRun("transformer")
assert run.log() is None and "LiveRun" in repr(run)
run.close()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_numpys_whole_numbers_are_numbers(tmp_path):
    plan = RunPlan("lstm", seed=np.int64(3), n_steps=np.int32(40), evaluations=np.int64(4))
    plan.save(tmp_path)
    assert RunPlan.load(tmp_path) == plan == RunPlan("lstm", seed=3, n_steps=40, evaluations=4)
    assert json.dumps(LiveFinder("lstm", seed=np.int64(3), n_steps=np.int64(30))._asked)


def test_a_plan_survives_the_way_to_the_process(tmp_path):
    changes = (RunChange(5, "clip", 2), RunChange(3, "dropout", 0.5), RunChange(5, "clip", 3))
    plan = RunPlan("lstm", learning_rate=0.02, dropout=0.3, n_steps=40, name="a ‮name", changes=changes)
    plan.save(tmp_path)
    assert RunPlan.load(tmp_path) == plan
    assert plan.changes == (RunChange(3, "dropout", 0.5), RunChange(5, "clip", 3.0))
    assert plan.about.settings == {"learning_rate": 0.02, "dropout": 0.3, "clip": plan.preset.recipe.clip}
    assert plan.preset.recipe.noise.output == 0.3
    for damaged in ("", "[]", "{}", '{"changes": 3}', "[" * 100_000):
        (tmp_path / PLAN).write_text(damaged, encoding="utf-8")
        with pytest.raises(CheckpointError, match="cannot be read as the plan"):
            RunPlan.load(tmp_path)


def test_without_wikitext_it_names_the_toy_language(monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(InputError, match='corpus="toy"'):
        source_of("wikitext-2")


def test_a_corpus_of_ones_own_goes_through_the_folder(tmp_path):
    corpus = tiny.corpus()
    assert source_of(corpus) == ("tiny", "files")
    write_texts(corpus, tmp_path)
    text = read_live_text("files", "tiny", tmp_path)
    assert text.corpus.sha256 == corpus.sha256
    assert next(corpus.lines("valid")).startswith(text.sentence)
    assert text.sentence.startswith(text.prompt)


def test_the_toy_text_is_kept_and_made_anew_where_it_was_damaged(tmp_path):
    corpus, truth = kept_toy_text(tmp_path)
    (kept,) = tmp_path.iterdir()
    good = kept.read_bytes()
    tokens = [token for line in corpus.lines("valid") for token in (*line.split(), "<eos>")]
    assert truth[:500] == pytest.approx(toy_language().surprisals(tokens[:500]))
    again, same = kept_toy_text(tmp_path)
    assert again.sha256 == corpus.sha256
    assert np.array_equal(truth, same)
    place = len(good) // 2
    kept.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    assert kept_toy_text(tmp_path)[0].sha256 == corpus.sha256
    assert kept.read_bytes() == good
    unusable = tmp_path / "toy-language.json"  # a file where a folder should be
    assert kept_toy_text(unusable)[0].sha256 == corpus.sha256


def test_memory_is_asked_for_first(tmp_path, monkeypatch):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable:   2000000 kB\n", encoding="ascii")
    assert memory.free_memory(tmp_path) == 2_048_000_000
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n", encoding="ascii")
    (group / "memory.current").write_text("100000000\n", encoding="ascii")
    (group / "memory.stat").write_text("anon 5\ninactive_file 40000000\n", encoding="ascii")
    assert memory.free_memory(tmp_path) == 2_048_000_000
    (group / "memory.max").write_text("512000000\n", encoding="ascii")
    assert memory.free_memory(tmp_path) == 452_000_000
    assert memory.free_memory(tmp_path / "nowhere") is None

    small = memory.needed_memory(RunPlan("lstm"), "toy")
    large = memory.needed_memory(RunPlan("lstm", "WikiText-2", "wikitext-2"), "wikitext-2")
    own = memory.needed_memory(RunPlan("lstm", "tiny", "files"), tiny.corpus())
    assert own < small < large
    monkeypatch.setattr(memory, "free_memory", lambda: small - 1e6)
    with pytest.raises(InputError, match=rf"about {small / 1e6:,.0f} MB.*{small / 1e6 - 1:,.0f} MB are free"):
        LiveRun("lstm")
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    LiveRun("lstm").close()


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_the_estimate_of_the_weights_is_about_right(architecture):
    run = prepare(architecture, RunPlan(architecture).preset, tiny.corpus(600))
    n_parameters = sum(parameter.numel() for parameter in run.trainer.network.parameters())
    shape = run.preset.shape
    estimate = len(run.vocabulary) * shape["d_model"] + memory._inner_parameters(shape)
    assert estimate == pytest.approx(n_parameters, rel=0.05)


class Told:
    """Stands in for a process that trains and says nothing."""

    alive = True

    def __init__(self):
        self.orders = []

    def tell(self, do, **what):
        time.sleep(0)  # another thread's turn
        self.orders.append(what["value"])


def test_a_page_and_a_cell_may_look_at_one_run_and_turn_it_at_once(tmp_path):
    make_ready(tmp_path, RunPlan("lstm", "tiny", "files"), tiny.corpus())
    run, writer = LiveRun("lstm", tiny.corpus(), folder=tmp_path), RunLogWriter(tmp_path / RUN_LOG)
    writer.state("running")
    run._child = told = Told()
    failures = []

    def look(number):
        try:
            for n in range(20):
                run.turn(clip=100.0 * number + n + 1)
                run.log()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # they take turns after every few instructions
    [thread.start() for thread in threads]
    for n in range(200):
        writer.change(RunChange(n, "clip", n + 1.0))
    [thread.join() for thread in threads]
    sys.setswitchinterval(before)
    assert failures == []
    assert [change.step for change in run.log().changes] == list(range(200))
    assert sorted(told.orders) == [100.0 * number + n + 1 for number in range(8) for n in range(20)]


def test_a_folder_in_use_is_refused(tmp_path):
    refuse_if_used(tmp_path)
    with open_folder(tmp_path), pytest.raises(CheckpointError, match="Another process trains"):
        refuse_if_used(tmp_path)
    refuse_if_used(tmp_path)


def small_run(**changes):
    return prepare("lstm", tiny.preset("lstm", **changes), tiny.corpus())


def told(folder, looks=10**6, n_steps=20, changes=(), turns=(), until=None, **recipe):
    """Train in a folder until `look` has been called so often, or that step is done; return the log.

    Args:
        turns: what somebody turns on the way, `RunChange`s.
    """
    folder.mkdir(exist_ok=True)
    run = small_run(**recipe)
    run.trainer.end_after(n_steps)
    left, turns = [looks], list(turns)

    def look(may_wait):
        left[0] -= 1
        while may_wait and turns and turns[0].step == training.trainer.step:
            training.turn(turns[0].name, turns.pop(0).value)
        return left[0] < 0 or (may_wait and training.trainer.step == until)

    about = RunPlan("lstm", n_steps=n_steps, prompt="the king").about
    training = LoggedTraining(run, folder, about, "the king was", evaluations=4, changes=changes, look=look)
    training.begin()
    state = training.go()
    log = read_run_log(folder / RUN_LOG)
    assert log.state == state
    return log


def test_it_trains_as_the_trainer_does_and_measures_on_the_way(tmp_path):
    log = told(tmp_path)
    assert (log.state, log.n_steps, log.last_step) == ("finished", 20, 20)
    assert log.step.tolist() == list(range(1, 21))
    assert [checkpoint.step for checkpoint in log.checkpoints] == [0, 5, 10, 15, 20]
    trainer = small_run().trainer
    trainer.end_after(20)
    assert log.loss.tolist() == [trainer.do_step()[0] for _ in range(20)]


def test_it_turns_where_it_is_told_to(tmp_path):
    changes = RunChange(4, "learning_rate", 0.05), RunChange(6, "dropout", 0.6)
    plain, turned = told(tmp_path / "plain"), told(tmp_path / "turned", changes=changes)
    assert turned.loss[:5].tolist() == plain.loss[:5].tolist()  # the rate of step 5 shows in the loss of step 6
    assert turned.loss[5] != plain.loss[5]
    assert turned.learning_rate[4] == pytest.approx(10 * plain.learning_rate[4])
    assert turned.changes == changes


def test_a_loss_beyond_all_bounds_has_diverged(tmp_path):
    log = told(tmp_path, n_steps=60, learning_rate=300.0, clip=100.0, warmup=0.0)
    assert log.state == "diverged"
    assert "10 times that of a blind guess" in log.message
    assert "learning rate below 300." in log.message
    assert f"at step {log.last_step}" in log.message
    assert math.isnan(log.loss[-1])
    assert np.isfinite(log.loss[:-1]).all()


def test_stopped_at_any_look_it_goes_on_as_if_it_never_was(tmp_path):
    whole = told(tmp_path / "whole")
    *parts, pieces = [told(tmp_path / "pieces", looks) for looks in (0, 7, 23, 31, 26, 3, 40, 10**6)]
    assert {log.state for log in parts} == {"stopped"}
    assert pieces.state == whole.state == "finished"
    assert pieces.loss.tolist() == whole.loss.tolist()
    assert [(c.step, c.valid_perplexity, c.sample) for c in pieces.checkpoints] == [
        (c.step, c.valid_perplexity, c.sample) for c in whole.checkpoints
    ]


def lose(folder, kept):
    """Let a folder's state be an older one, as a kill leaves it; the log stays, for every line was written at once."""
    for path in folder.glob("training*"):
        path.unlink()
    for path in kept.glob("training*") if kept else ():
        shutil.copy(path, folder)


TURNS = (
    RunChange(4, "clip", 0.1),
    RunChange(10, "learning_rate", 0.05),
    RunChange(10, "learning_rate", 0.02),
    RunChange(10, "dropout", 0.5),
    RunChange(10, "learning_rate", 0.05),  # and back: the order counts
    RunChange(13, "clip", 0.2),
)
PLANNED = RunChange(10, "learning_rate", 0.03), RunChange(12, "dropout", 0.3), RunChange(18, "clip", 0.4)


def same_curve(one, other):
    assert one.loss.tolist() == other.loss.tolist()
    assert one.learning_rate.tolist() == other.learning_rate.tolist()
    assert one.changes == other.changes


@pytest.mark.parametrize("changes", [(), PLANNED], ids=["by hand", "by hand and as planned"])
@pytest.mark.parametrize("saved", [7, None], ids=["saved before", "never saved"])
def test_what_was_turned_after_the_last_save_is_turned_again(tmp_path, saved, changes):
    whole = told(tmp_path / "whole", changes=changes, turns=TURNS)
    assert len(whole.changes) == len(TURNS) + len(changes)
    pieces = tmp_path / "pieces"
    if saved:
        told(pieces, until=saved, changes=changes, turns=TURNS)
        shutil.copytree(pieces, tmp_path / "kept")
    rest = TURNS[1:] if saved else TURNS
    assert told(pieces, until=15, changes=changes, turns=rest).changes == whole.until(15).changes
    for until in (9, 10, 11):  # killed again and again: before the turns, just after some of them, and later
        lose(pieces, tmp_path / "kept" if saved else None)
        assert told(pieces, until=until, changes=changes).changes == whole.until(until).changes
    lose(pieces, tmp_path / "kept" if saved else None)
    same_curve(told(pieces, changes=changes), whole)


def test_what_is_turned_anew_counts_more_than_what_was_lost(tmp_path):
    wanted = RunChange(8, "learning_rate", 0.01), RunChange(13, "clip", 0.2)
    whole = told(tmp_path / "whole", turns=wanted)
    pieces = tmp_path / "pieces"
    told(pieces, until=7)
    shutil.copytree(pieces, tmp_path / "kept")
    told(pieces, until=15, turns=[RunChange(10, "learning_rate", 0.05), *wanted[1:]])
    lose(pieces, tmp_path / "kept")
    assert told(pieces, until=9, turns=wanted[:1]).changes == wanted[:1]
    lose(pieces, tmp_path / "kept")
    same_curve(told(pieces), whole)


def test_what_made_a_run_diverge_is_not_turned_again(tmp_path):
    plain, pieces = told(tmp_path / "plain"), tmp_path / "pieces"
    told(pieces, until=7)
    turns = [RunChange(9, "learning_rate", 1e6), RunChange(9, "clip", 1e6)]
    log = told(pieces, turns=turns)
    assert (log.state, log.changes) == ("diverged", tuple(turns))
    assert "go on from step 7" in log.message
    broken_off = told(pieces, until=8)
    assert broken_off.changes == ()
    same_curve(told(pieces), plain)


def test_a_full_disk_ends_no_lesson(tmp_path, monkeypatch):
    def full(path, data, flush):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lessons.checkpoint.write_whole", full)
    log = told(tmp_path)
    assert log.state == "finished"
    assert "No space left on device" in log.message


def test_no_click_waits_for_a_slow_disk(tmp_path, monkeypatch):
    def slow(file):
        raise AssertionError("the training waits for the disk")

    monkeypatch.setattr("os.fsync", slow)
    make_ready(tmp_path, RunPlan("lstm", n_steps=20), tiny.corpus())
    assert told(tmp_path, 40).state == "stopped"
    assert LastCheckpoints(tmp_path).newest().card["step"] > 0
    assert told(tmp_path).state == "finished"


def test_a_recorded_run(tmp_path):
    told(tmp_path / "run")
    run = recorded_run(tmp_path / "run")
    assert not run.is_live
    assert (run.name, run.log().last_step) == ("LSTM", 20)
    assert recorded_run(tmp_path / "run" / RUN_LOG, "mine").name == "mine"
    with pytest.raises(InputError, match="holds no run"):
        recorded_run(tmp_path)
    with pytest.raises(InputError, match="log is of type dict"):
        RecordedRun("x", json.loads("{}"))
    with pytest.raises(InputError, match="name of a run"):
        RecordedRun(" ", run.log())
