"""Predictions of whole networks in chunks of rows are those of one pass, and need the memory of one chunk."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from fitting_data import X, Y, quiet
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor, forward
from plain_fits import CLASSES, LABELS, TARGETS, fitted
from plain_fits import X as TABLE

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


def clustered(n_classes, n_rows, dtype=np.float32):
    """Return rows around one centre for each class, with equally many rows of each class."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(n_rows) % n_classes)
    centres = rng.standard_normal((n_classes, 4))
    return (centres[y] + 0.1 * rng.standard_normal((n_rows, 4))).astype(dtype), y


@quiet
@pytest.mark.parametrize("n_members", [1, 2])
def test_labels_of_many_classes_take_memory_for_a_chunk_only(n_members):
    X, y = clustered(1000, 2000)
    mlp = PlainClassifier(width=5, max_iter=1, n_members=n_members).fit(X, y)
    data = np.tile(X, (10, 1))
    tracemalloc.start()
    labels = mlp.predict(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The raw outputs take 80 MB, those of a chunk 1 MB for each member; the labels take 0.16 MB.
    assert peak < 10e6
    assert_array_equal(labels, mlp.predict_proba(data).argmax(axis=1))


@quiet
@pytest.mark.parametrize("kind", [*TARGETS, "text", "objects", "csr_array", "csr_matrix"])
def test_labels_are_those_of_one_pass(monkeypatch, kind):
    forms = {"text": CLASSES.astype(str), "objects": CLASSES.astype(str).astype(object)}
    forms |= {name: getattr(sp, name)(LABELS) for name in ("csr_array", "csr_matrix")}
    mlp = fitted(PlainClassifier, TABLE, (TARGETS | forms)[kind])
    whole = mlp.predict(TABLE)
    for name in ("CHUNK_ELEMENTS", "LEAST_ROWS", "FEWEST_ROWS"):
        monkeypatch.setattr(sknet.training.chunks, name, 1)
    labels = mlp.predict(TABLE)
    assert type(labels) is type(whole)
    assert labels.dtype == whole.dtype
    assert_array_equal(*(found.toarray() if sp.issparse(found) else found for found in (labels, whole)))
