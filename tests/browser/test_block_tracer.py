"""BlockTracer with real clicks and keys: the grid, the switches, the way of a token, a long text."""

import pytest
from playwright.sync_api import expect

from tests import tiny
from widgets import BlockTracer

TEXT = "The king was crowned in London"


@pytest.fixture(scope="module")
def two_models():
    return tiny.model("lstm"), tiny.model("transformer")


@pytest.fixture
def shown(mount, two_models):
    return mount(BlockTracer(*two_models, text=TEXT))


def cell(page, row, place):
    return (
        page.get_by_role("grid", name="layers and places")
        .get_by_role("row")
        .nth(row + 1)
        .get_by_role("gridcell")
        .nth(place)
    )


def heading(page):
    return page.locator(".gb-heading")


def switch(page, part, block):
    return page.get_by_role("group", name=f"{part} of block").get_by_role("button", name=str(block), exact=True)


def test_a_click_on_a_cell_shows_what_happens_there_in_one_round_trip(shown):
    cell(shown.page, 4, 3).click()  # the first block of the Transformer, at `was`
    expect(heading(shown.page)).to_have_text("After was, token 3 of 6: what would the head say comes next?")
    assert (shown.widget.selected, shown.widget.layer) == (3, 1)
    assert len(shown.wire.sent) == 1
    assert shown.page.evaluate("sent.length") == 1
    expect(shown.page.get_by_role("group", name="Transformer", exact=True)).to_contain_text("read at block 1")
    expect(shown.page.get_by_role("group", name="LSTM", exact=True)).to_contain_text("read at layer 1")
    for row, selected in [(1, True), (4, True), (0, False), (5, False)]:
        expect(cell(shown.page, row, 3)).to_have_attribute("aria-selected", str(selected).lower())
    expect(cell(shown.page, 4, 3)).to_be_focused()


def test_a_cell_says_in_words_what_its_colour_says(shown):
    for row in range(6):
        for place in range(7):
            seen = shown.widget.grid["rows"][row]
            name = cell(shown.page, row, place).get_attribute("aria-label")
            assert f"{seen['words'][place]} {seen['shares'][place]}" in name
            assert ("the true next word" in name) == (place in seen["true"])
    cell(shown.page, 2, 1).hover()
    label = cell(shown.page, 2, 1).get_attribute("aria-label")
    expect(shown.page.locator(".gb-about")).to_have_text(label)
    heading(shown.page).hover()
    expect(shown.page.locator(".gb-about")).to_have_text(cell(shown.page, 5, 6).get_attribute("aria-label"))


