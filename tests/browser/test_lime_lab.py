"""LimeLab with real clicks and keys: the sliders, the dots, the texts, the seeds, and what is said."""

import pytest
from playwright.sync_api import expect

from tests.makers.lime import TEXT, lab


@pytest.fixture
def shown(mount):
    return mount(lab(TEXT, n_samples=32))


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def rows(page):
    return page.locator(".gb-texts tbody tr")


def test_the_sliders_draw_more_texts_and_weigh_them_otherwise(shown):
    page, widget = shown.page, shown.widget
    expect(page.locator(".gb-chart circle")).to_have_count(33)  # one for each text, and the ring
    texts = page.get_by_role("slider", name="texts")
    texts.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb-chart circle")).to_have_count(65)
    expect(texts).to_have_attribute("aria-valuetext", "64")
    assert widget.n_samples == 64
    weight = rows(page).nth(1).locator("td").last
    before = weight.inner_text()
    width = page.get_by_role("slider", name="kernel width")
    width.focus()
    page.keyboard.press("End")
    expect(weight).not_to_have_text(before)
    assert widget.kernel_width == 2
    expect(width).to_have_attribute("aria-valuetext", "2")


def test_a_dot_tells_its_sum_and_its_row_is_found(shown):
    page, widget = shown.page, shown.widget
    page.get_by_role("combobox", name="Texts, sorted").select_option("weight")
    page.locator(".gb-chart g circle").nth(20).click(force=True)
    expect(page.locator(".gb-sum")).to_contain_text(f"Text {widget.picked + 1}, what the line says: ")
    expect(button(page, f"text {widget.picked + 1}")).to_have_attribute("aria-pressed", "true")


def test_a_walk_by_keyboard(shown):
    page, widget = shown.page, shown.widget
    button(page, "text 1").focus()
    ring = page.locator(".gb-chart > circle")
    expect(ring).to_have_attribute("cx", f"{widget.dots[0]:g}")
    page.keyboard.press("ArrowDown")
    expect(button(page, "text 2")).to_be_focused()
    expect(ring).to_have_attribute("cx", f"{widget.dots[3]:g}")
    page.keyboard.press("Enter")
    expect(page.locator(".gb-sum")).to_contain_text("Text 2, what the line says: ")
    expect(page.locator(".gb__live")).to_contain_text("Text 2, what the line says: ")
    page.keyboard.press("End")
    expect(button(page, "text 12")).to_be_focused()
    button(page, "Next ▸").focus()
    page.keyboard.press("Enter")
    expect(button(page, "text 13")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(button(page, "text 1")).to_be_visible()  # after the last page comes the first
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(button(page, "text 32")).to_be_visible()


def test_missing_words_are_struck_out_and_not_read_aloud(shown):
    page, widget = shown.page, shown.widget
    row = widget.board["texts"][1]
    words = rows(page).nth(1).locator("td").first.locator("span")
    for i, bit in enumerate(row["there"]):
        line = words.nth(i).evaluate("node => getComputedStyle(node).textDecorationLine")
        assert (words.nth(i).get_attribute("aria-hidden"), line) == (
            ("true", "line-through") if bit == "0" else (None, "none")
        )


def test_ten_seeds_run_by_themselves(shown):
    page, widget = shown.page, shown.widget
    button(page, "Run 10 seeds").click()
    expect(page.locator(".gb-seeds p")).to_have_count(2)
    expect(page.locator(".gb-seeds")).to_contain_text("of 10 seeds")
    expect(page.get_by_role("columnheader", name="over 10 seeds")).to_be_visible()
    expect(page.locator(".gb-signed u")).to_have_count(10 * len(widget.fit.attribution))
    expect(page.locator(".gb__live")).to_contain_text("Over the 10 seeds a score varies by")
    expect(button(page, "Run 10 seeds")).to_be_visible()


def test_another_seed_repeat_undo_and_reset(shown):
    page, widget = shown.page, shown.widget
    button(page, "Another seed").click()
    expect(page.locator(".gb-seed")).to_have_text("seed 1")
    button(page, "Repeat exactly").click()
    expect(page.locator(".gb__live")).to_contain_text("Asked again with seed 1: the same texts, numbers and slopes")
    button(page, "Undo").click()
    expect(page.locator(".gb-seed")).to_have_text("seed 0")
    page.get_by_role("textbox", name="Text").fill("the queen was born")
    page.keyboard.press("Enter")
    expect(rows(page).first.locator("td").first).to_have_text("thequeenwasborn")
    button(page, "Reset").click()
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    assert widget.seed == 0


def test_what_is_said_is_what_is_seen(shown):
    status = shown.page.locator(".gb__live")
    expect(status).to_be_empty()
    button(shown.page, "Another seed").click()
    expect(status).to_contain_text(f"R² = {shown.widget.fit.attribution.details['r_squared']:.2f}")
    word = shown.widget.fit.attribution.order[0]
    expect(status).to_contain_text(f"Largest slopes: {shown.widget.board['words'][word]} ")
