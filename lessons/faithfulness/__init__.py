"""Is an explanation true to the model? What can be measured about that.

from lessons.faithfulness import faithfulness
faithfulness(model, model.explain("The king was crowned in")).deletion_score
"""

from lessons.faithfulness.curves import faithfulness

__all__ = ["faithfulness"]
