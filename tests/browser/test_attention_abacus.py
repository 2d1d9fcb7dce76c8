"""AttentionAbacus with real clicks and keys: numbers, cells, guesses, steps, and bad input."""

import pytest
from playwright.sync_api import expect

from tests.makers.by_hand import abacus_of_a_head
from widgets import AttentionAbacus


@pytest.fixture
def shown(mount):
    return mount(AttentionAbacus())


def cell(page, step, row, column):
    names = ["1 · Scores", "2 · Scale", "3 · Mask", "4 · Softmax", "5 · Mix"]
    return page.get_by_role("group", name=names[step]).get_by_role("row").nth(row + 1).get_by_role("button").nth(column)


def guess(page):
    return page.get_by_role("textbox", name="your number")


def number(page, what):
    return page.get_by_role("textbox", name=what)


def question(page):
    return page.get_by_role("group", name="Question")


def test_a_cell_asks_before_it_shows(shown):
    page = shown.page
    expect(cell(page, 0, 1, 2)).to_have_text("?")
    cell(page, 0, 1, 2).click()
    expect(question(page)).to_contain_text("q₂·k₃ = ?")
    expect(question(page)).to_contain_text("How well does the query of “king” fit the key of “ruled”?")
    expect(guess(page)).to_be_focused()
    guess(page).fill("4")
    guess(page).press("Enter")
    expect(question(page)).to_contain_text("q₂·k₃ = 1×2 + 2×1 = 4")
    expect(question(page)).to_contain_text("Right, you said 4.")
    expect(cell(page, 0, 1, 2)).to_have_text("4 ✓")
    expect(page.locator(".gb__live")).to_contain_text("Step 1, Scores, row 2 king, column 3 ruled. Right, you said 4.")
    expect(page.locator(".gb__hint")).to_have_text("1 of 42 cells shown, 1 of 1 guesses right.")


def test_a_wrong_guess_is_told_kindly_with_the_truth(shown):
    page = shown.page
    cell(page, 3, 1, 0).click()
    guess(page).fill("0.5")
    page.get_by_role("button", name="Check").click()
    expect(question(page)).to_contain_text("e^0.71 / sum = 2.03 / (2.03 + 4.11) ≈ 0.33")
    expect(question(page)).to_contain_text("Not quite: you said 0.5, and it is 0.33.")
    expect(cell(page, 3, 1, 0)).to_have_text("0.33 ✗")
    expect(cell(page, 3, 1, 0)).to_have_accessible_name("2 king, 1 The: 0.33, your guess was wrong")


