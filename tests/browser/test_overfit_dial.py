"""OverfitDial with real clicks and keys: both dials, the map, and what it shows."""

import pytest
from playwright.sync_api import expect

from tests.makers.curves import made_up_grid
from widgets import OverfitDial


@pytest.fixture
def shown(mount):
    return mount(OverfitDial(made_up_grid()))


def cell(page, words):
    return page.get_by_role("button", name=words)


def made_up_value(widget):
    """Return the lowest perplexity of the first cell, the mean over both seeds."""
    return sum(run.valid.min() for run in widget.grid.of(0.25, 0.0)) / 2


def test_a_click_on_the_map_turns_both_dials(shown):
    page = shown.page
    about = page.locator(".gb-large > b")
    expect(about).to_have_text("250 tokens, read 8 times; dropout 0")
    cell(page, "all of the text, dropout 0.5").click()
    expect(about).to_have_text("1,000 tokens, read 2 times; dropout 0.5")
    expect(cell(page, "all of the text, dropout 0.5")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name="Dropout")).to_have_value("1")
    expect(page.get_by_role("slider", name="Part of the text")).to_have_attribute("aria-valuetext", "all")
    assert (shown.widget.fraction, shown.widget.dropout) == (1.0, 0.5)


def test_a_walk_by_keyboard(shown):
    page, widget = shown.page, shown.widget
    page.get_by_role("slider", name="Part of the text").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb__live")).to_contain_text("1,000 tokens, read 2 times; dropout 0. In the end: ")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb-large > b")).to_have_text("1,000 tokens, read 2 times; dropout 0.5")
    cell(page, "all of the text, dropout 0.5").focus()
    page.keyboard.press("ArrowUp")
    expect(cell(page, "1/4 of the text, dropout 0.5")).to_be_focused()
    expect(page.locator(".gb-large > b")).to_have_text("250 tokens, read 8 times; dropout 0.5")
    assert (widget.fraction, widget.dropout) == (0.25, 0.5)


def test_the_map_shows_the_end_or_the_best_step(shown):
    page, widget = shown.page, shown.widget
    first = page.locator(".gb-grid button").first
    expect(first).to_have_text(f"{widget.perplexities[0.25, 0.0]:.1f}")
    page.get_by_role("radio", name="at the best step").check()
    value = f"{made_up_value(widget):.1f}"
    words = f"1/4 of the text, dropout 0: validation perplexity {value} at the best step"
    expect(first).to_have_accessible_name(words)
    expect(first).to_have_text(value)
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("radio", name="at the end")).to_be_checked()


def test_where_to_stop_is_marked(shown):
    page = shown.page
    expect(page.locator(".gb-plot").get_by_text("stop here: step 20")).to_be_visible()
    cell(page, "all of the text, dropout 0:").click()
    expect(page.locator(".gb-plot").get_by_text("stop here")).to_have_count(0)
