"""Compare backpropagation with central differences for each activation, loss and kind of layer.

The last tests show that the check finds broken layers."""

from dataclasses import dataclass, replace
from itertools import count, pairwise

import numpy as np
import pytest
from scipy import sparse

from sknet.core.activations import ACTIVATIONS
from sknet.core.batches import Batch
from sknet.core.dropout import Dropout
from sknet.core.gradcheck import loss_and_gradient, relative_error
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense, Training
from sknet.core.losses import LOSSES, GroupedLogLoss, Huber, Quantile, SquaredError
from sknet.core.memory import Parameters
from sknet.core.network import Network
from sknet.core.normalization import BatchNormalization, LayerNormalization, Nonlinearity

N, D, WIDTH, K = 6, 3, 4, 3
TOLERANCE = 1e-6
FAR_FROM_KINKS = 2e-3  # a step of 1e-5 changes a pre-activation of these networks by less
THRESHOLD = 0.6  # of Huber's loss; the errors lie on both sides of it
ALL = LOSSES | {
    "huber": Huber(threshold=THRESHOLD),
    "quantiles": Quantile(levels=(0.1, 0.5, 0.8)),
    "groups": GroupedLogLoss((1, 2)),
}
TARGETS = {
    "log_loss": lambda rng: rng.dirichlet(np.ones(K), N),
    "binary_log_loss": lambda rng: rng.integers(0, 2, (N, K)).astype(float),
    "poisson": lambda rng: rng.poisson(1.5, (N, K)).astype(float),
    "gamma": lambda rng: rng.gamma(2.0, size=(N, K)),
    "quantiles": lambda rng: rng.normal(size=(N, 1)),
    "groups": lambda rng: np.column_stack([np.ones(N), rng.dirichlet(np.ones(2), N)]),
    **dict.fromkeys(("squared_error", "absolute_error", "huber", "quantile"), lambda rng: rng.normal(size=(N, K))),
}
# Distance of an error from the points at which a loss has no first or second derivative.
KINKS = {
    **dict.fromkeys(("absolute_error", "quantile", "quantiles"), np.abs),
    "huber": lambda error: np.abs(np.abs(error) - THRESHOLD),
}


def network_of(activation, loss, depth, layer=Dense, order="C"):
    sizes, initializer = [D, *[WIDTH] * depth, K], INITIALIZERS["glorot_normal"]
    hidden = [layer(d, k, ACTIVATIONS[activation], initializer) for d, k in pairwise(sizes[:-1])]
    output = layer(sizes[-2], K, ACTIVATIONS["identity"], initializer, order=order)
    return Network((*hidden, output), ALL[loss] if isinstance(loss, str) else loss)


def some_batch(loss, weighted):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, D)), TARGETS[loss](rng)
    if not weighted:
        return Batch(x, y, None, float(N))
    w = rng.uniform(0.2, 2.0, (N, 1))
    return Batch(x, y, w / w.sum(), float(w.sum()))


def distance_from_kinks(network, theta, batch):
    """Return the smallest distance of a hidden unit or an error from a point without derivative.

    The result is 0 if batch normalization divides by almost zero, because numerical differences are then wrong.
    """
    x, smallest = batch.x, np.inf
    training, w = Training(np.random.default_rng(0), batch.w), None if batch.w is None else batch.w[:, 0]
    memory = network.workspace(N, theta.dtype).rows(len(x))
    for layer, own, m in zip(network.layers, network.layout.views(theta.copy()), memory, strict=False):
        if isinstance(layer, (Dense, Nonlinearity)) and layer.activation.name != "identity":
            z = x @ own[0] + own[1] if isinstance(layer, Dense) else x
            smallest = min(smallest, np.abs(z).min())
        if isinstance(layer, BatchNormalization) and np.cov(x.T, aweights=w, ddof=0).diagonal().min() < 0.1:
            return 0.0
        x = layer.forward(own, x, m, training)
    name = next((name for name, loss in ALL.items() if loss == network.loss), None)
    return min(smallest, KINKS[name](x - batch.y).min()) if name in KINKS else smallest


def smooth_point(network, batch):
    """Return parameters at which no hidden unit and no error is close to a point without derivative."""
    for seed in count():
        rng = np.random.default_rng(seed)
        theta = rng.normal(0.0, 0.7, network.layout.size)
        for layer, own in zip(network.layers, network.layout.views(theta), strict=True):
            if isinstance(layer, BatchNormalization):
                own[3][...] = rng.uniform(0.5, 2.0, layer.n_out)  # a variance
        if distance_from_kinks(network, theta, batch) > FAR_FROM_KINKS:
            return theta


def error_of(network, batch, alpha=0.0, **options):
    return relative_error(network, smooth_point(network, batch), batch, alpha, **options)


def test_every_loss_has_targets_here():
    assert set(TARGETS) == set(ALL)


