"""A toy language with a known truth: rules write a text, and say exactly how predictable it is.

from lessons.grammar import toy_corpus, toy_language
toy_language().next_probabilities("the dogs near the house")
toy_corpus(seed=7)                     # trains a model without a corpus and without a network
toy_language().perplexity              # the floor, which no model can be below
"""

from lessons.grammar.language import Grammar
from lessons.grammar.machine import State
from lessons.grammar.oracle import Oracle
from lessons.grammar.toy import TOY_RULES, toy_corpus, toy_language

__all__ = ["TOY_RULES", "Grammar", "Oracle", "State", "toy_corpus", "toy_language"]
