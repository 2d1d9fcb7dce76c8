"""PathSlider with real clicks and keys: the walk without Python, the steps, the baseline, and what is said."""

import pytest
from playwright.sync_api import expect

from tests.makers.path import TEXT, many_words, models
from widgets import PathSlider
from widgets.words import with_sign


@pytest.fixture
def shown(mount):
    return mount(PathSlider(*models(), text=TEXT))


def slider(page):
    return page.get_by_role("slider", name="how far on the way")


def row(page, word):
    return page.get_by_role("row", name=word).first.get_by_role("cell")


def numbers(widget, word):
    """Return the texts of a word's row, as Python has them."""
    quantities = (widget.slopes, widget.collected, widget.attribution.scores, widget.curve.slopes[-1])
    return [with_sign(float(values[word]), 2) for values in quantities]


def test_a_walk_by_keyboard_shows_the_numbers_of_each_place(shown, eventually):
    page, widget = shown.page, shown.widget
    expect(row(page, "king")).to_have_text(numbers(widget, 1))
    slider(page).focus()
    page.keyboard.press("ArrowRight")
    expect(slider(page)).to_have_attribute("aria-valuetext", "0.53 of the way")
    eventually(lambda: widget.at == 17)
    expect(row(page, "king")).to_have_text(numbers(widget, 1))
    page.keyboard.press("End")
    eventually(lambda: widget.place == 1)
    expect(row(page, "king")).to_have_text(numbers(widget, 1))
    slope, collected, score, at_text = (row(page, "king").nth(i).inner_text().strip() for i in range(4))
    assert (slope, collected) == (at_text, score)
    page.keyboard.press("Home")
    eventually(lambda: widget.place == 0)
    expect(row(page, "king").nth(1)).to_have_text("0.00")
    expect(page.locator(".gb__live")).to_contain_text("0.00 of the way: log-probability")


def test_the_buttons_step_and_stop_at_the_ends(shown, eventually):
    page, widget = shown.page, shown.widget
    page.get_by_role("button", name="one place on").click()
    eventually(lambda: widget.at == 17)
    page.get_by_role("button", name="one place back").click()
    eventually(lambda: widget.at == 16)
    widget.place = 1
    expect(slider(page)).to_have_value("32")
    page.get_by_role("button", name="one place on").click()
    expect(slider(page)).to_have_value("32")
    assert page.evaluate("sent.length") == 2


def test_dragging_in_the_field_paints_at_once_and_tells_python_where_it_ends(shown, eventually):
    page, widget = shown.page, shown.widget
    field = page.get_by_role("img", name="log-probability of")
    box = field.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 4, y)
    page.mouse.down()
    expect(slider(page)).to_have_value("8")
    page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=9)
    expect(slider(page)).to_have_value("24")
    expect(page.locator(".gb-way-said")).to_have_text(widget.board["said"][24])
    assert page.evaluate("sent.length") == 0
    assert widget.at == 16
    page.mouse.move(box["x"] + box["width"] * 3, y)
    expect(slider(page)).to_have_value("32")
    page.mouse.up()
    eventually(lambda: widget.at == 32)
    assert page.evaluate("sent.length") == 1


def test_moving_is_painted_within_50_milliseconds(mount):
    page = mount(many_words()).page
    times = page.evaluate("""() => { const s = document.querySelector('.gb [type=range]'), times = [];
      for (let v = 0; v <= s.max; v++) { const begun = performance.now(); s.value = v;
        s.dispatchEvent(new Event('input')); document.body.getBoundingClientRect();
        times.push(performance.now() - begun); } return times; }""")
    assert sorted(times)[len(times) // 2] < 50
    assert page.evaluate("sent.length") == 0


def test_an_answer_does_not_move_the_slider_under_the_hand(shown, eventually):
    page, widget = shown.page, shown.widget
    slider(page).evaluate("s => { s.value = 3; s.dispatchEvent(new Event('input')); }")
    widget.presenting = True
    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")
    expect(slider(page)).to_have_value("3")
    slider(page).evaluate("s => s.dispatchEvent(new Event('change'))")
    eventually(lambda: widget.at == 3)


def test_fewer_steps_leave_a_gap_and_undo_closes_it(shown):
    page, widget = shown.page, shown.widget
    gap = page.locator(".gb-way-gap")
    before = gap.inner_text()
    page.get_by_role("combobox", name="steps").select_option("1")
    expect(gap).not_to_have_text(before)
    expect(page.locator(".gb-way-key")).to_contain_text("1 step")
    expect(page.locator(".gb-way-field > span > i")).to_have_count(1)
    expect(page.locator(".gb__live")).to_contain_text("1 step. Completeness gap")
    wide = gap.inner_text()
    page.get_by_role("combobox", name="rule").select_option("midpoint")
    expect(page.get_by_role("combobox", name="rule")).to_have_value("midpoint")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("combobox", name="rule")).to_have_value("gauss_legendre")
    expect(gap).to_have_text(wide)
    page.get_by_role("button", name="Undo").click()
    expect(gap).to_have_text(before)
    assert widget.n_steps == 16


def test_another_baseline_begins_elsewhere(shown):
    page, widget = shown.page, shown.widget
    expect(page.get_by_text("0 · the baseline: every word is <unk>")).to_be_visible()
    baseline = page.get_by_role("combobox", name="a missing word is read as")
    assert "nothing: it is left out" not in baseline.inner_text()
    baseline.select_option("zero")
    expect(page.get_by_text("0 · the baseline: every word is a vector of zeros")).to_be_visible()
    expect(row(page, "king")).to_have_text(numbers(widget, 1))
    page.get_by_role("button", name="Reset").click()
    expect(baseline).to_have_value("unk")


def test_both_models_and_every_number_can_be_explained(shown):
    page, widget = shown.page, shown.widget
    field = page.locator(".gb-way-field")
    page.get_by_role("combobox", name="model").select_option("Transformer")
    expect(field).to_have_class("gb-way-field gb-hue-transformer")
    page.get_by_role("combobox", name="explain its").select_option("contrast")
    expect(page.locator(".gb-way-key")).to_contain_text("lead of")
    other = page.get_by_role("combobox", name="and not")
    expect(other).to_have_value(widget.attribution.against)
    other.select_option(index=2)
    expect(page.locator(".gb-way-key")).to_contain_text(f"over “{other.input_value()}”")
    page.get_by_role("combobox", name="explain its").select_option("probability")
    expect(page.locator(".gb-way-said")).to_contain_text("of the way: probability 0.")


def test_a_long_list_of_words_is_reached_and_scrolled_by_keys(mount):
    page = mount(many_words()).page
    rows = page.get_by_role("group", name="Numbers of the words")
    expect(rows.get_by_role("row")).to_have_count(30 + 2)
    expect(rows).to_have_attribute("tabindex", "0")
    rows.focus()
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.gb-way-words').scrollTop > 0")


def test_a_wrong_word_is_refused_and_the_way_stays(shown):
    page, widget = shown.page, shown.widget
    said = page.locator(".gb-way-said").inner_text()
    page.get_by_role("combobox", name="why").select_option(label="another word …")
    page.get_by_role("textbox", name="why: another word").fill("blargh")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("blargh")
    expect(page.locator(".gb-way-said")).to_have_text(said)
    assert widget.target is None
