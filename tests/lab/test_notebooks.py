"""The workbook's notebooks in a real JupyterLab: each cell runs, and the widgets are there to be used."""

import re

import pytest
from playwright.sync_api import expect

from tests.repo.files import tracked

NOTEBOOKS = [name.removeprefix("notebooks/") for name in tracked() if re.fullmatch(r"notebooks/\d\d_.*\.ipynb", name)]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_runs(open_notebook, name):
    notebook = open_notebook(notebook=name)
    cells = notebook.code_cells()
    assert cells
    for index in cells:
        notebook.run(index)
        assert "Error displaying widget" not in notebook.cell(index).inner_text()
    shown = notebook.panel.locator(".jp-OutputArea-output").filter(
        has_text=re.compile("Loading widget|model not found")
    )
    expect(shown).to_have_count(0)


def test_the_first_cell_shows_the_explorer_with_both_models(open_notebook):
    notebook = open_notebook(notebook="00_start_here.ipynb")
    notebook.run(notebook.code_cells()[0])
    card = notebook.panel.get_by_role("region", name="What comes next?")
    for model in ("LSTM", "Transformer"):
        expect(card.get_by_role("group", name=model, exact=True).get_by_role("button").first).to_be_visible()
