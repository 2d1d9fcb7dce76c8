"""SurrogateTree with real clicks and keys: the path of a text, branches, the cut, and what is said of them."""

import pytest
from playwright.sync_api import expect

from tests.makers.surrogate import grow, models
from tests.widgets.test_surrogate_tree import record
from widgets import SurrogateTree


@pytest.fixture
def shown(mount):
    return mount(SurrogateTree(record(), text="the was"))


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_a_typed_text_goes_another_way(shown):
    page = shown.page
    tree = page.get_by_role("tree", name="the tree")
    expect(tree.get_by_role("treeitem")).to_have_count(5)
    expect(page.locator(".gb-say")).to_contain_text("the tree guesses king (100 % of its places there)")
    page.get_by_role("textbox", name="Text").fill("He was in")
    page.keyboard.press("Enter")
    expect(page.locator(".gb-say")).to_contain_text("After 1 question, the tree guesses the (90.0 %")
    expect(tree.get_by_role("treeitem")).to_have_count(3)
    expect(page.locator(".gb-here").get_by_role("treeitem")).to_have_count(2)


def test_a_walk_through_the_tree_by_keyboard(shown):
    page = shown.page
    items = page.get_by_role("treeitem")
    chosen = page.locator("[role=treeitem][aria-selected=true]")
    expect(chosen).to_contain_text("king")
    chosen.focus()
    page.keyboard.press("ArrowUp")
    expect(items.filter(has_text="second last")).to_be_focused()
    expect(page.locator(".gb-look")).to_contain_text("60 of 100 places come here")
    expect(page.locator(".gb__live")).to_have_text(
        "no: Is the second last word “the”? most often was, 50.0 % of 60 places. Is the last word “in”? No."
    )
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".gb-look")).to_contain_text("40 of 100 places come here")
    page.keyboard.press("Home")
    expect(items.first).to_be_focused()
    expect(page.locator(".gb-look")).to_contain_text("All places start here.")
    page.keyboard.press("End")
    expect(page.locator(".gb-look")).to_contain_text("50 of 100 places come here")
    expect(page.locator("[role=treeitem][tabindex='0']")).to_have_count(1)


def test_a_branch_opens_with_enter_and_closes_with_escape(mount):
    page = mount(SurrogateTree(record(), text="in")).page
    items = page.get_by_role("treeitem")
    folded = items.filter(has_text="2 more nodes")
    expect(folded).to_have_attribute("aria-expanded", "false")
    expect(folded).to_have_attribute("aria-level", "2")
    folded.focus()
    page.keyboard.press("Enter")
    expect(items).to_have_count(5)
    expect(items.filter(has_text="second last")).to_be_focused()
    expect(items.filter(has_text="second last")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(items).to_have_count(3)
    items.filter(has_text="2 more nodes").click()
    expect(items).to_have_count(5)
    button(page, "Back to the text's path").click()
    expect(items).to_have_count(3)
    expect(button(page, "Back to the text's path")).to_be_hidden()


def test_the_cut_moves_by_slider_and_by_the_chart(shown):
    page = shown.page
    cut = page.get_by_role("slider", name="cut the tree after")
    cut.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".gb__number")).to_have_text("1 question")
    expect(page.get_by_role("treeitem")).to_have_count(3)
    expect(page.locator(".gb__body > p").filter(has_text="Cut after 1 question")).to_contain_text("55.0 % of 20")
    chart = page.get_by_role("img", name="Cut after 1 question")
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] - 20, "y": 60})
    expect(page.locator(".gb__number")).to_have_text("2 questions")
    expect(cut).to_have_attribute("aria-valuetext", "2 questions")
    assert shown.widget.depth == 2


def test_held_out_and_grown_on_are_told_apart_without_colour(shown):
    looks = shown.page.locator(".gb-curve0, .gb-curve1").evaluate_all(
        "all => all.map(one => getComputedStyle(one).strokeDasharray)"
    )
    assert looks == ["none", "9px, 4px"]
    for words in ("held-out text", "the text that it was grown on", "always guessing “the”"):
        expect(shown.page.locator(".gb-over").filter(has_text=words)).to_be_visible()


def test_the_other_model_has_another_tree(mount):
    page = mount(SurrogateTree(*models(), text="the king was", grow=grow())).page
    page.get_by_label("model", exact=True).select_option("Transformer")
    expect(page.locator(".gb-say")).to_contain_text("The Transformer's first choice is")
    page.get_by_role("option", name="was").click()
    expect(page.get_by_role("option", name="was")).to_have_attribute("aria-selected", "true")
    button(page, "Undo").click()
    expect(page.get_by_role("option", name="the next word, after the text")).to_have_attribute("aria-selected", "true")
    button(page, "Reset").click()
    expect(page.locator(".gb-say")).to_contain_text("The LSTM's first choice is")
    expect(page.locator(".gb__live")).to_contain_text("After")
