"""Fetching one file from the network: whole and checked, or not at all, and never for ever."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lessons.errors import CorpusError
from lessons.files import write_whole

__all__ = ["fetch"]

_WAIT = 5.0  # seconds for a connection, and for the next bytes
_WINDOW = 10.0  # seconds in each of which ...
_LEAST = 20_000  # ... so many bytes must arrive; slower than 2 kB/s, a download of 10 MB would not end in an hour
_TICK = 0.1  # seconds between two looks at what has arrived


def fetch(url: str, path: Path, size: int, sha256: str, help_text: str = "", progress: bool = True) -> None:
    """Download a file whose size and sum are known, and put it in place whole or not at all.

    Args:
        url: its address.
        path: where it belongs; the folder is made if need be, and a file that is there is replaced.
        size: in bytes.
        sha256: of its bytes, in hexadecimal digits.
        help_text: sentences for the end of every error: what a reader can do about it.
        progress: True draws a bar on the standard error stream.

    Raises:
        CorpusError: the file did not arrive, is not the right one, or cannot be stored; what was there before still is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(f"The folder {path.parent} cannot be made: {_reason(error)}. {help_text}".strip()) from error
    try:
        data = _receive(url, size, path.name if progress else None)
    except _Failed as error:
        message = f"{path.name} could not be downloaded from {url}: {error}. {help_text}"
        raise CorpusError(message.strip()) from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise CorpusError(
            f"What {url} sent is not {path.name}: {len(data):,} of {size:,} bytes, {_looks_like(data, size)}, "
            f"SHA-256 {found[:12]}… in place of {sha256[:12]}…. It was thrown away. {help_text}".strip()
        )
    try:
        write_whole(path, data)
    except OSError as error:
        raise CorpusError(
            f"{path.name} cannot be stored in {path.parent}: {_reason(error)}. {help_text}".strip()
        ) from error


class _Failed(Exception):
    """Nothing usable arrived; the text says why."""


class _Arriving:
    """Gathers the bytes as they come; it refuses more than were announced and any that come after the end."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.abandoned = False
        self.error: Exception | None = None

    def write(self, chunk: bytes) -> None:
        if self.abandoned:
            raise _Failed("it was given up")
        if len(self.data) + len(chunk) > self.size:
            raise _Failed(f"more than the {self.size:,} bytes of the file came, so it is another one")
        self.data += chunk

    def flush(self) -> None:
        """Do nothing: pooch flushes what it writes to."""

    def run(self, url: str, download: Any) -> None:
        """Let pooch do the downloading and keep its error for the thread that waits."""
        try:
            download(url, self, None)
        except Exception as error:
            self.error = error


def _receive(url: str, size: int, name: str | None) -> bytes:
    """Return what `url` sends; one thread reads and this one watches, for no socket's timeout ends a byte a second."""
    import pooch  # it takes a tenth of a second, and most people have the files already

    download = pooch.HTTPDownloader(timeout=(_WAIT, _WAIT), headers={"Accept-Encoding": "identity"})
    arriving = _Arriving(size)
    thread = threading.Thread(target=arriving.run, args=(url, download), name="glassbox-download", daemon=True)
    with tqdm(total=size, desc=name, unit="B", unit_scale=True, leave=False, disable=name is None) as bar:
        thread.start()
        window_start, window_bytes = time.monotonic(), 0
        try:
            while thread.is_alive():
                thread.join(_TICK)
                received = len(arriving.data)
                bar.update(received - bar.n)
                if time.monotonic() - window_start >= _WINDOW:
                    if received - window_bytes < _LEAST and thread.is_alive():
                        slow = f"fewer than {_LEAST:,} bytes came within {_WINDOW:.0f} seconds"
                        raise _Failed(slow)
                    window_start, window_bytes = time.monotonic(), received
        finally:
            arriving.abandoned = True
        bar.update(len(arriving.data) - bar.n)
    if arriving.error is not None:
        raise _Failed(_network_reason(arriving.error)) from arriving.error
    return bytes(arriving.data)


def _network_reason(error: Exception) -> str:
    """Return in a few words what went wrong on the way; the innermost reason of a library's long chain."""
    response = getattr(error, "response", None)
    if response is not None and response.status_code >= 400:
        return f"the server answered {response.status_code} {response.reason}"
    text = str(error)
    if "timed out" in text:
        return f"the server sent nothing for {_WAIT:.0f} seconds"
    if "Connection aborted" in text or "Connection broken" in text:
        return "the connection broke off"
    words = {
        "TooManyRedirects": "the server redirects in a circle",
        "ProxyError": "the proxy refused",
        "SSLError": "the secure connection failed; a firewall may be looking into it",
        "InvalidSchema": "the server redirects to something that is not on the web",
        "ConnectionError": "there is no connection to the server; perhaps this machine has no network",
    }
    kind = type(error).__name__
    return words.get(kind, text if isinstance(error, _Failed) else f"{kind}: {text}"[:200])


def _looks_like(data: bytes, size: int) -> str:
    """Return in a few words what came in place of the file."""
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "a web page (a login or error page, perhaps)"
    return "another file" if len(data) == size else "cut short"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
