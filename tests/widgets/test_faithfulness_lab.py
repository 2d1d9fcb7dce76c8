"""FaithfulnessLab in Python: its numbers are the models', its words follow from them, and no request spoils it."""

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.faithfulness import rank_correlation
from lessons.records import RANDOM
from tests import tiny
from tests.browser.standin import Wire
from tests.makers.faithfulness import METHODS, TEXT, lab, table
from widgets import FaithfulnessLab
from widgets.faithfulness_redrawn import steps_of


@pytest.fixture
def shown():
    return lab(shown=("occlusion", "saliency"), k=2)


def row_of(widget, name):
    (found,) = [row for row in widget.board["table"]["rows"] if row["name"] == name]
    return found


def target_of(widget):
    return widget.question["chosen"]["target"]


def as_number(words):
    return float(words.replace("−", "-"))


def test_the_table_has_the_measured_scores(shown):
    model = shown.models[0]
    found = model.explain(TEXT, "integrated_gradients", target=target_of(shown))
    curves = model.faithfulness(found, baseline="unk", n_random=4)
    lost, still, beaten, passes = row_of(shown, "integrated gradients")["cells"]
    assert as_number(lost) == pytest.approx(curves.deletion_score, abs=0.0051)
    assert as_number(still) == pytest.approx(curves.insertion_score, abs=0.0051)
    assert beaten == f"{int((curves.deletion_score > curves.random_scores).sum())} of 4"
    assert int(passes) == found.forward_passes + found.backward_passes
    random = curves.random_scores
    said = row_of(shown, "4 random orders")["cells"][0]
    assert as_number(said.split()[0]) == pytest.approx(random.mean(), abs=0.0051)
    np.testing.assert_allclose(shown.curves["integrated_gradients"].deletion, curves.deletion, atol=1e-6)
    np.testing.assert_allclose(shown.random_deletion, curves.random_deletion, atol=1e-6)


@pytest.mark.parametrize("direction", ["deletion", "insertion"])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_text_at_k_is_the_point_of_the_curve(shown, direction, backwards):
    shown.change(direction=direction, follow="saliency", backwards=backwards, k=3)
    model, curves = shown.models[0], shown.curves["saliency"]
    order = curves.order[::-1] if backwards else curves.order
    there = np.full(len(order), direction == "deletion")
    there[order[:3]] = direction == "insertion"
    text = shown.board["text"]
    assert [word.get("gone") is None for word in text] == there.tolist()
    assert {word["gone"] for word in text if "gone" in word} == {"<unk>"}
    assert [text[place]["n"] for place in order[:3]] == ["1", "2", "3"]
    tokens = [token if is_there else "<unk>" for token, is_there in zip(shown.tokens, there, strict=True)]
    said = model.next_tokens(" ".join(tokens), top_k=model.vocab_size)
    value = np.log(said.probabilities[said.tokens.index(target_of(shown))])
    assert as_number(shown.board["at_k"][3]) == pytest.approx(value, abs=0.0051)
    assert shown.board["choice"][1].removesuffix(" ✓") == said.tokens[0]
    if not backwards:
        curve = curves.deletion if direction == "deletion" else curves.insertion
        assert value == pytest.approx(curve[3], abs=1e-4)


def curves_of(plot, name):
    """Return the drawn points of the curves of one kind, in pixels."""
    found = []
    for mark, attributes, *_ in plot["marks"]:
        if mark == "path" and name in attributes["class"].split():
            found.append([tuple(map(float, pair.split())) for pair in attributes["d"][1:].split("L")])
    return found


def test_a_point_stands_where_its_number_says(shown):
    plot, curves = shown.board["plot"], shown.curves
    ticks = {
        words: attributes["y"] - 4
        for mark, attributes, *words_ in plot["marks"]
        for words in words_
        if mark == "text" and attributes["class"] == "gb-end"
    }
    (low, low_y), *_, (high, high_y) = [(as_number(words), y) for words, y in ticks.items()]
    for which, method in enumerate(("occlusion", "saliency")):
        (points,) = curves_of(plot, f"gb-curve{which}")
        heights = [low + (high - low) * (y - low_y) / (high_y - low_y) for _, y in points]
        assert heights == pytest.approx(curves[method].deletion.tolist(), abs=abs(high - low) / 150)
    (backwards,) = curves_of(plot, "gb-other")
    heights = [low + (high - low) * (y - low_y) / (high_y - low_y) for _, y in backwards]
    assert heights == pytest.approx(curves["occlusion"].insertion[::-1].tolist(), abs=abs(high - low) / 150)


def test_curves_have_their_names_beside_them(shown):
    names = [mark[2] for mark in shown.board["plot"]["marks"] if mark[0] == "text" and "gb-over" in mark[1]["class"]]
    assert sorted(names) == ["4 random orders: mean and range", "occlusion", "occlusion, reversed", "saliency"]


