"""Whatever is typed, a model and the explorer answer or give one clear sentence, and the last good state stays.

The size is hypothesis': `HYPOTHESIS_PROFILE=thorough python -m pytest tests/fuzz tests/widgets/test_messages.py` draws
10,000 strings and thousands of messages.
"""

import html.parser
import json
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.records import TokenizedText
from tests.browser.standin import Wire, portable
from tests.tiny import WORDS, corpus
from tests.widgets.test_messages import messages_to, state_of
from widgets import (
    AttentionExplorer,
    AttentionVersusOcclusion,
    BlockTracer,
    FaithfulnessLab,
    ImportanceExplorer,
    LimeLab,
    ModelDuel,
    NextWordExplorer,
    PathSlider,
    RecurrentExplorer,
    SamplingBench,
    ShapleyTable,
    SurrogateTree,
)

pytestmark = pytest.mark.timeout(max(300, settings.default.max_examples))  # seconds

NASTY = [
    "",
    " ",
    "\n",
    "\t\r\n\x0b\x0c\x85\u2028\u2029",
    "\x00",
    "the \x00 king",
    "\ud800",
    "king \udfff\ud83d",
    "\ud83d\ude00",  # the two halves of an emoji, apart
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 ﷽",
    "a" + "\u0301" * 3000,
    "\u202ethe king\u202c \u2066was\u2069 \u200f\u200b\ufeff\u00ad",
    "王は 戴冠した ملك מלך ราชา",
    "$\\frac{",
    "$x$ \\begin{matrix} %s %d %(a)s {0} {king} {{}} ${king}",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!-- --> <![CDATA[ ]]> <style>*{display:none}</style>",
    '\'" onmouseover="alert(1)',
    "&lt; &amp;lt; &#60; &NotANamedEntity;",
    "<unk> <eos> <UNK> <pad> @-@ @,@ @.@",
    "don't can't o'clock 1,000,000.00 well-known U.S. ... --- ''' \"\"\"",
    "= = = Heading = = =",
    "1066",
    "\\ \\\\ \\n \\u0000 \\x00",
    "the king " * 2000,
    "x" * 100_000,
    "\n" * 3000 + "king",
    ".,;:!?" * 2000,
]
MEGABYTE = ["the king was crowned . " * 45_000, "x" * 1_000_000, "😀" * 250_000, "</b>" * 250_000, "-" * 1_000_000]

ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates, too
PIECES = st.one_of(st.sampled_from(WORDS), st.sampled_from(NASTY[1:24]), st.text(ANY_CHARACTER, max_size=12))
SPACES = st.sampled_from([" ", "", "\n", "  ", "\t", "\u00a0", "\u3000", ", "])
TEXTS = st.one_of(
    st.text(ANY_CHARACTER, max_size=60),
    st.builds(lambda pieces, space: space.join(pieces), st.lists(PIECES, max_size=8), SPACES),
    st.sampled_from(NASTY),
)
# Each widget into which a text can be typed, over an LSTM and a Transformer.
READERS = {
    "AttentionExplorer": lambda lstm, transformer, text: AttentionExplorer(transformer, text=text),
    "AttentionVersusOcclusion": lambda lstm, transformer, text: AttentionVersusOcclusion(transformer, text=text),
    "BlockTracer": lambda lstm, transformer, text: BlockTracer(lstm, transformer, text=text),
    "FaithfulnessLab": lambda lstm, transformer, text: FaithfulnessLab(lstm, transformer, text=text, n_random=2),
    "ImportanceExplorer": lambda lstm, transformer, text: ImportanceExplorer(lstm, transformer, text=text),
    "LimeLab": lambda lstm, transformer, text: LimeLab(lstm, transformer, text=text),
    "ModelDuel": lambda lstm, transformer, text: ModelDuel(lstm, transformer, text=text),
    "NextWordExplorer": lambda lstm, transformer, text: NextWordExplorer(lstm, transformer, text=text),
    "PathSlider": lambda lstm, transformer, text: PathSlider(lstm, transformer, text=text),
    "RecurrentExplorer": lambda lstm, transformer, text: RecurrentExplorer(lstm, text=text),
    "SamplingBench": lambda lstm, transformer, text: SamplingBench(lstm, transformer, text=text),
    "SurrogateTree": lambda lstm, transformer, text: SurrogateTree(lstm, transformer, text=text, grow=GROW),
    "ShapleyTable": lambda lstm, transformer, text: ShapleyTable(lstm, transformer, text=text),
}
GOOD = "the king was crowned"
GROW = {"corpus": corpus(), "n_places": 60, "n_held_out": 10, "depth": 4}  # a tree in a moment
ALLOWED = {"div", "p", "strong", "em", "small", "b", "bdi", "br", "table", "caption", "tr", "th", "td", "span", "img"}


class Tags(html.parser.HTMLParser):
    """Collects the elements and attributes of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        drawn = {"src"} if dict(attrs).get("src", "").startswith("data:image/svg+xml,") else set()
        self.attributes |= {name for name, _ in attrs} - drawn

    def handle_data(self, data):
        self.text += data


def with_nasty(test):
    """Try the fixed list, too, at every run."""
    for text in NASTY:
        test = example(text=text)(test)
    return test


def check_reading(model, text):
    """Return the tokens of a text, having checked that they are the model's own and can be stored."""
    read = model.tokenize(text)
    assert len(read.tokens) == len(read.typed) == len(read.token_ids)
    assert list(read.tokens) == model.vocabulary.decode(read.token_ids)
    json.dumps([read.text, read.typed, read.notes], ensure_ascii=False).encode()  # no lone surrogate is left
    assert sum(map(len, read.notes)) < 2000
    return read


