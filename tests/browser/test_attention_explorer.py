"""AttentionExplorer with real clicks and keys: heads, tokens, the large map, switching off, and the theme."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests import tiny
from tests.browser.test_token_clicker import HOSTILE
from tests.makers.attention import TEXT, of_a_trace, transformer
from widgets import AttentionExplorer
from widgets.words import percent


@pytest.fixture
def explorer():
    return AttentionExplorer(transformer(), text=TEXT)


@pytest.fixture
def shown(mount, explorer):
    return mount(explorer)


def heads(page):
    return page.get_by_role("grid", name="heads").get_by_role("gridcell")


def head(page, name):
    return page.get_by_role("gridcell", name=re.compile(f"^{name}"))


def tokens(page):
    return page.get_by_role("listbox", name="your text, word by word").get_by_role("option")


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def text(page, words):
    return page.locator(".gb__body").get_by_text(words)


def heading(page):
    """What the large map is of."""
    return page.locator(".gb-about > p").first


PAINTED = """selector => {
  const canvas = document.querySelector(selector), { width, height } = canvas;
  const copy = Object.assign(document.createElement("canvas"), { width, height });
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  return [...pen.getImageData(0, 0, width, height).data];
}"""
LARGE = ".gb-field > canvas"


def painted(page, selector=LARGE):
    """The pixels of a canvas, four numbers each."""
    return page.evaluate(PAINTED, selector)


def test_the_large_map_has_a_dot_for_each_weight_and_none_above_the_diagonal(shown):
    n, weights, dots = len(shown.widget.weights), shown.widget.weights, painted(shown.page)
    assert len(dots) == 4 * n * n
    for q in range(n):
        for k in range(n):
            alpha = dots[4 * (q * n + k) + 3]
            assert alpha == (0 if k > q else pytest.approx(16 + 239 * weights[q, k] ** 0.5, abs=2))


def test_a_click_on_a_head_shows_it_large_in_one_round_trip(shown):
    before = painted(shown.page)
    head(shown.page, "layer 2, head 1").click()
    expect(heading(shown.page)).to_have_text("Layer 2, head 1")
    expect(head(shown.page, "layer 2, head 1")).to_have_attribute("aria-selected", "true")
    assert (shown.widget.layer, shown.widget.head) == (1, 0)
    assert painted(shown.page) != before
    assert len(shown.wire.sent) == 1
    head(shown.page, "layer 2, mean").click()
    expect(text(shown.page, "A mean hides how heads differ")).to_be_visible()


def test_keys_walk_the_heads_and_the_tokens(shown):
    page = shown.page
    head(page, "layer 1, head 1").focus()
    walk = [("ArrowRight", "layer 1, head 2"), ("ArrowDown", "layer 2, head 2"), ("ArrowLeft", "layer 2, head 1")]
    for key, name in [*walk, ("End", "layer 2, mean"), ("Home", "layer 1, head 1")]:
        page.keyboard.press(key)
        expect(head(page, name)).to_be_focused()
        expect(head(page, name)).to_have_attribute("aria-selected", "true")
    page.keyboard.press(" ")
    expect(head(page, "layer 1, head 1, off")).to_be_focused()
    expect(head(page, "layer 1, head 1, off")).to_contain_text("off")
    page.keyboard.press(" ")
    expect(head(page, "layer 1, head 1$")).to_be_focused()
    tokens(page).last.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(tokens(page).nth(2)).to_be_focused()
    expect(page.locator(".gb-looks")).to_contain_text("king looks at")
    assert shown.widget.selected == 2


def test_tab_stops_once_at_the_tokens_and_once_at_the_heads(shown):
    page, seen = shown.page, []
    page.get_by_role("textbox", name="Text", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('role') ?? document.activeElement.textContent"))
    assert seen == ["Read", "option", "gridcell", "Switch this head off"]


def test_a_click_on_a_word_gives_its_row_and_its_column(shown):
    page, weights = shown.page, shown.widget.weights
    tokens(page).nth(5).click()
    expect(tokens(page).nth(5)).to_have_attribute("aria-selected", "true")
    expect(tokens(page).nth(3)).to_contain_text(f"{100 * weights[5, 3]:.1f}")
    expect(tokens(page).nth(7)).to_contain_text(f"←{100 * weights[7, 5]:.1f}")
    expect(page.locator(".gb-looks")).to_contain_text("in (5) looks at")
    expect(page.locator(".gb-looks")).to_contain_text("Who looks at in (5): ")


def at(page, row, column):
    """The middle of a cell of the large map."""
    n, box = page.evaluate("model.get('board').n"), page.locator(".gb-field").bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / n, box["y"] + (row + 0.5) * box["height"] / n


def test_pointing_at_the_large_map_reads_a_weight_and_a_click_chooses_its_row(mount, explorer):
    page, weights = mount(explorer, height=1600).page, explorer.weights
    page.mouse.move(*at(page, 6, 2))
    expect(text(page, f"<unk> looks at king: about {round(100 * weights[6, 2])} %")).to_be_visible()
    page.mouse.move(*at(page, 2, 6))
    expect(text(page, "king cannot look ahead at <unk>")).to_be_visible()
    page.mouse.click(*at(page, 6, 2))
    expect(tokens(page).nth(6)).to_have_attribute("aria-selected", "true")
    page.mouse.move(0, 0)
    expect(text(page, "about")).to_have_count(0)
    assert explorer.selected == 6


def test_a_head_that_is_switched_off_moves_everything_in_one_answer(shown):
    page = shown.page
    tokens(page).nth(2).click()
    expect(tokens(page).nth(2)).to_have_attribute("aria-selected", "true")
    before = painted(page, "[aria-label^='layer 2, head 1'] > canvas")
    sent = len(shown.wire.sent)
    button(page, "Switch this head off").click()
    expect(head(page, "layer 1, head 1, off")).to_be_visible()
    assert len(shown.wire.sent) == sent + 1
    expect(page.get_by_role("group", name="all heads on")).to_be_visible()
    expect(page.get_by_role("group", name="1 head off")).to_contain_text("was")
    cells = page.get_by_role("table").first.get_by_role("row").filter(has_text="loss, nats").get_by_role("cell")
    expect(cells.nth(0)).to_have_text(f"{shown.widget.losses[0]:.3f}")
    expect(cells.nth(1)).to_have_text(f"{shown.widget.losses[1]:.3f}")
    expect(page.get_by_role("row").filter(has_text="rank of “was”").last).to_contain_text(
        str(shown.widget.after.true_rank)
    )
    assert painted(page, "[aria-label^='layer 2, head 1'] > canvas") != before  # a later layer sees something else
    head(page, "layer 2, mean").click()
    button(page, "Switch layer 2 off").click()
    expect(page.get_by_role("group", name="3 heads off")).to_be_visible()
    button(page, "Undo").click()
    expect(page.get_by_role("group", name="1 head off")).to_be_visible()
    button(page, "All on again").click()
    expect(page.get_by_role("group", name="1 head off")).to_have_count(0)
    expect(button(page, "All on again")).to_have_attribute("aria-disabled", "true")
    assert shown.widget.off == ()


def test_hiding_the_first_token_is_a_flag_with_numbers(shown):
    page = shown.page
    button(page, "Hide the first token").click()
    expect(text(page, "Renormalised:")).to_be_visible()
    expect(button(page, "Hide the first token")).to_have_attribute("aria-pressed", "true")
    expect(tokens(page).first).to_contain_text("hidden")
    dots, n = painted(page), len(shown.widget.weights)
    assert {dots[4 * q * n + 3] for q in range(n)} == {16}
    button(page, "Hide the first token").click()
    expect(text(page, "Renormalised:")).to_have_count(0)


def test_two_heads_and_two_texts_are_compared(shown):
    page = shown.page
    page.get_by_role("combobox", name="Compare with").select_option("layer 2, head 2")
    expect(heading(page)).to_have_text("Layer 1, head 1 minus layer 2, head 2")
    expect(head(page, "layer 2, head 2, compared with")).to_be_visible()
    expect(text(page, "+100 points")).to_be_visible()
    hues = {tuple(painted(page)[i : i + 3]) for i in range(0, 4 * 15, 4)} - {(0, 0, 0)}
    assert len({hue[0] > hue[2] for hue in hues}) <= 2
    value = round(100 * float(shown.widget.weights[1, 1]))
    page.mouse.move(*at(page, 1, 1))
    expect(text(page, f"The looks at The: about {'+' * (value > 0)}{value} points")).to_be_visible()
    page.get_by_role("combobox", name="Compare with").select_option("a second text")
    field = page.get_by_role("textbox", name="Second text")
    field.fill("The queen was born")
    field.press("Enter")
    expect(page.locator(".gb-rows > bdi", has_text="king − queen")).to_be_visible()
    assert shown.widget.weights.shape == (5, 5)
    field.fill(" ")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The text is empty")
    assert shown.widget.other_text == "The queen was born"


def test_a_word_is_followed_by_typing_it_or_by_clicking_its_bar(shown):
    page = shown.page
    field = page.get_by_role("textbox", name="Follow the word")
    field.fill("London")
    field.press("Enter")
    expect(text(page, "rank of “London”")).to_be_visible()
    bars = page.get_by_role("toolbar", name="all heads on: most probable words").get_by_role("button")
    word = shown.widget.before.tokens[2]
    bars.nth(2).click()
    expect(text(page, f"rank of “{word}”")).to_be_visible()
    expect(field).to_have_value(word)
    field.fill("no such word")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("target must be one word of the model's vocabulary")
    expect(field).to_have_value("no such word")
    assert shown.widget.target == word


def test_what_is_said_is_what_is_seen(shown):
    status = shown.page.locator(".gb__live")
    expect(status).to_be_empty()
    tokens(shown.page).nth(1).click()
    row = shown.widget.weights[1, :2]
    most, least = ("The", "↵ <eos>") if row[1] > row[0] else ("↵ <eos>", "The")
    expect(status).to_contain_text(
        f"layer 1, head 1: The looks at {most} with {percent(row.max())}, {least} with {percent(row.min())}. "
    )
    button(shown.page, "Switch this head off").click()
    expect(status).to_contain_text("1 head off: loss ")
    expect(status).to_contain_text(f"to {shown.widget.losses[1]:.3f}; king: probability ")


def hue(page):
    dots = painted(page)
    return dots[0:3]


def test_the_maps_follow_the_theme(shown):
    page = shown.page
    light, small = hue(page), painted(page, ".gb-heads canvas")
    page.evaluate("document.body.className = 'dark'")
    page.wait_for_function(f"light => String(({PAINTED})('{LARGE}').slice(0, 3)) !== String(light)", arg=light)
    assert hue(page) == [0x79, 0xB8, 0xFF]
    assert painted(page, ".gb-heads canvas") != small
    page.evaluate("document.body.className = ''")
    page.wait_for_function(f"light => String(({PAINTED})('{LARGE}').slice(0, 3)) === String(light)", arg=light)


def test_a_view_that_was_drawn_out_of_sight_is_drawn_when_it_is_seen(mount, explorer):
    page = mount(explorer).page
    page.evaluate("root => { document.querySelector('main').hidden = true; void render(); }")
    page.evaluate("document.querySelector('main').hidden = false")
    second = "[...document.querySelectorAll('.gb-field > canvas')][1]"
    page.wait_for_function(f"{second}.width === model.get('board').n")


def test_labels_do_not_overlap_at_128_tokens(mount):
    model = tiny.model("transformer", context_length=128)
    words = tiny.WORDS[:13]
    explorer = AttentionExplorer(model, text=" ".join(words[i % len(words)] for i in range(127)), selected=70)
    page = mount(explorer).page
    boxes = page.evaluate("""() => [...document.querySelectorAll(".gb-rows > bdi")].filter(node => node.offsetParent)
      .map(node => { const box = node.getBoundingClientRect(); return [box.top, box.bottom, node.className]; })""")
    assert 20 < len(boxes) < 60
    assert all(one[1] <= other[0] + 4 for one, other in pairwise(boxes))
    assert [box[2] for box in boxes].count("marked") == 1


def test_of_a_trace_there_is_no_text_to_type_and_nothing_to_switch_off(mount):
    page = mount(of_a_trace()).page
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Switch"))).to_have_count(0)
    expect(text(page, "This is a finished trace")).to_be_visible()
    head(page, "layer 2, head 2").click()
    expect(heading(page)).to_have_text("Layer 2, head 2 minus layer 2, head 1")
    head(page, "layer 2, head 2").press(" ")
    expect(page.get_by_role("alert")).to_contain_text("A finished trace has one text")


def test_a_new_text_replaces_everything(shown):
    page = shown.page
    field = page.get_by_role("textbox", name="Text", exact=True)
    field.fill("<img src=x onerror=alert(1)> <unk>")
    field.press("Enter")
    expect(tokens(page)).to_have_count(len(shown.widget.trace.tokens))
    expect(page.locator(".gb-rows > bdi").first).to_have_text("↵ <eos>")
    assert page.evaluate("document.querySelectorAll('.gb img, .gb script').length") == 0
    shown.widget.change(text="king", layer=1)
    expect(tokens(page)).to_have_count(2)


@pytest.mark.parametrize("hostile", [words for words in HOSTILE if words], ids=range(len(HOSTILE) - HOSTILE.count("")))
def test_hostile_text_is_only_text(shown, hostile):
    page = shown.page
    page.evaluate("text => model.send({ kind: 'read', view: 'x', n: 1, with: { text } })", hostile)
    page.evaluate("model.send({ kind: 'hide', view: 'x', n: 2, with: { hide: true } })")
    expect(text(page, "Renormalised:")).to_be_visible()
    assert page.evaluate("[window.__x, document.querySelectorAll('.gb script, .gb img').length]") == [None, 0]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280
    assert page.locator(".gb-rows > bdi").count() == len(shown.widget.trace.tokens)


def test_a_closed_view_watches_nothing(shown):
    page = shown.page
    page.evaluate("cleanup()")
    before = painted(page)
    page.evaluate("document.body.className = 'dark'")
    page.wait_for_timeout(50)
    assert painted(page) == before
