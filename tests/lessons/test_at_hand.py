"""The corpus at hand is WikiText-2 or says that it is not, and the passages are what they claim to be."""

import pytest

from lessons.at_hand import corpus_at_hand
from lessons.corpus import wikitext2_folder
from lessons.passages import EXPLORER_TEXT, PASSAGES, SMALL_TEXT, TIMING_TEXT
from lessons.text import Vocabulary, typed_text, wikitext


@pytest.fixture
def nothing_here(monkeypatch, tmp_path):
    """A machine without the corpus, on which a download is a failure."""
    monkeypatch.delenv("GLASSBOX_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr("lessons.wikitext2.fetch", lambda *arguments: pytest.fail("a download was tried"))


def test_without_the_corpus_the_small_text_stands_in(nothing_here):
    corpus = corpus_at_hand()
    assert corpus.name == "a small text of our own"
    assert "".join(corpus.text(split) for split in ("train", "valid", "test")) == SMALL_TEXT
    assert corpus.notes == ("It stands in for WikiText-2. The reason: train.txt of WikiText-2 is not on this machine.",)


def test_a_wrong_folder_is_named(nothing_here, monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path / "nowhere"))
    assert "GLASSBOX_DATA" in corpus_at_hand().notes[0]
    assert "there is no such folder" in corpus_at_hand().notes[0]


@pytest.mark.corpus
def test_with_the_corpus_it_is_taken():
    corpus = corpus_at_hand()
    assert corpus.name == "WikiText-2"
    assert corpus.notes == ()


def test_the_small_text_has_the_shape_of_wikitext():
    for sign in ("\n = ", "\n = = ", " @-@ ", " @,@ ", " @.@ ", " <unk> ", " 's "):
        assert sign in f"\n{SMALL_TEXT}", sign
    corpus_lines = SMALL_TEXT.split("\n")
    assert corpus_lines[-1] == ""
    assert all(line == "" or line.startswith(" ") for line in corpus_lines)


@pytest.mark.corpus
def test_the_models_know_every_word_of_the_passages():
    train = (wikitext2_folder(download=False) / "train.txt").read_text(encoding="utf-8")
    vocabulary = Vocabulary.build([wikitext(train)])
    for passage in (*PASSAGES, TIMING_TEXT, EXPLORER_TEXT):
        assert not any(typed_text(passage, vocabulary).is_unknown), passage
    assert len(typed_text(TIMING_TEXT, vocabulary)) == 24
    assert not any(passage.rstrip(".") in train for passage in PASSAGES)