def test_another_meaning_of_missing_asks_anew_and_the_verdicts_stand_side_by_side(shown, ask):
    ask(shown, "choose", name="baseline", value="mean", revision=shown.question["revision"])
    shown.finish()
    facts = " ".join(shown.board["facts"])
    assert "Random orders that occlusion beats, by what is read in place of a missing word: <unk>: " in facts
    assert shown.curves["occlusion"].baseline == shown.attributions["occlusion"].baseline == "mean"
    shown.asked_with = "unk"
    assert shown.attributions["occlusion"].baseline == "unk"
    assert "was asked with another meaning of 'missing' (<unk>) than the test" in " ".join(shown.board["facts"])
    shown.change(asked_with="same", baseline="delete")
    assert shown.attributions["integrated_gradients"].baseline == "unk"  # it cannot ask with nothing
    assert shown.curves["integrated_gradients"].baseline == "delete"


def test_random_words_are_told_as_draws(shown):
    shown.change(baseline="resample", k=2)
    assert shown.board["choice"][0].startswith("The first of 8 random texts is shown")


def test_an_lstm_has_no_attention_and_says_so(shown):
    shown.change(asked="LSTM", shown=("occlusion",))
    shown.finish()
    row = row_of(shown, "attention")
    assert row["wide"] is True
    assert "no attention weights" in row["cells"][0]
    with pytest.raises(InputError, match="no attention weights"):
        shown.shown = ("attention", "occlusion")
    assert shown.shown == ("occlusion",)


def test_what_a_model_lacks_is_left_out_when_the_model_changes():
    widget = lab(shown=("attention", "saliency"), follow="attention")
    widget.asked = "LSTM"
    widget.finish()
    assert (widget.shown, widget.follow) == (("saliency",), "saliency")
    alone = lab(shown=("attention",))
    alone.asked = "LSTM"
    assert (alone.shown, alone.follow) == (("occlusion",), "occlusion")


def test_the_page_asks_piece_by_piece():
    widget = FaithfulnessLab(tiny.model("transformer"), text=TEXT, methods=METHODS, n_random=4)
    Wire(widget)
    seen = []
    while widget.board["pending"]:
        widget._handle_msg({"content": {"data": {"method": "custom", "content": message(len(seen) + 1)}}})
        assert widget.error == ""
        seen.append(sum(row["cells"][0] != "…" for row in widget.board["table"]["rows"]))
    assert seen == [2, 3, 4, 5]  # random orders, then one method after another
    assert message(9)["kind"] == "go_on"


def message(n):
    return {"kind": "go_on", "view": "v", "n": n, "with": {}}


def test_layers_drawn_anew_change_the_scores():
    widget = lab(view="redrawn", n_layers=1, shown=("occlusion", "attention"))
    model, n_parts = widget.models[0], 3
    assert steps_of(model.n_layers) == ["as trained", "top layer", "all layers", "everything"]
    trained = model.explain(TEXT, "occlusion")
    for n in range(1, n_parts + 1):
        widget.n_layers = n
        other = model.randomised(n, 0).explain(TEXT, "occlusion", target=trained.target)
        value = rank_correlation(trained.scores, other.scores)
        assert as_number(row_of(widget, "occlusion")["cells"][n - 1]) == pytest.approx(value, abs=0.0051)
        assert as_number(widget.board["at_k"][1]) == pytest.approx(value, abs=0.0051)
        shown = [as_number(word["n"]) for word in widget.board["rows"][1]["words"]]
        assert shown == pytest.approx(other.scores.tolist(), abs=0.0051)
    widget.n_layers = 0
    assert widget.board["at_k"][1] == "+1.00"
    assert len(widget.board["rows"]) == 1


def test_a_survivor_is_named():
    widget = lab(view="redrawn", shown=("occlusion",))
    sight = widget._sight
    trained = sight.evidence.curves["occlusion"].attribution
    n_parts = widget.models[0].n_layers + 1
    sight.evidence.redrawn["occlusion", n_parts] = trained
    widget.k = 1  # another look at the same evidence
    assert "occlusion +1.00, its picture survives" in widget.board["facts"][0]


def test_few_words_allow_no_verdict():
    widget = lab(view="redrawn", text="The king was")
    assert widget.board["facts"][0].startswith("3 words are too few to tell")


def test_the_table_of_many_lines_is_the_records():
    given = table()
    widget = lab(view="lines", table=given)
    ranking = [method for method, _ in given.ranking("transformer")]
    assert [row["name"] for row in widget.board["table"]["rows"]] == [
        *(method.replace("_", " ") for method in ranking),
        "random orders",
    ]
    one = given.score("transformer", "saliency", "deletion", "delete")
    assert row_of(widget, "saliency")["cells"][1] == f"+{one.mean:.2f} (+{one.low:.2f} to +{one.high:.2f})"
    random = given.score("transformer", RANDOM)
    assert as_number(row_of(widget, "random orders")["cells"][0].split()[0]) == pytest.approx(random.mean)
    assert "12 lines of noise, one prediction each, seed 7" in widget.board["choice"][0]


