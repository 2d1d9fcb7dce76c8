"""The plain way from words to the explained number, in few lines, to compare `lessons.attribution` with.

Nothing of `lessons.attribution` is used here: the networks' own forward pass and the whole head.
"""

import copy

import torch
from torch.nn import functional as F

from lessons.lstm import LSTMLanguageModel
from lessons.model import LanguageModel


def in_double_precision(model):
    """The same model with every number in float64 but the embedding, which is widened when it is read."""
    network = copy.deepcopy(model.network)
    embedding, network.embedding = network.embedding, None
    network.double().embedding = embedding
    return LanguageModel(model.name, network, model.vocabulary, model.card)


def vectors_of(model, token_ids):
    """(n, D), the embeddings as the network reads them."""
    weight = model.network.embedding.weight.detach()
    return F.embedding(torch.tensor(token_ids), weight).to(model.network.head.bias.dtype)


def final_hidden(model, vectors):
    """(N, D), the last hidden state of texts that are given as vectors (N, T, D)."""
    network = model.network
    if isinstance(network, LSTMLanguageModel):
        for layer in network.layers:
            vectors = layer(vectors)[0]
        return vectors[:, -1]
    stream = vectors + network.positions.weight[: vectors.shape[1]]
    for block in network.blocks:
        stream = block(stream)
    return network.norm(stream)[:, -1]


def widened(model):
    """The parts of the output head in the precision of the network, each (rows, bias)."""
    head, weight = model.network.head, model.network.embedding.weight.detach()
    return [(rows.to(bias.dtype), bias.detach()) for rows, bias in head.parts(weight)]


def over_all_words(head, parts):
    """(N, V): a word of a tail has the number of its tail plus its own."""
    words, tails = parts[0].split([head.bounds[1], head.n_tails], dim=1)
    return torch.cat([words, *(tails[:, [k]] + parts[k + 1] for k in range(head.n_tails))], dim=1)


def number(model, hidden, target, explains="log_probability", against=None, parts=None):
    """(N,) the explained number, from the whole distribution."""
    scores = [F.linear(hidden, rows, bias) for rows, bias in parts or widened(model)]
    if explains == "logit":
        return over_all_words(model.network.head, scores)[:, target]
    log_p = over_all_words(model.network.head, [part.log_softmax(1) for part in scores])
    if explains == "contrast":
        return log_p[:, target] - log_p[:, against]
    return log_p[:, target].exp() if explains == "probability" else log_p[:, target]


def function_of_words(model, target, explains="log_probability", against=None):
    """Return a function from the words' vectors (N, n, D) to (N,); the start `<eos>` is put before them."""
    start, parts = vectors_of(model, [model.vocabulary.stoi["<eos>"]]), widened(model)

    def value(words):
        read = torch.cat([start.expand(len(words), -1, -1), words], dim=1)
        return number(model, final_hidden(model, read), target, explains, against, parts)

    return value
