"""NextWordExplorer with real clicks and keys: text, places, bars, sliders, undo, and every kind of bad text."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_token_clicker import HOSTILE


@pytest.fixture
def shown(mount, explorer):
    return mount(explorer)


def options(page):
    return page.get_by_role("listbox", name="your text, word by word").get_by_role("option")


def bars(page, model="LSTM"):
    return page.get_by_role("toolbar", name=f"{model}: most probable words").get_by_role("button")


def field(page):
    return page.get_by_role("textbox", name="Text")


def test_a_click_on_a_word_asks_each_model_once_and_is_one_round_trip(shown, models):
    before = [list(model.asked) for model in models]
    options(shown.page).nth(3).click()
    expect(shown.page.locator(".gb__body").get_by_text("In place of crowned, word 4 of 5")).to_be_visible()
    for model, asked in zip(models, before, strict=True):
        assert model.asked == [*asked, ("next_tokens", 3)]
    assert len(shown.wire.sent) == 1
    assert shown.page.evaluate("sent.length") == 1
    for name, answer in zip(("LSTM", "Transformer"), shown.widget.answers, strict=True):
        panel = shown.page.get_by_role("group", name=name, exact=True)
        expect(panel).to_contain_text(f"crowned: rank {answer.true_rank} of 49")
        expect(panel).to_contain_text(f"surprisal {answer.true_surprisal:.1f} nats")


def test_a_place_that_was_asked_before_costs_nothing(shown, models):
    for place in (3, 5, 3):
        options(shown.page).nth(place).click()
        expect(options(shown.page).nth(place)).to_have_attribute("aria-selected", "true")
    assert models[0].asked.count(("next_tokens", 3)) == 1


def test_keys_walk_the_text(shown):
    page = shown.page
    field(page).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(options(page).nth(5)).to_be_focused()
    for key, place in [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 5)]:
        page.keyboard.press(key)
        expect(options(page).nth(place)).to_be_focused()
        expect(options(page).nth(place)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    expect(page.locator(".gb__body").get_by_text("In place of The, word 1 of 5")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".gb__body").get_by_text("The word after in")).to_be_visible()
    assert shown.widget.selected is None


def test_many_quick_keys_are_two_questions(shown, held_back):
    with held_back():
        options(shown.page).nth(5).focus()
        for _ in range(5):
            shown.page.keyboard.press("ArrowLeft")
    expect(shown.page.locator(".gb__body").get_by_text("In place of The, word 1 of 5")).to_be_visible()
    assert shown.page.evaluate("sent.length") == 2  # the first, and where the keys have come to meanwhile
    assert shown.widget.selected == 0


def test_typing_commits_with_enter_and_with_the_button(shown):
    page = shown.page
    field(page).fill("The queen was born")
    expect(page.locator(".gb__body").get_by_text("not read yet: press Enter")).to_be_visible()
    assert shown.widget.text == "The king was crowned in"
    field(page).press("Enter")
    expect(options(page)).to_have_count(5)
    expect(page.locator(".gb__body").get_by_text("not read yet")).to_have_count(0)
    field(page).fill("He was")
    page.get_by_role("button", name="Read").click()
    expect(options(page)).to_have_count(3)
    assert shown.widget.text == "He was"


def test_escape_brings_back_what_was_read(shown):
    field(shown.page).fill("something else")
    field(shown.page).press("Escape")
    expect(field(shown.page)).to_have_value("The king was crowned in")


def test_shift_enter_makes_a_line_and_a_line_end_is_shown(shown):
    field(shown.page).press("End")
    field(shown.page).press("Shift+Enter")
    field(shown.page).press_sequentially("He was")
    field(shown.page).press("Enter")
    expect(options(shown.page).nth(5)).to_contain_text("↵ <eos>")
    expect(options(shown.page).nth(5)).to_have_accessible_name(options(shown.page).nth(5).get_attribute("aria-label"))
    assert "end of a line" in options(shown.page).nth(5).get_attribute("aria-label")


@pytest.mark.parametrize("bad", ["", "   ", "\n\n"])
def test_a_bad_text_gets_a_sentence_and_everything_stays(shown, bad):
    page, good = shown.page, shown.widget.get_state(["line", "board", "controls"])
    field(page).fill(bad)
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The text is empty; type at least one word.")
    expect(field(page)).to_have_value(bad)
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    expect(options(page)).to_have_count(6)
    assert shown.widget.get_state(["line", "board", "controls"]) == good
    field(page).fill("The king")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(field(page)).not_to_have_attribute("aria-invalid", "true")


PUT = "text => { const f = document.querySelector('textarea'); f.value = text; f.dispatchEvent(new Event('input')); }"


@pytest.mark.parametrize("text", [text for text in HOSTILE if text and "\ud83d" not in text], ids=range(11))
def test_hostile_text_is_only_text(shown, text):
    page = shown.page
    page.evaluate(PUT, text)
    field(page).press("Enter")
    expect(page.locator(".gb__body").get_by_text("not read yet")).to_have_count(0)
    for _ in range(2):
        options(page).first.click()
        expect(options(page).first).to_have_attribute("aria-selected", "true")
        bars(page).first.click()
        expect(options(page).last).to_have_attribute("aria-selected", "true")
    assert page.evaluate("[window.__x, document.querySelectorAll('.gb script, .gb img').length]") == [None, 0]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280


def test_a_half_character_is_replaced(shown):
    shown.page.evaluate("model.send({ kind: 'read', view: 'x', n: 1, with: { text: 'The \\ud83d king' } })")
    expect(options(shown.page)).to_have_count(4)
    assert "\ufffd" in shown.widget.text


def test_ten_thousand_characters_are_cut_with_a_notice(shown):
    field(shown.page).fill("The king was " * 800)
    field(shown.page).press("Enter")
    expect(options(shown.page)).to_have_count(257)
    expect(shown.page.get_by_role("note")).to_contain_text("The text has 2,400 tokens; the last 256 are shown")


def test_bars_append_cut_and_undo(shown):
    page = shown.page
    word = shown.widget.answers[0].tokens[1]
    bars(page).nth(1).click()
    expect(options(page)).to_have_count(7)
    expect(bars(page).nth(1)).to_be_focused()  # pressing Enter goes on writing
    assert shown.widget.text == f"The king was crowned in {word}"
    expect(field(page)).to_have_value(shown.widget.text)
    options(page).nth(2).click()
    expect(page.locator(".gb__body").get_by_text("the text is cut before “was”")).to_be_visible()
    word = shown.widget.answers[1].tokens[0]
    bars(page, "Transformer").first.click()
    expect(options(page)).to_have_count(4)
    assert shown.widget.text == f"The king {word}"
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    expect(options(page)).to_have_count(7)
    expect(options(page).nth(2)).to_have_attribute("aria-selected", "true")
    undo.click()
    expect(options(page)).to_have_count(6)
    expect(undo).to_have_attribute("aria-disabled", "true")


def test_a_half_typed_text_survives_a_picked_bar(shown):
    field(shown.page).fill("half a thou")
    bars(shown.page).first.click()
    expect(options(shown.page)).to_have_count(7)
    expect(field(shown.page)).to_have_value("half a thou")
    expect(shown.page.locator(".gb__body").get_by_text("not read yet")).to_be_visible()


def test_sliders_have_names_and_work_by_keyboard(shown):
    page = shown.page
    temperature = page.get_by_role("slider", name="temperature")
    temperature.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb__body").get_by_text("Probabilities at temperature 1.2")).to_be_visible()
    assert shown.widget.temperature == 1.2
    page.keyboard.press("Home")
    expect(page.locator(".gb__body").get_by_text("Probabilities at temperature 0.1")).to_be_visible()
    page.get_by_role("slider", name="show top").focus()
    page.keyboard.press("End")
    expect(bars(page)).to_have_count(20)
    page.get_by_role("button", name="Reset").click()
    expect(bars(page)).to_have_count(6)
    expect(temperature).to_have_value("1")


def test_dragging_asks_one_question_at_a_time_and_ends_where_the_hand_is(shown):
    page = shown.page
    page.evaluate("globalThis.slow = toPython; globalThis.toPython = message => setTimeout(() => slow(message), 60); 0")
    page.evaluate("""() => { const s = document.querySelector('[type=range]');
      for (let v = 1; v < 2.95; v += .1) { s.value = v; s.dispatchEvent(new Event('input')); } }""")
    expect(page.locator(".gb__body").get_by_text("Probabilities at temperature 2.9")).to_be_visible()
    assert page.evaluate("sent.length") == 2
    assert shown.widget.temperature == 2.9


def test_the_numbers_under_the_words_are_of_the_chosen_model(shown, models):
    page = shown.page
    expect(options(page).first).to_contain_text(f"{models[1].surprisals(shown.widget.text)[0]:.1f}")
    page.get_by_role("radio", name="LSTM").click()
    expect(options(page).first).to_contain_text(f"{models[0].surprisals(shown.widget.text)[0]:.1f}")
    assert shown.widget.values_of == "LSTM"


def test_pointing_at_a_bar_marks_the_word_in_both(shown):
    shown.widget.change(top_k=20)
    word = next(token for token in shown.widget.answers[0].tokens if token in shown.widget.answers[1].tokens)
    shown.page.locator(f"[data-token='{word}']").first.hover()
    expect(shown.page.locator(".same")).to_have_count(2)


def test_what_is_said_is_what_is_seen(shown):
    status = shown.page.locator(".gb__live")
    expect(status).to_be_empty()  # nothing is read out before anything happens
    options(shown.page).nth(1).click()
    expect(status).to_contain_text("In place of king, word 2 of 5. LSTM: ")
    expect(status).to_contain_text(f"rank {shown.widget.answers[1].true_rank} of 49")


def test_python_sets_the_text(shown):
    shown.widget.text = "She was born"
    expect(options(shown.page)).to_have_count(4)
    expect(field(shown.page)).to_have_value("She was born")
    shown.widget.selected = 1
    expect(shown.page.locator(".gb__body").get_by_text("In place of was, word 2 of 3")).to_be_visible()


def test_a_slow_answer_is_announced_and_a_quick_one_is_not(shown):
    page = shown.page
    page.evaluate("globalThis.slow = toPython; globalThis.toPython = message => { globalThis.held = message; }; 0")
    options(page).nth(1).click()
    expect(page.get_by_text("asking the models")).to_be_visible()
    expect(page.locator(".gb")).to_have_attribute("aria-busy", "true")
    page.evaluate("slow(held)")
    expect(page.get_by_text("asking the models")).to_have_count(0)
    expect(page.locator(".gb__body").get_by_text("In place of king")).to_be_visible()
    expect(page.locator(".gb")).not_to_have_attribute("aria-busy", "true")


def test_a_message_that_comes_twice_counts_once(shown):
    shown.page.evaluate(
        "globalThis.once = toPython; globalThis.toPython = message => { once(message); once(message); }; 0"
    )
    bars(shown.page).first.click()
    expect(options(shown.page)).to_have_count(7)
    expect(shown.page.locator("[aria-busy]")).to_have_count(0)
    assert len(shown.widget.tokens) == 6


def test_state_from_the_page_is_refused_and_put_right(shown):
    shown.page.evaluate("model.set('board', { panels: 7 }), model.save_changes()")
    expect(shown.page.locator(".gb__body").get_by_text("The word after in")).to_be_visible()
    options(shown.page).nth(1).click()
    expect(shown.page.locator(".gb__body").get_by_text("In place of king")).to_be_visible()
    expect(shown.page.get_by_role("alert")).to_have_count(0)


def test_the_parts_of_the_card_end_at_the_same_edge(mount, explorer):
    page = mount(explorer).page
    right = "node => node.getBoundingClientRect().right"
    edge = page.locator(".gb-tokens").evaluate(right)
    for name in ("Read", "Large type"):
        assert page.get_by_role("button", name=name).evaluate(right) == pytest.approx(edge, abs=1)
