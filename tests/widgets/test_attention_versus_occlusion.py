"""AttentionVersusOcclusion in Python: the model's own numbers, ranks, flat cases, and the hunt."""

import time

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from lessons.errors import InputError
from lessons.records import rank_correlation, ranks
from tests import tiny
from tests.fakes import FakeModel
from tests.makers.versus import TEXT, TEXTS, hunted, signed, transformer, versus
from widgets import AttentionVersusOcclusion
from widgets.versus_board import share

NUMBERS = np.array([0.4, 0.1, 0.1, -0.3, 0.4, 2.0])


def constant(text=TEXT, **settings):
    """Attention as usual, but the head says the same whatever comes before."""
    model = tiny.model("transformer", 4, context_length=32)
    for parameter in model.network.head.parameters():
        parameter.data.zero_()
    model.network.embedding.weight.data.zero_()
    return AttentionVersusOcclusion(model, text=text, texts=TEXTS, **settings)


@pytest.mark.parametrize("values", [NUMBERS, np.ones(4), np.arange(3.0), np.array([5.0])])
def test_ranks_are_those_of_scipy(values):
    assert ranks(values).tolist() == rankdata(values).tolist()


def test_rank_correlations_are_those_of_scipy():
    rng = np.random.default_rng(0)
    for n in (2, 3, 8, 30):
        one, other = rng.integers(0, 6, n) + 0.0, rng.normal(size=n)
        one[0] = -1  # never all equal
        assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert rank_correlation(np.ones(5), NUMBERS[:5]) is None
    assert rank_correlation(NUMBERS[:5], np.ones(5)) is None
    assert rank_correlation(np.array([1.0]), np.array([2.0])) is None


@pytest.mark.parametrize("position", [-1, 5, 1])
@pytest.mark.parametrize("explains", ["log_probability", "probability", "logit", "contrast"])
def test_the_numbers_are_the_models_own(position, explains):
    shown = versus(position=position, explains=explains, baseline="zero", size=False)
    same = shown._why.options
    assert (same["position"], same["explains"]) == (position, explains)
    removed = transformer().explain(TEXT, "occlusion", baseline="zero", **same)
    assert shown.lost.tolist() == removed.scores.tolist()
    weights = transformer().explain(TEXT, "attention", **same)
    assert shown.attention == pytest.approx(weights.scores, abs=1e-12)
    assert float(sum(shown.attention)) + weights.details["start"] == pytest.approx(1)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("head", [0, 1, "mean"])
def test_every_head_is_the_models_own(layer, head):
    shown = versus(layer=layer, head=head, position=7)
    number = None if head == "mean" else head
    weights = transformer().explain(TEXT, "attention", position=7, layer=layer, head=number)
    assert shown.attention == pytest.approx(weights.scores, abs=1e-12)
    expected = spearmanr(weights.scores, np.abs(shown.lost)).statistic
    assert shown.rank_correlation == pytest.approx(expected)
    chosen = [words for value, words in shown.board["choices"]["head"] if value == str(head)]
    assert f"({'+' if expected > 0 else '−'}{abs(expected):.2f})" in chosen[0]


def test_the_rollout_is_the_models_own():
    shown = versus(layer="rollout", position=9)
    assert shown.attention == pytest.approx(transformer().explain(TEXT, "attention_rollout", position=9).scores)
    assert shown.board["choices"]["head"][0][0] == "mean"
    assert len(shown.board["choices"]["head"]) == 1
    shown.head = "mean"
    with pytest.raises(InputError, match="rollout follows the mean"):
        shown.head = 1
    shown.layer = 1
    shown.head = 1
    shown.layer = "rollout"  # takes the mean along
    assert shown.head == "mean"


def test_words_outside_the_window_are_left_out():
    short = tiny.model("transformer", 3, context_length=4)
    shown = AttentionVersusOcclusion(short, text=TEXT, texts=TEXTS)
    weights = short.explain(TEXT, "attention")
    seen = len(weights) - weights.n_outside
    assert 2 < seen < 5
    assert shown.attention == pytest.approx(weights.scores[-seen:], abs=1e-12)
    assert shown.lost.tolist() == short.explain(TEXT, "occlusion").scores[-seen:].tolist()
    assert f"{weights.n_outside} words at the front are outside the model's window" in shown.board["about"]
    assert [row[0] for row in shown.board["rows"]] == ["born", "in (word 12)", "a", "church"][-seen:]
    shown.search()
    assert {len(one.tokens) == len(one.attention) == len(one.lost) < 5 for one in shown.found} == {True}


