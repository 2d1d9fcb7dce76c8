"""Downloads from a server that misbehaves in every way: one clear error within seconds, and never half a file."""

import contextlib
import errno
import hashlib
import http.server
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import lessons.download
import lessons.files
import lessons.wikitext2
from lessons.corpus import WIKITEXT2_FILES, CorpusFile, WikiText2, wikitext2_file, wikitext2_folder
from lessons.download import fetch
from lessons.errors import CorpusError

CONTENT = b" = The king = \n" * 20_000  # 300 kB
SUM = hashlib.sha256(CONTENT).hexdigest()
HELP = "What you can do: set HTTPS_PROXY."


class Handler(http.server.BaseHTTPRequestHandler):
    """Each path is one way to answer."""

    def do_GET(self):
        self.server.requests += 1
        name = self.path.strip("/").split("/")[0]
        with contextlib.suppress(OSError):  # the other side may have had enough
            if name.isdigit():
                self.send_error(int(name))
            else:
                getattr(self, f"answer_{name}")()

    def reply(self, body, length=None, kind="text/plain"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def answer_good(self):
        self.reply(CONTENT, len(CONTENT))

    def answer_unannounced(self):
        self.reply(CONTENT)

    def answer_page(self):
        self.reply(b"<!DOCTYPE html><title>Log in to the school's network</title>", 60, "text/html")

    def answer_wrong(self):
        self.reply(CONTENT.replace(b"king", b"ring"), len(CONTENT))

    def answer_truncated(self):
        self.reply(CONTENT[:5000], len(CONTENT))

    def answer_short(self):
        self.reply(CONTENT[:5000])

    def answer_empty(self):
        self.reply(b"", 0)

    def answer_endless(self):
        self.reply(b"")
        while True:
            self.wfile.write(CONTENT)

    def answer_loop(self):
        self.redirect(self.path)

    def answer_moved(self):
        self.redirect("/good")

    def answer_file(self):
        self.redirect("file:///etc/hostname")

    def redirect(self, where):
        self.send_response(301)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_reset(self):
        self.reply(CONTENT[:100_000], len(CONTENT))
        self.wfile.flush()
        linger = b"\1\0\0\0\0\0\0\0"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def answer_silent(self):
        self.server.stop.wait(30)

    def answer_stalls(self):
        self.reply(CONTENT[:5000], len(CONTENT))
        self.server.stop.wait(30)

    def answer_drip(self):
        self.reply(b"", len(CONTENT))
        while not self.server.stop.wait(0.2):
            self.wfile.write(b"x")

    def answer_headerdrip(self):
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not self.server.stop.wait(0.2):
            self.wfile.write(b"x")

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64
    requests = 0


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(("127.0.0.1", 0), Handler) as server:
        server.stop = threading.Event()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


def get(server, answer, path):
    fetch(f"{server.url}/{answer}", path, len(CONTENT), SUM, HELP, progress=False)


@pytest.mark.parametrize("answer", ["good", "unannounced", "moved"])
@pytest.mark.parametrize("before", [None, b"an old file"])
def test_a_good_file_is_put_in_place(server, tmp_path, answer, before):
    path = tmp_path / "cache" / "wikitext-2" / "train.txt"
    if before is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(before)
    get(server, answer, path)
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["train.txt"]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no permission bits")
def test_others_in_the_class_may_read_the_file(server, tmp_path):
    get(server, "good", tmp_path / "train.txt")
    assert (tmp_path / "train.txt").stat().st_mode & 0o777 == 0o666 & ~lessons.files._umask()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("403", "the server answered 403"),
        ("404", "the server answered 404"),
        ("500", "the server answered 500"),
        ("page", "a web page"),
        ("wrong", "another file, SHA-256"),
        ("truncated", "broke off"),
        ("short", "5,000 of 300,000 bytes, cut short"),
        ("empty", "0 of 300,000 bytes"),
        ("endless", "more than the 300,000 bytes"),
        ("loop", "redirects in a circle"),
        ("file", "redirects to something that is not on the web"),
        ("reset", "broke off"),
        pytest.param("silent", "sent nothing for 1 seconds", id="silent"),
        pytest.param("stalls", "sent nothing for 1 seconds", id="stalls"),
        pytest.param("drip", "bytes came within 2 seconds", id="drip"),
        pytest.param("headerdrip", "bytes came within 2 seconds", id="headerdrip"),
    ],
)
def test_anything_else_is_one_clear_error_and_the_old_file_stays(server, tmp_path, monkeypatch, answer, reason):
    monkeypatch.setattr(lessons.download, "_WAIT", 1.0)
    monkeypatch.setattr(lessons.download, "_WINDOW", 2.0)
    path = tmp_path / "train.txt"
    path.write_bytes(b"an old file")
    start = time.monotonic()
    with pytest.raises(CorpusError, match=re.escape(reason)) as error:
        get(server, answer, path)
    assert time.monotonic() - start < 5
    message = str(error.value)
    assert f"{server.url}/{answer}" in message
    assert message.endswith(HELP)
    assert "\n" not in message
    assert path.read_bytes() == b"an old file"
    assert [file.name for file in tmp_path.iterdir()] == ["train.txt"]


