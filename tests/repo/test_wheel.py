"""The wheel holds the two packages, whole, and nothing else."""

import subprocess
import sys
import zipfile

import pytest

from tests.repo.files import ROOT, tracked

pytest.importorskip("hatchling", reason="the wheel is built with hatchling, which is in the extra `test`")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (path,) = folder.glob("glassbox_lm-*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_packages(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {name for name in tracked() if name.startswith(("lessons/", "widgets/"))}


def test_the_wheel_offers_the_command_and_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (commands,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "glassbox = lessons.cli:main" in archive.read(commands).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_wheel_is_small_enough_to_mail(wheel):
    """Two models of at most 20 MB each, and little else."""
    assert wheel.stat().st_size < 45e6
