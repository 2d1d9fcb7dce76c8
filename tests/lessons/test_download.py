"""Downloads from a server that misbehaves in every way: one clear error within seconds, and never half a file."""

import errno
import os
import re
import socket
import time

import pooch  # noqa: F401  (what is timed here is not how long these two take to load)
import pytest
import requests  # noqa: F401

import lessons.download
import lessons.files
from lessons.corpus import WIKITEXT2_FILES
from lessons.download import fetch
from lessons.errors import CorpusError
from tests.lessons.misbehaving_server import CONTENT, SUM, serving

HELP = "What you can do: set HTTPS_PROXY."


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as running:
        yield running


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
        pytest.param("drip", "fewer than 20,000 bytes came within 2 seconds", id="drip"),
        pytest.param("headerdrip", "fewer than 20,000 bytes came within 2 seconds", id="headerdrip"),
    ],
)
def test_anything_else_is_one_clear_error_and_the_old_file_stays(server, tmp_path, monkeypatch, answer, reason):
    if answer in ("silent", "stalls", "drip", "headerdrip"):
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
