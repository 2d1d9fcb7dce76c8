"""NextWordExplorer in Python: what it asks, what it shows, what it refuses, and how it goes back."""

import json
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from tests.fakes import WORDS, FakeModel
from widgets import NextWordExplorer
from widgets.reading import Reading

TEXT = "The king was crowned in"


@pytest.fixture
def explorer(models):
    return NextWordExplorer(*models)


def test_what_is_shown_is_what_the_models_say(explorer, models):
    explorer.change(selected=3, temperature=0.5, top_k=4)
    for model, answer, panel in zip(models, explorer.answers, explorer.board["panels"], strict=True):
        truth = model.next_tokens(TEXT, top_k=4, temperature=0.5, position=3)
        np.testing.assert_array_equal(answer.probabilities, truth.probabilities)
        assert answer.true_token == "crowned"
        assert [row["token"] for row in panel["rows"][:4]] == list(truth.tokens)
        assert panel["aside"] == f"perplexity of the text {model.perplexity(TEXT):.1f}"
    assert explorer.line["numbers"] == [f"{value:.1f}" for value in models[1].surprisals(TEXT)]
    explorer.values_of = "LSTM"
    assert explorer.line["numbers"] == [f"{value:.1f}" for value in models[0].surprisals(TEXT)]
    assert explorer.line["hue"] == "lstm"


def test_each_model_is_asked_once_for_whatever_changed(explorer, models):
    model = models[0]
    assert model.asked == [("surprisals", 5), ("next_tokens", -1)]
    explorer.selected = 2
    explorer.selected = None
    explorer.selected = 2
    explorer.presenting = True
    explorer.values_of = "LSTM"
    assert model.asked[2:] == [("next_tokens", 2)]
    explorer.text = "The queen"
    assert model.asked[3:] == [("surprisals", 2), ("next_tokens", -1)]


