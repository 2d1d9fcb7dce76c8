"""What one of the processes that test_distributed.py starts does, and what it writes down: `team_member.py FOLDER`."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from lessons.distributed import joined, leave
from lessons.errors import InputError
from lessons.grammar import toy_corpus
from lessons.noise import NoiseRates
from lessons.presets import preset
from lessons.run import prepare, run_steps
from tests import tiny

N_STEPS = 50
EVERY_NOISE = NoiseRates(0.1, 0.2, 0.2, 0.2, recurrent=0.2)
REGULARISED = {"noise": EVERY_NOISE, "jitter": 2, "activation_penalty": 1.0, "temporal_penalty": 1.0}
CASES = {
    "lstm, tiny": ("lstm", {"average_over": 20, **REGULARISED}),
    "transformer, tiny": ("transformer", {}),
    "lstm, class": ("lstm", None),
    "transformer, class": ("transformer", None),
}


def made(case, team=None, **changes):
    """Return a run of one of the cases: tiny (its recipe changed), or the class preset on the toy language."""
    architecture, of_case = CASES[case]
    if of_case is None:
        chosen = preset(architecture, "class")
        recipe = replace(chosen.recipe, precision="float32", minutes=None, epochs=0.1, **changes)
        return prepare(architecture, replace(chosen, recipe=recipe), toy_corpus(), team=team)
    changed = tiny.preset(architecture, **{"epochs": 4, **of_case, **changes})
    return prepare(architecture, changed, tiny.corpus(), team=team)


def losses(run, folder, resume=False, stop=N_STEPS):
    """Train up to so many steps and return [step, loss, gradient norm, validation perplexity] of each."""
    seen = []
    steps = run_steps(run, folder, resume)
    for step in steps:
        seen.append([step.step, step.loss, step.gradient_norm, step.valid_perplexity])
        if run.trainer.stops_if(step.step >= stop):
            steps.close()
    return seen


def refused(make):
    """Return the sentence with which something is refused."""
    try:
        make()
    except InputError as error:
        return str(error)
    return None


def work(team, folder):
    """Do all that the test asks of a process. Only process 0 may ever make its folders."""
    own = folder / f"process-{team.rank}"
    found = {"size": team.size}
    for case in CASES:
        found[case] = losses(made(case, team), own / case)
    for case in ("lstm, tiny", "transformer, tiny"):
        found[f"{case}, resumed"] = losses(made(case, team), folder / "alone" / case, resume=True)

    run = made("lstm, tiny", team)
    steps = run_steps(run, own / "stopped")
    for step in steps:
        if run.trainer.stops_if(team.rank == 1 and step.step == 7):  # one is asked, all stop
            steps.close()
    found["stopped at"] = run.trainer.step

    run = made("lstm, tiny", team, epochs=None, minutes=0.01)
    found["by the clock"] = [(step.progress, step.learning_rate) for step in run_steps(run, own / "clock")]
    found["one row too many"] = refused(lambda: made("lstm, tiny", team, batch_size=5))
    found["another seed"] = refused(lambda: made("lstm, tiny", team, seed=team.rank))
    found["weights"] = [float(p.detach().double().sum()) for p in run.trainer.network.parameters()]
    return found


def main():
    """Join the team, work, and leave a report."""
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    with joined(torch.device("cpu")) as team:
        report = json.dumps(work(team, folder))
        (folder / f"report-{team.rank}.json").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
    leave(0)
