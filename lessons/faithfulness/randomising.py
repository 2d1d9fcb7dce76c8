"""The randomised-model check: an explanation of a model must change when the model's weights are thrown away.

The layers are drawn anew, as at the start of training, from the top down: first the last layer, then the last two, and
so on; at the end the embedding and the output head that shares it. Scores that stay the same have not looked at what
was thrown away: they show the text, or where the words stand, and not what the model has learned.

    rank correlation of the scores with those of the trained model, for 1, 2, ... layers

A fall to 0 does not prove that a method is faithful. No fall proves that it is not.

Source: Adebayo et al. 2018, Sanity checks for saliency maps, arXiv:1810.03292, section 3 (cascading randomisation).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lessons.checks import whole
from lessons.lstm import LSTMLanguageModel
from lessons.networks import build_network
from lessons.reading import Network
from lessons.records import TokenizedText, rank_correlation
from lessons.transformer import TransformerLanguageModel

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["all_parts", "randomised_check", "randomised_network"]


def all_parts(network: Network) -> int:
    """Return how many parts can be drawn anew: L layers, and the embedding together with the head."""
    return network.config.n_layers + 1


def randomised_network(network: Network, architecture: str, n_layers: int, seed: int, counts: np.ndarray) -> Network:
    """Return a network whose last layers are drawn anew; it shares all other weights with the given one.

    Args:
        network: stays as it is.
        architecture: "lstm" or "transformer".
        n_layers: how many layers from the top, 1 to L; L + 1 draws embedding, positions and head, too.
        seed: of the weights; a layer gets the same ones whatever `n_layers` is.
        counts: (V,) how often each word stands in the corpus: a new head starts at these frequencies.

    Raises:
        InputError: a value is out of range.
    """
    n_layers, seed = whole("n_layers", n_layers, 1, all_parts(network)), whole("seed", seed, 0)
    fresh = build_network(architecture, network.config, seed).requires_grad_(False)
    if n_layers == all_parts(network):
        fresh.head.start_at_frequencies(torch.from_numpy(counts.copy()))
        return fresh
    changed = copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})
    if isinstance(changed, TransformerLanguageModel) and isinstance(fresh, TransformerLanguageModel):
        changed.norm = fresh.norm
    old, new = (one.layers if isinstance(one, LSTMLanguageModel) else one.blocks for one in (changed, fresh))
    for layer in range(len(old) - n_layers, len(old)):
        old[layer] = new[layer]
    return changed


def randomised_check(
    model: LanguageModel, text: str | TokenizedText, method: str = "occlusion", *, seed: int = 0, **options: Any
) -> np.ndarray:
    """Return the rank correlation of the scores with those of the trained model, for each number of random layers.

    Args:
        model: the model.
        text: what is explained.
        method: a name in `lessons.attribution.METHODS`.
        seed: of the weights that are drawn; a method that draws samples keeps its own seed, 0.
        options: further ones of the method. A surrogate tree is fitted anew for each model, which takes seconds.

    Returns:
        (L + 2,) float64: 1 for no layer, then for 1 to L layers, then with the embedding and the head; NaN where all
        scores are the same.
    """
    found = model.explain(text, method, **options)
    options = {**options, "target": found.target_id}
    options.pop("surrogate", None)
    correlations = [rank_correlation(found.scores, found.scores)]
    for n_layers in range(1, all_parts(model.network) + 1):
        other = model.randomised(n_layers, seed).explain(text, method, **options)
        correlations.append(rank_correlation(found.scores, other.scores))
    return np.array([np.nan if one is None else one for one in correlations])
