"""Compare networks with forward and backward passes written in this file, and with the example of the course (C9)."""

import math
import pickle
import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from sknet.core.activations import ACTIVATIONS
from sknet.core.batches import Batch
from sknet.core.dropout import Dropout
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense, Training
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network, add_penalty


def network_of(sizes, activation="tanh", loss="squared_error", initializer="glorot_uniform"):
    """Return a network of dense layers of these sizes; the last layer is linear, because losses work on raw outputs."""
    names = [activation] * (len(sizes) - 2) + ["identity"]
    initializer = INITIALIZERS[initializer]
    layers = [Dense(d, k, ACTIVATIONS[f], initializer) for d, k, f in zip(sizes, sizes[1:], names)]
    return Network(tuple(layers), LOSSES[loss])


def some_theta(network, seed=0, dtype=np.float64):
    vector = np.random.default_rng(seed).normal(size=network.layout.size).astype(dtype)
    return Parameters(network.layout, vector)


def some_batch(n=6, d=3, k=2, dtype=np.float64, w=None):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(n, k))
    return Batch(x.astype(dtype), y.astype(dtype), None if w is None else (w / w.sum())[:, None], float(n))


def gradient(network, theta, batch, rows=None):
    """Return loss and gradient, computed in memory full of nan, which must not be read."""
    grad = Parameters(network.layout, np.full_like(theta.vector, np.nan))
    memory = network.workspace(rows or len(batch.y), theta.vector.dtype).rows(len(batch.y))
    return network.loss_and_gradient(theta, grad, batch, memory), grad


