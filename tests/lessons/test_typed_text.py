"""What a person types: the corpus's spelling, nothing lost, everything said, and time in step with the length."""

import json
import re
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lessons.corpus import WikiText2
from lessons.errors import InputError
from lessons.text import Vocabulary, typed_text, wikitext
from lessons.text.splitting import split_word

WORDS = """<unk> <eos> <formula> @-@ @,@ @.@ , . ( ) " ' 's 't 're 'Brien 'n'roll rock O don I you king kings King U.S.
No. Mr. Jr. e.g. p.m. G.I B. J. K. St. Louis Amazon.com well known books 1 000 3 14 1,000th 18- year old 50 % $ 5
US AT & T / : ; … ... .... -- – — - ’
= < > the end Next is was 1990 90s s co based café \ufeff"""
VOCABULARY = Vocabulary.build([WORDS.split()])
ANY_TEXT = st.text(st.characters(codec=None, categories=None, exclude_categories=()), max_size=60)
PIECES = [*WORDS.split(), " ", "\n", "\r\n", "\0", "\ud83d", "\ude00", "😀", "\u200d", "\u0301"]
NASTY = st.lists(st.sampled_from(PIECES)).map("".join)


def read(text):
    return " ".join(typed_text(text, VOCABULARY).tokens)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't", "I don 't"),
        ("the king's", "the king 's"),
        ("kings' books", "kings ' books"),
        ("O'Brien's", "O 'Brien 's"),
        ("rock'n'roll", "rock 'n'roll"),
        ("1990's '90s", "1990 's ' 90s"),
        ("U.S.'s", "U.S. ' s"),
        ('"King"\'s', '" King " \' s'),
        ("1,000", "1 @,@ 000"),
        ("1,000,000.50", "1 @,@ 000 @,@ 000 @.@ 50"),
        ("(1,000th)", "( 1,000th )"),
        ("3.14!", "3 @.@ 14 <unk>"),
        ("well-known", "well @-@ known"),
        ("5-year-old", "5 @-@ year @-@ old"),
        ("U.S.-based", "U.S. @-@ based"),
        ("co‑based", "co @-@ based"),
        ("-5 king-...", "- 5 king - ..."),
        ("the end.", "the end ."),
        ("the end.Next", "the end . Next"),
        ("St.Louis", "St. Louis"),
        ("the U.S., (e.g., No. 5)", "the U.S. , ( e.g. , No. 5 )"),
        ("King, Jr., G.I.", "King , Jr. , G.I ."),
        ("J.K. King", "J. K. King"),
        ("www.example.org", "<unk>"),
        ("Amazon.com's", "Amazon.com 's"),
        ("$5 US$5 50% AT&T", "$ 5 US $ 5 50 % AT & T"),
        ("5:50;1/5", "5 : 50 ; 1 / 5"),
        ("the end... the end.... end…", "the end ... the end .... end ..."),
        ("1–5 king—king king--king", "1 – 5 king — king king -- king"),
        ("“king’s,” ‘king’", "\" king 's , \" ' king '"),
        ('"king."', '" king . "'),
        ("<unk>'s (<unk>) <unk>-based <unk>.", "<unk> 's ( <unk> ) <unk> @-@ based <unk> ."),
        ("<unk><eos>", "<unk> <eos>"),
        ("3.<unk> <unk>.14 <unk>king", "3 . <unk> <unk> . 14 <unk> king"),
        ("well@-@known", "well @-@ known"),
        ("<script>", "< <unk> >"),
        ("== the king ==", "= = the king = ="),
        ("KING king", "<unk> king"),
        ("cafe\u0301", "café"),
        ("ki\u00adng\u200b", "king"),
        ("\ufeff king", "\ufeff king"),
        ("\ufeffking", "king"),
        ("the\nend", "the <eos> end"),
        ("the\r\n\rend\n \n", "the <eos> <eos> end"),
        ("\n the end", "the end"),
        ("中文字 👩🏽‍🚀 🇫🇷 नमस्ते می\u200cخواهم 1️⃣", "<unk> <unk> <unk> <unk> <unk> <unk>"),
    ],
)
def test_the_corpus_spelling(text, tokens):
    assert read(text) == tokens
    assert read(read(text)) == tokens


