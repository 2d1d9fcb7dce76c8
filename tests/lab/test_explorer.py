"""The explorer over both models, in a real JupyterLab: page and Python reach each other, and nothing else moves."""

import re

import pytest
from playwright.sync_api import Locator, expect

EXPLORER = """
from lessons import load_model
from widgets import NextWordExplorer

explorer = NextWordExplorer(load_model("lstm"), load_model("transformer"), text="The king was crowned in")
explorer
"""


CELLS = (EXPLORER, "", "kept = 1")


@pytest.fixture(scope="module")
def shared(open_module_notebook):
    """One notebook with one kernel, for all tests here."""
    return open_module_notebook(*CELLS)


@pytest.fixture
def explorer(shared):
    """That notebook with a fresh explorer in its first cell; the second cell is for asking Python."""
    shared.show()
    for index in (1, 0):
        shared.set_source(index, CELLS[index])
        shared.run(index)
    shared.card = shared.panel.get_by_role("region", name="What comes next?")
    expect(tokens(shared.card)).to_have_count(6)
    return shared


def tokens(card: Locator) -> Locator:
    return card.get_by_role("listbox", name="your text, word by word").get_by_role("option")


def heading(card: Locator) -> Locator:
    """The line above the bars, which says what they are about."""
    return card.locator(".gb-heading")


def first_bar(card: Locator, model: str) -> Locator:
    return card.get_by_role("toolbar", name=f"{model}: most probable words").get_by_role("button").first


def test_a_click_reaches_python_and_the_answer_is_painted(explorer):
    tokens(explorer.card).nth(1).click()
    expect(heading(explorer.card)).to_contain_text("In place of king, word 2 of 5")
    assert explorer.ask(1, "print(explorer.selected)") == "1"
    for place, model in enumerate(("LSTM", "Transformer")):
        shown = first_bar(explorer.card, model)
        word, share = explorer.ask(1, f"a = explorer.answers[{place}]\nprint(a.tokens[0], a.probabilities[0])").split()
        expect(shown).to_have_attribute("data-token", word)
        percent = float(re.search(r"([\d.]+)\s*%", shown.inner_text()).group(1))
        assert percent == pytest.approx(100 * float(share), rel=0.06)


def test_a_bar_puts_its_word_after_the_text(explorer):
    bar = first_bar(explorer.card, "Transformer")
    word = bar.get_attribute("data-token")
    bar.click()
    expect(tokens(explorer.card)).to_have_count(7)
    assert explorer.ask(1, "print(explorer.text)").split()[-1] == word
    explorer.card.get_by_role("button", name="Undo").click()
    expect(tokens(explorer.card)).to_have_count(6)


def test_python_reaches_the_page(explorer):
    explorer.ask(1, "explorer.text = 'It was the best of times'")
    expect(tokens(explorer.card)).to_have_count(7)
    expect(explorer.card.get_by_role("textbox", name="Text")).to_have_value("It was the best of times")


def test_a_text_that_cannot_be_used_gets_a_sentence_and_the_picture_stays(explorer):
    field = explorer.card.get_by_role("textbox", name="Text")
    field.fill("   ")
    field.press("Enter")
    expect(explorer.card.get_by_role("alert")).to_contain_text(re.compile(r"\w+"))
    expect(tokens(explorer.card)).to_have_count(6)
    assert explorer.ask(1, "print(explorer.text)") == "The king was crowned in"


def test_markup_in_a_text_stays_text(explorer):
    field = explorer.card.get_by_role("textbox", name="Text")
    field.fill("<img src=x onerror=alert(1)> <unk> a")
    field.press("Enter")
    expect(tokens(explorer.card).filter(has_text="<unk>").first).to_be_visible()
    assert explorer.card.locator("img, script").count() == 0


SHORTCUTS = [*"abxymrdd00zcv", "Shift+M", "Enter", "Shift+Enter", "ArrowDown", "Escape", "Delete"]


@pytest.mark.parametrize("place", ["the text", "a token", "a bar"])
def test_keys_stay_in_the_widget(explorer, place):
    before = explorer.sources()
    target = {
        "the text": explorer.card.get_by_role("textbox", name="Text"),
        "a token": tokens(explorer.card).nth(1),
        "a bar": first_bar(explorer.card, "LSTM"),
    }[place]
    for key in SHORTCUTS:
        target.focus()
        target.press(key)
    assert explorer.sources() == before
    assert explorer.code_cells() == [0, 1, 2]
    assert explorer.page.locator(".jp-Dialog").count() == 0
    assert explorer.ask(1, "print('the same kernel:', explorer is not None)") == "the same kernel: True"


def test_keys_outside_of_a_widget_do_change_cells(open_notebook):
    """The test above could fail: the same key, pressed beside a widget, inserts a cell."""
    notebook = open_notebook("import ipywidgets\nipywidgets.Button(description='press')")
    notebook.run(0)
    notebook.panel.get_by_role("button", name="press").press("b")
    assert len(notebook.code_cells()) == 2


def brightness(card: Locator, what: str) -> float:
    """0 for black to 1 for white, of the card's text or paper."""
    color = card.evaluate("(node, what) => getComputedStyle(node)[what]", what)
    red, green, blue = (float(number) for number in re.findall(r"[\d.]+", color)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_the_card_follows_the_theme(explorer):
    assert brightness(explorer.card, "backgroundColor") > 0.8
    assert brightness(explorer.card, "color") < 0.3
    with explorer.in_the_dark():
        assert brightness(explorer.card, "backgroundColor") < 0.3
        assert brightness(explorer.card, "color") > 0.8


def test_a_cell_that_is_run_again_answers_once(explorer):
    for _ in range(3):
        explorer.run(0)
    expect(explorer.card).to_have_count(1)
    expect(tokens(explorer.card)).to_have_count(6)
    explorer.ask(1, "seen = []\nexplorer.observe(lambda change: seen.append(change.new), names='board')")
    tokens(explorer.card).nth(2).click()
    expect(heading(explorer.card)).to_contain_text("In place of was, word 3 of 5")
    assert explorer.ask(1, "print(len(seen), explorer.selected)") == "1 2"


def test_two_views_show_the_same(explorer):
    explorer.set_source(1, "explorer")
    explorer.run(1)
    expect(explorer.card).to_have_count(2)
    first, second = explorer.card.nth(0), explorer.card.nth(1)
    tokens(first).nth(3).click()
    expect(heading(second)).to_contain_text("In place of crowned, word 4 of 5")
    tokens(second).nth(0).click()
    expect(heading(first)).to_contain_text("In place of The, word 1 of 5")
    expect(explorer.card.get_by_role("alert")).to_have_count(0)
