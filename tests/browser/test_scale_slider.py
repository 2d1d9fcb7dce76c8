"""ScaleSlider with real clicks and keys."""

import pytest
from playwright.sync_api import expect

from widgets import ScaleSlider


@pytest.fixture
def shown(mount):
    return mount(ScaleSlider())


def panel(page, name):
    return page.get_by_role("group", name=name, exact=True)


def test_the_slider_walks_by_keys_and_everything_follows(shown):
    page, slider = shown.page, shown.page.get_by_role("slider", name="d, numbers in a vector")
    expect(slider).to_have_attribute("aria-valuetext", "d = 64")
    expect(panel(page, "with √d")).to_contain_text("softmax of q·k / 8.00")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "d = 512")
    expect(panel(page, "with √d")).to_contain_text("softmax of q·k / 22.63")
    assert shown.widget.d == 512
    share = shown.widget.board["panels"][0]["rows"][0]["share"]
    expect(panel(page, "without √d")).to_contain_text(share)
    expect(page.locator(".gb__live")).to_contain_text("d is 512, seed 7. without √d: key")
    page.keyboard.press("Home")
    expect(panel(page, "with √d")).to_contain_text("softmax of q·k / 1.41")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "d = 3")


def test_another_draw_repeat_and_reset(shown):
    page = shown.page
    page.get_by_role("button", name="Another draw").click()
    expect(page.get_by_text("seed 8", exact=True)).to_be_visible()
    page.get_by_role("button", name="Repeat exactly").click()
    expect(page.locator(".gb__hint", has_text="Drawn once more with seed 8: every score is the same")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("seed 7", exact=True)).to_be_visible()
    expect(page.get_by_text("Drawn once more")).to_have_count(0)


def test_curves_have_words_and_averages_are_called_so(shown):
    page = shown.page
    expect(page.get_by_role("img", name="size of the gradient, mean over many draws: without √d")).to_be_visible()
    expect(page.get_by_role("columnheader", name="mean of 100 draws, with √d")).to_be_visible()
    expect(page.get_by_role("rowheader", name="effective number of keys")).to_be_visible()


def test_dragging_ends_where_the_hand_is(shown):
    page = shown.page
    page.evaluate("globalThis.slow = toPython; globalThis.toPython = message => setTimeout(() => slow(message), 60); 0")
    page.evaluate("""() => { const s = document.querySelector('[type=range]');
      for (let v = 0; v <= 12; v++) { s.value = v; s.dispatchEvent(new Event('input')); } }""")
    expect(panel(page, "with √d")).to_contain_text("softmax of q·k / 11.31")
    assert page.evaluate("sent.length") == 2
    assert shown.widget.d == 128
    expect(page.get_by_role("slider")).to_have_value("12")