def test_an_unknown_word_keeps_what_was_typed():
    result = typed_text("the zyzzyva's <unk>", VOCABULARY)
    assert result.tokens == ("the", "<unk>", "'s", "<unk>")
    assert result.typed == ("the", "zyzzyva", "'s", "<unk>")
    assert result.is_unknown == (False, True, False, False)
    assert result.token_ids.tolist() == [VOCABULARY.stoi[token] for token in result.tokens]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("zyzzyva 😀", "2 words are not in the vocabulary and are read as <unk>: zyzzyva, 😀."),
        ("zyzzyva zyzzyva", "1 word is not in the vocabulary and is read as <unk>: zyzzyva."),
        ("a b c d e f g", "7 words are not in the vocabulary and are read as <unk>: a, b, c, d, e and 2 more."),
        ("x" * 99, f"1 word is not in the vocabulary and is read as <unk>: {'x' * 39}…."),
        ("KING", "Capital letters count: KING is unknown, king is known."),
        ("The", "Capital letters count: The is unknown, the is known."),
        ("a\0b", "1 control character was replaced by a space."),
        ("\ud800 \udc00", "2 half characters (part of an emoji, perhaps) were replaced by \ufffd."),
        ("king\u200b\u202e", "2 invisible characters were left out."),
        ("cafe\u0301", "1 word had accents as characters of their own; they were joined to letters."),
        (
            "“king”",
            "Curly quotation marks and apostrophes are read as straight ones, as the corpus writes most of them.",
        ),
        (
            "(well-known) don't",
            "Words are split as the corpus splits them: well-known becomes well @-@ known; don't becomes don 't.",
        ),
    ],
)
def test_whatever_is_done_is_said(text, note):
    assert note in typed_text(text, VOCABULARY).notes


def test_nothing_is_said_where_nothing_is_done():
    assert typed_text('the King , (the end).\nNo. 5 is "known"', VOCABULARY).notes == ()


def test_halves_of_one_emoji_are_joined():
    result = typed_text("\ud83d\ude00", VOCABULARY)
    assert result.text == "😀"
    assert result.typed == ("😀",)
    assert not any("half" in note for note in result.notes)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\0", "\u200b", "\t \u2003"])
def test_blank_text_has_no_tokens(text):
    result = typed_text(text, VOCABULARY)
    assert len(result) == 0
    assert result.token_ids.shape == (0,)


@pytest.mark.parametrize("wrong", [None, 5, b"king", ["king"]])
def test_only_a_string_can_be_read(wrong):
    with pytest.raises(InputError, match="must be a string"):
        typed_text(wrong, VOCABULARY)


def test_the_vocabulary_must_be_one():
    with pytest.raises(InputError, match="must be a Vocabulary"):
        typed_text("king", {"king": 0})
    with pytest.raises(InputError, match="'queen' is not in this vocabulary"):
        typed_text("queen", Vocabulary(["king"]))


def test_a_vocabulary_without_the_corpus_signs_gets_plain_ones():
    plain = Vocabulary(["<unk>", "well", "-", "known", "1", ",", "000", "’", "king"])
    assert typed_text("well-known 1,000\n“king’", plain).tokens == (
        *("well", "-", "known", "1", ",", "000", "<unk>", "king", "’"),
    )


