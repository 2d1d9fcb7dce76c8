"""The log of a run that `glassbox train` does, so that it can be looked at while it grows and replayed afterwards."""

from __future__ import annotations

from pathlib import Path

from lessons.evaluation import evaluate
from lessons.model import LanguageModel
from lessons.ngram.baselines import baselines_of
from lessons.presets import DISPLAY_NAMES
from lessons.reading import Network
from lessons.recording.questions import questions_on
from lessons.records import RunCheckpoint, RunLog, TrainingStep
from lessons.records.generation import readable
from lessons.run import Run
from lessons.run_log import RUN_LOG, RunLogWriter
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["RunSoFar"]

_VALID_TOKENS = 5000  # the first ones of the validation split, at each checkpoint
_WRITTEN = 20
_ALL_STEPS = 100  # are logged; then every tenth


class RunSoFar:
    """Writes what a run does into its log.

    Args:
        run: what is trained.
        folder: where the log goes.
        last: number of the last step that counts of what was logged before; −1 for none.

    Raises:
        InputError: the corpus is too small to be asked about.
        OSError: the log cannot be written to.
    """

    def __init__(self, run: Run, folder: Path, last: int) -> None:
        self._run, self._writer = run, RunLogWriter(folder / RUN_LOG)
        self._valid_ids = run.valid_ids[:_VALID_TOKENS]
        trainer, recipe = run.trainer, run.preset.recipe
        questions = questions_on(run.vocabulary, run.corpus)
        self._prompt, self._sentence = questions.prompts[0], questions.sentence
        self._writer.run(
            RunLog(
                name=DISPLAY_NAMES[run.architecture],
                architecture=run.architecture,
                corpus=run.corpus.name,
                seed=recipe.seed,
                n_parameters=trainer.n_parameters,
                n_steps=trainer.n_steps,
                settings=recipe.settings,
                n_valid_tokens=len(self._valid_ids),
                baselines=baselines_of(run, self._valid_ids),
                prompt=self._prompt.text,
                tokens=self._sentence.tokens,
            )
        )
        self._writer.resumed(last)
        self._writer.state("running")

    def step(self, step: TrainingStep) -> None:
        """Log what a step did: each of the first hundred, then every tenth and those that were measured."""
        if step.step <= _ALL_STEPS or step.step % 10 == 0 or step.valid_perplexity is not None:
            self._writer.step(step)

    def checkpoint(self, network: Network) -> None:
        """Log what the model can do now. Args: network, with the weights that count."""
        run, card = self._run, {"architecture": self._run.architecture}
        model = LanguageModel(run.architecture, network, run.vocabulary, card)
        measured = evaluate(network, self._valid_ids, run.vocabulary.stoi[END_OF_LINE])
        written = model.generate(self._prompt, _WRITTEN, seed=run.preset.recipe.seed)
        surprisals = model.surprisals(self._sentence)
        self._writer.checkpoint(
            RunCheckpoint(
                run.trainer.step, run.trainer.seconds, measured.perplexity, readable(written.tokens), surprisals
            )
        )

    def state(self, state: str, message: str = "") -> None:
        """Log what the run is doing now."""
        self._writer.state(state, message)