@pytest.mark.parametrize(("weighted", "alpha"), [(False, 0.0), (True, 0.5)], ids=["plain", "weights and penalty"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", sorted({activation.name for activation in ACTIVATIONS.values()}))
def test_gradient_of_every_activation_loss_and_depth(activation, loss, depth, weighted, alpha):
    assert error_of(network_of(activation, loss, depth), some_batch(loss, weighted), alpha) < TOLERANCE


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ALL)
def test_gradient_without_depth(loss, weighted, alpha):
    assert error_of(network_of("identity", loss, 0), some_batch(loss, weighted), alpha) < TOLERANCE


@pytest.mark.parametrize("loss", ALL)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_gradient_of_sparse_rows_and_outputs_in_columns(kind, order, loss):
    network, batch = network_of("tanh", loss, 1, order=order), some_batch(loss, weighted=True)
    theta = smooth_point(network, batch)
    assert relative_error(network, theta, batch._replace(x=kind(batch.x)), 0.5) < TOLERANCE


class SameNoise(Network):
    """A network that draws the same noise in each evaluation, so that the loss is a function of the parameters."""

    def loss_and_gradient(self, theta, grad, batch, memory, noise=None):
        frozen = Parameters(self.layout, theta.vector.copy())  # running averages change
        return super().loss_and_gradient(frozen, grad, batch, memory, np.random.default_rng(0))


NORMALIZATIONS = {"batch": BatchNormalization, "layer": LayerNormalization, None: None}


def deep_network_of(activation, loss, normalization, rates):
    """Return a network of blocks (dense layer, normalization, non-linearity, dropout) and a linear last layer."""
    initializer, layers, d = INITIALIZERS["glorot_normal"], [], D
    for rate in rates:
        if normalization is None:
            layers.append(Dense(d, WIDTH, ACTIVATIONS[activation], initializer))
        else:
            layers.append(Dense(d, WIDTH, ACTIVATIONS["identity"], initializer))
            layers += [NORMALIZATIONS[normalization](WIDTH), Nonlinearity(WIDTH, ACTIVATIONS[activation])]
        layers += [Dropout(WIDTH, rate)] * (rate > 0)
        d = WIDTH
    output = Dense(d, K, ACTIVATIONS["identity"], initializer, order="F")
    return SameNoise((*layers, output), ALL[loss])


BLOCKS = [("batch", (0, 0)), ("layer", (0, 0)), (None, (0.3, 0)), ("batch", (0, 0.4)), ("layer", (0.3, 0.4))]
blocks = pytest.mark.parametrize(("normalization", "rates"), BLOCKS, ids=str)


@blocks
@pytest.mark.parametrize("activation", sorted({activation.name for activation in ACTIVATIONS.values()}))
def test_gradient_of_blocks_with_every_activation(activation, normalization, rates):
    network = deep_network_of(activation, "squared_error", normalization, rates)
    assert error_of(network, some_batch("squared_error", weighted=True), 0.5) < TOLERANCE


@blocks
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ALL)
def test_gradient_of_blocks_with_every_loss(loss, weighted, normalization, rates):
    network = deep_network_of("tanh", loss, normalization, rates)
    assert error_of(network, some_batch(loss, weighted)) < TOLERANCE


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
@blocks
def test_gradient_of_blocks_on_rows_without_weight_and_sparse_rows(kind, normalization, rates):
    network, batch = deep_network_of("silu", "squared_error", normalization, rates), some_batch("squared_error", True)
    w = batch.w.copy()
    w[2] = 0.0
    batch = batch._replace(w=w / w.sum(), total=float(w.sum()))
    theta = smooth_point(network, batch)
    assert relative_error(network, theta, batch._replace(x=kind(batch.x))) < TOLERANCE


@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_of_batch_normalization_on_one_row(weighted):
    """One row is normalized by the running averages, which are constants, so these are not among the directions."""
    network, whole = deep_network_of("tanh", "squared_error", "batch", (0, 0)), some_batch("squared_error", False)
    batch = Batch(whole.x[:1], whole.y[:1], np.ones((1, 1)) if weighted else None, 1.0)
    theta = smooth_point(network, whole)
    learned = np.ones(network.layout.size)
    for layer, own in zip(network.layers, network.layout.views(learned), strict=True):
        if isinstance(layer, BatchNormalization):
            own[2][...] = own[3][...] = 0.0
    assert relative_error(network, theta, batch, directions=np.eye(theta.size)[learned == 1.0]) < TOLERANCE


def test_running_averages_have_no_gradient():
    network, batch = deep_network_of("tanh", "squared_error", "batch", (0, 0)), some_batch("squared_error", True)
    for rows in (slice(0, N), slice(0, 1)):
        part = Batch(batch.x[rows], batch.y[rows], None, 1.0)
        grad = loss_and_gradient(network, smooth_point(network, batch), part)[1]
        for layer, own in zip(network.layers, network.layout.views(grad), strict=True):
            if isinstance(layer, BatchNormalization):
                np.testing.assert_array_equal(own[2:], 0.0)
                assert np.abs(own[0]).min() > 0.0


def test_checking_does_not_change_running_averages():
    network = Network(deep_network_of("tanh", "squared_error", "batch", (0, 0)).layers, LOSSES["squared_error"])
    batch = some_batch("squared_error", weighted=False)
    theta = smooth_point(network, batch)
    before = theta.copy()
    loss_and_gradient(network, theta, batch)
    np.testing.assert_array_equal(theta, before)


