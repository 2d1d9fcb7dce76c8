"""A JupyterLab server for tests and benchmarks: its own folders and port, and an end that also ends its kernels."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
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
    deadline = time.monotonic() + 240
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
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(5)


@contextlib.contextmanager
def running(
    command: list[str],
    base: Path,
    url: str,
    is_up: Callable[[], object],
    environment: Mapping[str, str] = os.environ,
    token: Callable[[], str] = str,
) -> Iterator[None]:
    """Run a server with Jupyter's folders inside `base`, where its log is `server.log`; stop it at the end."""
    folders = {name: str(base / folder) for name, folder in JUPYTER_FOLDERS.items()}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    log = base / "server.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            command,
            env={**environment, **folders, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(is_up, server, log)
            yield
        finally:
            stop(server, url, token())


@contextlib.contextmanager
def jupyter_lab_server(base: Path, environment: Mapping[str, str] = os.environ) -> Iterator[tuple[str, Path]]:
    """Run JupyterLab with the settings of these tests; gives its address and the folder of its notebooks.

    Somebody else may take the free port before JupyterLab does; then it tries once more with another one.
    """
    notebooks = base / "notebooks"
    notebooks.mkdir()
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(_jupyter_lab(base, notebooks, environment))
        except RuntimeError:
            url = stack.enter_context(_jupyter_lab(base, notebooks, environment))
        yield url, notebooks


@contextlib.contextmanager
def _jupyter_lab(base: Path, notebooks: Path, environment: Mapping[str, str]) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = [f"--config={HERE / 'lab_config.py'}", f"--ServerApp.port={port}", f"--ServerApp.root_dir={notebooks}"]
    command = [sys.executable, "-m", "jupyterlab", *options]
    with running(command, base, url, lambda: answers(url + "/api/status"), environment):
        yield url
