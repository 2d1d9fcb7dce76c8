"""`make lab` itself: the server that it starts opens the first notebook, with nothing in the way."""

import re
import sys

import pytest
from playwright.sync_api import expect

from tests.lab.conftest import ROOT
from tests.lab.server import free_port, running

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+(/\S*)\?token=(\w+)")


@pytest.fixture
def started(tmp_path):
    """The server as `make lab ARGS="--no-browser --port N"` starts it when all is installed; the file of its log."""
    port = free_port()
    log = tmp_path / "server.log"

    def address():
        return ADDRESS.search(log.read_text(encoding="utf-8"))

    command = [
        sys.executable,
        str(ROOT / "scripts" / "start_lab.py"),
        "--no-install",
        "--no-browser",
        "--port",
        str(port),
    ]
    with running(
        command,
        tmp_path,
        f"http://127.0.0.1:{port}",
        address,
        token=lambda: found.group(2) if (found := address()) else "",
    ):
        yield log


def test_the_address_that_is_printed_opens_the_first_notebook(started, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(ADDRESS.search(started.read_text(encoding="utf-8")).group(), timeout=120_000)
    expect(page.get_by_role("tab", name="00_start_here.ipynb")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("heading", name="Start here")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=120_000)
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    assert [url for url in asked if not re.match(r"(http://127\.0\.0\.1:|data:|blob:)", url)] == []
    printed = started.read_text(encoding="utf-8")
    assert re.findall(r"(?i).*\b(?:warn\w*|error|traceback|deprecat\w*)\b.*", printed) == []
    lines = [line for line in printed.splitlines() if "Nudge" not in line]  # said of a kernel that is slow to answer
    assert len(lines) < 15, printed
