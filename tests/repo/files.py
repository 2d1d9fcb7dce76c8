"""The files of the repository, as the rules read them."""

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = (".png", ".safetensors", ".gz", ".zip", ".ico", ".woff2")


@functools.cache
def tracked() -> tuple[str, ...]:
    """All files that git tracks or would track, as paths from the root with forward slashes."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return tuple(sorted({name for name in names if name and (ROOT / name).is_file()}))


@functools.cache
def text_of(name: str) -> str:
    """The text of a file, or "" for one that is not text."""
    return "" if name.endswith(BINARY) else (ROOT / name).read_text(encoding="utf-8")
