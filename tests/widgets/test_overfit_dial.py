"""OverfitDial in Python: the grid's numbers on the page, early stopping, the spread, and bad input."""

import numpy as np
import pytest

from lessons.curves import shipped_overfit
from lessons.errors import InputError
from tests.makers.curves import made_up_grid
from widgets import OverfitDial
from widgets.overfit_view import chart_of, facts_of

GRID = made_up_grid()


@pytest.fixture
def dial():
    return OverfitDial(GRID)


@pytest.mark.parametrize("shows", ["end", "best"])
def test_the_map_has_the_mean_over_the_seeds(shows):
    dial = OverfitDial(GRID, shows=shows)
    for r, fraction in enumerate(GRID.fractions):
        for c, dropout in enumerate(GRID.dropouts):
            values = [run.valid[-1 if shows == "end" else run.best] for run in GRID.of(fraction, dropout)]
            assert dial.perplexities[fraction, dropout] == pytest.approx(np.mean(values))
            assert dial.board["cells"][r][c]["text"] == f"{np.mean(values):.1f}"


def test_the_tint_grows_with_the_perplexity_on_one_scale_for_both_views():
    end, best = (OverfitDial(GRID, shows=shows) for shows in ("end", "best"))
    pairs = [
        (dial.perplexities[f, d], dial.board["cells"][r][c]["tint"])
        for dial in (end, best)
        for r, f in enumerate(GRID.fractions)
        for c, d in enumerate(GRID.dropouts)
    ]
    assert [tint for _, tint in sorted(pairs)] == sorted(tint for _, tint in pairs)
    assert max(tint for _, tint in pairs) == 1


def test_the_sentences_are_about_the_first_seed_and_the_spread(dial):
    run, other = GRID.of(0.25, 0.0)
    gap, stop, spread = dial.board["facts"]
    ratio = run.valid[-1] / run.train[-1]
    assert f"In the end: {run.train[-1]:.1f} on the text that it reads, {run.valid[-1]:.1f} on other text" in gap
    assert f"{ratio:.1f} times as much" in gap
    assert "is below the floor: that can only be learnt by heart" in gap  # which made-up numbers can be, too
    assert f"best after step 20, with {run.valid[2]:.1f}" in stop
    assert f"saves {100 * (1 - run.valid[2] / run.valid[-1]):.0f} % of the perplexity and 33 % of the steps" in stop
    assert spread.endswith(f"between {run.valid[-1]:.2f} and {other.valid[-1]:.2f}.")


def test_it_says_on_what_of_the_text_that_it_reads_perplexity_is_measured(dial):
    assert "is that of all its 250 tokens, with dropout off" in dial.board["source"]
    dial.fraction = 1.0
    assert "is that of its first 500 tokens, with dropout off" in dial.board["source"]
    assert "is that of its first 500 tokens, with dropout off" in dial.static_html()
    shipped = shipped_overfit()
    small = OverfitDial(shipped, fraction=shipped.fractions[0])
    n_tokens = small.runs[0].n_tokens
    assert n_tokens < shipped.n_valid_tokens
    assert f"is that of all its {n_tokens:,} tokens" in small.board["source"]


def test_the_best_step_is_marked_only_where_it_is_not_the_last(dial):
    words = [mark[2] for mark in dial.board["chart"]["marks"] if mark[0] == "text"]
    assert "stop here: step 20" in words
    dial.fraction = 1.0
    words = [mark[2] for mark in dial.board["chart"]["marks"] if mark[0] == "text"]
    assert not any(word.startswith("stop here") for word in words)
    assert dial.board["facts"][1].startswith("Validation is about as low in the end as it ever was")


def test_the_chart_says_stop_here_where_the_sentence_says_that_it_saves_something():
    grid = shipped_overfit()
    late = [one for one in grid.runs if one.best < len(one.step) - 1]
    assert 0 < sum(one.valid[one.best] < 0.98 * one.valid[-1] for one in late) < len(late)  # both cases are there
    for one in late:
        marked = any("stop here" in str(mark) for mark in chart_of(grid, [one]).page()["marks"])
        assert marked == ("whoever stops there saves" in " ".join(facts_of(grid, [one])))


def test_all_cells_share_their_axes(dial):
    charts = []
    for fraction in GRID.fractions:
        for dropout in GRID.dropouts:
            dial.change(fraction=fraction, dropout=dropout)
            charts.append([mark for mark in dial.board["chart"]["marks"] if "gb-rule" in mark[1]["class"]])
    assert all(one == charts[0] for one in charts)


def test_a_turn_is_answered_with_one_message(dial, ask):
    (message,) = ask(dial, "turn", fraction=1, dropout=1)
    assert set(message["state"]) == {"board", "_answered"}
    assert (dial.fraction, dial.dropout) == (1.0, 0.5)
    assert dial.runs == GRID.of(1.0, 0.5)
    assert dial.board["at"] == [1, 1]
    ask(dial, "turn", fraction=2, dropout=0)
    assert dial.error.startswith("There is no such place in the map")
    assert (dial.fraction, dial.dropout) == (1.0, 0.5)
    ask(dial, "show", shows="best")
    assert dial.shows == "best"
    ask(dial, "reset")
    assert (dial.fraction, dial.dropout, dial.shows) == (0.25, 0.0, "end")


def test_another_grid_may_lack_what_was_chosen(dial):
    dial.change(fraction=1.0, dropout=0.5)
    dial.grid = made_up_grid(fractions=(0.5,), dropouts=(0.5, 0.9), seeds=(3,))
    assert (dial.fraction, dial.dropout, len(dial.runs)) == (0.5, 0.5, 1)
    assert len(dial.board["facts"]) == 2
    assert "the mean over 1 seed;" in dial.board["source"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"grid": {}}, "grid must be an OverfitGrid .*, not dict"),
        ({"fraction": 0.3}, "fraction is 0.3; the grid has 0.25, 1"),
        ({"fraction": "all"}, "fraction is 'all'"),
        ({"fraction": True}, "fraction is True"),
        ({"dropout": 2}, "dropout is 2; the grid has 0, 0.5"),
        ({"shows": "middle"}, "shows must be 'end' or 'best', not 'middle'"),
    ],
)
def test_what_it_refuses(dial, settings, sentence):
    before = dial.get_state()
    with pytest.raises(InputError, match=sentence):
        dial.change(**settings)
    assert dial.get_state() == before


def test_the_exported_page_has_the_map(dial):
    page = dial.static_html()
    assert page.count("<tr>") == 3
    assert dial.board["cells"][0][0]["text"] in page
