"""What an import loads: torch takes a second and more, and a notebook shows its first widget before that."""

import subprocess
import sys

import pytest

LOADED = "import sys; sys.stdout.write(' '.join(name for name in {heavy} if name in sys.modules))"


def loaded_by(statement: str, *heavy: str) -> list[str]:
    """Those of the heavy modules that a statement loads in a fresh Python."""
    code = f"{statement}\n{LOADED.format(heavy=heavy)}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8")
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    "statement",
    [
        "import lessons",
        "import widgets",
        "from widgets import NextWordExplorer, NextTokenBars, TokenClicker",
        "import lessons.corpus, lessons.text, lessons.records, lessons.doctor, lessons.cli",
        "from lessons import Vocabulary, wikitext, basic_english, typed_text",
        "from lessons.ngram import fit_ngram",
        "from lessons.grammar import Oracle, toy_language; Oracle(toy_language(0)).next_tokens('the dog')",
    ],
)
def test_torch_stays_unloaded(statement):
    assert loaded_by(statement, "torch", "matplotlib.pyplot", "scipy", "pandas") == []


def test_the_models_do_not_load_the_compiler():
    """torch._dynamo and sympy cost 67 MB a kernel; asking a model for a word must not load them."""
    code = "from lessons import load_model\nload_model('lstm').next_tokens('The king', top_k=3)"
    assert loaded_by(code, "torch", "torch._dynamo", "sympy", "matplotlib.pyplot") == ["torch"]


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients"])
def test_a_quick_explanation_loads_neither_the_compiler_nor_scikit_learn(method):
    """scikit-learn takes a second; the methods that fit nothing do without it."""
    code = f"from lessons import load_model\nload_model('lstm').explain('The king', {method!r})"
    assert loaded_by(code, "torch", "torch._dynamo", "sympy", "sklearn", "scipy", "matplotlib.pyplot") == ["torch"]


def test_this_test_can_fail():
    assert loaded_by("import sympy", "sympy", "torch") == ["sympy"]
