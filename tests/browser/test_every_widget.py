"""What holds for every widget: accessible, readable at any size and theme, at peace with its host, never blank."""

import pytest
from playwright.sync_api import expect

import widgets
from tests.browser.standin import page_of
from tests.makers import MAKERS
from widgets import TokenClicker

SHEETS = sorted({getattr(widgets, name)._css.default_value for name in set(widgets.__all__) - {"GlassboxWidget"}})


def test_axe_finds_nothing(any_widget, mount, axe_violations):
    """In the light theme: what it asks of a theme, the colours, is measured in both of them below, fields included."""
    assert axe_violations(mount(any_widget).page) == []


def test_axe_would_find_something(mount, axe_violations):
    page = mount(TokenClicker(["a", "b"])).page
    page.evaluate("document.querySelector('[role=listbox]').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('.gb-fact').style.color = '#bbb'")
    assert {rule for rule, *_ in axe_violations(page)} >= {"aria-input-field-name", "color-contrast"}


def test_it_reflows_at_320_pixels(any_widget, mount):
    page = mount(any_widget, width=320).page
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
    any_widget.presenting = True
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


SMALL = """() => {
  const shown = [...document.querySelectorAll("button, input, textarea, summary")].filter(node => node.offsetParent);
  return shown.map(node => {
    const box = (node.type === "radio" ? node.closest("label") : node).getBoundingClientRect();
    return [node.outerHTML.slice(0, 120), box.width, box.height];
  }).filter(([, width, height]) => width < 24 || height < 24);
}"""


def test_targets_are_24_pixels(any_widget, mount):
    assert mount(any_widget).page.evaluate(SMALL) == []


# Contrast of all visible text against what is really behind it, tints included (axe does not resolve color-mix).
CONTRAST = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const behind = node => {
    const chain = [];
    for (let n = node; n; n = n.parentElement) chain.unshift(getComputedStyle(n).backgroundColor);
    pen.fillStyle = document.body.className === "dark" ? "#121212" : "#fff"; pen.fillRect(0, 0, 1, 1);
    for (const color of chain) { pen.fillStyle = color; pen.fillRect(0, 0, 1, 1); }
    const drawing = node.ownerSVGElement, box = node.getBoundingClientRect();
    for (const shape of drawing?.querySelectorAll("rect, circle") ?? []) { // under the middle of a drawing's words
      const { x, y, right, bottom } = shape.getBoundingClientRect();
      const { fill, fillOpacity, opacity } = getComputedStyle(shape);
      const [across, down] = [box.x + box.width / 2, box.y + box.height / 2];
      const before = shape.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING;
      const under = before && x <= across && across <= right && y <= down && down <= bottom;
      if (!under || fill === "none") continue;
      pen.globalAlpha = fillOpacity * opacity; pen.fillStyle = fill; pen.fillRect(0, 0, 1, 1); pen.globalAlpha = 1;
    }
    const paper = [...pen.getImageData(0, 0, 1, 1).data];
    pen.globalAlpha = Number(getComputedStyle(node.closest("button") ?? node).opacity);
    pen.fillStyle = getComputedStyle(node)[drawing ? "fill" : "color"]; pen.fillRect(0, 0, 1, 1); pen.globalAlpha = 1;
    return [paper, [...pen.getImageData(0, 0, 1, 1).data]];
  };
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const found = [], measure = (node, text) => {
    const [a, b] = behind(node).map(light);
    found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), text]);
  };
  const walk = document.createTreeWalker(document.querySelector(".gb"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !node.offsetParent || node.closest("[aria-disabled=true]")) continue;
    measure(node, walk.currentNode.data);
  }
  for (const text of document.querySelectorAll(".gb svg text"))
    if (text.textContent.trim() && text.checkVisibility()) measure(text, text.textContent);
  for (const field of document.querySelectorAll(".gb :is(input, select, textarea)")) // no text nodes, but text
    if (field.offsetParent && !field.closest(":disabled, [aria-disabled=true]")) measure(field, field.value);
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_has_a_contrast_of_4_5(any_widget, mount, theme):
    found = mount(any_widget, theme).page.evaluate(CONTRAST)
    assert len(found) > 5
    assert [(ratio, text) for ratio, text in found if ratio < 4.5] == []


def test_pale_words_of_a_drawing_would_be_found(mount):
    page = mount(MAKERS["TrainingTheatre, two texts"]()).page
    assert [text for ratio, text in page.evaluate(CONTRAST) if ratio < 4.5] == []
    page.add_style_tag(content=".gb .gb-plot text { fill: #aaa !important; }")
    pale = [text for ratio, text in page.evaluate(CONTRAST) if ratio < 4.5]
    assert pale == [text for text in page.locator("svg text").all_text_contents() if text]


