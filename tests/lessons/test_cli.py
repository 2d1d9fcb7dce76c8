"""The command `glassbox`: a run is trained, interrupted, resumed and measured, and an error is one sentence."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lessons import cli
from lessons.checkpoint import read_card, write_card
from lessons.corpus import Corpus
from lessons.grammar import toy_corpus, toy_language
from lessons.head_statistics import measure_corpus
from lessons.head_table import TABLE, read_table
from lessons.loading import load_model
from lessons.ngram import fit_ngram
from lessons.places import SHIPPED
from lessons.run import evaluate_with_cache
from lessons.text import Vocabulary, wikitext
from tests import tiny

LINES = 400
ARCHITECTURES = ["lstm", "transformer"]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A teacher's own text, of a few hundred lines."""
    path = tmp_path_factory.mktemp("text") / "own.txt"
    whole = tiny.corpus(LINES)
    path.write_text("".join(whole.texts[split] for split in ("train", "valid", "test")), encoding="utf-8")
    return path


@pytest.fixture
def glassbox(capfd):
    """Run the command in this process; returns its exit code, what it printed, and what went to the error stream."""

    def run(*words):
        code = cli.main([str(word) for word in words])
        return code, *capfd.readouterr()

    return run


def train(architecture, text, folder, *options):
    return "train", architecture, "--preset", "class", "--text", text, "--out", folder, *options


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_model_is_trained_and_its_card_tells_how(glassbox, text, tmp_path, architecture):
    code, printed, errors = glassbox(*train(architecture, text, tmp_path / "my run", "--epochs", 1, "--seed", 5))
    assert code == 0, errors
    model = load_model(tmp_path / "my run")
    card = model.card
    assert f"Perplexity: valid {card['valid_perplexity']}, test {card['test_perplexity']}." in printed
    assert (card["architecture"], card["seed"], card["epochs"]) == (architecture, 5, 1)
    assert card["command"].startswith(f"glassbox train {architecture} --preset class")
    assert "'" in card["command"]  # the folder's name has a space: the command can be pasted
    assert 1 < card["test_perplexity"] < model.vocab_size  # better than a blind guess among all words
    assert "Traceback" not in errors


def test_minutes_are_a_time_to_train_for(glassbox, text, tmp_path):
    code, _, _ = glassbox(*train("lstm", text, tmp_path, "--minutes", 0.02))
    assert code == 0
    assert 0.02 <= json.loads((tmp_path / "training.json").read_text(encoding="utf-8"))["seconds"] / 60 < 0.2


def test_a_finished_run_is_not_trained_again(glassbox, text, tmp_path):
    words = train("lstm", text, tmp_path, "--epochs", 1)
    assert glassbox(*words)[0] == 0
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    code, _, errors = glassbox(*words)
    assert (code, errors) == (
        1,
        f"glassbox: {tmp_path} holds a run already; go on with it by adding --resume, or choose another folder.\n",
    )
    assert glassbox(*words, "--resume")[0] == 0  # nothing is left to do
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files


def test_resume_starts_where_nothing_is_there_yet(glassbox, text, tmp_path):
    assert glassbox(*train("lstm", text, tmp_path / "new", "--epochs", 1, "--resume"))[0] == 0
    assert load_model(tmp_path / "new").vocab_size > 10


@pytest.fixture(params=["SIGINT", "SIGTERM"])
def interrupted(request, text, tmp_path):
    """The words of a run that was asked to stop after its first steps, and how its process ended."""
    words = [str(word) for word in train("lstm", text, tmp_path, "--epochs", 60)]
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from lessons.cli import main; sys.exit(main())", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    seen = ""
    deadline = time.monotonic() + 120
    while "tokens/s" not in seen:  # the bar shows a first step
        assert time.monotonic() < deadline
        assert process.poll() is None, seen
        seen += process.stderr.read(1)
    process.send_signal(getattr(signal, request.param))
    printed, errors = process.communicate(timeout=60)
    return words, process.returncode, printed, seen + errors


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process on Windows")
def test_ctrl_c_or_a_request_to_end_stops_cleanly_and_resume_finishes(interrupted, glassbox, text, tmp_path):
    words, code, printed, errors = interrupted
    assert code == 130, errors
    stopped = re.search(r"^Stopped at step ([\d,]+)\. Go on with: glassbox (.*) --resume$", printed, re.MULTILINE)
    assert stopped, printed
    assert "Traceback" not in errors
    state = json.loads((tmp_path / "training.json").read_text(encoding="utf-8"))
    assert state["step"] == int(stopped.group(1).replace(",", "")) >= 1
    assert not (tmp_path / "model.json").exists()
    code, _, errors = glassbox(*words, "--resume")
    assert code == 0, errors
    assert load_model(tmp_path).card["epochs"] == 60
    assert json.loads((tmp_path / "training.json").read_text(encoding="utf-8"))["step"] > state["step"]


