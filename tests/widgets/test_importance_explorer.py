"""ImportanceExplorer in Python: its numbers are the model's own, it goes on in pieces, and nothing bad is kept."""

import re

import numpy as np
import pytest
from scipy.stats import spearmanr

from lessons.errors import InputError
from lessons.records import rank_correlation
from tests import tiny
from tests.fakes import FakeModel
from tests.makers.importance import TEXT, explorer, models
from widgets import ImportanceExplorer
from widgets.methods import METHODS

SIGNED = [name for name, method in METHODS.items() if method.has_sign]


@pytest.fixture
def shown():
    return explorer()


def row(widget, label):
    return next(row for row in widget.board["rows"] if row["name"] == label)


@pytest.mark.parametrize("baseline", ["unk", "mean", "resample"])
def test_every_row_is_the_model_s_own_answer(baseline):
    widget, model = explorer(baseline=baseline, position=9, n_steps=5, seed=4), models()[0]
    asked = {"target": "was", "position": 9}
    assert list(widget.attributions) == list(METHODS)
    for name, found in widget.attributions.items():
        options = {"baseline": baseline, "seed": 4} if METHODS[name].has_baseline else {}
        options |= {"n_steps": 5} if name == "integrated_gradients" else {}
        options |= {"n_samples": 32} if METHODS[name].is_sampled else {}
        alone = model.explain(TEXT, name, **asked, **options)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-5)
        assert (found.method, found.forward_passes, found.target) == (name, alone.forward_passes, "was")
        measured = model.faithfulness(alone, baseline=baseline, n_random=3, seed=4)
        assert widget.faithfulness[name].deletion_score == pytest.approx(measured.deletion_score, abs=1e-5)
        if name == "occlusion":
            np.testing.assert_allclose(widget.random_scores, measured.random_scores, atol=1e-5)


def test_a_row_shows_the_numbers(shown):
    for name, found in shown.attributions.items():
        drawn = row(shown, METHODS[name].label)
        assert len(drawn["cells"]) == len(drawn["levels"]) == len(TEXT.split())
        for cell, score in zip(drawn["cells"], found.scores.tolist(), strict=True):
            assert float(cell.replace("−", "-")) == pytest.approx(score, abs=0.006)
        deletion, agreement, cost = drawn["facts"]
        assert float(deletion[0].replace("−", "-")) == pytest.approx(shown.faithfulness[name].deletion_score, abs=0.006)
        beaten = (shown.random_scores < shown.faithfulness[name].deletion_score).sum()
        assert deletion[1] == ("> all 3" if beaten == 3 else f"> {beaten} of 3")
        assert cost[0].startswith(str(found.forward_passes))
        if found.backward_passes:
            assert f"+ {found.backward_passes} ∇" in cost[0]
        if name != "occlusion":
            assert float(agreement[0].replace("−", "-")) == pytest.approx(shown.agreement[name], abs=0.006)
        assert ("spreads" in drawn) == (found.spread is not None)


def test_rows_with_a_sign_share_one_scale_and_the_others_have_their_own(shown):
    top = max(np.abs(shown.attributions[name].scores).max() for name in SIGNED)
    signed, *others = shown.board["legends"]
    end = float(signed["high"])
    assert top <= end <= 1.7 * top
    assert signed["low"] == f"−{signed['high']}"
    for name in SIGNED:
        drawn = row(shown, METHODS[name].label)
        np.testing.assert_allclose(drawn["levels"], shown.attributions[name].scores / end, atol=1e-3)
        assert drawn["kind"] == "signed"
    assert [legend["kind"] for legend in others] == ["size"] * 3
    for name in METHODS.keys() - set(SIGNED):
        drawn = row(shown, METHODS[name].label)
        assert drawn["kind"] == "size"
        assert min(drawn["levels"]) >= 0
        assert not any(cell[0] in "+−" for cell in drawn["cells"])
        assert any(METHODS[name].label in legend["words"] and "no sign" in legend["words"] for legend in others)


def test_the_agreement_is_spearman_s(shown):
    real = shown.attributions["occlusion"].scores
    for name, found in shown.attributions.items():
        wanted = spearmanr(real if METHODS[name].has_sign else np.abs(real), found.scores).statistic
        assert shown.agreement[name] == pytest.approx(wanted)
    tied = np.array([1.0, 1, 2, 0, 0, 3]), np.array([2.0, 1, 1, 0, 5, 5])
    assert rank_correlation(*tied) == pytest.approx(spearmanr(*tied).statistic)
    assert rank_correlation(np.ones(3), np.arange(3.0)) is None


@pytest.mark.parametrize(("baseline", "instead"), [("unk", "<unk>"), ("delete", None)])
def test_a_word_is_really_removed(baseline, instead):
    widget, model = explorer(baseline=baseline, target="church"), models()[0]
    words = list(model.tokenize(TEXT).tokens)
    text = " ".join([*words[:2], *([] if instead is None else [instead]), *words[3:]])
    alone = model.next_tokens(text, top_k=model.vocab_size)
    p = alone.probabilities[alone.tokens.index("church")]
    found = widget.without(2)
    assert found.value == pytest.approx(p, rel=1e-4)
    assert found.choices == (alone.tokens[0],)
    score, value = widget.attributions["occlusion"].scores[2], widget.attributions["occlusion"].value
    assert np.exp(value - score) == pytest.approx(p, rel=1e-4)
    with pytest.raises(InputError, match="place must be a whole number from 0 to"):
        widget.without(14)


