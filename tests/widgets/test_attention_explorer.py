"""AttentionExplorer in Python: its numbers are the model's own, heads go off and on, and nothing bad is kept."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from tests import tiny
from tests.makers.attention import TEXT, transformer
from widgets import AttentionExplorer
from widgets.attention_maps import difference, packed, packed_difference, packed_stamps, stamps, without_first
from widgets.words import percent


@pytest.fixture
def model():
    return transformer()


@pytest.fixture
def explorer(model):
    return AttentionExplorer(model, text=TEXT)


def unpacked(data, n, signed=False):
    """The lower triangle that a page reads from bytes."""
    values = np.frombuffer(data, np.uint8).astype(float)
    roots = (values - 128) / 127 if signed else values / 255
    full = np.zeros((n, n))
    full[np.tril_indices(n)] = np.sign(roots) * roots**2
    return full


def percent_under(board, place):
    return float(board["numbers"][place].strip("←<").replace("−", "-"))


def test_the_numbers_under_the_words_are_a_row_and_a_column_of_the_trace(model, explorer):
    explorer.change(layer=1, head=0, selected=5)
    weights = model.trace(TEXT).attention_weights[1, 0]
    np.testing.assert_array_equal(explorer.weights, weights)
    for place in range(len(weights)):
        weight = weights[5, place] if place <= 5 else weights[place, 5]
        assert percent_under(explorer.board, place) == pytest.approx(100 * weight, abs=0.051 + 0.05 * (weight < 0.001))
        assert explorer.board["numbers"][place].startswith("←") == (place > 5)
    assert not explorer.weights.flags.writeable


def test_the_large_map_is_the_trace_to_the_nearest_tint(model, explorer):
    explorer.change(layer=0, head=1)
    weights = model.trace(TEXT).attention_weights[0, 1]
    assert np.abs(unpacked(explorer.large, len(weights)) - weights).max() < 0.005


def test_all_heads_and_the_mean_of_each_layer_are_sent_as_stamps(model, explorer):
    weights = model.trace(TEXT).attention_weights
    n, n_layers, n_heads = weights.shape[-1], *weights.shape[:2]
    flat = np.frombuffer(explorer.maps, np.uint8)
    tints = np.stack([flat & 15, flat >> 4], axis=1).ravel()[: n_layers * (n_heads + 1) * n * (n + 1) // 2]
    maps = (tints.reshape(n_layers, n_heads + 1, -1) / 15) ** 2
    rows, columns = np.tril_indices(n)
    truth = weights[:, :, rows, columns]
    assert np.abs(maps[:, :-1] - truth).max() < 0.07
    assert np.abs(maps[:, -1] - truth.mean(1)).max() < 0.07


def test_a_mean_over_heads_comes_with_a_caution(model, explorer):
    explorer.change(layer=1, head="mean")
    np.testing.assert_allclose(explorer.weights, model.trace(TEXT).attention_weights[1].mean(0), atol=1e-7)
    assert "A mean hides how heads differ" in explorer.board["shown"][1][0]
    assert "mean of 2 heads" in explorer.board["spoken"]


def test_hiding_the_first_token_renormalises_and_says_how_much_was_hidden(model, explorer):
    explorer.change(layer=0, head=1, selected=4, hide_first=True)
    weights = model.trace(TEXT).attention_weights[0, 1].astype(np.float64)
    assert explorer.weights[:, 0].max() == 0
    np.testing.assert_allclose(explorer.weights[1:].sum(-1), 1)
    np.testing.assert_allclose(explorer.weights[4, 1:], weights[4, 1:] / weights[4, 1:].sum())
    said = "".join(explorer.board["flag"][0])
    assert said.startswith("Renormalised: ↵ <eos> is hidden")
    assert f"It has {percent(weights[4, 0])} of the weight of crwoned" in said
    assert f"and {percent(weights[1:, 0].mean())} on average" in said
    assert explorer.board["numbers"][0] == "hidden"
    explorer.selected = 0
    assert explorer.board["looks"] == [["", "↵ <eos>", " is hidden."]]
    explorer.hide_first = False
    assert explorer.board["flag"] == []


def test_two_heads_are_subtracted(model, explorer):
    explorer.change(layer=1, head=0, compare=(0, 1), selected=3)
    weights = model.trace(TEXT).attention_weights
    np.testing.assert_allclose(explorer.weights, weights[1, 0].astype(float) - weights[0, 1])
    assert np.abs(unpacked(explorer.large, len(explorer.weights), signed=True) - explorer.weights).max() < 0.01
    assert explorer.board["shown"][0][1] == "Layer 2, head 1 minus layer 1, head 2"
    assert explorer.board["numbers"][0][0] in "+−0"
    pinned = [name for name, kind, _ in explorer.board["cells"] if "pinned" in kind]
    assert pinned == ["layer 1, head 2, compared with"]


def test_two_texts_are_subtracted_as_far_as_both_go(model, explorer):
    other = "The queen was born in London"
    explorer.change(compare="text", other_text=other, layer=1, head=0, selected=2)
    a, b = (model.trace(text).attention_weights[1, 0] for text in (TEXT, other))
    n = min(len(a), len(b))
    np.testing.assert_allclose(explorer.weights, a[:n, :n].astype(float) - b[:n, :n])
    assert explorer.board["labels"][:4] == ["↵ <eos>", "The", "king − queen", "was"]
    explorer.selected = n
    assert "stands at a place that the other text does not have" in explorer.board["looks"][0][2]
    assert set(explorer.board["numbers"]) == {""}


def test_heads_off_change_the_maps_the_loss_and_the_next_word(model, explorer):
    explorer.change(layer=1, head=0, selected=2)
    before = explorer.before
    explorer.off = [(0, 1), (0, 0)]
    ablated = model.ablate(heads=[(0, 0), (0, 1)])
    assert explorer.off == ((0, 0), (0, 1))
    np.testing.assert_array_equal(explorer.weights, ablated.trace(TEXT).attention_weights[1, 0])
    assert explorer.losses == (model.surprisals(TEXT).mean(), ablated.surprisals(TEXT).mean())
    truth = ablated.next_tokens(TEXT, position=2)
    assert explorer.after.true_token == "was" == explorer.before.true_token
    assert (explorer.after.true_rank, explorer.after.true_probability) == (truth.true_rank, truth.true_probability)
    assert explorer.before is before
    rows = {row[0]: row[1:] for row in explorer.outcome["rows"]}
    assert rows["rank of “was”"][:2] == [str(before.true_rank), str(truth.true_rank)]
    assert rows["loss, nats a token"][:2] == [f"{loss:.3f}" for loss in explorer.losses]
    assert [panel["name"] for panel in explorer.outcome["panels"]] == ["all heads on", "2 heads off"]
    assert "adds 0" in explorer.outcome["caution"][0][0]
    explorer.compare = "intact"
    intact = model.trace(TEXT).attention_weights[1, 0].astype(float)
    np.testing.assert_allclose(explorer.weights, ablated.trace(TEXT).attention_weights[1, 0] - intact)


def test_switching_is_a_toggle_and_a_mean_switches_its_layer(explorer):
    explorer.switch(1, 0)
    explorer.switch(0)
    assert explorer.off == ((0, 0), (0, 1), (1, 0))
    explorer.switch(0)
    explorer.switch(1, 0)
    assert explorer.off == ()
    assert explorer.after is None
    assert len(explorer.losses) == 1


def test_the_word_after_the_text_is_followed_by_the_first_choice_or_by_a_typed_word(model, explorer):
    first = model.next_tokens(TEXT, top_k=5)
    assert explorer.before.true_token == first.tokens[0]
    assert explorer.before.true_rank == 1
    assert not any("true" in row for row in explorer.outcome["panels"][0]["rows"])  # nothing came: no tick
    explorer.target = "London"
    assert explorer.before.true_token == "London"
    np.testing.assert_allclose(explorer.before.probabilities, first.probabilities, rtol=1e-5)
    assert explorer.before.true_probability == pytest.approx(
        model.next_tokens(f"{TEXT} London", position=len(explorer.trace) - 1).true_probability
    )
    explorer.selected = 2
    assert explorer.target is None  # another place, another word
    assert explorer.before.true_token == "was"


def test_every_token_that_is_listed_can_be_followed(explorer):
    explorer.top_k = 20
    for token in explorer.before.tokens:
        explorer.target = token
        assert explorer.before.true_token == token


def test_a_text_longer_than_the_context_says_what_is_seen(model, explorer):
    explorer.text = "The king was " * 30
    trace = model.trace("The king was " * 30)
    assert explorer.trace.first == trace.first > 0
    assert explorer.note.startswith(
        f"The model sees at most its context: these are tokens {trace.first + 1} to 91 of 91"
    )
    np.testing.assert_array_equal(explorer.weights, trace.attention_weights[0, 0])
    explorer.selected = 3  # the next word is the one that follows in the text
    assert explorer.before.true_token == trace.tokens[4]


def test_one_token_works(explorer):
    explorer.change(text="king", hide_first=True)
    assert explorer.board["selected"] == 1
    assert explorer.weights.tolist() == [[0, 0], [0, 1]]
    explorer.change(compare="text", other_text="queen")
    assert explorer.weights.shape == (2, 2)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": 5}, "text must be a string, not 5"),
        ({"layer": 2}, "layer must be a whole number from 0 to 1, not 2"),
        ({"head": 2}, "head must be a whole number from 0 to 1, not 2"),
        ({"head": "median"}, "head must be"),
        ({"selected": 99}, "selected must be a whole number from 0 to"),
        ({"off": [(0, 7)]}, r"off names \(0, 7\); a head is a pair \(layer, head\), of layers 0 to 1 and heads 0 to 1"),
        ({"off": [3]}, "off names"),
        ({"off": 3}, "off names"),
        ({"off": [(0.5, 1)]}, "off names"),
        ({"compare": (9, 9)}, r"compare names \(9, 9\)"),
        ({"compare": "GPT"}, "compare names"),
        ({"compare": "text", "other_text": " "}, "The text is empty"),
        ({"hide_first": 1}, "hide_first must be True or False"),
        ({"target": "two words"}, "target must be one word .*; two words is 2 tokens"),
        ({"target": "xylophonist"}, "target must be one word .*; xylophonist is not one"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 20"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(explorer, settings, sentence):
    explorer.change(off=[(0, 0)], selected=3)
    before = explorer.get_state()
    with pytest.raises(InputError, match=sentence):
        explorer.change(**settings)
    assert explorer.get_state() == before


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("transformer", r"'transformer' is a name, not a model; write load_model\('transformer'\)"),
        (42, "A int is no model that could be shown here: it has no tokenize"),
        (tiny.model("lstm"), "The LSTM has no attention to look at"),
    ],
)
def test_what_has_no_attention_is_refused(source, sentence):
    with pytest.raises(InputError, match=sentence):
        AttentionExplorer(source)


def test_a_trace_is_shown_without_what_only_a_model_can_answer(model):
    explorer = AttentionExplorer(model.trace(TEXT, top_k=0), layer=1, compare=(0, 0))
    assert explorer.text == TEXT
    assert explorer.before is None
    assert explorer.losses == ()
    assert explorer.outcome == {}
    assert "a finished trace" in explorer.board["caution"][0][0]
    for settings in ({"off": [(0, 0)]}, {"compare": "text"}, {"text": "The queen"}, {"target": "king"}):
        with pytest.raises(InputError, match="finished trace"):
            explorer.change(**settings)


def test_undo_and_reset(explorer):
    explorer.off = [(0, 0)]
    explorer.change(layer=1, head=1)
    explorer.change(text="The queen was born", hide_first=True)
    explorer.undo()
    assert (explorer.text, explorer.off, explorer.hide_first, explorer.head) == (TEXT, ((0, 0),), False, 1)
    explorer.undo()
    assert explorer.off == ()
    undo = next(button for button in explorer.board["buttons"] if button["text"] == "Undo")
    assert undo["aria-disabled"] == "true"
    explorer.undo()
    explorer.change(off=[(1, 1)], compare="intact", target="king")
    explorer.reset()
    assert (explorer.off, explorer.compare, explorer.target, explorer.layer) == ((), None, None, 0)
    explorer.undo()
    assert (explorer.off, explorer.compare) == (((1, 1),), "intact")


def test_a_click_on_a_head_sends_one_map_and_asks_the_model_nothing(ask, explorer, monkeypatch):
    monkeypatch.setattr(type(explorer._source.model), "next_tokens", None)
    (message,) = ask(explorer, "look", cell=4)
    assert (explorer.layer, explorer.head) == (1, 1)
    assert set(message["state"]) == {"board", "large", "_answered"}
    assert len(json.dumps(message)) < 5000


def test_head_statistics_are_told_beside_what_this_text_shows(model, monkeypatch):
    class Found:
        n_layers, n_heads, n_lines, corpus = 2, 2, 300, "WikiText-2"

        def describe(self, layer, head):
            return f"previous-token head {layer} {head}: 71 % of its weight"

    monkeypatch.setattr(type(model), "head_statistics", Found(), raising=False)
    explorer = AttentionExplorer(model, text=TEXT, layer=1, head=0)
    told = explorer.board["shown"][1][0]
    assert told.startswith("Previous-token head 1 0: 71 % of its weight (300 lines of WikiText-2). On this text, ")
    explorer.head = "mean"
    assert "71 %" not in explorer.board["shown"][1][0]


def test_what_is_sent_at_64_tokens_fits_in_100_kb():
    shape = {"n_layers": 4, "n_heads": 8, "d_model": 32, "d_ff": 32, "context_length": 64}
    words = ["king", "queen", "church", "London", "tower"]
    trace = tiny.model("transformer", **shape).trace(" ".join(words[i % 5] for i in range(63)), top_k=0)
    explorer = AttentionExplorer(trace)
    state = explorer.get_state()
    sizes = [len(v) if isinstance(v, bytes) else len(json.dumps(v)) for k, v in state.items() if k != "layout"]
    assert len(trace) == 64
    assert sum(sizes) + len(explorer.static_html()) < 100_000


def test_the_picture_has_the_tokens_the_heads_the_map_and_the_next_word(explorer):
    explorer.change(off=[(1, 0)], compare=(0, 0), selected=3)
    svg = explorer.picture().svg()
    for words in ("crwoned", "layer 2", "off", "Layer 1, head 1 minus layer 1, head 1", "1 head off", "points"):
        assert words in svg
    assert svg.count("<image") == 3
    assert explorer.figure().axes


@given(st.integers(1, 20), st.randoms(use_true_random=False))
def test_packing_keeps_weights_and_differences(n, random):
    rng = np.random.default_rng(random.randrange(2**32))
    weights = np.tril(rng.random((n, n)))
    others = np.tril(rng.random((n + 3, n + 3)))
    assert np.abs(unpacked(packed(weights), n) - weights).max() <= 0.004
    values = difference(weights, others)
    assert np.abs(unpacked(packed_difference(values), n, signed=True) - values).max() <= 0.008


def test_a_row_with_nothing_left_becomes_0():
    weights = np.array([[1.0, 0], [1.0, 0]])
    assert without_first(weights).tolist() == [[0, 0], [0, 0]]


def test_a_stamp_is_the_mean_over_what_can_be_seen():
    weights = np.tril(np.arange(25.0).reshape(5, 5)) / 25
    small = stamps(weights[None], 3)[0]
    assert small.shape == (3, 3)
    assert small[0, 0] == pytest.approx((weights[0, 0] + weights[1, 0] + weights[1, 1]) / 3)
    assert small[1, 0] == pytest.approx(weights[2:4, :2].mean())
    assert small[2, 2] == weights[4, 4]
    assert stamps(weights, 5) is weights
    assert len(packed_stamps(small[None])) == 3
