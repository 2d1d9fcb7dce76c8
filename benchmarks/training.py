"""What ten minutes of training give: the project's recipe beside a plain loop as textbooks write it.

Run it from the project's folder: python -m benchmarks.training [--save] [--minutes 10] [--threads 1]

Ours is the preset `laptop` of the LSTM, planned for these minutes. Both train on the same text with as many threads,
by turns, so that whatever else the machine does hits both alike. Only steps count as training time; four times along it
the validation split is measured. After each turn large square matrices are multiplied in the loop's own precision,
so that what a step reaches can be stated as a share of what the machine could do at that moment.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.common import ONE_THREAD, arguments, finish, table

os.environ.update(ONE_THREAD)

import torch

from benchmarks.operations import check_counting, operations, peak
from benchmarks.textbook import Textbook
from lessons.corpus import Corpus
from lessons.evaluation import evaluate
from lessons.presets import preset
from lessons.run import prepare
from lessons.text.tokenizers import END_OF_LINE

TURN = 10.0  # seconds of training before the other one goes on
COUNTED = 4  # steps whose operations are counted: with a split softmax no two are alike


class Ours:
    """The project's Trainer with a preset, planned for so many minutes of its own clock."""

    def __init__(self, corpus: Corpus, minutes: float) -> None:
        chosen = preset("lstm", "laptop")
        self.run = prepare("lstm", replace(chosen, recipe=replace(chosen.recipe, minutes=minutes)), corpus)
        self.end_of_line = self.run.vocabulary.stoi[END_OF_LINE]
        trainer, shape = self.run.trainer, chosen.shape
        self.tokens_per_step, self.bfloat16 = trainer.recipe.batch_size * trainer.recipe.length, trainer.bfloat16
        self.name = f"glassbox, preset laptop, {shape['d_model']} x {shape['n_layers']}, split softmax, AdamW"

    def step(self) -> None:
        self.run.trainer.do_step()

    def after_step(self) -> None:
        pass  # its rate follows the clock

    def perplexity(self) -> float:
        with self.run.trainer.result() as network:
            return evaluate(network, self.run.valid_ids, self.end_of_line).perplexity


@dataclass
class Course:
    """One loop on its way: seconds of training, steps, and what was seen at each turn."""

    loop: Ours | Textbook
    seconds: float = 0.0
    steps: int = 0
    speeds: list[float] = field(default_factory=list)  # tokens a second
    shares: list[float] = field(default_factory=list)  # of the peak
    peaks: list[float] = field(default_factory=list)  # operations a second
    perplexities: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        # The first steps are counted, and are steps of the training like all others.
        self.per_step = statistics.mean(operations(self._timed_step) for _ in range(COUNTED))

    def turn(self, until: float) -> None:
        """Train for a turn, no longer than `until` seconds of training in all, then look what the machine can do."""
        begin, steps = self.seconds, self.steps
        while self.seconds < min(begin + TURN, until):
            self._timed_step()
        took, done = self.seconds - begin, self.steps - steps
        if done:
            self.peaks.append(peak(self.loop.bfloat16))
            self.speeds.append(done * self.loop.tokens_per_step / took)
            self.shares.append(done * self.per_step / took / self.peaks[-1])

    def _timed_step(self) -> None:
        begin = time.perf_counter()
        self.loop.step()
        self.seconds += time.perf_counter() - begin
        self.steps += 1
        self.loop.after_step()


def result(course: Course) -> dict[str, Any]:
    """What came of a loop: medians of its turns, and the perplexity along the way."""
    return {
        "loop": course.loop.name,
        "precision": "bfloat16" if course.loop.bfloat16 else "float32",
        "seconds": round(course.seconds, 1),
        "steps": course.steps,
        "tokens": course.steps * course.loop.tokens_per_step,
        "tokens_per_second": round(statistics.median(course.speeds)),
        "valid_perplexity": [round(value, 1) for value in course.perplexities],
        "gflop_per_step": round(course.per_step / 1e9, 1),
        "peak_gflops": round(statistics.median(course.peaks) / 1e9),
        "share_of_peak": round(statistics.median(course.shares), 3),
    }


def main() -> None:
    chosen = arguments(
        __doc__,
        minutes=(float, 10.0, "of training for each"),
        threads=(int, 1, "processor threads"),
        measurements=(int, 4, "of the validation split, evenly spread"),
        text=(str, "", "folder of WikiText-2; left out, where the project keeps it"),
    )
    torch.set_num_threads(chosen.threads)
    check_counting()
    corpus = Corpus.wikitext2(chosen.text or None)
    ours = Ours(corpus, chosen.minutes)
    run = ours.run
    tokens = run.trainer.batches.tokens
    plain = Textbook(tokens, run.valid_ids, len(run.vocabulary), ours.end_of_line, run.preset.recipe.seed)
    courses = {"ours": Course(ours), "plain": Course(plain)}
    for part in range(1, chosen.measurements + 1):
        until = 60 * chosen.minutes * part / chosen.measurements
        while any(course.seconds < until for course in courses.values()):
            for course in courses.values():
                course.turn(until)
        for course in courses.values():
            course.perplexities.append(course.loop.perplexity())
    found = {name: result(course) for name, course in courses.items()}
    head = [f"{chosen.minutes:g} minutes, {chosen.threads} thread(s)", "tokens a second", "tokens", "valid perplexity"]
    head += ["GFLOP a step", "peak, GFLOP a second", "share of it"]
    rows = [
        [
            one["loop"],
            f"{one['tokens_per_second']:,}",
            f"{one['tokens']:,}",
            one["valid_perplexity"][-1],
            one["gflop_per_step"],
            f"{one['peak_gflops']:,} {one['precision']}",
            f"{one['share_of_peak']:.0%}",
        ]
        for one in found.values()
    ]
    table(head, rows)
    times = found["ours"]["tokens_per_second"] / found["plain"]["tokens_per_second"]
    print(f"Ours reads {times:.1f} times as many tokens a second.")
    for name, one in found.items():
        print(f"Validation perplexity of {name} along the way: {', '.join(map(str, one['valid_perplexity']))}.")
    finish("training", {"minutes": chosen.minutes, "threads": chosen.threads, **found}, chosen.save)


if __name__ == "__main__":
    main()