def test_the_defaults_are_the_last_layer_the_mean_and_the_size():
    shown = versus()
    assert (shown.layer, shown.head, shown.size) == (1, "mean", True)
    assert shown.rank_correlation == pytest.approx(spearmanr(shown.attention, np.abs(shown.lost)).statistic)
    shown.size = False
    assert shown.rank_correlation == pytest.approx(spearmanr(shown.attention, shown.lost).statistic)


def test_a_dot_stands_where_its_numbers_say():
    for shown in (versus(), signed()):
        ticks = {axis: [tick for tick in shown.board["ticks"] if tick[0] == axis] for axis in "xy"}
        full = float(ticks["x"][0][2].rstrip(" %")) / 100
        values = np.array([float(words.replace("−", "-")) for *_, words in ticks["y"]])
        places = np.array([place for _, place, _ in ticks["y"]])
        assert (places.max(), places.min()) == (1, 0)
        assert (np.diff(values) < 0).all()
        compared = np.abs(shown.lost) if shown.size else shown.lost
        root = np.sign(values) * np.sqrt(np.abs(values))
        for dot, weight, value in zip(shown.board["dots"], shown.attention, compared, strict=True):
            assert dot["x"] == pytest.approx((weight / full) ** 0.5, abs=1e-3)
            at = np.interp(np.sign(value) * abs(value) ** 0.5, root[::-1], places[::-1])
            assert dot["y"] == pytest.approx(at, abs=1e-3)
    assert {dot["against"] for dot in signed().board["dots"]} == {True, False}


def test_a_word_that_stands_there_twice_has_its_place():
    shown = versus()
    assert [dot["word"] for dot in shown.board["dots"]][:5] == ["The", "king", "was₃", "crwoned", "in₅"]
    assert shown.board["rows"][2][0] == "was (word 3)"
    assert "A word that is read as <unk> anyway changes nothing" in shown.board["about"]
    assert float(shown.lost[3]) == 0
    shown.baseline = "zero"
    assert "anyway" not in shown.board["about"]


def test_what_is_said():
    shown = versus()
    first, extremes, start = ("".join(fact) for fact in shown.board["facts"])
    found, n = shown.rank_correlation, len(shown.lost)
    assert first.startswith(f"Rank correlation {'+' if found > 0 else '−'}{abs(found):.2f} over {n} words. With {n}")
    limit = 1.96 / (n - 1) ** 0.5
    assert f"beyond ±{limit:.2f} once in 20" in first
    assert ("may be chance" in first) == (abs(found) <= limit)
    most = shown.board["rows"][int(shown.attention.argmax())]
    assert most[0] in extremes
    assert most[1] in extremes
    weight = shown.attention.sum()
    assert start.startswith(f"{share(1 - weight)} of the weight is on the <eos>")
    few = versus(position=4)
    assert "With 4 words chance can give nearly any value." in "".join(few.board["facts"][0])


def test_one_word_has_no_rank_correlation():
    shown = versus(text="king")
    assert shown.rank_correlation is None
    assert shown.board["facts"][0] == ["No rank correlation: there is one word only, and nothing to put in order."]
    shown.search()
    assert len(shown.found) == 5  # of the other texts


def test_a_model_that_says_the_same_whatever_comes_has_no_rank_correlation():
    shown = constant()
    assert np.abs(shown.lost).max() < 1e-6
    assert shown.rank_correlation is None
    assert shown.board["facts"] == [
        ["No rank correlation over 14 words: all changes are equal, they put the words in no order."],
        [""],
    ]
    shown.search()
    assert shown.hunt["rows"] == []
    assert len(shown.found) > 5
    assert shown.static_html()


def test_a_word_repeated(ask):
    shown = versus(text="king " * 12)
    assert len(shown.board["dots"]) == 12
    ask(shown, "hunt")
    assert shown.error == ""


