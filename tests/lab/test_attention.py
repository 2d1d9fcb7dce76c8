"""AttentionExplorer over the trained Transformer, in a real JupyterLab: a head goes off, the theme changes."""

import re

import pytest
from playwright.sync_api import Locator, expect

EXPLORER = """
from lessons import load_model
from widgets import AttentionExplorer

explorer = AttentionExplorer(load_model("transformer"), text="The king was crowned in London", layer=2, head=1)
explorer
"""
CELLS = (EXPLORER, "")


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
    shared.card = shared.panel.get_by_role("region", name="Where does each word look?")
    expect(shared.card.get_by_role("gridcell", name="layer 3, head 2")).to_have_attribute("aria-selected", "true")
    return shared


def pixel(card: Locator, selector: str = ".gb-field > canvas") -> list[int]:
    """The first dot of a map: red, green, blue, alpha."""
    return card.locator(selector).first.evaluate(
        """canvas => {
            const { width, height } = canvas, copy = Object.assign(document.createElement("canvas"), { width, height });
            const pen = copy.getContext("2d", { willReadFrequently: true });
            pen.drawImage(canvas, 0, 0);
            return [...pen.getImageData(0, 0, 1, 1).data];
        }"""
    )


def test_a_head_that_is_switched_off_moves_bars_loss_and_rank(explorer):
    card = explorer.card
    card.get_by_role("button", name="Switch this head off").click()
    expect(card.get_by_role("gridcell", name="layer 3, head 2, off")).to_be_visible()
    off = card.get_by_role("group", name="1 head off", exact=True)
    expect(off).to_be_visible()
    answer = explorer.ask(1, "print(explorer.after.tokens[0], *explorer.losses, explorer.after.true_rank)").split()
    expect(off.get_by_role("button").first).to_have_attribute("data-token", answer[0])
    loss = card.get_by_role("row").filter(has_text="loss, nats").get_by_role("cell")
    expect(loss.nth(0)).to_have_text(f"{float(answer[1]):.3f}")
    expect(loss.nth(1)).to_have_text(f"{float(answer[2]):.3f}")
    rank = card.get_by_role("row").filter(has_text=re.compile("^rank of")).get_by_role("cell")
    expect(rank.nth(1)).to_have_text(f"{int(answer[3]):,}")
    card.get_by_role("button", name="All on again").click()
    expect(off).to_have_count(0)


def test_what_is_written_under_a_word_is_the_models_weight(explorer):
    explorer.card.get_by_role("option", name=re.compile("^crowned")).click()
    expect(explorer.card.locator(".gb-looks")).to_contain_text("crowned looks at")
    weight = float(explorer.ask(1, "print(explorer.trace.attention_weights[2, 1, 4, 3])"))
    expect(explorer.card.get_by_role("option", name=re.compile("^was"))).to_contain_text(f"{100 * weight:.1f}")


def test_the_maps_follow_the_theme(explorer):
    light = pixel(explorer.card)
    assert light[2] > 2 * light[0]  # blue
    with explorer.in_the_dark():
        assert pixel(explorer.card)[:3] == [0x79, 0xB8, 0xFF]
        assert pixel(explorer.card, ".gb-heads canvas")[:3] == [0x79, 0xB8, 0xFF]
    assert pixel(explorer.card) == light


def test_a_cell_that_is_run_again_answers_once(explorer):
    for _ in range(2):
        explorer.run(0)
    expect(explorer.card).to_have_count(1)
    explorer.ask(1, "seen = []\nexplorer.observe(lambda change: seen.append(change.new), names='board')")
    explorer.card.get_by_role("gridcell", name="layer 1, head 1").click()
    expect(explorer.card.locator(".gb-shown")).to_contain_text("Layer 1, head 1")
    assert explorer.ask(1, "print(len(seen), explorer.layer, explorer.head)") == "1 0 0"


def test_keys_stay_in_the_widget(explorer):
    before = explorer.sources()
    cell = explorer.card.get_by_role("gridcell", name="layer 3, head 2")
    for key in ("a", "b", "x", "d", "d", "0", "0", "ArrowDown", "Shift+M", "Enter"):
        cell.press(key)
    assert explorer.sources() == before
    assert explorer.code_cells() == [0, 1]
    expect(explorer.card.get_by_role("gridcell", name="layer 4, head 2")).to_be_visible()


def test_two_views_show_the_same(explorer):
    explorer.set_source(1, "explorer")
    explorer.run(1)
    expect(explorer.card).to_have_count(2)
    first, second = explorer.card.nth(0), explorer.card.nth(1)
    first.get_by_role("button", name="Hide the first token").click()
    expect(second.locator(".gb-flag")).to_contain_text("Renormalised")
    assert pixel(second) == pixel(first)
