"""The figures of counting that ship are those that counting gives, and stand only beside a model of the same text."""

import json

import pytest

from lessons import cli, doctor
from lessons.at_hand import corpus_at_hand
from lessons.checkpoint import read_card
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.ngram import card as module
from lessons.ngram.card import as_card, beside, rows_of, shipped_ngrams, write_ngrams
from lessons.ngram.table import Measured, count_corpus, measure_orders
from lessons.places import MODEL_CARD, NGRAM_CARD, SHIPPED
from lessons.text import Vocabulary
from tests import tiny


@pytest.fixture(scope="module")
def small():
    return tiny.corpus(200)


@pytest.fixture
def counted_here(small, tmp_path, monkeypatch):
    """A folder of shipped models whose figures of counting are those of the small text; returns the rows."""
    counted = count_corpus(small, 5)
    rows = list(measure_orders(counted, small))
    write_ngrams(tmp_path / NGRAM_CARD, as_card(small, counted, rows))
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    return rows


def test_the_figures_come_back_as_they_were_measured(small, counted_here):
    for kept, measured in zip(shipped_ngrams(small), counted_here, strict=True):
        assert (kept.name, kept.n_ngrams) == (measured.name, measured.n_ngrams)
        assert kept.valid_perplexity == pytest.approx(measured.valid_perplexity, abs=0.0051)
        assert kept.test_perplexity == pytest.approx(measured.test_perplexity, abs=0.0051)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_the_sentence_has_the_figures_of_the_split(small, counted_here, split):
    figures = {row.name: getattr(row, f"{split}_perplexity") for row in counted_here}
    said = beside(small, split, count_corpus(small).vocabulary)
    for name in ("1-gram", "2-gram", "5-gram"):
        assert f"{name} {round(figures[name], 2):.1f}" in said


def test_another_text_is_counted_if_its_words_are_the_models(small, counted_here):
    other = Corpus("another", {**small.texts, "test": "the king was bees\n" * 9})
    assert shipped_ngrams(other) == []
    counted = count_corpus(other)
    five = list(measure_orders(counted, other))[-1]
    assert f"5-gram {five.test_perplexity:.1f}." in beside(other, "test", counted.vocabulary)
    assert beside(other, "test", Vocabulary.build([["the", "cat"]])) is None
    assert beside(small, "test", Vocabulary.build([["the", "cat"]])) is None  # though its figures ship


def test_a_long_text_is_counted_up_to_pairs(small, monkeypatch):
    monkeypatch.setattr(module, "_MOST_COUNTED", 10)
    said = beside(small, "valid", count_corpus(small).vocabulary)
    assert "2-gram" in said
    assert "5-gram" not in said


def test_nothing_is_said_of_the_text_that_was_counted(small, counted_here):
    assert beside(small, "train", count_corpus(small).vocabulary) is None


def test_a_training_and_a_measurement_end_with_them(small, counted_here, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(Corpus, "wikitext2", classmethod(lambda cls: small))
    assert cli.main(["train", "lstm", "--preset", "class", "--epochs", "1", "--out", str(tmp_path / "run")]) == 0
    vocabulary = count_corpus(small).vocabulary
    assert capfd.readouterr().out.strip().endswith(beside(small, "test", vocabulary))
    assert cli.main(["evaluate", str(tmp_path / "run"), "--split", "valid"]) == 0
    assert beside(small, "valid", vocabulary) in capfd.readouterr().out


@pytest.mark.parametrize(
    ("card", "said"),
    [({}, "format None"), ({"format": 1}, "'models'"), ({"format": 1, "models": [{"name": ""}]}, "valid_perplexity")],
)
def test_what_is_no_card_is_refused(card, said):
    with pytest.raises(InputError, match=said):
        rows_of(card)


def test_the_shipped_figures_are_of_the_text_that_the_shipped_models_read():
    shipped = json.loads((SHIPPED / NGRAM_CARD).read_text(encoding="utf-8"))
    rows = rows_of(shipped)
    assert [row.name for row in rows] == [f"{n}-gram" for n in range(1, 6)]
    for name in ("lstm", "transformer"):
        assert read_card(SHIPPED / name / MODEL_CARD)["corpus"] == shipped["corpus"]


@pytest.mark.corpus
@pytest.mark.slow
def test_the_shipped_figures_are_those_of_counting():
    corpus = corpus_at_hand()
    kept = shipped_ngrams(corpus)
    assert len(kept) == 5
    for found, row in zip(measure_orders(count_corpus(corpus), corpus), kept, strict=True):
        assert isinstance(row, Measured)
        assert (row.name, row.n_ngrams) == (found.name, found.n_ngrams)
        assert row.valid_perplexity == pytest.approx(found.valid_perplexity, abs=0.0051)
        assert row.test_perplexity == pytest.approx(found.test_perplexity, abs=0.0051)


@pytest.mark.parametrize("text", ["of the same text", "of another text", "damaged", "missing"])
def test_the_doctor_says_them_beside_a_model_of_the_same_text(monkeypatch, tmp_path, text):
    corpus = {"name": "a text", "sha256": {"test": "1"}}
    (tmp_path / "lstm").mkdir()
    (tmp_path / "lstm" / "w").write_bytes(b"1234")
    model = {"weights": {"file": "w", "bytes": 4}, "test_perplexity": 98.76, "corpus": corpus}
    (tmp_path / "lstm" / MODEL_CARD).write_text(json.dumps(model), encoding="utf-8")
    other = {**corpus, "sha256": {"test": "2"}}
    card = {"corpus": other if text == "of another text" else corpus, "models": [{"test_perplexity": 217.56}]}
    if text != "missing":
        written = "[]" if text == "damaged" else json.dumps(card)
        (tmp_path / NGRAM_CARD).write_text(written, encoding="utf-8")
    monkeypatch.setattr(doctor, "SHIPPED", tmp_path)
    (finding,) = doctor._models()
    assert finding.help == ""
    assert "test perplexity 98.8" in finding.value
    assert ("(counting 5-grams: 217.6)" in finding.value) == (text == "of the same text")