def test_the_waits_as_shipped_end_within_fifteen_seconds():
    # a server that drips is given up after the first window, one that is silent after the wait; both plus a look
    assert lessons.download._WINDOW + lessons.download._TICK < 15
    assert lessons.download._WAIT < lessons.download._WINDOW
    assert WIKITEXT2_FILES["train"].bytes / (lessons.download._LEAST / lessons.download._WINDOW) < 2 * 3600


def test_no_network_at_all(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(CorpusError, match="no connection to the server"):
        fetch(f"http://127.0.0.1:{port}/x", tmp_path / "train.txt", 10, SUM, HELP, progress=False)
    with pytest.raises(CorpusError, match="no connection to the server"):
        fetch("http://no-such-host.invalid/x", tmp_path / "train.txt", 10, SUM, HELP, progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("call", ["os.fsync", "os.replace", "tempfile.mkstemp"])
def test_a_full_or_read_only_disk(server, tmp_path, monkeypatch, number, call):
    path = tmp_path / "train.txt"
    path.write_bytes(b"an old file")

    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    module, name = call.split(".")
    monkeypatch.setattr(getattr(lessons.files, module), name, fails)
    with pytest.raises(CorpusError, match=os.strerror(number)) as error:
        get(server, "good", path)
    monkeypatch.undo()
    assert str(tmp_path) in str(error.value)
    assert str(error.value).endswith(HELP)
    assert path.read_bytes() == b"an old file"
    assert [file.name for file in tmp_path.iterdir()] == ["train.txt"]


def test_what_a_killed_process_left_is_swept_away_in_time(tmp_path):
    old, young = tmp_path / ".a[1].txt.1.tmp", tmp_path / ".a[1].txt.2.tmp"
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (1, 1))
    lessons.files.write_whole(tmp_path / "a[1].txt", b"whole")
    assert sorted(file.name for file in tmp_path.iterdir()) == [young.name, "a[1].txt"]


def test_a_file_where_the_folder_should_be(server, tmp_path):
    (tmp_path / "cache").write_bytes(b"no folder")
    with pytest.raises(CorpusError, match="cannot be made"):
        get(server, "good", tmp_path / "cache" / "wikitext-2" / "train.txt")
    assert server.requests == 0, "what cannot be stored is not downloaded"


def test_a_busy_file_is_waited_for_on_windows(tmp_path, monkeypatch):
    calls, replace = [], os.replace

    def busy_twice(source, target):
        calls.append(target)
        if len(calls) < 3:
            error = PermissionError(13, "in use")
            error.winerror = 32
            raise error
        replace(source, target)

    monkeypatch.setattr(lessons.files.sys, "platform", "win32")
    monkeypatch.setattr(lessons.files.os, "replace", busy_twice)
    monkeypatch.setattr(lessons.files, "_WAITS", (0.001, 0.001))
    lessons.files.write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert len(calls) == 3


def test_the_bar_is_drawn_and_goes_away(server, tmp_path, capsys):
    fetch(f"{server.url}/good", tmp_path / "train.txt", len(CONTENT), SUM)
    drawn = capsys.readouterr()
    assert "train.txt" in drawn.err
    assert drawn.err.endswith("\r")
    assert drawn.out == ""


# --- the corpus on top of it: small stand-ins for the three files, served at the address in the code


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
