"""A corpus of any text: three parts that share no line, sums that tell what it is, clear words on bad files."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lessons.files
from lessons.corpus import SPLITS, WIKITEXT2_FILES, Corpus, WikiText2
from lessons.errors import CorpusError, InputError

ANY_TEXT = st.text(st.characters(codec=None, categories=None, exclude_categories=()))
TEN = "".join(f"line {number}\n" for number in range(10))


def parts(corpus):
    return [corpus.text(split) for split in SPLITS]


def test_from_text_cuts_blocks_of_lines():
    corpus = Corpus.from_text(TEN, valid=0.2, test=0.1)
    assert list(corpus.lines("train")) == [f"line {number}\n" for number in range(7)]
    assert list(corpus.lines("valid")) == ["line 7\n", "line 8\n"]
    assert corpus.text("test") == "line 9\n"
    assert corpus.sha256["test"] == hashlib.sha256(b"line 9\n").hexdigest()
    assert Corpus.from_text(TEN, valid=0.2, test=0.1).sha256 == corpus.sha256


def test_blank_lines_are_kept_and_not_counted():
    corpus = Corpus.from_text("a\n\n\n\n\nb\n\nc")
    assert parts(corpus) == ["a\n\n\n\n\n", "b\n\n", "c\n"]


def test_line_ends_of_any_system():
    assert parts(Corpus.from_text("a\r\nb\rc\x0b\u2028d")) == ["a\n", "b\n", "c\x0b\u2028d\n"]


@given(ANY_TEXT | st.text("ab \n\r"), st.floats(0.01, 0.5), st.floats(0.01, 0.49))
def test_any_text_is_divided_whole_or_refused(text, valid, test):
    has_half = any("\ud800" <= character <= "\udfff" for character in text)
    if has_half or sum(1 for line in text.replace("\r", "\n").split("\n") if line.strip()) < 3:
        with pytest.raises(InputError):
            Corpus.from_text(text, "own", valid, test)
        return
    corpus = Corpus.from_text(text, "own", valid, test)
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(parts(corpus)) == whole + ("" if whole.endswith("\n") else "\n")
    assert all(part.strip() and part.endswith("\n") for part in parts(corpus))
    for split in SPLITS:
        assert "".join(corpus.lines(split)) == corpus.text(split)
        assert all(line.count("\n") == 1 for line in corpus.lines(split))


@given(st.integers(3, 300), st.floats(0.001, 0.6), st.floats(0.001, 0.39))
def test_the_shares_are_kept_as_near_as_lines_allow(n_lines, valid, test):
    corpus = Corpus.from_text("word\n" * n_lines, valid=valid, test=test)
    n_train, n_valid, n_test = (len(list(corpus.lines(split))) for split in SPLITS)
    assert n_train + n_valid + n_test == n_lines
    assert min(n_train, n_valid, n_test) >= 1
    if n_lines >= 20:
        assert abs(n_valid - n_lines * valid) <= 1
        assert abs(n_test - n_lines * test) <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "a\nb\n"}, "at least 3"),
        ({"text": ""}, "blank"),
        ({"text": " \n\t\n"}, "blank"),
        ({"text": b"a\nb\nc"}, "must be a string"),
        ({"text": "a\nb\nc\ud800"}, "lone surrogate.* at place 5"),
        ({"valid": 0}, "valid is 0"),
        ({"valid": 1.0}, "valid is 1.0"),
        ({"test": -0.1}, "test is -0.1"),
        ({"test": float("nan")}, "test is nan"),
        ({"test": "0.1"}, "test is '0.1'"),
        ({"valid": True}, "valid is True"),
        ({"valid": 0.5, "test": 0.5}, "together"),
        ({"name": " "}, "name of a corpus"),
    ],
)
def test_from_text_says_what_is_wrong(arguments, message):
    with pytest.raises(InputError, match=message):
        Corpus.from_text(**{"text": TEN, **arguments})


def test_the_constructor_wants_three_texts():
    with pytest.raises(InputError, match="for each of train, valid, test"):
        Corpus("mine", {"train": "a"})
    with pytest.raises(InputError, match="The valid text is blank"):
        Corpus("mine", {"train": "a", "valid": "", "test": "b"})
    with pytest.raises(InputError, match="for each of"):
        Corpus("mine", ["a", "b", "c"])


@pytest.mark.parametrize("split", ["training", "", None, 3, ["train"]])
def test_only_the_three_parts_can_be_asked_for(split):
    corpus = Corpus.from_text(TEN)
    for ask in (corpus.text, corpus.lines):
        with pytest.raises(InputError, match="There is no part"):
            ask(split)
    with pytest.raises(InputError, match="There is no split"):
        WikiText2(split)


def test_a_corpus_does_not_change():
    texts = {"train": "a", "valid": "b", "test": "c"}
    corpus = Corpus("mine", texts)
    texts["train"] = "other"
    assert corpus.text("train") == "a\n"
    with pytest.raises(TypeError):
        corpus.texts["train"] = "other"
    with pytest.raises(AttributeError):
        corpus.name = "other"
    assert repr(corpus) == "Corpus(name='mine', notes=())"


def test_from_files_reads_three_files_or_divides_one(tmp_path):
    for split in SPLITS:
        (tmp_path / f"{split}.txt").write_bytes(f"\ufeffthe {split} é\r\n".encode())
    corpus = Corpus.from_files(*(tmp_path / f"{split}.txt" for split in SPLITS))
    assert parts(corpus) == ["the train é\n", "the valid é\n", "the test é\n"]
    assert corpus.name == "train.txt"
    (tmp_path / "one.txt").write_text(TEN, encoding="utf-8")
    one = Corpus.from_files(str(tmp_path / "one.txt"), name="mine")
    assert one.sha256 == Corpus.from_text(TEN).sha256
    assert one.name == "mine"
    with pytest.raises(InputError, match="one file, or three"):
        Corpus.from_files(tmp_path / "train.txt", tmp_path / "valid.txt")
    with pytest.raises(InputError, match="by its path"):
        Corpus.from_files(5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no text: 0 bytes"),
        (b" \n\r\n", "holds no text"),
        (b"\xef\xbb\xbf", "holds no text"),
        ("a\nb\nc".encode("utf-16"), "UTF-16"),
        ("a\nb\nc".encode("utf-16-be"), "is no text: byte 0"),
        ("a\nb\ncafé\n".encode("latin-1"), r"byte 7 \(line 3\) is 0xe9.*Latin-1.*replace=True"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no text: byte 8 is zero"),
    ],
)
def test_a_file_that_is_no_utf8_text(tmp_path, content, message):
    (tmp_path / "mine.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=message) as error:
        Corpus.from_files(tmp_path / "mine.txt")
    assert str(tmp_path / "mine.txt") in str(error.value)


def test_declared_replacement_says_how_often(tmp_path):
    (tmp_path / "mine.txt").write_bytes(
        "\ufffd\nb\ncafé très\n".encode("utf-8")[:-9] + b"caf\xe9 tr\xe8s\n\xef\xbf\xbd"
    )
    corpus = Corpus.from_files(tmp_path / "mine.txt", replace=True)
    assert corpus.notes == ("mine.txt: 2 places are not UTF-8 and are read as \ufffd.",)
    assert "caf\ufffd tr\ufffds" in "".join(parts(corpus))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    (tmp_path / "mine.txt").write_bytes(content)
    for replace in (False, True):
        try:
            corpus = Corpus.from_files(tmp_path / "mine.txt", replace=replace)
        except (CorpusError, InputError):
            continue
        assert "".join(parts(corpus)).strip()


@pytest.mark.parametrize("path", ["missing.txt", "", ".", "nul\0.txt"])
def test_a_path_that_is_no_file(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match="cannot be read"):
        Corpus.from_files(path)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons.files, "_LARGEST", 10)
    (tmp_path / "mine.txt").write_text(TEN, encoding="utf-8")
    with pytest.raises(CorpusError, match="has 70 bytes; at most 10"):
        Corpus.from_files(tmp_path / "mine.txt")


@pytest.mark.corpus
def test_wikitext2_is_a_corpus_with_the_sums_of_its_files():
    corpus = Corpus.wikitext2()
    for split, file in WIKITEXT2_FILES.items():
        assert corpus.sha256[split] == file.sha256
        assert len(corpus.text(split).encode()) == file.bytes
        assert list(corpus.lines(split)) == list(WikiText2(split))
        assert len(list(corpus.lines(split))) == file.lines


def test_the_sums_and_counts_are_those_that_were_published():
    facts = {split: (file.name, file.bytes, file.lines, file.tokens) for split, file in WIKITEXT2_FILES.items()}
    assert facts == {
        "train": ("train.txt", 10_797_148, 36_718, 2_088_628),
        "valid": ("valid.txt", 1_121_681, 3_760, 217_646),
        "test": ("test.txt", 1_256_449, 4_358, 245_569),
    }
    assert all(len(file.sha256) == 64 for file in WIKITEXT2_FILES.values())
