"""The vocabulary: torchtext's order and numbers, round trips, and a clear word on everything that is none."""

import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.corpus import WikiText2
from lessons.errors import InputError
from lessons.text import Vocabulary, basic_english, wikitext

GOLDEN = json.loads((Path(__file__).parent / "facts" / "torchtext_golden.json").read_text(encoding="utf-8"))
SMALL = GOLDEN["small_vocab"]
TOKENS = st.lists(st.text(min_size=1, max_size=4), max_size=30)


class FakeTorchtext:
    """What a torchtext.vocab.Vocab offers, as far as it is asked."""

    def __init__(self, itos, default):
        self.get_itos = lambda: itos
        self.get_default_index = lambda: default


def test_small_vocabularies_are_torchtexts():
    build = Vocabulary.build
    assert list(build(SMALL["corpus"], specials=["<unk>", "<pad>"]).itos) == SMALL["specials_unk_pad"]
    assert list(build(SMALL["corpus"], min_freq=2, special_first=False).itos) == SMALL["min_freq_2_special_last"]
    assert list(build(SMALL["corpus"], max_tokens=3).itos) == SMALL["max_tokens_3"]


def test_a_special_in_the_text_takes_and_frees_a_place_as_in_torchtext():
    vocabulary = Vocabulary.build([["<unk>", "<unk>", "a", "a", "b"]], max_tokens=3)
    assert vocabulary.itos == ("<unk>", "a")
    assert vocabulary.counts.tolist() == [2, 2]


@pytest.mark.corpus
def test_the_basic_english_vocabulary_of_wikitext2_is_torchtexts():
    vocabulary = Vocabulary.build(map(basic_english, WikiText2("train")))
    assert len(vocabulary) == GOLDEN["vocab_size"]
    assert list(vocabulary.itos[:100]) == GOLDEN["itos_first_100"]
    assert list(vocabulary.itos[-20:]) == GOLDEN["itos_last_20"]
    joined = "\n".join(vocabulary.itos).encode()
    assert hashlib.sha256(joined).hexdigest() == GOLDEN["itos_sha256_joined_by_newline"]
    for text, ids in GOLDEN["ids"].items():
        assert vocabulary.encode(basic_english(text)).tolist() == ids
    for split, digest in GOLDEN["ids_int32le_sha256"].items():
        ids = vocabulary.encode([token for line in WikiText2(split) for token in basic_english(line)])
        assert hashlib.sha256(ids.astype("<i4").tobytes()).hexdigest() == digest


@pytest.mark.corpus
def test_the_wikitext_vocabulary_covers_all_of_wikitext2():
    tokens = wikitext(WikiText2("train").text())
    vocabulary = Vocabulary.build([tokens])
    assert len(vocabulary) == 33_278
    assert vocabulary.counts.sum() == len(tokens) == 2_088_628
    assert vocabulary.counts[vocabulary.stoi["<eos>"]] == 36_718
    assert vocabulary.itos[0] == "<unk>"
    assert (np.diff(vocabulary.counts[1:]) <= 0).all(), "the most frequent come first"
    assert vocabulary.decode(vocabulary.encode(tokens)) == tokens
    for split in ("valid", "test"):
        assert set(wikitext(WikiText2(split).text())) <= set(vocabulary.itos)


def test_build_equals_the_installed_torchtext():
    try:
        from torchtext.vocab import build_vocab_from_iterator
    except (ImportError, OSError) as error:
        pytest.skip(f"torchtext cannot be imported here: {error}")
    text = [list("abracadabra"), ["<unk>", "b", "é"]]
    for arguments in ({}, {"min_freq": 2}, {"special_first": False}, {"max_tokens": 3}):
        theirs = build_vocab_from_iterator(text, specials=["<unk>"], **arguments)
        assert list(Vocabulary.build(text, **arguments).itos) == theirs.get_itos()
        assert Vocabulary.from_torchtext(theirs).unknown_id is None
        theirs.set_default_index(theirs["<unk>"])
        assert Vocabulary.from_torchtext(theirs).encode(["zzz", "a"]).tolist() == theirs(["zzz", "a"])


def test_from_torchtext_takes_over_the_default_index():
    vocabulary = Vocabulary.from_torchtext(FakeTorchtext(["a", "<unk>", "OOV"], 2))
    assert vocabulary.encode(["a", "zzz"]).tolist() == [0, 2]
    without = Vocabulary.from_torchtext(FakeTorchtext(["a", "<unk>"], None))
    with pytest.raises(InputError, match="'zzz' is not in this vocabulary"):
        without.encode(["zzz"])
    for wrong in (7, -1, "0"):
        with pytest.raises(InputError, match="default index"):
            Vocabulary.from_torchtext(FakeTorchtext(["a"], wrong))
    with pytest.raises(InputError, match="get_itos"):
        Vocabulary.from_torchtext({"a": 0})


@given(st.lists(TOKENS, max_size=5), st.integers(1, 3), st.booleans(), st.none() | st.integers(2, 20))
def test_build_keeps_its_promises(token_lists, min_freq, special_first, max_tokens):
    vocabulary = Vocabulary.build(token_lists, ["<unk>"], special_first, min_freq, max_tokens)
    flat = [token for tokens in token_lists for token in tokens]
    assert len(vocabulary) <= (max_tokens or np.inf)
    assert vocabulary.itos[0 if special_first else -1] == "<unk>"
    words = [token for token in vocabulary.itos if token != "<unk>"]
    assert words == sorted(words, key=lambda token: (-flat.count(token), token))
    assert all(flat.count(token) >= min_freq for token in words)
    ids = vocabulary.encode(flat)
    assert ids.dtype == np.int64
    read = vocabulary.decode(ids)
    assert read == [token if token in vocabulary else "<unk>" for token in flat]
    assert vocabulary.encode(read).tolist() == ids.tolist()


