"""ClipGauge with real clicks and keys: the arrow, the limit, whole gradients, and runs with and without."""

import pytest
from playwright.sync_api import expect

from lessons.clipping import shipped_clipping
from widgets import ClipGauge


@pytest.fixture
def shown(mount):
    return mount(ClipGauge(shipped_clipping()))


def slider(page, name):
    return page.get_by_role("slider", name=name)


def tab(page, name):
    return page.get_by_role("radio", name=name)


def row(page, name):
    return page.get_by_role("row", name=name)


def test_the_arrow_is_moved_by_keys_and_only_value_turns_it(shown):
    page, widget = shown.page, shown.widget
    expect(row(page, "by norm")).to_contain_text("0.0°")
    expect(row(page, "by value")).to_contain_text("15.3°")
    slider(page, "second component").focus()
    page.keyboard.press("Home")
    expect(row(page, "gradient")).to_contain_text("−4.00")
    expect(row(page, "by norm")).to_contain_text("0.0°")
    assert widget.gradient == (3.0, -4.0)
    expect(page.locator(".gb-finds")).to_contain_text("By norm: both components times 1.50 / 5.00 = 0.30.")
    slider(page, "limit").focus()
    page.keyboard.press("End")
    expect(page.locator(".gb-finds")).to_contain_text("is within 6.00, so nothing is changed")
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(slider(page, "second component")).to_have_value("1")


def test_a_click_in_the_chart_puts_the_arrows_tip_there(shown, eventually):
    page, widget = shown.page, shown.widget
    tip = page.evaluate(
        """() => { const svg = document.querySelector('.gb-plot'), at = svg.createSVGPoint();
        const [l, r, t, b, e] = AREA;
        at.x = l + (r - l) * (e - 2) / (2 * e); at.y = t + (b - t) * (e - 3) / (2 * e);
        const on = at.matrixTransform(svg.getScreenCTM()); return [on.x, on.y]; }""".replace(
            "AREA", str(widget.board["plot"]["area"])
        )
    )
    page.mouse.click(*tip)
    eventually(lambda: widget.gradient == (-2.0, 3.0))
    expect(row(page, "gradient")).to_contain_text("−2.00")


def test_the_limit_tells_how_often_a_training_is_clipped(shown):
    page, widget = shown.page, shown.widget
    tab(page, "A training's gradients").click()
    clipped = int((widget.run.gradient_norm > widget.run.settings["clip"]).sum())
    expect(page.locator(".gb-finds")).to_contain_text(f"{clipped} of 200 steps")
    slider(page, "limit").focus()
    page.keyboard.press("Home")
    expect(page.locator(".gb-finds")).to_contain_text("200 of 200 steps (100 %)")
    page.keyboard.press("End")
    expect(page.locator(".gb-finds")).to_contain_text("0 of 200 steps (0 %)")
    page.locator("summary").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(11)
    expect(page.get_by_role("columnheader", name="by value: turned by")).to_be_visible()


def test_with_and_without_for_each_training(shown):
    page, widget = shown.page, shown.widget
    tab(page, "With and without").click()
    choice = page.get_by_role("combobox", name="training")
    for clipped, _ in widget.table.runs:
        choice.select_option(clipped.name)
        expect(page.locator(".gb-finds")).to_contain_text(f"{clipped.name}: clipped at")
    expect(page.locator(".gb-plot .gb-curve1")).to_have_count(1)


def test_a_walk_by_keyboard(shown):
    page = shown.page
    tab(page, "One gradient").focus()
    page.keyboard.press("ArrowRight")
    expect(tab(page, "A training's gradients")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="training")).to_be_focused()
    page.keyboard.press("Tab")
    expect(slider(page, "limit")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_be_visible()


def test_what_is_said_is_what_is_seen(shown):
    status = shown.page.locator(".gb__live")
    expect(status).to_be_empty()
    slider(shown.page, "first component").focus()
    shown.page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("By norm: both components times 1.50 / 3.26 = 0.46.")
    expect(status).to_contain_text("The arrow turns by")