def test_evaluate_prints_the_number_of_the_card(glassbox, text, tmp_path, monkeypatch):
    assert glassbox(*train("transformer", text, tmp_path, "--epochs", 1))[0] == 0
    corpus = Corpus.from_files(text)
    monkeypatch.setattr(Corpus, "wikitext2", classmethod(lambda cls: corpus))
    card = load_model(tmp_path).card
    for split in ("valid", "test"):
        code, printed, errors = glassbox("evaluate", tmp_path, "--split", split)
        assert code == 0, errors
        found = float(re.search(r"perplexity ([\d.]+)", printed).group(1))
        assert found == pytest.approx(card[f"{split}_perplexity"], abs=0.02)
        assert f"The card says {card[f'{split}_perplexity']}." in printed


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_evaluate_prints_the_perplexity_with_a_cache_beside_the_one_without(glassbox, text, tmp_path, architecture):
    assert glassbox(*train(architecture, text, tmp_path, "--epochs", 1))[0] == 0
    _, alone, _ = glassbox("evaluate", tmp_path, "--text", text)
    code, printed, errors = glassbox("evaluate", tmp_path, "--text", text, "--cache", 500)
    assert code == 0, errors
    *before, line = printed.strip().splitlines()
    assert [re.sub(r", \d+ s\)", "", row) for row in before] == [
        re.sub(r", \d+ s\)", "", row) for row in alone.strip().splitlines()
    ]
    said = re.fullmatch(
        r"With a neural cache of the last 500 tokens: perplexity ([\d.]+) \([\d.]+ nats per token; "
        r"theta ([\d.]+), lambda ([\d.]+), the best on the validation split of \d+ and \d+ values\)",
        line,
    )
    perplexity, theta, weight = (float(number) for number in said.groups())
    model, corpus = load_model(tmp_path), Corpus.from_files(text)
    cache, result = evaluate_with_cache(model, corpus, "test", 500)
    assert (theta, weight) == (cache.theta, cache.weight)
    assert perplexity == pytest.approx(result.perplexity, abs=0.006)


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_evaluate_reproduces_a_shipped_models_card(glassbox, name):
    code, printed, errors = glassbox("evaluate", name)
    assert code == 0, errors
    assert "over 245,569 tokens" in printed
    found = float(re.search(r"perplexity ([\d.]+)", printed).group(1))
    assert found == pytest.approx(load_model(name).card["test_perplexity"], abs=0.1)


def test_heads_prints_and_saves_what_heads_look_at(glassbox, text, tmp_path, monkeypatch):
    assert glassbox(*train("transformer", text, tmp_path, "--epochs", 1))[0] == 0
    corpus = tiny.corpus(LINES)
    texts = {split: corpus.texts[split].replace("\n", " ") * 9 + "\n" for split in corpus.texts}
    two = Corpus("two lines", {split: 2 * line for split, line in texts.items()})
    monkeypatch.setattr(Corpus, "wikitext2", classmethod(lambda cls: two))
    words = ("heads", tmp_path, "--split", "test", "--lines", 2, "--seed", 3)
    code, printed, errors = glassbox(*words)
    assert code == 0, errors
    assert "two lines, test split: 2 lines with 128 tokens" in printed  # its context is 64
    assert not (tmp_path / TABLE).exists()
    code, again, errors = glassbox(*words, "--save")
    assert code == 0, errors
    assert again == printed + f"The table is in {tmp_path / TABLE}.\n"
    found, model = read_table(tmp_path / TABLE), load_model(tmp_path)
    expected = measure_corpus(model, two, "test", n_lines=2, seed=3)
    np.testing.assert_allclose(found.entropy.mean, expected.entropy.mean, atol=1e-4)
    assert found.weights_sha256 == model.card["weights"]["sha256"]
    assert (found.corpus, found.split, found.corpus_sha256) == ("two lines", "test", two.sha256["test"])
    code, _, errors = glassbox(*words, "--lines", 3)
    assert code == 1
    assert "n_lines is 3; the test part of two lines has 2 lines" in errors


def test_ngram_measures_every_order_beside_the_cards_of_this_very_text(glassbox, text, tmp_path, monkeypatch):
    code, printed, errors = glassbox("ngram", "--text", text, "--order", 3)
    assert code == 0, errors
    found = {
        row[0]: tuple(map(float, row[1:3])) for row in re.findall(r"^(\d-gram) +([\d.]+) +([\d.]+)", printed, re.M)
    }
    corpus = Corpus.from_files(text)
    tokens = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([tokens])
    for order in (1, 2, 3):
        model = fit_ngram(vocabulary.encode(tokens), vocabulary, order)
        expected = [model.evaluate(corpus, split).perplexity for split in ("valid", "test")]
        assert found[model.name] == pytest.approx(expected, abs=0.051)
    assert len(found) == 3
    assert "The shipped models' perplexities are of another text" in printed
    for name in ARCHITECTURES:  # models whose cards are about this text stand beside it
        (tmp_path / name).mkdir()
        card = {**read_card(SHIPPED / name / "model.json"), "corpus": {"name": "own", "sha256": dict(corpus.sha256)}}
        write_card(tmp_path / name / "model.json", card)
    monkeypatch.setattr("lessons.ngram.table.SHIPPED", tmp_path)
    code, printed, errors = glassbox("ngram", "--text", text, "--order", 1)
    assert code == 0, errors
    card = read_card(SHIPPED / "transformer" / "model.json")
    assert re.search(rf"^Transformer +{card['valid_perplexity']:.1f} +{card['test_perplexity']:.1f} ", printed, re.M)
    assert "another text" not in printed