def test_the_whole_way_with_keys_alone(shown):
    """From the first number to a row of weights, without the mouse: Tab, arrows, digits, Enter."""
    page = shown.page
    number(page, "query of 1 The, number 1").focus()
    for key, name in [
        ("ArrowRight", "query of 1 The, number 2"),
        ("ArrowDown", "query of 2 king, number 2"),
        ("End", "value of 2 king, number 2"),
        ("Home", "query of 2 king, number 1"),
        ("ArrowUp", "query of 1 The, number 1"),
    ]:
        page.keyboard.press(key)
        expect(number(page, name)).to_be_focused()
    page.keyboard.press("Tab")  # one Tab stop for all numbers
    expect(guess(page)).to_be_focused()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Next hidden cell")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question(page)).to_contain_text("q₁·k₂ = ?")
    expect(guess(page)).to_be_focused()
    page.keyboard.type("-1")
    page.keyboard.press("Enter")
    expect(cell(page, 0, 0, 1)).to_have_text("−1 ✓")
    cell(page, 0, 0, 1).focus()
    for key, at in [
        ("ArrowRight", (0, 2)),
        ("ArrowDown", (1, 2)),
        ("Home", (1, 0)),
        ("ArrowDown", (2, 0)),
        ("End", (2, 2)),
    ]:
        page.keyboard.press(key)
        expect(cell(page, 0, *at)).to_be_focused()
        expect(cell(page, 0, *at)).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("-1")  # a digit in a cell begins the guess
    expect(guess(page)).to_have_value("-1")
    page.keyboard.press("Escape")
    expect(cell(page, 0, 2, 2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(guess(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page, 0, 2, 2)).to_have_text("−1 ✓")


def test_show_me_shows_without_a_guess(shown):
    page = shown.page
    cell(page, 2, 0, 1).click()
    expect(question(page)).to_contain_text("May “The” look at “king”? Then the score stays. If not, type -inf.")
    page.get_by_role("button", name="Show me").click()
    expect(cell(page, 2, 0, 1)).to_have_text("−∞")
    expect(question(page)).to_contain_text("masked q₁·k₂ = −∞: key 2 is later than query 1")
    assert shown.widget.guesses == {}


@pytest.mark.parametrize("typed", ["", "abc", "NaN", "1e999"])
def test_a_bad_number_keeps_the_old_one_and_says_why(shown, typed):
    page, field = shown.page, number(shown.page, "key of 1 The, number 2")
    field.fill(typed)
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("type a number from −100 to 100")
    expect(field).to_have_value("0")
    assert shown.widget.key[0] == (1.0, 0.0)
    field.fill("3")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert shown.widget.key[0] == (1.0, 3.0)


def test_a_bad_guess_keeps_what_was_typed(shown):
    page = shown.page
    guess(page).fill("two")
    guess(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(
        "“two” is no number; type your guess, for example 2, −0.5 or 1/3."
    )
    expect(guess(page)).to_have_value("two")
    expect(guess(page)).to_have_attribute("aria-invalid", "true")
    expect(cell(page, 0, 0, 0)).to_have_text("?")


def test_a_number_that_is_left_is_taken_and_what_is_shown_follows(shown):
    page = shown.page
    page.get_by_role("button", name="Reveal all").click()
    expect(cell(page, 0, 0, 0)).to_have_text("2")
    number(page, "query of 1 The, number 1").fill("5")
    page.keyboard.press("ArrowRight")
    expect(cell(page, 0, 0, 0)).to_have_text("5")
    expect(number(page, "query of 1 The, number 2")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, 0, 0, 0)).to_have_text("2")
    expect(number(page, "query of 1 The, number 1")).to_have_value("2")
    page.get_by_role("button", name="Hide all").click()
    expect(cell(page, 0, 0, 0)).to_have_text("?")
    number(page, "query of 1 The, number 1").fill("77")
    page.keyboard.press("Escape")
    expect(number(page, "query of 1 The, number 1")).to_have_value("2")


def test_switches_steps_and_sizes(shown):
    page = shown.page
    page.get_by_role("button", name="show step 4").click()
    expect(cell(page, 3, 0, 2)).to_have_text("0")
    page.get_by_role("checkbox", name="mask later keys").uncheck()
    expect(cell(page, 3, 0, 2)).not_to_have_text("0")
    expect(page.get_by_text("left out")).to_have_count(1)
    page.get_by_role("checkbox", name="divide by √d").uncheck()
    expect(page.get_by_text("left out")).to_have_count(2)
    page.get_by_role("combobox", name="tokens").select_option("5")
    expect(page.get_by_role("group", name="1 · Scores").get_by_role("row")).to_have_count(6)
    page.get_by_role("combobox", name="numbers each").select_option("3")
    expect(number(page, "value of 5 land, number 3")).to_have_value("3")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("group", name="1 · Scores").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("checkbox", name="divide by √d")).to_be_checked()


def test_python_and_the_page_see_the_same(shown):
    shown.widget.show_all()
    expect(cell(shown.page, 4, 1, 1)).to_have_text("2.01")
    shown.widget.selected = (4, 1, 1)
    expect(question(shown.page)).to_contain_text("number 2 of output 2 = 0.33×0 + 0.67×3 ≈ 2.01")
    shown.widget.query = [[0, 0], [1, 2], [-1, 1]]
    expect(number(shown.page, "query of 1 The, number 1")).to_have_value("0")
    expect(cell(shown.page, 0, 0, 0)).to_have_text("0")


def test_a_trained_head_shows_real_numbers_and_what_it_leaves_out(mount):
    shown = mount(abacus_of_a_head())
    page = shown.page
    expect(page.get_by_text("the hatched column holds the weight of the rest")).to_be_visible()
    expect(page.get_by_role("columnheader", name="all 6 others")).to_be_visible()
    expect(page.locator(".gb-abacus-top input[inputmode=decimal]").first).not_to_be_visible()  # nothing to type over
    cell(page, 3, 2, 4).click()
    expect(question(page)).to_contain_text("weight of all other tokens for query 6 = 1 − (")
    page.get_by_role("combobox", name="head").select_option("2")
    expect(page.get_by_text("Real numbers: layer 2, head 2 of the Transformer")).to_be_visible()
    assert shown.widget.head == 1
