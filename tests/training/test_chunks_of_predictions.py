"""Predictions of whole networks in chunks of rows are those of one pass, and need the memory of one chunk."""

import tracemalloc

import numpy as np
import pytest
from fitting_data import X, Y, quiet
from numpy.testing import assert_allclose
from oracles import PlainRegressor, forward

import sknet.training.chunks
from sknet import ACTIVATIONS
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network
from sknet.training.chunks import forward_in_chunks


def make_network(d, *widths):
    glorot = INITIALIZERS["glorot_uniform"]
    layers = [Dense(i, o, ACTIVATIONS["tanh"], glorot) for i, o in zip([d, *widths], widths, strict=False)]
    return Network(
        (*layers[:-1], Dense(layers[-1].n_in, widths[-1], ACTIVATIONS["identity"], glorot)), LOSSES["log_loss"]
    )


@pytest.mark.parametrize("elements", [1, 40, 41, 1000, 10**6])
@pytest.mark.parametrize("n", [1, 5, 99, 100])
def test_predictions_in_chunks_are_those_of_one_pass(monkeypatch, n, elements):
    monkeypatch.setattr(sknet.training.chunks, "CHUNK_ELEMENTS", elements)
    monkeypatch.setattr(sknet.training.chunks, "LEAST_ROWS", 1)
    monkeypatch.setattr(sknet.training.chunks, "FEWEST_ROWS", 1)
    network = make_network(4, 8, 3)
    theta = network.initialize(np.random.RandomState(0), np.float64)
    layers = Parameters(network.layout, theta).layers
    data = np.random.default_rng(0).standard_normal((n, 4))
    longest = []

    def take(chunk):
        longest.append(chunk.stop - chunk.start)
        return data[chunk]

    z = forward_in_chunks(network, [layers], take, n)
    expected = forward([W for W, _ in layers], [b for _, b in layers], "tanh", data)
    assert_allclose(z, expected, rtol=1e-12, atol=1e-14)
    assert sum(longest) == n
    assert max(longest) <= max(1, elements // 8)


@quiet
def test_prediction_allocates_memory_for_one_chunk():
    mlp = PlainRegressor(width=50, max_iter=1).fit(X, Y)
    data = np.zeros((200_000, 4))
    tracemalloc.start()
    mlp.predict(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The hidden layer for all rows would need 80 MB; the predictions themselves need 1.6 MB.
    assert peak < 10e6
