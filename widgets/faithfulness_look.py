"""What is looked at in a FaithfulnessLab: which methods, which way, how many words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import Faithfulness
from widgets.checks import one_of
from widgets.faithfulness_evidence import Evidence
from widgets.methods import METHODS

__all__ = ["DIRECTIONS", "METHOD_NAMES", "MOST_SHOWN", "Look", "methods_of", "shown_of", "verdicts_of"]

MOST_SHOWN = 3
#: The methods of `lessons.attribution`, in the order of a table.
METHOD_NAMES = {name: method.label for name, method in METHODS.items()} | {"surrogate_tree": "surrogate tree"}
DIRECTIONS = {"deletion": "taken away", "insertion": "put back"}


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is looked at, all of it known to be possible.

    Attributes:
        methods: those that are compared, a row each.
        shown: up to three of them, those with a curve.
        first: the one whose order the text follows.
        backwards: whether the text follows the reverse of that order.
        put_back: whether words are put back instead of taken away.
        k: how many words.
        n_layers: how many parts of the model are drawn anew.
        verdicts: what was seen for this prediction with other meanings of 'missing'.
    """

    methods: tuple[str, ...]
    shown: tuple[str, ...]
    first: str
    backwards: bool
    put_back: bool
    k: int
    n_layers: int
    verdicts: Mapping[str, str]

    @property
    def direction(self) -> str:
        """What happens to the words, a key of `DIRECTIONS`."""
        return "insertion" if self.put_back else "deletion"

    def curve(self, found: Faithfulness) -> np.ndarray:
        """Return (T + 1,) the curve of a method, in the direction that is looked at."""
        return found.insertion if self.put_back else found.deletion

    def reversed_curve(self, found: Faithfulness) -> np.ndarray:
        """Return (T + 1,) the same in the reversed order: the other curve read backwards."""
        return (found.deletion if self.put_back else found.insertion)[::-1]

    def order(self, curves: Mapping[str, Faithfulness]) -> np.ndarray:
        """Return (T,) places of the words, in the order that the text follows."""
        order = curves[self.first].order
        return order[::-1] if self.backwards else order


def methods_of(value: Any, name: str, allowed: Sequence[str], most: int) -> tuple[str, ...]:
    """Return a choice of methods after checking it.

    Raises:
        InputError: it is no list, it is empty or too long, or a name in it is not allowed or stands there twice.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InputError(f"{name} must be a list of methods, for example ('occlusion', 'saliency').")
    chosen = tuple(one_of(method, f"Each of {name}", allowed) for method in value)
    if not 1 <= len(chosen) <= most or len(set(chosen)) < len(chosen):
        raise InputError(f"{name} must have 1 to {most} different methods, not {len(chosen)}.")
    return tuple(method for method in METHOD_NAMES if method in chosen)


def shown_of(evidence: Evidence, methods: tuple[str, ...], wanted: Any, chosen: bool) -> tuple[str, ...]:
    """Return up to three methods with a curve; the first of them that has one is asked now, the others later.

    Args:
        evidence: about the prediction.
        methods: those that are compared.
        wanted: those that shall be shown, None for the first two.
        chosen: whether they were chosen just now; then one that cannot be shown is refused, otherwise left out.

    Raises:
        InputError: see `methods_of`; the model can be explained by none of them.
    """
    if wanted is not None and chosen:
        given = list(methods_of(wanted, "shown", methods, MOST_SHOWN))
    else:
        given = [method for method in wanted or () if method in methods] or list(methods[:2])
    for method in given if chosen else ():
        if method in evidence.refused:
            raise InputError(evidence.refused[method])
    failure: InputError | None = None
    for method in dict.fromkeys((*given, *methods)):
        try:
            evidence.curve(method)
        except InputError as error:
            if chosen and wanted is not None:
                raise
            failure = failure or error
            continue
        rest = [one for one in given if one != method and one not in evidence.refused]
        return methods_of((method, *rest)[:MOST_SHOWN], "shown", methods, MOST_SHOWN)
    raise failure or InputError("No method was given.")


def verdicts_of(known: Iterable[Evidence], evidence: Evidence, method: str) -> dict[str, str]:
    """Return how many random orders a method beat with each meaning of 'missing' that was looked at, if with several.

    Args:
        known: what was looked at.
        evidence: about the prediction.
        method: a name.
    """
    found = {}
    for other in known:
        same = other.is_about(evidence.why) and (other.n_random, other.seed) == (evidence.n_random, evidence.seed)
        said = other.beaten(method) if same else None
        if said is not None:
            found[other.why.baseline] = said
    return found if len(found) > 1 else {}
