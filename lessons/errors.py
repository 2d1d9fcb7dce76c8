"""The errors that Glassbox LM raises: each says what is wrong, what was given, what is allowed and what to do."""

__all__ = ["CheckpointError", "CorpusError", "GlassboxError", "InputError", "TrainingError"]


class GlassboxError(Exception):
    """Base of every error that Glassbox LM raises on purpose; its text is a sentence for the person at the screen."""


class InputError(GlassboxError, ValueError):
    """A value that was typed or passed cannot be used: a text, a slider's value, a configuration."""


class CorpusError(GlassboxError, OSError):
    """The corpus cannot be found, fetched, checked or stored."""


class CheckpointError(GlassboxError, ValueError):
    """A checkpoint cannot be read: truncated, changed, of another model or of a newer format."""


class TrainingError(GlassboxError, ArithmeticError):
    """A training run cannot go on: its loss is no longer a number."""
