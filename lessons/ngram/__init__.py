"""The n-gram model: what counting alone can say about the next word, the baseline of every language model.

    from lessons.ngram import fit_ngram
    counted = fit_ngram(vocabulary.encode(wikitext(corpus.text("train"))), vocabulary)
    counted.next_tokens("The king was crowned in")

It is asked like a trained model, and stands beside one in the widgets.
"""

from lessons.ngram.counts import NgramCounts, count_ngrams
from lessons.ngram.kneser_ney import NgramModel, discounts_of, fit_ngram

__all__ = ["NgramCounts", "NgramModel", "count_ngrams", "discounts_of", "fit_ngram"]
