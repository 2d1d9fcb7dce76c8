"""A logged run without a process of its own, for scripts and other lessons.

log = logged_run(prepare("lstm", preset, corpus), evaluations=8)
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.live.logged import N_VALID_TOKENS, LoggedTraining
from lessons.records import RunChange, RunLog, TrainingStep
from lessons.run import Run
from lessons.run_log import RUN_LOG, read_run_log
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["logged_run"]


def logged_run(
    run: Run,
    *,
    name: str | None = None,
    prompt: str | None = None,
    sentence: str | None = None,
    n_steps: int | None = None,
    evaluations: int = 12,
    changes: Iterable[RunChange] = (),
    n_valid_tokens: int = N_VALID_TOKENS,
    truth: np.ndarray | None = None,
    each: Callable[[TrainingStep], object] | None = None,
) -> RunLog:
    """Train in this process, and return the log of the whole run; nothing is left on disk.

    Args:
        run: from `lessons.run.prepare`.
        name: what the run is called; left out, what the architecture is called.
        prompt, sentence: what the samples go on from, and whose surprisals are taken; left out, the start of the first
            line of the validation split.
        n_steps: length; left out, that of the recipe, which must then be in epochs.
        evaluations: how often the model is measured, evenly spread; besides, before the first step.
        changes: what is turned by itself, and after which step.
        n_valid_tokens: how many tokens of the validation split it is measured on.
        truth: (n,) surprisals of the first validation tokens by the rules that wrote them, as `Grammar.surprisals`
            gives them; n must reach as far as `n_valid_tokens`.
        each: called with each step; if it returns True, that step is the last.

    Raises:
        InputError: a value is out of range.
    """
    evaluations = whole("evaluations", evaluations, 1)
    n_valid_tokens = whole("n_valid_tokens", n_valid_tokens, 1)
    recipe, n_steps = run.trainer.recipe, run.trainer.n_steps if n_steps is None else n_steps
    if n_steps is None:
        raise InputError("The recipe's length is in minutes; give n_steps, or a recipe with epochs.")
    run.trainer.end_after(whole("n_steps", n_steps, 1))
    words = run.vocabulary.decode(run.valid_ids[:16].numpy())
    line = words[: words.index(END_OF_LINE)] if END_OF_LINE in words[1:] and words[0] != END_OF_LINE else words
    about = RunLog(
        name=name or run.architecture,
        architecture=run.architecture,
        corpus=run.corpus.name,
        seed=recipe.seed,
        n_parameters=0,
        n_steps=n_steps,
        settings=recipe.settings,
        prompt=prompt or " ".join(line[:2]),
    )
    ended: list[bool] = []

    def watch(step: TrainingStep) -> None:
        if each is not None and each(step) is True:
            ended.append(True)

    with tempfile.TemporaryDirectory() as folder:
        training = LoggedTraining(
            run,
            Path(folder),
            about,
            sentence or " ".join(line),
            evaluations=evaluations,
            changes=changes,
            n_valid_tokens=n_valid_tokens,
            truth=truth,
            keep=False,
            look=lambda may_wait: bool(ended),
        )
        training.begin()
        training.go(watch)
        return read_run_log(Path(folder) / RUN_LOG)
