"""SamplingBench with real clicks and keys: sliders, draws, the way from 0 to 1, writing, stopping and going back."""

import pytest
from playwright.sync_api import expect

from widgets import SamplingBench


@pytest.fixture
def shown(mount, models):
    return mount(SamplingBench(*models, seed=5))


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def way(page, model="LSTM"):
    return page.get_by_role("slider", name=f"{model}: the words' intervals from 0 to 1")


def panel(page, model="LSTM"):
    return page.get_by_role("group", name=model, exact=True)


def words(shown):
    return [[step.token for step in steps] for steps in shown.widget.drawn]


def draw(page, number):
    """Draw the word of this number, and wait until it is seen."""
    button(page, "Draw").click()
    expect(page.locator(".gb-heading")).to_contain_text(f"Word {number} after your text drawn")


def slide(page, name, key, times=1):
    page.get_by_role("slider", name=name, exact=False).first.focus()
    for _ in range(times):
        page.keyboard.press(key)


def test_a_draw_is_one_request_and_one_answer(shown):
    draw(shown.page, 1)
    (step,), _ = shown.widget.drawn
    expect(panel(shown.page)).to_contain_text(f"u = {step.u:.4f} falls into the interval of “{step.token}”")
    expect(shown.page.locator(".gb-heading")).to_have_text("Word 1 after your text drawn with number 1 of seed 5")
    assert shown.page.evaluate("sent.length") == 1
    assert len(shown.wire.sent) == 1
    expect(panel(shown.page).locator(".gb-written mark")).to_have_text(step.token)
    expect(panel(shown.page).locator(".gb-row.drawn")).to_contain_text(step.token)


def test_the_number_stands_where_it_fell(shown):
    draw(shown.page, 1)
    expect(panel(shown.page).locator(".gb-way__u")).to_be_visible()
    (step,), _ = shown.widget.drawn
    bar, mark = way(shown.page).bounding_box(), panel(shown.page).locator(".gb-way__u").bounding_box()
    assert (mark["x"] + mark["width"] / 2 - bar["x"]) / bar["width"] == pytest.approx(step.u, abs=0.01)


def test_what_a_screen_reader_hears(shown):
    draw(shown.page, 1)
    steps = [steps[0] for steps in shown.widget.drawn]
    said = shown.page.get_by_role("status")
    for name, step in zip(("LSTM", "Transformer"), steps, strict=True):
        expect(said).to_contain_text(
            f"{name}: u = {step.u:.4f} falls into the interval of “{step.token}”, {step.low:.4f} to {step.high:.4f}."
        )


