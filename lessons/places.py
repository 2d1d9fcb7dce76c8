"""Where a trained model lies; known without loading torch."""

from pathlib import Path

__all__ = ["MODEL_CARD", "SHIPPED"]

MODEL_CARD = "model.json"  # in a trained model's folder
SHIPPED = Path(__file__).parent / "shipped"
