"""MaskPainter with real clicks and keys."""

import pytest
from playwright.sync_api import expect

from widgets import MaskPainter


@pytest.fixture
def shown(mount):
    return mount(MaskPainter())


def cell(page, query, key):
    return page.get_by_role("button", name=f"{query} looks at {key}:")


def row(page, table, query):
    head = page.get_by_role("rowheader", name=query, exact=True)
    return page.get_by_role("group", name=table).get_by_role("row").filter(has=head)


def test_a_click_hides_and_shows_a_key(shown):
    page = shown.page
    expect(row(page, "Mask after the softmax", "3 ruled")).to_contain_text("0.75 ✗ not 1")
    expect(row(page, "Mask before the softmax", "3 ruled")).to_contain_text("1 ✓")
    cell(page, "3 ruled", "2 king").click()
    expect(cell(page, "3 ruled", "2 king")).to_have_text("−∞")
    expect(cell(page, "3 ruled", "2 king")).to_have_attribute("aria-pressed", "true")
    expect(row(page, "Mask before the softmax", "3 ruled")).to_contain_text("0.5")
    expect(row(page, "Mask after the softmax", "3 ruled")).to_contain_text("0.25 ✗ not 1")
    expect(page.locator(".gb__live")).to_contain_text("11 of 25 cells are hidden.")
    cell(page, "3 ruled", "2 king").click()
    expect(cell(page, "3 ruled", "2 king")).to_have_text("1.39")
    assert shown.widget.visible[2][1] is True


def test_keys_paint_too(shown):
    page = shown.page
    cell(page, "1 The", "1 The").focus()
    for key, at in [
        ("ArrowRight", ("1 The", "2 king")),
        ("ArrowDown", ("2 king", "2 king")),
        ("End", ("2 king", "5 <pad>")),
        ("ArrowDown", ("3 ruled", "5 <pad>")),
        ("Home", ("3 ruled", "1 The")),
    ]:
        page.keyboard.press(key)
        expect(cell(page, *at)).to_be_focused()
    page.keyboard.press("Space")
    expect(cell(page, "3 ruled", "1 The")).to_have_text("−∞")
    expect(cell(page, "3 ruled", "1 The")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page, "3 ruled", "1 The")).to_have_text("0.00")
    page.keyboard.press("Tab")  # one Tab stop for the whole grid
    expect(cell(page, "3 ruled", "2 king")).not_to_be_focused()


def test_presets_undo_and_reset(shown):
    page = shown.page
    expect(page.get_by_role("button", name="causal")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="none").click()
    expect(row(page, "Mask after the softmax", "1 The")).to_contain_text("1 ✓")
    expect(page.locator(".gb__body").get_by_text("no weight was taken away")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="causal")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="self only").click()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("button", name="causal")).to_have_attribute("aria-pressed", "true")


def test_a_closed_row_is_explained(shown):
    page = shown.page
    cell(page, "1 The", "1 The").click()
    expect(page.locator(".gb-mask-facts")).to_contain_text(
        "Row 1 The: every key is hidden, so the softmax would divide 0 by 0"
    )
    expect(row(page, "Mask before the softmax", "1 The")).to_contain_text("none ✗")
    expect(page.get_by_role("alert")).to_have_count(0)
