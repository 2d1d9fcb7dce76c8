"""What each attention head looks at on average: numbers over many lines, beside what they would be for no reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["HEAD_STATISTICS", "HeadStatistic", "HeadStatistics"]

#: The statistics, in the order of a table, and what each is the mean of.
HEAD_STATISTICS: Mapping[str, str] = MappingProxyType(
    {
        "previous_token": "weight on the token right before",
        "first_token": "weight on the first token, <eos>",
        "same_token": "weight on earlier copies of the same token, two or more places back",
        "own_token": "weight on the token itself",
        "distance": "how many tokens back it looks: the mean of the distances, each times its weight",
        "entropy": "entropy of the weights, in nats",
        "relative_entropy": "entropy of the weights, divided by the largest possible",
    }
)

# When a head is named: see HeadStatistics.pattern.
_DOMINANT = 0.5
_LEANING = 0.2
_FAR = 4.0
_EVEN = 0.9
_NEAR = 1 / 3

_NAMES = {
    "previous_token": ("previous-token head", "leans to the previous token", "on the token before"),
    "first_token": ("first-token head", "leans to the first token", "on the first token"),
    "same_token": ("same-token head", "leans to the same token", "on earlier copies of the token, where there are any"),
    "own_token": ("own-token head", "leans to the token itself", "on the token itself"),
}


@dataclass(frozen=True, eq=False)
class HeadStatistic:
    """One number for each head, with its interval and with what it is to be compared with.

    Attributes:
        mean: (L, H) mean over lines of the mean over the queries of a line.
        low, high: (L, H) 95 % confidence interval of the mean, over lines.
        shuffled: (L, H) the same on the same lines with their words in a random order.
        even: what a head would have on these lines that gives every visible key the same weight.
        matched: (L, H) for `same_token`: the weight on as many *other* tokens at the same distances; else None.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    shuffled: np.ndarray
    even: float
    matched: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.mean)
        if len(shape) != 2:
            raise InputError(f"mean has shape {shape}; it must have a row for each layer and a column for each head.")
        for name in ("mean", "low", "high", "shuffled", *(() if self.matched is None else ("matched",))):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, shape, name))

    @property
    def null(self) -> np.ndarray:
        """(L, H) what is left if the thing itself is taken away: `matched` where there is one, else `shuffled`.

        Shuffling takes the order of the words away and leaves places and words, so it is the null of all that could be
        due to the order. It leaves copies of a token in the line: for those, only the distance is kept (`matched`).
        """
        return self.shuffled if self.matched is None else self.matched


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadStatistics:
    """What the heads of a Transformer do on average over many lines of a corpus; see `lessons.head_statistics`.

    Attributes:
        previous_token, first_token, same_token, own_token: shares of the weight, 0 to 1; no key is in two of them.
        distance: how far back a head looks, in tokens; each key's distance counts by its weight.
        entropy: of the rows, in nats; relative_entropy: divided by ln(number of visible keys), 0 to 1.
        n_lines, n_tokens: what was read; n_tokens counts the `<eos>` that starts each line.
        n_queries: rows of weights that were averaged, from the third token of each line on.
        n_same: those of them that have an earlier copy two or more places back.
        seed: of the choice of lines, of the shuffling and of the interval.
        corpus, split, corpus_sha256: where the lines are from, and the sum of that split; empty for lines of one's own.
        weights_sha256: of the model that was measured; empty if it is not known.
    """

    previous_token: HeadStatistic
    first_token: HeadStatistic
    same_token: HeadStatistic
    own_token: HeadStatistic
    distance: HeadStatistic
    entropy: HeadStatistic
    relative_entropy: HeadStatistic
    n_lines: int
    n_tokens: int
    n_queries: int
    n_same: int
    seed: int
    corpus: str = ""
    split: str = ""
    corpus_sha256: str = ""
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        for name in HEAD_STATISTICS:
            if self[name].mean.shape != self.previous_token.mean.shape:
                raise InputError(f"{name} has shape {self[name].mean.shape}; all statistics must have the same.")

    def __getitem__(self, name: str) -> HeadStatistic:
        """Return a statistic by its name, one of `HEAD_STATISTICS`."""
        if name not in HEAD_STATISTICS:
            raise InputError(f"There is no statistic {name!r}; there are {', '.join(HEAD_STATISTICS)}.")
        statistic: HeadStatistic = getattr(self, name)
        return statistic

    @property
    def n_layers(self) -> int:
        """L."""
        return int(self.previous_token.mean.shape[0])

    @property
    def n_heads(self) -> int:
        """H."""
        return int(self.previous_token.mean.shape[1])

    def pattern(self, layer: int, head: int) -> str | None:
        """Return which share a head may be named after, or None.

        It is the largest one of those that are at least 20 % and at least four times what says nothing: even attention,
        and for `same_token` other tokens at the same distances, too. The lower end of the interval is compared, not
        the mean.

        Args:
            layer, head: counted from 0.

        Raises:
            InputError: there is no such head.
        """
        place = self._place(layer, head)
        found = []
        for name in _NAMES:
            one = self[name]
            nothing = one.even if one.matched is None else max(one.even, one.matched[place])
            if one.mean[place] >= _LEANING and one.low[place] >= _FAR * nothing:
                found.append((one.mean[place], name))
        return max(found)[1] if found else None

    def describe(self, layer: int, head: int) -> str:
        """Return a sentence about one head; it is named only where `pattern` names a share.

        From 50 % on it is called after the share, below that it leans to it. `describe(3, 4)` may be: leans to the
        previous token: 37 % of its weight on the token before (an even head: 4 %), 30 % on shuffled text. A head
        without such a share may have 90 % of the largest possible entropy or more, or look back at most a third as far
        as an even head; then the sentence says so.

        Args:
            layer, head: counted from 0.

        Raises:
            InputError: there is no such head.
        """
        place = self._place(layer, head)
        name = self.pattern(layer, head)
        if name is not None:
            one = self[name]
            called, leans, where = _NAMES[name]
            title = called if one.mean[place] >= _DOMINANT else leans
            told = f"{title}: {_percent(one.mean[place])} of its weight {where} (an even head: {_percent(one.even)})"
            if one.matched is not None:
                return f"{told}, {_percent(one.matched[place])} on other tokens at the same distances"
            return f"{told}, {_percent(one.shuffled[place])} on shuffled text"
        spread = self.relative_entropy.mean[place]
        if spread >= _EVEN:
            return f"spreads its weight nearly evenly: {_percent(spread)} of the largest possible entropy"
        back = self.distance.mean[place]
        if back <= _NEAR * self.distance.even:
            return f"looks near: {back:.1f} tokens back on average (an even head: {self.distance.even:.0f})"
        largest = max(_NAMES, key=lambda each: self[each].mean[place])
        return f"no simple pattern: at most {_percent(self[largest].mean[place])} {_NAMES[largest][2]}"

    def _place(self, layer: int, head: int) -> tuple[int, int]:
        return whole("layer", layer, 0, self.n_layers - 1), whole("head", head, 0, self.n_heads - 1)


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
