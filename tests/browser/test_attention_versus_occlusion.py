"""AttentionVersusOcclusion with real clicks and keys: dots, labels, heads, and the hunt."""

import pytest
from playwright.sync_api import expect

from tests.makers.versus import TEXT, versus


@pytest.fixture
def shown(mount):
    return mount(versus())


def dots(page):
    return page.get_by_role("listbox", name="words, by attention").get_by_role("option")


def box(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def centres(page):
    found = dots(page).evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    return [(one["x"] + one["width"] / 2, one["y"] + one["height"] / 2) for one in found]


def test_a_dot_stands_farther_right_the_more_attention_its_word_gets(shown):
    places = centres(shown.page)
    weights, sizes = shown.widget.attention, abs(shown.widget.lost)
    assert len(places) == len(weights)
    assert sorted(range(len(places)), key=lambda i: places[i][0]) == weights.argsort(kind="stable").tolist()
    by_height = [sizes[i] for i in sorted(range(len(places)), key=lambda i: -places[i][1])]
    assert by_height == pytest.approx(sorted(sizes), abs=0.01)


FIRST_HIDDEN = "all => all.findIndex(one => one.matches('.none'))"


def test_labels_never_lie_on_each_other_and_the_dot_pointed_at_has_one(mount):
    page = mount(versus(text=" ".join([TEXT] * 2)), width=480).page
    hidden = page.locator(".gb-label").evaluate_all(FIRST_HIDDEN)
    assert hidden >= 0
    shown = page.locator(".gb-label:not(.none)").evaluate_all("all => all.map(one => one.getBoundingClientRect())")
    for i, a in enumerate(shown):
        for b in shown[:i]:
            beside = a["right"] <= b["left"] + 0.5 or b["right"] <= a["left"] + 0.5
            assert beside or a["bottom"] <= b["top"] + 0.5 or b["bottom"] <= a["top"] + 0.5
    dots(page).nth(hidden).dispatch_event("pointerover")
    expect(page.locator(".gb-label").nth(hidden)).to_have_class("gb-label now")
    expect(page.locator(".gb-label").nth(hidden)).to_be_visible()


def test_the_arrows_follow_the_axes(shown):
    page, weights, sizes = shown.page, shown.widget.attention, abs(shown.widget.lost)
    dots(page).first.focus()
    page.keyboard.press("Home")
    expect(dots(page).nth(int(weights.argmin()))).to_be_focused()
    for i in weights.argsort(kind="stable")[1:4].tolist():
        page.keyboard.press("ArrowRight")
        expect(dots(page).nth(i)).to_be_focused()
        expect(page.locator(".gb-about")).to_have_text(shown.widget.board["dots"][i]["words"])
    page.keyboard.press("End")
    expect(dots(page).nth(int(weights.argmax()))).to_be_focused()
    for _ in range(len(sizes)):
        page.keyboard.press("ArrowUp")
    expect(dots(page).nth(int(sizes.argmax()))).to_be_focused()
    expect(dots(page).nth(int(sizes.argmax()))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    expect(page.locator(".gb-about")).to_contain_text("Point at a dot")


def test_the_word_that_is_pointed_at_is_said_and_marked_in_the_table(shown):
    page = shown.page
    page.get_by_text("All words, as a table").click()
    dots(page).nth(2).hover()
    expect(page.locator(".gb-about")).to_have_text(shown.widget.board["dots"][2]["words"])
    expect(page.locator(".gb-now")).to_have_text("".join(shown.widget.board["rows"][2]))
    page.mouse.move(2, 2)
    expect(page.locator(".gb-now")).to_have_count(0)


def test_layer_head_and_sign(shown):
    page, widget = shown.page, shown.widget
    box(page, "attention of").select_option("layer 1")
    expect(page.get_by_text("→ attention weight: layer 1, mean over 2 heads")).to_be_visible()
    box(page, "head").select_option(index=2)
    expect(page.get_by_text("→ attention weight: layer 1, head 2")).to_be_visible()
    assert (widget.layer, widget.head) == (0, 1)
    box(page, "change").select_option("with its sign")
    expect(page.get_by_text("↑ what the log-probability loses without the word, in nats")).to_be_visible()
    expect(page.locator(".gb__live")).to_contain_text("layer 1, head 2. Rank correlation")
    box(page, "attention of").select_option("rollout over all")
    expect(page.get_by_text("→ attention weight: rollout over all layers")).to_be_visible()
    expect(box(page, "head")).to_be_hidden()
    button(page, "Reset").click()
    expect(page.get_by_text("→ attention weight: layer 2, mean over 2 heads")).to_be_visible()


def test_words_against_are_told_apart_without_colour(shown):
    shapes = dots(shown.page).evaluate_all("all => all.map(one => getComputedStyle(one, '::before').borderRadius)")
    against = shown.widget.lost < 0
    assert 0 < against.sum() < len(against)
    assert shapes == ["0px" if one else "50%" for one in against]


def test_a_hunt_from_the_first_click_to_a_counter_example(shown):
    page, widget = shown.page, shown.widget
    button(page, "Hunt for counter-examples").click()
    expect(button(page, "Hunt again")).to_be_visible()
    expect(page.locator(".gb__live")).to_contain_text("a word picked blindly would be it in")
    rows = page.get_by_role("listitem")
    expect(rows).to_have_count(6)
    box(page, "ranked by").select_option("largest change, least attention")
    first = widget.hunt["rows"][0]
    expect(rows.first).to_contain_text(first["before"] + first["target"])
    assert widget.order == "overlooked"
    open_first = rows.first.get_by_role("button")
    open_first.focus()
    page.keyboard.press("Enter")
    expect(open_first).to_have_attribute("aria-current", "true")
    expect(page.locator(".gb-why")).to_contain_text(f"expect {first['target']} as word")
    expect(button(page, "Hunt again")).to_be_visible()
    button(page, "Undo").click()
    expect(page.locator(".gb-why")).to_contain_text("after the text?")
    button(page, "Reset").click()
    expect(rows).to_have_count(0)
    expect(button(page, "Hunt for counter-examples")).to_be_visible()


def test_a_hunt_can_be_stopped_and_goes_on(shown, monkeypatch, eventually):
    page, widget = shown.page, shown.widget
    monkeypatch.setattr("widgets.versus_hunt.PIECE", 0)
    button(page, "Hunt for counter-examples").click()
    button(page, "Stop").click()
    go_on = button(page, "Go on hunting")
    expect(go_on.or_(button(page, "Hunt again"))).to_be_visible()
    if go_on.is_visible():
        n = len(widget.found)
        go_on.click()
        eventually(lambda: len(widget.found) > n)
    expect(button(page, "Hunt again")).to_be_visible()


def test_a_mistake_is_said_and_nothing_is_lost(shown):
    page = shown.page
    page.get_by_role("listbox", name="the predicted word").get_by_role("option").first.click()
    expect(page.get_by_role("alert")).to_contain_text("No word stands before the first word")
    expect(dots(page)).to_have_count(len(shown.widget.lost))
