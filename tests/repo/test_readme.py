"""What the README says can be done can be done: its Python session, its commands, its links."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.files import ROOT, text_of, tracked

README = text_of("README.md")
PAGES = [name for name in tracked() if name.endswith(".md")]


def blocks(language: str) -> list[str]:
    """The code blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def glassbox(*words: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the command `glassbox` as its entry point does."""
    code = "import sys; from lessons.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


COMMANDS = [
    shlex.split(line)[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")
]


def test_the_python_session_runs():
    (session,) = blocks("pycon")
    parsed = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
    assert len(parsed.examples) > 5
    said = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(parsed, out=said.append)
    assert result.failed == 0, "".join(said)


def test_the_commands_are_those_that_are_tried_here():
    assert {words[0] for words in COMMANDS} == {"doctor", "evaluate", "train"}
    assert all(line.startswith("$ glassbox ") for block in blocks("console") for line in block.splitlines())


def test_doctor():
    assert ["doctor"] in COMMANDS
    done = glassbox("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "torch starts and both models answer" in done.stdout


def test_train(tmp_path):
    """The lines of the README, shortened to seconds and to a small text."""
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat .\nthe dog sat on the log .\n" * 400, encoding="utf-8")
    commands = [words for words in COMMANDS if words[0] == "train"]
    assert [("--resume" in words) for words in commands] == [False, True]
    for words in commands:
        words = [str(tmp_path / "out") if word == "runs/my-lstm" else word for word in words]
        done = glassbox(*words, "--minutes", "0.02", "--text", str(text))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Perplexity: valid" in done.stdout
    assert "--resume" in glassbox(*commands[0][:-1], str(tmp_path / "out"), "--text", str(text)).stderr


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] == "evaluate"], ids=" ".join)
def test_evaluate(words, tmp_path):
    """On a small text; `tests/lessons/test_cli.py` measures the whole test split."""
    text = tmp_path / "text.txt"
    text.write_text("The king was crowned in the city of London .\n" * 400, encoding="utf-8")
    done = glassbox(*words, "--text", str(text))
    assert done.returncode == 0, done.stdout + done.stderr
    assert 1 < float(re.search(r"perplexity (\d+\.\d+)", done.stdout).group(1)) < 300


@pytest.mark.parametrize("document", PAGES)
def test_every_link_leads_somewhere(document):
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", text_of(document))
    for target in filter(None, (a or b for a, b in targets)):
        if not re.match(r"https?://|#|mailto:", target):
            assert ((ROOT / document).parent / target.partition("#")[0]).exists(), f"{document} links to {target}"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_command_names_what_there_is(document):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text_of(document), re.MULTILINE))
    assert {a or b for a, b in named} <= targets
    scripts = {Path(name.replace("\\", "/")) for name in re.findall(r"scripts[/\\]\w+\.py", text_of(document))}
    assert [script for script in scripts if not (ROOT / script).exists()] == []