@given(ANY_TEXT | NASTY)
@example("\ud83d\ude00\ud83d")
@example("a'\u0301'a")
@example("<unk>.<unk>")
@example("0.<eos>")
@example("\ue000\ue001\ue001<unk>\ue001")
def test_any_text_is_read_and_nothing_is_lost(text):
    result = typed_text(text, VOCABULARY)
    assert all(token in VOCABULARY for token in result.tokens)
    json.dumps([result.text, result.tokens, result.typed, result.notes], ensure_ascii=False).encode()
    # what was typed, token for token, is the text without white space and what nobody sees
    seen = "".join(typed for token, typed in zip(result.tokens, result.typed, strict=True) if typed != "<eos>")
    assert _visible(seen) == _visible(result.text.replace("<eos>", ""))
    # tokens joined by spaces are read as themselves
    again = typed_text(" ".join(result.tokens), VOCABULARY)
    assert again.tokens == result.tokens
    assert not [note for note in again.notes if not note.startswith(("Words", "Capital"))]


def _visible(text):
    """Return the text in one form: composed, without white space and format characters (ZWJ and the like)."""
    kept = "".join(c for c in text if not c.isspace() and (unicodedata.category(c) != "Cf"))
    return unicodedata.normalize("NFC", kept)


@given(st.lists(st.sampled_from(VOCABULARY.itos)))
def test_tokens_between_spaces_stay(tokens):
    assert typed_text(" ".join(tokens), VOCABULARY).tokens == tuple(tokens)


@given(ANY_TEXT | NASTY)
def test_parts_of_a_split_word_join_to_the_word(text):
    for word in text.split():
        for known in (VOCABULARY.stoi.__contains__, lambda token: False, lambda token: len(token) == 1):
            assert "".join(part for _, part in split_word(word, known)) == word


@pytest.mark.parametrize(
    "unit",
    [
        *(*".,'-\"(<@=_é\u0301😀’\u200b\0\n\ud800", "a'", "a.", "A.", "a-", "1,", "1.", "<a", "e.Aa", "@-", "'a'"),
        *("<unk>", "a\u0301\u0323", "😀\u200d", "a b ", "don't "),
    ],
)
def test_time_grows_in_step_with_the_length(unit):
    def seconds(length):
        text = unit * (length // len(unit))
        start = time.process_time()  # not the clock on the wall: the machine may be busy
        typed_text(text, VOCABULARY)
        return time.process_time() - start

    small = min(seconds(10_000) for _ in range(3))
    assert seconds(100_000) < 40 * small + 0.25, "ten times the text took far more than ten times as long"


def test_ten_thousand_characters_take_a_moment():
    text = "The well-known king's men didn't pay $1,000 (or so). " * 190
    start = time.process_time()
    typed_text(text, VOCABULARY)
    assert time.process_time() - start < 0.5, "it takes about 10 ms; ten times that is a fault"


@pytest.mark.corpus
def test_the_corpus_reads_as_itself():
    vocabulary = Vocabulary.build([wikitext(WikiText2("train").text())])
    for line in WikiText2("valid"):
        result = typed_text(line, vocabulary)
        assert list(result.tokens) == wikitext(line)[:-1]
        assert result.notes == ()


@pytest.mark.corpus
def test_paragraphs_typed_the_usual_way_come_back_as_the_corpus_has_them():
    """Undo the corpus's spelling with a few rules, as a typist would, and read it again."""
    vocabulary = Vocabulary.build([wikitext(WikiText2("train").text())])
    paragraphs = [line.split() for line in WikiText2("valid") if len(line) > 100]
    same = 0
    for tokens in paragraphs:
        text = re.sub(r" @(.)@ ", r"\1", " " + " ".join(tokens) + " ")
        text = re.sub(r" ([.,;:!?)\]%])(?= )", r"\1", text)
        text = re.sub(r"([(\[$£#]) ", r"\1", text)
        text = re.sub(r" ('(?:s|t|re|m|ve|ll|d|Brien|Malley))\b", r"\1", text)
        text = re.sub(r'" ([^"]*) "', r'"\1"', text).replace("s ' ", "s' ")
        same += list(typed_text(text, vocabulary).tokens) == tokens
    assert same / len(paragraphs) > 0.95
