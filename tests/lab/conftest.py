"""A real JupyterLab for the tests in this folder: one server and one page a run, a fresh notebook a test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.lab.notebook_page import NotebookPage, write_notebook

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
JUPYTER_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "IPYTHONDIR": "ipython",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "MPLCONFIGDIR": "matplotlib",
}


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_up: Callable[[], object], server: subprocess.Popen, log: Path) -> None:
    """Wait until a server is up; fail with its log if it ends or takes too long."""
    deadline = time.monotonic() + 90
    while server.poll() is None and time.monotonic() < deadline:
        if is_up():
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


def answers(url: str) -> bool:
    """True if something answers at this address."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
        return True
    return False


def stop(server: subprocess.Popen, url: str, token: str = "") -> None:
    """Ask the server to stop, which also ends its kernels; a signal can hang while a page is connected."""
    request = urllib.request.Request(url + "/api/shutdown", method="POST", headers={"Authorization": f"token {token}"})
    try:
        urllib.request.urlopen(request, timeout=5).close()
        server.wait(15)
    except (OSError, subprocess.TimeoutExpired):
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(5)


@pytest.fixture(scope="session")
def jupyter_lab(tmp_path_factory):
    """A JupyterLab server of its own, with folders of its own; (address, folder of its notebooks)."""
    base = tmp_path_factory.mktemp("lab")
    notebooks = base / "notebooks"
    notebooks.mkdir()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {name: str(base / folder) for name, folder in JUPYTER_FOLDERS.items()}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    options = [f"--config={HERE / 'lab_config.py'}", f"--ServerApp.port={port}", f"--ServerApp.root_dir={notebooks}"]
    log = base / "server.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(lambda: answers(url + "/api/status"), server, log)
            yield url, notebooks
        finally:
            stop(server, url)


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
    page.goto(f"{url}/lab?reset")
    page.wait_for_function("() => globalThis.jupyterapp?.restored")
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
