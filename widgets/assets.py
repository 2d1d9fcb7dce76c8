"""The front-end files of a widget, joined into the one script and the one style sheet that anywidget sends."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import traitlets as t

__all__ = ["joined", "script", "style"]

STATIC = Path(__file__).parent / "static"


@cache
def joined(*names: str) -> str:
    """Return the named files of `widgets/static`, one after the other, without lines that are only a comment.

    anywidget loads a script from a blob, where a relative import fails: so the shared parts stand in front of the
    widget's own file. The text is sent with every instance, hence without its comments and its indentation.
    """
    lines = [line.strip() for name in names for line in (STATIC / name).read_text(encoding="utf-8").split("\n")]
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def script(*stems: str) -> t.Unicode:
    """Return the trait `_esm` of a widget: `shared.js`, then `<stem>.js` of each part, the widget's own one last.

    The card bears the name of the own part, for the style sheet to find it.
    """
    own = f'const OWN = "{stems[-1]}";\n'
    return t.Unicode(own + joined("shared.js", *(f"{stem}.js" for stem in stems)), read_only=True).tag(sync=True)


def style(*stems: str, of: str) -> t.Unicode:
    """Return the trait `_css` of a widget: `shared.css`, then `<stem>.css` of each part, in this order.

    All style sheets lie on one page, so the parts are for one widget's cards alone.

    Args:
        stems: of the parts.
        of: stem of the widget's own script, whose cards these are.
    """
    parts = re.sub(r"\.gb(?=[ .])", ":scope", joined(*(f"{stem}.css" for stem in stems)))  # the card itself
    scoped = f'\n@scope ([data-gb="{of}"]) {{\n{parts}\n}}' if stems else ""
    return t.Unicode(joined("shared.css") + scoped, read_only=True).tag(sync=True)
