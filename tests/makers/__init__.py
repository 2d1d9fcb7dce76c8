"""Each widget, made over small models in a moment: the tests of what holds for all widgets go through this list.

A file of this folder belongs to one widget or family. It has `MAKERS`, a name and a function for each state that is
worth a look (the name is the class's, or the class's and a few words), and `REQUESTS`, which describe each kind of
request that its pages send, with right and wrong values.
"""

from importlib import import_module
from pathlib import Path

_MODULES = [import_module(f"tests.makers.{path.stem}") for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))]
MAKERS = {name: make for module in _MODULES for name, make in module.MAKERS.items()}
REQUESTS = [request for module in _MODULES for request in module.REQUESTS]
