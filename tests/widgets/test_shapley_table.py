"""ShapleyTable in Python: every number against the model's table, orders, groups, KernelSHAP, and what it refuses."""

from itertools import permutations

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny
from tests.makers.shapley import TEXT
from widgets import ShapleyTable

MODEL = tiny.model("lstm")
FIVE = "The king was crwoned in"


def as_number(words):
    return float(words.replace("−", "-").replace("+", "").replace(",", ""))


@pytest.fixture
def shown():
    return ShapleyTable(MODEL, text=FIVE, seed=3)


def column(shown, i):
    return [row["cells"][i] for row in shown.board["rows"]["rows"]]


def test_all_sets_are_there_once_with_what_they_are_worth(shown):
    table = MODEL.coalition_table(FIVE)
    cells = [cell for row in shown.lattice["rows"] for cell in row["cells"]]
    assert sorted(cell["mask"] for cell in cells) == list(range(32))
    assert [len(row["cells"]) for row in shown.lattice["rows"]] == [1, 5, 10, 10, 5, 1]
    low, high = table.values.min(), table.values.max()
    for cell in cells:
        value = table.values[cell["mask"]]
        assert as_number(cell["value"]) == pytest.approx(value, abs=0.0051)
        assert cell["level"] == pytest.approx((value - low) / (high - low), abs=0.001)
        assert cell["there"] == "".join("●" if there else "○" for there in table.present[cell["mask"]])
    assert shown.lattice["rows"][2]["cells"][0]["told"].startswith("The and king: ")


def test_a_step_lets_the_next_one_join_and_asks_no_model(shown, ask, monkeypatch):
    monkeypatch.setattr(type(MODEL), "coalition_table", None)
    monkeypatch.setattr(type(MODEL), "explain", None)
    order = np.random.default_rng(3).permutation(5)
    assert shown.present_order == tuple(order)
    added = shown.table.added(order.tolist())
    for n, player in enumerate(order, 1):
        ask(shown, "step")
        assert shown.error == ""
        chip = shown.board["chips"][n - 1]
        assert chip["player"] == player
        assert as_number(chip["gain"]) == pytest.approx(added[player], abs=0.0051)
        assert shown.board["path"][-1] == sum(1 << one for one in order[:n])
        assert "".join(shown.board["told"]).endswith(f"so it adds {chip['gain']} nats.")
        assert [bool(cell) for cell in column(shown, 0)] == [one in order[:n] for one in range(5)]
    np.testing.assert_allclose(shown.mean, added)  # of one order


def test_the_mean_of_the_orders_comes_near_the_shapley_values(shown, ask):
    ask(shown, "orders", n=100)
    ask(shown, "orders", n=400)
    generator = np.random.default_rng(3)
    orders = [generator.permutation(5).tolist() for _ in range(501)]
    np.testing.assert_allclose(shown.mean, np.mean([shown.table.added(order) for order in orders[:500]], axis=0))
    assert shown.present_order == tuple(orders[500])
    gap = np.abs(shown.mean - shown.table.shapley_values).max()
    assert gap < 0.15 * np.abs(shown.table.shapley_values).max()
    assert "".join(shown.board["facts"][2]).startswith(
        f"Orders: 500 gone through; their mean is at most {gap:.3f} nats"
    )
    for told, value in zip(column(shown, 1), shown.mean, strict=True):
        assert as_number(told) == pytest.approx(value, abs=0.0051)


def test_the_values_are_the_mean_over_all_orders(shown):
    every = [shown.table.added(order) for order in permutations(range(5))]
    for told, row, value in zip(column(shown, 2), shown.board["rows"]["rows"], np.mean(every, axis=0), strict=True):
        assert as_number(told) == pytest.approx(value, abs=0.0051)
        assert row["level"] == pytest.approx(value / shown.board["rows"]["full"], abs=0.001)


def test_efficiency_and_the_dummy_are_said_in_numbers(shown):
    table = shown.table
    efficiency, dummy = ("".join(fact) for fact in shown.board["facts"][:2])
    assert "less than a billionth" in efficiency
    difference = f"{table.values[-1] - table.values[0]:+.2f}".replace("-", "−")
    assert efficiency.count(difference) == 2  # of the two ends, and the sum of the values
    assert dummy == "Dummy: crwoned never changes the number, whoever is there: value exactly 0."
    assert table.shapley_values[3] == 0
    shown.text = "The king was born"
    dummy = "".join(shown.board["facts"][1])
    table = shown.table
    changes = [max(abs(np.diff(table.values.reshape(-1, 2, 2**i), axis=1).ravel())) for i in range(4)]
    assert f"nearest is {table.attribution.tokens[int(np.argmin(changes))]}" in dummy
    assert f"at most {min(changes):.2f}" in dummy


def test_kernel_shap_stands_beside_the_exact_values(shown, ask):
    for n_samples in (64, 256):
        ask(shown, "n_samples", value=n_samples)
        estimate = MODEL.explain(FIVE, "shapley", n_samples=n_samples, seed=3)
        np.testing.assert_array_equal(shown.kernel.scores, estimate.scores)
        full = shown.board["rows"]["full"]
        for row, score, error in zip(shown.board["rows"]["rows"], estimate.scores, estimate.spread, strict=True):
            said = [as_number(part) for part in row["cells"][3].split(" ± ")]
            assert said == pytest.approx([score, error], abs=0.0051)
            assert row["ends"] == pytest.approx([(score - error) / full, (score + error) / full], abs=0.001)
        gap = np.abs(estimate.scores - shown.table.shapley_values).max()
        assert f"at most {gap:.3f} nats off" in "".join(shown.board["facts"][3])


