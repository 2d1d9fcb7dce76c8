"""pyproject.toml, constraints.txt, environment.yml and the doctor say the same about versions."""

import re

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from lessons.doctor import FLOORS
from scripts.freeze_constraints import constraint
from tests.repo.files import text_of

CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def block(name: str) -> list[Requirement]:
    """A list of requirements in pyproject.toml (Python 3.10 has no reader for TOML)."""
    found = re.search(rf"^{name} = \[(.*?)^\]", text_of("pyproject.toml"), re.MULTILINE | re.DOTALL)
    return [Requirement(line) for line in re.findall(r'"([^"]+)"', found.group(1))]


def floor(requirement: Requirement) -> str:
    (lowest,) = [part.version for part in requirement.specifier if part.operator == ">="]
    return lowest


REQUIREMENTS = {requirement.name: requirement for requirement in block("dependencies")}
PINS = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text_of("constraints.txt"), re.MULTILINE))


def test_the_doctor_knows_the_floors():
    assert {name: floor(requirement) for name, requirement in REQUIREMENTS.items()} == FLOORS


def test_the_front_end_is_no_older_than_is_safe():
    assert Version(floor(REQUIREMENTS["jupyterlab"])) >= Version("4.6.2")
    assert Version(floor(REQUIREMENTS["jupyter_server"])) >= Version("2.20.0")


@pytest.mark.parametrize(
    "requirement", [*REQUIREMENTS.values(), *block("test")], ids=lambda requirement: requirement.name
)
def test_the_tested_version_is_within_the_range(requirement):
    pins = {name.replace("_", "-").lower(): version for name, version in PINS.items()}
    assert pins[requirement.name.replace("_", "-").lower()] in requirement.specifier


def test_the_tested_torch_is_pinned_without_a_build_label():
    assert PINS["torch"] == "2.13.0"


def test_conda_asks_for_the_same():
    environment = yaml.safe_load(text_of("environment.yml"))
    listed = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    names = {re.match(r"[\w.-]+", entry).group(): entry for entry in listed}
    assert names["python"] == "python=3.12"
    assert names["pytorch-cpu"] == "pytorch-cpu=2.6"
    assert names["torchtext"] == "torchtext=0.18"
    assert environment["dependencies"][-1] == {"pip": ["-e ."]}
    asked = {CONDA_NAMES.get(name, name): entry[len(name) :] for name, entry in names.items()}
    for name, requirement in REQUIREMENTS.items():
        if name == "torch":
            assert Version("2.6") in requirement.specifier
        else:
            wanted = Requirement(f"x{asked[name]}")
            assert wanted.specifier == requirement.specifier, name


def test_the_version_is_in_the_changelog():
    version = re.search(r'^version = "(.+)"', text_of("pyproject.toml"), re.MULTILINE).group(1)
    assert f"## {version}" in text_of("CHANGELOG.md")


@pytest.mark.parametrize(
    ("version", "requires", "line"),
    [
        ("2.13.0+cpu", ">=3.10", "torch==2.13.0"),
        ("2.4.6", ">=3.11", 'torch==2.4.6 ; python_full_version >= "3.11"'),
        ("3.6.1", "!=3.14.1,>=3.11.5", 'torch==3.6.1 ; python_full_version >= "3.11.5"'),
        ("3.6.1", ">=3.9.2", "torch==3.6.1"),
        ("1.0", "None", "torch==1.0"),
    ],
)
def test_a_constraint_carries_no_build_label_and_a_marker_where_it_must(version, requires, line):
    assert constraint("torch", version, requires) == line


def test_the_licence_names_the_corpus():
    assert text_of("LICENSE").startswith("MIT License")
    assert "Attribution-ShareAlike" in text_of("LICENSE")
