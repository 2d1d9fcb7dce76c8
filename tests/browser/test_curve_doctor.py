"""CurveDoctor with real clicks and keys: the wall, the evidence, wrong and right diagnoses, the score."""

import pytest
from playwright.sync_api import expect

from lessons.curves import shipped_curves
from widgets import CurveDoctor
from widgets.curve_diagnoses import DIAGNOSES


@pytest.fixture
def shown(mount):
    return mount(CurveDoctor(shipped_curves(), seed=0))


def chart(page, letter):
    return page.get_by_role("button", name=f"Curve {letter}")


def diagnosis(page, fault):
    return page.get_by_role("group", name="diagnoses").get_by_role("button", name=DIAGNOSES[fault].name)


def test_a_curve_is_looked_at_and_diagnosed(shown):
    page, widget = shown.page, shown.widget
    expect(page.locator(".gb-small")).to_have_count(8)
    chart(page, "D").click()
    expect(page.get_by_role("heading", name="Curve D")).to_be_visible()
    expect(chart(page, "D")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("img", name="Curve D. Training perplexity")).to_be_visible()
    fault = widget.curve("D").fault
    wrong = next(name for name in DIAGNOSES if name != fault)
    diagnosis(page, wrong).click()
    expect(page.locator(".gb-answer")).to_contain_text(f"“{DIAGNOSES[wrong].name}” does not fit.")
    expect(diagnosis(page, wrong)).to_have_text(f"✗ {DIAGNOSES[wrong].name}")
    diagnosis(page, fault).click()
    expect(page.locator(".gb-answer")).to_contain_text(DIAGNOSES[fault].cure)
    expect(page.locator(".gb-answer .gb-code")).to_contain_text(widget.curve("D").wrong)
    expect(chart(page, "D")).to_contain_text(f"✓ {DIAGNOSES[fault].name}")
    expect(page.locator(".gb__body").get_by_text("1 of 8 found out, 0 at the first try.")).to_be_visible()


def test_a_walk_by_keyboard(shown):
    page, widget = shown.page, shown.widget
    chart(page, "A").focus()
    page.keyboard.press("ArrowRight")
    expect(chart(page, "B")).to_be_focused()
    expect(page.get_by_role("heading", name="Curve B")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="Curve H")).to_be_visible()
    expect(page.locator(".gb__live")).to_contain_text("Curve H. Training perplexity goes from")
    page.keyboard.press("Tab")
    expect(diagnosis(page, "healthy")).to_be_focused()
    for _ in range(list(DIAGNOSES).index(widget.curve("H").fault)):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".gb__live")).to_contain_text("1 of 8 found out, 1 at the first try.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show all answers")).to_be_focused()


def test_all_answers_and_back(shown):
    page, widget = shown.page, shown.widget
    page.get_by_role("button", name="Show all answers").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Hang them anew")).to_be_focused()
    for letter in "ABCDEFGH":
        expect(chart(page, letter)).to_contain_text(DIAGNOSES[widget.curve(letter).fault].name)
    expect(page.get_by_role("button", name="Show all answers")).to_be_hidden()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("button", name="Show all answers")).to_be_visible()
    expect(page.locator(".gb-known").first).to_be_empty()
    page.get_by_role("button", name="Hang them anew").click()
    expect(page.get_by_text("Order: seed 1.")).to_be_visible()
    assert widget.seed == 1
