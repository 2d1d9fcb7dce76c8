"""Every notebook runs from top to bottom, quiet on stderr: without network and corpus, twice; if it asks, with it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lessons.corpus import wikitext2_folder

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
GUARD = Path(__file__).parent / "no_network"
SECONDS_PER_CELL = 120
SECONDS_TO_START = 180  # on a busy machine; a kernel that does not start at all is found then, too
ASKS_FOR_CORPUS = re.compile(r"wikitext-?2|corpus_at_hand|reach_text|measure_reach|LiveRun|LiveFinder", re.IGNORECASE)


def asks_for_corpus(notebook: Path) -> bool:
    """Return whether the code of a notebook may look for WikiText-2; if not, it runs as without."""
    cells = nbformat.read(notebook, as_version=4).cells
    return any(ASKS_FOR_CORPUS.search(cell.source) for cell in cells if cell.cell_type == "code")


def kernel_environment(tmp_path: Path, corpus: str | None) -> dict[str, str]:
    """Return an environment without a network, with empty folders of the user's, and with or without the corpus."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GLASSBOX_", "XDG_"))}
    path = [str(GUARD), str(ROOT), environment.get("PYTHONPATH", "")]
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "NETWORK_ATTEMPTS": str(tmp_path / "network_attempts.txt"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    return environment if corpus is None else environment | {"GLASSBOX_DATA": corpus}


def printed(cell: nbformat.NotebookNode) -> str:
    """Return what a code cell wrote to its output as plain text."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def check_outputs(cell: nbformat.NotebookNode) -> None:
    """Fail where a cell raised, warned, wrote to stderr or showed an error box in a widget's place."""
    for output in cell.outputs:
        assert output.output_type != "error", f"{cell.id}: {output.ename}: {output.evalue}"
        assert output.get("name") != "stderr", f"{cell.id} wrote to stderr: {output.text}"
        html = "".join(output.get("data", {}).get("text/html", ""))
        assert 'role="alert"' not in html, f"{cell.id} shows an error box: {html}"
    assert not re.search(r"\bnan\b|\binf\b", printed(cell)), f"{cell.id} printed a number that is none"


def client_of(book: nbformat.NotebookNode, folder: Path) -> NotebookClient:
    """Return what runs a notebook in a kernel that works in a folder."""
    return NotebookClient(
        book,
        timeout=SECONDS_PER_CELL,
        startup_timeout=SECONDS_TO_START,
        iopub_timeout=60,
        kernel_name="python3",
        store_widget_state=False,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )


def run(notebook: Path, environment: dict[str, str], times: int = 1) -> dict[str, str]:
    """Run a notebook so many times in one kernel; return what each code cell printed, which is the same each time."""
    book = nbformat.read(notebook, as_version=4)
    client = client_of(book, notebook.parent)
    passes: list[dict[str, str]] = []
    with client.setup_kernel(env=environment):
        for _ in range(times):
            passes.append({})
            for index, cell in enumerate(book.cells):
                if cell.cell_type == "code":
                    client.execute_cell(cell, index)
                    check_outputs(cell)
                    passes[-1][cell.id] = printed(cell)
    assert all(one == passes[0] for one in passes), "a cell printed something else the second time it was run"
    return passes[0]


@pytest.fixture
def own_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the kernel of the Python that runs the tests, not one that the user has installed."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")


def assert_no_attempts(tmp_path: Path) -> None:
    log = tmp_path / "network_attempts.txt"
    assert not log.exists(), f"a notebook looked for the network: {log.read_text(encoding='utf-8')}"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_without_network_and_corpus(notebook: Path, tmp_path: Path, own_kernel: None) -> None:
    printed_text = run(notebook, kernel_environment(tmp_path, corpus=None), times=2)
    assert_no_attempts(tmp_path)
    if notebook.stem.startswith("02"):
        assert "small text" in printed_text["setup"]  # says what stands in for the corpus


@pytest.mark.corpus
@pytest.mark.parametrize("notebook", list(filter(asks_for_corpus, NOTEBOOKS)), ids=lambda path: path.stem)
def test_runs_with_the_corpus(notebook: Path, tmp_path: Path, own_kernel: None) -> None:
    corpus = str(wikitext2_folder(download=False))
    printed_text = run(notebook, kernel_environment(tmp_path, corpus))
    assert_no_attempts(tmp_path)
    if notebook.stem.startswith("02"):
        assert "2,088,628 tokens in train" in printed_text["corpus-count"]
        assert "33,278 types in train" in printed_text["corpus-count"]


def test_the_guard_refuses(tmp_path: Path, own_kernel: None) -> None:
    source = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    client_of(book, tmp_path).execute(env=kernel_environment(tmp_path, corpus=None))
    assert book.cells[0].outputs[0].ename == "OSError"
    assert "no network" in book.cells[0].outputs[0].evalue
    assert "192.0.2.1" in (tmp_path / "network_attempts.txt").read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="OSError"):
        check_outputs(book.cells[0])
