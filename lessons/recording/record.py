"""From the snapshots of a run to its recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lessons.checks import whole
from lessons.corpus import Corpus
from lessons.loading import load_model
from lessons.model import LanguageModel
from lessons.ngram.baselines import counted_baselines
from lessons.recording.measure import even_scores, measure_checkpoint, units_of
from lessons.recording.questions import CANDIDATES, SEED, Questions, questions_on
from lessons.recording.snapshots import chosen, snapshots_in
from lessons.records import RUN_CURVES, RecordedCheckpoint, Recording, RunLog
from lessons.run_log import RUN_LOG, read_run_log
from lessons.text import wikitext

__all__ = ["MOST_CHECKPOINTS", "record_run"]

MOST_CHECKPOINTS = 20
_ABOUT = (
    "name",
    "architecture",
    "corpus",
    "seed",
    "baselines",
    "n_parameters",
    "n_steps",
    "settings",
    "changes",
    "state",
    "message",
)
_POINTS = 600  # of the curves that are kept


def record_run(
    folder: str | Path,
    corpus: Corpus,
    most: int = MOST_CHECKPOINTS,
    each: Callable[[RecordedCheckpoint, float], object] | None = None,
) -> Recording:
    """Measure the snapshots of a run, and return them with its log as a recording. The same run gives the same one.

    Args:
        folder: of a run that was trained with `--snapshots`.
        corpus: what it was trained on.
        most: how many checkpoints are recorded, 2 or more.
        each: called after each checkpoint with what was measured and the share that is done, 0 to 1.

    Raises:
        CheckpointError: a snapshot is damaged.
        InputError: there are no snapshots or no log, or the corpus is too small.
    """
    paths = chosen(snapshots_in(folder), whole("most", most, 2))
    log = read_run_log(Path(folder) / RUN_LOG)
    checkpoints: list[RecordedCheckpoint] = []
    for done, path in enumerate(paths, 1):
        model = load_model(path)
        if done == 1:
            questions = questions_on(model.vocabulary, corpus)
        checkpoints.append(measure_checkpoint(model, questions, dict(model.card)))
        if each is not None:
            each(checkpoints[-1], done / len(paths))
    train_ids = torch.from_numpy(model.vocabulary.encode(wikitext(corpus.text("train"))))
    baselines = counted_baselines(model.vocabulary, train_ids, questions.valid_ids)
    return _recording(replace(log, baselines=baselines), checkpoints, questions, model)


def _recording(
    log: RunLog, checkpoints: list[RecordedCheckpoint], questions: Questions, model: LanguageModel
) -> Recording:
    is_lstm = model.context_length is None
    about: dict[str, Any] = {name: getattr(log, name) for name in _ABOUT}
    kept = _thinned(log.step)
    curves = {name: getattr(log, name)[kept] for name in RUN_CURVES}
    run = RunLog(
        **about,
        **curves,
        n_valid_tokens=len(questions.valid_ids),
        prompt=questions.prompts[0].text,
        tokens=questions.sentence.tokens,
        checkpoints=tuple(checkpoints),
    )
    return Recording(
        run=run,
        prompts=tuple(text.text for text in questions.prompts),
        words=questions.words,
        n_candidates=min(CANDIDATES, model.vocab_size),
        units=units_of(model.network.config.d_model) if is_lstm else (),
        n_lines=len(questions.lines),
        n_tokens=sum(len(line) + 1 for line in questions.lines),
        even=np.zeros(0) if is_lstm else even_scores(model, questions),
        seed=SEED,
    )


def _thinned(steps: np.ndarray) -> np.ndarray:
    """Return places of at most 600 logged steps: half of them evenly spread, half of them evenly over log(step)."""
    n = len(steps)
    if n <= _POINTS:
        return np.arange(n)
    even = np.linspace(0, n - 1, _POINTS // 2)
    early = np.searchsorted(steps, np.geomspace(max(1, steps[0]), steps[-1], _POINTS // 2)).clip(0, n - 1)
    places: np.ndarray = np.unique(np.concatenate([np.rint(even).astype(int), early]))
    return places
