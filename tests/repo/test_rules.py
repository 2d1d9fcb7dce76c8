"""The repository keeps the house rules, and each rule catches what it is for."""

import nbformat
import pytest

from tests.repo.files import text_of, tracked
from tests.repo.rules import LONGEST, LONGEST_TEST, RULES, Rule

BY_NAME = {rule.name: rule for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_repository_keeps(rule: Rule):
    files = [name for name in tracked() if rule.applies_to(name)]
    assert files, "the rule is for no file at all"
    broken = [f"{name}: {sentence}" for name in files for sentence in rule.check(text_of(name))]
    assert broken == [], "\n".join(broken)


def notebook(**changes) -> str:
    """A notebook with one cell of code, changed."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    made.metadata.update(changes.pop("metadata", {}))
    made.cells[0].update(changes)
    return nbformat.writes(made)


def two_cells_with_one_id() -> str:
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1", id="a"), nbformat.v4.new_code_cell("2", id="b")]
    )
    return nbformat.writes(made).replace('"id": "b"', '"id": "a"')


OUTPUT = nbformat.v4.new_output("stream", text="2")

VIOLATIONS = [
    ("lessons know no widget", "import widgets"),
    ("lessons know no widget", "from widgets.base import GlassboxWidget"),
    ("lessons know no widget", "def f():\n    import ipywidgets"),
    ("lessons know no widget", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from widgets import X"),
    ("lessons know no widget", "import importlib\nimportlib.import_module('widgets')"),
    ("widgets know records only", "import torch"),
    ("widgets know records only", "from torch.nn import functional"),
    ("widgets know records only", "from lessons import load_model"),
    ("widgets know records only", "from lessons.model import load_model"),
    ("widgets know records only", "import lessons.model"),
    ("widgets know records only", "import matplotlib.pyplot as plt"),
    ("packages do not print", "def f():\n    print('x')"),
    ("names are sorted", "x = 1"),
    ("names are sorted", "__all__ = ['b', 'a']"),
    ("names are sorted", "__all__ = ['a', 'B']"),
    ("names are sorted", "__all__ = ['a', 'a']"),
    ("nothing dangerous", "import pickle"),
    ("nothing dangerous", "from pickle import loads"),
    ("nothing dangerous", "eval('1')"),
    ("nothing dangerous", "exec('1')"),
    ("nothing dangerous", "torch.load('x')"),
    ("nothing dangerous", "zipfile.ZipFile('x').extractall()"),
    ("nothing dangerous", "shutil.unpack_archive('x')"),
    ("nothing dangerous", "np.load('x', allow_pickle=True)"),
    ("nothing dangerous", "subprocess.run('x', shell=True)"),
    ("text has an encoding", "open('x')"),
    ("text has an encoding", "open('x', 'w')"),
    ("text has an encoding", "open('x', mode='a')"),
    ("text has an encoding", "path.open()"),
    ("text has an encoding", "path.open('w')"),
    ("text has an encoding", "path.read_text()"),
    ("text has an encoding", "path.write_text('x')"),
    ("text has an encoding", "os.fdopen(1, 'w')"),
    ("nothing is unfinished", "# TO" + "DO: more"),
    ("nothing is unfinished", "raise NotImplemented" + "Error"),
    ("files are short", "x = 1\n" * (LONGEST + 1)),
    ("tests are short", "x = 1\n" * (LONGEST_TEST + 1)),
    ("text reaches the page as text", "el.innerHTML = text"),
    ("text reaches the page as text", "el.insertAdjacentHTML('beforeend', text)"),
    ("text reaches the page as text", "document.write(text)"),
    ("text reaches the page as text", "el.outerHTML = text"),
    ("text reaches the page as text", "new Function(text)"),
    ("nothing comes from the network", "import * as d3 from 'https://cdn.example.org/d3.js'"),
    ("nothing comes from the network", "background: url(//fonts.example.org/x.woff2)"),
    ("nothing comes from the network", "@import 'other.css';"),
    ("nothing comes from the network", "import { paint } from './shared.js';"),
    ("nothing comes from the network", "await fetch(address)"),
    ("notebooks are clean", "{}"),
    ("notebooks are clean", "not JSON"),
    ("notebooks are clean", notebook(outputs=[OUTPUT])),
    ("notebooks are clean", notebook(execution_count=3)),
    ("notebooks are clean", notebook(metadata={"widgets": {}})),
    ("notebooks are clean", two_cells_with_one_id()),
    ("no place of one machine", "cd /" + "work/main"),
    ("no place of one machine", "cache = '/" + "root/.cache'"),
    ("no place of one machine", "--index-url https://py" + "pi.org/simple"),
    ("versions are plain", "torch==2.13.0+cpu"),
    ("versions are plain", "torch @ file:///tmp/torch.whl"),
    ("versions are plain", "--extra-index-url https://example.org"),
    ("versions are plain", "torch>=2.6"),
]

ALLOWED = [
    ("lessons know no widget", "import torch\nfrom lessons.records import NextTokens"),
    (
        "widgets know records only",
        "import anywidget\nfrom lessons.records import NextTokens\nfrom lessons.errors import X",
    ),
    ("names are sorted", "__all__ = ['LIMIT', 'Vocabulary', 'wikitext']"),
    ("nothing dangerous", "model.eval()\njson.loads('1')\nsafetensors.torch.load_file('x')"),
    (
        "text has an encoding",
        "open('x', 'rb')\nopen('x', encoding='utf-8')\npath.read_text('utf-8')\narchive.open('name')",
    ),
    ("text reaches the page as text", "el.textContent = text"),
    ("nothing comes from the network", "document.createElementNS('http://www.w3.org/2000/svg', 'path') // a comment"),
    ("notebooks are clean", notebook()),
    ("no place of one machine", "see docs/" + "work/notes and https://download.pytorch.org/whl/cpu"),
    ("versions are plain", '# a comment\ntorch==2.13.0\nnumpy==2.4.6 ; python_full_version >= "3.11.5"\n'),
]


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
@pytest.mark.parametrize(("name", "text"), VIOLATIONS)
def test_a_planted_violation_is_caught(name: str, text: str):
    assert list(BY_NAME[name].check(text)) != []


@pytest.mark.parametrize(("name", "text"), ALLOWED)
def test_what_is_right_passes(name: str, text: str):
    assert list(BY_NAME[name].check(text)) == []


def test_every_rule_has_a_planted_violation():
    assert {name for name, _ in VIOLATIONS} == set(BY_NAME)
