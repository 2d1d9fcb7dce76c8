"""How numbers and tokens are worded."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.token_line import near_ceiling, nice_ceiling
from widgets.words import clean, listing, nats, number, numbered, percent, perplexity, show, with_sign


@pytest.mark.parametrize(
    ("p", "words"),
    [(0, "0 %"), (1e-9, "< 0.001 %"), (2.1e-5, "0.0021 %"), (0.0032, "0.32 %"), (0.011, "1.1 %"), (0.00996, "1.0 %"),
     (0.5, "50.0 %"), (0.9995, "> 99.9 %"), (1, "100 %")],
)  # fmt: skip
def test_percent(p, words):
    assert percent(p) == words


@given(st.floats(0, 1))
def test_percent_never_rounds_to_a_false_0_or_100(p):
    words = percent(p)
    assert (words == "0 %") == (p == 0)
    assert words != "100.0 %"
    assert words != "100 %" or p == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [(24.04, "24.0"), (128.4, "128"), (965.6, "966"), (33278, "33,278"), (2.5e7, "2.5e+07"), (math.inf, "∞"),
     (math.nan, "no number")],
)  # fmt: skip
def test_perplexity(value, words):
    assert perplexity(value) == words


def test_of_equal_names_the_later_ones_bear_a_number():
    assert numbered(["LSTM", "Transformer"]) == ["LSTM", "Transformer"]
    assert numbered(["LSTM", "LSTM", "GRU", "LSTM"]) == ["LSTM", "LSTM 2", "GRU", "LSTM 3"]


@given(st.floats(1e-5, 0.999))
def test_percent_is_near_the_truth(p):
    assert float(percent(p).removesuffix(" %")) == pytest.approx(100 * p, rel=0.06)


def test_a_sign_stands_before_what_is_not_0():
    words = [with_sign(value, 2) for value in (1.5, -1.5, 0, 0.001, -0.001, math.inf, -math.inf, math.nan)]
    assert words == ["+1.50", "−1.50", "0.00", "0.00", "0.00", "+∞", "−∞", "none"]


def test_numbers():
    assert number(-2.34) == "−2.3"
    assert number(-0.01) == "0.0"
    assert number(33278, 0) == "33,278"
    assert nats(5.66) == "5.7 nats"
    assert nats(math.inf) == "∞ nats" or "infinitely" in nats(math.inf)
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing(["a"]) == "a"


def test_tokens_are_shown():
    assert show("<eos>") == "↵ <eos>"
    assert show("") == "(empty)"
    assert show("a\x00b\tc\x7f") == "a␀b␉c␡"
    assert show("\u202eabc") == "\ufffdabc"
    assert len(show("x" * 10_000)) == 48
    assert show("x" * 10_000).endswith("…")


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_shown_can_be_sent(text):
    clean(text).encode("utf-8")
    shown = show(text)
    shown.encode("utf-8")
    assert 0 < len(shown) <= 48
    assert not any(ord(c) < 0x20 for c in shown)


@given(st.floats(5e-324, 1e300))
def test_a_scale_ends_at_a_round_number_above(value):
    assert value * (1 - 1e-9) <= nice_ceiling(value) <= 2.5 * value
    assert value * (1 - 1e-9) <= near_ceiling(value) <= 2 * value
