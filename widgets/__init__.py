"""Glassbox LM's widgets: what a learner touches. They show records and ask models by their methods; no torch here."""

from widgets.attention_abacus import AttentionAbacus
from widgets.attention_explorer import AttentionExplorer
from widgets.attention_versus_occlusion import AttentionVersusOcclusion
from widgets.base import GlassboxWidget
from widgets.block_tracer import BlockTracer
from widgets.clip_gauge import ClipGauge
from widgets.curve_doctor import CurveDoctor
from widgets.faithfulness_lab import FaithfulnessLab
from widgets.importance_explorer import ImportanceExplorer
from widgets.lime_lab import LimeLab
from widgets.lr_finder import LRFinder
from widgets.lstm_stepper import LSTMStepper
from widgets.mask_painter import MaskPainter
from widgets.memory_reach import MemoryReach
from widgets.model_duel import ModelDuel
from widgets.next_token_bars import NextTokenBars
from widgets.next_word_explorer import NextWordExplorer
from widgets.next_word_game import NextWordGame
from widgets.overfit_dial import OverfitDial
from widgets.path_slider import PathSlider
from widgets.recurrent_explorer import RecurrentExplorer
from widgets.sampling_bench import SamplingBench
from widgets.scale_slider import ScaleSlider
from widgets.shapley_table import ShapleyTable
from widgets.surrogate_tree import SurrogateTree
from widgets.token_clicker import TokenClicker
from widgets.training_slider import TrainingSlider
from widgets.training_theatre import TrainingTheatre

__all__ = [
    "AttentionAbacus",
    "AttentionExplorer",
    "AttentionVersusOcclusion",
    "BlockTracer",
    "ClipGauge",
    "CurveDoctor",
    "FaithfulnessLab",
    "GlassboxWidget",
    "ImportanceExplorer",
    "LRFinder",
    "LSTMStepper",
    "LimeLab",
    "MaskPainter",
    "MemoryReach",
    "ModelDuel",
    "NextTokenBars",
    "NextWordExplorer",
    "NextWordGame",
    "OverfitDial",
    "PathSlider",
    "RecurrentExplorer",
    "SamplingBench",
    "ScaleSlider",
    "ShapleyTable",
    "SurrogateTree",
    "TokenClicker",
    "TrainingSlider",
    "TrainingTheatre",
]