def test_gradient_of_dropout_without_noise():
    """Without a source of noise, both passes keep all units."""
    network = Network(deep_network_of("tanh", "squared_error", None, (0.5, 0.5)).layers, LOSSES["squared_error"])
    assert error_of(network, some_batch("squared_error", weighted=False)) < TOLERANCE


class NoBiasOfRows(Dense):
    """A broken layer: the gradient of the bias is that of one row."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        grads[1][...] = memory.delta[0]


class NoDerivative(Dense):
    """A broken layer: the factor f'(z) is missing."""

    def backward(self, parameters, grads, x, memory, dx):
        linear = replace(self, activation=ACTIVATIONS["identity"])
        Dense.backward(linear, parameters, grads, x, memory, dx)


class WrongTranspose(Dense):
    """A broken layer: dx is delta W instead of delta W', if both have the same shape."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        if dx is not None and self.n_in == self.n_out:
            dx[...] = memory.delta @ parameters[0]


class WrongSign(Dense):
    """A broken layer: the gradient of one weight has the wrong sign."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        grads[0][0, 0] *= -1.0


class ConstantStatistics(BatchNormalization):
    """A broken layer: mean and variance of the mini-batch are treated as constants."""

    def backward(self, parameters, grads, x, memory, dx):
        super().backward(parameters, grads, x, memory, dx)
        dx[...] = memory.delta * parameters[0] * memory.inverse


class EqualWeights(BatchNormalization):
    """A broken layer: the backward pass ignores the row weights."""

    def backward(self, parameters, grads, x, memory, dx):
        memory.w = None
        super().backward(parameters, grads, x, memory, dx)


class MaskForgotten(Dropout):
    """A broken layer: gradients pass through the units that were left out."""

    def backward(self, parameters, grads, x, memory, dx):
        dx[...] = memory.delta / (1.0 - self.rate)


@pytest.mark.parametrize(
    ("normalization", "rates", "kind", "broken"),
    [
        ("batch", (0, 0), BatchNormalization, ConstantStatistics),
        ("batch", (0, 0), BatchNormalization, EqualWeights),
        (None, (0.3, 0.3), Dropout, MaskForgotten),
    ],
)
def test_a_broken_block_is_found(normalization, rates, kind, broken):
    network, batch = deep_network_of("tanh", "squared_error", normalization, rates), some_batch("squared_error", True)
    layers = [broken(**vars(layer)) if isinstance(layer, kind) else layer for layer in network.layers]
    assert error_of(network, batch) < TOLERANCE
    assert error_of(SameNoise(tuple(layers), network.loss), batch) > 1e-2


@pytest.mark.parametrize("broken", [NoBiasOfRows, NoDerivative, WrongTranspose, WrongSign])
def test_a_broken_layer_is_found(broken):
    batch = some_batch("squared_error", weighted=False)
    assert error_of(network_of("tanh", "squared_error", 2), batch) < TOLERANCE
    assert error_of(network_of("tanh", "squared_error", 2, layer=broken), batch) > 1e-2


def test_one_direction_is_enough_to_find_a_broken_layer():
    batch = some_batch("squared_error", weighted=False)
    network = network_of("tanh", "squared_error", 2)
    directions = np.random.default_rng(3).normal(size=(2, network.layout.size))
    assert error_of(network, batch, directions=directions) < TOLERANCE
    broken = network_of("tanh", "squared_error", 2, layer=WrongSign)
    assert error_of(broken, batch, directions=directions) > 1e-4


@dataclass(frozen=True)
class Doubled(SquaredError):
    """A broken loss: the gradient is twice that of the value."""

    def value_and_delta(self, z, y, w, delta, memory):
        value = super().value_and_delta(z, y, w, delta, memory)
        delta *= 2.0
        return value


def test_the_error_is_relative():
    """If the gradient is doubled, the error is half of the larger gradient, also where gradients are small."""
    error = error_of(network_of("tanh", Doubled(), 1), some_batch("squared_error", weighted=False))
    assert error == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_penalized_loss_by_hand(weighted):
    """``sum_i w_i L_i + alpha / 2 |W|^2 / sum of weights`` and its gradient; ``theta`` does not change."""
    network, batch = network_of("identity", "squared_error", 0), some_batch("squared_error", weighted)
    theta = smooth_point(network, batch)
    before = theta.copy()
    loss, grad = loss_and_gradient(network, theta, batch, 0.5)
    W, b = theta[: D * K].reshape(D, K), theta[D * K :]
    w = np.full((N, 1), 1 / N) if batch.w is None else batch.w
    error = batch.x @ W + b - batch.y
    assert loss == pytest.approx((w * error**2).sum() / (2 * K) + 0.25 / batch.total * (W**2).sum(), rel=1e-13)
    dW = batch.x.T @ (w * error) / K + 0.5 / batch.total * W
    np.testing.assert_allclose(grad, np.concatenate([dW.ravel(), (w * error).sum(axis=0) / K]), rtol=1e-12)
    np.testing.assert_array_equal(theta, before)
