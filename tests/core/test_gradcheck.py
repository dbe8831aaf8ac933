"""Backpropagation against central differences for every activation x loss x depth, and that the check can fail."""

from dataclasses import dataclass, replace
from itertools import count, pairwise

import numpy as np
import pytest
from scipy import sparse

from sknet.core.activations import ACTIVATIONS
from sknet.core.batches import Batch
from sknet.core.gradcheck import loss_and_gradient, relative_error
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES, SquaredError
from sknet.core.network import Network

N, D, WIDTH, K = 6, 3, 4, 3
TOLERANCE = 1e-6
FAR_FROM_KINKS = 2e-3  # a step of 1e-5 moves a pre-activation of these nets by less
TARGETS = {
    "log_loss": lambda rng: rng.dirichlet(np.ones(K), N),
    "binary_log_loss": lambda rng: rng.integers(0, 2, (N, K)).astype(float),
    "squared_error": lambda rng: rng.normal(size=(N, K)),
    "poisson": lambda rng: rng.poisson(1.5, (N, K)).astype(float),
}


def network_of(activation, loss, depth, layer=Dense, order="C"):
    sizes, initializer = [D, *[WIDTH] * depth, K], INITIALIZERS["glorot_normal"]
    hidden = [layer(d, k, ACTIVATIONS[activation], initializer) for d, k in pairwise(sizes[:-1])]
    output = layer(sizes[-2], K, ACTIVATIONS["identity"], initializer, order=order)
    return Network((*hidden, output), loss if not isinstance(loss, str) else LOSSES[loss])


def some_batch(loss, weighted):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, D)), TARGETS[loss](rng)
    if not weighted:
        return Batch(x, y, None, float(N))
    w = rng.uniform(0.2, 2.0, (N, 1))
    return Batch(x, y, w / w.sum(), float(w.sum()))


def smallest_pre_activation(network, theta, x):
    smallest = np.inf
    for layer, (W, b) in zip(network.layers[:-1], network.layout.views(theta), strict=False):
        z = x @ W + b
        smallest = min(smallest, np.abs(z).min())
        x = layer.activation(z)
    return smallest


def smooth_point(network, x):
    """Parameters at which no hidden unit sits at a kink."""
    for seed in count():
        theta = np.random.default_rng(seed).normal(0.0, 0.7, network.layout.size)
        if smallest_pre_activation(network, theta, x) > FAR_FROM_KINKS:
            return theta


def error_of(network, batch, alpha=0.0, **options):
    return relative_error(network, smooth_point(network, batch.x), batch, alpha, **options)


def test_every_loss_has_targets_here():
    assert set(TARGETS) == set(LOSSES)


@pytest.mark.parametrize(("weighted", "alpha"), [(False, 0.0), (True, 0.5)], ids=["plain", "weights and penalty"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", sorted({activation.name for activation in ACTIVATIONS.values()}))
def test_gradient_of_every_activation_loss_and_depth(activation, loss, depth, weighted, alpha):
    assert error_of(network_of(activation, loss, depth), some_batch(loss, weighted), alpha) < TOLERANCE


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_without_depth(loss, weighted, alpha):
    assert error_of(network_of("identity", loss, 0), some_batch(loss, weighted), alpha) < TOLERANCE


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_gradient_of_sparse_rows_and_outputs_in_columns(kind, order, loss):
    network, batch = network_of("tanh", loss, 1, order=order), some_batch(loss, weighted=True)
    theta = smooth_point(network, batch.x)
    assert relative_error(network, theta, batch._replace(x=kind(batch.x)), 0.5) < TOLERANCE


class NoBiasOfRows(Dense):
    """Forgets to sum the bias gradient over all rows but one."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        grads[1][...] = memory.delta[0]


class NoDerivative(Dense):
    """Forgets f'(z)."""

    def backward(self, parameters, grads, x, memory, dx):
        linear = replace(self, activation=ACTIVATIONS["identity"])
        Dense.backward(linear, parameters, grads, x, memory, dx)


class WrongTranspose(Dense):
    """Sends delta W, not delta W', where both have the shape."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        if dx is not None and self.n_in == self.n_out:
            dx[...] = memory.delta @ parameters[0]


class WrongSign(Dense):
    """One weight's gradient has the wrong sign."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        grads[0][0, 0] *= -1.0


@pytest.mark.parametrize("broken", [NoBiasOfRows, NoDerivative, WrongTranspose, WrongSign])
def test_a_broken_layer_is_found(broken):
    batch = some_batch("squared_error", weighted=False)
    assert error_of(network_of("tanh", "squared_error", 2), batch) < TOLERANCE
    assert error_of(network_of("tanh", "squared_error", 2, layer=broken), batch) > 1e-2


def test_a_direction_is_enough_to_find_a_broken_layer():
    batch = some_batch("squared_error", weighted=False)
    network = network_of("tanh", "squared_error", 2)
    directions = np.random.default_rng(3).normal(size=(2, network.layout.size))
    assert error_of(network, batch, directions=directions) < TOLERANCE
    broken = network_of("tanh", "squared_error", 2, layer=WrongSign)
    assert error_of(broken, batch, directions=directions) > 1e-4


@dataclass(frozen=True)
class Doubled(SquaredError):
    """Writes twice the gradient of the loss it returns."""

    def value_and_delta(self, z, y, w, delta, memory):
        value = super().value_and_delta(z, y, w, delta, memory)
        delta *= 2.0
        return value


def test_the_error_is_relative():
    """Twice the gradient is off by half of the larger one, wherever it is small."""
    error = error_of(network_of("tanh", Doubled(), 1), some_batch("squared_error", weighted=False))
    assert error == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_penalized_loss_by_hand(weighted):
    """``sum_i w_i L_i + alpha / 2 |W|^2 / sum of weights`` and its gradient; ``theta`` stays as it is."""
    network, batch = network_of("identity", "squared_error", 0), some_batch("squared_error", weighted)
    theta = smooth_point(network, batch.x)
    before = theta.copy()
    loss, grad = loss_and_gradient(network, theta, batch, 0.5)
    W, b = theta[: D * K].reshape(D, K), theta[D * K :]
    w = np.full((N, 1), 1 / N) if batch.w is None else batch.w
    error = batch.x @ W + b - batch.y
    assert loss == pytest.approx((w * error**2).sum() / (2 * K) + 0.25 / batch.total * (W**2).sum(), rel=1e-13)
    dW = batch.x.T @ (w * error) / K + 0.5 / batch.total * W
    np.testing.assert_allclose(grad, np.concatenate([dW.ravel(), (w * error).sum(axis=0) / K]), rtol=1e-12)
    np.testing.assert_array_equal(theta, before)
