"""The command `glassbox`: train a model, evaluate it, measure heads and memory, or ask what is wrong here."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from lessons import cli_faithfulness
from lessons.errors import GlassboxError, InputError
from lessons.records import TrainingStep

if TYPE_CHECKING:
    from lessons.corpus import Corpus

__all__ = ["main"]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="glassbox", description="Glassbox LM: train, evaluate and check up.")
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train a model on WikiText-2, or on a text of your own")
    train.add_argument("architecture", choices=["lstm", "transformer"])
    train.add_argument(
        "--preset", choices=["class", "laptop", "best", "long"], default="laptop", help="shape and recipe (%(default)s)"
    )
    train.add_argument("--out", required=True, metavar="DIR", help="folder for checkpoints and the finished model")
    train.add_argument(
        "--resume", action="store_true", help="go on from the folder's checkpoint; start if there is none"
    )
    length = train.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="train for so long instead of what the preset says")
    length.add_argument("--epochs", type=float, help="train for so many passes over the text")
    train.add_argument("--seed", type=int, help="of weights, batches and dropout")
    train.add_argument("--text", metavar="FILE", help="a text file of your own instead of WikiText-2")
    train.add_argument("--threads", type=int, default=1, help="processor threads (%(default)s)")

    evaluate = commands.add_parser("evaluate", help="measure a model's perplexity on a split of WikiText-2")
    evaluate.add_argument("model", help="lstm, transformer, or a folder that 'glassbox train' has finished")
    evaluate.add_argument("--text", metavar="FILE", help="a text file of your own instead of WikiText-2")
    evaluate.add_argument("--split", choices=["train", "valid", "test"], default="test", help="(%(default)s)")
    evaluate.add_argument(
        "--cache", type=int, nargs="?", const=2000, metavar="N", help="also with a neural cache of N words (%(const)s)"
    )
    evaluate.add_argument("--threads", type=int, default=1, help="processor threads (%(default)s)")

    heads = commands.add_parser("heads", help="measure what each attention head looks at, over lines of WikiText-2")
    heads.add_argument("model", help="transformer, or a folder that 'glassbox train' has finished")
    heads.add_argument("--split", choices=["train", "valid", "test"], default="valid", help="(%(default)s)")
    heads.add_argument("--lines", type=int, default=300, metavar="N", help="how many lines are drawn (%(default)s)")
    heads.add_argument("--seed", type=int, default=7, help="of the lines and of their shuffling (%(default)s)")
    heads.add_argument("--save", action="store_true", help="write the table beside the model, too")
    heads.add_argument("--threads", type=int, default=1, help="processor threads (%(default)s)")

    reach = commands.add_parser("reach", help="measure how far back the models' memory reaches, on the corpus at hand")
    reach.add_argument("models", nargs="*", help="names or folders of models; left out, both shipped ones")
    reach.add_argument("--targets", type=int, default=2000, metavar="N", help="words to predict (%(default)s)")
    reach.add_argument("--seed", type=int, default=7, help="of the words and of the shuffling (%(default)s)")
    reach.add_argument("--save", action="store_true", help="ship the table of the shipped models, too")
    reach.add_argument("--threads", type=int, default=1, help="processor threads (%(default)s)")

    cli_faithfulness.add_parser(commands)

    ngram = commands.add_parser("ngram", help="count n-grams in the corpus at hand, and measure what counting can do")
    ngram.add_argument("--order", type=int, default=5, metavar="N", help="longest n-gram, 1 to 5 (%(default)s)")
    ngram.add_argument("--text", metavar="FILE", help="a text file of your own instead of the corpus at hand")

    doctor = commands.add_parser(
        "doctor", help="print versions and places, and a sentence of help for each problem found"
    )
    doctor.add_argument("--quick", action="store_true", help="leave out the trial of the models")
    return parser


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C ask for a stop after the step at hand, and a second one stop at once."""
    asked = False

    def ask(signum: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        sys.stderr.write(
            "\nStopping after this step ... (Ctrl-C once more stops at once, back to the last checkpoint)\n"
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _describe(step: TrainingStep, valid: float | None) -> str:
    left = "?" if step.seconds_left is None else f"{step.seconds_left / 60:.1f} min"
    text = f"loss {step.loss:.3f} perplexity {step.perplexity:.0f} {step.tokens_per_second:,.0f} tokens/s {left} left"
    return text if valid is None else f"{text} valid perplexity {valid:.1f}"


def _train(arguments: argparse.Namespace, command: str) -> int:
    from dataclasses import replace
    from pathlib import Path

    from tqdm import tqdm

    from lessons.presets import preset
    from lessons.run import finish, finished_card, has_started, open_folder, prepare, run_steps

    _set_threads(arguments.threads)
    folder = Path(arguments.out)
    if has_started(folder) and not arguments.resume:
        raise InputError(f"{folder} holds a run already; go on with it by adding --resume, or choose another folder.")
    chosen = preset(arguments.architecture, arguments.preset)
    changes = {
        name: getattr(arguments, name) for name in ("minutes", "epochs", "seed") if getattr(arguments, name) is not None
    }
    if "minutes" in changes or "epochs" in changes:
        changes = {"minutes": None, "epochs": None, **changes}
    chosen = replace(chosen, recipe=replace(chosen.recipe, **changes))
    corpus = _corpus(arguments.text)
    with open_folder(folder):
        _say(f"{arguments.architecture}, preset {arguments.preset}: {chosen.purpose}.")
        run = prepare(arguments.architecture, chosen, corpus)
        n_parameters = sum(parameter.numel() for parameter in run.trainer.network.parameters())
        precision = "bfloat16" if run.trainer.bfloat16 else "float32"
        _say(f"{len(run.vocabulary):,} words, {n_parameters / 1e6:.1f} million parameters, {precision}.")
        valid: float | None = None
        with _interruptible() as stop_asked, tqdm(total=1.0, bar_format="{percentage:5.1f} %|{bar:20}| {desc}") as bar:
            steps = run_steps(run, folder, arguments.resume)
            for step in steps:
                valid = step.valid_perplexity or valid
                bar.set_description_str(_describe(step, valid), refresh=False)
                bar.update(step.progress - bar.n)
                if stop_asked():
                    steps.close()  # writes a last checkpoint
                    break
        if run.trainer.progress < 1:
            _say(
                f"Stopped at step {run.trainer.step:,}. Go on with: {command}{'' if arguments.resume else ' --resume'}"
            )
            return 130
        card = finished_card(run, folder)
        if card is None:
            _say("Writing the model and measuring it on the validation and test splits ...")
            card = finish(run, folder, command)
        _say(f"Perplexity: valid {card['valid_perplexity']}, test {card['test_perplexity']}. The model is in {folder}.")
        return 0


def _corpus(path: str | None) -> Corpus:
    from lessons.corpus import Corpus

    return Corpus.from_files(path) if path else Corpus.wikitext2()


def _evaluate(arguments: argparse.Namespace) -> int:
    from lessons.cache import LAMBDAS, THETAS
    from lessons.loading import load_model
    from lessons.run import evaluate_model, evaluate_with_cache

    _set_threads(arguments.threads)
    model = load_model(arguments.model)
    corpus = _corpus(arguments.text)
    result = evaluate_model(model, corpus, arguments.split)
    _say(
        f"{model.display_name} ({arguments.model}), {corpus.name}, {result.split} split: "
        f"perplexity {result.perplexity:.2f} "
        f"({result.loss:.4f} nats per token over {result.n_tokens:,} tokens, {result.seconds:.0f} s)"
    )
    on_card = model.card.get(f"{result.split}_perplexity")
    same_text = model.card["corpus"]["sha256"].get(result.split) == corpus.sha256[result.split]
    if on_card is not None and same_text:
        _say(f"The card says {on_card}.")
    if arguments.cache is not None:
        cache, result = evaluate_with_cache(model, corpus, arguments.split, arguments.cache)
        _say(
            f"With a neural cache of the last {cache.window:,} tokens: perplexity {result.perplexity:.2f} "
            f"({result.loss:.4f} nats per token; theta {cache.theta}, lambda {cache.weight}, the best on the "
            f"validation split of {len(THETAS)} and {len(LAMBDAS)} values)"
        )
    return 0


def _heads(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from lessons.head_statistics import measure_corpus
    from lessons.head_table import TABLE, as_table, write_table
    from lessons.loading import load_model
    from lessons.places import SHIPPED

    _set_threads(arguments.threads)
    model = load_model(arguments.model)
    found = measure_corpus(model, _corpus(None), arguments.split, arguments.lines, arguments.seed)
    _say(
        f"{model.display_name} ({arguments.model}), {found.corpus}, {found.split} split: {found.n_lines} lines with "
        f"{found.n_tokens:,} tokens, seed {found.seed}. In brackets what to compare with: the same on shuffled lines, "
        "or for the same token the weight on other tokens at the same distances."
    )
    _say(as_table(found))
    if arguments.save:
        folder = SHIPPED / arguments.model if arguments.model == "transformer" else Path(arguments.model)
        path = (folder.parent if folder.suffix == ".json" else folder) / TABLE
        write_table(path, found)
        _say(f"The table is in {path}.")
    return 0


def _reach(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from lessons.loading import load_model
    from lessons.memory_reach import measure_reach
    from lessons.reach_table import TABLE, as_text, write_table

    if arguments.save and arguments.models:
        raise InputError("--save ships the table of the shipped models; leave out the names of others.")
    _set_threads(arguments.threads)
    models = [load_model(name) for name in arguments.models or ("lstm", "transformer")]
    with tqdm(total=1.0, bar_format="{percentage:5.1f} %|{bar:20}|") as bar:
        for table in measure_reach(models, n_targets=arguments.targets, seed=arguments.seed):
            if arguments.save and not table.curves[0].corpus.startswith("WikiText-2"):
                raise InputError("WikiText-2 is not on this machine; the table that ships is measured on it.")
            bar.update(table.done - bar.n)
    facts = table.curves[0]
    _say(f"{facts.n_targets:,} words of {facts.corpus}, seed {facts.seed}.\n{as_text(table)}")
    if arguments.save:
        write_table(TABLE, table)
        _say(f"The table is in {TABLE}.")
    return 0


def _ngram(arguments: argparse.Namespace) -> int:
    from lessons.at_hand import corpus_at_hand
    from lessons.ngram.table import as_text, count_corpus, measure_orders, shipped_on

    corpus = _corpus(arguments.text) if arguments.text else corpus_at_hand()
    counted = count_corpus(corpus, arguments.order)
    text = f"{corpus.name}: {counted.counts.n_tokens:,} tokens of {len(counted.vocabulary):,} types"
    _say(" ".join([f"{text}, counted in {counted.seconds:.1f} s.", *corpus.notes]))
    shipped = shipped_on(corpus)
    _say(as_text([*measure_orders(counted, corpus), *shipped]))
    if not shipped:
        _say("The shipped models' perplexities are of another text: they are not comparable.")
    return 0


def _set_threads(threads: int) -> None:
    import torch

    if threads < 1:
        raise InputError(f"--threads is {threads}; it must be at least 1.")
    torch.set_num_threads(threads)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 for success, 1 for an error that was explained, 130 for Ctrl-C.

    Args:
        argv: the words after `glassbox`; None takes those of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(words)
    try:
        if arguments.command == "train":
            return _train(arguments, shlex.join(["glassbox", *words]))
        if arguments.command == "evaluate":
            return _evaluate(arguments)
        if arguments.command == "heads":
            return _heads(arguments)
        if arguments.command == "reach":
            return _reach(arguments)
        if arguments.command == "faithfulness":
            _set_threads(arguments.threads)
            return cli_faithfulness.run(arguments, _say)
        if arguments.command == "ngram":
            return _ngram(arguments)
        from lessons import doctor

        return doctor.main(["--quick"] if arguments.quick else [], _say)
    except GlassboxError as error:
        sys.stderr.write(f"glassbox: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("glassbox: stopped.\n")
        return 130
