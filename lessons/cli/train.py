"""The command `glassbox train`: from a corpus to a folder with a trained model."""

from __future__ import annotations

import argparse
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from lessons.cli.terminal import add_corpus, add_threads, corpus_of, interruptible, say, set_threads
from lessons.errors import InputError
from lessons.records import TrainingStep

if TYPE_CHECKING:
    import torch

    from lessons.distributed import Team

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser(
        "train", help="train a model on WikiText-2, on a text of your own, or on a toy language"
    )
    parser.add_argument("architecture", choices=["lstm", "transformer"])
    parser.add_argument(
        "--preset", choices=["class", "laptop", "best", "long"], default="laptop", help="shape and recipe (%(default)s)"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for checkpoints and the finished model")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the folder's checkpoint; start if there is none"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="train for so long instead of what the preset says")
    length.add_argument("--epochs", type=float, help="train for so many passes over the text")
    parser.add_argument("--seed", type=int, help="of weights, batches and dropout")
    add_corpus(parser)
    parser.add_argument("--tensorboard", metavar="DIR", help="also write curves, samples and the embedding for it")
    parser.add_argument("--snapshots", action="store_true", help="also keep what 'glassbox record' needs, and a log")
    parser.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda", "mps"],
        default="cpu",
        help="where to compute; auto: a GPU if there is one (%(default)s)",
    )
    add_threads(parser)
    parser.set_defaults(run=run)


def _say_nothing(text: str) -> None:
    """Be any other process than the first."""


def _describe(step: TrainingStep, valid: float | None) -> str:
    left = "?" if step.seconds_left is None else f"{step.seconds_left / 60:.1f} min"
    text = f"loss {step.loss:.3f} perplexity {step.perplexity:.0f} {step.tokens_per_second:,.0f} tokens/s {left} left"
    return text if valid is None else f"{text} valid perplexity {valid:.1f}"


def run(arguments: argparse.Namespace) -> int:
    """Train until it is done or stopped; print where the model is. Args: arguments of the command line.

    Started by torchrun, this process is one of a team: all train, and process 0 writes and speaks.
    """
    from lessons.devices import chosen_device
    from lessons.distributed import joined, started_by_torchrun

    set_threads(arguments.threads)
    place, size = (int(os.environ[name]) for name in ("LOCAL_RANK", "WORLD_SIZE")) if started_by_torchrun() else (0, 1)
    device = chosen_device(arguments.device, place, size)
    with joined(device) as team:
        return _train(arguments, device, team)


def _train(arguments: argparse.Namespace, device: torch.device, team: Team) -> int:
    from dataclasses import replace
    from pathlib import Path

    from tqdm import tqdm

    from lessons.ngram.card import beside
    from lessons.presets import preset
    from lessons.recording import keep_snapshots
    from lessons.run import finish, finished_card, has_started, prepare, run_steps
    from lessons.run_lock import open_folder
    from lessons.tensorboard import shown_in_tensorboard

    tell = say if team.is_first else _say_nothing
    folder = Path(arguments.out)
    if team.is_first and has_started(folder) and not arguments.resume:
        raise InputError(f"{folder} holds a run already; go on with it by adding --resume, or choose another folder.")
    chosen = preset(arguments.architecture, arguments.preset)
    changes = {
        name: getattr(arguments, name) for name in ("minutes", "epochs", "seed") if getattr(arguments, name) is not None
    }
    if "minutes" in changes or "epochs" in changes:
        changes = {"minutes": None, "epochs": None, **changes}
    chosen = replace(chosen, recipe=replace(chosen.recipe, **changes))
    corpus = corpus_of(arguments.text, arguments.corpus)
    with open_folder(folder) if team.is_first else nullcontext():
        tell(f"{arguments.architecture}, preset {arguments.preset}: {chosen.purpose}.")
        run = prepare(arguments.architecture, chosen, corpus, device, team)
        precision = "bfloat16" if run.trainer.bfloat16 else "float32"
        where = device.type if team.size == 1 else f"{device.type}, {team.size} processes"
        size = f"{len(run.vocabulary):,} words, {run.trainer.n_parameters / 1e6:.1f} million parameters"
        tell(f"{size}, {precision} on {where}.")
        for note in corpus.notes:
            tell(note)
        valid: float | None = None
        form = "{percentage:5.1f} %|{bar:20}| {desc}"
        with (
            interruptible(alone=team.size == 1) as stop_asked,
            tqdm(total=1.0, bar_format=form, disable=not team.is_first) as bar,
        ):
            steps = run_steps(run, folder, arguments.resume)
            if arguments.snapshots and team.is_first:
                steps = keep_snapshots(run, steps, folder, arguments.resume)
            if arguments.tensorboard and team.is_first:
                steps = shown_in_tensorboard(run, steps, arguments.tensorboard, bar.write)
            for step in steps:
                if step.note:
                    bar.write(step.note)
                valid = step.valid_perplexity or valid
                bar.set_description_str(_describe(step, valid), refresh=False)
                bar.update(step.progress - bar.n)
                if run.trainer.stops_if(stop_asked()):
                    steps.close()  # writes a last checkpoint
                    break
        if run.trainer.progress < 1:
            again = arguments.typed if arguments.resume else f"{arguments.typed} --resume"
            tell(f"Stopped at step {run.trainer.step:,}. Go on with: {again}")
            return 130
        if not team.is_first:
            return 0
        card = finished_card(run, folder)
        if card is None:
            tell("Writing the model and measuring it on the validation and test splits ...")
            card = finish(run, folder, arguments.typed)
        tell(f"Perplexity: valid {card['valid_perplexity']}, test {card['test_perplexity']}. The model is in {folder}.")
        if counted := beside(corpus, "test", run.vocabulary):
            tell(counted)
        return 0
