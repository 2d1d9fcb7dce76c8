"""RecurrentExplorer with real clicks and keys: the map's colours, walking over it, units, switches and texts."""

import pytest
from playwright.sync_api import expect

from tests import tiny
from widgets import RecurrentExplorer

TEXT = "The king was crowned in London"


@pytest.fixture(scope="module")
def model():
    return tiny.model("lstm")


@pytest.fixture
def shown(mount, model):
    return mount(RecurrentExplorer(model, text=TEXT, how_many=12, order="number"))


def tokens(page):
    return page.get_by_role("listbox", name="tokens of the text").get_by_role("option")


def field(page):
    return page.get_by_role("application", name="map of units and tokens")


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


PIXELS = """async canvas => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame); // what has changed is drawn in the next frame
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  return [copy.width, copy.height, ...pen.getImageData(0, 0, copy.width, copy.height).data];
}"""


def pixels(page):
    """Return width, height, and red, green, blue and opacity of each cell of the map."""
    return page.locator(".gb-heat canvas").evaluate(PIXELS)


def test_the_map_has_the_colours_of_the_numbers(shown):
    page, widget = shown.page, shown.widget
    width, height, *data = pixels(page)
    assert (width, height) == (7, 12)
    alphas = data[3::4]
    levels = [round(255 * float(value)) for unit in range(12) for value in widget.trace.gate("forget")[0, :, unit]]
    assert max(abs(a - b) for a, b in zip(alphas, levels, strict=True)) <= 2
    widget.quantity = "hidden_state"
    expect(page.locator(".gb-ramp--signed")).to_be_visible()
    width, height, *data = pixels(page)
    below = [tuple(data[4 * i : 4 * i + 3]) for i in range(84) if data[4 * i + 3] > 200]
    signs = [float(v) < 0 for unit in range(12) for v in widget.trace.hidden_state[0, :, unit]]
    strong = [signs[i] for i in range(84) if data[4 * i + 3] > 200]
    assert {red > blue for (red, _, blue), negative in zip(below, strong, strict=True) if negative} <= {True}
    assert {red > blue for (red, _, blue), negative in zip(below, strong, strict=True) if not negative} <= {False}


def test_the_theme_changes_the_colours_at_once(mount, model):
    page = mount(RecurrentExplorer(model, text=TEXT, quantity="input")).page
    light = pixels(page)
    page.evaluate("document.body.className = 'dark'")
    dark = pixels(page)
    assert light[5::4] == dark[5::4]  # the numbers, as opacity
    assert light != dark


def test_a_walk_by_keyboard(shown):
    page, widget = shown.page, shown.widget
    field(page).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".gb__body").get_by_text("Layer 1, unit 2")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(tokens(page).nth(5)).to_have_attribute("aria-selected", "true")
    for key in ("Home", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(tokens(page).nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".gb__body").get_by_text("Layer 1, unit 1 over")).to_be_visible()
    expect(field(page)).to_be_focused()
    assert (widget.selected, widget.unit) == (1, 0)
    expect(page.locator(".gb__live")).to_contain_text("The, token 2 of 7: forget gate of unit 1 ")


def test_a_click_on_the_map_chooses_a_unit_and_a_token(shown):
    box = field(shown.page).bounding_box()
    field(shown.page).click(position={"x": box["width"] * 2.5 / 7, "y": box["height"] * 3.5 / 12})
    expect(tokens(shown.page).nth(2)).to_have_attribute("aria-selected", "true")
    expect(shown.page.locator(".gb__body").get_by_text("Layer 1, unit 4 over")).to_be_visible()
    value = shown.widget.trace.gate("forget")[0, 2, 3]
    expect(tokens(shown.page).nth(2)).to_contain_text(f"{value:.2f}")
    expect(shown.page.locator(".gb-ramp")).to_contain_text(f"unit 4 at king: about {value:.2f}")