def test_two_methods_are_compared_in_a_sentence(ask):
    widget = lab(view="lines", table=table(), compared=("integrated_gradients", "occlusion"))
    (said,) = widget.board["at_k"]
    begins = "By deletion, the scores of integrated gradients are more faithful to the Transformer than those of"
    assert said.startswith(f"{begins} occlusion with")
    assert "integrated gradients minus occlusion is +1.00 [+0.60, +1.40] nats with '<unk>'" in said
    ask(widget, "set", name="other", value="integrated_gradients")
    assert widget.board["at_k"] == ["Choose two different methods."]
    ask(widget, "set", name="one", value="saliency")
    assert widget.compared == ("saliency", "integrated_gradients")
    ask(widget, "set", name="measure", value="insertion")
    assert widget.measure == "insertion"
    assert "saliency and integrated gradients were not compared" in widget.board["at_k"][0]


def test_without_a_table_the_page_says_how_to_get_it():
    widget = lab(view="lines")
    assert "shipped_faithfulness()" in widget.board["at_k"][0]
    assert widget.board["plot"] is None


def test_a_table_without_the_model_is_refused():
    with pytest.raises(InputError, match="The table has lstm, but not 'transformer'"):
        lab(view="lines", table=table("lstm"))


def test_toggling_keeps_one_to_three_curves(shown, ask):
    ask(shown, "toggle", method="attention")
    assert shown.shown == ("occlusion", "saliency", "attention")
    ask(shown, "toggle", method="integrated_gradients")
    assert shown.error.startswith("3 curves are the most that can be told apart")
    for method in ("saliency", "occlusion", "attention"):
        ask(shown, "toggle", method=method)
    assert shown.error.startswith("One curve has to stay")
    assert (shown.shown, shown.follow) == (("attention",), "attention")


def test_other_random_orders_have_another_seed(shown, ask):
    before = shown.random_deletion
    ask(shown, "redraw")
    assert shown.seed == 1
    assert not np.allclose(shown.random_deletion, before)
    ask(shown, "reset")
    assert shown.seed == 0
    np.testing.assert_array_equal(shown.random_deletion, before)


def test_a_shorter_text_has_fewer_words_to_take_away(shown, ask):
    shown.k = 7
    ask(shown, "read", text="The king was")
    assert (shown.k, shown.board["controls"]["slider"]["max"]) == (3, 3)
    ask(shown, "undo")
    assert shown.text == TEXT


def test_one_message_answers_a_move_of_the_slider(shown, ask):
    (message_,) = ask(shown, "at", name="k", value=5)
    assert set(message_["state"]) <= {"board", "question", "_answered"}
    assert shown.k == 5


def test_a_constant_explanation_divides_by_nothing():
    widget = lab(text="king king king king", view="redrawn")
    widget.view = "words"
    assert widget.error == ""


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"k": 99}, "k must be a whole number from 0 to 10"),
        ({"k": "all"}, "k must be a whole number"),
        ({"n_layers": 4}, "n_layers must be a whole number from 0 to 3"),
        ({"n_random": 1000}, "n_random must be a whole number from 0 to 100"),
        ({"direction": "up"}, "direction must be 'deletion' or 'insertion'"),
        ({"view": "all"}, "view must be"),
        ({"follow": "attention"}, "follow must be"),
        ({"methods": ("guess",)}, "Each of methods must be"),
        ({"methods": "occlusion"}, "methods must be a list of methods"),
        ({"shown": ("occlusion",) * 2}, "shown must have 1 to 3 different methods"),
        ({"shown": METHODS}, "shown must have 1 to 3 different methods, not 4"),
        ({"asked_with": "?"}, "asked_with must be"),
        ({"table": 3}, "table must be a FaithfulnessTable .* not int"),
        ({"compared": ("occlusion",)}, "compared must be two names"),
        ({"measure": "beauty"}, "measure must be"),
        ({"target": "xyzzy"}, "'xyzzy', which is not among the"),
    ],
)
def test_what_it_refuses(shown, settings, sentence):
    before = shown.get_state()
    with pytest.raises(InputError, match=sentence):
        shown.change(**settings)
    assert shown.get_state() == before


def test_no_random_orders_are_allowed():
    widget = lab(n_random=0)
    assert "random" not in " ".join(row["name"] for row in widget.board["table"]["rows"])
    assert widget.board["pending"] is False


def test_the_picture_names_the_curves(shown):
    shown.direction = "insertion"
    svg = shown.picture().svg()
    for words in (
        "occlusion",
        "saliency",
        "occlusion, reversed",
        "4 random orders: mean and range",
        "words put back",
    ):
        assert f">{words}</text>" in svg