def test_keys_walk_the_grid_in_two_dimensions(shown):
    page = shown.page
    page.get_by_role("button", name="Read").focus()
    page.keyboard.press("Tab")
    expect(cell(page, 5, 6)).to_be_focused()  # the last answer: one Tab stop for all cells
    for key, row, place in [
        ("ArrowUp", 4, 6),
        ("Home", 4, 0),
        ("ArrowRight", 4, 1),
        ("ArrowUp", 3, 1),
        ("ArrowUp", 2, 1),  # into the LSTM
        ("ArrowDown", 3, 1),
        ("ArrowLeft", 3, 0),
        ("ArrowLeft", 3, 0),
        ("End", 3, 6),
        ("ArrowRight", 3, 6),
    ]:
        page.keyboard.press(key)
        expect(cell(page, row, place)).to_be_focused()
        expect(cell(page, row, place)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    expect(heading(page)).to_contain_text("at the start of the line")
    expect(cell(page, 3, 0)).to_be_focused()  # and not the LSTM's row that shows the same layer
    assert (shown.widget.selected, shown.widget.layer) == (0, 0)
    page.keyboard.press("Tab")
    expect(switch(page, "attention", 1)).to_be_focused()


def test_many_quick_keys_are_two_questions(shown, held_back):
    with held_back():
        cell(shown.page, 5, 6).click()
        for _ in range(5):
            shown.page.keyboard.press("ArrowLeft")
    expect(heading(shown.page)).to_contain_text("After The")
    expect(cell(shown.page, 5, 1)).to_be_focused()
    assert shown.page.evaluate("sent.length") == 2  # the first, and where the keys have come to meanwhile


def test_headings_can_be_clicked_too(shown):
    shown.page.get_by_role("columnheader", name="crowned").click()
    expect(heading(shown.page)).to_contain_text("After crowned")
    shown.page.get_by_role("rowheader", name="embedding + position").click()
    expect(shown.page.get_by_role("group", name="Transformer", exact=True)).to_contain_text(
        "read at embedding + position"
    )
    assert (shown.widget.selected, shown.widget.layer) == (4, 0)


def test_a_switch_changes_grid_bars_and_loss_in_one_round_trip(shown):
    page, before = shown.page, shown.widget.grid
    switch(page, "MLP", 1).click()
    expect(switch(page, "MLP", 1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("fieldset b")).to_contain_text("Loss of the text under the Transformer")
    expect(page.locator("p[role=status]")).to_contain_text("Loss of the text under the Transformer")
    assert len(shown.wire.sent) == 1
    assert shown.widget.mlp_off == (0,)
    assert shown.widget.grid != before
    expect(page.get_by_role("group", name="Transformer", exact=True)).to_contain_text(" → ")
    expect(page.get_by_role("row", name="MLP 1 (off)")).to_be_visible()
    expect(page.get_by_text("another word than with everything on", exact=True)).to_be_visible()
    row, place = next((i, row["moved"][0]) for i, row in enumerate(shown.widget.grid["rows"]) if row["moved"])
    assert "another word than with everything on" in cell(page, row, place).get_attribute("aria-label")
    switch(page, "attention", 1).press("Enter")
    expect(switch(page, "attention", 1)).to_have_attribute("aria-pressed", "true")
    assert (shown.widget.attention_off, shown.widget.mlp_off) == ((0,), (0,))
    page.get_by_role("button", name="Everything on").click()
    expect(switch(page, "MLP", 1)).to_have_attribute("aria-pressed", "false")
    expect(page.locator("fieldset b")).to_be_empty()
    assert shown.widget.grid == before


def test_two_quick_switches_are_both_done(shown, eventually, held_back):
    with held_back():
        for part, block in [("attention", 1), ("attention", 2), ("MLP", 1)]:
            switch(shown.page, part, block).click()
    eventually(lambda: (shown.widget.attention_off, shown.widget.mlp_off) == ((0, 1), (0,)))
    expect(switch(shown.page, "attention", 2)).to_have_attribute("aria-pressed", "true")


def test_the_live_line_says_what_is_seen(shown):
    status = shown.page.locator("p[role=status]")
    expect(status).to_have_text("")
    cell(shown.page, 4, 3).click()
    expect(status).to_contain_text("After was, token 3 of 6")
    expect(status).to_contain_text("read at block 1. Transformer: ")
    expect(status).to_contain_text("What comes is crowned")


def test_a_text_is_typed_and_a_bad_one_gets_a_sentence(shown):
    page, field = shown.page, shown.page.get_by_role("textbox", name="Text")
    field.fill("He was born")
    field.press("Enter")
    expect(heading(page)).to_contain_text("After born, token 3 of 3")
    good = shown.widget.get_state(["grid", "board", "controls"])
    field.fill("  ")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The text is empty; type at least one word.")
    assert shown.widget.get_state(["grid", "board", "controls"]) == good
    page.get_by_role("button", name="Reset").click()
    expect(heading(page)).to_contain_text("After London")
    expect(field).to_have_value(TEXT)


def test_a_long_text_scrolls_and_keeps_its_headings(mount):
    deep = tiny.model("transformer", context_length=64)
    tracer = BlockTracer(deep, text=" ".join(["The king was born in London ."] * 12))
    page = mount(tracer).page
    expect(page.get_by_role("note")).to_contain_text("the last 63 are shown")
    last, row_heading = cell(page, 2, 63), page.get_by_role("rowheader", name="block 2 (answer)")
    scroller = page.locator(".gb-scroll").bounding_box()

    def inside(box):
        return scroller["x"] <= box["x"] and box["x"] + box["width"] <= scroller["x"] + scroller["width"]

    assert inside(last.bounding_box())  # what is selected is in view
    assert inside(row_heading.bounding_box())
    last.focus()
    page.keyboard.press("Home")
    expect(cell(page, 2, 0)).to_be_focused()
    assert inside(cell(page, 2, 0).bounding_box())
    heads = row_heading.bounding_box()
    assert cell(page, 2, 0).bounding_box()["x"] >= heads["x"] + heads["width"]  # not hidden behind the headings
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280


def test_markup_and_right_to_left_words_are_words(mount, two_models):
    page = mount(BlockTracer(*two_models, text="<img src=x onerror=alert(1)> שלום king")).page
    assert page.locator(".gb img").count() == 0
    expect(page.get_by_role("columnheader", name="שלום")).to_be_visible()


def test_a_model_without_blocks_has_no_switches(mount, two_models):
    page = mount(BlockTracer(two_models[0], text=TEXT)).page
    expect(page.get_by_role("button", name="Everything on")).to_be_hidden()
    expect(page.get_by_role("gridcell")).to_have_count(21)