@given(TOKENS, st.booleans())
def test_save_and_load_give_an_equal_vocabulary(tokens, with_unknown):
    vocabulary = Vocabulary.build([tokens], ["<unk>"] if with_unknown else [])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vocabulary.json")
        vocabulary.save(path)
        assert [file.name for file in Path(folder).iterdir()] == ["vocabulary.json"]
        loaded = Vocabulary.load(path)
    assert loaded == vocabulary
    assert hash(loaded) == hash(vocabulary)
    assert loaded.unknown_id == vocabulary.unknown_id
    assert loaded.counts.tolist() == vocabulary.counts.tolist()


def test_a_vocabulary_without_an_unknown_token_keeps_that_through_a_file(tmp_path):
    Vocabulary(["a", "<unk>"], unknown=None).save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json").unknown_id is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"format": "x"}', b"[" * 100_000, b'{"format": "glassbox-vocabulary"}'],
)
def test_a_file_that_is_no_vocabulary(tmp_path, content):
    (tmp_path / "v.json").write_bytes(content)
    with pytest.raises(InputError, match=r"v\.json is not a vocabulary"):
        Vocabulary.load(tmp_path / "v.json")


def _document(**changes):
    good = {"format": "glassbox-vocabulary", "version": 1, "unknown": "a", "itos": ["a", "b"], "counts": [2, 1]}
    return json.dumps({**good, **changes}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        *({"itos": wrong} for wrong in (["a", "a"], ["a", 1], ["a", None], ["a", "\ud800"], "ab", 3)),
        *({"counts": wrong} for wrong in ([1], ["x", "y"], [-1, 1], [10**30, 1], 5)),
        *({"unknown": wrong} for wrong in (["a"], 5)),
        *({"version": wrong} for wrong in (2, None)),
    ],
)
def test_a_vocabulary_file_with_a_wrong_field(tmp_path, changes):
    (tmp_path / "v.json").write_bytes(_document())
    assert Vocabulary.load(tmp_path / "v.json").itos == ("a", "b")
    (tmp_path / "v.json").write_bytes(_document(**changes))
    with pytest.raises(InputError):
        Vocabulary.load(tmp_path / "v.json")


def test_a_truncated_vocabulary_file_is_refused_at_every_length(tmp_path):
    whole = _document()
    for length in range(len(whole)):
        (tmp_path / "v.json").write_bytes(whole[:length])
        with pytest.raises(InputError):
            Vocabulary.load(tmp_path / "v.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_freq": 0}, "min_freq is 0"),
        ({"min_freq": True}, "min_freq is True"),
        ({"min_freq": 1.5}, "min_freq is 1.5"),
        ({"max_tokens": 1}, "at least 2"),
        ({"max_tokens": "many"}, "max_tokens is 'many'"),
        ({"specials": "<unk>"}, "specials is one text"),
        ({"specials": ["a", "a"]}, "twice"),
        ({"specials": [1]}, "every token must be a string"),
        ({"specials": [None]}, "every token must be a string"),
        ({"token_lists": ["the king"]}, "one text"),
        ({"token_lists": "the king"}, "list of lists"),
        ({"token_lists": 5}, "list of lists"),
        ({"token_lists": [5]}, "list of tokens"),
        ({"token_lists": [["\ud800"]]}, "half a character"),
    ],
)
def test_build_says_what_is_wrong(arguments, message):
    with pytest.raises(InputError, match=message):
        Vocabulary.build(**{"token_lists": [["a"]], **arguments})


def test_an_error_in_the_callers_own_generator_is_not_swallowed():
    def lists():
        yield ["a"]
        raise TypeError("the caller's")

    with pytest.raises(TypeError, match="the caller's"):
        Vocabulary.build(lists())


@pytest.mark.parametrize("ids", [[3], [-1], [0.5], ["a"], [None], [[0]], 5, [10**30], [0, [1]], [True]])
def test_decode_says_which_numbers_there_are(ids):
    with pytest.raises(InputError, match=r"numbers? ?.*|whole numbers"):
        Vocabulary(["a", "b", "c"]).decode(ids)


@pytest.mark.parametrize("tokens", ["text", 5, [1], [None]])
def test_encode_takes_tokens_only(tokens):
    with pytest.raises(InputError):
        Vocabulary(["a"]).encode(tokens)


def test_it_reads_like_a_collection_and_does_not_change():
    vocabulary = Vocabulary(["<unk>", "a", "b"], [5, 3, 1])
    assert len(vocabulary) == 3
    assert list(vocabulary) == ["<unk>", "a", "b"]
    assert "a" in vocabulary
    assert "c" not in vocabulary
    assert 3 not in vocabulary
    assert vocabulary != "other"
    assert vocabulary != Vocabulary(["<unk>", "a", "b"], [5, 3, 2])
    assert repr(vocabulary) == "Vocabulary(3 tokens: <unk>, a, b)"
    assert vocabulary.encode([]).shape == (0,)
    assert vocabulary.decode([]) == []
    with pytest.raises(ValueError, match="read-only"):
        vocabulary.counts[0] = 1
    with pytest.raises(TypeError):
        vocabulary.stoi["c"] = 3
