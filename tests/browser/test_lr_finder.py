"""LRFinder with real clicks and keys: predict, show, compare, choose, and a live test that is stopped."""

import pytest
from playwright.sync_api import expect

from tests.makers.rates import FakeFinder, rates
from widgets import LRFinder


class SlowFinder(FakeFinder):
    """A live test that never comes to its end."""

    def curve(self):
        if self.state == "running":
            self._n = min(self._n, 90)  # so it stays at step 100
        return super().curve()


@pytest.fixture
def shown(mount):
    return mount(LRFinder(rates(), live=FakeFinder))


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def slider(page):
    return page.get_by_role("slider", name="your rate")


def chart(page):
    return page.get_by_role("img", name="Loss over the learning rate.")


def test_a_prediction_by_keyboard_then_the_answers(shown):
    page, widget = shown.page, shown.widget
    expect(page.locator(".gb-finds")).not_to_contain_text("falls fastest")
    slider(page).focus()
    before = page.locator(".gb-plot .gb-here").first.get_attribute("d")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".gb-rate")).to_have_text("0.01")
    expect(slider(page)).to_have_attribute("aria-valuetext", "rate 0.01")
    expect(page.locator(".gb-plot .gb-here").first).not_to_have_attribute("d", before)
    page.keyboard.press("Tab")
    expect(button(page, "Show what such rates reach")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".gb-finds")).to_contain_text(
        "Your rate 0.01: the nearest whole runs had perplexity 12.1 at 0.01"
    )
    expect(page.locator(".gb-finds")).to_contain_text("The best of these 4 runs")
    expect(page.get_by_role("img", name="Perplexity after whole runs.")).to_be_visible()
    assert widget.guess == 0.01
    assert widget.revealed is True
    page.locator("summary").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(5)
    button(page, "Hide the answers").click()
    expect(page.locator(".gb-finds")).not_to_contain_text("falls fastest")


def test_a_click_on_the_chart_sets_the_rate(shown, eventually):
    page = shown.page
    box = chart(page).bounding_box()
    chart(page).click(position={"x": box["width"] * 0.6, "y": box["height"] / 2})
    eventually(lambda: shown.widget.guess > 0.1)
    expect(page.locator(".gb-plot").first).to_contain_text(
        f"your rate {shown.widget.places[shown.widget.board['place']]}"
    )


def test_model_optimizer_and_text_are_chosen_by_name(shown):
    page = shown.page
    page.get_by_role("combobox", name="optimizer").select_option("plain gradient descent")
    expect(page.locator(".gb-finds")).to_contain_text("LSTM, plain gradient descent: one training of 150 steps")
    page.get_by_role("combobox", name="model").select_option("Transformer")
    expect(page.locator(".gb-finds")).to_contain_text("Transformer, plain gradient descent")
    page.get_by_role("combobox", name="text").select_option("other words")
    button(page, "Show what such rates reach").click()
    expect(page.locator(".gb-finds")).to_contain_text("No whole runs of this text are here.")
    expect(page.get_by_role("img", name="Perplexity after whole runs.")).to_have_count(0)
    button(page, "Reset").click()
    expect(page.get_by_role("combobox", name="text")).to_have_value("noise")


def test_a_live_test_goes_on_by_itself_to_its_end(shown):
    page = shown.page
    button(page, "Run it here, on noise").click()
    expect(page.locator(".gb__bar").get_by_text("the first 150 losses are the same to three digits")).to_be_visible(
        timeout=20_000
    )
    expect(button(page, "Stop")).to_have_count(0)
    expect(page.locator(".gb__live")).to_contain_text("finished. Step 150 of 150")
    assert shown.widget.live_curve.ended == "whole"
    expect(page.locator(".gb-plot .gb-curve1")).to_have_count(1)


def test_a_live_test_is_stopped_and_what_it_did_stays(mount):
    shown = mount(LRFinder(rates(), live=SlowFinder))
    page = shown.page
    button(page, "Run it here, on noise").click()
    expect(page.locator(".gb__bar").get_by_text("Step 100 of 150")).to_be_visible(timeout=20_000)
    slider(page).focus()
    page.keyboard.press("End")  # the page answers meanwhile
    expect(page.locator(".gb-rate")).to_have_text("10,000")
    button(page, "Stop").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gb__bar").get_by_text("lstm with adamw on noise: stopped.")).to_be_visible()
    expect(page.locator(".gb__live")).to_contain_text("lstm with adamw on noise: stopped.")
    expect(button(page, "Run it here, on noise")).to_be_focused()
    assert shown.widget.live_curve.losses.size == 100


def test_what_is_said_is_what_is_seen(shown):
    status = shown.page.locator(".gb__live")
    expect(status).to_be_empty()
    button(shown.page, "Show what such rates reach").click()
    expect(status).to_contain_text("it falls fastest at")
    expect(status).to_contain_text("The best of these 4 runs had the rate 0.03")
