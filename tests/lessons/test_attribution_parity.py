"""The attribution methods against the reference libraries: Captum, and shap for Shapley values.

Every method is compared on small random models and on both shipped ones. Captum is given the plain forward pass of
`tests.plain` in double precision. With the shipped models, the largest differences are printed.
"""

import functools
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from lessons import load_model
from lessons.attribution import (
    input_x_gradient,
    integrated_gradients,
    lime,
    occlusion,
    saliency,
    shapley,
)
from lessons.attribution.kernel_shap import shapley_samples
from lessons.attribution.lime import lime_samples, lime_weights
from tests import plain, tiny

captum = pytest.importorskip("captum.attr", reason="Captum, the reference for attributions, is in the extra `test`")
linear = pytest.importorskip("captum._utils.models.linear_model")

EXACT, SAMPLED = 1e-5, 1e-4  # largest difference of a score; Captum fits its lines in single precision
TEXTS = {
    "tiny": ["the", "the king was crowned in", "stone stone stone stone", "a town of bees , and the king in 1066"],
    "shipped": [
        "The king was crowned in",
        "The church stands on a hill above the village and was first mentioned in",
    ],
}
SHORT = {"tiny": TEXTS["tiny"][:3], "shipped": ["The king was crowned"]}
BASELINES = ["unk", "zero", "mean"]


@functools.cache
def shipped(name):
    return load_model(name)


@functools.cache
def doubled(model):
    """The reference computes in double precision, so that a difference is our rounding and nobody else's."""
    return plain.in_double_precision(model)


@functools.cache
def models(kind):
    if kind == "shipped":
        return [shipped("lstm"), shipped("transformer")]
    return [doubled(tiny.model(name, seed)) for name in ("lstm", "transformer") for seed in (3, 4)]


@dataclass
class Case:
    """A question as Captum gets it: a function of vectors, the words' vectors, those of missing words, a mask."""

    model: object
    text: str
    options: dict
    baseline: str = "unk"

    def __post_init__(self):
        model = self.model
        self.ids = model.tokenize(self.text).token_ids
        target = model.vocabulary.stoi[self.options["target"]]
        against = self.options.get("against")
        against = None if against is None else model.vocabulary.stoi[against]
        explains = self.options.get("explains", "log_probability")
        exact = doubled(model)
        self.function = plain.function_of_words(exact, target, explains, against)
        self.words = plain.vectors_of(exact, self.ids)[None]
        self.missing = {
            "unk": plain.vectors_of(exact, [model.vocabulary.unknown_id]),
            "zero": torch.zeros(1, self.words.shape[-1], dtype=torch.float64),
            "mean": model.network.embedding.weight.detach().double().mean(0, keepdim=True),
        }[self.baseline].expand(len(self.ids), -1)[None]
        self.mask = torch.arange(len(self.ids))[None, :, None].expand_as(self.words).contiguous()

    def mixed(self, present):
        """(N, n, D), the vectors of texts of which some words are missing."""
        return torch.where(torch.from_numpy(present)[..., None], self.words, self.missing)


def questions(model, kind):
    """Target and kind of number: a frequent word, a rarer one, and one of the last tail."""
    words = {"tiny": ("the", "king", "bees"), "shipped": ("the", "railway", "Abbey")}[kind]
    yield {"target": words[2]}
    yield {"target": words[1], "explains": "contrast", "against": words[0]}
    if kind == "tiny":  # the shipped models take their time
        yield {"target": words[0]}
        yield {"target": words[1], "explains": "probability"}
        yield {"target": words[2], "explains": "logit"}


def saliency_difference(case):
    theirs = captum.Saliency(case.function).attribute(case.words.clone().requires_grad_(), abs=False)
    return saliency(case.model, case.text, **case.options).scores - theirs[0].norm(dim=-1).numpy()


def input_x_gradient_difference(case):
    theirs = captum.InputXGradient(case.function).attribute(case.words.clone().requires_grad_())
    return input_x_gradient(case.model, case.text, **case.options).scores - theirs[0].sum(-1).detach().numpy()


def integrated_gradients_difference(case):
    found = []
    for rule, method in (("gauss_legendre", "gausslegendre"), ("midpoint", "riemann_middle")):
        theirs, delta = captum.IntegratedGradients(case.function).attribute(
            case.words, baselines=case.missing, n_steps=8, method=method, return_convergence_delta=True
        )
        ours = integrated_gradients(case.model, case.text, baseline=case.baseline, n_steps=8, rule=rule, **case.options)
        found += [ours.scores - theirs[0].sum(-1).detach().numpy(), [ours.convergence_delta - float(delta)]]
    return np.concatenate(found)


def occlusion_difference(case):
    theirs = captum.FeatureAblation(case.function).attribute(case.words, baselines=case.missing, feature_mask=case.mask)
    return occlusion(case.model, case.text, baseline=case.baseline, **case.options).scores - theirs[0, :, 0].numpy()


