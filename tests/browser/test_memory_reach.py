"""MemoryReach with real clicks and keys: k, the kinds, the sentence, the table, and measuring again."""

import pytest
from playwright.sync_api import expect

from lessons.reach_table import shipped_reach
from tests.makers.recurrent import measuring
from widgets import MemoryReach


@pytest.fixture
def shown(mount):
    return mount(MemoryReach(shipped_reach(), measure=measuring(), distance=20))


def slider(page):
    return page.get_by_role("slider", name="k, the words that stay")


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_k_moves_the_line_and_the_cut(shown):
    page, widget = shown.page, shown.widget
    expect(page.locator(".gb-far")).to_contain_text("The second album of the band")
    line = page.locator(".gb-k").get_attribute("d")
    slider(page).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".gb__body").get_by_text("The last 10 words are read as they are.")).to_be_visible()
    assert page.locator(".gb-k").get_attribute("d") != line
    assert widget.distance == 10
    expect(slider(page)).to_have_attribute("aria-valuetext", "the last 10 words")
    page.keyboard.press("End")
    expect(page.locator(".gb__body").get_by_text("all of them are read")).to_be_visible()
    expect(page.locator(".gb-far")).to_be_empty()
    page.keyboard.press("Home")
    expect(page.locator(".gb-sentence")).to_contain_text("| another album")
    value = widget.table.example("cut").surprisals["lstm"][0]
    expect(page.locator(".gb-sentence")).to_contain_text(f"LSTM {value:.2f} nats")


def test_a_walk_by_keyboard(shown):
    page = shown.page
    cut = page.get_by_role("radio", name="not read (cut)")
    cut.focus()
    expect(cut).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="shuffled")).to_be_checked()
    expect(page.locator(".gb-reaches")).to_contain_text("the order of the words")
    page.keyboard.press("Tab")
    expect(slider(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_be_visible()
    page.keyboard.press("Tab")
    expect(button(page, "Measure again here")).to_be_focused()
    page.keyboard.press("Tab")
    expect(button(page, "Reset")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cut).to_be_checked()


def test_a_click_on_the_chart_chooses_the_nearest_k(shown):
    page = shown.page
    chart = page.get_by_role("img", name="Extra loss over k.")
    points = chart.locator("circle")
    points.nth(6).click(force=True)  # the other curve's mark may lie on it
    expect(page.locator(".gb__number")).to_have_text("50")
    assert shown.widget.distance == 50
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] - 2, "y": 40})
    expect(page.locator(".gb__number")).to_have_text("300")


def test_the_curves_are_told_apart_without_colour(shown):
    page = shown.page
    expect(page.locator(".gb-chart circle")).to_have_count(12)
    expect(page.locator(".gb-chart g > rect")).to_have_count(10)
    dashes = page.locator(".gb-curve").evaluate_all("all => all.map(one => getComputedStyle(one).strokeDasharray)")
    assert dashes == ["none", "7px, 4px"]


def test_the_table_has_every_number(shown):
    page = shown.page
    page.locator("summary").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(13)
    expect(table.get_by_role("row").nth(1)).to_contain_text(shown.widget.board["rows"][0]["cells"][1])
    expect(table.locator(".gb-now")).to_contain_text("20")


def test_measuring_goes_on_by_itself_and_the_shipped_numbers_come_back(shown):
    page, widget = shown.page, shown.widget
    button(page, "Measure again here").click()
    expect(page.locator(".gb__body").get_by_text("10 words of noise, seed 7; measured here.")).to_be_visible()
    expect(button(page, "Stop")).to_have_count(0)
    assert widget.table.done == 1
    button(page, "Reset").click()
    expect(page.locator(".gb__body").get_by_text("2,000 words of WikiText-2")).to_be_visible()


def test_measuring_can_be_stopped(mount):
    def endless():
        table = next(measuring()())
        while True:
            yield table

    shown = mount(MemoryReach(shipped_reach(), measure=endless))
    page = shown.page
    button(page, "Measure again here").click()
    expect(page.get_by_role("progressbar", name="measured")).to_be_visible()
    button(page, "Stop").click()
    expect(button(page, "Measure again here")).to_be_visible()
    expect(page.locator(".gb__body").get_by_text("2,000 words of WikiText-2")).to_be_visible()


def test_what_is_said_is_what_is_seen(shown):
    status = shown.page.locator(".gb__live")
    expect(status).to_be_empty()
    slider(shown.page).focus()
    shown.page.keyboard.press("ArrowRight")
    extra = shown.widget.table.curve("lstm", "cut").extra[5]
    expect(status).to_contain_text(
        f"The last 30 tokens as they are. LSTM: {extra:.3f} nats more than with all, between"
    )
