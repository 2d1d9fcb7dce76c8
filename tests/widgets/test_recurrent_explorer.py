"""RecurrentExplorer in Python: the map's numbers are the trace's, the order is what it says, units go off and on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.records import GATES
from tests import tiny
from widgets import RecurrentExplorer
from widgets.unit_map import ORDERS, QUANTITIES, UnitMap, change_of_memory, values_of

TEXT = "The king was crowned in London"
MODEL = tiny.model("lstm")


@pytest.fixture
def explorer():
    return RecurrentExplorer(MODEL, text=TEXT)


def levels_of(explorer):
    """Return what the page reads out of the bytes, (n, T)."""
    levels = np.frombuffer(explorer.cells, np.uint8).reshape(len(explorer.map["units"]), explorer.map["columns"])
    return (levels.astype(float) - 128) / 127 if explorer.map["signed"] else levels / 255


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("layer", [0, 1])
def test_the_map_is_the_trace(explorer, quantity, layer):
    explorer.change(quantity=quantity, layer=layer, how_many=16)
    trace, full = MODEL.trace(TEXT), QUANTITIES[quantity].full
    values = trace.gates[layer, :, GATES.index(quantity)] if quantity in GATES else getattr(trace, quantity)[layer]
    np.testing.assert_array_equal(explorer.unit_values, values[:, explorer.one["unit"]])
    np.testing.assert_array_equal(explorer.column, values[-1])
    clipped = np.clip(values[:, explorer.shown_units].T, -full, full)
    np.testing.assert_allclose(levels_of(explorer) * full, clipped, atol=full / 250)
    assert explorer.line["numbers"][2] == f"{abs(explorer.unit_values[2]):.2f}".join(
        ["" if not QUANTITIES[quantity].signed else "+" if explorer.unit_values[2] > 0 else "−", ""]
    )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("quantity", ["input", "hidden_state"])
def test_the_order_is_what_it_says(explorer, order, quantity):
    explorer.change(order=order, quantity=quantity, how_many=16, selected=3)
    trace = explorer.trace
    values, forget = values_of(trace, 0, quantity), values_of(trace, 0, "forget")
    moved = np.abs(trace.cell_state[0, 3] - trace.cell_state[0, 2])
    keys = {"varies": values.std(0), "mean": values.mean(0), "remembers": forget.mean(0), "moved": moved}
    key = keys.get(order, -np.arange(16))[explorer.shown_units]
    assert (np.diff(key) <= 0).all()
    assert sorted(explorer.shown_units) == list(range(16))
    words = {"varies": "standard deviation", "mean": "highest first", "remembers": "mean forget gate"}
    assert (
        words.get(order, {"moved": "changed at “was”", "number": "their number"}.get(order)) in explorer.map["sorted"]
    )


def test_the_first_token_changes_a_memory_that_was_0(explorer):
    np.testing.assert_array_equal(change_of_memory(explorer.trace, 0, 0), explorer.trace.cell_state[0, 0])


@given(st.integers(1, 40), st.integers(1, 12))
def test_bytes_round_to_the_nearest_level(units, columns):
    trace = tiny.model("lstm").trace(TEXT, top_k=0)
    shown = UnitMap(trace, 0, "candidate", "number", min(units, 16), min(columns, 6))
    assert len(shown.as_bytes()) == shown.values.size
    assert 0 not in shown.as_bytes()  # 128 is 0, 1 is -1


def test_what_is_left_out_is_said(explorer):
    explorer.how_many = 4
    assert explorer.map["sorted"].startswith("The forget gate of 4 of 16 units of layer 1, sorted by")
    hidden = next(unit for unit in range(16) if unit not in explorer.shown_units)
    explorer.unit = hidden
    assert explorer.one["missing"] == f" Unit {hidden + 1} is not among them."
    assert explorer.one["row"] == -1
    explorer.how_many = 999
    assert explorer.how_many == 16
    assert explorer.map["sorted"].startswith("The forget gate of all 16 units")


def test_the_units_that_a_token_moved_most(explorer):
    explorer.change(selected=2, layer=1)
    trace = explorer.trace
    change = trace.cell_state[1, 2] - trace.cell_state[1, 1]
    best = np.argsort(-np.abs(change))[:6]
    rows = explorer.board["moved"]["rows"]
    assert [row["unit"] for row in rows] == best.tolist()
    unit = best[0]
    i, f, g, o = trace.gates[1, 2, :, unit]
    numbers = [change[unit], f, trace.cell_state[1, 1, unit], i, g, trace.cell_state[1, 2, unit], o]
    shown = [float(cell.replace("−", "-")) for cell in rows[0]["cells"]]
    np.testing.assert_allclose(shown, [*numbers, trace.hidden_state[1, 2, unit]], atol=0.0051)
    assert shown[1] * shown[2] + shown[3] * shown[4] == pytest.approx(shown[5], abs=0.03)


def test_the_strips_are_the_units_six_quantities(explorer):
    explorer.unit = 5
    assert [strip["name"] for strip in explorer.one["strips"]] == [one.name for one in QUANTITIES.values()]
    for strip, name in zip(explorer.one["strips"], QUANTITIES, strict=True):
        numbers = [float(value.replace("−", "-")) for value in strip["numbers"]]
        np.testing.assert_allclose(numbers, values_of(explorer.trace, 0, name)[:, 5], atol=0.00051)


def test_a_switch_asks_the_ablated_model(explorer):
    explorer.selected = 2
    (before,), (loss,) = explorer.answers, explorer.losses
    assert loss == pytest.approx(MODEL.surprisals(TEXT).mean())
    explorer.switch(1, 5)
    without = MODEL.ablate(units=[(1, 5)])
    np.testing.assert_array_equal(explorer.answers[0].probabilities, before.probabilities)
    truth = without.next_tokens(TEXT, position=2, top_k=len(before.tokens))
    np.testing.assert_allclose(explorer.answers[1].probabilities, truth.probabilities)
    assert explorer.losses == (loss, pytest.approx(without.surprisals(TEXT).mean()))
    expected = explorer.board["expected"]
    assert expected["head"] == ["next word", "LSTM", "without layer 2, unit 6"]
    assert f"nats per token, without layer 2, unit 6 {explorer.losses[1]:.3f}" in expected["loss"]
    assert f"Rank of was, which really follows: {before.true_rank} → {truth.true_rank}." in expected["loss"]
    assert explorer.one["off"] is False
    explorer.change(layer=1, unit=5)
    assert explorer.one["off"] is True
    explorer.switch(1, 5)
    assert (explorer.off, len(explorer.answers), explorer.controls["off"]) == ((), 1, "")


def test_the_map_shows_the_model_with_all_units_on(explorer):
    before = explorer.cells
    explorer.off = [(0, unit) for unit in range(16)]
    assert explorer.cells == before
    assert explorer.board["expected"]["head"][2] == "without 16 units"


def test_the_shares_of_the_words_add_up(explorer):
    explorer.change(selected=3, off=[(0, 1), (1, 2)])
    rows = explorer.board["expected"]["rows"]
    shares = [[float(cell.strip("<> %")) for cell in row["cells"]] for row in rows]
    np.testing.assert_allclose(np.sum(shares, axis=0), [100, 100], atol=1)
    assert [row["name"] for row in rows if row.get("true")] == ["✓ crowned"]


def test_a_text_is_traced_once(explorer, monkeypatch):
    asked = []
    monkeypatch.setattr(MODEL, "trace", lambda *a, **k: asked.append(a) or 1 / 0)
    explorer.selected = 1
    explorer.change(quantity="output", order="mean", layer=1)
    explorer.off = [(0, 1)]
    assert asked == []


def test_a_click_sends_no_map(explorer, ask):
    (message,) = ask(explorer, "look", place=1, unit=3, revision=1)
    assert set(message["state"]) == {"line", "one", "board", "_answered"}
    (message,) = ask(explorer, "look", place=2, unit=3, revision=1)
    assert set(message["state"]) == {"board", "_answered"}
    ask(explorer, "look", place=2, unit=3, revision=7)
    assert explorer.error == "The text has changed in the meantime; please click again."


def test_the_page_chooses_what_the_map_shows(explorer, ask):
    ask(explorer, "show", name="layer", value="1")
    ask(explorer, "show", name="quantity", value="cell_state")
    ask(explorer, "show", name="how_many", value="4")
    assert (explorer.layer, explorer.quantity, explorer.how_many) == (1, "cell_state", 4)
    ask(explorer, "show", name="text", value="no")
    assert explorer.error.startswith("name must be 'layer', 'quantity', 'order' or 'how_many'")
    ask(explorer, "show", name="layer", value="x")
    assert explorer.error.startswith("layer must be a whole number from 0 to 1")


def test_a_new_text_keeps_the_unit_and_starts_at_its_end(explorer):
    explorer.change(selected=1, unit=4)
    explorer.text = "She was born"
    assert (explorer.selected, explorer.place, explorer.one["unit"]) == (None, 3, 4)
    assert explorer.trace.tokens == ("<eos>", "She", "was", "born")
    explorer.layer = 1
    assert explorer.unit is None  # another layer has other units
    explorer.reset()
    assert (explorer.text, explorer.layer, explorer.off) == (TEXT, 0, ())


def test_a_long_text_is_cut_with_a_notice():
    explorer = RecurrentExplorer(MODEL, text="king was born " * 100, how_many=16)
    assert explorer.note.startswith("The text has 300 tokens; the last 256 are shown")
    assert explorer.map["columns"] == 257
    assert len(explorer.cells) == 16 * 257


def test_one_token_is_enough():
    explorer = RecurrentExplorer(MODEL, text="king")
    assert explorer.map["columns"] == 2
    assert explorer.picture().svg()


def test_a_trace_is_shown_without_a_model():
    trace = MODEL.trace(TEXT, top_k=0)
    explorer = RecurrentExplorer(trace, unit=3)
    assert "expected" not in explorer.board
    assert explorer.controls["open"] is False
    assert explorer.answers == ()
    for settings in ({"text": "Another"}, {"off": [(0, 1)]}):
        with pytest.raises(InputError, match=r"[Aa] trace"):
            explorer.change(**settings)
    with pytest.raises(InputError, match="A trace has its own text"):
        RecurrentExplorer(trace, text=TEXT)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": ""}, "The text is empty"),
        ({"text": 5}, "text must be a string, not 5"),
        ({"layer": 2}, "layer must be a whole number from 0 to 1, not 2"),
        ({"quantity": "gate"}, "quantity must be 'forget', 'input'"),
        ({"order": "size"}, "order must be 'varies', 'mean'"),
        ({"how_many": 0}, "how_many must be"),
        ({"selected": 7}, "selected must be a whole number from 0 to 6, not 7"),
        ({"unit": 16}, "unit must be a whole number from 0 to 15, not 16"),
        ({"off": "all"}, "off must be a list of"),
        ({"off": [3]}, "Each unit of off must be a pair"),
        ({"off": [(0, 16)]}, "unit that is off must be a whole number from 0 to 15"),
        ({"off": [(5, 0)]}, "layer of a unit that is off must be"),
        ({"off": [(0, 0)] * 65}, "off names 65 units; at most 64"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(explorer, settings, sentence):
    explorer.change(selected=2, off=[(0, 1)])
    before = explorer.get_state()
    with pytest.raises(InputError, match=sentence):
        explorer.change(**settings)
    assert explorer.get_state() == before
    with pytest.raises(InputError, match=sentence):
        RecurrentExplorer(MODEL, **({"text": TEXT} | settings))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("lstm", r"'lstm' is a name, not a model; write load_model\('lstm'\)"),
        (None, "A NoneType is no model that could be shown here: it has no tokenize"),
        (tiny.model("transformer"), "The Transformer has no gates to look at"),
    ],
)
def test_what_has_no_gates_is_refused(source, sentence):
    with pytest.raises(InputError, match=sentence):
        RecurrentExplorer(source)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    explorer = RecurrentExplorer(MODEL, text=TEXT)
    refused = None
    try:
        explorer.text = text
    except InputError as error:
        refused = str(error)
    if refused is not None:
        assert refused.endswith(".")
        assert explorer.text == TEXT
    assert "<script" not in explorer.static_html()
    explorer.static_html().encode()
    explorer.line["text"].encode()


def test_a_closed_explorer_lets_go_of_its_model(explorer):
    explorer.close()
    assert explorer._source is explorer._traced is None
    with pytest.raises(InputError, match="closed"):
        explorer.text = "king"
    with pytest.raises(InputError, match="closed"):
        explorer.trace  # noqa: B018