def test_a_model_without_attention_is_refused():
    lstm = tiny.model("lstm")
    with pytest.raises(InputError, match=r"The LSTM has no attention weights to compare.*Give a Transformer"):
        AttentionVersusOcclusion(lstm)
    with pytest.raises(InputError, match="The LSTM has no attention weights"):
        AttentionVersusOcclusion(transformer(), lstm, text=TEXT)
    with pytest.raises(InputError, match="it has no explain"):
        AttentionVersusOcclusion(FakeModel())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layer": 2}, "layer must be a whole number from 0 to 1"),
        ({"layer": "last"}, "layer must be 'rollout'"),
        ({"head": 2}, "head must be a whole number from 0 to 1"),
        ({"head": "max"}, "head must be 'mean'"),
        ({"layer": "rollout", "head": 1}, "rollout follows the mean"),
        ({"size": 1}, "size must be True or False"),
        ({"order": "best"}, "order must be 'idle', 'overlooked' or 'correlation'"),
        ({"baseline": "resample"}, "baseline must be"),
        ({"texts": "one"}, "texts must be a list of strings"),
        ({"texts": ["king", 3]}, "A text of texts must be a string"),
        ({"texts": ["king"] * 101}, "at most 100"),
        ({"target": "Zwolle"}, "which is not among the"),
        ({"position": 0}, "No word stands before the first word"),
        ({"heads": 1}, "does not know 'heads'"),
    ],
)
def test_bad_values_are_refused_in_a_sentence(settings, words):
    with pytest.raises(InputError, match=words):
        versus(**settings)


def test_a_bad_request_loses_nothing(ask):
    shown = hunted()
    board, hunt = shown.board, shown.hunt
    for name, value in [
        ("layer", "9"),
        ("head", "-1"),
        ("size", "small"),
        ("order", ""),
        ("title", "x"),
        ("layer", ""),
    ]:
        ask(shown, "see", name=name, value=value)
        assert shown.error
        assert (shown.board, shown.hunt) == (board, hunt)
    ask(shown, "open", row=10_000)
    assert shown.error.startswith("row must be a whole number from 0 to")
    ask(versus(), "open", row=0)


# The hunt.


def test_the_hunt_looks_at_every_place_with_five_words_before_it():
    shown = hunted()
    places = [(one.text, one.position) for one in shown.found]
    texts = {text: len(transformer().tokenize(text).tokens) for text in (TEXT, *TEXTS)}
    assert places == [(text, place) for text, n in texts.items() for place in range(5, n)]
    for one in (shown.found[0], shown.found[-1]):
        removed = transformer().explain(one.text, "occlusion", position=one.position)
        assert one.lost.tolist() == removed.scores.tolist()
        assert one.tokens == removed.tokens
        assert one.target == removed.target
        weights = transformer().explain(one.text, "attention", position=one.position).scores
        assert one.attention == pytest.approx(weights, abs=1e-12)
        assert one.rank_correlation == pytest.approx(spearmanr(weights, np.abs(one.lost)).statistic)


def test_texts_that_begin_alike_count_once():
    shown = versus(text="The queen was born in London", texts=[*TEXTS, "The queen was born in a church"])
    shown.search()
    assert [one.position for one in shown.found if one.text.startswith("The queen was born in")] == [5, 6, 5, 6]
    assert len({(*one.tokens, one.target) for one in shown.found}) == len(shown.found)


def test_the_count_stands_beside_chance():
    shown = hunted()
    told = [one for one in shown.found if one.rank_correlation is not None]
    same = sum(int(one.attention.argmax() == np.abs(one.lost).argmax()) for one in told)
    chance = float(np.mean([1 / len(one.lost) for one in told]))
    first, second = ("".join(fact) for fact in shown.hunt["facts"])
    assert first.startswith(f"In {same} of {len(told)} predictions ({share(same / len(told))}) the word with most")
    assert f"picked blindly would be it in {share(chance)}." in first
    mean = float(np.mean([one.rank_correlation for one in told]))
    assert second.startswith(f"Mean rank correlation: {'+' if mean > 0 else '−'}{abs(mean):.2f} (layer 2, mean over 2")
    assert "Over the 4 heads it goes from" in second


def test_the_order_is_the_one_that_is_named():
    shown = hunted()

    def listed(order):
        shown.order = order
        return [row["id"] for row in shown.hunt["rows"]]

    found = shown.found
    values = {
        "correlation": [-one.rank_correlation for one in found],
        "idle": [
            one.attention.max() * (1 - abs(one.lost[one.attention.argmax()]) / np.abs(one.lost).max()) for one in found
        ],
        "overlooked": [
            np.abs(one.lost).max() * (1 - one.attention[np.abs(one.lost).argmax()] / one.attention.max())
            for one in found
        ],
    }
    for order, value in values.items():
        assert listed(order) == np.argsort(-np.array(value), kind="stable")[:6].tolist()


