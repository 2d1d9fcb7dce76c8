"""SurrogateTree: a decision tree that imitates a model, which way a text takes through it, and how well it imitates."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import Surrogate, TokenizedText
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import stacked
from widgets.static_parts import paragraph, table
from widgets.surrogate_paper import tree_part
from widgets.surrogate_source import TreeSource, read_text, sources_of
from widgets.surrogate_view import TreeSight, chosen_at, fidelity_plot, rows_of, said_of
from widgets.token_line import line_of
from widgets.undo import UndoWidget

__all__ = ["SurrogateTree"]

_SAY = (
    "A tree of yes-or-no questions about the last words imitates the model. It can be read from top to bottom, the "
    "model cannot. But is it true to the model? Type a text, follow its way, and cut the tree."
)
_QUESTION = ("text", "position", "asked", "branch")
_DEPTH = 6  # questions at first
_WIDTH = 720.0


class SurrogateTree(UndoWidget):
    """Show the tree that imitates a model: the path of a text, the nodes beside it, and the fidelity over the depth.

    Args:
        sources: models (what `load_model` returns) or trees (what `model.surrogate()` returns), one to four in all. A
            tree goes with the model that it imitates, if that is given, too; any other model is asked for its tree when
            it is first shown, which takes a second or more.
        text: whose way is followed; of more than 64 tokens the last 64, and a note says so.
        position: place of the predicted word, -1 for the word after the text.
        asked: name of the model whose tree is shown; None for the first one.
        depth: after how many questions the tree is cut; None for 6, or fewer in a smaller tree.
        branch: number of a node that is opened beside the path of the text; None for that path.
        node: number of the node that is told about; None for the last one of the path, or the opened one.
        grow: keywords for `model.surrogate`, for example {"n_last": 4, "n_places": 8000}.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    All settings but `grow` may be assigned later. `surrogate` is the tree that is shown (`lessons.records.Surrogate`).

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "svg", "plot", "surrogate_tree")
    _css = style("text_field", "tokens", "plot", "surrogate_tree", of="surrogate_tree")

    text = Setting()
    position = Setting()
    asked = Setting()
    depth = Setting()
    branch = Setting()
    node = Setting()

    board = t.Dict(help="text, tree, node and fidelity as the page draws them").tag(sync=True)

    def __init__(
        self,
        *sources: Any,
        text: str = "The king was crowned in the",
        position: int = -1,
        asked: str | None = None,
        depth: int | None = None,
        branch: int | None = None,
        node: int | None = None,
        grow: dict[str, Any] | None = None,
        title: str = "A tree that imitates the model",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        if grow is not None and not isinstance(grow, dict):
            raise InputError(f"grow must be a dict of keywords for model.surrogate, not {type(grow).__name__}.")
        self._grow = grow or {}
        self._sources = sources_of(sources)
        self._read: tuple[str, tuple[TokenizedText, ...], tuple[str, ...]] | None = None
        self._sight: TreeSight | None = None
        start = {"text": text, "position": position, "asked": asked, "depth": depth, "branch": branch, "node": node}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self._sources, self._read, self._sight, self._grow = [], None, None, {}

    @property
    def surrogate(self) -> Surrogate | None:
        """The tree that is shown."""
        return self._sight.tree.record if self._sight else None

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens of the text; `position` counts them from 0."""
        return self._read[1][0].tokens if self._read else ()

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        names = [source.name for source in self._sources]
        asked = one_of(names[0] if wanted["asked"] is None else wanted["asked"], "asked", names)
        source = self._sources[names.index(asked)]
        is_new = self._read is None or ("text" in changed and wanted["text"] != self.text)
        read = read_text(self._sources, wanted["text"]) if is_new or self._read is None else self._read
        tokens = read[1][0]
        position = -1 if is_new and "position" not in changed else wanted["position"]
        position = whole(position, "position", -1, len(tokens) - 1)
        tree = source.grown(self._grow)
        other_tree = self._sight is not None and self._sight.tree is not tree
        depth = wanted["depth"]
        if depth is None or (other_tree and "depth" not in changed):
            depth = min(_DEPTH if depth is None else depth, tree.record.depth)
        depth = whole(depth, "depth", 0, tree.record.depth)
        before = tokens.tokens[: len(tokens) if position < 0 else position]
        # Another text, tree or cut has another path: what was opened beside the old one is over.
        moved = is_new or other_tree or bool({"position", "depth"} & set(changed))
        branch, node = (None if moved and name not in changed else wanted[name] for name in ("branch", "node"))
        n_nodes = len(tree.record.tokens)
        if branch is not None:
            branch = whole(branch, "branch", 0, n_nodes - 1)
            if tree.levels[branch] > depth:
                raise InputError(
                    f"Node {branch} lies below the cut, after {tree.levels[branch]} questions; move the cut."
                )
        if node is not None:
            node = whole(node, "node", 0, n_nodes - 1)
        said = None
        if source.model is not None:
            which = [one for one in self._sources if one.model is not None].index(source)
            said = source.model.next_tokens(read[1][which], top_k=1, position=position)
        sight = TreeSight(source.name, source.hue, tree, depth, before, branch, 0, said)
        if node is None or (node not in sight.drawn and "node" not in changed):
            node = sight.trunk[-1]
        if node not in sight.drawn:
            raise InputError(f"Node {node} is folded; open the branch in which it lies (branch={node}).")
        sight = TreeSight(source.name, source.hue, tree, depth, before, branch, node, said)
        revision = self._revision + is_new
        board = self._board(sight, source, position, read) | {"revision": revision}
        # Nothing below can fail: from here on the new state is the good one.
        settings = {"text": read[0], "position": position, "asked": asked, "branch": branch}
        if self._read is not None and any(getattr(self, name) != settings[name] for name in _QUESTION):
            self._keep_for_undo({name: getattr(self, name) for name in (*_QUESTION, "depth", "node")})
        self._read, self._sight, self._revision = read, sight, revision
        board["undo"] = bool(self._past)
        note = " ".join(read[2])
        return parts | settings | {"depth": depth, "node": node, "board": board, "note": note}

    def _board(
        self, sight: TreeSight, source: TreeSource, position: int, read: tuple[str, tuple[TokenizedText, ...], Any]
    ) -> dict[str, Any]:
        tokens = read[1][0]
        line = line_of(tokens.tokens, tokens.typed, (), unit="", scale=1.0) | {"open": True, "hue": source.hue}
        rows = rows_of(sight)
        return said_of(sight) | {
            "line": line,
            "selected": len(tokens) if position < 0 else position,
            "text": read[0],
            "hue": source.hue,
            "asked": source.name,
            "names": [one.name for one in self._sources],
            "depth": sight.depth,
            "depths": [f"{d} question{'s' * (d != 1)}" for d in range(sight.tree.record.depth + 1)],
            "rows": rows,
            "sides": [any(row[i] for row in rows) for i in (0, 2)],
            "opened": sight.branch is not None,
            "chosen": chosen_at(sight),
            "plot": fidelity_plot(sight).page(),
        }

    # What the page asks.

    @handles("read", text=(str,))
    def _on_read(self, text: str) -> None:
        self.change(text=text)

    @handles("place", position=(int,), revision=(int,))
    def _on_place(self, position: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(position=-1 if position == len(self.tokens) else position)

    @handles("ask", name=(str,))
    def _on_ask(self, name: str) -> None:
        self.change(asked=name)

    @handles("cut", depth=(int,))
    def _on_cut(self, depth: int) -> None:
        self.change(depth=depth)

    @handles("tell", node=(int,))
    def _on_tell(self, node: int) -> None:
        self.change(node=node)

    @handles("open", node=(int,))
    def _on_open(self, node: int) -> None:
        """Open a branch, or go back to the path of the text if the node lies on it; where nothing is folded, tell."""
        sight = self._sight
        if sight is None or node not in sight.drawn:
            raise InputError("This node is not drawn any more; please choose again.")
        branch = None if node in sight.path else node if sight.tree.folded(node, sight.depth) else sight.branch
        self.change(branch=branch, node=node)

    # On paper.

    def picture(self) -> Picture:
        """Return the tree as it is drawn, and the fidelity over the depth."""
        sight = self._sight
        assert sight is not None
        parts = [tree_part(sight, self.board["rows"], _WIDTH), fidelity_plot(sight).part(_WIDTH)]
        return stacked(self.title, self.board["spoken"], _WIDTH, parts)

    def _static(self) -> list[str]:
        board, sight = self.board, self._sight
        assert sight is not None
        grown, held_out = sight.tree.grown_on, sight.tree.record.fidelities
        rows = [
            [str(d), f"{100 * one:.1f} %", f"{100 * other:.1f} %"]
            for d, (one, other) in enumerate(zip(held_out, grown, strict=True))
        ]
        head = ["questions", "held-out text", "the text that it was grown on"]
        words = [
            "Text: " + " ".join(sight.before),
            "".join(board["guess"]),
            "".join(board["fidelity"]),
            *board["facts"],
        ]
        return [*map(paragraph, words), table(rows, head, "Fidelity")]
