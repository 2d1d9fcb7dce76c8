"""Runs pip inside .venv, takes the CPU build of torch where there is no GPU, and says in a sentence what went wrong."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 4.0

NO_NETWORK = (
    r"name resolution|Name or service not known|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|ConnectionError|Connection(Reset|Refused|Aborted)Error|Network is unreachable"
)

# What pip says, and what it means to the person at the screen. The first match wins.
PIP_TROUBLES = (
    (
        r"No space left on device|Errno 28",
        "The disk is full: the environment needs about 2 GB; make room and start again.",
    ),
    (
        r"Permission denied|Errno 13|Read-only file system",
        "This folder cannot be written to: put the workbook in a folder of your own.",
    ),
    (
        NO_NETWORK,
        "pip cannot reach its package index: check the network and, behind a proxy, the variable HTTPS_PROXY; "
        "then start again.",
    ),
    (
        r"No matching distribution found for torch\b",
        "There is no PyTorch for this Python and this machine: take Python 3.12 (`make lab PYTHON=python3.12`) or the "
        "conda environment.",
    ),
)


# No set of packages fits: often an older or newer Python than the tested one.
DOES_NOT_FIT = r"ResolutionImpossible|No matching distribution found"


class SetupError(Exception):
    """Something that the person at the screen has to do first, in one sentence."""


class VersionsError(SetupError):
    """The versions that were asked for are not to be had for this Python."""


def explain(log: str) -> str:
    """Return one sentence for what went wrong in pip's output."""
    for pattern, sentence in PIP_TROUBLES:
        if re.search(pattern, log):
            return sentence
    errors = [line.strip().rstrip(".") for line in log.splitlines() if line.lower().startswith("error")]
    return "pip stopped: " + (errors[-1] if errors else "it gave no reason") + "."


def venv_python(venv: Path) -> Path:
    """Return the path of the Python inside `venv`."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def show(line: str) -> None:
    """Show one moving line on a terminal, and nothing where the output goes elsewhere."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + line[:width].ljust(width), end="" if line else "\r", flush=True)


def pip_install(venv: Path, *arguments: str) -> None:
    """Run `pip install` in `venv`; everything that pip says goes to install.log there.

    Raises:
        SetupError: if pip fails, with the likely cause.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", "PIP_USER": "0"}
    environment.update(quiet, PYTHONUNBUFFERED="1", PYTHONUTF8="1")
    command = [str(venv_python(venv)), "-m", "pip", "install", "--no-input", "--progress-bar", "off", *arguments]
    lines = []
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            show("  " + line.strip())
    show("")
    log_path = venv / "install.log"
    with log_path.open("a", encoding="utf-8") as file:
        file.write("$ " + " ".join(command) + "\n" + "".join(lines))
    if process.returncode:
        log = "".join(lines)
        reached = not re.search(NO_NETWORK, log)
        kind = VersionsError if reached and re.search(DOES_NOT_FIT, log) else SetupError
        raise kind(f"{explain(log)} All that pip said is in {log_path}.")


def has_nvidia_gpu() -> bool:
    """Return True where an NVIDIA driver is loaded."""
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidia0").exists()


def answers(url: str, seconds: float) -> bool:
    """Return True if `url` answers in time. The thread is for name look-ups, which know no time limit."""
    answered = threading.Event()

    def ask() -> None:
        with contextlib.suppress(Exception), urllib.request.urlopen(url, timeout=seconds) as reply:
            if reply.status == 200:
                answered.set()

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    asker.join(seconds)
    return answered.is_set()


def torch_pin(constraints: str) -> str:
    """Return the requirement `torch==...` out of the text of constraints.txt."""
    found = re.search(r"^torch==[\w.]+", constraints, re.MULTILINE)
    if not found:
        raise SetupError("constraints.txt names no version of torch: bring the file back, as with `git checkout`.")
    return found.group()


def install(venv: Path, root: Path, extras: "set[str]") -> None:
    """Install the workbook at `root` and all that it needs, in the tested versions."""
    constraints = root / "constraints.txt"
    pip_install(venv, "pip>=22.3")  # older ones cannot install a pyproject.toml in place
    if platform.system() == "Linux" and not has_nvidia_gpu() and answers(TORCH_CPU_INDEX + "/torch/", PROBE_SECONDS):
        torch = torch_pin(constraints.read_text(encoding="utf-8"))
        with contextlib.suppress(SetupError):  # it has no build for every machine; then torch comes as pip finds it
            pip_install(venv, "--index-url", TORCH_CPU_INDEX, "--no-deps", torch)
    target = str(root) + ("[" + ",".join(sorted(extras)) + "]" if extras else "")
    try:
        pip_install(venv, "-c", str(constraints), "-e", target)
    except VersionsError:
        print("The tested versions are not all for this Python; taking the newest that are ...", flush=True)
        pip_install(venv, "-e", target)
