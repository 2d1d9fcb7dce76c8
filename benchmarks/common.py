"""What the benchmarks share: the summary of a series, the table, the machine, and the file of a result."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("torch", "jupyterlab", "ipykernel", "ipywidgets", "anywidget", "numpy", "safetensors")

# Words of the corpus, each one token, with which texts of any length are made.
WORDS = [
    *("the", "of", "and", "in", "to", "a", "was", "his", "her", "with", "for", "on", "as", "by", "at", "from", "that"),
    *("king", "queen", "crowned", "church", "abbey", "war", "army", "city", "river", "island", "century", "brother"),
    *("album", "song", "game", "team", "season", "film", "music", "company", "British", "French", "German", "which"),
]

# One thread for each library, in every process alike: threads that wait for each other measure nothing.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def environment() -> dict[str, str]:
    """The environment of every process that is measured: one thread, and this copy of the packages."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": path}


def summary(values: Sequence[float], digits: int = 1) -> dict[str, float | int]:
    """Median, 95th percentile, smallest and largest of a series."""
    numbers = {
        "median": np.median(values),
        "p95": np.percentile(values, 95),
        "least": np.min(values),
        "most": np.max(values),
    }
    return {"n": len(values), **{name: round(float(value), digits) for name, value in numbers.items()}}


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a head, the first column to the left and the others to the right."""
    lines = [[str(value) for value in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        first, *others = zip(line, widths, strict=True)
        print("  ".join([first[0].ljust(first[1]), *(value.rjust(width) for value, width in others)]).rstrip())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def machine() -> dict[str, Any]:
    """Where and with which versions a result came about, and how busy the machine was."""
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_average": [round(value, 1) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def arguments(description: str | None, **options: tuple[type, Any, str]) -> argparse.Namespace:
    """Read the command line: `--save`, and each option given here as (type, default, help)."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    parser.add_argument("--save", action="store_true", help="also write benchmarks/results/<name>.json")
    for name, (kind, default, what) in options.items():
        parser.add_argument(f"--{name}", type=kind, default=default, help=f"{what} (%(default)s)")
    return parser.parse_args()


def finish(name: str, found: Mapping[str, Any], save: bool) -> None:
    """Write a result, with the machine it was measured on, if that was asked for."""
    if save:
        RESULTS.mkdir(exist_ok=True)
        result = json.dumps({"machine": machine(), **found}, indent=2, ensure_ascii=False)
        (RESULTS / f"{name}.json").write_text(result + "\n", encoding="utf-8")
        print(f"Written to benchmarks/results/{name}.json")
