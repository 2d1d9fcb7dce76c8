"""The doctor finds what is wrong with an installation; versions and folders are made up here."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from lessons import doctor, front_end

GOOD = {**dict.fromkeys(doctor.FLOORS, "99.0"), "torch": "2.13.0", "jupyterlab": "4.6.6", "anywidget": "0.11.0"}


@pytest.fixture
def versions(monkeypatch):
    """A changeable table of installed versions; a version of None is a package that is not there."""
    table = dict(GOOD)

    def version(package):
        if table.get(package) is None:
            raise metadata.PackageNotFoundError(package)
        return table[package]

    monkeypatch.setattr(doctor.metadata, "version", version)
    monkeypatch.setattr(doctor, "_torch_build", list)
    monkeypatch.setattr(doctor, "_front_ends", list)
    monkeypatch.setattr(doctor, "_models", list)
    monkeypatch.setattr(doctor, "_corpus", lambda: doctor.Finding("WikiText-2", "here"))
    return table


def problems():
    return [finding for finding in doctor.diagnose(trial=False) if finding.help]


def test_a_good_installation_has_no_problem(versions):
    assert problems() == []
    assert "All is well." in doctor.report(doctor.diagnose(trial=False))


@pytest.mark.parametrize(
    ("package", "version", "floor"),
    [
        ("jupyterlab", "4.6.1", "4.6.2"),
        ("jupyterlab", "3.6.8", "4.6.2"),
        ("jupyter_server", "2.19.9", "2.20"),
        ("torch", "2.5.1+cpu", "2.6"),
        ("ipywidgets", "7.8.5", "8.1.5"),
        ("anywidget", "0.9.9", "0.9.18"),
        ("ipykernel", "5.5.6", "6.29"),
    ],
)
def test_an_old_version_gets_one_sentence_with_the_command(versions, package, version, floor):
    versions[package] = version
    (problem,) = problems()
    assert problem.stops
    assert f"{package} {version} is older than {floor}" in problem.help
    assert f'pip install -U "{package}>={floor}"' in problem.help


@pytest.mark.parametrize(
    ("package", "version"), [("jupyterlab", "4.6.2"), ("jupyterlab", "4.10.0"), ("torch", "2.13.0+cpu")]
)
def test_a_version_at_or_above_the_floor_is_well(versions, package, version):
    versions[package] = version
    assert problems() == []


def test_a_missing_package_stops_the_workbook(versions, capsys):
    versions["anywidget"] = None
    (problem,) = problems()
    assert "anywidget is not in this environment" in problem.help
    assert doctor.main(["--quick"]) == 1
    assert problem.help in capsys.readouterr().out


def test_a_torchtext_that_cannot_be_imported_is_explained_and_does_not_stop(versions, monkeypatch):
    versions["torchtext"] = "0.18.0"
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: object())
    monkeypatch.setattr(doctor, "_run_python", lambda code: "OSError: undefined symbol")
    (problem,) = problems()
    assert not problem.stops
    assert "torchtext 0.18.0 does not fit torch 2.13.0 (OSError: undefined symbol)" in problem.help
    written = []
    assert doctor.main(["--quick"], write=written.append) == 0
    assert "The workbook runs all the same." in written[0]


def test_a_torchtext_that_works_is_no_problem(versions, monkeypatch):
    versions["torchtext"] = "0.18.0"
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: object())
    monkeypatch.setattr(doctor, "_run_python", lambda code: None)
    assert problems() == []


@pytest.mark.parametrize(("line", "build"), [("'13.0'", "CUDA 13.0"), ("None", "CPU")])
def test_the_build_of_torch_is_read_from_its_version_file(monkeypatch, tmp_path, line, build):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(f"debug = False\ncuda: Optional[str] = {line}\n", encoding="utf-8")

    class Distribution:
        def locate_file(self, path):
            return tmp_path / path

    monkeypatch.setattr(doctor, "_version", lambda name: "2.13.0")
    monkeypatch.setattr(doctor.metadata, "distribution", lambda name: Distribution())
    (finding,) = doctor._torch_build()
    assert finding.value == build
    assert not finding.stops


def test_the_doctor_looks_where_the_models_are():
    from lessons import loading  # imports torch, which the doctor does not

    assert (doctor.SHIPPED, doctor.MODEL_CARD) == (loading.SHIPPED, loading.MODEL_CARD)


def write_model(folder, **card):
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"12345678")
    card = {"weights": {"file": "weights.safetensors", "bytes": 8, "sha256": ""}, "test_perplexity": 98.76, **card}
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")


def test_the_models_and_their_perplexity_are_listed(monkeypatch, tmp_path):
    write_model(tmp_path / "lstm")
    monkeypatch.setattr(doctor, "SHIPPED", tmp_path)
    (finding,) = doctor._models()
    assert finding.help == ""
    assert "98.8" in finding.value
    assert str(tmp_path / "lstm") in finding.value


@pytest.mark.parametrize("damage", ["cut", "gone", "card"])
def test_a_damaged_model_stops_the_workbook(monkeypatch, tmp_path, damage):
    write_model(tmp_path / "lstm")
    monkeypatch.setattr(doctor, "SHIPPED", tmp_path)
    weights = tmp_path / "lstm" / "weights.safetensors"
    if damage == "cut":
        weights.write_bytes(b"1234")
    elif damage == "gone":
        weights.unlink()
    else:
        (tmp_path / "lstm" / "model.json").write_text("[]", encoding="utf-8")
    (finding,) = doctor._models()
    assert finding.stops
    assert "fetch it again" in finding.help


def test_no_models_at_all_stops_the_workbook(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "SHIPPED", tmp_path)
    (finding,) = doctor._models()
    assert finding.stops


@pytest.mark.corpus
def test_the_corpus_is_found(monkeypatch):
    finding = doctor._corpus()
    assert finding.help == ""
    assert Path(finding.value, "train.txt").exists()


def test_a_corpus_that_is_not_here_yet_is_no_problem_and_is_not_fetched(monkeypatch, tmp_path):
    monkeypatch.delenv("GLASSBOX_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr("socket.socket.connect", lambda *arguments: pytest.fail("the doctor used the network"))
    finding = doctor._corpus()
    assert finding.help == ""
    assert "not here yet" in finding.value


def test_a_corpus_folder_that_is_not_there_is_a_problem(monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path / "nowhere"))
    finding = doctor._corpus()
    assert "GLASSBOX_DATA" in finding.help
    assert not finding.stops


def test_the_trial_says_why_the_models_do_not_answer(monkeypatch):
    monkeypatch.setattr(doctor, "_TRIAL", "raise OSError('libgomp: Thread creation failed')")
    finding = doctor._trial()
    assert finding.stops
    assert "libgomp: Thread creation failed" in finding.help


# The page's half of the widgets


def environment(prefix: Path, **extensions) -> Path:
    """An environment whose JupyterLab has the given extensions."""
    for name, version in extensions.items():
        name = {"manager": "@jupyter-widgets/jupyterlab-manager"}.get(name, name)
        folder = prefix / "share" / "jupyter" / "labextensions" / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": name, "version": version}), encoding="utf-8")
    return prefix


@pytest.fixture
def no_user_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user-data"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "user-config"))
    monkeypatch.setattr(front_end, "_installed", lambda package: "0.11.0")


def test_a_front_end_that_fits(tmp_path, no_user_folders):
    found = front_end.front_end_of(environment(tmp_path / "env", manager="5.0.16", anywidget="0.11.3"))
    assert front_end.front_end_troubles(found) == []


@pytest.mark.parametrize(
    ("extensions", "said"),
    [
        ({"manager": "5.0.16"}, "has no anywidget"),
        ({"anywidget": "0.11.0"}, "has no @jupyter-widgets/jupyterlab-manager"),
        (
            {"manager": "3.1.11", "anywidget": "0.11.0"},
            "has @jupyter-widgets/jupyterlab-manager 3.1.11, older than 5.0",
        ),
        ({"manager": "5.0.16", "anywidget": "0.9.10"}, "has anywidget 0.9.10, older than 0.9.18"),
        ({"manager": "5.0.16", "anywidget": "0.10.4"}, "The kernel has anywidget 0.11.0 and"),
    ],
)
def test_each_mismatch_is_named_with_its_environment(tmp_path, no_user_folders, extensions, said):
    prefix = environment(tmp_path / "env", **extensions)
    (trouble,) = front_end.front_end_troubles(front_end.front_end_of(prefix))
    assert said in trouble
    assert str(prefix) in trouble


def test_an_extension_that_is_switched_off(tmp_path, no_user_folders):
    prefix = environment(tmp_path / "env", manager="5.0.16", anywidget="0.11.0")
    config = prefix / "etc" / "jupyter" / "labconfig"
    config.mkdir(parents=True)
    (config / "page_config.json").write_text('{"disabledExtensions": {"anywidget": true}}', encoding="utf-8")
    (trouble,) = front_end.front_end_troubles(front_end.front_end_of(prefix))
    assert "labextension enable anywidget" in trouble


def test_only_the_server_of_this_kernel_can_stop_the_workbook(tmp_path, no_user_folders, monkeypatch):
    own, other = environment(tmp_path / "own", manager="5.0.16", anywidget="0.11.0"), tmp_path / "other"
    monkeypatch.setattr(doctor.sys, "prefix", str(own))
    monkeypatch.setattr(doctor, "running_servers", lambda: [(4711, other)])
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    assert [finding.stops for finding in doctor._front_ends() if finding.help] == [False, False]
    monkeypatch.setenv("JPY_PARENT_PID", "4711")
    assert [finding.stops for finding in doctor._front_ends() if finding.help] == [True, True]


@pytest.mark.skipif(os.name == "nt", reason="environments have another layout there")
def test_a_running_server_is_found_with_its_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (tmp_path / "jupyterlab.py").write_text("print('up', flush=True)\ninput()\n", encoding="utf-8")
    command = [str(python), str(tmp_path / "jupyterlab.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout.readline() == "up\n"
        (tmp_path / "jpserver-1.json").write_text(json.dumps({"pid": server.pid}), encoding="utf-8")
        (tmp_path / "jpserver-2.json").write_text(json.dumps({"pid": os.getpid() + 100_000_000}), encoding="utf-8")
        (tmp_path / "jpserver-3.json").write_text("not JSON", encoding="utf-8")
        assert front_end.running_servers(tmp_path) == [(server.pid, tmp_path / "env")]
        server.communicate("\n")
    assert front_end.running_servers(tmp_path) == []


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("2.13.0+cpu", (2, 13, 0)), ("8.1rc1", (8, 1)), ("4.6.2", (4, 6, 2)), ("", ()), ("unknown", ())],
)
def test_version_numbers(version, numbers):
    assert front_end.version_numbers(version) == numbers
