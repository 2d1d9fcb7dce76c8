"""Is an explanation true to the model? What can be measured about that.

    faithfulness(model, model.explain("The king was crowned in")).deletion_score

    curves        does the prediction go where the scores say that it comes from? Deletion, insertion
    agreement     do two methods put the words in the same order?
    stability     do the scores stay where nothing has changed: with another seed, after a small edit?
    randomising   do the scores change when the model is thrown away, layer by layer?
    measure       all of it over many lines, with intervals; `table` has what was measured on the shipped models

Each of these can show that an explanation is bad. None shows that it is good.
"""

from lessons.faithfulness.agreement import agreement, overlap
from lessons.faithfulness.curves import faithfulness
from lessons.faithfulness.randomising import randomised_check, randomised_network
from lessons.faithfulness.stability import edit_stability, seed_stability, small_edits
from lessons.faithfulness.table import faithfulness_of, shipped_faithfulness
from lessons.records import rank_correlation

__all__ = [
    "agreement",
    "edit_stability",
    "faithfulness",
    "faithfulness_of",
    "overlap",
    "randomised_check",
    "randomised_network",
    "rank_correlation",
    "seed_stability",
    "shipped_faithfulness",
    "small_edits",
]
