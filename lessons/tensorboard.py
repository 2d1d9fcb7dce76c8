"""A training run as TensorBoard shows it: curves, the weights' distributions, what the model writes, and its embedding.

    glassbox train lstm --out runs/lstm --tensorboard runs/log
    tensorboard --logdir runs/log

Scalars come at every tenth step; the rest at the first step and whenever the validation split is measured, with the
weights that are measured (the averaged ones, if the recipe averages). TensorBoard sorts by name and opens the first two
groups: these are the curves, and the weights come after them. It is a package of its own, `pip install tensorboard`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lessons.devices import on_processor
from lessons.errors import CheckpointError, InputError
from lessons.model import LanguageModel
from lessons.passages import EXPLORER_TEXT
from lessons.records import TrainingStep

if TYPE_CHECKING:
    from lessons.run import Run

__all__ = ["TensorBoardLog", "shown_in_tensorboard"]

_EVERY = 10  # steps between two points of a curve
_WORDS = 2000  # the most frequent ones, in the projector
_WRITTEN = 30  # tokens that the model writes after the text
_SEED = 7  # of what it writes
_NOT_WRITTEN = "TensorBoard's files cannot be written: {}. The training itself is not touched by that."
_BEGUN = 3  # words of the corpus that it goes on from, where the usual text has words that it cannot know

_PARTS = (  # what the weights' names say to somebody who has not read the code
    (r"^(layer|block)s\.(\d+)\.", lambda found: f"{found[1]} {int(found[2]) + 1}/"),
    (r"weight_ih_l0$", "from the input"),
    (r"weight_hh_l0$", "from the state"),
    (r"bias_ih_l0$", "bias, from the input"),
    (r"bias_hh_l0$", "bias, from the state"),
    (r"mlp\.0\.", "mlp in, "),
    (r"mlp\.2\.", "mlp out, "),
)


class TensorBoardLog:
    """Writes what happens in a run into a folder that TensorBoard reads.

    Args:
        run: what is trained; a resumed run goes on where it was, and later points of an earlier run are dropped.
        folder: where the files go; each run needs its own.
        text: what the model goes on with, to show how its texts change; None for one whose words it knows.

    Raises:
        InputError: TensorBoard is not installed.
    """

    def __init__(self, run: Run, folder: str | Path, text: str | None = None) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InputError(
                f"TensorBoard cannot be used here: {error}. Install it with 'pip install tensorboard', or leave "
                "--tensorboard out."
            ) from error
        self._run, self._folder, self._text = run, folder, text or _beginning(run)
        self._open, self._writer = SummaryWriter, cast("Any", None)

    def add(self, step: TrainingStep) -> None:
        """Write what a step did; where it was measured, also what the model has become.

        Raises:
            CheckpointError: the folder cannot be written to.
        """
        if self._writer is None:  # not before: a resumed run drops what an earlier one has written beyond this step
            try:
                self._writer = self._open(str(self._folder), purge_step=step.step)
            except OSError as error:
                raise CheckpointError(f"{self._folder} cannot be used for TensorBoard's files: {error}.") from error
        if step.step % _EVERY == 0 or step.step == 1 or step.valid_perplexity is not None:
            numbers = {
                "loss/train": step.loss,
                "perplexity/train": step.perplexity,
                "training/learning rate": step.learning_rate,
                "training/gradient norm": step.gradient_norm,
                "training/tokens a second": step.tokens_per_second,
            }
            for name, value in numbers.items():
                self._writer.add_scalar(name, value, step.step)
        if step.valid_perplexity is not None:
            self._writer.add_scalar("perplexity/valid", step.valid_perplexity, step.step)
        if step.valid_perplexity is not None or step.step == 1:
            self._look_at_the_model(step.step)

    def _look_at_the_model(self, step: int) -> None:
        with self._run.trainer.result() as trained:
            network = on_processor(trained)
            for name, weights in network.named_parameters():
                if weights.numel():  # a small vocabulary has no rare words, and no weights for them
                    self._writer.add_histogram(_title(name), weights.detach().float(), step)
            card = {"architecture": self._run.architecture}
            model = LanguageModel(self._run.architecture, network, self._run.vocabulary, card)
            written = model.generate(self._text, _WRITTEN, seed=_SEED)
            self._writer.add_text("what it writes", _as_it_stands(written.text), step)

    def close(self, embedding: bool = True) -> None:
        """Write what is still to be written, and close the files.

        Args:
            embedding: whether to write that of the most frequent words, for the projector.
        """
        if self._writer is None:
            return
        if embedding:
            self._write_embedding()
        self._writer.close()

    def _write_embedding(self) -> None:
        with self._run.trainer.result() as network:
            n_words = min(_WORDS, len(self._run.vocabulary))
            vectors = network.embedding.weight.detach()[:n_words].float().cpu()
            words = [word if word.strip() else repr(word) for word in self._run.vocabulary.itos[:n_words]]
            self._writer.add_embedding(vectors, words, global_step=self._run.trainer.step, tag="embedding")


def shown_in_tensorboard(
    run: Run, steps: Generator[TrainingStep, None, None], folder: str | Path, tell: Callable[[str], object]
) -> Generator[TrainingStep, None, None]:
    """Yield the steps of a run as they come, and write them for TensorBoard on the way.

    Closing the generator closes `steps`, too, and a run that is stopped gets its embedding like one that is done. One
    that fails, as a training that diverges, gets none, but all its curves to the last point. A disk that is full ends
    nothing: the training goes on without TensorBoard.

    Args:
        run: what is trained.
        steps: of the run.
        folder: as for `TensorBoardLog`.
        tell: called with a sentence if the files can no longer be written.

    Raises:
        InputError: TensorBoard is not installed.
        CheckpointError: the folder cannot be used.
    """
    log: TensorBoardLog | None = TensorBoardLog(run, folder)
    embedding = False
    try:
        for step in steps:
            try:
                if log:
                    log.add(step)
            except OSError as error:
                tell(_NOT_WRITTEN.format(error))
                log = None
            yield step
        embedding = True
    except GeneratorExit:
        embedding = True
        raise
    finally:
        try:
            steps.close()
        finally:
            try:
                if log:
                    log.close(embedding)
            except OSError as error:
                tell(_NOT_WRITTEN.format(error))


def _as_it_stands(text: str) -> str:
    """Return a text that TensorBoard, which takes all texts for Markdown, shows as it is: `<unk>` and `*` included."""
    return re.sub(r"([\\`*_#\[\]])", r"\\\1", text).replace("<", "&lt;")


def _title(name: str) -> str:
    """Return what a tensor of weights is called: "weights of layer 1/from the input"."""
    for pattern, words in _PARTS:
        name = re.sub(pattern, words, name)
    part, _, rest = name.replace(".", "/" if "/" not in name else " ", 1).partition("/")
    return f"weights of {part}/{rest.replace('.', ' ').replace('_', ' ')}"


def _beginning(run: Run) -> str:
    """Return a text to go on from: the usual one if its words are known, else the first words of a validation line."""
    known = run.vocabulary.stoi
    if all(word in known or word.lower() in known for word in EXPLORER_TEXT.split()):
        return EXPLORER_TEXT
    beginnings = (line.split()[:_BEGUN] for line in run.corpus.lines("valid"))
    usable = (words for words in beginnings if len(words) == _BEGUN and all(word in known for word in words))
    return " ".join(next(usable, [EXPLORER_TEXT]))
