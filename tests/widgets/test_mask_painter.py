"""MaskPainter in Python: both tables are attention's own numbers, and a row that sees nothing is explained."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.attention_by_hand import causal, hide_weights, mask, softmax
from lessons.errors import InputError
from widgets import MaskPainter


@pytest.fixture
def painter():
    return MaskPainter()


def sums(painter, table):
    return [row["sum"] for row in painter.board["tables"][table]["rows"]]


def good(painter, table):
    return [row["good"] for row in painter.board["tables"][table]["rows"]]


def test_the_example_has_weights_that_one_remembers(painter):
    assert sums(painter, 0) == ["1"] * 5
    assert sums(painter, 1) == ["0.5", "0.5", "0.75", "0.75", "1"]
    assert [cell["text"] for cell in painter.board["tables"][0]["rows"][2]["cells"]] == [
        "0.167",
        "0.667",
        "0.167",
        "0",
        "0",
    ]
    assert [cell["text"] for cell in painter.board["tables"][1]["rows"][2]["cells"]] == [
        "0.125",
        "0.5",
        "0.125",
        "0",
        "0",
    ]
    assert (
        "these rows do not sum to 1: 1 The (0.5), 2 king (0.5), 3 ruled (0.75) and 4 Rome (0.75)"
        in painter.board["facts"][1]
    )


def test_both_tables_are_attention_by_hand(painter):
    scores, visible = np.array(painter.scores), np.array(painter.visible)
    np.testing.assert_array_equal(visible, causal(5))
    np.testing.assert_array_equal(painter.weights("before"), softmax(mask(scores)))
    np.testing.assert_array_equal(painter.weights("after"), hide_weights(softmax(scores)))
    with pytest.raises(InputError, match="place must be 'before' or 'after'"):
        painter.weights("never")


def test_presets(painter, ask):
    ask(painter, "preset", name="none")
    assert np.all(painter.visible)
    assert good(painter, 0) == good(painter, 1) == [True] * 5
    assert "no weight was taken away" in painter.board["facts"][1]
    ask(painter, "preset", name="padding")
    np.testing.assert_array_equal(np.array(painter.visible), np.tile([True, True, True, True, False], (5, 1)))
    ask(painter, "preset", name="self only")
    np.testing.assert_array_equal(painter.weights("before"), np.eye(5))
    assert [name for name, chosen in painter.board["presets"] if chosen] == ["self only"]
    ask(painter, "preset", name="all")
    assert painter.error.startswith("The preset must be 'causal', 'none', 'padding' or 'self only', not 'all'")
    assert MaskPainter(["a", "b"], [[0, 1], [2, 3]], visible="padding").visible == ((True, False), (True, False))


def test_painting_undo_and_reset(painter, ask):
    (message,) = ask(painter, "paint", row=0, column=1, visible=True)
    assert set(message["state"]) == {"board", "_answered"}
    assert painter.visible[0] == (True, True, False, False, False)
    ask(painter, "paint", row=0, column=1, visible=True)  # the same again is no change
    ask(painter, "preset", name="none")
    painter.undo()
    assert painter.visible[0] == (True, True, False, False, False)
    painter.undo()
    assert painter.visible[0] == (True, False, False, False, False)
    assert painter.board["undo"] is False
    painter.undo()
    painter.preset("none")
    painter.reset()
    assert painter.visible[0] == (True, False, False, False, False)
    painter.undo()
    assert painter.visible[0] == (True,) * 5


def test_a_row_that_sees_nothing_is_explained_and_not_nan(painter):
    painter.paint(0, 0, False)
    row = painter.board["tables"][0]["rows"][0]
    assert [cell["text"] for cell in row["cells"]] == ["0/0"] * 5
    assert (row["sum"], row["good"]) == ("none", False)
    assert painter.board["facts"][0].startswith("Row 1 The: every key is hidden, so the softmax would divide 0 by 0")
    assert (painter.weights("before")[0] == 0).all()
    assert sums(painter, 1)[0] == "0"
    painter.paint(1, 0, False)
    painter.paint(1, 1, False)
    assert painter.board["facts"][0].startswith("Rows 1 The and 2 king: every key is hidden")
    painter.visible = np.zeros((5, 5), bool)
    assert good(painter, 0) == [False] * 5
    assert "NaN" not in json.dumps(painter.board["tables"])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"scores": [[1, 2], [3]]}, "scores must be a square of 5 × 5 numbers"),
        ({"scores": [[0.0] * 4] * 5}, "scores must be a square"),
        ({"scores": np.full((5, 5), math.nan)}, "scores must be a square"),
        ({"scores": np.full((5, 5), 101)}, "numbers from −100 to 100"),
        ({"scores": np.full((5, 5), "1")}, "scores must be a square"),
        ({"scores": "abc"}, "scores must be a square"),
        ({"scores": None}, "scores must be a square"),
        ({"visible": "diagonal"}, "The preset must be"),
        ({"visible": np.ones((5, 5))}, "visible must be 5 × 5 True or False, or one of 'causal'"),
        ({"visible": [[True]]}, "visible must be"),
        ({"visible": [[True], [True, False]]}, "visible must be"),
        ({"visible": None}, "visible must be"),
        ({"tokens": ["a"]}, "tokens must be a list of 2 to 8 words"),
        ({"tokens": "abcde"}, "tokens must be"),
        ({"tokens": [1, 2, 3, 4, 5]}, "tokens must be"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(painter, settings, sentence):
    painter.paint(0, 1, True)
    before = painter.get_state()
    with pytest.raises(InputError, match=sentence):
        painter.change(**settings)
    assert painter.get_state() == before
    painter.undo()
    assert painter.visible[0][1] is False


def test_tokens_and_scores_come_together(painter):
    with pytest.raises(InputError, match="Give both tokens and scores"):
        MaskPainter(["a", "b"])
    with pytest.raises(InputError, match="row must be a whole number from 0 to 4, not 5"):
        painter.paint(5, 0, True)
    with pytest.raises(InputError, match="visible must be True or False"):
        painter.paint(0, 0, 1)
    painter.change(tokens=["a", "b"], scores=[[0, 1], [2, 3]])
    assert painter.visible == ((True, False), (True, True))


@given(st.data(), st.integers(2, 8))
def test_any_mask_is_shown_with_true_numbers(data, n):
    cells = st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)
    rows = st.lists(st.lists(st.floats(-100, 100), min_size=n, max_size=n), min_size=n, max_size=n)
    visible, scores = data.draw(cells), data.draw(rows)
    painter = MaskPainter([f"w{i}" for i in range(n)], scores, visible=visible)
    json.dumps(painter.board, allow_nan=False)
    seeing = np.array(visible).any(axis=1)
    assert good(painter, 0) == seeing.tolist()
    np.testing.assert_allclose(painter.weights("before")[seeing].sum(axis=1), 1)
    before, after = painter.weights("before"), painter.weights("after")
    for i in np.flatnonzero(after.sum(axis=1) > 1e-9):
        np.testing.assert_allclose(after[i] / after[i].sum(), before[i], atol=1e-6)


def test_a_picture_and_a_figure(painter):
    picture = painter.picture()
    assert "0.75 ✗" in picture.svg()
    assert "10 of 25 cells are hidden." in picture.alt
    assert picture.figure().axes
