"""A surrogate: a small decision tree that asks about the last words and guesses what the model would say.

A tree can be read from top to bottom, the model cannot. But the tree is not the model. How far it may be trusted is
measured: its *fidelity* is the share of places in a held-out text at which it guesses the model's first choice, beside
that of always guessing the most frequent one.

The score of a word is what the questions about it change: on the way from the root to the leaf where the text ends,
the share of the target among the places of a node moves with every question, and each move is the asked word's.

    sum of the scores = share of the target at the leaf - share at the root

Source: Craven and Shavlik 1996, Extracting tree-structured representations of trained networks (the surrogate);
Saabas 2014, Interpreting random forests (the way from root to leaf).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lessons.attribution.ask import ask
from lessons.attribution.value import first_choices
from lessons.checks import whole
from lessons.errors import InputError
from lessons.records import Attribution, Surrogate, TokenizedText
from lessons.text import wikitext
from lessons.text.tokenizers import END_OF_LINE

if TYPE_CHECKING:
    from lessons.corpus import Corpus
    from lessons.model import LanguageModel

__all__ = ["fit_surrogate", "places_of", "surrogate_tree"]

_LENGTH = 32  # tokens of a line that are read: what a learner types is no longer
_ROWS_AT_ONCE = 64
_WORDS_ASKED = 100  # the most frequent words at each of the last places
_FEWEST_IN_LEAF = 5


def places_of(model: LanguageModel, text: str, n_last: int, n_places: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places in the lines of a text: the last words before each, and the model's first choice there.

    Args:
        model: the model.
        text: lines as in WikiText-2.
        n_last: how many words before each place.
        n_places: how many places at most; all places in the first 32 tokens of lines that are drawn at random.
        seed: of the drawing.

    Returns:
        (N, n_last) and (N,) int64 token numbers; before the first word of a line stands `<eos>`.
    """
    lines = [line for line in text.split("\n") if line.split()]
    end = model.vocabulary.stoi[END_OF_LINE]
    contexts, rows, n_found = [], [], 0
    length = min(_LENGTH, model.context_length or _LENGTH)
    for line in (lines[i] for i in np.random.default_rng(seed).permutation(len(lines))):
        ids = np.concatenate([[end], model.vocabulary.encode(wikitext(line)[:-1])])[:length]
        padded = np.concatenate([np.full(n_last - 1, end), ids])
        contexts.append(np.lib.stride_tricks.sliding_window_view(padded, n_last))  # (T, n_last)
        rows.append(ids)
        n_found += len(ids)
        if n_found >= n_places:
            break
    choices = [
        found
        for first in range(0, len(rows), _ROWS_AT_ONCE)
        for found in _choices_in(model, rows[first : first + _ROWS_AT_ONCE])
    ]
    return np.concatenate(contexts)[:n_places], np.concatenate(choices)[:n_places]


@torch.inference_mode()
def _choices_in(model: LanguageModel, rows: list[np.ndarray]) -> list[np.ndarray]:
    """Return the model's first choice after every token of some rows."""
    batch = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    for number, ids in enumerate(rows):
        batch[number, : len(ids)] = torch.from_numpy(ids)
    read: Any = model.network(batch)
    hidden = read[0] if isinstance(read, tuple) else read  # an LSTM returns its state, too
    network = model.network
    return [
        first_choices(network.head, network.embedding.weight, states[: len(ids)]).numpy()
        for states, ids in zip(hidden, rows, strict=True)
    ]


def fit_surrogate(
    model: LanguageModel,
    corpus: Corpus | None = None,
    *,
    n_last: int = 3,
    depth: int = 12,
    n_places: int = 4000,
    n_held_out: int = 2000,
    seed: int = 0,
) -> Surrogate:
    """Return a tree that imitates a model, learned on one part of a corpus and measured on another.

    Args:
        model: what is imitated.
        corpus: its part "train" is learned from, its part "test" is held out; None for the corpus at hand.
        n_last: how many words back the tree may ask, 1 to 16.
        depth: the most questions in a row, 1 to 30.
        n_places, n_held_out: how many places of the two parts, 10 or more; fewer if the text is shorter.
        seed: of the choice of places.

    Raises:
        InputError: a value is out of range.
    """
    from sklearn.tree import DecisionTreeClassifier

    from lessons.at_hand import corpus_at_hand

    n_last, depth = whole("n_last", n_last, 1, 16), whole("depth", depth, 1, 30)
    n_places, n_held_out = whole("n_places", n_places, 10), whole("n_held_out", n_held_out, 10)
    seed, corpus = whole("seed", seed, 0), corpus or corpus_at_hand()
    contexts, choices = places_of(model, corpus.text("train"), n_last, n_places, seed)
    asked = [(back, word) for back in range(1, n_last + 1) for word in _frequent(contexts[:, -back])]
    inputs = np.stack([contexts[:, -back] == word for back, word in asked], axis=1)
    fitted = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=_FEWEST_IN_LEAF, random_state=seed)
    tree = fitted.fit(inputs, choices).tree_
    leaf = tree.feature < 0
    question = np.array([(0, -1) if is_leaf else asked[i] for i, is_leaf in zip(tree.feature, leaf, strict=True)])
    shares = tree.value[:, 0]
    held_out, truth = places_of(model, corpus.text("test"), n_last, n_held_out, seed)
    fields = {
        "model_name": model.name,
        "n_last": n_last,
        "places": question[:, 0],
        "words": question[:, 1],
        "tokens": tuple("" if word < 0 else model.vocabulary.itos[word] for word in question[:, 1]),
        "yes": tree.children_right,  # a feature above 1/2: it is the word
        "no": tree.children_left,
        "counts": tree.n_node_samples,
        "shares": shares / shares.sum(axis=1, keepdims=True),
        "choices": fitted.classes_,
        "choice_tokens": tuple(model.vocabulary.decode(fitted.classes_)),
        "n_places": len(contexts),
        "n_held_out": len(held_out),
        "corpus": corpus.name,
        "seed": seed,
    }
    grown = Surrogate(fidelities=np.zeros(tree.max_depth + 1), **fields)
    return Surrogate(fidelities=_fidelities(grown, held_out, truth), **fields)