def test_a_token_tells_what_it_moved_and_a_unit_is_a_click_away(shown):
    page, widget = shown.page, shown.widget
    tokens(page).nth(3).click()
    table = page.get_by_role("table", name="the units whose memory it moved most")
    expect(table).to_contain_text("At was")
    row = widget.board["moved"]["rows"][1]
    expect(table.get_by_role("row").nth(2)).to_contain_text(row["cells"][0])
    table.get_by_role("button").nth(1).click()
    expect(page.locator(".gb__body").get_by_text(f"Layer 1, unit {row['name']} over")).to_be_visible()
    assert widget.unit == row["unit"]


def test_strips_tell_their_number_and_take_clicks(shown):
    page = shown.page
    strip = page.locator(".gb-strip").nth(3)
    expect(strip).to_contain_text("cell state")
    value = f"{shown.widget.trace.cell_state[0, 1, 0]:.3f}".replace("-", "−")
    box = strip.locator("svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 1.5 / 7, box["y"] + 5)
    expect(strip.locator("b")).to_have_text(value)
    page.mouse.down()
    page.mouse.up()
    expect(tokens(page).nth(1)).to_have_attribute("aria-selected", "true")


def test_a_unit_is_switched_off_and_all_on_again(shown):
    page, widget = shown.page, shown.widget
    off = button(page, "Switch this unit off")
    off.click()
    expect(off).to_have_attribute("aria-pressed", "true")
    table = page.get_by_role("table", name="the next word")
    expect(table.get_by_role("columnheader", name="without layer 1, unit 1")).to_be_visible()
    expect(page.locator(".gb__body").get_by_text(f"unit 1 {widget.losses[1]:.3f}")).to_be_visible()
    expect(page.locator(".gb__body").get_by_text("Switched off: layer 1, unit 1.")).to_be_visible()
    assert widget.off == ((0, 0),)
    button(page, "All on").click()
    expect(table.get_by_role("columnheader")).to_have_count(2)
    assert widget.off == ()


def test_choices_change_the_map(shown):
    page, widget = shown.page, shown.widget
    page.get_by_role("combobox", name="show the").select_option("cell state")
    expect(page.locator(".gb-ramp")).to_contain_text("beyond −2 and 2 the colour stays full")
    page.get_by_role("combobox", name="sort units by").select_option("how long they remember")
    expect(page.locator(".gb__body").get_by_text("sorted by how long they remember")).to_be_visible()
    page.get_by_role("combobox", name="layer").select_option("2")
    page.get_by_role("combobox", name="units", exact=True).select_option("all 16")
    expect(page.locator(".gb__body").get_by_text("of all 16 units of layer 2")).to_be_visible()
    assert (widget.quantity, widget.order, widget.layer, widget.how_many) == ("cell_state", "remembers", 1, 16)
    button(page, "Reset").click()
    expect(page.locator(".gb__body").get_by_text("12 of 16 units of layer 1, sorted by their number")).to_be_visible()


def test_a_text_is_typed(shown):
    page = shown.page
    box = page.get_by_role("textbox", name="Text")
    box.fill("She was born")
    box.press("Enter")
    expect(tokens(page)).to_have_count(4)
    box.fill(" ")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The text is empty; type at least one word.")
    expect(tokens(page)).to_have_count(4)


def test_a_trace_has_no_field_and_no_switch(mount, model):
    page = mount(RecurrentExplorer(model.trace(TEXT, top_k=0))).page
    expect(tokens(page)).to_have_count(7)
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(button(page, "Switch this unit off")).to_have_count(0)
    expect(page.get_by_role("table")).to_have_count(1)


def test_the_nodes_grow_with_the_tokens_alone(mount, model):
    counts = []
    for n_words in (20, 120):
        page = mount(RecurrentExplorer(model, text="king " * n_words, how_many=16)).page
        counts.append(page.evaluate("document.querySelectorAll('.gb *').length"))
    assert counts[1] - counts[0] == 3 * 100  # a button, a word and a number each
