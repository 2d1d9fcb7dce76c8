"""`glassbox doctor`: says what is installed, where things are, and in one sentence each what is wrong."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from lessons.errors import CorpusError
from lessons.front_end import front_end_of, front_end_troubles, running_servers, version_numbers
from lessons.places import MODEL_CARD, NGRAM_CARD, SHIPPED

__all__ = ["FLOORS", "Finding", "diagnose", "main", "report"]

# The oldest version of each package that the workbook runs with; pyproject.toml asks for the same.
FLOORS = {
    "torch": "2.6",
    "numpy": "1.26",
    "safetensors": "0.4.5",
    "scikit-learn": "1.5",
    "jupyterlab": "4.6.2",
    "jupyter_server": "2.20",
    "jupyter_client": "8.10",
    "ipykernel": "6.29",
    "ipywidgets": "8.1.5",
    "anywidget": "0.9.18",
    "matplotlib": "3.9",
    "pooch": "1.8.2",
    "tqdm": "4.66.3",
    "traitlets": "5.14",
    "filelock": "3.13",
}
TRIAL_SECONDS = 120.0


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: what was looked at.
        value: what was found.
        help: one sentence that says what to do, or "" where all is well.
        stops: True if the workbook does not run, or not safely, until that is done.
    """

    name: str
    value: str
    help: str = ""
    stops: bool = False


def diagnose(trial: bool = True) -> list[Finding]:
    """Return everything that the doctor looked at, problems included.

    Args:
        trial: also start Python afresh, import torch there and ask each shipped model for a word (a few seconds).
    """
    findings = [_python(), *(_package(name, floor) for name, floor in FLOORS.items())]
    if any(finding.value == "missing" for finding in findings):
        return findings  # what is looked at below needs these packages
    findings += [*_torch_build(), *_torchtext(), *_front_ends(), _corpus(), *_models()]
    if trial and not any(finding.stops for finding in findings):
        findings.append(_trial())
    return findings


