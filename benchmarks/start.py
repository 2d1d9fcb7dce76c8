"""What a start costs: imports, the wheel, loading a model, and a cold kernel up to the first painted explorer.

Run it from the project's folder: python -m benchmarks.start [--save]

The floor is `import torch`: in a process of its own, and in a cell of a cold kernel in the same JupyterLab.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, arguments, environment, finish, summary, table
from benchmarks.lab import Lab, opened_lab

TIMED_IMPORT = """
import json, sys, time
begin = time.perf_counter()
import {module}
print(json.dumps({{"seconds": time.perf_counter() - begin, "torch": "torch" in sys.modules}}))
"""
TIMED_LOAD = """
import json, time
import torch
seconds = {}
begin = time.perf_counter()
from lessons import load_model
seconds["from lessons import load_model, torch being there"] = time.perf_counter() - begin
for name in ("lstm", "transformer"):
    begin = time.perf_counter()
    load_model(name)
    seconds[f"load_model({name!r})"] = time.perf_counter() - begin
print(json.dumps(seconds))
"""
EXPLORER = """
from lessons import load_model
from widgets import NextWordExplorer

NextWordExplorer(load_model("lstm"), load_model("transformer"), text="The king was crowned in")
"""
TORCH = "import torch\nprint('torch is here')"
# Run the first cell, and return the seconds until something stands in `selector` and is painted.
RUN = """
async selector => {
    const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)"), begin = performance.now();
    jupyterapp.shell.currentWidget.content.activeCellIndex = 0;
    const shown = painted(() => panel.querySelector(selector)?.textContent);
    if (!await jupyterapp.commands.execute("notebook:run-cell")) throw new Error("the cell failed");
    return (await shown - begin) / 1000;
}
"""


def in_process(source: str) -> dict[str, Any]:
    """Run a script in a process of its own and return the JSON that it prints."""
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, encoding="utf-8")
    return json.loads(done.stdout)


def wheel() -> dict[str, float]:
    """Build the wheel and return its size in MB, and how much of that the models are."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--wheel-dir", folder, str(ROOT)], env=environment(), check=True)
        (built,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(built) as archive:
            models = sum(item.compress_size for item in archive.infolist() if "/shipped/" in item.filename)
        return {"wheel_mb": round(built.stat().st_size / 1e6, 2), "models_mb": round(models / 1e6, 2)}


def in_cold_kernel(lab: Lab, source: str, selector: str) -> float:
    """Seconds from running a notebook's first cell, its kernel started but bare, until what it shows is painted."""
    notebook = lab.open(source)
    seconds = lab.page.evaluate(RUN, selector)
    notebook.close()
    return seconds


def main() -> None:
    chosen = arguments(__doc__, rounds=(int, 7, "repeats of each, in turns; one more before them warms up"))
    built = wheel()
    modules = ("torch", "widgets", "lessons")
    seconds: dict[str, list[float]] = {f"import {module}, a bare process": [] for module in modules}
    with_torch = dict.fromkeys(modules, False)
    cold = {
        "import torch, a cold kernel's cell": (TORCH, ".jp-OutputArea-output"),
        "first explorer painted": (EXPLORER, ".gb-heading"),
    }
    seconds |= {name: [] for name in cold}
    with opened_lab() as lab:
        for turn in range(chosen.rounds + 1):
            found: dict[str, float] = {}
            for module in modules:
                told = in_process(TIMED_IMPORT.format(module=module))
                found[f"import {module}, a bare process"] = told["seconds"]
                with_torch[module] |= told["torch"]
            found |= {name: in_cold_kernel(lab, *cell) for name, cell in cold.items()}
            found |= in_process(TIMED_LOAD)
            for name, value in found.items() if turn else ():
                seconds.setdefault(name, []).append(value)
    rows = {name: summary(values, 3) for name, values in seconds.items()}
    table(["seconds", "n", "median", "p95", "least", "most"], [[name, *row.values()] for name, row in rows.items()])
    floor, explorer = (rows[name]["median"] for name in cold)
    more = {"seconds": round(explorer - floor, 3), "times": round(explorer / floor, 2)}
    print(f"The first explorer takes {more['seconds']} s more than `import torch`: {more['times']} times as long.")
    imports = {module: with_torch[module] for module in ("widgets", "lessons")}
    print(
        f"torch is imported by: {', '.join(module for module, does in imports.items() if does) or 'neither package'}."
    )
    print(f"The wheel has {built['wheel_mb']} MB, of which the two models are {built['models_mb']} MB.")
    finish("start", {"seconds": rows, "explorer_beside_torch": more, "imports_torch": imports, **built}, chosen.save)
    if imports["widgets"]:
        sys.exit("`import widgets` has imported torch.")


if __name__ == "__main__":
    main()
