"""Makes .venv, or mends it, or sees at a glance that it is right: `python scripts/setup_env.py [--extra test]`.

Only the standard library, because nothing else is there yet. `ensure()` is what the other scripts call.
With `--run MODULE ...` it then runs `python -m MODULE ...` in that environment.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

if sys.version_info < (3, 10):
    sys.exit(
        "Glassbox LM needs Python 3.10 or newer and this is Python %d.%d: install a newer one, or name one that you "
        "have, as in `make lab PYTHON=python3.12`." % sys.version_info[:2]
    )

from collections.abc import Callable, Iterator

from installer import SetupError, install, venv_python

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "glassbox.json"


def interpreter() -> "dict[str, str]":
    """Return what a virtual environment is tied to: if one of these changes, it is made again."""
    version = "%d.%d" % sys.version_info[:2]
    return {"version": version, "prefix": sys.base_prefix, "machine": platform.machine(), "root": str(ROOT)}


def requirements() -> str:
    """Return a sum over the files that say what is installed: if they change, the environment is brought up to date."""
    files = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read_stamp() -> dict:
    """Return what the last finished installation wrote down, or {} where none finished."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(extras: "set[str]") -> None:
    """Write, whole or not at all, that an installation was finished."""
    stamp = {"interpreter": interpreter(), "requirements": requirements(), "extras": sorted(extras)}
    partial = STAMP.with_suffix(".partial")
    partial.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(partial, STAMP)


def fits_interpreter(stamp: dict) -> bool:
    """Return True if the environment was finished for this Python, in this place, and its Python still starts."""
    return stamp.get("interpreter") == interpreter() and venv_python(VENV).exists()


def is_ready(extras: "set[str]") -> bool:
    """Return True if the environment holds what pyproject.toml, constraints.txt and `extras` ask for."""
    stamp = read_stamp()
    installed = stamp.get("requirements") == requirements() and extras <= set(stamp.get("extras", []))
    return installed and fits_interpreter(stamp)


def make_venv() -> None:
    """Make an empty virtual environment, in place of whatever is there."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupError(
            "This Python %d.%d lacks its %s module: install it (on Debian and Ubuntu with `sudo apt install "
            "python3-venv`) and start again." % (*sys.version_info[:2], missing[0])
        )
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the Python inside the one to be replaced
    command = [base, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    if made.returncode:
        reason = (made.stdout.strip().splitlines() or ["no reason was given"])[-1]
        raise SetupError(f"The environment {VENV} could not be made: {reason}.")


@contextlib.contextmanager
def one_at_a_time() -> "Iterator[None]":
    """Hold a lock on the folder, so that `make lab` and `make test` in two windows do not build the same thing."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(str(ROOT), os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def bring_up_to_date(extras: "set[str]") -> None:
    """Make the environment, or install into it what it lacks; what was installed before stays."""
    started = time.monotonic()
    stamp = read_stamp()
    if fits_interpreter(stamp):
        print("Bringing .venv up to date ...", flush=True)
        extras = extras | set(stamp.get("extras", []))
        STAMP.unlink()  # from here to the end it is unfinished; if this is broken off, the next start makes it anew
    else:
        print("Making .venv: once, a few minutes, about 1.6 GB with PyTorch ...", flush=True)
        make_venv()
    install(VENV, ROOT, extras)
    write_stamp(extras)
    print("Ready after %.0f s." % (time.monotonic() - started), flush=True)


def ensure(*extras: str) -> Path:
    """Return the Python of an environment that has what is needed, after making or mending it where it must be.

    Args:
        extras: names of optional dependencies in pyproject.toml.

    Raises:
        SetupError: in one sentence, what the person at the screen has to do.
    """
    wanted = set(extras)
    if not is_ready(wanted):
        try:
            with one_at_a_time():
                if not is_ready(wanted):  # another window may just have done it
                    bring_up_to_date(wanted)
        except PermissionError as error:
            raise SetupError(f"{error.filename} cannot be written to: put the workbook elsewhere.") from error
    return venv_python(VENV)


def run(action: "Callable[[], int]") -> int:
    """Return the exit code of `action`; what goes wrong in it becomes a sentence."""
    try:
        return action()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command starts again.", file=sys.stderr)
        return 130


def main() -> int:
    """Make or mend the environment, then run what was asked for in it."""
    parser = argparse.ArgumentParser(description="Make .venv, or mend it.")
    parser.add_argument("--extra", action="append", default=[], help="an optional part of pyproject.toml, such as test")
    parser.add_argument("--run", nargs=argparse.REMAINDER, default=[], help="a module to run, with its arguments")
    options = parser.parse_args()
    python = str(ensure(*options.extra))
    if options.run:
        return subprocess.call([python, "-m", *options.run], cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
