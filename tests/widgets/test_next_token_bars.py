"""NextTokenBars in Python: the rows add up, the scale is common, the true word's facts are in words."""

import pytest

from lessons.errors import InputError
from lessons.records import NextTokens
from tests.fakes import FakeModel
from widgets import NextTokenBars
from widgets.bars import common_scale, panel_of

MODEL = FakeModel("lstm")


def record(**changes):
    fields = {
        "model_name": "lstm", "position": 1, "tokens": ("the", "a"), "token_ids": [2, 3], "probabilities": [0.3, 0.2],
        "temperature": 1.0, "vocab_size": 33_278, "entropy": 6.1, "context": 2,
        "true_token": "crowned", "true_probability": 0.0034, "true_rank": 41,
    }  # fmt: skip
    return NextTokens(**(fields | changes))


def test_the_facts_are_in_words():
    bars = NextTokenBars(record())
    assert "crowned: rank 41 of 33,278, probability 0.34 %, surprisal 5.7 nats" in bars.board["spoken"]
    assert bars.board["panels"][0]["rest"] == {"label": "all other 33,275 words", "share": "49.7 %", "width": 0.4966}
    assert bars.board["legend"] == "A full bar is 30 %; the hatched bar has its own scale, full is 100 %."


def test_without_a_true_word_all_others_are_others():
    bars = NextTokenBars(record(true_token=None, true_probability=None, true_rank=None))
    assert bars.board["panels"][0]["rest"]["label"] == "all other 33,276 words"
    assert not any(row.get("true") for row in bars.board["panels"][0]["rows"])


def test_a_true_word_among_the_first_has_no_row_of_its_own():
    (panel,) = NextTokenBars(record(true_token="a", true_probability=0.2, true_rank=2)).board["panels"]
    assert [(row["token"], row.get("true", False)) for row in panel["rows"]] == [("the", False), ("a", True)]


def test_a_probability_of_0_is_infinitely_surprising():
    assert "infinitely many nats" in NextTokenBars(record(true_probability=0.0)).board["spoken"]


def test_a_whole_vocabulary_leaves_no_rest():
    small = MODEL.next_tokens("The", top_k=49)
    assert "rest" not in panel_of(small, 1.0)


def test_two_distributions_have_one_scale():
    assert common_scale([record(), record(probabilities=[0.06, 0.05])]) == 0.3
    assert common_scale([record(probabilities=[0.06, 0.05])]) == 0.1
    assert common_scale([record(true_probability=0.8)]) == 1.0
    assert NextTokenBars(record(), scale=0.6).board["panels"][0]["rows"][0]["width"] == 0.5


def test_temperature_is_said():
    assert "at temperature 0.5" in NextTokenBars(record(temperature=0.5)).board["legend"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"record": "the"}, "record must be a NextTokens .*, not str"),
        ({"record": None}, "record must be a NextTokens"),
        ({"scale": 2}, "scale must be a number from 0.0001 to 1, not 2"),
        ({"on_pick": 3}, "on_pick must be a function"),
    ],
)
def test_what_it_refuses(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        NextTokenBars(**({"record": record()} | arguments))


def test_only_what_is_shown_can_be_picked(ask):
    bars = NextTokenBars(record())
    ask(bars, "pick", token="crowned")
    assert bars.clicked == "crowned"
    ask(bars, "pick", token="zebra")
    assert bars.clicked == "crowned"
    assert "not among the bars any more" in bars.error
    bars.record = record(model_name="transformer")
    assert bars.clicked is None
    assert bars.board["panels"][0]["hue"] == "transformer"


def test_a_callback_may_show_the_next_record(ask):
    bars = NextTokenBars(
        MODEL.next_tokens("The"), on_pick=lambda token: setattr(bars, "record", MODEL.next_tokens(token))
    )
    first = bars.record.tokens[0]
    ask(bars, "pick", token=first)
    assert bars.record.tokens == MODEL.next_tokens(first).tokens
    assert bars.error == ""
