"""ImportanceExplorer with real clicks and keys: the table, the words, what really happens, refining in pieces."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_token_clicker import HOSTILE
from tests.makers.importance import TEXT, explorer, models
from widgets import ImportanceExplorer

WORDS = TEXT.split()


@pytest.fixture
def shown(mount):
    return mount(explorer())


def row(page, label):
    return page.get_by_role("grid", name="methods and words").get_by_role("row").filter(has_text=label).first


def cell(page, label, place):
    return row(page, label).locator("td.word").nth(place)


def tokens(page):
    return page.get_by_role("listbox", name="the predicted word").get_by_role("option")


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def happens(page):
    """What really happens without the word pointed at."""
    return page.locator(".gb-gone")


def text_field(page):
    return page.get_by_role("textbox", name="Text", exact=True)


def test_the_methods_are_rows_over_the_same_words(shown):
    page = shown.page
    heads = page.get_by_role("grid", name="methods and words").get_by_role("columnheader")
    assert heads.all_inner_texts()[:4] == ["method", "deletion score", "rank agreement", "texts read"]
    assert heads.all_inner_texts()[4:] == WORDS
    for drawn in shown.widget.board["rows"][:-1]:
        line = row(page, drawn["name"])
        expect(line.get_by_role("rowheader")).to_contain_text(drawn["sub"])
        for place in (0, len(WORDS) - 1):
            expect(line.locator("td.word").nth(place)).to_contain_text(drawn["cells"][place])
        for i, fact in enumerate(drawn["facts"]):
            expect(line.locator("td.fact").nth(i)).to_have_text("".join(fact))
    expect(row(page, "3 random orders")).to_contain_text("what a method has to beat")


def test_a_sign_has_a_hue_and_what_has_no_sign_has_stripes(shown):
    page, scores = shown.page, shown.widget.attributions["shapley"].scores
    for place in (int(scores.argmax()), int(scores.argmin())):
        sign = "against" if scores[place] < 0 else None
        assert cell(page, "Shapley values", place).get_attribute("data-sign") == sign
    images = "node => getComputedStyle(node).backgroundImage"
    assert "repeating" not in cell(page, "LIME", 0).evaluate(images)
    assert "repeating" in cell(page, "saliency", 0).evaluate(images)
    expect(page.locator(".gb-legend--signed")).to_contain_text("one scale for occlusion, integrated gradients")
    expect(page.locator(".gb-legend--size")).to_have_count(3)


def test_pointing_at_a_word_says_what_really_happens_without_it(shown):
    page, widget = shown.page, shown.widget
    cell(page, "LIME", 1).hover()
    expect(happens(page)).to_contain_text("Without king (read as <unk>): ")
    said = "".join(widget.removed["1"])
    expect(happens(page)).to_have_text(said)
    expect(page.locator(".gb__live")).to_have_text(said)
    expect(page.locator(".gb-methods td.at")).to_have_count(8)
    sent = len(shown.wire.sent)
    page.get_by_role("columnheader", name="king").hover()
    page.mouse.move(0, 0)
    expect(happens(page)).to_contain_text("Point at a word")
    cell(page, "saliency", 1).hover()
    expect(happens(page)).to_have_text(said)
    assert len(shown.wire.sent) == sent  # it was asked once


def test_keys_walk_the_table_in_two_dimensions(shown):
    page = shown.page
    last = len(WORDS) - 1
    assert page.locator(".gb-methods [tabindex='0']").count() == 1
    cell(page, "occlusion", last).focus()
    for key, label, place in [
        ("ArrowLeft", "occlusion", last - 1),
        ("ArrowDown", "integrated gradients", last - 1),
        ("Home", "integrated gradients", 0),
        ("ArrowUp", "occlusion", 0),
        ("ArrowUp", "occlusion", 0),
        ("End", "occlusion", last),
        ("ArrowRight", "occlusion", last),
    ]:
        page.keyboard.press(key)
        expect(cell(page, label, place)).to_be_focused()
        expect(happens(page)).to_contain_text(f"Without {WORDS[place]} ")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    expect(cell(page, "attention rollout", last)).to_be_focused()
    assert page.locator(".gb-methods [tabindex='0']").count() == 1
    expect(page.locator(".gb__live")).to_contain_text("Without church")


def test_a_row_without_answers_is_walked_over_and_says_why(mount):
    page = mount(explorer(asked="LSTM", baseline="delete")).page
    expect(row(page, "attention")).to_contain_text("An LSTM has no attention weights.")
    expect(row(page, "integrated gradients")).to_contain_text("needs a vector")
    expect(page.get_by_role("alert")).to_have_count(0)
    cell(page, "occlusion", 3).focus()
    page.keyboard.press("ArrowDown")
    expect(cell(page, "LIME", 3)).to_be_focused()
    expect(happens(page)).to_contain_text("(left out)")


def test_a_click_on_a_word_asks_about_it_in_one_answer_and_the_rest_follows(mount):
    shown = mount(ImportanceExplorer(models()[0], text=TEXT, n_samples=64, n_random=2, refine=False))
    page, widget = shown.page, shown.widget
    page.wait_for_function("!model.get('board').busy")
    sent = len(shown.wire.sent)
    tokens(page).nth(3).click()
    expect(page.locator(".gb-heading")).to_have_text("Why does the Transformer expect <unk> as word 4?")
    assert {"question", "board"} <= shown.wire.sent[sent]["state"].keys()
    assert page.get_by_role("columnheader").all_inner_texts()[4:] == WORDS[:3]
    expect(row(page, "integrated gradients").locator("td.word")).to_have_count(3)
    expect(row(page, "saliency").locator("td.fact").first).to_have_text(re.compile("[0-9]"))
    button(page, "Go on refining").click()
    expect(row(page, "2 random orders")).to_contain_text("mean")
    assert widget.is_finished


def test_samples_are_refined_while_the_page_is_idle_until_they_are_stopped(mount, eventually):
    shown = mount(ImportanceExplorer(models()[0], text=TEXT, n_samples=4096))
    page, widget = shown.page, shown.widget
    expect(row(page, "LIME").get_by_role("rowheader")).to_contain_text(re.compile(r"LIME[0-9,]+ of 4,096 samples"))
    first = widget.attributions["lime"]
    eventually(lambda: widget.attributions["lime"].details["n_samples"] > first.details["n_samples"] + 200)
    assert widget.attributions["lime"].spread.mean() < first.spread.mean()
    button(page, "Stop refining").click()
    expect(button(page, "Go on refining")).to_be_visible()
    eventually(lambda: not page.evaluate("model.get('board').busy"))
    page.wait_for_function("!document.querySelector('.gb').hasAttribute('aria-busy')")
    drawn, sent = widget.attributions["lime"].details["n_samples"], len(shown.wire.sent)
    assert drawn < 4096
    page.evaluate("() => new Promise(done => setTimeout(done, 200))")
    assert len(shown.wire.sent) == sent  # at rest
    expect(row(page, "LIME").get_by_role("rowheader")).to_contain_text(f"{drawn:,} of 4,096 samples")


def test_the_newest_words_are_in_sight_also_after_the_card_was_out_of_the_page(mount):
    page = mount(ImportanceExplorer(models()[0], text=" ".join([TEXT] * 3), methods=["occlusion"])).page
    at_the_end = """() => {
      const { scrollLeft, clientWidth, scrollWidth } = document.querySelector(".gb-wide") ?? {};
      return clientWidth > 0 && scrollLeft > 0 && scrollLeft + clientWidth > scrollWidth - 2; }"""
    page.wait_for_function(at_the_end)
    page.evaluate("""() => {
      const card = document.querySelector("section.gb"), home = card.parentNode;
      card.remove();
      requestAnimationFrame(() => requestAnimationFrame(() => home.append(card))); }""")
    page.wait_for_function(at_the_end)


def test_all_is_said_at_the_end_and_nothing_in_between(mount, eventually):
    shown = mount(ImportanceExplorer(models()[0], text=TEXT, n_samples=64, n_random=1))
    page = shown.page
    expect(page.locator(".gb__live")).to_contain_text(re.compile(r"LIME, nats: .*; deletion score"))  # of the last word
    page.evaluate("""() => {
      globalThis.said = [];
      const live = document.querySelector(".gb__live");
      new MutationObserver(() => said.push(live.textContent)).observe(live, { childList: true, subtree: true });
    }""")
    tokens(page).nth(9).click()
    eventually(lambda: shown.widget.is_finished)
    expect(page.locator(".gb__live")).to_contain_text("Why does the Transformer expect was as word 10?")
    expect(page.locator(".gb__live")).to_contain_text(re.compile(r"LIME, nats: .*; deletion score"))
    assert len(page.evaluate("said")) <= 2


def test_an_error_stays_and_nothing_is_lost(shown):
    page = shown.page
    choices = page.get_by_role("combobox", name="why", exact=True)
    choices.select_option("another word …")
    field = page.get_by_role("textbox", name="why: another word")
    field.fill("no such word")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not among the")
    expect(field).to_have_value("no such word")
    expect(row(page, "occlusion").locator("td.word")).to_have_count(len(WORDS))


def test_another_seed_draws_other_samples_and_reset_goes_back(shown, eventually):
    page = shown.page
    before = cell(page, "LIME", 0).inner_text()
    button(page, "Another seed").click()
    expect(page.locator(".gb-asks")).to_contain_text("seed 1")
    eventually(lambda: shown.widget.is_finished)
    expect(row(page, "LIME").get_by_role("rowheader")).to_contain_text("32 samples")
    button(page, "Reset").click()
    expect(page.locator(".gb-asks")).to_contain_text("seed 0")
    expect(cell(page, "LIME", 0)).to_have_text(re.sub(r"\s", "", before), use_inner_text=False)


def test_many_words_scroll_under_the_names_and_the_newest_are_in_view(mount):
    page = mount(explorer(text=" ".join(["the king was crowned"] * 16), methods=["saliency"])).page
    expect(cell(page, "occlusion", 63)).to_be_in_viewport(ratio=1)
    expect(cell(page, "occlusion", 0)).not_to_be_in_viewport()
    expect(row(page, "saliency").get_by_role("rowheader")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280
    cell(page, "occlusion", 63).focus()
    page.keyboard.press("Home")
    expect(cell(page, "occlusion", 0)).to_be_focused()
    expect(row(page, "saliency").get_by_role("rowheader")).to_be_in_viewport(ratio=1)
    first, names = (
        cell(page, "occlusion", 0).bounding_box(),
        row(page, "occlusion").locator(".fact").last.bounding_box(),
    )
    assert first["x"] >= names["x"] + names["width"] - 2  # not hidden under the names


@pytest.mark.parametrize("hostile", [words for words in HOSTILE if words], ids=range(len(HOSTILE) - HOSTILE.count("")))
def test_hostile_text_is_only_text(mount, hostile):
    shown = mount(ImportanceExplorer(models()[1], methods=["lime"], n_samples=16, n_random=1))
    page = shown.page
    text_field(page).fill(hostile)
    text_field(page).press("Enter")
    page.wait_for_function("!model.get('board').busy || model.get('error')")
    assert page.evaluate("[window.__x, document.querySelectorAll('.gb script, .gb img').length]") == [None, 0]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280


def test_one_word_is_enough(mount):
    page = mount(explorer(text="king")).page
    expect(row(page, "occlusion").locator("td.word")).to_have_count(1)
    expect(row(page, "LIME").locator("td.fact").nth(1)).to_have_text("none")
    cell(page, "occlusion", 0).hover()
    expect(happens(page)).to_contain_text("Without king")
