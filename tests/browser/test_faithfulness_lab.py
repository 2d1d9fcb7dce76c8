"""FaithfulnessLab with real clicks and keys: words go, curves come and go, layers are drawn anew, methods compared."""

import re

import pytest
from playwright.sync_api import expect

from tests.makers.faithfulness import lab, table
from widgets import FaithfulnessLab


@pytest.fixture
def shown(mount):
    return mount(lab(shown=("occlusion", "saliency"), k=2, table=table()))


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def slider(page):
    return page.get_by_role("slider")


def test_words_go_with_the_slider(shown):
    page, widget = shown.page, shown.widget
    expect(page.locator(".gb-gone")).to_have_count(2)
    expect(page.locator(".gb-gone").first).to_contain_text("<unk>")
    slider(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb-gone")).to_have_count(3)
    expect(page.locator(".gb-panel")).to_contain_text("With 3 of 10 words taken away, the log-probability of")
    expect(slider(page)).to_have_attribute("aria-valuetext", "3 of 10")
    expect(page.locator(".gb__live")).to_contain_text(widget.board["spoken"])
    struck = page.locator(".gb-gone > bdi").first.evaluate("node => getComputedStyle(node).textDecorationLine")
    assert struck == "line-through"
    page.keyboard.press("End")
    expect(page.locator(".gb-gone")).to_have_count(10)
    assert widget.k == 10


def test_a_click_on_the_chart_chooses_k(shown):
    page = shown.page
    chart = page.get_by_role("img", name="words taken away")
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] - 20, "y": 60})
    expect(page.locator(".gb__number")).to_have_text("10 of 10")


def test_words_come_back_in_the_reversed_order(shown):
    page = shown.page
    page.get_by_label("words are").select_option("put back")
    page.get_by_label("in the order of").select_option("saliency, reversed")
    expect(page.locator(".gb-gone")).to_have_count(8)
    expect(page.locator(".gb-panel")).to_contain_text("With 2 of 10 words put back")
    widget = shown.widget
    assert (widget.direction, widget.follow, widget.backwards) == ("insertion", "saliency", True)


def test_curves_are_chosen_in_the_table_and_told_apart_without_colour(shown):
    page = shown.page
    third = page.get_by_role("checkbox", name="curve of attention")
    third.check()
    expect(page.locator(".gb-plot .gb-curve2")).to_have_count(1)
    looks = page.locator(".gb-curve0, .gb-curve1, .gb-curve2").evaluate_all(
        "all => all.map(one => getComputedStyle(one).strokeDasharray)"
    )
    assert len(set(looks)) == 3
    for words in ("occlusion", "saliency", "attention"):
        expect(page.locator(".gb-over").filter(has_text=re.compile(f"^{words}$"))).to_be_visible()
    page.get_by_role("checkbox", name="curve of integrated gradients").click()
    expect(page.get_by_role("alert")).to_contain_text("3 curves are the most")
    expect(page.get_by_role("checkbox", name="curve of integrated gradients")).not_to_be_checked()
    third.focus()
    page.keyboard.press("Space")
    expect(page.locator(".gb-plot .gb-curve2")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_rest_is_worked_out_while_the_page_is_idle(shown):
    page = shown.page
    page.get_by_role("textbox", name="Text").fill("The queen was born in London")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).not_to_contain_text("…")
    expect(page.get_by_role("row", name="4 random orders")).to_be_visible()
    assert shown.widget.board["pending"] is False


def test_another_meaning_of_missing_is_another_verdict(shown):
    page = shown.page
    page.get_by_label("a missing word is read as").select_option("nothing: it is left out")
    expect(page.locator(".gb-facts")).to_contain_text("by what is read in place of a missing word: <unk>: ")
    expect(page.locator(".gb-gone > i").first).to_be_empty()
    page.get_by_label("to the methods, missing is").select_option("<unk>")
    expect(page.locator(".gb-facts")).to_contain_text("Occlusion was asked with another meaning of 'missing'")


def test_layers_are_drawn_anew(shown):
    page = shown.page
    page.get_by_role("radio", name="Throw the model away").check()
    expect(page.locator(".gb__number")).to_have_text("top layer")
    expect(page.locator(".gb-read > b")).to_have_text(["occlusion, as trained", "occlusion, drawn anew: top layer"])
    slider(page).focus()
    page.keyboard.press("End")
    expect(page.locator(".gb__number")).to_have_text("everything")
    expect(page.locator(".gb-facts")).to_contain_text("With nothing left of what was learned: occlusion")
    expect(page.get_by_role("row", name="saliency")).to_contain_text(re.compile(r"[+−]\d\.\d\d"))
    page.get_by_label("scores of").select_option("saliency")
    expect(page.locator(".gb-read > b").first).to_have_text("saliency, as trained")
    button(page, "Other random weights").click()
    expect(page.locator(".gb-panel")).to_contain_text("drawn from seed 1")


def test_two_methods_over_many_lines(shown):
    page = shown.page
    page.get_by_role("radio", name="Over many lines").check()
    page.get_by_label("compare", exact=True).select_option("integrated gradients")
    page.get_by_label("with", exact=True).select_option("occlusion")
    expect(page.locator(".gb-panel")).to_contain_text("integrated gradients minus occlusion is +1.00")
    expect(page.locator(".gb-panel")).to_contain_text("12 lines of noise")
    expect(page.get_by_role("row", name="random orders")).to_be_visible()
    expect(slider(page)).to_have_count(0)
    page.get_by_label("measure").select_option("insertion")
    expect(page.get_by_role("img")).to_be_visible()
    assert shown.widget.measure == "insertion"


def test_a_walk_by_keyboard(mount):
    page = mount(lab(shown=("occlusion",), k=0)).page
    page.get_by_role("radio", name="Take words away").focus()
    page.keyboard.press("Tab")
    expect(slider(page)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb-gone")).to_have_count(1)
    for name in ("words are", "in the order of", "to the methods, missing is"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(button(page, "Other random orders")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="4 random orders")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.get_by_role("radio", name="Take words away").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Throw the model away")).to_be_checked()
    expect(page.locator(".gb-read > b").first).to_have_text("occlusion, as trained")


def test_a_model_without_attention_says_so_in_its_row(shown):
    page = shown.page
    page.get_by_label("model", exact=True).select_option("LSTM")
    expect(page.get_by_role("row", name="attention")).to_contain_text("An LSTM has no attention weights")


def test_undo_and_reset(shown):
    page = shown.page
    page.get_by_label("explain its").select_option("probability")
    expect(page.locator(".gb-panel")).to_contain_text("the probability of")
    button(page, "Undo").click()
    expect(page.locator(".gb-panel")).to_contain_text("the log-probability of")
    page.get_by_role("radio", name="Over many lines").check()
    button(page, "Reset").click()
    expect(page.get_by_role("radio", name="Take words away")).to_be_checked()
    assert isinstance(shown.widget, FaithfulnessLab)
