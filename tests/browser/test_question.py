"""The question that all widgets on feature importance ask, with real clicks and keys: on the explorer of importance."""

import pytest
from playwright.sync_api import expect

from tests.makers.importance import TEXT, models
from widgets import ImportanceExplorer

WORDS = TEXT.split()


@pytest.fixture
def widget():
    return ImportanceExplorer(*models(), text=TEXT, methods=[], n_random=0).finish()


@pytest.fixture
def shown(mount, widget):
    return mount(widget)


def tokens(page):
    return page.get_by_role("listbox", name="the predicted word").get_by_role("option")


def choice(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def other_word(page, name):
    return page.get_by_role("textbox", name=f"{name}: another word")


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def heading(page):
    return page.locator(".gb-heading")


def text_field(page):
    return page.get_by_role("textbox", name="Text", exact=True)


def test_a_click_on_a_word_asks_about_it(shown):
    page = shown.page
    tokens(page).nth(6).click()
    expect(heading(page)).to_have_text("Why does the Transformer expect Abbey as word 7?")
    expect(tokens(page).nth(6)).to_have_attribute("aria-selected", "true")
    expect(tokens(page).nth(7)).to_have_accessible_name("., after the predicted word: not read")
    assert shown.widget.position == 6
    assert {"question", "board"} <= shown.wire.sent[0]["state"].keys()
    tokens(page).last.click()
    expect(heading(page)).to_contain_text("after the text?")


def test_keys_walk_the_words_and_escape_goes_to_the_end(shown):
    page = shown.page
    tokens(page).last.focus()
    for key, place in [("ArrowLeft", 13), ("ArrowLeft", 12), ("End", 14), ("ArrowLeft", 13)]:
        page.keyboard.press(key)
        expect(tokens(page).nth(place)).to_be_focused()
        expect(tokens(page).nth(place)).to_have_attribute("aria-selected", "true")
    expect(heading(page)).to_contain_text("expect church as word 14?")
    page.keyboard.press("Home")  # the first word is refused, and who walks stands where he was
    expect(page.get_by_role("alert")).to_contain_text("No word stands before the first word")
    expect(tokens(page).nth(13)).to_be_focused()
    page.keyboard.press("Escape")
    expect(heading(page)).to_contain_text("after the text?")
    expect(tokens(page).last).to_be_focused()


def test_the_first_word_has_nothing_before_it(shown):
    page = shown.page
    tokens(page).nth(4).click()
    expect(heading(page)).to_contain_text("as word 5?")
    tokens(page).first.click()
    expect(page.get_by_role("alert")).to_contain_text("No word stands before the first word")
    expect(heading(page)).to_contain_text("as word 5?")
    expect(tokens(page).nth(4)).to_have_attribute("aria-selected", "true")
    assert shown.widget.position == 4


def test_another_word_is_chosen_from_the_list_or_typed(shown):
    page = shown.page
    listed = choice(page, "why").locator("option").nth(2)
    word = listed.get_attribute("value")
    choice(page, "why").select_option(word)
    expect(heading(page)).to_contain_text(f"expect {word} after")
    expect(other_word(page, "why")).to_be_hidden()
    choice(page, "why").select_option("another word …")
    expect(other_word(page, "why")).to_be_focused()
    page.keyboard.type("church")
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("expect church after")
    expect(other_word(page, "why")).to_be_hidden()
    expect(choice(page, "why")).to_have_value("church")
    assert shown.widget.target == "church"


def test_escape_closes_the_field_and_a_wrong_word_stays_in_it(shown):
    page = shown.page
    before = choice(page, "why").input_value()
    choice(page, "why").select_option("another word …")
    page.keyboard.type("ki")
    page.keyboard.press("Escape")
    expect(other_word(page, "why")).to_be_hidden()
    expect(choice(page, "why")).to_have_value(before)
    expect(choice(page, "why")).to_be_focused()
    choice(page, "why").select_option("another word …")
    other_word(page, "why").fill("no such word")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not among the")
    expect(other_word(page, "why")).to_have_value("no such word")
    other_word(page, "why").fill("king")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(heading(page)).to_contain_text("expect king after")


def test_a_word_that_is_being_typed_stays_while_samples_are_drawn(mount, eventually):
    shown = mount(ImportanceExplorer(models()[0], text=TEXT, n_samples=4096))
    page, widget = shown.page, shown.widget
    choice(page, "why").select_option("another word …")
    page.keyboard.type("chu")
    drawn = widget.attributions["lime"].details["n_samples"]
    eventually(lambda: widget.attributions["lime"].details["n_samples"] > drawn + 100)
    expect(other_word(page, "why")).to_have_value("chu")
    expect(other_word(page, "why")).to_be_focused()
    page.keyboard.type("rch")
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("expect church after")


def test_what_is_explained_what_is_missing_and_who_is_asked_are_choices(shown):
    page, widget = shown.page, shown.widget
    expect(page.get_by_text("and not", exact=True)).to_be_hidden()
    choice(page, "explain its").select_option("lead over another word")
    expect(heading(page)).to_contain_text(" rather than ")
    choice(page, "and not").select_option("another word …")
    page.keyboard.type("king")
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text(" rather than king after")
    choice(page, "a missing word is read as").select_option("nothing: it is left out")
    choice(page, "model").select_option("LSTM")
    expect(heading(page)).to_contain_text("Why does the LSTM expect")
    assert (widget.explains, widget.baseline, widget.asked) == ("contrast", "delete", "LSTM")
    choice(page, "explain its").select_option("logit")
    expect(page.get_by_text("and not", exact=True)).to_be_hidden()
    assert widget.against is None


def test_one_model_is_no_choice(mount):
    page = mount(ImportanceExplorer(models()[0], methods=[], n_random=0).finish()).page
    expect(page.get_by_text("model", exact=True)).to_be_hidden()


def test_undo_and_reset(shown):
    page = shown.page
    expect(button(page, "Undo")).to_have_attribute("aria-disabled", "true")
    tokens(page).nth(6).click()
    expect(heading(page)).to_contain_text("as word 7?")
    choice(page, "model").select_option("LSTM")
    expect(heading(page)).to_contain_text("the LSTM expect Abbey as word 7?")
    button(page, "Undo").click()
    expect(heading(page)).to_contain_text("the Transformer expect Abbey as word 7?")
    expect(choice(page, "model")).to_have_value("Transformer")
    text_field(page).fill("The queen was")
    text_field(page).press("Enter")
    expect(tokens(page)).to_have_count(4)
    button(page, "Reset").click()
    expect(tokens(page)).to_have_count(len(WORDS) + 1)
    expect(heading(page)).to_contain_text("after the text?")
    expect(text_field(page)).to_have_value(TEXT)


def test_an_empty_text_is_refused_and_what_was_typed_stays(shown):
    page = shown.page
    text_field(page).fill("   ")
    text_field(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The text is empty")
    expect(text_field(page)).to_have_attribute("aria-invalid", "true")
    expect(tokens(page)).to_have_count(len(WORDS) + 1)


def test_python_changes_the_question_on_the_page(shown):
    page = shown.page
    shown.widget.change(text="The queen was born in", position=3, target="king", explains="probability")
    expect(heading(page)).to_have_text("Why does the Transformer expect king as word 4?")
    expect(text_field(page)).to_have_value("The queen was born in")
    expect(choice(page, "why")).to_have_value("king")
    expect(choice(page, "explain its")).to_have_value("probability")
