"""Where trained models lie, and what counting reached; known without loading torch."""

from pathlib import Path

__all__ = ["MODEL_CARD", "NGRAM_CARD", "SHIPPED"]

MODEL_CARD = "model.json"  # in a trained model's folder
NGRAM_CARD = "ngram.json"  # beside the folders of the shipped models
SHIPPED = Path(__file__).parent / "shipped"
