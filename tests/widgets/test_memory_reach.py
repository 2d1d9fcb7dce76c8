"""MemoryReach in Python: the table's numbers on the page, the sentence with its cut, and measuring bit by bit."""

import re

import numpy as np
import pytest

from lessons.errors import InputError
from lessons.reach_table import shipped_reach
from lessons.records import REACH_KINDS, ReachCurve, ReachTable
from tests.makers.recurrent import measuring
from widgets import MemoryReach

TABLE = shipped_reach()


@pytest.fixture
def reach():
    return MemoryReach(TABLE, measure=measuring(), distance=20)


def curve(kind="cut", extra=(0.4, 0.1, 0.0), name="lstm", distances=(1, 10, 30)):
    error = np.full(len(extra), 0.01)
    return ReachCurve(name, kind, distances, 5 + np.array(extra), extra, error, 5.0, distances[-1], 50, 3, "noise")


@pytest.mark.parametrize("kind", REACH_KINDS)
def test_the_numbers_are_the_tables(kind):
    reach = MemoryReach(TABLE, kind=kind, distance=50)
    for row in reach.board["rows"]:
        k = int(row["distance"])
        for index, name in enumerate(("lstm", "transformer")):
            loss, more = row["cells"][2 * index : 2 * index + 2]
            one = TABLE.curve(name, kind)
            if k > one.context:
                assert (loss, more) == ("", "its context ends")
                continue
            at = one.distances.tolist().index(k)
            assert float(loss) == pytest.approx(one.losses[at], abs=0.00051)
            if k == one.context:
                assert more == "all that it reads"
                continue
            extra, error = (float(value.replace("−", "-")) for value in more.split(" ± "))
            assert extra == pytest.approx(one.extra[at], abs=0.00051)
            assert error == pytest.approx(1.96 * one.standard_error[at], abs=0.00051)
    assert [row["distance"] for row in reach.board["rows"] if row["here"]] == ["50"]
    assert "±" not in reach.board["spoken"]


def test_the_curves_fall_on_one_scale_for_all_kinds():
    charts = [MemoryReach(TABLE, kind=kind).board["chart"] for kind in REACH_KINDS]
    assert charts[0]["ticks"] == charts[1]["ticks"] == charts[2]["ticks"]
    for chart in charts:
        for line, name in zip(chart["lines"], ("lstm", "transformer"), strict=True):
            assert line["hue"] == name
            assert line["points"][0][1] < line["points"][-1][1]  # more extra loss stands higher
            assert all(high <= y <= low for (_, y), (_, low, high) in zip(line["points"], line["band"], strict=True))


def test_a_point_stands_where_its_numbers_say():
    chart = MemoryReach(ReachTable((curve(),))).board["chart"]
    (zero, words), *_, (top, full) = chart["ticks"]
    assert (words, full) == ("0.00", "0.50")
    (x1, y1), (x10, _), (x30, y30) = chart["lines"][0]["points"]
    assert y1 == pytest.approx(zero + (top - zero) * 0.4 / 0.5, abs=0.1)
    assert (y30, x1, x30) == (zero, chart["left"], chart["right"])
    assert (x10 - x1) / (x30 - x1) == pytest.approx(np.log(10) / np.log(30), abs=0.001)


def test_the_verdict_is_the_reach_within_two_per_cent():
    near = curve("shuffle", (0.4, 0.009, 0.0), "transformer")
    board = MemoryReach(ReachTable((curve(), near))).board
    assert board["verdict"] == [
        "LSTM: at k = 10 the loss is still 0.100 nats above that with its whole context of 30 tokens."
    ]
    board = MemoryReach(ReachTable((curve(), near)), kind="shuffle").board
    assert board["verdict"] == [
        "Transformer: from k = 10 on, the order of the words before it is not missed by more than "
        "0.02 nats (2 % of the perplexity)."
    ]
    assert "Khandelwal" in board["published"]


@pytest.mark.parametrize("kind", REACH_KINDS)
@pytest.mark.parametrize("distance", [1, 10, 50, 128])
def test_the_sentence_shows_what_was_read(kind, distance):
    one, shown = TABLE.example(kind), MemoryReach(TABLE, kind=kind, distance=distance).board["example"]
    near = min(distance, len(one.tokens))
    assert [word.replace("↵ ", "") for word in shown["near"]] == list(one.tokens[len(one.tokens) - near :])
    assert len(shown["far"]) == len(one.tokens) - near
    if kind == "cut":
        assert shown["far"] == list(one.tokens[: len(one.tokens) - near])
    whole = distance >= len(one.tokens)
    at = None if whole else one.distances.tolist().index(distance)
    for name, hue, nats in shown["surprisals"]:
        truth = one.whole[hue] if whole else one.surprisals[hue][at]
        assert nats == f"{truth:.2f} nats"
        assert name.lower() == hue


