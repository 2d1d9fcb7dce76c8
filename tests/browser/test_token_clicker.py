"""TokenClicker with real clicks and keys, and real Python behind them."""

import pytest
from playwright.sync_api import expect

from tests.fakes import FakeModel
from widgets import TokenClicker

TEXT = "The king was crwoned in <unk> Abbey"


def option(page, name, **more):
    return page.get_by_role("option", name=name, **more)


@pytest.fixture
def shown(mount):
    return mount(TokenClicker(FakeModel().tokenize(TEXT), [1, 2, 3, 4, 5, 6, 7], unit="nats"))


def test_a_click_selects_in_python_and_in_the_page(shown):
    seen = []
    shown.widget.observe(lambda change: seen.append(change.new), names="selected")
    option(shown.page, "king").click()
    expect(option(shown.page, "king")).to_have_attribute("aria-selected", "true")
    expect(shown.page.locator(".gb__body").get_by_text("Selected: king, 2.0 nats")).to_be_visible()
    assert (shown.widget.selected, seen) == (1, [1])
    assert len(shown.wire.sent) == 1  # one click, one answer


def test_names_say_the_word_the_value_and_what_is_special(shown):
    expect(option(shown.page, "crwoned, not in the vocabulary, read as <unk>, 4.0 nats")).to_be_visible()
    expect(option(shown.page, "<unk>, the unknown word, 6.0 nats")).to_be_visible()
    expect(shown.page.locator(".gb__body").get_by_text("dotted: not in the vocabulary")).to_be_visible()


def test_keys_select(shown):
    page, chosen = shown.page, shown.page.locator("[aria-selected=true]")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for key, word in [
        ("ArrowRight", "king"),
        ("ArrowRight", "was"),
        ("ArrowLeft", "king"),
        ("End", "Abbey"),
        ("Home", "The"),
    ]:
        page.keyboard.press(key)
        expect(chosen).to_have_accessible_name(f"{word}, {TEXT.split().index(word) + 1}.0 nats")
        expect(chosen).to_be_focused()
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    assert shown.widget.selected is None


def test_there_is_one_tab_stop(shown):
    assert shown.page.locator("[role=option][tabindex='0']").count() == 1


def test_up_and_down_go_to_the_row_above_and_below(mount):
    page = mount(TokenClicker([f"word{i}" for i in range(40)]), width=600).page
    option(page, "word3", exact=True).click()
    top = option(page, "word3", exact=True).bounding_box()
    page.keyboard.press("ArrowDown")
    below = page.locator(":focus").bounding_box()
    assert below["y"] > top["y"]
    assert abs(below["x"] - top["x"]) < top["width"]
    page.keyboard.press("ArrowUp")
    assert page.locator(":focus").bounding_box()["y"] == top["y"]


def test_hovering_previews_and_does_not_select(shown):
    option(shown.page, "Abbey").hover()
    expect(shown.page.locator(".gb__body").get_by_text("Here: Abbey, 7.0 nats")).to_be_visible()
    assert shown.widget.selected is None
    shown.page.mouse.move(5, 700)
    expect(shown.page.locator(".gb__body").get_by_text("Nothing is selected")).to_be_visible()


def test_python_changes_are_painted(shown):
    shown.widget.selected = 2
    expect(option(shown.page, "was")).to_have_attribute("aria-selected", "true")
    shown.widget.tokens = ["only", "two"]
    expect(shown.page.get_by_role("option")).to_have_count(2)
    expect(shown.page.locator("[aria-selected=true]")).to_have_count(0)


def test_a_click_on_a_text_that_has_changed_is_refused(shown):
    shown.wire.page = None  # the page does not hear of the new text
    shown.widget.tokens = ["other", "words"]
    shown.wire.page = shown.page
    option(shown.page, "Abbey").click()
    expect(shown.page.get_by_role("alert")).to_contain_text("The text has changed in the meantime")
    assert shown.widget.selected is None


def test_one_and_two_thousand_tokens(mount):
    page = mount(TokenClicker(["one"])).page
    expect(page.get_by_role("option")).to_have_count(1)
    shown = mount(TokenClicker([f"t{i}" for i in range(2000)]))
    expect(shown.page.get_by_role("option")).to_have_count(512)
    expect(shown.page.get_by_role("note")).to_have_text("2,000 tokens were given; the first 512 are shown.")


HOSTILE = [
    "<script>window.__x=1</script>",
    "<img src=x onerror=window.__x=1>",
    "\U0001f468‍\U0001f469‍\U0001f467",
    "שלום",
    "\u202eabc",
    "\x00",
    "\ud83d",
    "x" * 10_000,
    "</script><script>window.__x=1</script>",
    "&lt;b&gt;",
    "{0} %s $\\frac{",
    "",
    "<eos>",
]


def test_hostile_tokens_are_only_text(mount):
    shown = mount(TokenClicker(HOSTILE, list(range(len(HOSTILE))), title=HOSTILE[0], say=HOSTILE[1], unit="<b>"))
    page = shown.page
    expect(page.get_by_role("option")).to_have_count(len(HOSTILE))
    for i in range(len(HOSTILE)):
        page.get_by_role("option").nth(i).click()
        expect(page.get_by_role("option").nth(i)).to_have_attribute("aria-selected", "true")
    assert page.get_by_role("option").nth(0).locator("bdi").inner_text() == HOSTILE[0]
    assert page.get_by_role("option").nth(12).locator("bdi").inner_text() == "↵ <eos>"
    assert page.evaluate("[window.__x, document.querySelectorAll('.gb script, .gb img, .gb b').length]") == [None, 0]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280
    page.set_content(shown.widget.static_html())
    assert page.evaluate("[window.__x, document.querySelectorAll('script, img').length]") == [None, 0]


def test_a_line_without_values_has_no_legend(mount):
    page = mount(TokenClicker(["the", "king"])).page
    expect(option(page, "king")).to_be_visible()
    expect(page.locator(".gb-legend")).to_be_hidden()