def window_difference(case):
    window = min(3, len(case.ids))
    theirs = captum.Occlusion(case.function).attribute(
        case.words, baselines=case.missing, sliding_window_shapes=(window, case.words.shape[-1])
    )
    ours = occlusion(case.model, case.text, baseline=case.baseline, window=window, **case.options)
    return ours.scores - theirs[0, :, 0].numpy()


def shapley_difference(case):
    reference = captum.ShapleyValues(case.function)  # it goes through every order of the words
    theirs = reference.attribute(case.words, baselines=case.missing, feature_mask=case.mask, perturbations_per_eval=32)
    return shapley(case.model, case.text, baseline=case.baseline, **case.options).scores - theirs[0, :, 0].numpy()


def lime_difference(case):
    present = lime_samples(len(case.ids), 64, seed=5)
    rows = iter(torch.from_numpy(present).float())
    weights = dict(zip(map(bytes, present), lime_weights(present, 0.25), strict=True))
    reference = captum.LimeBase(
        case.function,
        linear.SkLearnRidge(alpha=1.0),
        similarity_func=lambda _, __, row, **___: torch.tensor([weights[bytes(row[0].bool().numpy())]]),
        perturb_func=lambda _, **__: next(rows)[None],
        perturb_interpretable_space=True,
        from_interp_rep_transform=lambda row, *_, **__: case.mixed(row.bool().numpy()),
        to_interp_rep_transform=None,
    )
    theirs = reference.attribute(case.words, n_samples=64)
    ours = lime(case.model, case.text, baseline=case.baseline, n_samples=64, seed=5, **case.options)
    return ours.scores - theirs.numpy().ravel()


def kernel_shap_difference(case):
    n = len(case.ids)
    if n < 2:
        return np.zeros(1)
    sets = shapley_samples(n, 64, seed=5)
    reference = captum.KernelShap(case.function)

    def rows(_, **__):
        yield torch.ones(1, n)
        yield torch.zeros(1, n)
        yield from torch.from_numpy(sets).float()[:, None]

    reference.perturb_func = rows
    theirs = reference.attribute(case.words, baselines=case.missing, feature_mask=case.mask, n_samples=66)
    ours = shapley(case.model, case.text, baseline=case.baseline, n_samples=64, seed=5, **case.options)
    return ours.scores - theirs[0, :, 0].numpy()


COMPARISONS = {
    "saliency": (saliency_difference, EXACT, ["zero"], TEXTS),
    "input_x_gradient": (input_x_gradient_difference, EXACT, ["zero"], TEXTS),
    "integrated_gradients": (integrated_gradients_difference, EXACT, BASELINES, TEXTS),
    "occlusion": (occlusion_difference, EXACT, BASELINES, TEXTS),
    "occlusion, windows": (window_difference, EXACT, BASELINES, TEXTS),
    "shapley, exact": (shapley_difference, EXACT, BASELINES[:1], SHORT),
    "shapley, sampled": (kernel_shap_difference, SAMPLED, BASELINES[:1], TEXTS),
    "lime": (lime_difference, SAMPLED, BASELINES[:1], TEXTS),
}


def largest(method, model, kind):
    """The largest difference over texts, baselines and questions."""
    difference, _, baselines, texts = COMPARISONS[method]
    cases = (
        Case(model, text, options, baseline)
        for text in texts[kind]
        for number, options in enumerate(questions(model, kind))
        for baseline in (baselines if number == 0 else baselines[:1])
    )
    return max(float(np.abs(difference(case)).max()) for case in cases)


def steepest_slope(model):
    """The largest saliency of any word, in nats for a unit of its vector."""
    asked = [(text, options) for text in TEXTS["shipped"] for options in questions(model, "shipped")]
    return max(float(saliency(model, text, **options).scores.max()) for text, options in asked)


@pytest.mark.parametrize("method", COMPARISONS)
@pytest.mark.parametrize("number", range(4))
def test_small_random_models_agree_with_captum(method, number):
    """In double precision on both sides, where Captum keeps it: what is left is no rounding but another computation."""
    limit = 1e-9 if method in ("saliency", "input_x_gradient", "occlusion") else COMPARISONS[method][1]
    assert largest(method, models("tiny")[number], "tiny") <= limit


@pytest.mark.slow
@pytest.mark.parametrize("method", COMPARISONS)
@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_shipped_models_agree_with_captum(method, name, capsys):
    """In single precision: what is made of slopes is as exact as they are steep."""
    model = shipped(name)
    found = largest(method, model, "shipped")
    with capsys.disabled():
        print(f"\n{name:12} {method:22} largest difference {found:.1e}")
    size = max(1.0, steepest_slope(model)) if method in ("saliency", "integrated_gradients") else 1.0
    assert found <= COMPARISONS[method][1] * size
