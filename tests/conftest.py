"""What all tests share: hypothesis profiles, one thread for torch, the browser, and what is left out without one."""

import functools
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect

from lessons.corpus import wikitext2_folder
from lessons.errors import CorpusError
from scripts.chromium import find_chromium

# One thread for each library: a test machine is small, and threads that wait for each other are slower than one.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Child processes (kernels, servers, command lines) find the packages even where they are not installed.
ROOT = Path(__file__).resolve().parent.parent
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

# The quick profile draws the same examples each time, so that a test that has passed passes again.
# HYPOTHESIS_PROFILE=thorough draws 10,000 others a test; timing is left to the benchmarks.
_SHARED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
settings.register_profile("quick", max_examples=50, derandomize=True, **_SHARED)
settings.register_profile("thorough", max_examples=10_000, **_SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

CHROMIUM = find_chromium()
PATIENCE = 15_000  # milliseconds that an `expect` waits: a busy machine is slow, and what is wrong stays wrong
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_CHROMIUM = (
    "there is no Chromium here: install Chromium or Chrome, or name one in GLASSBOX_CHROMIUM "
    "(on Debian as root `make test` installs it by itself)"
)

# Several processes begin with the folders of long tests and end with quick ones, which are easily shared out; the tests
# of a folder stay together, so that only one process needs a JupyterLab.
LONG = {"lab": 0, "notebooks": 1}


def wants_browser(item: pytest.Item) -> bool:
    """True for the tests in tests/browser and tests/lab, and for whatever else asks for a page."""
    in_folder = bool({"browser", "lab"} & set(item.path.relative_to(ROOT).parts[:-1]))
    return in_folder or bool({"page", "browser"} & set(getattr(item, "fixturenames", ())))


@functools.cache
def has_corpus() -> bool:
    """True if WikiText-2 is on this machine; no test fetches it."""
    try:
        wikitext2_folder(download=False)
    except CorpusError:
        return False
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the browser tests, and skip what cannot run here; with CI=true a missing browser is a failure."""
    in_browser = [item for item in items if wants_browser(item)]
    for item in in_browser:
        item.add_marker(pytest.mark.lab if "lab" in item.path.relative_to(ROOT).parts else pytest.mark.browser)
        if CHROMIUM is None and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))
    for item in items:
        if item.get_closest_marker("corpus") and not has_corpus():
            item.add_marker(pytest.mark.skip(reason="WikiText-2 is not on this machine: `glassbox doctor` says where"))
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=lambda item: (LONG.get(item.path.parent.name, len(LONG)), wants_browser(item)))
    else:
        items.sort(key=wants_browser)  # the quick ones first


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The Chromium of this machine instead of a downloaded build (a hook of pytest-playwright)."""
    if CHROMIUM is None:
        pytest.fail(NO_CHROMIUM)
    expect.set_options(timeout=PATIENCE)
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(autouse=True)
def one_torch_thread():
    """Keep torch to one thread where a test has imported it, whatever the test before did."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
