"""The plain, immutable records that pass from the models to the widgets: NumPy and dataclasses, no torch.

A record checks its own lengths when it is made and never changes afterwards. Its arrays are read-only copies.
"""

from lessons.records.attribution import BASELINES, EXPLAINS, Attribution
from lessons.records.clipping import ClippingTable, GradientLook, clipped_by_norm, clipped_by_value, cosine
from lessons.records.distribution import Distribution
from lessons.records.evidence import CoalitionTable, GradientPath, LocalFit
from lessons.records.faithfulness import Agreement, Faithfulness, Stability
from lessons.records.faithfulness_table import FAITHFULNESS_MEASURES, RANDOM, Estimate, FaithfulnessTable, Measure
from lessons.records.faults import FAULTS, FaultyRun
from lessons.records.generation import Continuation, DrawnToken
from lessons.records.heads import HEAD_STATISTICS, HeadStatistic, HeadStatistics
from lessons.records.incomplete import IncompleteText
from lessons.records.measured import Evaluation, TrainingStep, perplexity_of
from lessons.records.overfit import OverfitGrid, OverfitRun
from lessons.records.predictions import NextTokens
from lessons.records.ranks import rank_correlation, ranks
from lessons.records.rates import OPTIMIZERS, RateCurve, RateTable, RateTrial
from lessons.records.reach import REACH_KINDS, ReachCurve, ReachExample, ReachTable
from lessons.records.recording import GATE_BINS, HEAD_SCORES, RecordedCheckpoint, Recording
from lessons.records.run import RUN_CURVES, RUN_STATES, TURNED, RunChange, RunCheckpoint, RunLog, curves_of
from lessons.records.surrogate import Surrogate
from lessons.records.text import TokenizedText
from lessons.records.traces import GATES, RecurrentTrace, TopTokens, TransformerTrace

__all__ = [
    "BASELINES",
    "EXPLAINS",
    "FAITHFULNESS_MEASURES",
    "FAULTS",
    "GATES",
    "GATE_BINS",
    "HEAD_SCORES",
    "HEAD_STATISTICS",
    "OPTIMIZERS",
    "RANDOM",
    "REACH_KINDS",
    "RUN_CURVES",
    "RUN_STATES",
    "TURNED",
    "Agreement",
    "Attribution",
    "ClippingTable",
    "CoalitionTable",
    "Continuation",
    "Distribution",
    "DrawnToken",
    "Estimate",
    "Evaluation",
    "Faithfulness",
    "FaithfulnessTable",
    "FaultyRun",
    "GradientLook",
    "GradientPath",
    "HeadStatistic",
    "HeadStatistics",
    "IncompleteText",
    "LocalFit",
    "Measure",
    "NextTokens",
    "OverfitGrid",
    "OverfitRun",
    "RateCurve",
    "RateTable",
    "RateTrial",
    "ReachCurve",
    "ReachExample",
    "ReachTable",
    "RecordedCheckpoint",
    "Recording",
    "RecurrentTrace",
    "RunChange",
    "RunCheckpoint",
    "RunLog",
    "Stability",
    "Surrogate",
    "TokenizedText",
    "TopTokens",
    "TrainingStep",
    "TransformerTrace",
    "clipped_by_norm",
    "clipped_by_value",
    "cosine",
    "curves_of",
    "perplexity_of",
    "rank_correlation",
    "ranks",
]
