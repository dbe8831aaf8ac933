"""Compare losses and gradients with PyTorch's functions and automatic differentiation, in float64."""

import numpy as np
import pytest
from test_gradcheck import ALL, BLOCKS, THRESHOLD, D, K, N, SameNoise, deep_network_of, some_batch
from test_gradients import INPUTS, NAMES, behind

from sknet.core.dropout import Dropout
from sknet.core.gradcheck import loss_and_gradient
from sknet.core.inputs import PeriodicEmbedding, Scaling
from sknet.core.layers import Dense
from sknet.core.memory import Parameters
from sknet.core.normalization import BatchNormalization, LayerNormalization, Nonlinearity

torch = pytest.importorskip("torch")
F = torch.nn.functional

ACTIVATIONS = {
    "identity": lambda z: z,
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda z: torch.softmax(z, dim=1),
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
}


def pinball(z, y, levels):
    r = y - z
    return torch.maximum(r * levels, r * (levels - 1.0))


# The loss of each row, shape (n,).
LOSSES = {
    "log_loss": lambda z, y: F.cross_entropy(z, y, reduction="none"),
    "groups": lambda z, y: sum(F.cross_entropy(z[:, g], y[:, g], reduction="none") for g in (slice(1), slice(1, 3))),
    "binary_log_loss": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1),
    "squared_error": lambda z, y: 0.5 * F.mse_loss(z, y, reduction="none").mean(1),
    "absolute_error": lambda z, y: F.l1_loss(z, y, reduction="none").mean(1),
    "huber": lambda z, y: F.huber_loss(z, y, reduction="none", delta=THRESHOLD).mean(1),
    "quantile": lambda z, y: pinball(z, y, torch.tensor([0.5])).mean(1),
    "quantiles": lambda z, y: pinball(z, y, torch.tensor([0.1, 0.5, 0.8], dtype=torch.float64)).mean(1),
    "poisson": lambda z, y: (F.poisson_nll_loss(z, y, reduction="none") + torch.special.xlogy(y, y) - y).sum(1),
    "gamma": lambda z, y: (z - torch.log(y) + y * torch.exp(-z) - 1.0).mean(1),
}


def batch_normalization(layer, own, x, w):
    """Batch normalization with row weights, which PyTorch's own function does not have."""
    gain, shift, mean, variance = own
    if w is None:
        return F.batch_norm(
            x, mean.detach().clone(), variance.detach().clone(), gain, shift, training=True, eps=layer.epsilon
        )
    m = (w * x).sum(0)
    return (x - m) / torch.sqrt((w * (x - m) ** 2).sum(0) + layer.epsilon) * gain + shift


def embedded(layer, own, x):
    frequency, phase, W, b = own
    new = [torch.cos(x[:, [column]] * frequency[i] + phase[i]) @ W[i] + b[i] for i, column in enumerate(layer.columns)]
    return torch.cat([x, *new], dim=1)


def forward(layer, own, x, w, noise):
    match layer:
        case Dense():
            return ACTIVATIONS[layer.activation.name](x @ own[0] + own[1])
        case Nonlinearity():
            return ACTIVATIONS[layer.activation.name](x)
        case Dropout():  # PyTorch's dropout has no argument for the units to leave out
            return x * torch.from_numpy(noise.random(tuple(x.shape)) >= layer.rate) / (1.0 - layer.rate)
        case BatchNormalization():
            return batch_normalization(layer, own, x, w)
        case LayerNormalization():
            return F.layer_norm(x, (layer.n_out,), *own, eps=layer.epsilon)
        case Scaling():
            u = (x - own[0]) * own[1]
            return u / torch.sqrt(1.0 + (u / layer.bound) ** 2)
        case PeriodicEmbedding():
            return embedded(layer, own, x)


def theirs(network, loss, theta, batch, alpha):
    """Return the penalized loss of PyTorch and its gradient, which is zero for parameters that are not learned."""
    own = [[torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in p] for p in views(network, theta)]
    x, y = torch.from_numpy(batch.x), torch.from_numpy(np.ascontiguousarray(batch.y))
    w, noise = None if batch.w is None else torch.from_numpy(batch.w), np.random.default_rng(0)
    for layer, arrays in zip(network.layers, own, strict=True):
        x = forward(layer, arrays, x, w, noise)
    rows = LOSSES[loss](x, y.expand(-1, K))
    value = rows.mean() if w is None else (w[:, 0] * rows).sum()
    specs = [layer.specs() for layer in network.layers]
    pairs = [pair for s, arrays in zip(specs, own, strict=True) for pair in zip(s, arrays, strict=True)]
    value = value + alpha / batch.total / 2.0 * sum((array**2).sum() for spec, array in pairs if spec.penalized)
    value.backward()
    grad = np.zeros_like(theta)
    for (spec, array), view in zip(pairs, (v for p in views(network, grad) for v in p), strict=True):
        if spec.learned and array.grad is not None:
            view[...] = array.grad.numpy()
    return value.item(), grad


def views(network, vector):
    return Parameters(network.layout, vector).layers


def some_point(network):
    """Return any parameters and rows: without numerical differences, they may be close to points without derivative."""
    rng = np.random.default_rng(1)
    theta = rng.normal(0.0, 0.7, network.layout.size)
    for layer, own in zip(network.layers, views(network, theta), strict=True):
        if isinstance(layer, BatchNormalization):
            own[3][...] = rng.uniform(0.5, 2.0, layer.n_out)  # a variance
    return theta


def assert_same(networks, loss, weighted):
    batch = some_batch(loss, weighted)
    for network in networks:
        theta = some_point(network)
        ours = loss_and_gradient(network, theta, batch, 0.5)
        expected = theirs(network, loss, theta, batch, 0.5)
        np.testing.assert_allclose(ours[0], expected[0], rtol=1e-12, err_msg=str(network))
        np.testing.assert_allclose(ours[1], expected[1], rtol=1e-9, atol=1e-12, err_msg=str(network))


weighted = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weights"])
every_loss = pytest.mark.parametrize("loss", ALL)


def test_every_activation_and_loss_has_a_counterpart_in_pytorch():
    assert set(ACTIVATIONS) == set(NAMES)
    assert set(LOSSES) == set(ALL)


@weighted
@every_loss
@pytest.mark.parametrize(("normalization", "rates"), [(None, ()), (None, (0, 0)), *BLOCKS], ids=str)
def test_blocks_have_the_loss_and_gradient_of_pytorch(normalization, rates, loss, weighted):
    assert_same([deep_network_of(name, loss, normalization, rates) for name in NAMES], loss, weighted)


@weighted
@every_loss
@pytest.mark.parametrize("inputs", INPUTS.values(), ids=list(INPUTS))
def test_input_layers_have_the_loss_and_gradient_of_pytorch(inputs, loss, weighted):
    assert_same([behind(inputs, deep_network_of(name, loss, "batch", (0.3,))) for name in NAMES], loss, weighted)


def test_dropout_leaves_out_some_units_but_not_all():
    """If all units were kept, the comparison above would not test dropout."""
    network = deep_network_of("tanh", "squared_error", None, (0.3, 0.3))
    assert isinstance(network, SameNoise)
    mask = np.random.default_rng(0).random((N, network.layers[0].n_out)) >= 0.3
    assert 0 < mask.sum() < mask.size
    assert network.layers[0].n_in == D
