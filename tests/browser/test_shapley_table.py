"""ShapleyTable with real clicks and keys: steps, the way through the sets, playing, groups, and what is said."""

import pytest
from playwright.sync_api import expect

from tests.makers.shapley import TEXT, coalitions

FIVE = "The king was crwoned in"


@pytest.fixture
def shown(mount):
    return mount(coalitions(FIVE))


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def here(page):
    return page.locator(".gb-sets [aria-current=step]")


def test_steps_walk_through_the_sets(shown):
    page, widget = shown.page, shown.widget
    expect(page.locator(".gb-sets button")).to_have_count(32)
    expect(here(page)).to_have_attribute("data-mask", "0")
    button(page, "Step").click()
    first = widget.present_order[0]
    expect(here(page)).to_have_attribute("data-mask", str(1 << first))
    chip = page.locator(".gb-chips button").first
    expect(chip).to_contain_text(widget.board["chips"][0]["gain"])
    expect(page.locator(".gb-chips .gb-in")).to_have_count(1)
    expect(page.locator(".gb-about")).to_have_text(here(page).get_attribute("aria-label"))
    expect(page.locator(".gb__live")).to_contain_text(" joins first: ")
    for _ in range(4):
        button(page, "Step").click()
    expect(here(page)).to_have_attribute("data-mask", "31")
    expect(page.locator(".gb-sets .gb-in")).to_have_count(6)
    expect(page.get_by_role("columnheader", name="mean of 1 order")).to_be_visible()


def test_a_walk_by_keyboard(shown):
    page, widget = shown.page, shown.widget
    here(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    focused = page.locator(".gb-sets button:focus")
    expect(page.locator(".gb-about")).to_have_text(focused.get_attribute("aria-label"))
    mask = int(focused.get_attribute("data-mask"))
    page.keyboard.press("Enter")
    expect(here(page)).to_have_attribute("data-mask", str(mask))
    expect(here(page)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(here(page)).to_have_attribute("data-mask", "31")
    expect(page.locator(".gb__body").get_by_text("An order of your own")).to_be_visible()
    button(page, "Step").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gb-chips .gb-in")).to_have_count(1)
    page.locator(".gb-chips button[tabindex='0']").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")  # who waits joins next
    expect(page.locator(".gb-chips .gb-in")).to_have_count(2)
    assert widget.joined == 2


def test_a_waiting_word_that_is_clicked_joins_next(shown):
    page, widget = shown.page, shown.widget
    waiting = page.locator(".gb-chips button").nth(3)
    player = widget.present_order[3]
    expect(waiting).to_have_accessible_name(f"let {widget.board['chips'][3]['word']} join next")
    waiting.click()
    expect(here(page)).to_have_attribute("data-mask", str(1 << player))
    page.locator(".gb-chips .gb-in").click(force=True)  # who has joined stays
    assert widget.joined == 1


def test_playing_goes_to_the_end_by_itself(shown):
    page = shown.page
    page.emulate_media(reduced_motion="reduce")  # at once, without waiting
    button(page, "Play").click()
    expect(page.locator(".gb-chips .gb-in")).to_have_count(5)
    expect(button(page, "Play")).to_be_visible()
    expect(page.locator(".gb__live")).to_contain_text("1 gone through")


def test_playing_can_be_stopped(shown):
    page = shown.page
    button(page, "Play").click()
    expect(page.locator(".gb-chips .gb-in")).to_have_count(1)
    button(page, "Stop").click()
    expect(button(page, "Play")).to_be_visible()
    button(page, "Undo").click()
    expect(page.locator(".gb-chips .gb-in")).to_have_count(0)


def test_many_orders_bring_the_mean_to_the_value(shown):
    page, widget = shown.page, shown.widget
    button(page, "Another order").click()
    expect(page.get_by_role("columnheader", name="mean of 1 order")).to_be_visible()
    button(page, "100 orders").click()
    expect(page.get_by_role("columnheader", name="mean of 101 orders")).to_be_visible()
    expect(page.locator(".gb-signed u")).to_have_count(5)
    assert widget.n_orders == 101
    button(page, "New seed").click()
    expect(page.locator(".gb-seed")).to_have_text("seed 1")
    expect(page.locator(".gb-signed u")).to_have_count(0)


def test_the_table_has_every_set(shown):
    page = shown.page
    page.locator("summary").click()
    rows = page.locator(".gb-all tbody tr")
    expect(rows).to_have_count(32)
    expect(rows.first).to_contain_text("no word")
    expect(rows.last).to_contain_text("The, king, was, crwoned and in")


def test_more_words_are_grouped_and_the_grouping_can_be_chosen(shown):
    page, widget = shown.page, shown.widget
    players = page.get_by_role("combobox", name="players")
    expect(players).to_be_hidden()
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.keyboard.press("Enter")
    expect(page.get_by_text("12 words would make 4,096 sets.")).to_be_visible()
    expect(page.locator(".gb-sets button")).to_have_count(256)
    players.select_option("even")
    expect(page.get_by_text("The king (2 words)").first).to_be_visible()
    assert widget.grouping == "even"
    button(page, "Reset").click()
    expect(page.locator(".gb-sets button")).to_have_count(32)


def test_kernel_shap_draws_as_many_sets_as_are_chosen(shown):
    page, widget = shown.page, shown.widget
    page.get_by_role("combobox", name="KernelSHAP draws").select_option("256")
    expect(page.get_by_text("KernelSHAP from 256 drawn sets")).to_be_visible()
    assert widget.kernel.details["n_samples"] == 256