def test_another_head_ranks_again_without_asking_the_model(monkeypatch):
    shown = hunted()
    before = [one.rank_correlation for one in shown.found]
    monkeypatch.setattr("widgets.attention_versus_occlusion.evidence_for", lambda why: pytest.fail("asked again"))
    monkeypatch.setattr("widgets.versus_hunt.evidence_for", lambda why: pytest.fail("asked again"))
    shown.change(layer=0, head=1)
    assert len(shown.found) == len(before)
    assert [one.rank_correlation for one in shown.found] != before
    assert "(layer 1, head 2)" in "".join(shown.hunt["facts"][1])


def test_a_row_opens_in_one_update_and_the_hunt_stays(ask):
    shown = hunted()
    hunt, row = shown.hunt, shown.hunt["rows"][0]
    one = shown.found[row["id"]]
    (message,) = ask(shown, "open", row=row["id"])
    assert {"board", "question", "_answered"} <= set(message["state"])
    assert (shown.text, shown.position, shown.question["chosen"]["target"]) == (one.text, one.position, one.target)
    assert shown.lost.tolist() == one.lost.tolist()
    assert shown.rank_correlation == one.rank_correlation
    assert [r["id"] for r in shown.hunt["rows"]] == [r["id"] for r in hunt["rows"]]
    assert [r["here"] for r in shown.hunt["rows"]].count(True) == 1
    ask(shown, "undo")
    assert (shown.text, shown.position) == (TEXT, -1)


def test_opening_the_place_that_is_shown_brings_back_its_true_word(ask):
    shown = hunted()
    one = shown.found[2]
    shown.change(text=one.text, position=one.position, target="king")
    ask(shown, "open", row=2)
    assert (shown.error, shown.question["chosen"]["target"]) == ("", one.target)


def test_the_hunt_goes_on_in_pieces_and_can_be_stopped(ask, monkeypatch):
    shown = versus()
    assert shown.hunt["button"] == "Hunt for counter-examples"
    monkeypatch.setattr("widgets.versus_hunt.PIECE", 0)
    (message,) = ask(shown, "hunt")
    assert set(message["state"]) == {"hunt", "_answered"}
    assert (shown.hunt["running"], len(shown.found)) == (True, 1)
    ask(shown, "go_on")
    assert len(shown.found) == 2
    ask(shown, "stop")
    assert (shown.hunt["running"], shown.hunt["button"]) == (False, "Go on hunting")
    ask(shown, "go_on")
    assert len(shown.found) == 2
    ask(shown, "hunt")
    assert (shown.hunt["running"], len(shown.found)) == (True, 3)
    while shown.hunt["running"]:
        ask(shown, "go_on")
    assert (shown.hunt["done"], shown.hunt["button"]) == (1, "Hunt again")
    assert len(shown.found) == len(hunted().found)


@pytest.mark.parametrize("change", [{"explains": "probability"}, {"baseline": "zero"}])
def test_another_question_ends_the_hunt(change, ask):
    shown = hunted()
    shown.change(**change)
    assert shown.found == ()
    assert shown.hunt["button"] == "Hunt for counter-examples"
    ask(shown, "open", row=0)
    assert shown.error.startswith("There is nothing to open")


def test_reset_goes_back_to_the_beginning():
    shown = hunted()
    shown.change(text="He was born in a church", layer=0, head=1, size=False, order="idle")
    shown.reset()
    assert (shown.text, shown.layer, shown.head, shown.size, shown.order) == (TEXT, 1, "mean", True, "overlooked")
    assert shown.found == ()


def test_texts_that_are_too_short_give_nothing_to_hunt(ask):
    shown = versus(text="king", texts=["The queen", " "])
    ask(shown, "hunt")
    assert shown.error == "No word of these texts has 5 words before it; give longer texts."


def test_a_closed_widget_lets_go():
    shown = hunted()
    shown.close()
    assert (shown._evidence, shown._search, shown.models) == (None, None, ())
    with pytest.raises(InputError, match="closed"):
        shown.attention  # noqa: B018


def test_the_static_page_has_all_words_and_the_counter_examples():
    shown = hunted()
    page = shown.static_html()
    for row in shown.board["rows"]:
        assert f'<th scope="row">{row[0].replace("<", "&lt;").replace(">", "&gt;")}</th>' in page
    assert page.count("<table>") == 2
    assert "neither is shown to be wrong" in page
    assert len(shown.figure().axes) == 1


def test_a_click_is_answered_quickly(ask):
    shown = versus(text=" ".join(["The king was born in London ."] * 5))
    times = []
    for layer in "0101":
        began = time.process_time()
        ask(shown, "see", name="layer", value=layer)
        times.append(time.process_time() - began)
    assert min(times) < 0.05
