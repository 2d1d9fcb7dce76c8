"""ModelDuel with real clicks and keys: words, scores, the running lead and the largest disagreements."""

import pytest
from playwright.sync_api import expect

from widgets import ModelDuel

TEXT = "The king was crowned in London on 6 January 1066 ."


@pytest.fixture
def shown(mount, models):
    return mount(ModelDuel(*models, text=TEXT))


def options(page):
    return page.get_by_role("listbox", name="your text, word by word").get_by_role("option")


def table(page, name):
    return page.get_by_role("table", name=name)


def test_a_click_on_a_word_shows_what_both_expected(shown, models):
    before = len(models[0].asked)
    options(shown.page).nth(3).click()
    expect(shown.page.locator(".gb-heading")).to_have_text("In place of crowned, word 4 of 11")
    for name, answer in zip(("LSTM", "Transformer"), shown.widget.answers, strict=True):
        panel = shown.page.get_by_role("group", name=name, exact=True)
        expect(panel).to_contain_text(f"crowned: rank {answer.true_rank} of 49")
    assert models[0].asked[before:] == [("next_tokens", 3)]
    assert shown.page.evaluate("sent.length") == len(shown.wire.sent) == 1


def test_the_sign_is_told_in_words_and_not_by_colour_alone(shown):
    lead = shown.widget.differences
    for place in (int(lead.argmax()), int(lead.argmin())):
        number = shown.widget.line["numbers"][place]
        assert number[0] == ("+" if lead[place] > 0 else "−")
        expect(options(shown.page).nth(place)).to_contain_text(number)
        label = options(shown.page).nth(place).get_attribute("aria-label")
        assert label == f"{shown.widget.tokens[place]}, {number} nats in favour of the LSTM"
    expect(shown.page.locator(".gb-legend")).to_contain_text("−6 Transformer ahead")
    expect(shown.page.locator(".gb-legend")).to_contain_text("+6 LSTM ahead")


def test_keys_walk_the_text_and_the_score_goes_along(shown):
    page = shown.page
    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(options(page).nth(shown.widget.selected)).to_be_focused()
    for key, place in [("Home", 0), ("ArrowRight", 1), ("End", 10), ("ArrowLeft", 9)]:
        page.keyboard.press(key)
        expect(options(page).nth(place)).to_be_focused()
        expect(page.locator(".gb-after")).to_contain_text(f"Score after word {place + 1} of 11")
    assert shown.widget.selected == 9


def test_what_a_screen_reader_hears(shown):
    options(shown.page).nth(1).click()
    said = shown.page.get_by_role("status")
    expect(said).to_contain_text("In place of king, word 2 of 11. Score after word 2 of 11: LSTM ")
    expect(said).to_contain_text(f"rank {shown.widget.answers[1].true_rank} of 49")


def test_both_scores_are_a_table(shown, models):
    rows = table(shown.page, "Score").get_by_role("row")
    for i, (name, model) in enumerate(zip(("LSTM", "Transformer"), models, strict=True), 1):
        expect(rows.nth(i)).to_contain_text(name)
        expect(rows.nth(i)).to_contain_text(f"{model.surprisals(TEXT).mean():.2f} nats")
        expect(rows.nth(i)).to_contain_text(f"{model.perplexity(TEXT):.1f}")


def test_a_disagreement_leads_to_its_word(shown):
    page, largest = shown.page, shown.widget.score["largest"]
    buttons = table(page, "Largest disagreements").get_by_role("button")
    expect(buttons).to_have_text([one["word"] for one in largest])
    expect(buttons.first).to_have_attribute("aria-current", "true")
    buttons.nth(2).focus()
    page.keyboard.press("Enter")
    place = largest[2]["place"]
    expect(options(page).nth(place)).to_have_attribute("aria-selected", "true")
    expect(buttons.nth(2)).to_have_attribute("aria-current", "true")
    expect(buttons.nth(2)).to_be_focused()
    assert shown.widget.selected == place
    expect(table(page, "Largest disagreements").get_by_role("row").nth(3)).to_contain_text(largest[2]["cells"][2])


def test_a_click_on_the_lead_selects_its_word(shown):
    box = shown.page.locator(".gb-strip svg").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] * 5.5 / 11, box["y"] + 10)
    expect(options(shown.page).nth(5)).to_have_attribute("aria-selected", "true")
    expect(shown.page.locator(".gb-after")).to_contain_text("Score after word 6 of 11")


def test_another_text_and_back(shown):
    page = shown.page
    page.get_by_role("textbox", name="Text").fill("The queen was zebra")
    page.keyboard.press("Enter")
    expect(options(page)).to_have_count(4)
    expect(page.get_by_role("note")).to_contain_text("Not in the vocabulary")
    page.get_by_role("button", name="Undo").click()
    expect(options(page)).to_have_count(11)
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_a_bad_text_gets_a_sentence_and_everything_stays(shown):
    before = shown.widget.get_state(["line", "score", "board"])
    shown.page.get_by_role("textbox", name="Text").fill(" ")
    shown.page.keyboard.press("Enter")
    expect(shown.page.get_by_role("alert")).to_have_text("The text is empty; type at least one word.")
    assert shown.widget.get_state(["line", "score", "board"]) == before
    expect(options(shown.page)).to_have_count(11)