def _frequent(words: np.ndarray) -> list[int]:
    """Return the words that are worth a question, the most frequent first; equal ones by their number."""
    found, counts = np.unique(words, return_counts=True)
    return [int(word) for word in found[np.argsort(-counts, kind="stable")][:_WORDS_ASKED]]


def _fidelities(tree: Surrogate, contexts: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the share of right guesses of the tree, cut off below each depth: (depth + 1,)."""
    best = tree.choices[tree.shares.argmax(axis=1)]  # (M,) what each node would guess, were it a leaf
    paths = [tree.path(context) for context in contexts]
    depths = range(tree.depth + 1)
    return np.array(
        [np.mean([best[path[: depth + 1][-1]] == t for path, t in zip(paths, truth, strict=True)]) for depth in depths]
    )


def surrogate_tree(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    surrogate: Surrogate | None = None,
    corpus: Corpus | None = None,
    n_last: int = 3,
    depth: int = 12,
    n_places: int = 4000,
    n_held_out: int = 2000,
    seed: int = 0,
) -> Attribution:
    """Return what each of the last words changes in a tree that imitates the model; all other words have 0.

    A tree has no logits: what is explained is the share of the target among the places at a node of the tree, a
    probability; in a contrast, that share minus the other word's.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        surrogate: a tree that `fit_surrogate` has made from this model; None to make one now, which takes seconds.
        corpus, n_last, depth, n_places, n_held_out, seed: see `fit_surrogate`.

    Raises:
        InputError: see `ask` and `fit_surrogate`; the tree imitates another model.
    """
    ask(model, text, target, position, explains, against)  # refuses what all methods refuse
    contrast = explains == "contrast"
    question = ask(model, text, target, position, explains if contrast else "probability", against)
    tree = surrogate or fit_surrogate(
        model, corpus, n_last=n_last, depth=depth, n_places=n_places, n_held_out=n_held_out, seed=seed
    )
    if tree.model_name != model.name:
        raise InputError(f"This tree imitates {tree.model_name!r}, not {model.name!r}; fit one for this model.")
    n_words = len(question.words)
    last = np.concatenate([np.full(tree.n_last, question.end_of_line), question.words])
    scores, of_start, path = np.zeros(n_words), 0.0, tree.path(last)

    def share(node: int) -> float:
        other = 0.0 if question.against_id is None else tree.share(node, question.against_id)
        return tree.share(node, question.target_id) - other

    for node, following in pairwise(path):
        place = n_words - int(tree.places[node])
        change = share(following) - share(node)
        if place >= 0:
            scores[place] += change
        else:
            of_start += change  # a question about what stands before the text: its start
    notes = [
        f"What is explained is the tree, not the model: it guesses the model's first choice at {tree.fidelity:.0%} of "
        f"{tree.n_held_out:,} held-out places, where always guessing the most frequent choice reaches "
        f"{tree.majority:.0%}."
    ]
    if question.target_id not in tree.choices:
        notes.append(
            f"{model.vocabulary.itos[question.target_id]!r} was nowhere the first choice: the tree has no 'yes'."
        )
    return question.answer(
        "surrogate_tree",
        scores,
        value=share(path[-1]),
        baseline_value=share(0) + of_start,
        forward_passes=0,
        seed=tree.seed,
        details={
            "fidelity": tree.fidelity,
            "majority": tree.majority,
            "depth": tree.depth,
            "n_last": tree.n_last,
            "n_places": tree.n_places,
            "n_held_out": tree.n_held_out,
        },
        notes=tuple(notes),
    )