def test_a_set_that_is_clicked_is_gone_to_and_does_not_count(shown, ask):
    ask(shown, "go", mask=0b10010, revision=1)
    assert set(shown.present_order[:2]) == {1, 4}
    assert (shown.joined, shown.board["path"][-1]) == (2, 0b10010)
    assert shown.board["own"] == "An order of your own: it does not count for the mean."
    for _ in range(3):
        ask(shown, "step")
    assert (shown.joined, shown.mean) == (5, None)
    ask(shown, "step")  # the drawn orders go on where they were
    assert (shown.order, shown.n_orders, shown.joined) == (None, 0, 1)
    first = 1 << shown.present_order[0]
    ask(shown, "go", mask=first, revision=1)
    assert shown.order is None  # this is where the drawn order goes, too
    ask(shown, "go", mask=0, revision=1)
    assert shown.joined == 0


def test_undo_takes_back_steps_and_repeat_begins_again(shown, ask):
    for kind in ("step", "step"):
        ask(shown, kind)
    ask(shown, "orders", n=100)
    ask(shown, "undo")
    assert (shown.n_orders, shown.joined) == (0, 2)
    ask(shown, "undo")
    assert shown.joined == 1
    ask(shown, "orders", n=100)
    order = shown.present_order
    ask(shown, "again")
    assert (shown.n_orders, shown.joined, shown.seed) == (0, 0, 3)
    ask(shown, "orders", n=100)
    assert shown.present_order == order
    ask(shown, "new")
    assert (shown.seed, shown.n_orders, shown.mean) == (4, 0, None)
    ask(shown, "reset")
    assert (shown.seed, shown.joined) == (3, 0)
    ask(shown, "undo")
    assert shown.seed == 4


def test_another_question_about_the_same_words_keeps_the_orders(shown, ask):
    shown.next_orders(10)
    ask(shown, "choose", name="baseline", value="zero", revision=1)
    assert shown.n_orders == 10
    np.testing.assert_array_equal(shown.table.values, MODEL.coalition_table(FIVE, baseline="zero").values)
    ask(shown, "read", text="the king")
    assert (shown.n_orders, shown.mean) == (0, None)


@pytest.mark.parametrize("grouping", ["last", "even"])
def test_many_words_join_in_groups_and_that_is_said(grouping):
    shown = ShapleyTable(MODEL, text=TEXT, grouping=grouping)
    table = shown.table
    assert len(table.groups) == 8
    assert sorted(place for places in table.groups for place in places) == list(range(12))
    assert shown.board["players"].startswith("12 words would make 4,096 sets. So neighbours join together")
    if grouping == "last":
        assert [len(places) for places in table.groups] == [5, 1, 1, 1, 1, 1, 1, 1]
        assert "The king was crwoned in (5 words)" in shown.board["players"]
    else:
        assert {len(places) for places in table.groups} == {1, 2}
    names = [row["word"] for row in shown.board["rows"]["rows"]]
    assert len(set(names)) == 8
    again = MODEL.coalition_table(TEXT, groups=[list(places) for places in table.groups])
    np.testing.assert_array_equal(table.values, again.values)
    sums = [shown.kernel.scores[list(places)].sum() for places in table.groups]
    assert [as_number(cell.split(" ± ")[0]) for cell in column(shown, 3)] == pytest.approx(sums, abs=0.0051)


def test_two_equal_words_are_told_apart():
    shown = ShapleyTable(MODEL, text="the king the king was")
    assert [row["word"] for row in shown.board["rows"]["rows"]] == ["the [1]", "king [2]", "the [3]", "king [4]", "was"]


def test_words_outside_the_window_are_no_players():
    shown = ShapleyTable(tiny.model("transformer"), text="the king was born " * 6, grouping="even")
    assert len(shown.table.groups) < 8
    assert sum(shown.table.shapley_values) == pytest.approx(shown.table.values[-1] - shown.table.values[0])


def test_one_word_gets_the_whole():
    shown = ShapleyTable(MODEL, text="king")
    assert "nothing to estimate" in shown.board["facts"][3][0]
    shown.step()
    assert column(shown, 0) == column(shown, 1) == column(shown, 2) == column(shown, 3)


def test_a_model_that_does_not_care_has_values_of_zero():
    shown = ShapleyTable(MODEL, text="qwertz asdfg")
    assert column(shown, 2) == ["0.00", "0.00"]
    assert "never change the number" in "".join(shown.board["facts"][1])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"order": (0, 1, 2, 3, 3)}, "order must hold each of the players 0 to 4 once"),
        ({"order": 3}, "order must hold each"),
        ({"joined": 6}, "joined must be a whole number from 0 to 5, not 6"),
        ({"n_orders": -1}, "n_orders must be a whole number from 0 to 5,000"),
        ({"n_samples": 8}, "n_samples must be a whole number from 16 to 512, not 8"),
        ({"grouping": "odd"}, "grouping must be 'last' or 'even'"),
        ({"text": ""}, "empty"),
    ],
)
def test_what_it_refuses(shown, settings, sentence):
    before = shown.get_state()
    with pytest.raises(InputError, match=sentence):
        shown.change(**settings)
    assert shown.get_state() == before


def test_there_is_an_end_to_the_orders(shown, ask):
    shown.n_orders = 4_950
    ask(shown, "orders", n=100)
    assert shown.error.startswith("5,000 orders are as many as are drawn here")
    assert shown.n_orders == 4_950


def test_the_paper_has_the_numbers_too(shown):
    page = shown.static_html()
    for cell in column(shown, 2):
        assert cell in page
    assert page.count("<tr>") == 1 + 5 + 1 + 32
    assert shown.figure().get_size_inches()[0] > 3