def test_the_page_is_told_what_happens_without_a_word(shown, ask):
    (message,) = ask(shown, "without", place=1, number=shown.board["number"])
    assert set(message["state"]) == {"removed", "_answered"}
    said = "".join(message["state"]["removed"]["1"])
    assert said.startswith(f"Without king (read as <unk>): {shown.attributions['occlusion'].target} ")
    assert " → " in said
    assert f"{100 * shown.without(1).value:.1f}"[:3] in said
    ask(shown, "without", place=99, number=shown.board["number"])
    assert "place must be" in shown.error
    assert list(shown.removed) == ["1"]


def test_the_page_asks_for_the_rest_in_pieces(ask):
    widget = ImportanceExplorer(models()[0], text=TEXT, n_samples=256, n_random=2)
    assert not widget.is_finished
    assert {"occlusion", "saliency", "integrated_gradients"} <= widget.attributions.keys()
    spreads = [widget.attributions["lime"].spread.mean()]
    for _ in range(400):
        if widget.is_finished:
            break
        before = widget.attributions.get("lime")
        ask(widget, "more", number=widget.board["number"])
        assert widget.board["busy"] != widget.is_finished
        if widget.attributions["lime"] is not before:
            spreads.append(widget.attributions["lime"].spread.mean())
    assert widget.is_finished
    assert spreads[-1] < spreads[0] / 1.5
    assert row(widget, "LIME")["sub"] == "256 samples"
    assert widget.faithfulness.keys() == widget.attributions.keys()
    done = widget.board
    ask(widget, "more", number=done["number"])
    assert widget.board == done
    np.testing.assert_allclose(
        widget.attributions["lime"].scores, models()[0].explain(TEXT, "lime", n_samples=256).scores, atol=1e-5
    )


def test_without_refining_all_but_samples_is_worked_out(ask):
    widget = ImportanceExplorer(models()[0], text=TEXT, refine=False)
    widget.position = 9
    for _ in range(50):
        ask(widget, "more", number=widget.board["number"])
    assert not widget.is_finished
    assert not widget.board["busy"]
    quick = {name for name, method in METHODS.items() if not method.is_sampled}
    assert widget.attributions.keys() == widget.faithfulness.keys() == quick
    assert row(widget, "LIME")["instead"] == "No samples yet: they are drawn while nothing else is asked."
    ask(widget, "refine", refine=True)
    assert widget.board["busy"]
    assert widget.finish().is_finished


def test_a_piece_for_a_question_that_is_over_changes_nothing(ask):
    widget = ImportanceExplorer(models()[0], text=TEXT)
    number = widget.board["number"]
    widget.position = 4
    before = widget.board
    ask(widget, "more", number=number)
    ask(widget, "without", place=0, number=number)
    assert widget.board == before
    assert widget.removed == {}
    assert widget.error == ""


def test_an_answer_that_was_worked_out_is_kept(shown):
    before = shown.attributions["lime"]
    shown.position = 3
    assert shown.attributions["occlusion"].position == 3
    shown.undo()
    assert shown.is_finished
    assert shown.attributions["lime"] is before


def test_another_seed_draws_other_samples_and_reset_goes_back(shown, ask):
    before = shown.attributions["lime"].scores
    ask(shown, "seed")
    shown.finish()
    assert (shown.seed, shown.board["seed"]) == (1, "seed 1")
    assert not np.allclose(shown.attributions["lime"].scores, before)
    ask(shown, "reset")
    assert shown.seed == 0
    np.testing.assert_array_equal(shown.attributions["lime"].scores, before)


def test_undo_takes_back_a_seed_as_it_takes_back_a_question(shown, ask):
    shown.position = 3
    shown.undo()
    ask(shown, "seed")
    shown.change(position=6, methods=["lime"], seed=5)
    shown.refine = False
    ask(shown, "undo")
    assert (shown.position, shown.methods, shown.seed) == (-1, tuple(METHODS), 1)
    assert shown.question["undo"]
    ask(shown, "undo")
    assert shown.seed == 0
    assert shown.is_finished
    assert not shown.question["undo"]
    assert shown.refine is False  # how the page works is no part of the question


def test_a_method_that_a_model_does_not_have_is_said_in_words():
    widget = explorer(asked="LSTM")
    assert row(widget, "attention")["instead"] == "An LSTM has no attention weights."
    assert "attention" not in widget.attributions
    assert widget.error == ""
    assert "attention: no answer." in widget.board["spoken"]


def test_words_that_are_left_out_have_no_vector_and_so_no_gradient():
    widget = explorer(baseline="delete")
    assert "needs a vector" in row(widget, "input × gradient")["instead"]
    assert "needs a vector" in row(widget, "integrated gradients")["instead"]
    assert {"occlusion", "lime", "shapley", "saliency"} <= widget.faithfulness.keys()


