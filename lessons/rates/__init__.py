"""The learning-rate range test, and what its advice is worth.

short    fresh models of the class preset, trained for some steps      finder   the test, and trainings with a rate
live     the test in a process of its own, which `worker` is           table    many of them, as they ship
"""

from lessons.rates.live import LiveFinder  # loads no torch, and the others do

__all__ = ["LiveFinder"]
