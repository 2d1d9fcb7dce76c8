"""The two tokenizers: torchtext's answers to the last token, WikiText-2's counts, any text at all."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.corpus import WIKITEXT2_FILES, WikiText2
from lessons.errors import InputError
from lessons.text import basic_english, wikitext

GOLDEN = json.loads((Path(__file__).parent / "facts" / "torchtext_golden.json").read_text(encoding="utf-8"))
ANY_TEXT = st.text(st.characters(codec=None, categories=None, exclude_categories=()))  # lone surrogates too


@pytest.mark.parametrize("text", GOLDEN["tokens"])
def test_basic_english_is_torchtexts(text):
    assert basic_english(text) == GOLDEN["tokens"][text]


# what torchtext 0.18 replaces, in its own notation and order
PATTERNS = [r"\'", r"\"", r"\.", r"<br \/>", r",", r"\(", r"\)", r"\!", r"\?", r"\;", r"\:", r"\s+"]
REPLACEMENTS = [" '  ", "", " . ", " ", " , ", " ( ", " ) ", " ! ", " ? ", " ", " ", " "]


@given(
    ANY_TEXT
    | st.lists(st.sampled_from(["'", '"', ".", "<", "br", " ", "/>", "<br />", "B", "İ", "\u2028"])).map("".join)
)
def test_basic_english_is_torchtexts_chain_of_replacements(text):
    expected = text.lower()
    for pattern, replacement in zip(PATTERNS, REPLACEMENTS, strict=True):
        expected = re.sub(pattern, replacement, expected)
    assert basic_english(text) == expected.split()


@given(ANY_TEXT)
def test_basic_english_equals_the_installed_torchtext(text):
    try:
        from torchtext.data.utils import get_tokenizer
    except (ImportError, OSError) as error:  # torchtext's wheels do not load beside torch 2.4 and later
        pytest.skip(f"torchtext cannot be imported here: {error}")
    assert basic_english(text) == get_tokenizer("basic_english")(text)


def test_wikitext_ends_each_line():
    assert wikitext("a b\n\n c\td\n") == ["a", "b", "<eos>", "<eos>", "c", "d", "<eos>"]
    assert wikitext("a b") == wikitext("a b\n") == ["a", "b", "<eos>"]
    assert wikitext("") == []
    assert wikitext("\n") == wikitext(" ") == ["<eos>"]
    assert wikitext("a\rb\u2028c") == ["a", "b", "c", "<eos>"], "only \\n ends a line"


@given(ANY_TEXT)
def test_wikitext_of_the_whole_is_wikitext_of_its_lines(text):
    lines = text.split("\n")
    whole = [token for line in lines[:-1] for token in wikitext(line + "\n")] + wikitext(lines[-1])
    assert wikitext(text) == whole
    assert wikitext(text).count("<eos>") >= text.count("\n")


@pytest.mark.parametrize("tokenizer", [wikitext, basic_english])
@pytest.mark.parametrize("wrong", [None, 3, b"bytes", ["a"]])
def test_only_a_string_is_a_text(tokenizer, wrong):
    with pytest.raises(InputError, match="must be a string"):
        tokenizer(wrong)


@pytest.mark.corpus
@pytest.mark.parametrize("split", WIKITEXT2_FILES)
def test_wikitext2_counts(split):
    corpus, known = WikiText2(split), WIKITEXT2_FILES[split]
    assert len(list(corpus)) == len(corpus) == known.lines
    assert len(wikitext(corpus.text())) == known.tokens
    assert sum(len(wikitext(line)) for line in corpus) == known.tokens
    assert sum(len(basic_english(line)) for line in corpus) == GOLDEN["token_counts"][split]
