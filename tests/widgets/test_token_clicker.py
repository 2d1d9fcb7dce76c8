"""TokenClicker in Python: what it takes, what it refuses, what it shows."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.records import TokenizedText
from tests.fakes import FakeModel
from widgets import TokenClicker


def test_it_takes_a_tokenized_text_with_its_surprisals():
    model = FakeModel()
    text = model.tokenize("The king was crwoned")
    clicker = TokenClicker(text, model.surprisals(text), unit="surprisal in nats")
    assert clicker.tokens == ("The", "king", "was", "<unk>")
    assert clicker.line["words"] == ["The", "king", "was", "crwoned"]
    assert clicker.line["kinds"] == {"3": "unknown"}
    assert clicker.line["numbers"] == [f"{value:.1f}" for value in model.surprisals(text)]
    assert "crwoned" in clicker.note


def test_values_may_be_missing_infinite_and_signed():
    clicker = TokenClicker(["a", "b", "c", "d"], [1, None, -math.inf, np.nan])
    assert clicker.values == (1.0, None, -math.inf, None)
    assert clicker.line["numbers"] == ["+1.0", "", "−∞", ""]
    assert clicker.line["levels"] == [1.0, 0.0, -1.0, 0.0]
    assert clicker.line["legend"] == {"low": "−1", "high": "1", "signed": True}


def test_selected_is_told_to_observers():
    clicker, heard = TokenClicker(["a", "b"]), []
    clicker.observe(lambda change: heard.append(change.new), names="selected")
    clicker.selected = 1
    clicker.selected = np.int64(0)
    clicker.selected = None
    assert heard == [1, 0, None]


def test_new_tokens_drop_values_and_selection():
    clicker = TokenClicker(["a", "b"], [1, 2], selected=1)
    clicker.tokens = ["c"]
    assert (clicker.tokens, clicker.values, clicker.selected) == (("c",), (), None)
    clicker.change(source=["d", "e"], values=[3, 4], selected=0)
    assert (clicker.tokens, clicker.values, clicker.selected) == (("d", "e"), (3.0, 4.0), 0)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"tokens": "a text"}, "must be a TokenizedText .* or a list of strings"),
        ({"tokens": []}, "tokens is empty; give at least one token"),
        ({"tokens": TokenizedText("", (), (), [])}, "tokens is empty; give at least one token"),
        ({"tokens": ["a", 3]}, "list of strings"),
        ({"tokens": None}, "list of strings"),
        ({"values": [1]}, "values has 1 entries for 2 tokens"),
        ({"values": ["x", "y"]}, "values must be a list of numbers"),
        ({"values": 3}, "values must be a list of numbers"),
        ({"values": [1, 10**400]}, "values has a number too large to draw"),
        ({"values": np.zeros((2, 2))}, "values"),
        ({"selected": 2}, "selected must be a whole number from 0 to 1, not 2"),
        ({"selected": -1}, "selected must be"),
        ({"selected": True}, "selected must be"),
        ({"selected": 0.5}, "selected must be"),
        ({"scale": 0}, "scale must be a number"),
        ({"scale": math.nan}, "scale must be a number"),
        ({"scale": 10**400}, "scale must be a number from 1e-09 to 1e\\+09, not 1000"),
        ({"scale": -(10**5000)}, "scale must be a number .*, not this int"),
        ({"scale": Fraction(10**400, 3)}, "scale must be a number"),
        ({"digits": -1}, "digits must be"),
        ({"unit": 3}, "unit must be a string"),
    ],
)
def test_what_it_refuses(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        TokenClicker(**({"tokens": ["a", "b"]} | settings))


@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=20), st.data())
def test_any_strings_and_numbers_can_be_shown(tokens, data):
    values = data.draw(st.lists(st.none() | st.floats(), min_size=len(tokens), max_size=len(tokens)))
    clicker = TokenClicker(tokens, values)
    assert len(clicker.line["words"]) == len(clicker.line["numbers"]) == len(tokens)
    assert all(-1 <= level <= 1 for level in clicker.line["levels"])
    str(clicker.line).encode()
    clicker.static_html().encode()
