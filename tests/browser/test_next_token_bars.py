"""NextTokenBars with real clicks and keys."""

import pytest
from playwright.sync_api import expect

from tests.fakes import FakeModel
from widgets import NextTokenBars

MODEL = FakeModel("lstm")


@pytest.fixture
def shown(mount):
    picked = []
    record = MODEL.next_tokens("The king was crowned in", top_k=5, position=3)
    shown = mount(NextTokenBars(record, on_pick=picked.append))
    shown.picked, shown.record = picked, record
    return shown


def bars(page):
    return page.get_by_role("toolbar", name="LSTM: most probable words").get_by_role("button")


def test_every_word_its_share_and_the_rest(shown):
    page = shown.page
    expect(bars(page)).to_have_count(6)  # five and the true word
    for i, p in enumerate(shown.record.probabilities):
        expect(bars(page).nth(i)).to_contain_text(f"{100 * p:.1f} %")
    expect(page.locator(".gb__body").get_by_text("all other 43 words")).to_be_visible()
    expect(page.locator(".gb__body").get_by_text(f"rank {shown.record.true_rank} of 49")).to_be_visible()
    expect(bars(page).nth(5)).to_have_accessible_name(f"crowned (the true word, rank {shown.record.true_rank}) 2.8 %")


def test_a_bar_is_as_wide_as_the_legend_says(shown):
    expect(shown.page.locator(".gb__body").get_by_text("A full bar is 20 %")).to_be_visible()
    widths = "[...document.querySelectorAll('button.gb-row')].map(row => row.children[1].getBoundingClientRect().width)"
    full = shown.page.evaluate(
        "(row => { const s = getComputedStyle(row).gridTemplateColumns.split(' '); return parseFloat(s[1]); })"
        "(document.querySelector('.gb-row'))"
    )
    shown.page.wait_for_function("document.getAnimations().length === 0")
    for width, p in zip(shown.page.evaluate(widths), shown.record.probabilities, strict=False):
        assert width / full == pytest.approx(p / 0.2, abs=0.01)


def test_a_click_tells_python_each_time(shown, eventually):
    bars(shown.page).nth(1).click()
    bars(shown.page).nth(1).click()
    eventually(lambda: shown.picked == [shown.record.tokens[1]] * 2)
    assert shown.widget.clicked == shown.record.tokens[1]


def test_keys_go_along_the_bars(shown, eventually):
    bars(shown.page).first.focus()
    shown.page.keyboard.press("ArrowDown")
    expect(bars(shown.page).nth(1)).to_be_focused()
    shown.page.keyboard.press("End")
    expect(bars(shown.page).nth(5)).to_be_focused()
    shown.page.keyboard.press("Enter")
    eventually(lambda: shown.picked == ["crowned"])
    assert shown.page.locator("button.gb-row[tabindex='0']").count() == 1


def test_a_new_record_takes_the_place_of_the_old(shown):
    shown.widget.record = MODEL.next_tokens("The king", top_k=3)
    expect(bars(shown.page)).to_have_count(3)
    expect(shown.page.locator(".gb__body").get_by_text("all other 46 words")).to_be_visible()
    expect(shown.page.locator(".truth")).to_have_count(0)


def test_a_failing_callback_is_shown(mount):
    def fail(token):
        raise KeyError("my mistake")

    shown = mount(NextTokenBars(MODEL.next_tokens("The king"), on_pick=fail))
    bars(shown.page).first.click()
    expect(shown.page.get_by_role("alert")).to_contain_text("KeyError")
    assert shown.widget.clicked is not None
