"""A run with snapshots is recorded: the same whatever stopped it, each number that of its own model, as a file too."""

import json

import numpy as np
import pytest

from lessons.checkpoint import write_checkpoint
from lessons.cli import main
from lessons.errors import CheckpointError, InputError
from lessons.evaluation import evaluate
from lessons.head_statistics import line_statistics
from lessons.loading import load_model
from lessons.places import MODEL_CARD, SHIPPED
from lessons.recording import (
    RECORDING,
    keep_snapshots,
    read_recording,
    record_run,
    shipped_recording,
    snapshots_in,
    write_recording,
)
from lessons.recording.measure import neighbours
from lessons.recording.questions import questions_on
from lessons.recording.snapshots import chosen
from lessons.records import GATES, HEAD_SCORES
from lessons.run import prepare, run_steps
from lessons.run_log import RUN_LOG, read_run_log
from tests import tiny


def trained(architecture, folder, resume=False, stop=None, **changes):
    run = prepare(architecture, tiny.preset(architecture, **changes), tiny.corpus())
    steps = keep_snapshots(run, run_steps(run, folder, resume), folder, resume)
    for step in steps:
        if step.step == stop:
            steps.close()
    return run


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def recorded(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    run = trained(request.param, folder)
    return folder, run, record_run(folder, tiny.corpus())


def plain(recording, folder):
    path = folder / "again.json"
    write_recording(path, recording)
    return path.read_text(encoding="utf-8")


def test_snapshots_lie_at_the_early_steps_the_measured_ones_and_the_end(recorded):
    folder, run, recording = recorded
    assert recording.steps == (0, 10, 30, 32, 63, 95, 100, 126)
    assert run.trainer.step == 126
    cards = [json.loads(path.read_text(encoding="utf-8")) for path in snapshots_in(folder)]
    assert [card["step"] for card in cards if card["valid_perplexity"]] == [32, 63, 95, 126]
    assert cards[0]["learning_rate"] is None
    assert np.isnan(recording.checkpoints[0].learning_rate)


def test_each_snapshot_is_a_whole_model_with_the_numbers_of_the_recording(recorded):
    folder, _, recording = recorded
    log = read_run_log(folder / RUN_LOG)
    assert (log.prompt, log.tokens) == (recording.run.prompt, recording.run.tokens)
    assert "<unk>" not in log.tokens
    for path, at in zip(snapshots_in(folder), recording.checkpoints, strict=True):
        model = load_model(path)
        questions = questions_on(model.vocabulary, tiny.corpus())
        assert model.surprisals(questions.sentence) == pytest.approx(at.surprisals)
        measured = evaluate(model.network, questions.valid_ids, model.vocabulary.stoi["<eos>"])
        assert measured.perplexity == pytest.approx(at.valid_perplexity)
        assert model.generate(questions.prompts[0], 20, seed=7).tokens[0] in (*at.drawn[0].split(), "<eos>")
        assert at.weights_sha256 == model.card["weights"]["sha256"]
    assert recording.weights_sha256 == at.weights_sha256
    assert at.valid_perplexity < recording.checkpoints[0].valid_perplexity


def test_what_is_inside_is_the_trace_of_that_model(recorded):
    folder, _, recording = recorded
    model, at = load_model(snapshots_in(folder)[-1]), recording.checkpoints[-1]
    questions = questions_on(model.vocabulary, tiny.corpus())
    trace = model.trace(questions.sentence, top_k=0)
    if model.name and recording.run.architecture == "transformer":
        np.testing.assert_allclose(at.attention, trace.attention_weights, atol=1e-6)
        traces = [model.trace(line, top_k=0) for line in questions.lines]
        own = [line_statistics(one.attention_weights, one.token_ids)["own_token"] for one in traces]
        np.testing.assert_allclose(at.head_scores[list(HEAD_SCORES).index("own_token")], np.mean(own, 0), atol=1e-6)
        assert recording.even.shape == (5,)
        assert recording.even[-1] == pytest.approx(1)
        with pytest.raises(InputError, match="no gates"):
            at.saturated  # noqa: B018
        return
    np.testing.assert_allclose(at.gates, trace.gates[..., list(recording.units)].transpose(0, 2, 1, 3), atol=1e-6)
    gates = np.concatenate([model.trace(line, top_k=0).gates for line in questions.lines], 1)
    np.testing.assert_allclose(at.gate_means, gates.mean((1, 3)), atol=1e-5)
    assert at.gate_histogram.sum(-1) == pytest.approx(1)
    for i, gate in enumerate(GATES):
        low = -0.9 if gate == "candidate" else 0.1
        shares = [(gates[:, :, i] < low).mean((1, 2)), (gates[:, :, i] > 0.9).mean((1, 2))]
        np.testing.assert_allclose(at.saturated[:, i], np.stack(shares, -1), atol=1e-3)
    forget = gates[:, :, 1].astype(np.float64)
    lives = np.log(0.5) / np.log(forget).mean(1)
    np.testing.assert_allclose(at.half_lives[:, 1], np.median(lives, 1), rtol=1e-5)


def test_neighbours_are_the_tokens_with_the_largest_cosines(recorded):
    folder, _, recording = recorded
    model, at = load_model(snapshots_in(folder)[-1]), recording.checkpoints[-1]
    vectors = model.network.embedding.weight.float().numpy()
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    word = model.vocabulary.stoi[recording.words[0]]
    cosines = vectors @ vectors[word]
    order = [i for i in np.argsort(-cosines) if model.vocabulary.itos[i] not in ("<unk>", "<eos>", recording.words[0])]
    assert at.neighbours[0].tolist() == [model.vocabulary.itos[i] for i in order[:5]]
    assert at.cosines[0] == pytest.approx(cosines[order[:5]], abs=1e-5)
    assert neighbours(model, recording.words, 2)[1].shape == (len(recording.words), 2)


def test_recording_twice_and_reading_back_gives_the_same(recorded, tmp_path):
    folder, _, recording = recorded
    text = plain(recording, tmp_path)
    assert plain(record_run(folder, tiny.corpus()), tmp_path) == text
    back = read_recording(tmp_path / "again.json")
    assert plain(back, tmp_path) == text
    for old, new in zip(recording.checkpoints, back.checkpoints, strict=True):
        assert new.surprisals == pytest.approx(old.surprisals, rel=1e-4)
        for name, close in (("attention", 0.004), ("gates", 0.005)):
            if getattr(old, name) is not None:
                np.testing.assert_allclose(getattr(new, name), getattr(old, name), atol=close)


def test_a_recording_is_a_run_that_can_be_replayed(recorded):
    folder, _, recording = recorded
    assert recording.is_live is False
    log = recording.log()
    assert log.state == "finished"
    assert log.step.tolist() == [*range(1, 101), 110, 120, 126]
    assert [at.step for at in log.until(50).checkpoints] == [0, 10, 30, 32]
    assert log.checkpoints[-1].sample == recording.checkpoints[-1].drawn[0]
    assert log.baselines["unigram"] > log.baselines["bigram"] > 1
    assert recording.at(31).step == 30
    assert recording.at(-1).step == 0
    theirs = read_run_log(folder / RUN_LOG)
    assert [at.step for at in theirs.checkpoints] == list(recording.steps)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_a_run_that_was_stopped_and_resumed_keeps_the_same_snapshots(architecture, tmp_path):
    trained(architecture, tmp_path / "whole")
    run = trained(architecture, tmp_path / "parts", stop=33)
    assert run.trainer.step == 33
    assert read_run_log(tmp_path / "parts" / RUN_LOG).state == "stopped"
    later = tmp_path / "parts" / "snapshots" / "step-0000077.json"
    later.write_text(json.dumps({"step": 77}), encoding="utf-8")  # of a life that was lost
    trained(architecture, tmp_path / "parts", resume=True)
    sums = [
        [json.loads(path.read_text(encoding="utf-8"))["weights"]["sha256"] for path in snapshots_in(tmp_path / part)]
        for part in ("whole", "parts")
    ]
    assert sums[0] == sums[1]
    logs = [read_run_log(tmp_path / part / RUN_LOG) for part in ("whole", "parts")]
    assert set(logs[0].step) <= set(logs[1].step)
    np.testing.assert_array_equal(logs[1].loss[np.isin(logs[1].step, logs[0].step)], logs[0].loss)
    assert logs[1].state == "finished"


def test_a_run_that_starts_anew_drops_all_that_was_there(tmp_path):
    trained("lstm", tmp_path)
    (tmp_path / "training.json").unlink()
    trained("lstm", tmp_path, stop=12)
    assert [path.stem for path in snapshots_in(tmp_path)] == ["step-0000000", "step-0000010"]
    log = read_run_log(tmp_path / RUN_LOG)
    assert (log.last_step, len(log.checkpoints)) == (12, 2)


def test_a_run_that_diverges_says_so_in_its_log(tmp_path):
    with pytest.raises(Exception, match="diverged"):
        trained("lstm", tmp_path, learning_rate=1e30, clip=1e30)
    assert read_run_log(tmp_path / RUN_LOG).state == "diverged"


def test_a_snapshot_for_which_there_is_no_room_ends_nothing(monkeypatch, tmp_path):
    def no_room(path, tensors, card):
        if card["step"] == 10:
            raise CheckpointError("no room")
        return write_checkpoint(path, tensors, card)

    monkeypatch.setattr("lessons.recording.snapshots.write_checkpoint", no_room)
    run = prepare("lstm", tiny.preset("lstm"), tiny.corpus())
    notes = {step.step: step.note for step in keep_snapshots(run, run_steps(run, tmp_path), tmp_path)}
    assert {step: note for step, note in notes.items() if note}.keys() == {10}
    assert "step 10 did could not be kept, and the training goes on" in notes[10]
    assert len(notes) == 126
    assert 10 not in record_run(tmp_path, tiny.corpus()).steps


def test_few_of_many_snapshots_are_spread_and_keep_both_ends(recorded):
    paths = snapshots_in(recorded[0])
    assert chosen(paths, 20) == paths
    kept = chosen(paths, 4)
    assert (len(kept), kept[0], kept[-1]) == (4, paths[0], paths[-1])
    assert len(record_run(recorded[0], tiny.corpus(), most=2).checkpoints) == 2
    with pytest.raises(InputError, match="most is 1"):
        record_run(recorded[0], tiny.corpus(), most=1)


def test_what_cannot_be_recorded_or_read_is_said(tmp_path, recorded):
    with pytest.raises(InputError, match="holds no snapshots"):
        record_run(tmp_path, tiny.corpus())
    with pytest.raises(InputError, match="There is no recording at"):
        read_recording(tmp_path / "none.json")
    path = tmp_path / RECORDING
    for text in ("[]", "{", '{"format": 2}', '{"format": 1, "run": {}}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="cannot be read as a recording"):
            read_recording(tmp_path)
    whole = json.loads(plain(recorded[2], tmp_path))
    whole["run"]["checkpoints"][0]["inside"] = whole["run"]["checkpoints"][0]["inside"][:-5]
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a recording"):
        read_recording(tmp_path)
    (tmp_path / RUN_LOG).mkdir()
    run = prepare("lstm", tiny.preset("lstm"), tiny.corpus())
    with pytest.raises(CheckpointError, match="cannot be written to"):
        next(keep_snapshots(run, run_steps(run, tmp_path), tmp_path))


def test_the_shipped_recording_is_of_the_shipped_weights_or_says_why_not(monkeypatch, tmp_path, recorded):
    with pytest.raises(InputError, match="no shipped model 'lsmt'"):
        shipped_recording("lsmt")
    for name in ("lstm", "transformer"):
        if (SHIPPED / name / RECORDING).is_file():
            recording = shipped_recording(name)
            assert len(recording.checkpoints) >= 12
            assert load_model(name).card["weights"]["sha256"] == recording.weights_sha256
            assert (SHIPPED / name / RECORDING).stat().st_size < 600_000
    monkeypatch.setattr("lessons.recording.files.SHIPPED", tmp_path)
    with pytest.raises(InputError, match="has not been recorded"):
        shipped_recording("lstm")
    (tmp_path / "lstm").mkdir()
    write_recording(tmp_path / "lstm" / RECORDING, recorded[2])
    card = {"format": "glassbox-lm", "format_version": 1, "weights": {"sha256": "0" * 64}}
    (tmp_path / "lstm" / MODEL_CARD).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(InputError, match="another training"):
        shipped_recording("lstm")
    card["weights"]["sha256"] = recorded[2].weights_sha256
    (tmp_path / "lstm" / MODEL_CARD).write_text(json.dumps(card), encoding="utf-8")
    assert shipped_recording("lstm").steps == recorded[2].steps


def test_a_model_has_the_recording_of_its_own_weights_alone(monkeypatch, tmp_path, recorded):
    folder, _, recording = recorded
    monkeypatch.setattr("lessons.tables.SHIPPED", tmp_path)
    paths = snapshots_in(folder)
    assert load_model(paths[-1]).recording is None
    (tmp_path / recording.run.architecture).mkdir()
    write_recording(tmp_path / recording.run.architecture / RECORDING, recording)
    assert load_model(paths[-1]).recording.steps == recording.steps
    assert load_model(paths[0]).recording is None
    assert tiny.model(recording.run.architecture).recording is None


def test_the_command_writes_the_recording_and_ships_only_the_shipped_models(tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text("\n".join("the king was crowned in a town of stone and bees ." for _ in range(400)), "utf-8")
    out = str(tmp_path / "run")
    made = ["train", "lstm", "--preset", "class", "--out", out, "--text", str(text), "--epochs", "1", "--snapshots"]
    assert main(made) == 0
    assert main(["record", out, "--text", str(text)]) == 0
    assert "The recording is in" in capsys.readouterr().out
    recording = read_recording(out)
    assert recording.weights_sha256 == load_model(out).card["weights"]["sha256"]  # the last one is the finished model
    assert main(["record", out, "--text", str(text), "--save"]) == 1
    assert "is not the shipped LSTM" in capsys.readouterr().err