def test_a_click_sends_the_board_and_not_the_text_again(explorer, ask):
    (message,) = ask(explorer, "select", position=2, revision=1)
    assert set(message["state"]) == {"board", "_answered"}
    assert len(json.dumps(message)) < 4000


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": " \n "}, "The text is empty"),
        ({"text": None}, "text must be a string, not None"),
        ({"text": 5}, "text must be a string, not 5"),
        ({"selected": 5}, r"selected must be a whole number from 0 to \d, not 5"),
        ({"selected": -1}, "selected must be"),
        ({"selected": "king"}, "selected must be .*, not 'king'"),
        ({"temperature": 0}, "temperature must be a number from 0.1 to 3, not 0"),
        ({"temperature": -1}, "temperature must be"),
        ({"temperature": math.nan}, "temperature must be"),
        ({"temperature": math.inf}, "temperature must be"),
        ({"temperature": "1"}, "temperature must be"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 20, not 0"),
        ({"top_k": 21}, "top_k must be"),
        ({"top_k": 2.5}, "top_k must be"),
        ({"values_of": "GPT"}, "values_of must be 'LSTM' or 'Transformer', not 'GPT'"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(models, explorer, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        NextWordExplorer(*models, **settings)
    explorer.change(text="The queen was", selected=1)
    before, answers = explorer.get_state(), explorer.answers
    with pytest.raises(InputError, match=sentence):
        explorer.change(**settings)
    assert explorer.get_state() == before
    assert explorer.answers is answers
    explorer.undo()
    assert explorer.text == TEXT


def test_a_model_that_fails_leaves_the_last_good_state(explorer, models, monkeypatch):
    before = explorer.get_state()
    monkeypatch.setattr(models[1], "next_tokens", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.text = "The queen was"
    assert explorer.get_state() == before
    assert explorer.tokens == tuple(TEXT.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Give at least one model"),
        (("lstm",), r"'lstm' is a name, not a model; write load_model\('lstm'\)"),
        ((42,), "A int is no model that could be shown here: it has no tokenize"),
        ((FakeModel(),) * 5, "5 models were given; at most 4"),
        (
            (FakeModel(), FakeModel(words=[word for word in WORDS if word != "crowned"])),
            "read this text as different tokens",
        ),
    ],
)
def test_what_is_no_model_is_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        NextWordExplorer(*arguments)


def test_one_model_and_two_of_one_name():
    one = NextWordExplorer(FakeModel())
    assert [panel["name"] for panel in one.board["panels"]] == ["LSTM"]
    two = NextWordExplorer(FakeModel(), FakeModel(seed=3))
    assert two.controls["models"] == ["LSTM", "LSTM 2"]
    assert two.values_of == "LSTM 2"


def test_an_own_model_beside_a_shipped_one_has_its_name_and_the_hue_of_its_architecture():
    own = FakeModel("my-lstm", "LSTM", seed=2)
    explorer = NextWordExplorer(FakeModel(), own, FakeModel("transformer"))
    assert [panel["name"] for panel in explorer.board["panels"]] == ["LSTM", "LSTM (my-lstm)", "Transformer"]
    assert [panel["hue"] for panel in explorer.board["panels"]] == ["lstm", "lstm", "transformer"]
    explorer.values_of = "LSTM (my-lstm)"
    assert explorer.line["hue"] == "lstm"
    assert explorer.answers[1].model_name == "my-lstm"
    assert NextWordExplorer(own).board["panels"][0]["name"] == "LSTM"
    both = NextWordExplorer(own, FakeModel("other", "LSTM"), FakeModel("my-lstm", "LSTM"))
    assert both.controls["models"] == ["LSTM (my-lstm)", "LSTM (other)", "LSTM (my-lstm) 2"]


def test_a_perplexity_beyond_all_numbers_is_infinite(models, monkeypatch):
    monkeypatch.setattr(models[0], "surprisals", lambda text: np.full(5, 800.0))
    assert NextWordExplorer(models[0], text=TEXT).board["panels"][0]["aside"] == "perplexity of the text ∞"


def test_a_bars_word_goes_on_with_the_text(explorer):
    explorer.text = "The king,  was crowned"
    explorer.continue_with("and")
    assert explorer.text == "The king,  was crowned and"
    explorer.selected = 3
    explorer.continue_with("is")
    assert explorer.text == "The king, is"  # spaced as it was typed
    assert explorer.selected is None
    explorer.selected = 0
    explorer.continue_with("<unk>")
    assert explorer.text == "<unk>"


def test_characters_that_are_not_read_do_not_bring_back_what_was_cut(explorer, models, monkeypatch):
    for model in models:
        read = model.tokenize
        clean = lambda text, read=read: read(text.replace("\u200b", "") if isinstance(text, str) else text)  # noqa: E731
        monkeypatch.setattr(model, "tokenize", clean)
    explorer.change(text="ki\u200bng and king", selected=1)
    explorer.continue_with("was")
    assert explorer.tokens == ("king", "was")


def test_a_word_after_a_line_break_is_read_as_itself(explorer):
    explorer.text = "The king\nwas"
    explorer.continue_with("<eos>")
    assert explorer.tokens == ("The", "king", "<eos>", "was", "<eos>")
    explorer.selected = 3
    explorer.continue_with("and")
    assert explorer.tokens == ("The", "king", "<eos>", "and")


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.data())
def test_every_word_of_the_vocabulary_can_be_put_anywhere(tokens, data):
    explorer = NextWordExplorer(FakeModel(), text=" ".join(tokens))
    place = data.draw(st.none() | st.integers(0, len(tokens) - 1))
    word = data.draw(st.sampled_from(WORDS))
    explorer.selected = place
    explorer.continue_with(word)
    assert explorer.tokens == (*tokens[:place], word)


def test_undo_and_reset(explorer):
    explorer.change(text="The queen", selected=1)
    explorer.text = "The church"
    explorer.undo()
    assert (explorer.text, explorer.selected) == ("The queen", 1)
    explorer.undo()
    assert (explorer.text, explorer.selected, explorer.controls["undo"]) == (TEXT, None, False)
    explorer.undo()
    assert explorer.text == TEXT
    explorer.change(text="A city", temperature=2.0, top_k=3, values_of="LSTM")
    explorer.reset()
    assert (explorer.text, explorer.temperature, explorer.top_k, explorer.values_of) == (TEXT, 1.0, 6, "Transformer")
    explorer.undo()
    assert explorer.text == "A city"


def test_a_click_and_a_cell_at_once_take_turns(explorer, monkeypatch):
    """The text that is read while a bar's word is put after the one before must not be overwritten by it."""
    inside, go, before = threading.Event(), threading.Event(), Reading.before

    def slow(reading, position):
        inside.set()
        go.wait(10)
        return before(reading, position)

    monkeypatch.setattr(Reading, "before", slow)
    cell = threading.Thread(target=explorer.continue_with, args=("London",))
    click = threading.Thread(target=explorer.change, kwargs={"text": "The queen"})
    cell.start()
    assert inside.wait(10)
    click.start()
    click.join(0.3)  # time enough to change the text, if nothing keeps it waiting
    go.set()
    cell.join()
    click.join()
    assert explorer.text == "The queen"
    explorer.undo()
    assert explorer.text == f"{TEXT} London"


def test_two_undos_at_once_take_turns(explorer):
    explorer.text = "The queen"
    failures = []

    def undo():
        try:
            explorer.undo()
        except Exception as error:
            failures.append(error)

    other = threading.Thread(target=undo)
    with explorer._one_update():
        other.start()
        other.join(0.3)
        explorer.undo()
    other.join()
    assert failures == []
    assert explorer.text == TEXT


def test_a_long_text_is_cut_with_a_notice(explorer):
    explorer.text = " ".join(["The king was crowned in London ."] * 100)
    assert len(explorer.tokens) == 256
    assert explorer.note == "The text has 700 tokens; the last 256 are shown, and the models read only those."
    explorer.selected = 255
    explorer.continue_with("and")
    assert explorer.tokens[-2:] == ("London", "and")
    assert len(explorer.text.split()) == 700
    explorer.text = "king " * 300_000
    assert "The text has 1,500,000 characters; the last 20,000 are read." in explorer.note


def test_unknown_words_keep_their_spelling(explorer):
    explorer.change(text="zzz qqq", selected=0)
    assert explorer.line["words"] == ["zzz", "qqq"]
    assert "zzz (read as <unk>): rank" in explorer.board["spoken"]
    assert len(explorer.answers[0].tokens) == 6


def test_what_a_transformer_could_not_see_is_said(models):
    model = models[1]
    ask = model.next_tokens

    def short(text, **settings):
        record = ask(text, **settings)
        object.__setattr__(record, "context", 3)
        return record

    model.next_tokens = short
    facts = NextWordExplorer(model).board["panels"][0]["facts"]
    assert facts[-1][0].endswith("It saw only the last 3 of 6 tokens.")


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    explorer = NextWordExplorer(FakeModel(), FakeModel("transformer", seed=1))
    before = explorer.get_state(["line", "board", "controls"])
    refused = None
    try:
        explorer.text = text
    except InputError as error:
        refused = str(error)
    if refused is not None:
        assert refused.endswith(".")
        assert explorer.get_state(["line", "board", "controls"]) == before
    json.dumps(explorer.get_state(["line", "board", "controls", "note", "card"]), allow_nan=False).encode()
    assert "<script" not in explorer.static_html()
    explorer.static_html().encode()
