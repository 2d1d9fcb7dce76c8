"""The tree, the path of a text and the fidelity of a SurrogateTree, as its page and its picture draw them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lessons.records import NextTokens
from widgets.plot import Plot, ticks_between
from widgets.plot_labels import name_curves
from widgets.surrogate_source import Tree
from widgets.words import count, percent, show

__all__ = ["TreeSight", "chosen_at", "fidelity_plot", "rows_of", "said_of"]

_BACK = {1: "last", 2: "second last", 3: "third last"}
_CHOICES = 5
NOT_THE_MODEL = (
    "The tree is not how the model works. It imitates what the model says, and here is how often it does, on text that "
    "it has not seen."
)


@dataclass(frozen=True)
class TreeSight:
    """What is looked at.

    Attributes:
        name, hue: of the model.
        tree: that imitates it.
        depth: after how many questions the tree is cut.
        before: the words before the prediction.
        branch: a node that was opened; None for the path of the text.
        node: the node that is told about.
        said: what the model really says, None if it is not here.
    """

    name: str
    hue: str
    tree: Tree
    depth: int
    before: tuple[str, ...]
    branch: int | None
    node: int
    said: NextTokens | None

    @property
    def path(self) -> list[int]:
        """The nodes that the text comes through, cut after `depth` questions."""
        return self.tree.path(self.before)[: self.depth + 1]

    @property
    def trunk(self) -> list[int]:
        """The nodes that are drawn below one another."""
        return self.path if self.branch is None else self.tree.way_to(self.branch)

    @property
    def drawn(self) -> set[int]:
        """All nodes that are drawn: the trunk, what branches off, and what follows an opened branch."""
        trunk, inside = self.trunk, self.tree.levels
        return {0} | {child for node in trunk for child in self.tree.children(node) if inside[child] <= self.depth}


def _question_of(tree: Tree, node: int) -> str:
    """Return the question of a node, "" at a leaf."""
    back = int(tree.record.places[node])
    return f"Is the {_BACK.get(back, f'{back}th last')} word “{show(tree.record.tokens[node])}”?" if back else ""


def rows_of(sight: TreeSight) -> list[list[dict[str, Any] | None]]:
    """Return the tree row by row: what branches off on 'yes', the trunk, and what branches off on 'no'."""
    tree, trunk = sight.tree, sight.trunk
    rows: list[list[dict[str, Any] | None]] = [[None, _cell(sight, 0, ""), None]]
    for node, following in zip(trunk, [*trunk[1:], None], strict=True):
        children = tree.children(node)
        if not children or tree.levels[node] >= sight.depth:
            break
        if following is None and sight.branch is None:
            break
        yes, no = children
        middle = None if following is None else _cell(sight, following, "yes" if following == yes else "no")
        rows.append(
            [
                None if following == yes else _cell(sight, yes, "yes"),
                middle,
                None if following == no else _cell(sight, no, "no"),
            ]
        )
    return rows


def _cell(sight: TreeSight, node: int, answer: str) -> dict[str, Any]:
    """Return one node: its question, its guess, and what is folded below it."""
    tree = sight.tree
    token, share = tree.guess(node)
    cut = tree.levels[node] >= sight.depth or not tree.children(node)
    on_trunk = node in sight.trunk
    folded = 0 if on_trunk else tree.folded(node, sight.depth)
    places = int(tree.record.counts[node])
    of_places = f"{percent(share)} of {count(places)} place{'s' * (places != 1)}"
    cell: dict[str, Any] = {
        "node": node,
        "answer": answer,
        "question": "" if cut else _question_of(tree, node),
        "guess": show(token),
        "share": of_places,
        "level": round(share, 3),
        "depth": int(tree.levels[node]) + 1,
        "here": node in sight.path,
        "chosen": node == sight.node,
        "folded": f"{count(folded)} more nodes" if folded > 1 else "",
    }
    told = [f"{answer}:" if answer else "The root:", cell["question"], f"most often {show(token)}, {of_places}."]
    cell["says"] = " ".join(filter(None, [*told, f"{cell['folded']} folded." if folded > 1 else ""]))
    if not cut:
        cell["open"] = on_trunk and (node != sight.trunk[-1] or sight.branch is not None)
    return cell


def chosen_at(sight: TreeSight) -> dict[str, Any]:
    """Return what is told about one node: how a text comes there, and what the model says at its places."""
    tree, node = sight.tree, sight.node
    record = tree.record
    way = tree.way_to(node)
    asked = []
    for one, following in pairwise(way):
        asked.append(f"{_question_of(tree, one)} {'Yes' if following == tree.children(one)[0] else 'No'}.")
    order = record.shares[node].argsort(kind="stable")[::-1][:_CHOICES]
    shares = [(record.choice_tokens[i], float(record.shares[node, i])) for i in order if record.shares[node, i] > 0]
    rest = 1 - sum(share for _, share in shares)
    rows = [[show(token), percent(share), round(share, 3)] for token, share in shares]
    n = int(record.counts[node])
    return {
        "name": f"{count(n)} of {count(record.n_places)} places come here",
        "way": asked or ["All places start here."],
        "rows": rows + ([["all other words", percent(rest), round(rest, 3)]] if rest > 5e-4 else []),
    }


def said_of(sight: TreeSight) -> dict[str, Any]:
    """Return what the tree guesses for the text, what the model says, and how far the tree may be trusted."""
    tree, record = sight.tree, sight.tree.record
    path = sight.path
    token, share = tree.guess(path[-1])
    n_asked = len(path) - 1
    asked = f"{n_asked} question{'s' * (n_asked != 1)}"
    guess = [f"After {asked}, the tree guesses ", show(token), f" ({percent(share)} of its places there). "]
    if sight.said is not None:
        first = sight.said.tokens[0]
        same = first == token
        guess[-1] += f"The {sight.name}'s first choice is "
        guess.append(f"{show(first)}{' ✓' if same else ''}")
        guess.append(
            f", {percent(float(sight.said.probabilities[0]))}: {'the same word.' if same else 'another word.'}"
        )
    else:
        guess[-1] += f"The {sight.name} itself is not here to be asked."
    held_out, grown = float(record.fidelities[sight.depth]), float(tree.grown_on[sight.depth])
    most = show(tree.guess(0)[0])
    questions = f"{sight.depth} question{'s' * (sight.depth != 1)}"
    fidelity = [
        f"Cut after {questions}, it guesses the {sight.name}'s first choice at ",
        percent(held_out),
        f" of {count(record.n_held_out)} held-out places, and at {percent(grown)} of the {count(record.n_places)} that "
        f"it was grown on. Always guessing “{most}” reaches {percent(record.majority)}.",
    ]
    facts = [
        f"{NOT_THE_MODEL} At {percent(1 - held_out)} of the places it says another word than the {sight.name}, and it "
        f"asks about the last {record.n_last} words only.",
        f"Grown on {record.corpus}, seed {record.seed}: {count(len(record.tokens))} nodes, at most {record.depth} "
        "questions in a row.",
    ]
    return {"guess": guess, "fidelity": fidelity, "facts": facts, "spoken": f"{''.join(guess)} {''.join(fidelity)}"}


def fidelity_plot(sight: TreeSight) -> Plot:
    """Return the fidelity over the depth: on held-out text, where the tree was grown, and of one guess for all."""
    tree, record = sight.tree, sight.tree.record
    held_out, grown = record.fidelities.tolist(), tree.grown_on.tolist()
    ticks = ticks_between(0, 100 * max(*held_out, *grown))
    plot = Plot((0, max(1, record.depth)), (0, ticks[-1]), height=230)
    above = f"% of the places at which the tree guesses the {sight.name}'s first choice"
    plot.axes(((d, str(d)) for d in range(record.depth + 1)), ticks, "questions in a row", above)
    here, _ = plot.at(sight.depth, 0)
    plot.line([(here, plot.top), (here, plot.bottom)], "here")
    flat = [plot.at(d, 100 * record.majority) for d in (0, max(1, record.depth))]
    plot.line(flat, "other")
    curves = [[plot.at(d, 100 * value) for d, value in enumerate(values)] for values in (held_out, grown)]
    for which, points in enumerate(curves):
        plot.curve(points, which, sight.hue)
    names = ["held-out text", "the text that it was grown on", f"always guessing “{show(tree.guess(0)[0])}”"]
    name_curves(
        plot,
        [*curves, [flat[0], plot.at(record.depth / 2, 100 * record.majority), flat[1]]],
        names,
        [sight.hue, sight.hue, ""],
    )
    plot.stops(range(record.depth + 1))
    return plot