def two_layers_by_hand(theta, x, y, w):
    """tanh(x W1 + b1) W2 + b2 under the squared error with row weights w: loss, and gradients of W1, b1, W2, b2."""
    (W1, b1), (W2, b2) = theta.layers
    h = np.tanh(np.einsum("nd,dk->nk", x, W1) + b1)
    z = np.einsum("nd,dk->nk", h, W2) + b2
    k = y.shape[1]
    loss = (w * ((z - y) ** 2).sum(axis=1) / (2 * k)).sum()
    delta2 = w[:, None] * (z - y) / k
    delta1 = np.einsum("nk,dk->nd", delta2, W2) * (1 - h**2)
    return loss, [x.T @ delta1, delta1.sum(axis=0), h.T @ delta2, delta2.sum(axis=0)]


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("rows", [6, 9])
@pytest.mark.parametrize("w", [None, np.array([1.0, 2.0, 0.0, 0.5, 3.0, 1.0])], ids=["unweighted", "weighted"])
def test_loss_and_gradient_by_hand(w, rows, kind):
    network = network_of((3, 4, 2))
    theta, batch = some_theta(network), some_batch(w=w)
    share = np.full(6, 1 / 6) if w is None else w / w.sum()
    expected_loss, expected = two_layers_by_hand(theta, batch.x, batch.y, share)
    loss, grad = gradient(network, theta, batch._replace(x=kind(batch.x)), rows)
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    for ours, theirs in zip([array for layer in grad.layers for array in layer], expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


def test_backpropagation_of_the_course():
    """C9 of the course, a 2-2-1 network of sigmoid units with the log-loss, in plain numbers.

    The course: dL/dw_ij = delta_j x_i, with delta_j = (sum_k delta_k w_jk) y_j (1 - y_j) for a hidden unit j.
    For the output unit, the factor y (1 - y) cancels with the derivative of the log-loss, so delta is p - target.
    """
    x1, x2, target = 0.5, -1.0, 1.0
    w11, w12, w21, w22 = 0.1, -0.2, 0.3, 0.4  # from input i to hidden unit j
    b1, b2 = 0.05, -0.1
    v1, v2, c = 0.7, -0.5, 0.2  # from hidden unit j to the output

    def sigmoid(z):
        return 1.0 / (1.0 + math.exp(-z))

    # Forward pass: 0.5 * 0.1 - 1.0 * 0.3 + 0.05 = -0.2 and 0.5 * -0.2 - 1.0 * 0.4 - 0.1 = -0.6.
    y1, y2 = sigmoid(x1 * w11 + x2 * w21 + b1), sigmoid(x1 * w12 + x2 * w22 + b2)  # 0.4502 and 0.3543
    # 0.4502 * 0.7 + 0.3543 * -0.5 + 0.2 = 0.3380, and p = 0.5837.
    p = sigmoid(y1 * v1 + y2 * v2 + c)
    # Backward pass: 0.5837 - 1 = -0.4163.
    delta = p - target
    delta1 = delta * v1 * y1 * (1.0 - y1)  # -0.4163 * 0.7 * 0.4502 * 0.5498 = -0.0721
    delta2 = delta * v2 * y2 * (1.0 - y2)  # -0.4163 * -0.5 * 0.3543 * 0.6457 = 0.0476
    assert [round(v, 4) for v in (y1, y2, p, delta, delta1, delta2)] == [
        0.4502,
        0.3543,
        0.5837,
        -0.4163,
        -0.0721,
        0.0476,
    ]

    network = network_of((2, 2, 1), "sigmoid", "binary_log_loss")
    theta = Parameters(network.layout, np.array([w11, w12, w21, w22, v1, v2, b1, b2, c]))
    loss, grad = gradient(network, theta, Batch(np.array([[x1, x2]]), np.array([[target]]), None, 1.0))
    assert loss == pytest.approx(-math.log(p), rel=1e-14)
    (dW, db), (dV, dc) = grad.layers
    np.testing.assert_allclose(dW, [[delta1 * x1, delta2 * x1], [delta1 * x2, delta2 * x2]], rtol=1e-13)
    np.testing.assert_allclose(db, [delta1, delta2], rtol=1e-13)
    np.testing.assert_allclose(dV, [[delta * y1], [delta * y2]], rtol=1e-13)
    np.testing.assert_allclose(dc, [delta], rtol=1e-13)


def test_without_depth_the_output_is_a_linear_combination():
    """C2 of the course: a network of an input and an output layer."""
    network = network_of((3, 2))
    theta, x = some_theta(network), some_batch().x
    ((W, b),) = theta.layers
    np.testing.assert_allclose(network.forward(theta.layers, x), np.einsum("nd,dk->nk", x, W) + b, rtol=1e-13)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_forward_runs_one_layer_after_the_other(activation):
    network = network_of((3, 5, 4, 2), activation)
    theta, x = some_theta(network), some_batch().x
    expected, f = x, ACTIVATIONS[activation]
    for i, (W, b) in enumerate(theta.layers):
        expected = np.einsum("nd,dk->nk", expected, W) + b
        expected = f(expected) if i < 2 else expected
    np.testing.assert_allclose(network.forward(theta.layers, x), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_forward_stops_after_some_layers(n_layers):
    network = network_of((3, 5, 4, 2))
    theta, x = some_theta(network), some_batch().x
    expected = x
    for i, (W, b) in enumerate(theta.layers[:n_layers]):
        expected = np.einsum("nd,dk->nk", expected, W) + b
        expected = np.tanh(expected) if i < 2 else expected
    np.testing.assert_allclose(network.forward(theta.layers, x, n_layers), expected, rtol=1e-11, atol=1e-13)


def test_forward_draws_noise_only_if_asked():
    dense = network_of((3, 50, 2))
    network = Network((dense.layers[0], Dropout(50, 0.5), dense.layers[1]), dense.loss)
    theta, x = some_theta(network), some_batch().x
    quiet = network.forward(theta.layers, x)
    np.testing.assert_array_equal(quiet, dense.forward([theta.layers[0], theta.layers[2]], x))
    noisy = [network.forward(theta.layers, x, None, Training(np.random.default_rng(seed), None)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert np.abs(noisy[0] - noisy[2]).min() > 1e-3
    assert np.abs(noisy[0] - quiet).min() > 1e-3


def test_forward_is_in_new_memory_and_changes_nothing():
    network = network_of((3, 5, 2), "gelu")
    theta, x = some_theta(network), some_batch().x
    theta.vector.flags.writeable = x.flags.writeable = False
    before = theta.vector.copy(), x.copy()
    first = network.forward(theta.layers, x)
    second = network.forward(theta.layers, x)
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(theta.vector, before[0])
    np.testing.assert_array_equal(x, before[1])


def test_forward_allocates_no_memory_for_gradients():
    """It allocates the output of the hidden layer and one scratch array, but not delta."""
    n, width = 2_000, 50
    network = network_of((3, width, 1))
    theta, x = some_theta(network), some_batch(n).x
    network.forward(theta.layers, x[:2])
    tracemalloc.start()
    try:
        network.forward(theta.layers, x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    one = n * width * x.itemsize
    assert 2 * one <= peak < 2.2 * one


def test_loss_and_gradient_changes_only_the_gradient():
    network = network_of((3, 5, 2), "gelu")
    theta, batch = some_theta(network), some_batch()
    for array in (theta.vector, batch.x, batch.y):
        array.flags.writeable = False
    first, second = gradient(network, theta, batch), gradient(network, theta, batch)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1].vector, second[1].vector)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_integer_weights_are_repeated_rows(activation):
    network = network_of((3, 4, 2), activation)
    theta, repeats = some_theta(network), np.array([1, 0, 3, 2, 0, 1])
    batch = some_batch(w=repeats.astype(float))
    repeated = Batch(batch.x.repeat(repeats, axis=0), batch.y.repeat(repeats, axis=0), None, 7.0)
    loss, grad = gradient(network, theta, batch)
    repeated_loss, repeated_grad = gradient(network, theta, repeated)
    assert loss == pytest.approx(repeated_loss, rel=1e-13)
    np.testing.assert_allclose(grad.vector, repeated_grad.vector, rtol=1e-11, atol=1e-14)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("loss", ["poisson", "gamma", "squared_error"])
def test_rows_without_weight_may_overflow(loss):
    network = network_of((3, 2), loss=loss)
    theta, weights = some_theta(network), np.array([1.0, 0.0, 3.0, 2.0, 0.0, 1.0])
    batch = some_batch(w=weights)
    batch = batch._replace(y=np.abs(batch.y) + 0.1)
    heard = Batch(batch.x[weights > 0], batch.y[weights > 0], batch.w[weights > 0], 7.0)
    loss, grad = gradient(network, theta, heard)
    for far in (-1e200, 1e200):
        batch.x[weights == 0] = far
        loss_of_all, _ = gradient(network, theta, batch._replace(silent=weights == 0))
        assert loss_of_all == pytest.approx(loss, rel=1e-13)
    batch.x[weights == 0] = 0.0  # as `Batches` does
    _, grad_of_all = gradient(network, theta, batch._replace(silent=weights == 0))
    np.testing.assert_allclose(grad_of_all.vector, grad.vector, rtol=1e-12)


def test_layout_has_all_weights_then_all_biases():
    network = network_of((3, 4, 2))
    (W1, b1), (W2, b2) = network.layout.views(np.arange(26))
    assert (network.layout.size, network.layout.n_penalized) == (26, 20)
    flat = np.concatenate([array.ravel() for array in (W1, W2, b1, b2)])
    np.testing.assert_array_equal(flat, np.arange(26))
    assert (W1.shape, W2.shape) == ((3, 4), (4, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initialize_draws_layer_by_layer(initializer, dtype):
    network = network_of((3, 4, 2), initializer=initializer)
    vector = network.initialize(np.random.RandomState(0), dtype)
    rng, initialize = np.random.RandomState(0), INITIALIZERS[initializer]
    (W1, b1), (W2, b2) = initialize(rng, 3, 4), initialize(rng, 4, 2)
    expected = np.concatenate([array.ravel() for array in (W1, W2, b1, b2)]).astype(dtype)
    assert vector.dtype == dtype
    np.testing.assert_array_equal(vector, expected)


def test_float32_stays_float32():
    network = network_of((3, 5, 2), "gelu")
    theta = some_theta(network, dtype=np.float32)
    batch = some_batch(dtype=np.float32)
    assert network.forward(theta.layers, batch.x).dtype == np.float32
    loss, grad = gradient(network, theta, batch)
    exact_loss, exact_grad = gradient(network, some_theta(network), some_batch())
    assert type(loss) is float
    assert loss == pytest.approx(exact_loss, rel=1e-5)
    np.testing.assert_allclose(grad.vector, exact_grad.vector, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_penalty_counts_weights_only(dtype):
    network = network_of((3, 4, 2))
    theta = some_theta(network, dtype=dtype)
    grad = Parameters(network.layout, np.ones(26, dtype=dtype))
    value = add_penalty(theta, grad, 0.3)
    (W1, _), (W2, _) = theta.layers
    squares = (W1.astype(np.float64) ** 2).sum() + (W2.astype(np.float64) ** 2).sum()
    eps = float(np.finfo(dtype).eps)
    assert value == pytest.approx(0.3 / 2 * squares, rel=10 * eps)
    (dW1, db1), (dW2, db2) = grad.layers
    np.testing.assert_allclose(dW1, 1.0 + 0.3 * W1, rtol=10 * eps)
    np.testing.assert_allclose(dW2, 1.0 + 0.3 * W2, rtol=10 * eps)
    np.testing.assert_array_equal(db1, 1.0)
    np.testing.assert_array_equal(db2, 1.0)


def test_without_penalty_the_gradient_is_not_changed():
    network = network_of((3, 2))
    grad = Parameters(network.layout, np.ones(8))
    assert add_penalty(some_theta(network), grad, 0.0) == 0.0
    np.testing.assert_array_equal(grad.vector, 1.0)


def test_the_text_of_a_network():
    assert str(network_of((3, 4, 2), "relu")) == "relu(3x4) -> identity(4x2) with squared_error"


def test_networks_are_equal_if_they_compute_the_same():
    network = network_of((3, 4, 2))
    assert network.layout.size == 26  # a cached property must not change the comparison
    assert pickle.loads(pickle.dumps(network)) == network == network_of((3, 4, 2), initializer="he_normal")
    assert network != network_of((3, 5, 2))
    assert network != network_of((3, 4, 2), "relu")
    assert network != network_of((3, 4, 2), loss="poisson")


def test_a_pickle_contains_only_layers_and_loss():
    network = network_of([3, 4, 2])
    new = pickle.dumps(network)
    network.forward(some_theta(network).layers, some_batch().x)  # fills the cached properties
    assert pickle.dumps(network) == new
    assert pickle.loads(new).layout.size == network.layout.size
