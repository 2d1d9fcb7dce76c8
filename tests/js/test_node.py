"""Run the tests of the scripts' pure parts with Node, where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no Node here; the same code is tested in Chromium by tests/browser")
def test_the_scripts_pure_parts():
    tests = sorted(Path(__file__).parent.glob("*.test.mjs"))
    run = subprocess.run(
        [NODE, "--test", *map(str, tests)], capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr
