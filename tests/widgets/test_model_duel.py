"""ModelDuel in Python: whose number stands where, what is refused, and how it goes back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from tests import tiny
from tests.fakes import WORDS, FakeModel
from widgets import ModelDuel

TEXT = "The king was crowned in London on 6 January 1066 ."


@pytest.fixture
def duel(models):
    return ModelDuel(*models, text=TEXT)


def test_the_numbers_are_the_models_own(duel, models):
    first, second = (model.surprisals(TEXT) for model in models)
    np.testing.assert_array_equal(duel.differences, second - first)
    np.testing.assert_array_equal(duel.surprisals[0], first)
    for shown, value in zip(duel.line["numbers"], second - first, strict=True):
        assert float(shown.replace("−", "-")) == pytest.approx(value, abs=0.0501)
        assert shown[0] in ("+" if value > 0.05 else "−" if value < -0.05 else "+−0")
    for model, row in zip(models, duel.score["rows"], strict=True):
        values = model.surprisals(TEXT)
        assert row["cells"][0] == f"{values.mean():.2f} nats"
        assert row["cells"][1] == f"{model.perplexity(TEXT):.1f}"
    assert duel.score["rows"][0]["cells"][2] == f"{(first < second).sum()} of 11 words"
    assert duel.score["rows"][1]["cells"][2] == f"{(second < first).sum()} of 11 words"


def test_plus_is_the_first_model_s_and_minus_the_second_s():
    """The sign follows the order in which the models were given, and the legend and the sentence follow it."""
    models = FakeModel(), FakeModel("transformer", seed=1)
    one, other = ModelDuel(*models, text=TEXT), ModelDuel(*models[::-1], text=TEXT)
    np.testing.assert_array_equal(one.differences, -other.differences)
    assert one.line["legend"]["high"] == "+6 LSTM ahead"
    assert one.line["legend"]["low"] == "−6 Transformer ahead"
    assert other.line["legend"]["high"] == "+6 Transformer ahead"
    assert one.line["unit"] == "nats in favour of the LSTM"
    assert "+ (blue) the LSTM, − (orange) the Transformer" in one.say
    assert "+ (blue) the Transformer, − (orange) the LSTM" in other.say


def test_the_largest_disagreements_come_first(duel):
    largest = duel.score["largest"]
    order = np.argsort(-np.abs(duel.differences), kind="stable")[:5]
    assert [one["place"] for one in largest] == order.tolist()
    assert duel.selected == order[0]
    for one in largest:
        first, second = (values[one["place"]] for values in duel.surprisals)
        winner = "LSTM" if first < second else "Transformer"
        assert one["cells"] == [f"{first:.1f}", f"{second:.1f}", f"{winner}, {abs(first - second):.1f}"]
        assert (one["sign"] == "against") == (winner == "Transformer")
        assert one["word"] == duel.tokens[one["place"]]


@pytest.mark.parametrize("place", [0, 4, 10])
def test_the_running_score_stops_after_the_selected_word(duel, place):
    duel.selected = place
    sums = [values[: place + 1].sum() for values in duel.surprisals]
    sentence = "".join(duel.score["after"])
    assert sentence.startswith(
        f"Score after word {place + 1} of 11: LSTM {sums[0]:.1f} nats, Transformer {sums[1]:.1f}"
    )
    leader = "LSTM" if sums[0] < sums[1] else "Transformer"
    assert f"the {leader} leads by {abs(sums[1] - sums[0]):.1f}." in sentence
    lead = float(duel.score["strip"]["numbers"][place].replace("−", "-"))
    assert lead == pytest.approx(sums[1] - sums[0], abs=0.0501)


def test_both_models_expectations_stand_side_by_side(duel, models):
    duel.change(selected=3, top_k=4)
    for model, answer, panel in zip(models, duel.answers, duel.board["panels"], strict=True):
        truth = model.next_tokens(TEXT, top_k=4, position=3)
        np.testing.assert_array_equal(answer.probabilities, truth.probabilities)
        assert [row["token"] for row in panel["rows"][:4]] == list(truth.tokens)
        assert answer.true_surprisal == pytest.approx(model.surprisals(TEXT)[3])


def test_a_model_against_itself_is_a_draw():
    model = FakeModel()
    duel = ModelDuel(model, FakeModel(), text=TEXT)
    assert not duel.differences.any()
    assert duel.score["largest"] == []
    assert "a draw" in "".join(duel.score["after"])
    assert [row["name"] for row in duel.score["rows"]] == ["LSTM", "LSTM 2"]
    assert duel.static_html()


def test_real_networks_duel():
    models = tiny.model("lstm"), tiny.model("transformer")
    duel = ModelDuel(*models, text="the king was crowned in a town of stone")
    np.testing.assert_allclose(duel.differences, models[1].surprisals(duel.text) - models[0].surprisals(duel.text))


def test_each_model_is_asked_once_for_whatever_changed(duel, models, ask):
    assert [kind for kind, _ in models[0].asked] == ["surprisals", "next_tokens"]
    (message,) = ask(duel, "select", position=2, revision=1)
    assert models[0].asked[2:] == [("next_tokens", 2)]
    assert set(message["state"]) == {"board", "score", "_answered"}
    assert len(json.dumps(message)) < 8000
    ask(duel, "select", position=2, revision=1)
    assert len(models[0].asked) == 3


def test_undo_and_reset(duel):
    duel.selected = 1
    duel.text = "The queen was born"
    assert duel.board["undo"] is True
    duel.undo()
    assert (duel.text, duel.selected, duel.board["undo"]) == (TEXT, 1, False)
    duel.undo()
    duel.change(text="He was", selected=0)
    start = int(np.abs(ModelDuel(*duel.models, text=TEXT).differences).argmax())
    duel.reset()
    assert (duel.text, duel.selected) == (TEXT, start)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": None}, "text must be a string"),
        ({"selected": 11}, "selected must be a whole number from 0 to 10, not 11"),
        ({"selected": -1}, "selected must be"),
        ({"selected": True}, "selected must be"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 20, not 0"),
        ({"top_k": 21}, "top_k must be"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(models, duel, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        ModelDuel(*models, **{"text": TEXT} | settings)
    duel.change(selected=1)
    before = duel.get_state()
    with pytest.raises(InputError, match=sentence):
        duel.change(**settings)
    assert duel.get_state() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Give at least one model"),
        ((FakeModel(),), "1 model was given; a duel takes two"),
        ((FakeModel(),) * 3, "3 models were given; a duel takes two"),
        (("lstm", "transformer"), r"write load_model\('lstm'\)"),
        ((FakeModel(), FakeModel(words=[w for w in WORDS if w != "crowned"])), "different tokens"),
    ],
)
def test_what_is_no_pair_of_models_gets_a_sentence(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        ModelDuel(*arguments, text=TEXT)


def test_a_model_that_fails_leaves_the_last_good_state(duel, models, monkeypatch):
    before = duel.get_state()
    monkeypatch.setattr(models[1], "surprisals", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        duel.text = "The queen"
    assert duel.get_state() == before
    assert len(duel.tokens) == 11


def test_a_click_on_a_text_that_is_gone_gets_a_sentence(duel, ask):
    duel.text = "The queen was born"
    ask(duel, "select", position=1, revision=1)
    assert duel.error == "The text has changed in the meantime; please click again."


def test_one_word_is_enough(models):
    duel = ModelDuel(*models, text="king")
    assert "Score after word 1 of 1" in "".join(duel.score["after"])


def test_a_closed_duel_lets_go_of_its_models(duel):
    duel.close()
    assert (duel.models, duel.answers, duel.surprisals, duel.tokens) == ((), (), (), ())
    assert duel.differences.size == 0


def test_picture_and_static_page_have_both_scores(duel):
    picture = duel.picture().svg()
    for row in duel.score["rows"]:
        assert row["cells"][1] in picture
        assert row["cells"][1] in duel.static_html()
    assert duel.figure().get_axes()


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    duel = ModelDuel(FakeModel(), FakeModel("transformer", seed=1))
    before = duel.get_state(["line", "score", "board"])
    refused = None
    try:
        duel.text = text
    except InputError as error:
        refused = str(error)
    if refused is not None:
        assert refused.endswith(".")
        assert duel.get_state(["line", "score", "board"]) == before
    json.dumps(duel.get_state(["line", "score", "board", "note", "card"]), allow_nan=False).encode()
    assert "<script" not in duel.static_html()
    duel.static_html().encode()