def report(findings: Sequence[Finding]) -> str:
    """Return the findings as text for a terminal: one line each, then the help."""
    width = max(len(finding.name) for finding in findings)
    mark = {(False, False): " ", (True, False): "!", (True, True): "x"}
    lines = [f"{mark[bool(f.help), f.stops]} {f.name:<{width}}  {f.value}" for f in findings]
    problems = [finding for finding in findings if finding.help]
    if not problems:
        return "\n".join([*lines, "", "All is well."])
    lines += ["", *(f"{mark[True, f.stops]} {f.help}" for f in problems)]
    if not any(finding.stops for finding in problems):
        lines += ["", "The workbook runs all the same."]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None, write: Callable[[str], object] | None = None) -> int:
    """Write the report; return 1 if something stops the workbook, else 0.

    Args:
        argv: options, without the name of the command.
        write: takes the text; None writes it as a line on standard output.
    """
    parser = argparse.ArgumentParser(prog="glassbox doctor", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the trial of the models")
    findings = diagnose(trial=not parser.parse_args(argv).quick)
    text = report(findings)
    write(text) if write else sys.stdout.write(text + "\n")
    return int(any(finding.stops for finding in findings))


def _python() -> Finding:
    value = f"{platform.python_version()}, {sys.executable}, {platform.system()} {platform.machine()}"
    return Finding("python", value)


def _version(package: str) -> str | None:
    """Return the version of an installed package, without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _package(name: str, floor: str) -> Finding:
    """Compare an installed version with its floor."""
    version = _version(name)
    command = f'{sys.executable} -m pip install -U "{name}>={floor}"'
    if version is None:
        return Finding(name, "missing", f"{name} is not in this environment: run `{command}`.", True)
    if version_numbers(version) < version_numbers(floor):
        help_ = f"{name} {version} is older than {floor}, the oldest that is supported: run `{command}`."
        return Finding(name, version, help_, True)
    return Finding(name, version)


def _torch_build() -> list[Finding]:
    """Say which build of torch this is; its own version file tells, and reading that is a second faster than torch."""
    if _version("torch") is None:
        return []
    try:
        text = Path(str(metadata.distribution("torch").locate_file("torch/version.py"))).read_text(encoding="utf-8")
    except OSError:
        return [Finding("torch build", "unknown")]
    cuda = re.search(r"^cuda.*?=\s*'([\d.]+)'", text, re.MULTILINE)
    if not cuda:
        return [Finding("torch build", "CPU")]
    value = f"CUDA {cuda.group(1)}"
    if sys.platform == "linux" and not Path("/proc/driver/nvidia/version").exists():
        help_ = (
            "This torch is built for NVIDIA GPUs and there is none here: it works, but takes 3 GB more of the disk and "
            "starts more slowly; remove .venv and run `make lab` where the network reaches PyTorch's CPU builds."
        )
        return [Finding("torch build", value, help_)]
    return [Finding("torch build", value)]


def _torchtext() -> list[Finding]:
    """Say whether torchtext can be imported; no lesson needs it, and where it works a lesson compares with it."""
    version = _version("torchtext")
    if version is None or util.find_spec("torchtext") is None:
        return [Finding("torchtext", "not installed (no lesson needs it)")]
    error = _run_python("import torchtext")
    if error is None:
        return [Finding("torchtext", f"{version}, can be imported")]
    help_ = (
        f"torchtext {version} does not fit torch {_version('torch')} ({error}); no lesson needs it, and the conda "
        "environment of environment.yml has a pair that fits."
    )
    return [Finding("torchtext", f"{version}, cannot be imported", help_)]


def _front_ends() -> list[Finding]:
    """Look at the JupyterLab of this environment, and at each that is running."""
    own = Path(sys.prefix)
    found = {own: front_end_of(own)}
    for pid, prefix in running_servers():
        found[prefix] = front_end_of(prefix, pid)
    parent = os.environ.get("JPY_PARENT_PID", "")
    decisive = next((front_end for front_end in found.values() if str(front_end.pid) == parent), found[own])
    findings = []
    for front_end in found.values():
        name = "JupyterLab page" if front_end.pid is None else f"JupyterLab page (process {front_end.pid})"
        value = ", ".join(f"{extension} {version}" for extension, version in sorted(front_end.extensions.items()))
        findings.append(Finding(name, f"{value or 'no widgets'}, in {front_end.prefix}"))
        for trouble in front_end_troubles(front_end):
            findings.append(Finding(name, "cannot show the widgets", trouble, stops=front_end is decisive))
    return findings


def _corpus() -> Finding:
    """Say where WikiText-2 is, without fetching it; it is not needed to open the workbook."""
    from lessons.corpus import wikitext2_folder

    try:
        return Finding("WikiText-2", str(wikitext2_folder(download=False)))
    except CorpusError as error:
        if os.environ.get("GLASSBOX_DATA"):
            return Finding("WikiText-2", "not usable", str(error))
        return Finding("WikiText-2", "not here yet; fetched into the cache folder when it is first asked for (13 MB)")


def _models() -> list[Finding]:
    """Say where the models are and whether their files are whole in size; the trial checks their sums."""
    cards = sorted(SHIPPED.glob(f"*/{MODEL_CARD}"))
    if not cards:
        help_ = "The shipped models are missing: fetch the workbook again, for example with `git checkout lessons`."
        return [Finding("models", f"none in {SHIPPED}", help_, True)]
    return [_model(card) for card in cards]


def _model(card_path: Path) -> Finding:
    name = f"model {card_path.parent.name}"
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
        weights = card_path.with_name(card["weights"]["file"])
        size = weights.stat().st_size
        if size != card["weights"]["bytes"]:
            raise ValueError(f"{weights.name} has {size} bytes instead of {card['weights']['bytes']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        help_ = f"The model in {card_path.parent} is damaged ({error}): fetch it again, as with `git checkout lessons`."
        return Finding(name, "damaged", help_, True)
    perplexity = card.get("test_perplexity")
    measured = f", test perplexity {perplexity:.1f}" if isinstance(perplexity, (int, float)) else ""
    if measured and (counted := _counted(card.get("corpus"))):
        measured += f" (counting 5-grams: {counted:.1f})"
    return Finding(name, f"{card_path.parent}, {size / 1e6:.1f} MB{measured}")


def _counted(corpus: object) -> float | None:
    """Return the test perplexity of the shipped 5-gram figures if they are of this corpus, else None."""
    try:
        card = json.loads((SHIPPED / NGRAM_CARD).read_text(encoding="utf-8"))
        return float(card["models"][-1]["test_perplexity"]) if card["corpus"] == corpus else None
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None  # a figure to compare with is no part of a model that works


_TRIAL = """
from lessons import load_model
for name in ("lstm", "transformer"):
    load_model(name).next_tokens("The king was crowned in", top_k=1)
"""


def _trial() -> Finding:
    """Start Python afresh and ask each shipped model for a word."""
    error = _run_python(_TRIAL)
    if error is None:
        return Finding("trial", "torch starts and both models answer")
    return Finding("trial", "failed", f"The models do not answer here: {error}", True)


def _run_python(code: str) -> str | None:
    """Run code in a new Python; return None if it went well, else the last line that it said."""
    package_root = str(Path(__file__).parent.parent)
    path = os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", timeout=TRIAL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no answer within {TRIAL_SECONDS:.0f} seconds; close other programs and try again."
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"Python ended with code {done.returncode} and said nothing."])[-1]


if __name__ == "__main__":
    sys.exit(main())
