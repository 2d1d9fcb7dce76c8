"""A JupyterLab of its own with a page in a headless Chromium, as the tests in tests/lab have it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.common import environment
from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS, NO_CHROMIUM
from tests.lab.notebook_page import NotebookPage, write_notebook
from tests.lab.server import jupyter_lab_server

__all__ = ["Lab", "opened_lab"]

# Resolves with the time of the second frame after `done` is first true of `root`: by then the change is on the screen.
PAINTED = """
globalThis.painted = (root, done) => new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("nothing was painted within 60 seconds")), 60000);
    const look = () => {
        if (!done()) return;
        watcher.disconnect();
        clearTimeout(late);
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(root, {subtree: true, childList: true, characterData: true, attributes: true});
    look();
});
"""


class Lab:
    """A page of JupyterLab in which notebooks can be opened, each with a kernel of its own."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self._folder = page, folder

    def open(self, *cells: str) -> NotebookPage:
        """Open a new notebook with these cells, its kernel started and none of them run."""
        return NotebookPage(self.page, write_notebook(self._folder, cells))


@contextmanager
def opened_lab() -> Iterator[Lab]:
    """Start a server and open its page; stop both at the end."""
    if CHROMIUM is None:
        sys.exit(NO_CHROMIUM)
    with (
        tempfile.TemporaryDirectory() as base,
        sync_playwright() as playwright,
        jupyter_lab_server(Path(base), environment()) as (url, notebooks),
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.add_init_script(PAINTED)
        page.goto(f"{url}/lab?reset")
        page.wait_for_function("() => globalThis.jupyterapp?.restored")
        page.evaluate("jupyterapp.restored.then(() => true)")
        yield Lab(page, notebooks)
        browser.close()
