"""Runs every check of the workbook: `python scripts/run_tests.py [--only STEP] [options of pytest]`.

Makes what it needs: the environment with the test tools, and on Debian as root a Chromium.
"""

import os
import subprocess
import sys
import time

import chromium
import setup_env

ROOT = setup_env.ROOT
STEPS = ("lint", "format", "types", "pytest")
MOST_WORKERS = 4  # each has a torch, a Chromium and a JupyterLab of its own


def command_of(step: str, python: str, pytest_options: "list[str]") -> "list[str]":
    """Return the command of one step."""
    return {
        "lint": [python, "-m", "ruff", "check", "--quiet", "."],
        "format": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "types": [python, "-m", "mypy", "--no-error-summary"],
        "pytest": [python, "-m", "pytest", *in_parallel(pytest_options), *pytest_options],
    }[step]


def in_parallel(pytest_options: "list[str]") -> "list[str]":
    """Return the options that share the tests out among processes, unless the caller says how, or wants a debugger."""
    if any(option.startswith(("-n", "--numprocesses", "--pdb", "-s")) for option in pytest_options):
        return []
    return ["-n", str(min(MOST_WORKERS, os.cpu_count() or 1)), "--dist", "worksteal"]


def passes(step: str, python: str, pytest_options: "list[str]") -> bool:
    """Run one step; return False if it failed."""
    started = time.monotonic()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    passed = subprocess.call(command_of(step, python, pytest_options), cwd=ROOT, env=environment) == 0
    if step != "pytest":  # which says so itself
        print("%s: %s in %.1f s" % (step, "passed" if passed else "failed", time.monotonic() - started), flush=True)
    return passed


def main() -> int:
    """Run the steps, all of them even if one fails."""
    arguments = sys.argv[1:]
    steps = list(STEPS)
    if arguments[:1] == ["--only"]:
        if len(arguments) < 2 or arguments[1] not in STEPS:
            raise setup_env.SetupError(f"--only takes one of {', '.join(STEPS)}.")
        steps, arguments = [arguments[1]], arguments[2:]
    python = str(setup_env.ensure("test"))
    if "pytest" in steps and chromium.find_chromium() is None and chromium.can_install():
        print("Installing Chromium for the browser tests ...", flush=True)
        chromium.install_chromium()
    failed = [step for step in steps if not passes(step, python, arguments)]
    if failed:
        print("Failed: " + ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(setup_env.run(main))
