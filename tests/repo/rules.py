"""The house rules, each a function from a text to the sentences that say what is wrong with it."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import nbformat

LONGEST = 300  # lines
LONGEST_TEST = 500  # a test file may be a long list of cases


@dataclass(frozen=True)
class Rule:
    """A rule, the files that it is for (a pattern over their paths), and what to look for in them."""

    name: str
    files: str
    check: Callable[[str], Iterator[str]]

    def applies_to(self, name: str) -> bool:
        """True if the file at this path has to keep the rule."""
        return re.fullmatch(self.files, name) is not None


IMPORTERS = ("__import__", "import_module", "importlib.import_module")


def imports(text: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is imported, inside functions too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in IMPORTERS and isinstance(node.args[0], ast.Constant):
            yield node.lineno, str(node.args[0].value)


def called(node: ast.Call) -> str:
    """The name of what is called: "open", "torch.load", or ".extractall" for a method of something."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        return f"{owner.id if isinstance(owner, ast.Name) else ''}.{node.func.attr}"
    return ""


def within(name: str, *packages: str) -> bool:
    """True if `name` is one of the packages or inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def lessons_know_no_widget(text: str) -> Iterator[str]:
    for line, name in imports(text):
        if within(name, "widgets", "ipywidgets", "anywidget"):
            yield f"line {line}: imports {name}; what is taught knows no widget"


# Sums that fit a blackboard, in plain NumPy: a notebook and a widget do them with the same functions.
BLACKBOARD = ("lessons.attention_by_hand", "lessons.lstm_by_hand")
WIDGETS_MAY_KNOW = ("lessons.records", "lessons.errors", *BLACKBOARD)


def widgets_know_records_only(text: str) -> Iterator[str]:
    for line, name in imports(text):
        if within(name, "lessons") and not within(name, *WIDGETS_MAY_KNOW):
            yield f"line {line}: imports {name}; a widget knows {', '.join(WIDGETS_MAY_KNOW)} and nothing else"
        if within(name, "torch", "safetensors.torch", "matplotlib.pyplot", "pylab"):
            yield f"line {line}: imports {name}; a widget computes nothing and draws on the page"


def nothing_prints(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and called(node) == "print":
            yield f"line {node.lineno}: prints; return the text, or let the command line write it"


def names_are_sorted(text: str) -> Iterator[str]:
    tree = ast.parse(text)
    lists = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets)
    ]
    if not lists:
        yield "has no __all__"
    for value in lists:
        names = ast.literal_eval(value)
        # constants, then classes, then functions: the order that ruff keeps too
        if list(names) != sorted(set(names), key=lambda name: (not name.isupper(), not name[:1].isupper(), name)):
            yield f"line {value.lineno}: __all__ is not sorted, or names something twice"


FORBIDDEN_IMPORTS = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
FORBIDDEN_CALLS = ("eval", "exec", "torch.load", "pd.read_pickle", "os.system", "os.popen")


def nothing_dangerous(text: str) -> Iterator[str]:
    for line, name in imports(text):
        if within(name, *FORBIDDEN_IMPORTS):
            yield f"line {line}: imports {name}; nothing is ever unpickled"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name in FORBIDDEN_CALLS or name.endswith((".extractall", ".unpack_archive")):
            yield f"line {node.lineno}: calls {name}"
        for keyword in node.keywords:
            on = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            if keyword.arg in ("allow_pickle", "shell") and on:
                yield f"line {node.lineno}: {keyword.arg}=True"


def text_has_an_encoding(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or any(keyword.arg in ("encoding", None) for keyword in node.keywords):
            continue
        method = called(node).rpartition(".")[2]
        if method in ("read_text", "write_text"):
            enough = 1 if method == "read_text" else 2
            if len(node.args) < enough:
                yield f"line {node.lineno}: {method} without an encoding"
        elif called(node) in ("open", "io.open", "os.fdopen"):
            mode = node.args[1] if len(node.args) > 1 else mode_of(node)
            if not is_binary(mode) and len(node.args) < 4:
                yield f"line {node.lineno}: {called(node)} without an encoding"
        elif method == "open" and called(node) != "webbrowser.open":  # of a path; a zip file's takes a name first
            mode = node.args[0] if node.args else mode_of(node)
            if mode is None or (isinstance(mode, ast.Constant) and re.fullmatch(r"[rwaxt+]{1,3}", str(mode.value))):
                yield f"line {node.lineno}: open without an encoding"


def mode_of(node: ast.Call) -> "ast.expr | None":
    return next((keyword.value for keyword in node.keywords if keyword.arg == "mode"), None)


def is_binary(mode: "ast.expr | None") -> bool:
    return isinstance(mode, ast.Constant) and "b" in str(mode.value)


def nothing_is_unfinished(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", line):
            yield f"line {number}: unfinished: {line.strip()}"


def at_most(most: int) -> Callable[[str], Iterator[str]]:
    """A rule about length."""

    def files_are_short(text: str) -> Iterator[str]:
        length = len(text.splitlines())
        if length > most:
            yield f"has {length} lines; a file is one idea and has at most {most}"

    return files_are_short


MARKUP_SINKS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|srcdoc|document\s*\.\s*write(ln)?|createContextualFragment|setHTMLUnsafe"
    r"|DOMParser)\b|\beval\s*\(|\bnew\s+Function\s*\("
)


def text_reaches_the_page_as_text(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := MARKUP_SINKS.search(line):
            yield f"line {number}: {found.group()}; text reaches the page through textContent alone"


def nothing_comes_from_the_network(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for address in re.findall(r"(?:https?:)?//[\w-]+\.[\w./-]+", line):
            if not address.startswith("http://www.w3.org/"):  # names of SVG and MathML, which nobody fetches
                yield f"line {number}: the address {address}; a widget brings all that it needs"
        if re.search(r"@import\b|\bfetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|\bimportScripts\b|\bimport\s*\(", line):
            yield f"line {number}: loads something: {line.strip()}"
        if re.search(r"^\s*import\b[^(]*['\"]", line):
            yield f"line {number}: imports a module; the shared files are joined in Python"


def notebooks_are_clean(text: str) -> Iterator[str]:
    try:
        notebook = json.loads(text)
        ids = [cell["id"] for cell in notebook["cells"]]
        nbformat.validate(notebook)
    except (nbformat.ValidationError, ValueError, KeyError) as error:
        yield f"is no valid notebook of format 4.5: {error}"
        return
    if len(set(ids)) != len(ids):
        yield "has two cells with the same id"
    if "widgets" in notebook["metadata"]:
        yield "holds the state of widgets"
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"] is not None):
            yield f"cell {number} is stored with its outputs"


# Built from parts, so that this file keeps its own rule.
PLACES = re.compile("|".join((r"(?<![\w.])/" + r"(work|farm|root)/", "python" + "hosted", r"py" + r"pi\.org", r"registry\." + "npmjs", r"deb\." + "debian")))  # fmt: skip # noqa: E501


def no_place_of_one_machine(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := PLACES.search(line):
            yield f"line {number}: {found.group()}; a path of one machine, or a registry's address"


def versions_are_plain(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = r"[A-Za-z0-9._-]+==[0-9][0-9a-zA-Z.]*( ; python_full_version >= \"3\.\d+(\.\d+)?\")?"
        if line and not line.startswith("#") and not re.fullmatch(plain, line):
            yield f"line {number}: {line}; each line is `name==version`, without a build label or an address"


PACKAGES = r"(lessons|widgets)/.*\.py"
ALL_PYTHON = r".*\.py"

RULES = [
    Rule("lessons know no widget", r"lessons/.*\.py", lessons_know_no_widget),
    Rule("widgets know records only", r"widgets/.*\.py", widgets_know_records_only),
    Rule("packages do not print", PACKAGES, nothing_prints),
    Rule("names are sorted", PACKAGES, names_are_sorted),
    Rule("nothing dangerous", ALL_PYTHON, nothing_dangerous),
    Rule("text has an encoding", ALL_PYTHON, text_has_an_encoding),
    Rule("nothing is unfinished", r"(lessons|widgets)/.*\.(py|js|css)", nothing_is_unfinished),
    Rule("files are short", r"(?!tests/).*\.(py|js|mjs)", at_most(LONGEST)),
    Rule("tests are short", r"tests/.*\.(py|js|mjs)", at_most(LONGEST_TEST)),
    Rule("text reaches the page as text", r"(widgets|docs)/.*\.(js|py|html)", text_reaches_the_page_as_text),
    Rule("nothing comes from the network", r"widgets/static/.*", nothing_comes_from_the_network),
    Rule("notebooks are clean", r".*\.ipynb", notebooks_are_clean),
    Rule("no place of one machine", r".*", no_place_of_one_machine),
    Rule("versions are plain", r"constraints\.txt", versions_are_plain),
]
