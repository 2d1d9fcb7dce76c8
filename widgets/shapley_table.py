"""ShapleyTable: what every set of words is worth, and what a word adds on average when all join in some order."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import Attribution, CoalitionTable
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.shapley_orders import drawn_orders, gained
from widgets.shapley_players import GROUPINGS, groups_of, groups_told, names_of_groups
from widgets.shapley_view import chips_of, facts_of, lattice_of, of_players, rows_of, step_told
from widgets.signed_rows import signed_part
from widgets.sketches import stacked
from widgets.static_parts import paragraph, table
from widgets.why import Why
from widgets.why_widget import WhyWidget

__all__ = ["ShapleyTable"]

SAMPLES = (16, 32, 64, 128, 256, 512)
MOST_ORDERS = 5_000
_OWN = ("n_orders", "joined", "order", "seed")
_SAY = (
    "The words join one by one, in a random order, and each gets what it adds. The mean over all orders is its "
    "Shapley value. Step through an order, or click a set of words to go there."
)


class ShapleyTable(WhyWidget):
    """Show what each set of words is worth, what each word adds in an order of joining, and the exact Shapley values.

    Args:
        models, text, position, target, explains, against, baseline, asked: the question, see `WhyWidget`.
        grouping: how the words of a text with more than eight of them join: "last" (the last seven alone, all before
            them as one player) or "even" (eight groups of neighbours).
        n_samples: how many sets KernelSHAP draws, 16 to 512.
        seed: of the orders and of KernelSHAP's sets.
        n_orders: how many drawn orders were gone through before the present one.
        joined: how many players have joined in the present order.
        order: an order of your own, as the players' numbers; None for the one that was drawn. It does not count for
            the mean.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    Each of these but the models may be assigned later. `table` has what every set is worth, so that no step asks a
    model; `kernel` is KernelSHAP's estimate. The k-th order is the k-th permutation of
    `np.random.default_rng(seed).permutation(n)`, and `mean` the mean over those gone through. `undo` takes back the
    last change of the question or of the orders.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "question", "signed_rows", "shapley_table")
    _css = style("text_field", "tokens", "question", "signed_rows", "shapley_table", of="shapley_table")
    _needs = ("coalition_table", "explain")

    grouping = Setting()
    n_samples = Setting()
    seed = Setting()
    n_orders = Setting()
    joined = Setting()
    order = Setting()

    board = t.Dict(help="the order, the values, the facts and the controls as the page draws them").tag(sync=True)
    lattice = t.Dict(help="all sets of players by their size, with what they are worth").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in",
        position: int = -1,
        target: str | None = None,
        explains: str = "log_probability",
        against: str | None = None,
        baseline: str = "unk",
        asked: str | None = None,
        grouping: str = "last",
        n_samples: int = 64,
        seed: int = 0,
        n_orders: int = 0,
        joined: int = 0,
        order: tuple[int, ...] | None = None,
        title: str = "Every word joins in every order",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._table: CoalitionTable | None = None
        self._kernel: Attribution | None = None
        self._mean: np.ndarray | None = None
        self._order: tuple[int, ...] = ()
        start: dict[str, Any] = {"text": text, "position": position, "target": target, "explains": explains}
        start |= {"against": against, "baseline": baseline, "asked": asked, "grouping": grouping}
        start |= {"n_samples": n_samples, "seed": seed, "n_orders": n_orders, "joined": joined, "order": order}
        super().__init__(*models, title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        super()._let_go()
        self._table = self._kernel = None

    # What Python offers.

    @property
    def table(self) -> CoalitionTable | None:
        """What every set of players is worth, and the exact values."""
        return self._table

    @property
    def kernel(self) -> Attribution | None:
        """KernelSHAP's estimate of the same values, from `n_samples` drawn sets."""
        return self._kernel

    @property
    def mean(self) -> np.ndarray | None:
        """(P,) what each player adds on average in the orders gone through; None if there is none yet."""
        return self._mean

    @property
    def present_order(self) -> tuple[int, ...]:
        """(P,) the order on the screen: `order`, or the one that was drawn."""
        return self._order

    def step(self) -> None:
        """Let the next player join; after the last one the next order begins."""
        with self._one_update():
            if self.joined < len(self._order):
                self.change(joined=self.joined + 1)
            else:
                self.change(n_orders=self._orders_after(1), joined=1, order=None)

    def next_orders(self, n: int = 1) -> None:
        """Go through the present order and n - 1 more, and show the one after them from its start."""
        self.change(n_orders=self._orders_after(whole(n, "n", 1, MOST_ORDERS)), joined=0, order=None)

    def go_to(self, players: tuple[int, ...]) -> None:
        """Show the set of these players: they join first, as they come in the present order."""
        self._check_open()
        n = len(self._order)
        there = {whole(player, "a player", 0, n - 1) for player in players}
        order = tuple(sorted(self._order, key=lambda player: player not in there))
        self.change(order=self.order if order == self._order else order, joined=len(there))

    def repeat(self) -> None:
        """Begin again with the first order of the same seed."""
        self.change(n_orders=0, joined=0, order=None)

    def new_seed(self) -> None:
        """Take the next seed and begin with its first order."""
        self.change(seed=(self.seed + 1) % 2**32, n_orders=0, joined=0, order=None)

    def _orders_after(self, n: int) -> int:
        """Return how many drawn orders are gone through after n more; one of the learner's own is none of them."""
        n_orders = self.n_orders + n - (self.order is not None)
        if n_orders > MOST_ORDERS:
            raise InputError(f"{MOST_ORDERS:,} orders are as many as are drawn here; repeat, reset or take a new seed.")
        return int(n_orders)

    # What follows from the settings.

    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        grouping = one_of(wanted["grouping"], "grouping", GROUPINGS)
        n_samples = whole(wanted["n_samples"], "n_samples", SAMPLES[0], SAMPLES[-1])
        seed = whole(wanted["seed"], "seed", 0, 2**32 - 1)
        groups = groups_of(why.n_words, grouping)
        asked = why.options | {"baseline": why.baseline, "groups": groups}
        worth = self._ask(why, ("table", grouping), lambda: why.model.coalition_table(why.text, **asked))
        kernel = self._ask(
            why,
            ("kernel", grouping, n_samples, seed),
            lambda: why.model.explain(why.text, "shapley", n_samples=n_samples, seed=seed, **asked),
        )
        n_players = len(worth.groups)
        names = names_of_groups(worth.groups, why.words)
        if self._table is not None and worth.groups != self._table.groups:  # other players: their orders begin anew
            wanted |= {
                name: start for name, start in (("n_orders", 0), ("joined", 0), ("order", None)) if name not in changed
            }
        n_orders = whole(wanted["n_orders"], "n_orders", 0, MOST_ORDERS)
        joined = whole(wanted["joined"], "joined", 0, n_players)
        own = _order_of(wanted["order"], n_players)
        orders = drawn_orders(n_players, n_orders + 1, seed)
        present = own or tuple(orders[-1].tolist())
        done = n_orders + (joined == n_players and own is None)
        mean = gained(worth, orders[:done]).mean(axis=0) if done else None
        added = worth.added(present)
        shown = np.where(np.isin(np.arange(n_players), present[:joined]), added, np.nan)
        estimate = of_players(worth, kernel)
        masks = [sum(1 << player for player in present[:n]) for n in range(joined + 1)]
        told = step_told(worth, present, joined, names, why)
        facts = facts_of(worth, mean, done, estimate, n_samples, names, why)
        board = {
            "chips": chips_of(present, joined, added, names, why),
            "path": masks,
            "told": told,
            "own": "" if own is None else "An order of your own: it does not count for the mean.",
            "rows": rows_of(worth, shown, mean, done, estimate, names, why),
            "facts": facts,
            "players": groups_told(worth.groups, names, why.n_words),
            "grouping": grouping,
            "groupings": [[name, words] for name, words in GROUPINGS.items()] if groups else [],
            "seed": seed,
            "samples": sorted({*SAMPLES, n_samples}),
            "n_samples": n_samples,
            "whole": joined == n_players,
            "hue": self._hues[self._names.index(why.name)],
            "spoken": f"{''.join(told)} {''.join(facts[2])}",
        }
        # Nothing below can fail.
        before = {name: getattr(self, name) for name in _OWN}
        now = {"n_orders": n_orders, "joined": joined, "order": own, "seed": seed}
        if self._table is not None and why is self._why and worth is self._table and before != now:
            self._keep_for_undo(before)
        self._table, self._kernel, self._mean, self._order = worth, kernel, mean, present
        settings = now | {"grouping": grouping, "n_samples": n_samples}
        return settings | {"board": board, "lattice": lattice_of(worth, names, why)}

    # What the page asks.

    @handles("step")
    def _on_step(self) -> None:
        self.step()

    @handles("orders", n=(int,))
    def _on_orders(self, n: int) -> None:
        self.next_orders(n)

    @handles("go", mask=(int,), revision=(int,))
    def _on_go(self, mask: int, revision: int) -> None:
        self._check_revision(revision)
        mask = whole(mask, "mask", 0, 2 ** len(self._order) - 1)
        self.go_to(tuple(player for player in range(len(self._order)) if mask >> player & 1))

    @handles("again")
    def _on_again(self) -> None:
        self.repeat()

    @handles("new")
    def _on_new(self) -> None:
        self.new_seed()

    @handles("group", grouping=(str,))
    def _on_group(self, grouping: str) -> None:
        self.change(grouping=grouping)

    @handles("n_samples", value=(int,))
    def _on_samples(self, value: int) -> None:
        self.change(n_samples=value)

    # On paper.

    def picture(self) -> Picture:
        """Return the Shapley values with KernelSHAP's estimates and the mean of the orders so far."""
        part = signed_part(self.board["rows"], 560, column=2)
        return stacked("".join(self.question["heading"]), self.board["spoken"], 600, [part])

    def _static(self) -> list[str]:
        board = self.board
        values = [[row["word"], *row["cells"]] for row in board["rows"]["rows"]]
        sets = [[cell["words"], cell["number"]] for row in self.lattice["rows"] for cell in row["cells"]]
        heading = ["".join(self.question["heading"]), board["players"], "".join(board["told"]), board["own"]]
        return [
            *(paragraph(words) for words in heading if words),
            table(values, board["rows"]["head"]),
            *(paragraph("".join(fact)) for fact in board["facts"]),
            table(sets, ["who is there", "the model's number"], self.lattice["summary"]),
        ]


def _order_of(given: Any, n_players: int) -> tuple[int, ...] | None:
    """Return an order of the learner's own, or None."""
    if given is None:
        return None
    try:
        order = tuple(whole(player, "a player of order", 0, n_players - 1) for player in given)
    except TypeError:
        order = ()
    if sorted(order) != list(range(n_players)):
        raise InputError(f"order must hold each of the players 0 to {n_players - 1} once, not {given!r:.60}.")
    return order
