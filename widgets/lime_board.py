"""Everything that a LimeLab's page draws of one fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lessons.records import LocalFit
from widgets.lime_seeds import told_of_seeds
from widgets.lime_view import HEIGHT, WIDTH, axes_of, facts_of, fit_told, slopes_of, texts_of
from widgets.why import Why
from widgets.words import listing, told_apart, with_sign

__all__ = ["board_of"]


def board_of(fit: LocalFit, why: Why, hue: str, runs: Sequence[LocalFit], listed: Sequence[int]) -> dict[str, Any]:
    """Return the parts of the page that follow from a fit.

    Args:
        fit: the one on the screen.
        why: the question.
        hue: of the model that is asked.
        runs: the fits of several seeds, or none.
        listed: numbers of the texts that are listed.
    """
    told = fit_told(fit)
    names = told_apart(why.words, range(len(why.words)))
    seeds = told_of_seeds(runs, names, why.unit, why.digits)
    largest = fit.attribution.order[:3].tolist()
    scores = listing(f"{names[i]} {with_sign(float(fit.attribution.scores[i]), why.digits)}" for i in largest)
    return {
        "slopes": slopes_of(fit, runs, why),
        "width": WIDTH,
        "height": HEIGHT,
        "axes": axes_of(fit),
        "hue": hue,
        "fit": told,
        "facts": facts_of(fit, why),
        "seeds": seeds,
        "run": len(runs),
        "words": list(why.words),
        "texts": texts_of(fit, listed, why.digits),
        "head": ["text", f"words that are there, of {len(why.words)}", f"{why.name}, {why.unit}", "line", "weight"],
        "spoken": f"Largest slopes: {scores} {why.unit}. {''.join(told)} {' '.join(seeds)}".strip(),
    }
