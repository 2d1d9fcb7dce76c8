"""`make lab` and `make test` set up what they need, once, and say in one sentence what is missing."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time

import chromium
import installer
import pytest
import setup_env
import start_lab

from tests.repo.files import ROOT, text_of, tracked


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    """A workbook in an empty folder, with an installer that only notes what it was asked for."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(setup_env, "ROOT", tmp_path)
    monkeypatch.setattr(setup_env, "VENV", venv)
    monkeypatch.setattr(setup_env, "STAMP", venv / "glassbox.json")
    calls = []

    def make_venv():
        calls.append("make")
        python = setup_env.venv_python(venv)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(setup_env, "make_venv", make_venv)
    monkeypatch.setattr(setup_env, "install", lambda venv, root, extras: calls.append(sorted(extras)))
    return calls


def test_a_second_start_installs_nothing(workbook):
    setup_env.ensure()
    assert workbook == ["make", []]
    setup_env.ensure()
    assert workbook == ["make", []]


def test_what_the_tests_need_is_added_and_stays(workbook):
    setup_env.ensure()
    setup_env.ensure("test")
    setup_env.ensure()
    assert workbook == ["make", [], ["test"]]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_is_installed_with_what_was_there(workbook, name):
    setup_env.ensure("test")
    file = setup_env.ROOT / name
    file.write_text(file.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    setup_env.ensure()
    assert workbook == ["make", ["test"], ["test"]]


def test_an_installation_that_was_broken_off_is_made_anew(workbook, monkeypatch):
    def broken_off(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setup_env, "install", broken_off)
        assert setup_env.run(lambda: setup_env.ensure() and 0) == 130
    setup_env.ensure()
    assert workbook == ["make", "make", []]


def test_an_update_that_was_broken_off_is_made_anew(workbook, monkeypatch):
    setup_env.ensure()

    def without_network(*arguments):
        raise setup_env.SetupError("pip cannot reach its package index")

    with monkeypatch.context() as patch:
        patch.setattr(setup_env, "install", without_network)
        assert setup_env.run(lambda: setup_env.ensure("test") and 0) == 1
    setup_env.ensure("test")
    assert workbook == ["make", [], "make", ["test"]]


@pytest.mark.parametrize("change", [{"version": "3.9"}, {"prefix": "/elsewhere"}, {"root": "/moved"}])
def test_another_python_or_place_is_made_anew(workbook, monkeypatch, change):
    setup_env.ensure()
    before = setup_env.interpreter()
    monkeypatch.setattr(setup_env, "interpreter", lambda: {**before, **change})
    setup_env.ensure()
    assert workbook == ["make", [], "make", []]


def test_an_environment_whose_python_is_gone_is_made_anew(workbook):
    setup_env.ensure()
    setup_env.venv_python(setup_env.VENV).unlink()
    setup_env.ensure()
    assert workbook == ["make", [], "make", []]


@pytest.mark.parametrize("stamp", ["", "[]", "{", '{"interpreter": 3}'])
def test_a_damaged_stamp_counts_as_none(workbook, stamp):
    setup_env.VENV.mkdir()
    setup_env.STAMP.write_text(stamp, encoding="utf-8")
    setup_env.ensure()
    assert workbook == ["make", []]


def test_a_python_without_venv_gets_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(setup_env.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    assert setup_env.run(lambda: setup_env.make_venv() or 0) == 1
    said = capsys.readouterr().err.strip()
    assert "lacks its ensurepip module" in said
    assert "sudo apt install python3-venv" in said
    assert "\n" not in said


@pytest.mark.parametrize("script", ["setup_env.py", "start_lab.py", "run_tests.py"])
def test_an_old_python_gets_one_sentence(script):
    code = (
        "import runpy, sys; sys.version_info = (3, 8, 18, 'final', 0); "
        f"sys.path.insert(0, 'scripts'); runpy.run_path('scripts/{script}', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "needs Python 3.10 or newer and this is Python 3.8" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_scripts_can_be_read_by_an_old_python():
    import ast

    for name in tracked():
        if name in ("scripts/setup_env.py", "scripts/start_lab.py", "scripts/run_tests.py", "scripts/chromium.py"):
            ast.parse(text_of(name), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("WARNING: Retrying ... Temporary failure in name resolution\nERROR: No matching distribution", "the network"),
        ("NewConnectionError('<pip._vendor...>: Failed to establish'", "the network"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: Could not install: [Errno 13] Permission denied: '/x'", "cannot be written to"),
        ("ERROR: No matching distribution found for torch>=2.6", "no PyTorch for this Python"),
        ("ERROR: Something else happened.", "pip stopped: ERROR: Something else happened."),
        ("", "it gave no reason"),
    ],
)
def test_what_pip_says_becomes_one_sentence(log, said):
    sentence = installer.explain(log)
    assert said in sentence
    assert "\n" not in sentence


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers after a while, with a status: /200/0.0, /404/0.0, /200/9.0."""

    def do_GET(self):
        _, status, seconds = self.path.split("/")
        time.sleep(float(seconds))
        self.send_response(int(status))
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def loopback():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_only_an_index_that_answers_in_time_is_used(loopback):
    assert installer.answers(loopback + "/200/0", 5)
    assert not installer.answers(loopback + "/404/0", 5)
    started = time.monotonic()
    assert not installer.answers(loopback + "/200/20", 0.3)
    assert time.monotonic() - started < 10
    assert not installer.answers("http://127.0.0.1:1/", 5)


@pytest.mark.parametrize(
    ("system", "gpu", "answers", "from_index"),
    [
        ("Linux", False, True, True),
        ("Linux", True, True, False),
        ("Linux", False, False, False),
        ("Darwin", False, True, False),
    ],
)
def test_where_torch_comes_from(monkeypatch, system, gpu, answers, from_index):
    calls = []
    monkeypatch.setattr(installer.platform, "system", lambda: system)
    monkeypatch.setattr(installer, "has_nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(installer, "answers", lambda url, seconds: answers)
    monkeypatch.setattr(installer, "pip_install", lambda venv, *arguments: calls.append(arguments))
    installer.install(ROOT / ".venv", ROOT, {"test"})
    from_there = ("--index-url", "https://download.pytorch.org/whl/cpu", "--no-deps", "torch==2.13.0")
    assert (from_there in calls) is from_index
    assert calls[-1] == ("-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[test]")


def test_versions_that_do_not_fit_are_left_to_pip(monkeypatch, capsys):
    calls = []

    def pip_install(venv, *arguments):
        calls.append(arguments)
        if "-c" in arguments:
            raise installer.VersionsError("no set of packages fits")

    monkeypatch.setattr(installer, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(installer, "pip_install", pip_install)
    installer.install(ROOT / ".venv", ROOT, set())
    assert calls[-1] == ("-e", str(ROOT))
    assert "not all for this Python" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for pip is a script")
@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ("ERROR: ResolutionImpossible: for help visit ...", installer.VersionsError),
        ("ERROR: No matching distribution found for soupsieve==4.1.2", installer.VersionsError),
        ("NewConnectionError\nERROR: No matching distribution found for torch", installer.SetupError),
        ("ERROR: Something else", installer.SetupError),
    ],
)
def test_what_pip_failed_at(tmp_path, log, kind):
    python = installer.venv_python(tmp_path)
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\nprintf '%s\\n' '{log}'\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    with pytest.raises(installer.SetupError) as caught:
        installer.pip_install(tmp_path, "anything")
    assert type(caught.value) is kind
    assert log.splitlines()[-1] in (tmp_path / "install.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("system", "environment", "arguments", "is_root", "there", "not_there"),
    [
        ("linux", {}, [], False, ["--no-browser"], ["--allow-root"]),
        ("linux", {}, [], True, ["--no-browser", "--allow-root"], []),
        ("linux", {"DISPLAY": ":0"}, [], False, [], ["--no-browser", "--allow-root"]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, [], False, [], ["--no-browser"]),
        ("darwin", {}, [], False, [], ["--no-browser"]),
        ("win32", {}, ["--no-browser", "--port", "8890"], False, ["--no-browser", "--port", "8890"], []),
    ],
)
def test_the_options_of_the_lab(system, environment, arguments, is_root, there, not_there):
    options = start_lab.lab_options(arguments, system, environment, is_root)
    assert [option for option in there if options.count(option) != 1] == []
    assert [option for option in not_there if option in options] == []
    assert f"--LabApp.default_url=/lab/tree/{start_lab.FIRST_NOTEBOOK}" in options
    assert options[len(options) - len(arguments) :] == arguments
    assert start_lab.FIRST_NOTEBOOK in tracked()


def test_a_named_browser_is_taken_and_a_missing_one_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSBOX_CHROMIUM", sys.executable)
    assert chromium.find_chromium() == sys.executable
    monkeypatch.setenv("GLASSBOX_CHROMIUM", str(tmp_path / "nowhere"))
    assert chromium.find_chromium() is None


def test_every_target_of_the_makefile_is_explained():
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    )
    targets = [
        line.split(":")[0] for line in text_of("Makefile").splitlines() if line[:1].islower() and ":  ##" in line
    ]
    assert [line.split()[1] for line in done.stdout.splitlines()] == targets
    assert {"lab", "test"} <= set(targets)


def test_the_stamp_is_whole_or_not_there(workbook):
    setup_env.ensure()
    assert json.loads(setup_env.STAMP.read_text(encoding="utf-8"))["extras"] == []
    assert os.listdir(setup_env.VENV).count("glassbox.partial") == 0
