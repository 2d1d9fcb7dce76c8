"""AttentionAbacus in Python: every number is attention's own, guesses are judged, nothing is lost by bad input."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.attention_by_hand import attention
from lessons.errors import InputError
from tests import tiny
from widgets import AttentionAbacus
from widgets.abacus_board import cells_of
from widgets.abacus_words import short, value_of

QUERY, KEY, VALUE = [[1, 2], [0, 1], [-1, 3]], [[0.5, -1], [2, 0], [1, 1]], [[1, 0], [0, 1], [4, 4]]


@pytest.fixture
def abacus():
    return AttentionAbacus()


def grid(abacus, step):
    return [[cell["text"] for cell in row["cells"]] for row in abacus.board["grids"][step]["rows"]]


def ask_for(abacus, cell):
    abacus.selected = cell
    return "".join(abacus.board["asked"]["title"])


def test_the_example_fits_a_blackboard(abacus):
    abacus.show_all()
    assert grid(abacus, 0) == [["2", "−1", "3"], ["1", "2", "4"], ["−1", "1", "−1"]]
    assert grid(abacus, 1)[1] == ["0.71", "1.41", "2.83"]
    assert grid(abacus, 2)[1] == ["0.71", "1.41", "−∞"]
    assert grid(abacus, 3) == [["1", "0", "0"], ["0.33", "0.67", "0"], ["0.16", "0.67", "0.16"]]
    assert grid(abacus, 4) == [["3", "0"], ["0.99", "2.01"], ["0.98", "2.51"]]
    assert [row["sum"] for row in abacus.board["grids"][3]["rows"]] == ["sum 1"] * 3


def test_nothing_hidden_is_sent_to_the_page(abacus):
    sent = json.dumps(abacus.get_state(["board", "card", "note"]), ensure_ascii=False)
    assert "4.11" not in sent  # e to the power of a hidden score
    assert "0.67" not in sent
    assert all(text == "?" for step in range(5) for row in grid(abacus, step) for text in row)
    assert "0.67" not in abacus.static_html()


def test_every_cell_is_the_number_of_attention_by_hand():
    for use_scale in (True, False):
        for use_mask in (True, False):
            abacus = AttentionAbacus(query=QUERY, key=KEY, value=VALUE, use_scale=use_scale, use_mask=use_mask)
            abacus.show_all()
            place = "before" if use_mask else "never"
            steps = attention(QUERY, KEY, VALUE, use_scale=use_scale, mask_place=place)
            arrays = (steps.scores, steps.scaled, steps.masked, steps.weights, steps.output)
            for step, array in enumerate(arrays):
                assert grid(abacus, step) == [[short(float(x)) for x in row] for row in array]
            np.testing.assert_array_equal(abacus.steps.weights, steps.weights)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ((0, 0, 0), "q₁·k₁ = 1×0.5 + 2×(−1) = −1.5"),
        ((1, 0, 0), "scaled q₁·k₁ = −1.5 / √2 ≈ −1.06"),
        ((2, 0, 0), "masked q₁·k₁ ≈ −1.06: it stays, for key 1 is not later than query 1"),
        ((2, 0, 1), "masked q₁·k₂ = −∞: key 2 is later than query 1"),
        ((3, 1, 1), "weight of key 2 for query 2 = e^0 / sum = 1 / (0.49 + 1) ≈ 0.67"),
        ((3, 0, 1), "weight of key 2 for query 1 = e^(−∞) / sum = 0"),
        ((4, 1, 0), "number 1 of output 2 = 0.33×1 + 0.67×0 ≈ 0.33"),
    ],
)
def test_a_shown_cell_has_its_formula_filled_with_the_numbers(cell, words):
    abacus = AttentionAbacus(query=QUERY, key=KEY, value=VALUE)
    assert "= ?" in ask_for(abacus, cell)
    abacus.show(cell)
    assert ask_for(abacus, cell) == words


def test_formulas_without_scale_and_mask():
    abacus = AttentionAbacus(query=QUERY, key=KEY, value=VALUE, use_scale=False, use_mask=False)
    assert "The scale is off" in ask_for(abacus, (1, 0, 0))
    assert "The mask is off" in ask_for(abacus, (2, 0, 1))
    abacus.show_all()
    assert ask_for(abacus, (1, 0, 0)) == "scaled q₁·k₁ = −1.5: no scale"
    assert ask_for(abacus, (2, 0, 1)) == "masked q₁·k₂ = 2: it stays, for the mask is off"
    assert [grid_["say"] for grid_ in abacus.board["grids"]][1:3] == ["left out", "left out"]


def test_large_scores_are_lowered_before_e_is_raised_to_them():
    abacus = AttentionAbacus(query=[[30, 0]] * 3, key=[[1, 0], [2, 0], [0, 1]], value=VALUE)
    assert "Take 42.43 off each score first." in ask_for(abacus, (3, 1, 0))
    abacus.show_all()
    assert "e^(21.21 − 42.43) / sum = " in ask_for(abacus, (3, 1, 0))


@pytest.mark.parametrize(
    ("cell", "typed", "right"),
    [
        ((3, 1, 0), "1/3", True),
        ((3, 1, 0), "0,33", True),
        ((3, 1, 0), 0.34, True),
        ((3, 1, 0), "0.36", False),
        ((0, 0, 1), "−1", True),
        ((0, 0, 1), "1", False),
        ((2, 0, 1), "-inf", True),
        ((2, 0, 1), "−∞", True),
        ((2, 0, 1), "0", False),
        ((2, 0, 0), "-inf", False),
        ((4, 1, 0), 1, True),
    ],
)
def test_a_guess_is_judged_and_kept(abacus, cell, typed, right):
    assert abacus.guess(cell, typed) is right
    assert abacus.guesses == {cell: str(typed)}
    assert abacus.selected == cell
    said = abacus.board["asked"]["verdict"]
    assert said.startswith("Right" if right else "Not quite")
    assert abacus.board["progress"] == f"1 of 42 cells shown, {int(right)} of 1 guesses right."
    with pytest.raises(InputError, match="shown already"):
        abacus.guess(cell, typed)


@pytest.mark.parametrize("typed", ["", "abc", "nan", "1/0", "1_0", "0x1", "--1", "e", "1/2/3", None])
def test_a_guess_that_is_no_number_gets_a_sentence_and_the_cell_stays_hidden(abacus, ask, typed):
    before = abacus.board
    with pytest.raises(InputError, match="type your guess"):
        abacus.guess((0, 0, 0), typed)
    ask(abacus, "guess", cell=[0, 0, 0], text=str(typed or ""))
    assert "type your guess, for example 2, −0.5 or 1/3." in abacus.error
    assert abacus.board == before


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Nothing was typed; type a number from −100 to 100"),
        ("abc", "“abc” is no number"),
        ("NaN", "“NaN” is no number"),
        ("1e999", "“1e999” does not fit a cell"),
        ("-inf", "“-inf” does not fit a cell"),
        ("101", "“101” does not fit a cell; type a number from −100 to 100."),
        ("x" * 50, "“xxxxxxxxxxxxxxxxxxxx…” is no number"),
    ],
)
def test_a_bad_number_in_a_cell_gets_a_sentence_and_the_old_one_stays(abacus, ask, typed, sentence):
    before = abacus.board
    ask(abacus, "edit", of="query", row=0, column=1, text=typed)
    assert abacus.error.startswith(sentence)
    assert abacus.board == before
    assert abacus.query[0] == (2.0, -1.0)


def test_a_number_is_changed_and_taken_back(abacus, ask):
    abacus.guess((0, 0, 0), 2)
    (message,) = ask(abacus, "edit", of="query", row=0, column=1, text="−2,5")
    assert abacus.query[0] == (2.0, -2.5)
    assert set(message["state"]) == {"board", "_answered"}
    assert abacus.guesses == {}  # the guess was about another number
    assert (0, 0, 0) in abacus.shown
    abacus.undo()
    assert abacus.query[0] == (2.0, -1.0)
    assert abacus.guesses == {(0, 0, 0): "2"}
    abacus.undo()
    assert abacus.shown == {}
    assert abacus.board["undo"] is False
    abacus.undo()
    assert abacus.board["progress"] == "0 of 42 cells shown."


def test_the_same_number_again_is_no_change(abacus, ask):
    ask(abacus, "edit", of="query", row=0, column=1, text=" −1.0 ")
    assert abacus.board["undo"] is False


def test_steps_are_shown_hidden_and_reset(abacus, ask):
    ask(abacus, "show_step", step=0)
    assert [grid_["left"] for grid_ in abacus.board["grids"]] == [0, 9, 9, 9, 6]
    ask(abacus, "all", shown=True)
    assert abacus.board["left"] == 0
    ask(abacus, "all", shown=False)
    assert abacus.board["left"] == 42
    ask(abacus, "switch", use_scale=False, use_mask=True)
    assert (abacus.use_scale, abacus.use_mask) == (False, True)
    ask(abacus, "reset")
    assert abacus.use_scale is True
    ask(abacus, "undo")
    assert abacus.use_scale is False


def test_next_goes_to_the_next_hidden_cell_and_begins_again_at_the_end(abacus, ask):
    abacus.show_step(0)
    ask(abacus, "next")
    assert abacus.selected == (1, 0, 0)
    abacus.selected = (4, 2, 1)
    ask(abacus, "next")
    assert abacus.selected == (1, 0, 0)
    abacus.show_all()
    ask(abacus, "next")
    assert abacus.selected == (1, 0, 0)


def test_more_tokens_and_longer_vectors_keep_what_is_there(abacus, ask):
    ask(abacus, "edit", of="key", row=2, column=0, text="7")
    ask(abacus, "pick", which="tokens", value=5)
    ask(abacus, "pick", which="numbers each", value=3)
    assert np.shape(abacus.key) == (5, 3)
    assert abacus.key[2][0] == 7
    assert len(cells_of(abacus._on_sheet)) == 4 * 25 + 15
    ask(abacus, "pick", which="tokens", value=3)
    ask(abacus, "pick", which="numbers each", value=2)
    assert abacus.key == ((1.0, 0.0), (0.0, 1.0), (7.0, 1.0))
    ask(abacus, "pick", which="tokens", value=6)
    assert abacus.error == "The number of tokens must be a whole number from 3 to 5, not 6."
    ask(abacus, "pick", which="head", value=1)
    assert abacus.error == "There is no such choice here."


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"tokens": "abc"}, "tokens must be a list of 3 to 5 words"),
        ({"tokens": ["a", "b"]}, "tokens must be a list of 3 to 5 words"),
        ({"tokens": [1, 2, 3]}, "tokens must be a list of 3 to 5 words"),
        ({"query": [[1, 2], [3, 4]]}, "query must be a list with 2 or 3 numbers for each of the 3 tokens"),
        ({"query": [[1], [2], [3]]}, "query must be"),
        ({"query": [[1, 2], [3, 4], [5]]}, "query must be"),
        ({"key": "abc"}, "key must be"),
        ({"key": [["1", "2"]] * 3}, "key must be"),
        ({"key": 5}, "key must be"),
        ({"value": [[math.nan, 0]] * 3}, "value must be .* each from −100 to 100"),
        ({"value": [[1e999, 0]] * 3}, "value must be .* each from −100 to 100"),
        ({"value": [[101, 0]] * 3}, "value must be .* each from −100 to 100"),
        ({"key": [[1, 2, 3]] * 3}, "must have equally many numbers here: all 2 or all 3"),
        ({"use_scale": 1}, "use_scale must be True or False"),
        ({"use_mask": None}, "use_mask must be True or False"),
        ({"selected": (5, 0, 0)}, "There is no such cell"),
        ({"selected": "000"}, "There is no such cell"),
        ({"selected": (0, 0)}, "There is no such cell"),
        ({"trace": "text"}, "trace must be a TransformerTrace"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(abacus, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        AttentionAbacus(**settings)
    abacus.guess((0, 0, 0), 2)
    before = abacus.get_state()
    with pytest.raises(InputError, match=sentence):
        abacus.change(**settings)
    assert abacus.get_state() == before
    with pytest.raises(InputError, match="shown must be a dictionary"):
        abacus.shown = [(0, 0, 0)]
    with pytest.raises(InputError, match="type a guess"):
        abacus.shown = {(0, 0, 0): "x"}
    assert abacus.get_state() == before


SMALL = st.floats(-100, 100) | st.integers(-3, 3)


@given(st.data(), st.integers(3, 5), st.integers(2, 3), st.booleans(), st.booleans())
def test_any_numbers_can_be_shown_and_every_shown_number_is_true(data, n_tokens, d, use_scale, use_mask):
    matrix = st.lists(st.lists(SMALL, min_size=d, max_size=d), min_size=n_tokens, max_size=n_tokens)
    q, k, v = (data.draw(matrix) for _ in range(3))
    abacus = AttentionAbacus(
        [f"w{i}" for i in range(n_tokens)], q, k, v, use_scale=use_scale, use_mask=use_mask, title="any"
    )
    cells = cells_of(abacus._on_sheet)
    abacus.show_all()
    for cell in cells:
        value = value_of(abacus.steps, abacus._on_sheet, *cell)
        assert short(value) in ask_for(abacus, cell)
    json.dumps(abacus.board, allow_nan=False).encode()
    abacus.hide_all()
    cell = data.draw(st.sampled_from(cells))
    assert abacus.guess(cell, value_of(abacus.steps, abacus._on_sheet, *cell)) is True


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (2, "2"),
        (-1.5, "−1.5"),
        (1 / 3, "0.33"),
        (100, "100"),
        (0.05, "0.05"),
        (0.0123, "0.012"),
        (0.00123, "0.0012"),
        (0.0999, "0.1"),
        (1e-5, "1×10⁻⁵"),
        (-123456, "−1.2×10⁵"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_in_cells(value, text):
    assert short(value) == text


def test_a_picture_and_a_figure(abacus):
    abacus.show_step(0)
    picture = abacus.picture()
    assert "9 of 42 cells shown" in picture.alt
    assert "−1" in picture.svg()
    assert picture.figure().axes


# One head of a real Transformer.

TEXT = "the king was crowned in a town of stone"


@pytest.fixture(scope="module")
def trace():
    return tiny.model("transformer").trace(TEXT, top_k=0)


def test_a_head_s_weights_are_the_trace_s_own(trace):
    for layer in range(trace.n_layers):
        for head in range(trace.n_heads):
            steps = AttentionAbacus(trace=trace, layer=layer, head=head).steps
            np.testing.assert_allclose(steps.scores, trace.attention_scores[layer, head], atol=1e-4)
            np.testing.assert_allclose(steps.weights, trace.attention_weights[layer, head], atol=1e-5)
            np.testing.assert_allclose(steps.output, trace.head_outputs[layer, head], atol=1e-5)


def test_what_is_not_shown_is_summed_up_and_said(trace):
    abacus = AttentionAbacus.from_trace(trace, 1, 0, places=[0, 2, 5])
    said = abacus.board["origin"]
    assert said.startswith("Real numbers: layer 2, head 1 of the Transformer, 8 numbers in each query, key and value.")
    assert "The first 3 of each are listed; sums run over all 8." in said
    assert f"3 of {len(trace)} tokens have a row and a column" in said
    assert "the softmax runs over all tokens up to the query" in said
    weights = abacus.board["grids"][3]
    assert weights["columns"] == ["1 ↵ <eos>", "3 king", "6 in", f"all {len(trace) - 3} others"]
    abacus.show_all()
    others = [j for j in range(len(trace)) if j not in (0, 2, 5)]
    for i, row in zip((0, 2, 5), abacus.board["grids"][3]["rows"], strict=True):
        assert row["cells"][3]["text"] == short(float(abacus.steps.weights[i, others].sum()))
        assert row["sum"] == "sum 1"


def test_no_term_of_a_head_s_formula_is_missing(trace):
    """The numbers of a formula, added up again, give the cell: rounding apart, nothing is left out."""
    abacus = AttentionAbacus.from_trace(trace, 0, 1, places=[1, 4, 7])
    abacus.show_all()
    steps = abacus.steps
    words = ask_for(abacus, (0, 2, 1))
    left = float((steps.query[7] * steps.key[4])[3:].sum())
    assert f"{short(left)} from the 5 other products" in words.replace("(", "").replace(")", "")
    others = [j for j in range(8) if j not in (1, 4, 7)]
    rest = float(np.exp(steps.masked[7, others]).sum())
    assert f"{short(rest)} from 5 other tokens) ≈ " in ask_for(abacus, (3, 2, 0))
    mixed = float(steps.weights[7, others] @ steps.value[others, 2])
    assert f"{short(mixed)} from 5 other tokens" in ask_for(abacus, (4, 2, 2)).replace("(", "").replace(")", "")
    assert ask_for(abacus, (3, 2, 3)).startswith("weight of all other tokens for query 8 = 1 − (")


def test_a_head_can_be_chosen_and_its_numbers_stay(trace, ask):
    abacus = AttentionAbacus.from_trace(trace)
    ask(abacus, "pick", which="layer", value=2)
    ask(abacus, "pick", which="head", value=2)
    assert (abacus.layer, abacus.head) == (1, 1)
    ask(abacus, "pick", which="head", value=3)
    assert abacus.error == "head must be a whole number from 0 to 1, not 2."
    ask(abacus, "edit", of="query", row=0, column=0, text="1")
    assert abacus.error == "This number cannot be changed here."
    abacus.places = [0, 1]
    assert len(abacus.board["numbers"]["rows"]) == 2
    ask(abacus, "reset")
    assert (abacus.layer, abacus.head, abacus.places) == (0, 0, None)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"layer": 2}, "layer must be a whole number from 0 to 1, not 2"),
        ({"head": -1}, "head must be a whole number from 0 to 1, not -1"),
        ({"places": []}, "places must be a list of 1 to 5 places"),
        ({"places": "012"}, "places must be a list"),
        ({"places": range(6)}, "places must be a list of 1 to 5 places"),
        ({"places": [99]}, "A place must be a whole number from 0 to 9, not 99"),
        ({"query": [[1, 2]] * 3}, "either numbers of your own or a trace|a trained model's"),
    ],
)
def test_a_bad_choice_of_a_head_is_refused(trace, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        AttentionAbacus(trace=trace, **settings)
    abacus = AttentionAbacus(trace=trace)
    before = abacus.get_state()
    with pytest.raises(InputError, match=sentence):
        abacus.change(**settings)
    assert abacus.get_state() == before


def test_a_text_of_one_token_and_a_long_one():
    model = tiny.model("transformer")
    abacus = AttentionAbacus.from_trace(model.trace("the", top_k=0))
    abacus.show_all()
    assert grid(abacus, 3) == [["1", "0"], grid(abacus, 3)[1]]
    trace = model.trace("the king was " * 20, top_k=0)
    long = AttentionAbacus.from_trace(trace, places=[0])
    assert f"the model saw only the last {len(trace)} tokens of the text" in long.board["origin"]
    long.show_all()
    assert grid(long, 3)[0] == ["1", "0"]


def test_a_closed_abacus_lets_go_of_its_trace(trace):
    abacus = AttentionAbacus.from_trace(trace)
    abacus.show_all()
    abacus.close()
    assert abacus.trace is None
    assert abacus._sheet is abacus._steps is None
    for use in (
        abacus.show_all,
        abacus.hide_all,
        abacus.reset,
        lambda: abacus.steps,
        lambda: abacus.guess((0, 0, 0), 1),
    ):
        with pytest.raises(InputError, match="closed"):
            use()
