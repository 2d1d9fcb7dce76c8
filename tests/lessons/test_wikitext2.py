"""Finding WikiText-2: the named folder, the cache, the network; many at once, and killed at any moment."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import lessons.download
import lessons.wikitext2
from lessons.corpus import WIKITEXT2_FILES, CorpusFile, WikiText2, wikitext2_file, wikitext2_folder
from lessons.errors import CorpusError
from tests.lessons.misbehaving_server import CONTENT, SUM, serving


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as running:
        yield running


@pytest.fixture
def cold_cache(server, tmp_path, monkeypatch):
    """An empty cache folder and no GLASSBOX_DATA; the three files are small ones of this server."""
    files = {split: CorpusFile(f"{split}.txt", len(CONTENT), 20_000, 100_000, SUM) for split in WIKITEXT2_FILES}
    monkeypatch.setattr(lessons.wikitext2, "WIKITEXT2_FILES", files)
    monkeypatch.setattr(lessons.wikitext2, "_ADDRESS", f"{server.url}/good/")
    monkeypatch.delenv("GLASSBOX_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "glassbox-lm" / "wikitext-2"


def test_the_files_are_fetched_once(server, cold_cache):
    assert next(iter(WikiText2("test"))) == " = The king = \n"
    assert WikiText2("test").path == cold_cache / "test.txt"
    assert server.requests == 1
    assert wikitext2_folder() == cold_cache
    assert wikitext2_folder(download=False) == cold_cache
    assert server.requests == 3
    (cold_cache / "test.txt").write_bytes(CONTENT[:-1] + b"x")  # damaged: of the right size
    with pytest.raises(CorpusError, match="not on this machine"):
        wikitext2_file("test", download=False)
    assert wikitext2_file("test").read_bytes() == CONTENT
    assert server.requests == 4


def test_without_download_nothing_is_asked_and_the_error_says_where(server, cold_cache):
    with pytest.raises(CorpusError) as error:
        WikiText2("train", download=False)
    for part in (str(cold_cache), "HTTPS_PROXY", "GLASSBOX_DATA", "train.txt"):
        assert part in str(error.value)
    assert server.requests == 0


def test_a_failed_download_says_what_to_do(server, cold_cache, monkeypatch):
    monkeypatch.setattr(lessons.wikitext2, "_ADDRESS", f"{server.url}/403/")
    with pytest.raises(CorpusError) as error:
        WikiText2("train")
    for part in (f"{server.url}/403/train.txt", "answered 403", str(cold_cache), "HTTPS_PROXY", "GLASSBOX_DATA"):
        assert part in str(error.value)


def test_glassbox_data_comes_first(server, cold_cache, tmp_path, monkeypatch):
    named = tmp_path / "my data"
    named.mkdir()
    monkeypatch.setenv("GLASSBOX_DATA", str(named))
    assert wikitext2_file("test").parent == cold_cache, "an empty folder is no reason to stop"
    for split in WIKITEXT2_FILES:
        (named / f"{split}.txt").write_bytes(CONTENT)
    assert wikitext2_folder() == named
    (named / "test.txt").write_bytes(b"<html>an error page</html>")
    with pytest.raises(CorpusError, match=r"is not the test\.txt of WikiText-2: it has 26 bytes") as error:
        wikitext2_folder()
    assert str(named) in str(error.value)
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(CorpusError, match="there is no such folder"):
        wikitext2_file("test")


def test_threads_on_a_cold_cache_fetch_once(server, cold_cache):
    errors = []

    def read():
        try:
            assert wikitext2_file("valid").read_bytes() == CONTENT
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert server.requests == 1


_CHILD = """
import sys
from pathlib import Path
from lessons.download import fetch
url, path, size, digest, times = sys.argv[1:]
for _ in range(int(times)):
    fetch(url, Path(path), int(size), digest, progress=False)
    assert len(Path(path).read_bytes()) == int(size)
"""


def start_child(server, path, times):
    arguments = [f"{server.url}/good", str(path), str(len(CONTENT)), SUM, str(times)]
    root = str(Path(lessons.download.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "NO_PROXY": "127.0.0.1"}
    return subprocess.Popen([sys.executable, "-c", _CHILD, *arguments], env=environment, stderr=subprocess.PIPE)


def test_processes_on_a_cold_cache_all_get_the_whole_file(server, tmp_path):
    path = tmp_path / "cache" / "train.txt"
    children = [start_child(server, path, times=3) for _ in range(5)]
    for child in children:
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors.decode()
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["train.txt"]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGKILL")
def test_killed_at_any_moment_the_file_is_whole_or_absent(server, tmp_path):
    path = tmp_path / "train.txt"
    whole = 0
    for moment in range(6):
        path.unlink(missing_ok=True)
        child = start_child(server, path, times=10_000)
        before = server.requests
        while server.requests < before + 1 + moment % 3:
            time.sleep(0.005)
        time.sleep(0.004 * moment)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        if path.exists():
            assert path.read_bytes() == CONTENT
            whole += 1
    assert whole > 0, "the kills all came too early to show anything"
