"""One run, trained, measured and logged.

Between two pieces of work, none longer than a fraction of a second, `look` is called: it may turn something, wait (a
pause, between two steps only), or return True to end the run, which then saves what it needs to go on with the very
next step. No save waits for the disk, which may take seconds: a killed process loses nothing by that; a power cut may
damage both of the last saves, and then the run has to begin anew. A run that goes on from a save turns what was turned
after it once more, each at its step; one that diverged does not, for it would diverge again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from lessons.errors import TrainingError
from lessons.last_checkpoints import GOES_ON, LastCheckpoints
from lessons.model import LanguageModel
from lessons.ngram.baselines import baselines_of
from lessons.pace import Pace
from lessons.presets import recipe_from
from lessons.reading import stream_surprisals
from lessons.records import RunChange, RunCheckpoint, RunLog, TrainingStep, perplexity_of
from lessons.records.generation import readable
from lessons.run import Run
from lessons.run_log import RUN_LOG, RunLogReader, RunLogWriter, left_to_turn
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["LoggedTraining"]

_N_VALID_TOKENS = 4096  # that a checkpoint is measured on: a fraction of a second
_SAMPLE_TOKENS = 20
_SAVE_AFTER = 3.0  # seconds of training between two saves, and so many times the cost of one:
_SAVE_SHARE = 20


def _no_look(may_wait: bool) -> bool:
    return False


class LoggedTraining:
    """A run with its log.

    Args:
        run: what is trained; its recipe's length must be in epochs.
        folder: where log and resumable state go; a state that is there is gone on with.
        about: the run as it is known before it starts: name, corpus, n_steps, prompt.
        sentence: whose surprisals are taken.
        evaluations: how often the model is measured, evenly spread; besides, before the first step.
        changes: what is turned by itself, and after which step.
        truth: (n,) surprisals of the first validation tokens by the rules that wrote them, nats; None if unknown.
        look: called between two pieces of work, with True where it may wait; if it returns True, the run ends.

    Raises:
        CheckpointError: the folder's state is damaged, or of another run.
        InputError: prompt or sentence are empty.
    """

    def __init__(
        self,
        run: Run,
        folder: Path,
        about: RunLog,
        sentence: str,
        *,
        evaluations: int = 12,
        changes: Iterable[RunChange] = (),
        truth: np.ndarray | None = None,
        look: Callable[[bool], bool] = _no_look,
    ) -> None:
        assert about.n_steps is not None
        self.trainer, self.look, self._folder, self._n_steps = run.trainer, look, folder, about.n_steps
        network = self.trainer.network
        self._model = LanguageModel(about.architecture, network, run.vocabulary, {"architecture": about.architecture})
        self._valid = run.valid_ids[:_N_VALID_TOKENS]
        self._due = {round(about.n_steps * k / evaluations) for k in range(evaluations + 1)}
        self._pace = Pace(run.trainer)
        self._sentence = self._model.tokenize(sentence)
        self._about = replace(
            about,
            n_parameters=self.trainer.n_parameters,
            n_valid_tokens=len(self._valid),
            baselines=baselines_of(run, self._valid),
            floor=None if truth is None else perplexity_of(float(truth[: len(self._valid)].mean())),
            tokens=self._sentence.tokens,
        )
        self._log = RunLogWriter(folder / RUN_LOG)
        self._measured: set[int] = set()
        self._known: set[RunChange] = set()
        self._changes = tuple(changes)
        self._again: tuple[RunChange, ...] = ()  # turned before, after the step that the run goes on from
        self._checkpoints = LastCheckpoints(folder, flush=False)
        self._note = ""
        self._saved_at, self._saved_when, self._save_cost = -1, time.monotonic(), 0.0

    def begin(self) -> None:
        """Write what the run is; go on from the folder's state, if there is one."""
        self._log.run(self._about)
        found = self._checkpoints.newest()
        self._note = (found.note if found else None) or ""
        reader = RunLogReader(self._folder / RUN_LOG)
        so_far = reader.look()
        assert so_far is not None
        if found is None:
            self._resumed(reader, -1)
            return
        recipe = recipe_from(found.card.get("recipe"))  # with what was turned since the run began
        self.trainer.recipe = replace(recipe, epochs=self.trainer.recipe.epochs)
        self.trainer.restore(found.tensors, found.card)
        step = self._saved_at = self.trainer.step
        for change in so_far.changes:
            if change.step <= step:  # written before the state was, or just after: to turn twice does no harm
                self.trainer.adjust(**{change.name: change.value})
                self._known.add(change)
        self._measured = {checkpoint.step for checkpoint in so_far.checkpoints if checkpoint.step <= step}
        self._resumed(reader, step)

    def _resumed(self, reader: RunLogReader, step: int) -> None:
        self._again = reader.turned_after(step)
        self._log.resumed(step, self._again)

    def turn(self, name: str, value: float) -> None:
        """Turn something of `lessons.records.TURNED` from the next step on; it then counts, whatever was lost."""
        self.trainer.adjust(**{name: value})
        change = RunChange(self.trainer.step, name, value)
        self._known.add(change)
        self._again = left_to_turn(self._again, change)
        self._log.change(change)

    def say(self, state: str, message: str = "") -> None:
        """Log what the run is doing."""
        self._log.state(state, message)

    def go(self) -> str:
        """Train to the end, or until `look` says so; return the state the run is then in."""
        try:
            return self._go()
        except TrainingError as error:
            self.say("diverged", str(error))
            return "diverged"

    def _go(self) -> str:
        self.say("running", self._note)
        while True:
            for change in [one for one in self._again if one.step == self.trainer.step]:  # all, and in their order
                self.turn(change.name, change.value)
            for change in self._changes:
                if change.step == self.trainer.step and change not in self._known:
                    self.turn(change.name, change.value)
            if self.trainer.step in self._due and self.trainer.step not in self._measured and not self._measure():
                break
            if self.trainer.step >= self._n_steps:
                self.say("finished", self.save())
                return "finished"
            if self.look(True):
                break
            self._step()
            due = time.monotonic() - self._saved_when > max(_SAVE_AFTER, _SAVE_SHARE * self._save_cost)
            if due and (trouble := self.save()):
                self.say("running", f"{trouble} {GOES_ON}")
        self.say("stopped", f"Stopped after step {self.trainer.step:,}; it can go on from there.")
        if trouble := self.save():  # which nobody has to wait for
            self.say("stopped", trouble)
        return "stopped"

    def _step(self) -> None:
        """Do one step and log it."""
        trainer = self.trainer
        with_number = trainer.step + 1
        diverged: TrainingError | None = None
        try:
            loss, used, norm = trainer.do_step()
        except TrainingError as error:  # this step is logged, too, before anything is said
            diverged, loss, used, norm = error, math.nan, trainer.recipe.learning_rate, math.nan
        step = TrainingStep(
            step=with_number,
            epoch=with_number / trainer.batches.per_epoch,
            progress=min(1.0, with_number / self._n_steps),
            tokens_seen=with_number * trainer.recipe.batch_size * trainer.recipe.length,
            loss=loss,
            learning_rate=used,
            gradient_norm=norm,
            tokens_per_second=self._pace.look(),
            seconds=trainer.seconds,
        )
        self._log.step(step)
        if diverged:
            kept = self._checkpoints.forget(trainer.step)
            or_else = f" Or turn it down and go on from step {kept:,}." if kept else ""
            raise TrainingError(f"{diverged}{or_else}") from diverged

    @torch.inference_mode()
    def _measure(self) -> bool:
        """Measure the model and log it; False if `look` ended the run meanwhile."""
        step, seconds, seed = self.trainer.step, self.trainer.seconds, self.trainer.recipe.seed
        ended: list[bool] = []

        def asked(_: object = None) -> bool:
            if not ended and self.look(False):
                ended.append(True)
            return bool(ended)

        with self.trainer.result() as network:
            stream = torch.cat([torch.tensor([self._model.vocabulary.stoi[END_OF_LINE]]), self._valid])
            total = 0.0
            for block in stream_surprisals(network, stream):
                total += float(block.double().sum())
                if asked():
                    return False
            prompt = self._about.prompt
            written: tuple[str, ...] = ()
            if math.isfinite(total):
                written = tuple(self._model.generate(prompt, _SAMPLE_TOKENS, seed=seed, each=asked).tokens)
            if ended:
                return False
            surprisals = self._model.surprisals(self._sentence)
        perplexity = perplexity_of(total / len(self._valid))
        self._log.checkpoint(RunCheckpoint(step, seconds, perplexity, readable(written), surprisals))
        self._measured.add(step)
        return True

    def save(self) -> str:
        """Write all that the run needs to go on, unless that was written already; return what went wrong, or ""."""
        trainer, begin, trouble = self.trainer, time.monotonic(), ""
        if self._saved_at != trainer.step:
            trouble = self._checkpoints.save(trainer.tensors(), trainer.card) or ""  # a full disk ends no lesson
            if not trouble:
                self._saved_at = trainer.step
        self._saved_when = time.monotonic()
        self._save_cost = self._saved_when - begin
        return trouble
