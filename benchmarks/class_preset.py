"""How fast the class presets learn: validation perplexity after so many seconds of training on one thread.

Run it from the project's folder: python -m benchmarks.class_preset [--save]

Both models, on WikiText-2 (where it is on this machine: GLASSBOX_DATA) and on the toy language, with several seeds. The
clock is the preset's own, which stands while a split is measured; the schedule of the learning rate runs over all of
the time, so the figures on the way are those of a run that is not over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.common import arguments, finish, table
from lessons.corpus import Corpus, wikitext2_folder
from lessons.errors import CorpusError
from lessons.evaluation import evaluate
from lessons.grammar import toy_corpus, toy_language
from lessons.presets import preset
from lessons.records import perplexity_of
from lessons.run import prepare
from lessons.text import wikitext
from lessons.text.tokenizers import END_OF_LINE

MARKS = (0, 10, 30, 60, 90)  # seconds
N_VALID_TOKENS = 50_000  # the first ones of the validation split: all of the toy language's, 23 % of WikiText-2's


def one_run(architecture: str, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Train one model; return its validation perplexity at each mark, its steps and its tokens a second."""
    chosen = preset(architecture, "class")
    chosen = replace(chosen, recipe=replace(chosen.recipe, minutes=MARKS[-1] / 60, seed=seed))
    run = prepare(architecture, chosen, corpus)
    trainer, found = run.trainer, []
    for mark in MARKS:
        while trainer.seconds < mark and trainer.progress < 1:
            trainer.do_step()
        measured = evaluate(trainer.network, run.valid_ids[:N_VALID_TOKENS], run.vocabulary.stoi[END_OF_LINE])
        found.append(round(measured.perplexity, 2))
    tokens = trainer.step * chosen.recipe.batch_size * chosen.recipe.length
    return {"perplexity": found, "steps": trainer.step, "tokens_per_second": round(tokens / trainer.seconds)}


def corpora() -> dict[str, tuple[Corpus, float | None]]:
    """The texts, each with the perplexity of the truth on its validation split, if that is known."""
    toy = toy_corpus()
    floor = perplexity_of(float(toy_language().surprisals(wikitext(toy.text("valid"))).mean()))
    texts: dict[str, tuple[Corpus, float | None]] = {"toy": (toy, round(floor, 2))}
    try:
        texts["wikitext-2"] = Corpus.wikitext2(wikitext2_folder(download=False)), None
    except CorpusError as error:
        print(f"Without WikiText-2: {error}")
    return texts


def main() -> None:
    chosen = arguments(
        __doc__,
        seeds=(int, 3, "how many, from 7 on"),
        architectures=(str, "lstm,transformer", "which"),
        texts=(str, "toy,wikitext-2", "which"),
    )
    torch.set_num_threads(1)
    results: dict[str, Any] = {}
    rows = []
    for name, (corpus, floor) in corpora().items():
        if name not in chosen.texts.split(","):
            continue
        for architecture in chosen.architectures.split(","):
            runs = [one_run(architecture, corpus, 7 + k) for k in range(chosen.seeds)]
            values = np.array([run["perplexity"] for run in runs])
            results[f"{architecture} on {name}"] = {"floor": floor, "seconds": MARKS, "seeds": runs}
            shown = [f"{m:.1f} ({low:.1f}-{high:.1f})" for m, low, high in zip(*summed(values), strict=True)]
            rows.append([f"{architecture}, {name}", *shown, floor or "", runs[0]["tokens_per_second"]])
            print(f"{architecture} on {name}: {values.tolist()}", flush=True)
    table(["validation perplexity", *(f"{mark} s" for mark in MARKS), "floor", "tokens/s"], rows)
    finish("class_preset", {"runs": results}, chosen.save)


def summed(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median, smallest and largest over the seeds, at each mark."""
    return np.median(values, axis=0), values.min(axis=0), values.max(axis=0)


if __name__ == "__main__":
    main()
