"""SurrogateTree in Python: tree, path and fidelity are the record's, and what the model says is the model's."""

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.records import Surrogate
from tests import tiny
from tests.makers.surrogate import TEXT, grow, models, opened, tree
from widgets import SurrogateTree
from widgets.surrogate_source import Tree


@pytest.fixture
def shown():
    return tree()


def record(**changes):
    """Return a tree of two questions: is the last word 'in'? If not: is the one before it 'the'?"""
    fields = {
        "model_name": "lstm",
        "n_last": 2,
        "places": [1, 0, 2, 0, 0],
        "words": [7, -1, 9, -1, -1],
        "tokens": ("in", "", "the", "", ""),
        "yes": [1, -1, 3, -1, -1],
        "no": [2, -1, 4, -1, -1],
        "counts": [100, 40, 60, 10, 50],
        "shares": [[0.5, 0.3, 0.2], [0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [0.3, 0.5, 0.2]],
        "choices": [1, 2, 3],
        "choice_tokens": ("the", "was", "king"),
        "fidelities": [0.4, 0.55, 0.6],
        "n_places": 100,
        "n_held_out": 20,
        "corpus": "noise",
        "seed": 3,
    }
    return Surrogate(**fields | changes)


def cells(widget):
    return [cell for row in widget.board["rows"] for cell in row if cell is not None]


def test_the_path_is_the_record_s(shown):
    for asked, model in zip(("LSTM", "Transformer"), models(), strict=True):
        shown.change(asked=asked, depth=shown.surrogate.depth)
        surrogate = shown.surrogate
        ids = model.tokenize(TEXT).token_ids
        for position in (-1, 3, 0):
            shown.position = position
            before = ids if position < 0 else ids[:position]
            padded = [model.vocabulary.stoi["<eos>"]] * surrogate.n_last + list(before)
            path = surrogate.path(padded)[: shown.depth + 1]
            assert [cell["node"] for cell in cells(shown) if cell["here"]] == path
            said = model.next_tokens(TEXT, top_k=1, position=position)
            assert shown.board["guess"][3].removesuffix(" ✓") == said.tokens[0].replace("<eos>", "↵ <eos>")


def test_a_node_says_its_question_places_guess_and_share():
    widget = SurrogateTree(record(), text="king was in")
    root, yes, no = cells(widget)
    assert root["question"] == "Is the last word “in”?"
    assert (root["guess"], root["share"]) == ("the", "50.0 % of 100 places")
    assert (yes["node"], yes["answer"], yes["here"], yes["question"]) == (1, "yes", True, "")
    assert (no["question"], no["folded"], no["here"]) == ("Is the second last word “the”?", "2 more nodes", False)
    assert no["says"] == "no: Is the second last word “the”? most often was, 50.0 % of 60 places. 2 more nodes folded."
    assert widget.board["guess"][:2] == ["After 1 question, the tree guesses ", "the"]
    assert widget.board["chosen"] == {
        "name": "40 of 100 places come here",
        "way": ["Is the last word “in”? Yes."],
        "rows": [["the", "90.0 %", 0.9], ["was", "10.0 %", 0.1]],
    }


@pytest.mark.parametrize(("text", "path"), [("the was", [0, 2, 3]), ("was the", [0, 2, 4]), ("in", [0, 1])])
def test_a_text_goes_down_its_path(text, path):
    widget = SurrogateTree(record(), text=text)
    assert [cell["node"] for cell in cells(widget) if cell["here"]] == path
    rows = widget.board["rows"]
    for row in rows[1:]:
        assert row[0] is None or row[0]["answer"] == "yes"
        assert row[2] is None or row[2]["answer"] == "no"
        assert sum(cell is not None for cell in row) == 2


def test_fidelity_where_it_was_grown_follows_from_the_nodes():
    # one guess: 50 of 100; after one question 0.9 * 40 + 0.5 * 60; after two 0.9 * 40 + 1.0 * 10 + 0.5 * 50
    np.testing.assert_allclose(Tree(record()).grown_on, [0.5, 0.66, 0.71])
    widget = SurrogateTree(record(), text="in", depth=1)
    said = "".join(widget.board["fidelity"])
    assert "Cut after 1 question, it guesses the LSTM's first choice at 55.0 % of 20 held-out places" in said
    assert "66.0 % of the 100 that it was grown on. Always guessing “the” reaches 40.0 %." in said
    assert widget.board["facts"][0].startswith("The tree is not how the model works.")
    assert "At 45.0 % of the places it says another word than the LSTM" in widget.board["facts"][0]


def test_a_real_tree_fits_where_it_was_grown_at_least_as_well_with_every_question(shown):
    grown = Tree(shown.surrogate).grown_on
    assert (np.diff(grown) >= -1e-12).all()
    assert grown[-1] <= 1


def test_a_cut_tree_guesses_at_the_cut():
    widget = SurrogateTree(record(), text="the was", depth=1)
    assert [cell["node"] for cell in cells(widget)] == [0, 1, 2]
    assert cells(widget)[2]["question"] == ""
    assert widget.board["guess"][1] == "was"
    widget.depth = 0
    assert widget.board["guess"][:2] == ["After 0 questions, the tree guesses ", "the"]
    assert [cell["node"] for cell in cells(widget)] == [0]


def test_a_branch_is_opened_and_left_again(ask):
    widget = SurrogateTree(record(), text="in")
    ask(widget, "open", node=2)
    assert widget.branch == 2
    assert [[cell and cell["node"] for cell in row] for row in widget.board["rows"]] == [
        [None, 0, None],
        [1, 2, None],
        [3, None, 4],
    ]
    assert widget.board["chosen"]["name"] == "60 of 100 places come here"
    ask(widget, "open", node=4)  # a leaf: nothing to open, it is told about
    assert (widget.branch, widget.node) == (2, 4)
    ask(widget, "undo")
    assert (widget.branch, widget.node) == (None, 1)
    ask(widget, "open", node=2)
    ask(widget, "open", node=0)
    assert (widget.branch, widget.node) == (None, 0)
    ask(widget, "open", node=4)
    assert widget.error == "This node is not drawn any more; please choose again."


def test_folded_nodes_are_counted(shown):
    every = Tree(shown.surrogate)
    shown.depth = shown.surrogate.depth
    below = [every.folded(cell["node"], shown.depth) for cell in cells(shown) if not cell["here"]]
    assert len(cells(shown)) + sum(below) == len(shown.surrogate.tokens)
    said = [int(cell["folded"].split()[0]) for cell in cells(shown) if cell["folded"]]
    assert said == [n for n in below if n > 1]


class Counting:
    """A model that counts how often it is asked for a tree."""

    def __init__(self, model):
        self._model, self.asked = model, 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def surrogate(self, **options):
        self.asked += 1
        return self._model.surrogate(**options)


def test_a_tree_is_grown_once_and_only_when_it_is_needed():
    lstm, transformer = map(Counting, models())
    widget = SurrogateTree(lstm, transformer, text=TEXT, grow=grow())
    assert (lstm.asked, transformer.asked) == (1, 0)
    widget.change(text="the king", depth=2)
    for asked in ("Transformer", "LSTM", "Transformer"):
        widget.asked = asked
    assert (lstm.asked, transformer.asked) == (1, 1)


def test_a_record_goes_with_its_model():
    model = Counting(models()[0])
    given = model._model.surrogate(**grow())
    widget = SurrogateTree(model, given, text=TEXT)
    assert (model.asked, widget.surrogate) == (0, given)
    assert widget.board["names"] == ["LSTM"]
    assert "first choice is" in widget.board["guess"][2]


def test_a_record_alone_reads_words_between_spaces():
    widget = SurrogateTree(record(), text="He lived  in")
    assert widget.tokens == ("He", "lived", "in")
    assert "No model is here to read the text" in widget.note
    assert widget.board["guess"][2].endswith("The LSTM itself is not here to be asked.")


def test_another_text_or_model_leaves_the_opened_branch(ask):
    widget = opened()
    assert widget.board["opened"] is True
    ask(widget, "read", text="the king")
    assert (widget.branch, widget.board["opened"]) == (None, False)
    ask(widget, "undo")
    assert (widget.text, widget.board["opened"]) == (TEXT, True)
    ask(widget, "ask", name="LSTM")
    assert (widget.asked, widget.branch) == ("LSTM", None)
    ask(widget, "reset")
    assert (widget.asked, widget.depth) == ("Transformer", 4)


def test_a_click_on_a_word_asks_about_its_place(shown, ask):
    ask(shown, "place", position=3, revision=shown.board["revision"])
    assert (shown.position, shown.board["selected"]) == (3, 3)
    ask(shown, "place", position=len(shown.tokens), revision=shown.board["revision"])
    assert shown.position == -1
    ask(shown, "place", position=0, revision=0)
    assert shown.error.startswith("The text has changed")


def test_one_message_answers_a_move_of_the_cut(shown, ask):
    (message,) = ask(shown, "cut", depth=1)
    assert set(message["state"]) == {"board", "_answered"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": ""}, "The text is empty"),
        ({"position": 99}, "position must be a whole number from -1 to 7"),
        ({"asked": "GPT"}, "asked must be 'LSTM' or 'Transformer'"),
        ({"depth": 99}, "depth must be a whole number from 0 to"),
        ({"branch": -1}, "branch must be a whole number from 0 to"),
        ({"node": 10**6}, "node must be a whole number from 0 to"),
    ],
)
def test_what_it_refuses(shown, settings, sentence):
    before = shown.get_state()
    with pytest.raises(InputError, match=sentence):
        shown.change(**settings)
    assert shown.get_state() == before


