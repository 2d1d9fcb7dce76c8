"""Two small models that were really trained, each once a run."""

import pytest

from lessons.loading import load_model
from lessons.run import finish, prepare, run_steps
from tests import tiny


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A tiny LSTM and a tiny Transformer, as `glassbox train` leaves them."""
    made = []
    for architecture in tiny.SHAPES:
        folder = tmp_path_factory.mktemp(architecture)
        run = prepare(architecture, tiny.preset(architecture), tiny.corpus())
        for _ in run_steps(run, folder):
            pass
        finish(run, folder, "glassbox train")
        made.append(load_model(folder))
    return tuple(made)
