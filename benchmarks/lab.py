"""A JupyterLab of its own with a page in a headless Chromium, as the tests in tests/lab have it, and a clock in it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from benchmarks.common import environment
from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS, NO_CHROMIUM
from tests.lab.notebook_page import NotebookPage, write_notebook
from tests.lab.server import jupyter_lab_server

__all__ = ["ECHO", "Echo", "Lab", "opened_lab", "text_of", "timed"]

# Resolves with the time of the second frame after `done` has become true: by then the change is on the screen. It looks
# once a frame; an observer of the page's nodes would be told of each, and so take time from who draws many.
PAINTED = """
globalThis.painted = done => new Promise((resolve, reject) => {
    const end = performance.now() + 60000;
    const look = () => {
        if (done()) requestAnimationFrame(() => resolve(performance.now()));
        else if (performance.now() > end) reject(new Error("nothing was painted within 60 seconds"));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
});
globalThis.arrived = [];
globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given);
        this.addEventListener("message", ({data}) => {
            arrived.push({time: performance.now(), bytes: data.byteLength ?? data.size ?? data.length});
        });
    }
};
"""
# Until what LOOK finds differs from what it finds now; counted from the time stamp of the next event of this kind.
AWAIT = """
(root, kind) => {
    const look = LOOK, before = look(root);
    globalThis.answer = new Promise((resolve, reject) => document.addEventListener(kind, event => {
        painted(() => look(root) !== before).then(time => resolve(time - event.timeStamp), reject);
    }, {capture: true, once: true}));
}
"""
ECHO = """
import anywidget, traitlets

class Echo(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        const button = document.createElement("button"), text = document.createElement("span");
        button.textContent = "echo"; text.className = "echo"; text.textContent = "0";
        button.addEventListener("click", () => model.send({}));
        model.on("change:count", () => { text.textContent = String(model.get("count")); });
        el.append(button, text);
    } }'''
    count = traitlets.Int(0).tag(sync=True)

    def __init__(self):
        super().__init__()
        self.on_msg(lambda widget, content, buffers: setattr(self, "count", self.count + 1))

Echo()
"""


def text_of(selector: str) -> str:
    """What `timed` is to look at: the text of an element."""
    return f"root => root.querySelector({selector!r})?.textContent"


def timed(root: Locator, look: str, act: Callable[[], object], kind: str = "click") -> float:
    """Return the milliseconds from the event that `act` causes to the frame that shows a change.

    Args:
        root: the part of the page to look at.
        look: a function in JavaScript of `root`, whose value changes.
        act: what a person does.
        kind: of the event that it causes.
    """
    root.evaluate(AWAIT.replace("LOOK", look), kind)
    act()
    return root.page.evaluate("() => globalThis.answer")


class Echo:
    """The floor of all that asks Python: a button whose click goes to the kernel, which sends a number back.

    The cell that holds `ECHO` must have been run.
    """

    def __init__(self, cell: Locator) -> None:
        self._root = cell.locator(".jp-OutputArea-output").filter(has=cell.page.locator(".echo"))
        self._button = self._root.get_by_role("button", name="echo")
        for _ in range(5):  # the first ones warm up
            self.click()

    def click(self) -> float:
        """Click, and return the milliseconds until the number that came back is painted."""
        return timed(self._root, text_of(".echo"), self._button.click)


class Lab:
    """A page of JupyterLab in which notebooks can be opened, each with a kernel of its own."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self._folder, self._devtools = page, folder, page.context.new_cdp_session(page)

    def open(self, *cells: str) -> NotebookPage:
        """Open a new notebook with these cells, its kernel started and none of them run."""
        return NotebookPage(self.page, write_notebook(self._folder, cells))

    def collect_garbage(self) -> None:
        """Let the page do now what it would otherwise do in the middle of what is measured."""
        self._devtools.send("HeapProfiler.collectGarbage")


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
