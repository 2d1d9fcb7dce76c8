"""TrainingSlider with real clicks and keys: the slider, the chart, the looks, the heads, and what is said."""

import pytest
from playwright.sync_api import expect

from tests.fake_recording import both, recording
from widgets import TrainingSlider


@pytest.fixture
def shown(mount):
    return mount(TrainingSlider(*both()))


def slider(page):
    return page.get_by_role("slider", name="step of the training")


def look(page, name):
    page.get_by_role("radio", name=name).check()


def test_a_walk_through_the_training_by_keyboard(shown, eventually):
    page, widget = shown.page, shown.widget
    expect(slider(page)).to_have_attribute("aria-valuetext", "step 126")
    slider(page).focus()
    page.keyboard.press("Home")
    expect(page.locator(".gb-tr-heads")).to_contain_text("LSTM after step 0")
    expect(page.locator(".gb__live")).to_contain_text("Transformer after step 0")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gb-tr-heads")).to_contain_text("LSTM after step 10")
    expect(slider(page)).to_have_attribute("aria-valuetext", "step 10")
    eventually(lambda: widget.step == 10)
    page.get_by_role("button", name="one checkpoint on").click()
    expect(page.locator(".gb__number")).to_have_text("step 30")
    expect(page.locator(".gb-tr-texts")).to_contain_text(widget.checkpoints[1].greedy[0][:20])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="play the training")).to_be_focused()


def test_a_click_on_the_chart_goes_to_the_nearest_checkpoint(shown, eventually):
    page, widget = shown.page, shown.widget
    page.get_by_role("img", name="perplexity over the training").click(position={"x": 60, "y": 60})
    expect(slider(page)).to_have_value("0")
    eventually(lambda: widget.step == 0)


def test_in_large_type_on_a_wide_screen_a_click_goes_to_the_point_that_is_hit(mount, eventually):
    widget = TrainingSlider(recording("transformer"), look="growth", presenting=True)
    page = mount(widget, width=1800).page
    chart = page.get_by_role("img", name="over the training").last
    drawn = chart.locator(".gb-rule").first.bounding_box()
    assert drawn["width"] < 0.85 * chart.bounding_box()["width"]  # it has empty margins
    for place, step in enumerate(widget.recording.steps):
        chart.locator(".gb-dot").nth(place).click()
        eventually(lambda step=step: widget.step == step)


def test_while_it_plays_nothing_is_read_out_and_then_the_end(shown, eventually):
    page, widget, live = shown.page, shown.widget, shown.page.locator(".gb__live")
    widget.step = 63
    expect(live).to_contain_text("LSTM after step 63")
    # no clock: it plays on when the test says so
    page.evaluate("globalThis.setInterval = tick => { globalThis.tick = tick; return -1; }; 0")
    page.get_by_role("button", name="play the training").click()
    page.evaluate("tick()")
    expect(slider(page)).to_have_attribute("aria-valuetext", "step 95")
    eventually(lambda: widget.step == 95)
    expect(page.locator(".gb-tr-heads")).to_contain_text("LSTM after step 95")
    expect(live).to_contain_text("LSTM after step 63")
    page.get_by_role("button", name="pause").click()
    expect(live).to_contain_text("LSTM after step 95")


def test_it_plays_to_the_end_and_stops(shown, eventually):
    page, widget = shown.page, shown.widget
    widget.step = 100
    expect(slider(page)).to_have_value("6")
    page.get_by_role("button", name="play the training").click()
    eventually(lambda: widget.step == 126)
    expect(page.get_by_role("button", name="play the training")).to_be_visible()


def test_each_look_shows_its_part_and_its_choices(shown):
    page, widget = shown.page, shown.widget
    expect(page.get_by_role("combobox")).to_have_count(1)
    look(page, "neighbours")
    page.get_by_role("combobox", name="Neighbours of").select_option("stone")
    place = widget.recording.words.index("stone")
    nearest = widget.checkpoint.neighbours[place][0]
    expect(page.get_by_role("table", name="LSTM after step 126").get_by_role("cell").first).to_contain_text(nearest)
    expect(page.locator(".gb-tr-texts")).to_be_hidden()
    look(page, "over time")
    page.get_by_role("combobox", name="Inside").select_option("Transformer")
    page.get_by_role("combobox", name="Follow").select_option("weight on the word itself")
    cell = page.get_by_role("gridcell", name="layer 2, head 1")
    cell.click()
    expect(cell).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("img", name="weight on the word itself over the training")).to_contain_text(
        "layer 2, head 1"
    )
    page.get_by_role("combobox", name="Compare with").select_option("the first one")
    expect(page.locator(".gb-tr-told")).to_contain_text("compared with step 0")
    page.get_by_role("button", name="one checkpoint back").click()
    page.get_by_role("button", name="pin: compare with this checkpoint").click()
    page.get_by_role("button", name="one checkpoint on").click()
    expect(page.locator(".gb-tr-told")).to_contain_text("compared with step 100")
    expect(page.get_by_role("combobox", name="Compare with")).to_have_value("100")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("radio", name="what it writes")).to_be_checked()


def test_heads_are_walked_by_keys_and_a_word_shows_its_row(mount, eventually):
    shown = mount(TrainingSlider(recording("transformer"), look="inside", step=63, layer=0, part=0))
    page, widget = shown.page, shown.widget
    cells = page.get_by_role("grid", name="heads or gates").get_by_role("gridcell")
    expect(cells).to_have_count(4)
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_have_attribute("aria-selected", "true")
    eventually(lambda: (widget.layer, widget.part) == (0, 1))
    words = page.get_by_role("listbox", name="the sentence, word by word").get_by_role("option")
    words.nth(4).click()
    expect(words.nth(4)).to_have_attribute("aria-selected", "true")
    weight = widget.checkpoint.attention[0, 1, 4, 1]
    expect(words.nth(1)).to_have_attribute("aria-label", f"the, {100 * weight:.0f} % of its attention")
    painted = "all => all.map(one => one.getContext('2d').getImageData(0, 0, 1, 1).data[3])"
    assert all(page.locator(".gb-tr-grid canvas").evaluate_all(painted))


def test_the_first_word_of_a_surprise_is_chosen_by_a_click(shown):
    page, widget = shown.page, shown.widget
    look(page, "what surprises it")
    lines = page.get_by_role("listbox", name="the sentence, word by word")
    expect(lines).to_have_count(2)
    lines.nth(1).get_by_role("option").nth(3).click()
    expect(lines.first.get_by_role("option").nth(3)).to_have_attribute("aria-selected", "true")
    assert widget.selected == 3
    expect(page.get_by_role("img", name="surprisal of the chosen word")).to_be_visible()
