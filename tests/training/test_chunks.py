"""Prediction in chunks gives the result of one pass with the memory of a chunk.

`test_chunks_of_predictions.py` tests whole networks with dense rows."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import sknet.training.chunks
from sknet.core.activations import ACTIVATIONS
from sknet.core.dropout import Dropout
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense, Training
from sknet.core.losses import LOSSES
from sknet.core.network import Network
from sknet.core.normalization import LayerNormalization, Nonlinearity
from sknet.training.chunks import forward_in_chunks, outputs_by_chunk

D, WIDTH, K, N = 4, 8, 3, 100
X = np.random.default_rng(0).normal(size=(N, D))


def network_of(n_inputs=D, rate=0.5, n_outputs=K):
    glorot = INITIALIZERS["glorot_normal"]
    return Network(
        (
            Dense(n_inputs, WIDTH, ACTIVATIONS["identity"], glorot),
            LayerNormalization(WIDTH),
            Nonlinearity(WIDTH, ACTIVATIONS["gelu"]),
            Dropout(WIDTH, rate),
            Dense(WIDTH, n_outputs, ACTIVATIONS["identity"], glorot, order="F"),
        ),
        LOSSES["squared_error"],
    )


def parameters_of(network, dtype=np.float64):
    return network.layout.views(np.random.default_rng(1).normal(size=network.layout.size).astype(dtype))


@pytest.fixture(params=[1, 40, 801, 10**6])
def elements(request, monkeypatch):
    monkeypatch.setattr(sknet.training.chunks, "CHUNK_ELEMENTS", request.param)
    monkeypatch.setattr(sknet.training.chunks, "LEAST_ROWS", 1)
    return request.param


@pytest.mark.parametrize("n_layers", [None, 1, 2, 3, 4])
def test_any_number_of_layers(elements, n_layers):
    network = network_of()
    parameters = parameters_of(network)
    z = forward_in_chunks(network, [parameters], lambda c: X[c], N, n_layers)
    np.testing.assert_allclose(z, network.forward(parameters, X, n_layers), rtol=1e-12)
    assert z.shape == (N, K if n_layers is None else WIDTH)


def test_sparse_rows(elements):
    network = network_of()
    parameters = parameters_of(network)
    rows = sp.csr_array(np.where(X > 0.5, X, 0.0))
    z = forward_in_chunks(network, [parameters], lambda c: rows[c], N)
    np.testing.assert_allclose(z, network.forward(parameters, rows.toarray()), rtol=1e-12)


def test_float32_stays_float32(elements):
    network = network_of()
    assert (
        forward_in_chunks(network, [parameters_of(network, np.float32)], lambda c: X[c].astype(np.float32), N).dtype
        == np.float32
    )


def test_each_chunk_draws_new_noise(elements):
    """Each row has its own mask, so equal rows have many different outputs if half of the units are left out."""
    network = network_of()
    parameters = parameters_of(network)
    rows = np.tile(X[:1], (N, 1))
    results = [
        forward_in_chunks(
            network, [parameters], lambda c: rows[c], N, training=Training(np.random.default_rng(seed), None)
        )
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any(axis=1).mean() > 0.9
    # 100 draws give about 83 of the 2^8 masks.
    assert len(np.unique(results[0], axis=0)) > 60


def test_memory_is_bounded_also_where_the_inputs_are_the_widest():
    """Rows are read one chunk at a time; a chunk has 2^18 numbers, if these are at least 64 rows."""
    network = network_of(n_inputs=1000)
    parameters, lengths = parameters_of(network), []

    def take(chunk):
        lengths.append(chunk.stop - chunk.start)
        return np.zeros((lengths[-1], 1000))

    forward_in_chunks(network, [parameters], take, 20_000)
    assert max(lengths) == 2**18 // 1000
    assert sum(lengths) == 20_000
    tracemalloc.start()
    try:
        forward_in_chunks(network, [parameters], take, 20_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 8 * 1024 * 1000  # two chunks of float64; all rows would need 160 MB


@pytest.mark.parametrize("n_members", [1, 3])
def test_many_outputs_of_several_members_make_short_chunks(n_members):
    """The outputs of all members are in memory at the same time: at most 2^18 numbers, or 64 rows."""
    for n_outputs, longest in ((500, 2**18 // (500 * n_members)), (5000, 64)):
        network = network_of(n_outputs=n_outputs)
        members = [parameters_of(network, np.float32)] * n_members
        found = list(outputs_by_chunk(network, members, lambda c: np.zeros((c.stop - c.start, D), np.float32), 1500))
        assert max(chunk.stop - chunk.start for chunk, _ in found) == longest
        assert [chunk.start for chunk, _ in found[1:]] == [chunk.stop for chunk, _ in found[:-1]]
        assert found[-1][0].stop == 1500