def test_the_toy_language_trains_and_measures_without_a_text_and_says_its_floor(glassbox, tmp_path, monkeypatch):
    monkeypatch.setattr("lessons.grammar.toy_corpus", lambda: toy_corpus(7, 4000, depth=0))
    floor = f"No model can have a lower perplexity than {toy_language(0).perplexity:.2f}"
    words = ("train", "lstm", "--preset", "class", "--corpus", "toy", "--out", tmp_path, "--epochs", 1)
    code, printed, errors = glassbox(*words)
    assert code == 0, errors
    assert floor in printed
    card = load_model(tmp_path).card
    assert card["corpus"]["name"] == "the toy language, seed 7"
    assert toy_language(0).perplexity < card["test_perplexity"] < len(toy_language(0).words)
    code, printed, errors = glassbox("evaluate", tmp_path, "--corpus", "toy")
    assert code == 0, errors
    assert f"The card says {card['test_perplexity']}." in printed
    assert floor in printed
    code, printed, errors = glassbox("ngram", "--corpus", "toy", "--order", 2)
    assert code == 0, errors
    assert floor in printed
    assert "2-gram" in printed


MISTAKES = {
    "no such model": (("evaluate", "no-such-model"), r"There is no model 'no-such-model'.*"),
    "no such text": (train("lstm", "missing.txt", "out"), r"missing\.txt cannot be read.*"),
    "an empty text": (train("lstm", "empty.txt", "out"), r"empty\.txt.*"),
    "a text too short": (train("lstm", "short.txt", "out"), r"4 training tokens were given for batches of .*"),
    "no cache": (("evaluate", "lstm", "--text", "own.txt", "--cache", "0"), r"window is 0; .*"),
    "no threads": (train("lstm", "short.txt", "out", "--threads", "0"), r"--threads is 0; it must be at least 1\."),
    "too long an n-gram": (("ngram", "--text", "own.txt", "--order", "6"), r"order is 6; .* from 1 to 5\."),
    "figures of another text": (("ngram", "--text", "own.txt", "--save"), r"The text is own.*, and --order is 5; .*"),
    "no time": (train("lstm", "own.txt", "out", "--minutes", "0"), r"minutes is 0\.0; it must be above 0 and finite\."),
    "not a number": (train("lstm", "own.txt", "out", "--epochs", "nan"), r"epochs is nan; .*"),
    "a seed below 0": (train("lstm", "own.txt", "out", "--seed", "-1"), r".*seed is -1.*"),
    "a file where the folder goes": (train("lstm", "own.txt", "short.txt", "--epochs", "1"), r".*short\.txt.*"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_is_one_sentence_and_exit_code_1(mistake, glassbox, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    (tmp_path / "short.txt").write_text("the king was\ncrowned in\na town\n", encoding="utf-8")
    (tmp_path / "own.txt").write_bytes(text.read_bytes())
    words, sentence = MISTAKES[mistake]
    code, _, errors = glassbox(*words)
    assert code == 1
    last = errors.strip().splitlines()[-1].split("\r")[-1]
    assert re.fullmatch(rf"glassbox: {sentence}", last), errors
    assert last.endswith((".", ")"))
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "words",
    [[], ["fly"], ["train"], ["train", "rnn", "--out", "x"], ["train", "lstm"], ["evaluate"], ["heads"],
     ["evaluate", "lstm", "--split", "all"], ["ngram", "--corpus", "toy", "--text", "x"], ["ngram", "--corpus", "x"],
     ["train", "lstm", "--out", "x", "--epochs", "1", "--minutes", "1"]],
)  # fmt: skip
def test_a_command_that_is_none_gets_the_usage(words, capfd):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert capfd.readouterr().err.startswith("usage: glassbox")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (None, "evaluate"),
        ("train", "--resume"),
        ("evaluate", "--split"),
        ("heads", "--save"),
        ("ngram", "--order"),
        ("doctor", "--help"),
    ],
)
def test_help_tells_the_options_without_importing_torch(command, named):
    words = [*filter(None, [command]), "--help"]
    source = "import sys; from lessons.cli import main\ntry: main()\nfinally: print('torch:', 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source, *words], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: glassbox")
    assert named in done.stdout
    assert done.stdout.endswith("torch: False\n")
