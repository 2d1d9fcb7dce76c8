"""A page that shows one widget, with the real Python behind it. Errors in it and requests off it fail."""

import contextlib
import time
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.standin import Wire, page_of
from tests.conftest import PATIENCE
from tests.fakes import FakeModel
from tests.makers import MAKERS
from widgets import NextWordExplorer

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def one_page(browser):
    """One page for all tests: making a context costs more than most of them."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)  # milliseconds that a click may take on a busy machine
    page.to_python = lambda data: None
    page.expose_function("toPython", lambda data: page.to_python(data))
    yield page
    context.close()


@pytest.fixture
def page(one_page):
    """The page, blank and with nothing left of the test before."""
    one_page.to_python = lambda data: None
    one_page.emulate_media(reduced_motion="no-preference")
    one_page.set_viewport_size({"width": 1280, "height": 720})
    one_page.goto("about:blank")
    return one_page


@pytest.fixture
def mount(page):
    """Show a widget: `shown = mount(widget)`, then `shown.page`, and `shown.wire` for what went over the wire."""
    problems: list[str] = []
    watched = {
        "pageerror": lambda error: problems.append(f"error: {error}"),
        "console": lambda said: problems.append(said.text) if said.type in ("error", "warning") else None,
        "request": lambda request: problems.append(request.url) if _leaves(request.url) else None,
    }
    for event, note in watched.items():
        page.on(event, note)

    def mount_(widget, theme="", width=1280, height=720):
        wire = Wire(widget)

        def to_python(data):
            try:
                wire.receive(data)
            except Exception as error:
                problems.append(f"uncaught in Python: {error!r}")

        page.to_python = to_python
        page.set_viewport_size({"width": width, "height": height})
        wire.page = page  # a widget may ask as soon as it is drawn
        page.set_content(page_of(widget, theme))
        page.wait_for_selector("body[data-ready]")
        return SimpleNamespace(page=page, wire=wire, widget=widget)

    yield mount_
    for event, note in watched.items():
        page.remove_listener(event, note)
    assert problems == []


@pytest.fixture
def eventually(page):
    """Wait until something is true in Python: `eventually(lambda: widget.selected == 1)`."""

    def wait(check):
        deadline = time.monotonic() + PATIENCE / 1000
        while not check():
            assert time.monotonic() < deadline
            page.wait_for_timeout(20)

    return wait


@pytest.fixture
def held_back(page):
    """`with held_back(): ...`: what a page asks in here reaches Python at its end, however slow the machine is."""

    @contextlib.contextmanager
    def hold():
        page.evaluate("globalThis.through = toPython; globalThis.held = []; globalThis.toPython = m => held.push(m); 0")
        yield
        page.evaluate("globalThis.toPython = through; held.forEach(message => through(message)); 0")

    return hold


def _leaves(url):
    return url.startswith(("http:", "https:", "ws:", "wss:")) and not url.startswith("http://127.0.0.1")


@pytest.fixture
def models():
    return FakeModel("lstm"), FakeModel("transformer", seed=1)


@pytest.fixture
def explorer(models):
    return NextWordExplorer(*models)


@pytest.fixture(params=MAKERS)
def any_widget(request):
    """Each of the widgets, in a state that shows as much as it can."""
    return MAKERS[request.param]()


@pytest.fixture
def axe_violations():
    """Run axe-core on a page; returns what it finds, each with the first element concerned."""

    def run(page):
        options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
        found = Axe().run(page, options=options).response["violations"]
        return [(rule["id"], rule["nodes"][0]["html"][:200], rule["nodes"][0]["failureSummary"]) for rule in found]

    return run