def test_the_keyboard_goes_all_the_way(shown):
    page = shown.page
    page.get_by_role("textbox", name="Text").fill("The queen was")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("The queen was")
    page.keyboard.press("Tab")  # Read
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # temperature 1.1
    page.keyboard.press("Tab")
    page.keyboard.press("Home")  # top-k 1
    expect(panel(page)).to_contain_text("1 of 49 words can be drawn")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # top-k 3
    expect(panel(page)).to_contain_text("3 of 49 words can be drawn")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(button(page, "Draw")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".gb-heading")).to_contain_text("drawn with number 1")
    assert (shown.widget.temperature, shown.widget.top_k, shown.widget.top_p) == (1.1, 3, None)
    assert shown.widget.text == "The queen was"
    for name in ("Write 20 words", "Step back", "Repeat exactly", "New seed"):
        page.keyboard.press("Tab")
        expect(button(page, name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(way(page)).to_be_focused()
    page.keyboard.press("Home")
    shaped = shown.widget.shaped[0]
    expect(way(page)).to_have_attribute("aria-valuetext", shown.widget.board["panels"][0]["way"]["spans"][0])
    page.keyboard.press("ArrowRight")
    second = f"“{shaped.tokens[1]}”: {shaped.cumulative[1]:.4f} to {shaped.cumulative[2]:.4f}"
    assert way(page).get_attribute("aria-valuetext").startswith(second)
    page.keyboard.press("End")
    expect(way(page)).to_have_attribute("aria-valuenow", way(page).get_attribute("aria-valuemax"))


def test_pointing_at_an_interval_names_it(shown):
    spans = shown.widget.board["panels"][0]["way"]["spans"]
    panel(shown.page).locator(".gb-way__spans > span").nth(1).hover()
    expect(panel(shown.page).locator(".gb-way__about")).to_have_text(spans[1])
    way(shown.page, "Transformer").hover(position={"x": 2, "y": 10})
    expect(panel(shown.page).locator(".gb-way__about")).to_have_text(spans[0])


def test_what_is_cut_away_is_hatched_and_counted(shown):
    slide(shown.page, "top-k", "Home")
    slide(shown.page, "top-k", "ArrowRight", 3)
    expect(panel(shown.page)).to_contain_text("5 of 49 words can be drawn")
    expect(panel(shown.page)).to_contain_text("cut away: 44 words")
    expect(panel(shown.page).locator(".gb-row.cut")).to_have_count(3)
    image = "node => getComputedStyle(node).backgroundImage"
    assert "gradient" in panel(shown.page).locator(".gb-row.cut i").first.evaluate(image)
    assert "gradient" in panel(shown.page).locator(".gb-many i").first.evaluate(image)
    assert "gradient" not in panel(shown.page).locator(".gb-bars .gb-row:not(.cut) i").first.evaluate(image)
    slide(shown.page, "top-k", "End")
    expect(panel(shown.page)).to_contain_text("49 of 49 words can be drawn")
    assert shown.widget.top_k is None


def test_twenty_words_are_twenty_draws_and_one_undo(shown):
    button(shown.page, "Write 20 words").click()
    expect(shown.page.locator(".gb-heading")).to_contain_text("Word 20 after your text drawn")
    expect(button(shown.page, "Write 20 words")).to_be_visible()
    assert [len(steps) for steps in shown.widget.drawn] == [20, 20]
    assert shown.page.evaluate("sent.filter(one => one.kind === 'draw').length") == 20
    for panel in shown.widget.board["panels"]:  # what was written is read out once, at the end
        expect(shown.page.get_by_role("status")).to_contain_text(f"{panel['name']}: {''.join(panel['text'])}")
    button(shown.page, "Undo").click()
    expect(shown.page.locator(".gb-heading")).to_contain_text("Word 1 after your text not drawn yet")


def test_writing_can_be_stopped(shown):
    page = shown.page
    page.evaluate("""globalThis.pass = toPython; globalThis.toPython = message => {
      if (sent.length < 4) pass(message); else globalThis.fourth = message; }; 0""")
    button(page, "Write 20 words").click()
    expect(page.locator(".gb-heading")).to_contain_text("Word 3 after your text drawn")
    page.wait_for_function("globalThis.fourth")
    button(page, "Stop").click()
    page.evaluate("pass(fourth)")
    expect(page.locator(".gb-heading")).to_contain_text("Word 4 after your text drawn")
    expect(button(page, "Write 20 words")).to_be_visible()
    assert page.evaluate("sent.length") == 4  # the one that was under way, and none after it
    assert [len(steps) for steps in shown.widget.drawn] == [4, 4]


def test_repeat_exactly_draws_the_same_words(shown):
    for number in (1, 2, 3):
        draw(shown.page, number)
    first = words(shown)
    button(shown.page, "Repeat exactly").click()
    told = "Drawn once more with the same numbers. The same words as before: LSTM all 3, Transformer all 3."
    expect(shown.page.locator(".gb-told")).to_have_text(told)
    assert words(shown) == first
    slide(shown.page, "temperature", "End")
    button(shown.page, "Repeat exactly").click()
    expect(shown.page.locator(".gb-told")).to_contain_text("The same words as before:")
    expect(shown.page.locator(".gb-heading")).to_contain_text("Word 3 after your text drawn")


def test_step_back_new_seed_and_reset(shown):
    page = shown.page
    expect(button(page, "Step back")).to_have_attribute("aria-disabled", "true")
    draw(page, 1)
    draw(page, 2)
    two = words(shown)
    button(page, "Step back").click()
    expect(page.locator(".gb-heading")).to_contain_text("Word 2 after your text not drawn yet")
    draw(page, 2)
    assert words(shown) == two
    button(page, "New seed").click()
    expect(page.get_by_text("seed 6", exact=True)).to_be_visible()
    assert words(shown) == [[], []]
    button(page, "Reset").click()
    expect(page.get_by_text("seed 5", exact=True)).to_be_visible()


def test_a_hundred_draws_are_counted_beside_what_is_expected(shown):
    button(shown.page, "Draw 100, only to count").click()
    expect(shown.page.locator(".gb-told")).to_contain_text("100 draws were counted")
    counts, shaped = shown.widget.counts[0], shown.widget.shaped[0]
    row = panel(shown.page).locator(".gb-bars .gb-row").first
    expect(row.locator(".gb-count")).to_have_text(f"{counts[0]} ({100 * shaped.probabilities[0]:.1f})")
    assert words(shown) == [[], []]
    button(shown.page, "Draw 100, only to count").click()
    expect(shown.page.locator(".gb-told")).to_contain_text("200 draws were counted")


def test_a_bad_text_gets_a_sentence_and_everything_stays(shown):
    draw(shown.page, 1)
    before = shown.widget.get_state(["board", "controls"])
    shown.page.get_by_role("textbox", name="Text").fill(" ")
    shown.page.keyboard.press("Enter")
    expect(shown.page.get_by_role("alert")).to_have_text("The text is empty; type at least one word.")
    assert shown.widget.get_state(["board", "controls"]) == before


def test_a_slider_that_is_dragged_sends_two_requests(shown, held_back):
    with held_back():
        slide(shown.page, "temperature", "ArrowRight", 10)
    expect(panel(shown.page).locator(".gb-facts")).to_contain_text("to draw from")
    expect(shown.page.locator(".gb-scale")).to_contain_text("temperature 2")
    assert shown.page.evaluate("sent.length") == 2  # the first, and where the hand has come to meanwhile
    assert shown.widget.temperature == 2.0
