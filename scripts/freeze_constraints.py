"""Writes constraints.txt from what is installed, after the tests have passed: `.venv/bin/python scripts/...`.

A package whose tested version is not for every Python that the workbook supports gets a marker, so that an older
Python falls back to what pip finds for it.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The exact set of versions that the tests pass with. Written by scripts/freeze_constraints.py, not by hand.
# `pip install -c constraints.txt -e .` installs it. A marker stands where a version is not for Python 3.10.
"""
NOT_OURS = {"glassbox-lm", "pip"}


def constraint(name: str, version: str, requires_python: str) -> str:
    """Return one line: name, version without its build label, and a marker where it asks for more than Python 3.10.

    The marker counts the last number too: some packages are for Python 3.11.5 on, and Debian 12 has 3.11.2.
    """
    oldest = re.search(r">=\s*(3\.\d+(\.\d+)?)", requires_python)
    numbers = tuple(int(number) for number in oldest.group(1).split(".")) if oldest else (3,)
    marker = f' ; python_full_version >= "{oldest.group(1)}"' if oldest and numbers > (3, 10) else ""
    return f"{name}=={version.partition('+')[0]}{marker}"


def main() -> None:
    """Write the file."""
    lines = {}
    for found in metadata.distributions():
        about = found.metadata
        name = re.sub(r"[-_.]+", "-", about["Name"]).lower()
        if name not in NOT_OURS and str(found.locate_file("")).startswith(sys.prefix):
            lines[name] = constraint(name, found.version, str(about["Requires-Python"]))
    text = HEADER + "".join(lines[name] + "\n" for name in sorted(lines))
    (ROOT / "constraints.txt").write_text(text, encoding="utf-8")
    print(f"{len(lines)} versions written to constraints.txt")


if __name__ == "__main__":
    main()