def test_a_click_is_answered_with_one_message(reach, ask):
    (message,) = ask(reach, "set", done="cut", distance=50)
    assert set(message["state"]) == {"board", "_answered"}
    assert reach.distance == 50
    ask(reach, "set", done="shuffle", distance=50)
    assert (reach.kind, reach.distance) == ("shuffle", 50)
    ask(reach, "set", done="shuffle", distance=51)
    assert reach.error.startswith("distance is 51; the table has 1, 2, 5,")


def test_measuring_grows_a_table_and_ends(reach, ask):
    ask(reach, "measure")
    assert reach.board["measuring"] is True
    assert reach.table.done == pytest.approx(1 / 12)
    assert reach.board["source"].startswith("8% measured. 10 words of noise, seed 7; measured here.")
    seen = []
    while reach.board["measuring"]:
        ask(reach, "go_on")
        seen.append(reach.table.done)
    assert seen == pytest.approx(np.arange(2, 13) / 12)
    assert reach.error == ""
    assert reach.table.curve("transformer", "shuffle").n_targets == 10
    assert [kind for kind, _ in reach.board["kinds"]] == ["cut", "shuffle"]
    *_, alone = measuring()()
    np.testing.assert_array_equal(reach.table.curve("lstm", "cut").losses, alone.curve("lstm", "cut").losses)
    ask(reach, "go_on")  # nothing is under way any more
    assert reach.table.done == 1


def test_all_at_once_in_a_cell(reach):
    reach.measure()
    assert (reach.table.done, reach.board["measuring"]) == (1, False)


def test_stopping_brings_back_what_was_there(reach, ask):
    reach.change(kind="replace", distance=75)
    for _ in range(3):
        ask(reach, "measure")
    assert reach.kind == "cut"  # what is measured first
    ask(reach, "stop")
    assert reach.table is TABLE
    assert (reach.kind, reach.distance, reach.board["measuring"]) == ("replace", 75, False)
    ask(reach, "stop")
    assert reach.error == ""


def test_reset_brings_back_the_shipped_numbers(reach, ask):
    reach.measure()
    reach.kind = "shuffle"
    ask(reach, "reset")
    assert reach.table is TABLE
    assert (reach.kind, reach.distance) == ("cut", 20)


def test_a_failure_while_measuring_is_said_and_nothing_is_lost(ask):
    def fails():
        yield ReachTable((curve(),), done=0.5)
        raise InputError("The text is too short.")

    reach = MemoryReach(TABLE, measure=fails)
    ask(reach, "measure")
    ask(reach, "go_on")
    assert reach.error == "The text is too short."
    assert reach.table is TABLE
    assert reach.board["measuring"] is False


def test_without_a_way_to_measure_there_is_no_button(ask):
    reach = MemoryReach(TABLE)
    assert reach.board["can_measure"] is False
    ask(reach, "measure")
    assert reach.error.startswith("This widget was made without a way to measure")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"table": {}}, r"table must be a ReachTable with at least one curve .*, not dict"),
        ({"table": ReachTable(())}, "table must be a ReachTable"),
        ({"kind": "burn"}, "kind must be 'cut', 'shuffle' or 'replace', not 'burn'"),
        ({"distance": 0}, "distance must be a whole number from 1 to 300, not 0"),
        ({"distance": 60}, "distance is 60; the table has 1, 2, 5, 10"),
        ({"distance": "far"}, "distance must be"),
    ],
)
def test_what_it_refuses(reach, settings, sentence):
    before = reach.get_state()
    with pytest.raises(InputError, match=sentence):
        reach.change(**settings)
    assert reach.get_state() == before


def test_measure_must_be_a_function():
    with pytest.raises(InputError, match="measure must be a function"):
        MemoryReach(TABLE, measure=3)


def test_one_curve_of_one_model_is_enough():
    reach = MemoryReach(ReachTable((curve(),)))
    assert reach.board["example"] is None
    assert len(re.findall("<tr>", reach.static_html())) == 4
    with pytest.raises(InputError, match="'shuffle' is not in the table yet; it has cut"):
        reach.kind = "shuffle"
