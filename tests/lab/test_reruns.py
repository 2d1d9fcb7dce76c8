"""A cell that is run again leaves no widget behind in the kernel, and a view in another cell goes on working."""

from playwright.sync_api import expect

MAKE = """
from widgets import TokenClicker

clicker = TokenClicker(["The", "king", "was"], title="Again")
clicker
"""


def test_a_cell_that_is_run_again_leaves_nothing_behind(open_notebook):
    notebook = open_notebook(MAKE, "", "")
    notebook.run(0)
    before = notebook.channels(2)
    for _ in range(5):
        notebook.run(0)
    assert notebook.channels(2) == before
    card = notebook.panel.get_by_role("region", name="Again")
    expect(card).to_have_count(1)
    card.get_by_role("option", name="king").click()
    expect(card.get_by_role("option", name="king")).to_have_attribute("aria-selected", "true")


def test_what_another_cell_shows_goes_on_working(open_notebook):
    notebook = open_notebook(MAKE, "kept = clicker\nkept", "")
    notebook.run(0)
    notebook.run(1)
    notebook.run(0)
    card = notebook.cell(1).get_by_role("region", name="Again")
    card.get_by_role("option", name="was").click()
    expect(card.get_by_role("option", name="was")).to_have_attribute("aria-selected", "true")
    assert notebook.ask(2, "print(kept.selected, clicker.selected)") == "2 None"