def check_answers(model, read):
    """Ask a model about a text that has tokens, and check that what comes back are probabilities."""
    last = model.next_tokens(read, top_k=model.vocab_size)
    assert last.probabilities.sum() == pytest.approx(1)
    assert last.entropy <= math.log(model.vocab_size) + 1e-9
    place = len(read) // 2
    inside = model.next_tokens(read, top_k=1, position=place)
    surprisals = model.surprisals(read)
    assert surprisals.shape == (len(read),)
    assert np.isfinite(surprisals).all()
    assert inside.true_token == read.tokens[place]
    assert inside.true_surprisal == pytest.approx(surprisals[place], rel=1e-4, abs=1e-6)


@with_nasty
@given(text=TEXTS)
def test_a_model_reads_any_text(models, text):
    for model in models:
        read = check_reading(model, text)
        if len(read):
            check_answers(model, read)
        else:
            for ask in (model.next_tokens, model.surprisals, model.perplexity):
                with pytest.raises(InputError, match="empty"):
                    ask(text)


def ask(widget, kind, n, **values):
    """Send a widget the request that its page would send."""
    widget.comm.receive({"method": "custom", "content": {"kind": kind, "view": "v", "n": n, "with": values}})


@pytest.mark.parametrize("name", READERS)
@with_nasty
@given(text=TEXTS)
def test_a_widget_shows_any_text_or_keeps_the_last_good_one(models, name, text):
    widget = READERS[name](*models, GOOD)
    Wire(widget)
    before = state_of(widget)
    ask(widget, "read", 1, text=text)
    assert widget.last_exception is None or isinstance(widget.last_exception, InputError), widget.last_exception
    if widget.error:
        assert state_of(widget) == before
        assert widget.text == GOOD
    json.dumps(portable(state_of(widget)), allow_nan=False, ensure_ascii=False).encode()
    page = Tags(widget.static_html())
    assert page.tags <= ALLOWED
    assert not any(name.startswith("on") or name in ("src", "href") for name in page.attributes)


@with_nasty
@given(text=TEXTS)
def test_any_word_that_the_explorer_shows_can_be_selected(models, text):
    explorer = NextWordExplorer(*models, text=GOOD)
    Wire(explorer)
    ask(explorer, "read", 1, text=text)
    place = len(explorer.tokens) // 2
    ask(explorer, "select", 2, position=place, revision=explorer.line["revision"])
    assert explorer.error == ""
    assert explorer.selected == place


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=max(30, settings.default.max_examples // 5))
@given(data=st.data())
def test_a_widget_over_real_models_survives_any_message(models, name, data):
    widget = READERS[name](*models, GOOD)
    Wire(widget)
    for message in data.draw(st.lists(messages_to(widget), min_size=1, max_size=6)):
        before = state_of(widget)
        widget.comm.receive(message)
        assert widget.last_exception is None or isinstance(widget.last_exception, InputError), widget.last_exception
        if widget.error:
            assert state_of(widget) == before


@pytest.mark.parametrize("text", MEGABYTE, ids=lambda text: repr(text[:6]))
def test_a_megabyte_is_read_and_cut_for_the_page(models, text):
    for model in models:
        read = check_reading(model, text)
        assert len(read) > 0
    explorer = NextWordExplorer(*models, text=text)
    assert 1 <= len(explorer.tokens) <= 256
    assert "characters; the last" in explorer.note
    assert len(json.dumps(state_of(explorer))) < 300_000
    assert Tags(explorer.static_html()).tags <= ALLOWED


ARGUMENTS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(ANY_CHARACTER, max_size=5), st.binary()
)


@given(top_k=ARGUMENTS, temperature=ARGUMENTS, position=ARGUMENTS)
def test_any_argument_gets_an_answer_or_a_sentence(models, top_k, temperature, position):
    for model in models:
        sentence, answer = None, None
        try:
            answer = model.next_tokens("the king was", top_k=top_k, temperature=temperature, position=position)
        except InputError as error:
            sentence = str(error)
        if answer is None:
            assert sentence.endswith(".")
        else:
            assert len(answer.tokens) == top_k
            assert 0 <= answer.probabilities.min() <= answer.probabilities.max() <= 1 + 1e-9


@given(value=ARGUMENTS)
def test_only_a_text_is_a_text(models, value):
    for model in models:
        for ask in (model.tokenize, model.next_tokens, model.surprisals):
            if not isinstance(value, str):
                with pytest.raises(InputError):
                    ask(value)


@given(ids=st.lists(st.integers(-(2**40), 2**40) | st.integers(0, 20), min_size=1, max_size=6))
def test_numbers_of_another_vocabulary_get_a_sentence(models, ids):
    words = ("the",) * len(ids)
    text = TokenizedText(" ".join(words), words, words, np.array(ids), ())
    for model in models:
        if all(0 <= number < model.vocab_size for number in ids):
            model.surprisals(text)
        else:
            with pytest.raises(InputError, match="tokenized for another model"):
                model.surprisals(text)
