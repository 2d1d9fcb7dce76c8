"""Finds the browser for the browser tests, and on Debian as root gets it."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def find_chromium() -> "str | None":
    """Return the path of a Chromium, Chrome or Edge: GLASSBOX_CHROMIUM, then the usual names and places, or None."""
    named = os.environ.get("GLASSBOX_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or next((place for place in PLACES if Path(place).exists()), None)


def can_install() -> bool:
    """Return True on Debian as root, where apt has a Chromium that needs no desktop (Ubuntu's is a snap)."""
    try:
        system = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return "ID=debian" in system and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_chromium() -> "str | None":
    """Install Debian's Chromium; return its path, or None if apt could not."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(command, env=quiet, check=False, capture_output=True, encoding="utf-8")
        if done.returncode:
            print(done.stderr.strip()[-2000:])
            return None
    return find_chromium()
