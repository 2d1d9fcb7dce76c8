"""A real JupyterLab for the tests in this folder: one server and one page a run, a fresh notebook a test."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.lab.notebook_page import NotebookPage, write_notebook
from tests.lab.server import jupyter_lab_server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def jupyter_lab(tmp_path_factory):
    """A JupyterLab server of its own, with folders of its own; (address, folder of its notebooks)."""
    with jupyter_lab_server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def lab_page(browser, jupyter_lab):
    """One JupyterLab page for the whole run: to load the application is the slow part."""
    url, _ = jupyter_lab
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.strangers = []  # requests that leave this machine
    page.on(
        "request",
        lambda request: None if request.url.startswith((url, "data:", "blob:")) else page.strangers.append(request.url),
    )
    page.set_default_timeout(60_000)  # milliseconds, for a busy machine
    page.goto(f"{url}/lab?reset", timeout=120_000)
    page.wait_for_function("() => globalThis.jupyterapp?.restored", timeout=120_000)
    page.evaluate("jupyterapp.restored.then(() => true)")
    yield page
    page.close()


@contextlib.contextmanager
def opening(page: Page, folder: Path) -> Iterator[Callable[..., NotebookPage]]:
    """Give a function that opens a notebook; at the end close what it opened, and fail if a page threw an error."""
    opened = []
    page.strangers.clear()

    def open_(*cells: str, notebook: str | None = None) -> NotebookPage:
        name = write_notebook(folder, cells, ROOT / "notebooks" / notebook if notebook else None)
        opened.append(NotebookPage(page, name))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.close()
    assert [problem for notebook in opened for problem in notebook.problems] == []
    assert page.strangers == []


@pytest.fixture
def open_notebook(lab_page, jupyter_lab):
    """A function that opens a notebook: cells of code, or the name of one of the workbook's notebooks."""
    with opening(lab_page, jupyter_lab[1]) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_module_notebook(lab_page, jupyter_lab):
    """The same for a notebook that all tests of a file share, where a kernel with torch takes too long to start."""
    with opening(lab_page, jupyter_lab[1]) as open_:
        yield open_
