"""LSTMStepper with real clicks and keys: sliders, steps, presets, and a real unit's tokens."""

import pytest
from playwright.sync_api import expect

from tests import tiny
from widgets import LSTMStepper


@pytest.fixture
def shown(mount):
    return mount(LSTMStepper())


@pytest.fixture
def real(mount):
    return mount(LSTMStepper(tiny.model("lstm").trace("The king was crowned in London", top_k=0), layer=1, unit=5))


def slider(page, name):
    return page.get_by_role("slider", name=name)


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def formulas(page):
    return page.locator(".gb-formulas")


def test_a_slider_moves_the_formula(shown):
    page = shown.page
    slider(page, "forget f").focus()
    page.keyboard.press("End")
    expect(formulas(page)).to_contain_text("1.000 · 1.000 + 0.500 · 0.600")
    assert shown.widget.forget == 1.0
    page.keyboard.press("ArrowLeft")
    expect(formulas(page)).to_contain_text("0.990 · 1.000")
    expect(slider(page, "forget f")).to_have_attribute("aria-valuetext", "0.990")
    expect(page.get_by_role("img", name="new memory 1.290")).to_be_visible()


def test_a_walk_by_keyboard(shown):
    page = shown.page
    slider(page, "input i").focus()
    for name in ("forget f", "candidate g", "output o", "old memory c"):
        page.keyboard.press("Tab")
        expect(slider(page, name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(button(page, "Step")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 step done")).to_have_count(2)  # in the card, and said
    page.keyboard.press("Space")
    expect(page.locator(".gb-steps")).to_have_text("2 steps done")
    expect(button(page, "Step")).to_be_focused()
    assert shown.widget.cell_state == pytest.approx(0.9 * 1.2 + 0.3)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".gb-steps")).to_have_text("1 step done")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".gb-steps")).to_have_text("0 steps done")


def test_presets_say_what_they_show(shown):
    page = shown.page
    button(page, "Count").click()
    expect(button(page, "Count")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".gb-lesson")).to_contain_text("c counts, and passes 1")
    for _ in range(3):
        button(page, "Step").click()
    expect(page.locator(".gb-steps")).to_have_text("3 steps done")
    assert shown.widget.cell_state == pytest.approx(1.3)
    button(page, "Hidden memory").click()
    expect(formulas(page)).to_contain_text("= 0.000 · 0.885 = 0.000")
    slider(page, "output o").focus()
    page.keyboard.press("End")
    expect(button(page, "Hidden memory")).to_have_attribute("aria-pressed", "false")


def test_pointing_at_a_strip_tells_the_number_there(shown):
    page = shown.page
    for _ in range(2):
        button(page, "Step").click()
    expect(page.locator(".gb-steps")).to_have_text("2 steps done")
    strip = page.locator(".gb-strip").first
    expect(strip.locator("b")).to_have_text("1.542")
    box = strip.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    expect(strip.locator("b")).to_have_text("1.200")
    page.mouse.move(0, 0)
    expect(strip.locator("b")).to_have_text("1.542")


def test_a_real_unit_reads_its_text_token_by_token(real):
    page, widget = real.page, real.widget
    tokens = page.get_by_role("listbox", name="tokens that the unit reads").get_by_role("option")
    expect(tokens).to_have_count(7)
    button(page, "Step").click()
    expect(tokens.nth(1)).to_have_attribute("aria-selected", "true")
    tokens.nth(4).click()
    expect(page.locator(".gb-steps")).to_have_text("4 steps done")
    expect(formulas(page)).to_contain_text(f"{widget.forget:.3f} · ")
    page.keyboard.press("End")
    expect(tokens.nth(6)).to_have_attribute("aria-selected", "true")
    expect(button(page, "Step")).to_have_attribute("aria-disabled", "true")
    button(page, "Step").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That was the last token of the text; press Back or Reset.")


def test_a_what_if_is_said_and_taken_back(real):
    page, widget = real.page, real.widget
    button(page, "Step").click()
    expect(page.locator(".gb-steps")).to_have_text("1 step done")
    back = button(page, "Back to the real values")
    expect(back).to_have_count(0)
    truth = widget.forget
    slider(page, "forget f").focus()
    page.keyboard.press("End")
    expect(page.locator(".gb-whatif")).to_contain_text("What if: forget differs from the real unit.")
    expect(page.locator(".gb-slides")).to_contain_text(f"really {truth:.3f}")
    back.click()
    expect(back).to_have_count(0)
    assert widget.forget == pytest.approx(truth)


def test_another_unit_is_chosen_and_a_wrong_one_explained(real):
    page = real.page
    unit = page.get_by_role("spinbutton", name="unit")
    expect(unit).to_have_value("6")  # counted from 1
    unit.fill("9")
    unit.press("Enter")
    expect(page.locator(".gb-steps")).to_have_text("0 steps done")
    assert (real.widget.layer, real.widget.unit) == (1, 8)
    unit.fill("99")
    unit.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("unit must be a whole number from 0 to 15")
    expect(unit).to_have_value("9")


def test_what_is_said_is_what_is_seen(real):
    status = real.page.locator(".gb__live")
    expect(status).to_be_empty()
    button(real.page, "Step").click()
    expect(status).to_contain_text("The, token 2 of 7. 1 step done. Old memory ")
    expect(status).to_contain_text(f"new memory {real.widget.cell.new_cell_state:.3f}".replace("-", "−"))


def test_dragging_ends_where_the_hand_is(shown):
    page = shown.page
    page.evaluate("globalThis.slow = toPython; globalThis.toPython = message => setTimeout(() => slow(message), 60); 0")
    page.evaluate("""() => { const s = document.querySelector('[data-name=forget]');
      for (let v = 0; v <= .755; v += .05) { s.value = v; s.dispatchEvent(new Event('input')); } }""")
    expect(formulas(page)).to_contain_text("0.750 · 1.000")
    assert page.evaluate("sent.length") == 2
