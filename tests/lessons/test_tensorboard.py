"""What TensorBoard is given: read back with its own reader, and equal to what the training reports."""

import html
import re
import sys
from dataclasses import replace

import pytest

from lessons.cli import main
from lessons.corpus import Corpus
from lessons.errors import CheckpointError, InputError, TrainingError
from lessons.presets import preset
from lessons.run import prepare, run_steps
from lessons.tensorboard import TensorBoardLog, _as_it_stands, shown_in_tensorboard

LINES = "the king was crowned in London . \n the queen was born in <unk> . \n"


@pytest.fixture
def run():
    chosen = preset("lstm", "class")
    recipe = replace(chosen.recipe, minutes=None, epochs=1, batch_size=4, length=8, evaluations=2)
    return prepare("lstm", replace(chosen, recipe=recipe), Corpus.from_text(LINES * 40))


def read_back(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"tensors": 0, "scalars": 0, "histograms": 0})
    return found.Reload()


def test_the_curves_are_what_the_steps_report(run, tmp_path):
    log, steps = TensorBoardLog(run, tmp_path / "log"), []
    for step in run_steps(run, tmp_path / "run"):
        log.add(step)
        steps.append(step)
    log.close()
    found = read_back(tmp_path / "log")
    written = {event.step: event.value for event in found.Scalars("loss/train")}
    measured = {step.step for step in steps if step.valid_perplexity is not None}
    assert set(written) == {1, *range(10, len(steps) + 1, 10)} | measured
    for step in steps:
        if step.step in written:
            assert written[step.step] == pytest.approx(step.loss)
    valid = {event.step: event.value for event in found.Scalars("perplexity/valid")}
    assert valid == pytest.approx({step.step: step.valid_perplexity for step in steps if step.step in measured})
    assert set(found.Tags()["histograms"]) >= {"weights of embedding/weight", "weights of head/bias"}
    texts = found.Tensors("what it writes/text_summary")
    assert [event.step for event in texts] == [
        1,
        *sorted(measured),
    ]  # what it writes before it has learned anything, too
    said = texts[-1].tensor_proto.string_val[0].decode()
    assert said.startswith("The king was crowned in ")
    assert "<" not in said


def test_curves_come_before_weights_and_layers_are_counted_as_in_the_lessons(run, tmp_path):
    log = TensorBoardLog(run, tmp_path / "log")
    log.add(next(run_steps(run, tmp_path / "run")))
    log.close()
    found = read_back(tmp_path / "log").Tags()
    assert max(found["scalars"]) < min(found["histograms"])  # TensorBoard sorts by name
    assert "weights of layer 1/from the state" in found["histograms"]
    assert len(found["histograms"]) == sum(bool(p.numel()) for p in run.trainer.network.parameters())


def test_a_model_that_does_not_know_the_usual_words_goes_on_from_its_own(tmp_path):
    lines = "the dogs that sleep are old . \n the cat likes the birds . \n" * 100
    chosen = preset("lstm", "class")
    recipe = replace(chosen.recipe, minutes=None, epochs=1, batch_size=4, length=8)
    run = prepare("lstm", replace(chosen, recipe=recipe), Corpus.from_text(lines))
    log = TensorBoardLog(run, tmp_path / "log")
    log.add(next(run_steps(run, tmp_path / "run")))
    log.close()
    (written,) = read_back(tmp_path / "log").Tensors("what it writes/text_summary")
    assert written.tensor_proto.string_val[0].decode().startswith(("the dogs that", "the cat likes"))


@pytest.mark.parametrize(
    "text",
    ["the <unk> was", "a * star * and _ lines _", "# 1 in the \\ chart", "`x` [ note ] & more", "= = Heading = ="],
)
def test_texts_are_shown_as_they_stand(text):
    from tensorboard.plugin_util import markdown_to_safe_html

    shown = html.unescape(
        re.sub(r"<!--.*?-->|<[^>]*>", "", markdown_to_safe_html(_as_it_stands(text)), flags=re.DOTALL)
    )
    assert shown.strip() == text
    assert not re.search("<(em|strong|h1|code|a)[ >]", markdown_to_safe_html(_as_it_stands(text)))


def test_the_projector_has_the_words_and_their_vectors(run, tmp_path):
    log = TensorBoardLog(run, tmp_path)
    log.add(next(run_steps(run, tmp_path / "run")))
    log.close()
    (words,) = tmp_path.rglob("metadata.tsv")
    (vectors,) = tmp_path.rglob("tensors.tsv")
    assert words.read_text(encoding="utf-8").splitlines() == list(run.vocabulary.itos)
    first = [float(number) for number in vectors.read_text(encoding="utf-8").splitlines()[0].split("\t")]
    assert first == pytest.approx(run.trainer.network.embedding.weight[0].tolist(), rel=1e-4, abs=1e-6)


def test_a_resumed_run_drops_the_points_that_it_makes_again(run, tmp_path):
    for _ in range(2):
        log = TensorBoardLog(run, tmp_path / "log")
        steps = run_steps(run, None)
        log.add(next(steps))
        log.close()
        steps.close()
        run.trainer.step = 0
    assert [event.step for event in read_back(tmp_path / "log").Scalars("loss/train")] == [1]


def test_nothing_is_written_if_no_step_was_done(run, tmp_path):
    TensorBoardLog(run, tmp_path / "log").close()
    assert not (tmp_path / "log").exists()


def test_a_training_that_diverges_keeps_its_curves_to_the_end(tmp_path):
    chosen = preset("lstm", "class")
    recipe = replace(chosen.recipe, minutes=None, epochs=3, batch_size=4, length=8, learning_rate=1e4, clip=1e6)
    run = prepare("lstm", replace(chosen, recipe=recipe), Corpus.from_text(LINES * 40))
    told = []
    with pytest.raises(TrainingError, match="diverged"):
        list(shown_in_tensorboard(run, run_steps(run, None), tmp_path, told.append))
    done = run.trainer.step // 10 * 10
    assert [event.step for event in read_back(tmp_path).Scalars("loss/train")] == [1, *range(10, done + 1, 10)]
    assert not list(tmp_path.rglob("metadata.tsv"))
    assert told == []


@pytest.mark.parametrize("broken", ["add", "close"])
def test_a_full_disk_ends_no_training(run, tmp_path, monkeypatch, broken):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TensorBoardLog, broken, full)
    told = []
    steps = list(shown_in_tensorboard(run, run_steps(run, None), tmp_path, told.append))
    assert len(steps) == run.trainer.n_steps
    assert len(told) == 1
    assert "No space left on device" in told[0]


def test_a_run_that_is_stopped_has_its_embedding(run, tmp_path):
    steps = shown_in_tensorboard(run, run_steps(run, None), tmp_path, print)
    next(steps)
    steps.close()
    assert list(tmp_path.rglob("metadata.tsv"))


def test_without_tensorboard_a_sentence_says_how_to_get_it(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        TensorBoardLog(run, tmp_path)


def test_a_folder_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "log").write_text("", encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot be used"):
        TensorBoardLog(run, tmp_path / "log").add(next(run_steps(run, None)))


def test_the_command_writes_it(tmp_path):
    (tmp_path / "text.txt").write_text(LINES * 200, encoding="utf-8")
    words = ["train", "lstm", "--preset", "class", "--epochs", "1", "--text", str(tmp_path / "text.txt")]
    assert main([*words, "--out", str(tmp_path / "run"), "--tensorboard", str(tmp_path / "log")]) == 0
    assert read_back(tmp_path / "log").Scalars("perplexity/valid")
