"""Whether a training fits into the memory that is free: asked before it starts, so that no kernel is killed by it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from lessons.corpus import SPLITS, Corpus
from lessons.errors import InputError
from lessons.live.plan import RunPlan

__all__ = ["free_memory", "needed_memory", "require_memory"]

_PYTHON_AND_TORCH = 270e6  # bytes of a process that has loaded them and trains a small model
_PER_PARAMETER = 16  # bytes: the weight, its gradient and AdamW's two averages, four each
_PER_CHARACTER = 28  # bytes: a text is held as characters, as words and as numbers
_VOCABULARY = {"toy": 324, "wikitext-2": 33_278}
_CHARACTERS = {"toy": 2_700_000, "wikitext-2": 13_200_000}
_CGROUPS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)
_UNLIMITED = 1 << 60


def needed_memory(plan: RunPlan, corpus: str | Corpus) -> float:
    """Return about how many bytes a live run takes: torch, the weights with what AdamW keeps of each, and the text.

    Args:
        plan: of the run.
        corpus: as for `LiveRun`.
    """
    if isinstance(corpus, Corpus):
        characters = sum(len(corpus.text(split)) for split in SPLITS)
        words = len(set(corpus.text("train").split()))
    else:
        characters, words = _CHARACTERS[plan.source], _VOCABULARY[plan.source]
    n_parameters = words * plan.preset.shape["d_model"] + _inner_parameters(plan.preset.shape)
    return _PYTHON_AND_TORCH + _PER_PARAMETER * n_parameters + _PER_CHARACTER * characters


def _inner_parameters(shape: Any) -> int:
    """Return about how many weights lie between embedding and head."""
    d = int(shape["d_model"])
    per_layer = 4 * d * d + 2 * d * int(shape["d_ff"]) if "d_ff" in shape else 8 * d * d
    return int(shape["n_layers"]) * per_layer + int(shape.get("context_length", 0)) * d


def free_memory(root: Path = Path("/")) -> float | None:
    """Return how many bytes this process may still take: what is free, or what its container leaves; None if unknown.

    Args:
        root: under which `proc` and `sys` are.
    """
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(1024.0 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]))
    for limit, usage, given_back in _CGROUPS:
        folder = root / "sys/fs/cgroup"
        with contextlib.suppress(OSError, ValueError):
            most = int((folder / limit).read_text(encoding="ascii"))  # "max" is no number: no limit
            used = int((folder / usage).read_text(encoding="ascii"))
            statistics = (folder / limit).with_name("memory.stat").read_text(encoding="ascii")
            fields = dict(line.split() for line in statistics.splitlines())
            if most < _UNLIMITED:
                found.append(float(most - used + int(fields.get(given_back, 0))))
    return min(found, default=None)


def require_memory(plan: RunPlan, corpus: str | Corpus) -> None:
    """Refuse a run that does not fit.

    Raises:
        InputError: it needs more memory than is free; both numbers are said.
    """
    needed, free = needed_memory(plan, corpus), free_memory()
    if free is not None and needed > free:
        raise InputError(
            f"This run needs about {needed / 1e6:,.0f} MB of memory, and {free / 1e6:,.0f} MB are free. Stop another "
            'run or kernel, or take a smaller text: corpus="toy".'
        )