def test_nodes_that_are_not_drawn_are_refused():
    widget = SurrogateTree(record(), text="in", depth=1)
    with pytest.raises(InputError, match="Node 4 lies below the cut, after 2 questions"):
        widget.branch = 4
    widget.depth = 2
    with pytest.raises(InputError, match="Node 4 is folded; open the branch"):
        widget.node = 4


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ((), "0 models or trees were given"),
        (("lstm",), "'lstm' is a name, not a model"),
        ((3,), "A int is no model"),
        ((record(),) * 5, "5 models or trees were given; give 1 to 4"),
    ],
)
def test_sources_are_checked(sources, sentence):
    with pytest.raises(InputError, match=sentence):
        SurrogateTree(*sources)


def test_options_of_growing_are_checked():
    with pytest.raises(InputError, match="grow must be a dict"):
        SurrogateTree(tiny.model("lstm"), grow=3)
    with pytest.raises(InputError, match="depth is 0; it must be"):
        SurrogateTree(tiny.model("lstm"), grow={"depth": 0})
    with pytest.raises(InputError, match=r"grow cannot be used: .*n_lst"):
        SurrogateTree(tiny.model("lstm"), grow={"n_lst": 3})


def test_the_picture_has_the_tree_and_the_curves():
    svg = SurrogateTree(record(), text="the was").picture().svg()
    for words in ("Is the last word “in”?", "held-out text", "the text that it was grown on", "always guessing “the”"):
        assert f">{words}</text>" in svg


def test_the_exported_page_has_the_fidelity_at_every_depth():
    page = SurrogateTree(record(), text="in").static_html()
    for words in ("40.0 %", "55.0 %", "60.0 %", "50.0 %", "66.0 %", "71.0 %", "The tree is not how the model works."):
        assert words in page