def test_a_pale_field_would_be_found(explorer, mount):
    page = mount(explorer).page
    page.evaluate("document.querySelector('.gb textarea').style.color = '#bbb'")
    assert [text for ratio, text in page.evaluate(CONTRAST) if ratio < 4.5] == [explorer.text]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tinted_words_stay_readable_at_every_level(mount, theme):
    n = 100
    values = [(-1) ** i * i / n for i in range(n + 1)]
    found = mount(TokenClicker([f"w{i}" for i in range(n + 1)], values, scale=1), theme).page.evaluate(CONTRAST)
    assert len(found) > 2 * n
    assert min(found)[0] >= 4.5, min(found)


def test_keys_do_not_reach_the_host(any_widget, mount):
    page = mount(any_widget).page
    for control in page.locator("button:visible, input:visible, textarea:visible").all()[:12]:
        control.focus()
        for key in ("b", "x", "Escape", "ArrowDown", "Shift+M"):
            page.keyboard.press(key)
    assert page.evaluate("keysAtRoot") == []
    page.locator("button").first.focus()
    page.keyboard.press("Control+s")  # the host's own commands still work
    assert "s" in page.evaluate("keysAtRoot")
    assert page.locator(".gb").get_attribute("data-lm-suppress-shortcuts") == "true"


def test_large_type_is_a_switch(any_widget, mount):
    shown = mount(any_widget)
    button = shown.page.get_by_role("button", name="Large type")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert any_widget.presenting is True
    assert shown.page.evaluate("getComputedStyle(document.querySelector('.gb')).fontSize") == "22px"
    expect(button).to_be_focused()
    any_widget.presenting = False
    expect(button).to_have_attribute("aria-pressed", "false")


def test_an_error_while_drawing_is_said(any_widget, mount):
    page = mount(any_widget).page
    page.evaluate("fromPython(model.get('line') ? { line: { words: 7 } } : { board: null })")
    expect(page.get_by_role("alert")).to_contain_text("This widget cannot be drawn")


def test_a_closed_view_leaves_no_listener(any_widget, mount):
    page = mount(any_widget).page
    assert page.evaluate("model.listeners()") > 0
    page.evaluate("cleanup()")
    assert page.evaluate("model.listeners()") == 0


def test_two_views_show_the_same(any_widget, mount):
    page = mount(any_widget).page
    page.evaluate("void render()")
    any_widget.title = "Another title"
    cards = page.get_by_role("region", name="Another title")
    expect(cards).to_have_count(2)
    cards.nth(1).get_by_role("button", name="Large type").click()
    expect(cards.nth(0).get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")


MOVING = "[...document.querySelectorAll('.gb *')].filter(n => getComputedStyle(n).transitionDuration !== '0s').length"


def test_reduced_motion_moves_nothing(any_widget, mount):
    page = mount(any_widget).page
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVING) == 0
    assert page.evaluate("document.getAnimations().length") == 0


SPACING = ".gb * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
CUT = """() => {
  const all = [...document.querySelectorAll(".gb button, .gb p, .gb td, .gb th, .gb label")];
  const free = all.filter(node => node.offsetParent && !node.matches(".gb-row, .gb-row *, .gb__live"));
  return free.filter(node => node.scrollWidth > node.clientWidth + 2).map(node => node.outerHTML.slice(0, 200));
}"""


def test_text_spacing_cuts_nothing_off(any_widget, mount):
    page = mount(any_widget, width=640).page
    page.add_style_tag(content=SPACING)
    assert page.evaluate(CUT) == []


def test_the_static_picture_says_the_same(any_widget, page):
    page.set_content(any_widget.static_html())
    assert any_widget.title in page.inner_text("body")
    assert page.evaluate("document.querySelectorAll('script, iframe, style, svg').length") == 0
    for image in page.locator("img").all():  # a picture carries all it needs, and its words
        assert image.get_attribute("src").startswith("data:image/svg+xml,")
        assert len(image.get_attribute("alt")) > 10
        assert image.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0


def test_the_page_gets_the_widget_as_it_is_shipped(any_widget):
    assert "export default" in page_of(any_widget)
    assert len(any_widget._esm.encode()) < 20_000


ADD_SHEETS = """sheets => document.head.append(
  ...sheets.map(textContent => Object.assign(document.createElement("style"), { textContent })))"""
BOXES = """() => [...document.querySelectorAll(".gb *")].map(node => {
  const { x, y, width, height } = node.getBoundingClientRect(), style = getComputedStyle(node);
  const look = [style.color, style.backgroundColor, style.font];
  return [node.className.baseVal ?? node.className, x, y, width, height, ...look];
})"""


def test_the_style_sheets_of_the_other_widgets_change_nothing(any_widget, mount):
    """In a notebook they all are on one page: a class name that two widgets use would show here."""
    page = mount(any_widget).page
    page.emulate_media(reduced_motion="reduce")
    before = page.evaluate(BOXES)
    page.evaluate("document.querySelectorAll('style').forEach(sheet => sheet.sheet.disabled = true)")
    assert page.evaluate(BOXES) != before  # the sheet of its own does apply
    page.evaluate("document.querySelectorAll('style').forEach(sheet => sheet.sheet.disabled = false)")
    page.evaluate(ADD_SHEETS, SHEETS)
    assert [pair for pair in zip(before, page.evaluate(BOXES), strict=True) if pair[0] != pair[1]] == []
