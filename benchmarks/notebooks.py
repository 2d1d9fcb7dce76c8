"""Seconds and peak memory of each notebook, run from top to bottom without a network in a kernel of its own.

Run it from the project's folder: python -m benchmarks.notebooks [--save]      (Linux: it reads /proc)

The floor is a notebook with nothing but imports. The corpus is used where GLASSBOX_DATA or the cache folder has it.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from traitlets.config import Config

from benchmarks.common import ONE_THREAD, ROOT, arguments, finish, summary, table
from benchmarks.memory import IMPORTS
from lessons.corpus import wikitext2_folder
from tests.conftest import has_corpus
from tests.notebooks.test_notebooks import check_outputs, kernel_environment

EVERY = 0.1  # seconds between two looks at the private memory


class Peak:
    """The largest private memory (USS) of a process, looked at ten times a second while this is open."""

    def __init__(self, pid: int) -> None:
        self.pid, self.private, self._end = pid, 0.0, threading.Event()
        self._looker = threading.Thread(target=self._look)

    def _look(self) -> None:
        process = psutil.Process(self.pid)
        while not self._end.wait(EVERY):
            self.private = max(self.private, process.memory_full_info().uss / 1e6)

    def __enter__(self) -> Peak:
        self._looker.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._end.set()
        self._looker.join()

    @property
    def resident(self) -> float:
        """The largest resident memory (RSS) so far, which the system keeps: pages shared with others are in it."""
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8"), re.M)
        assert found is not None
        return int(found[1]) * 1024 / 1e6


def run(book: nbformat.NotebookNode, corpus: str | None) -> dict[str, float]:
    """Run a notebook in a fresh kernel; return the seconds of its cells, those of the kernel's start, and the peaks."""
    with tempfile.TemporaryDirectory() as folder:
        environment = kernel_environment(Path(folder), corpus) | ONE_THREAD
        client = NotebookClient(
            book,
            timeout=300,
            kernel_name="python3",
            store_widget_state=False,
            allow_errors=True,
            resources={"metadata": {"path": str(ROOT / "notebooks")}},
            config=Config(KernelManager={"transport_encryption": "auto"}),
        )
        begin = time.perf_counter()
        with client.setup_kernel(env=environment):
            pid = client.km.provisioner.pid
            started = time.perf_counter()
            with Peak(pid) as peak:
                for index, cell in enumerate(book.cells):
                    if cell.cell_type == "code":
                        client.execute_cell(cell, index)
                        check_outputs(cell)
                ended = time.perf_counter()
            found = {"cells": ended - started, "start": started - begin, "rss": peak.resident, "uss": peak.private}
        attempts = Path(environment["NETWORK_ATTEMPTS"])
        if attempts.exists():
            raise RuntimeError(f"a notebook looked for the network: {attempts.read_text(encoding='utf-8')}")
        return found


def main() -> None:
    chosen = arguments(__doc__, rounds=(int, 1, "how often each notebook is run; medians are shown"))
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not one that the user has installed
    corpus = str(wikitext2_folder(download=False)) if has_corpus() else None
    imports = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(IMPORTS)])
    books = {"only the imports": imports}
    books |= {path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    rows: dict[str, dict[str, float]] = {}
    for name, book in books.items():
        runs = [run(book, corpus) for _ in range(chosen.rounds)]
        rows[name] = {what: summary([found[what] for found in runs])["median"] for what in runs[0]}
    head = ["notebook", "seconds of its cells", "seconds of the kernel's start", "MB resident at most", "MB private"]
    table(head, [[name, *row.values()] for name, row in rows.items()])
    print(f"Run without a network and {'with' if corpus else 'without'} the corpus.")
    finish("notebooks", {"corpus": corpus is not None, "rounds": chosen.rounds, "notebooks": rows}, chosen.save)


if __name__ == "__main__":
    main()