@pytest.mark.parametrize("explains", ["probability", "logit", "contrast"])
def test_what_is_explained_gives_the_unit(explains):
    widget = explorer(explains=explains)
    unit = {"probability": "probability", "logit": "logits", "contrast": "nats"}[explains]
    assert widget.board["legends"][0]["words"].startswith(f"{unit}: ")
    assert widget.attributions["occlusion"].explains == explains


def test_what_is_said_names_the_first_words_and_the_greatest_difference(shown):
    words, found = TEXT.split(), shown.attributions["shapley"]
    said = shown.board["spoken"]
    assert shown.question["heading"][0] in said
    assert f"Shapley values, nats: {words[int(found.order[0])]} " in said
    scores = np.array([shown.attributions[name].scores for name in SIGNED])
    place = int((scores.max(0) - scores.min(0)).argmax())
    assert f"The methods differ most about {words[place]}: from " in said
    assert not re.search(r"\d s\b", said)  # no seconds, which differ from time to time


@pytest.mark.parametrize("text", ["king", "king king king king king", "😀 <script> ملك", " ".join(["the king"] * 40)])
@pytest.mark.parametrize("asked", ["LSTM", "Transformer"])
def test_any_text_is_explained(text, asked):
    widget = ImportanceExplorer(
        *models(), text=text, asked=asked, n_samples=16, n_random=1, methods=("lime", "shapley", "input_x_gradient")
    ).finish()
    n_words = len(widget.tokens)
    assert 1 <= n_words <= 64
    assert len(widget.attributions["shapley"]) == n_words
    assert "<script" not in widget.static_html()
    if n_words == 1:
        assert row(widget, "LIME")["facts"][1][0] == "none"
        assert widget.attributions["shapley"].scores == pytest.approx(widget.attributions["occlusion"].scores, abs=1e-5)


def test_a_constant_model_owes_nothing_to_any_word():
    model = tiny.model("lstm")
    model.network.head.load_state_dict({k: 0 * v for k, v in model.network.head.state_dict().items()})
    for parameter in model.network.parameters():
        parameter.data.zero_()
    widget = ImportanceExplorer(model, text="The king was crowned", n_samples=16).finish()
    assert {cell for row in widget.board["rows"] for cell in row.get("cells", [])} == {"0.00", "0.000"}
    assert row(widget, "LIME")["facts"][1][0] == "none"
    assert "differ most" not in widget.board["spoken"]


def test_choosing_methods_keeps_what_really_happens_first():
    widget = explorer(methods=["saliency", "lime", "saliency"])
    assert widget.methods == ("occlusion", "saliency", "lime")
    widget.methods = []
    assert widget.methods == ("occlusion",)
    assert [row["name"] for row in widget.board["rows"]] == ["occlusion", "3 random orders"]
    widget.change(n_random=0)
    widget.finish()
    assert [row["name"] for row in widget.board["rows"]] == ["occlusion"]
    assert widget.random_scores is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"methods": "lime"}, "methods must be a list of names out of occlusion, integrated_gradients"),
        ({"methods": ["no such"]}, "methods must be"),
        ({"methods": None}, "methods must be"),
        ({"n_samples": 8}, "n_samples must be a whole number from 16 to 4,096"),
        ({"n_steps": 0}, "n_steps"),
        ({"n_random": 101}, "n_random"),
        ({"seed": -1}, "seed"),
        ({"refine": 1}, "refine"),
        ({"target": "no such word"}, "not among the"),
        ({"position": 0}, "No word stands before"),
        ({"position": 99}, "position"),
        ({"baseline": "nothing"}, "baseline"),
        ({"explains": "contrast", "target": "king", "against": "king"}, "against is the target itself"),
        ({"text": " "}, "The text is empty"),
    ],
)
def test_a_value_that_cannot_be_used_gets_a_sentence_and_nothing_changes(shown, settings, says):
    before = shown.board, shown.question, shown.attributions
    with pytest.raises(InputError, match=says):
        shown.change(**settings)
    assert (shown.board, shown.question, shown.attributions) == before


def test_a_model_that_cannot_be_asked_why_is_refused():
    with pytest.raises(InputError, match="it has no explain"):
        ImportanceExplorer(FakeModel())
    with pytest.raises(InputError, match="does not know 'colour'"):
        ImportanceExplorer(models()[0], colour="red")


def test_the_picture_has_the_last_words_and_says_which_are_missing(shown):
    assert "Words 1" not in shown.picture().svg()
    widget = explorer(text="the king was " * 12, methods=["lime"])
    svg = widget.picture().svg()
    assert "of 36; those before them are not drawn." in svg
    for drawn in widget.board["rows"][:2]:
        assert drawn["cells"][-1] in svg
    assert len(widget.figure().axes) == 1
    assert row(widget, "LIME")["facts"][0][0] in widget.static_html()


def test_a_closed_explorer_lets_its_models_go(shown):
    shown.close()
    assert shown.models == ()
    with pytest.raises(InputError, match="closed"):
        _ = shown.attributions
