"""A folded network makes the predictions of the trained network."""

import numpy as np
import pytest

from sknet.core.activations import ACTIVATIONS
from sknet.core.dropout import Dropout
from sknet.core.folding import fold_normalization, fold_units, is_plain
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense, Training
from sknet.core.losses import LOSSES
from sknet.core.network import Network
from sknet.core.normalization import BatchNormalization, LayerNormalization, Nonlinearity
from sknet.core.rows import Units

D, WIDTH, K, N = 3, 5, 2, 11
NORMALIZATIONS = {"batch": BatchNormalization, "layer": LayerNormalization}


def network_of(activations, normalization=None, rate=0.0):
    initializer, layers, d = INITIALIZERS["glorot_normal"], [], D
    for name in activations:
        if normalization is None:
            layers.append(Dense(d, WIDTH, ACTIVATIONS[name], initializer))
        else:
            layers.append(Dense(d, WIDTH, ACTIVATIONS["identity"], initializer))
            layers += [NORMALIZATIONS[normalization](WIDTH), Nonlinearity(WIDTH, ACTIVATIONS[name])]
        layers += [Dropout(WIDTH, rate)] if rate else []
        d = WIDTH
    layers.append(Dense(d, K, ACTIVATIONS["identity"], initializer, order="F"))
    return Network(tuple(layers), LOSSES["squared_error"])


def trained(network, dtype=np.float64):
    """Return parameters of which none is 0 or 1, and whose variances are positive."""
    return network.layout.views(np.random.default_rng(0).uniform(0.3, 1.5, network.layout.size).astype(dtype))


def some_rows():
    return np.random.default_rng(1).normal(size=(N, D))


def kinds(network):
    return [type(layer) for layer in network.layers]


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_batch_normalization_merges_into_the_dense_layer_before_it(activation, rate):
    network = network_of([activation, "tanh"], "batch", rate)
    arrays, x = trained(network), some_rows()
    folded, own = fold_normalization(network, arrays)
    np.testing.assert_allclose(folded.forward(own, x), network.forward(arrays, x), rtol=1e-12)
    assert kinds(folded) == ([Dense, Dropout, Dense, Dropout, Dense] if rate else [Dense] * 3)
    assert [layer.activation.name for layer in folded.layers if isinstance(layer, Dense)] == [
        ACTIVATIONS[activation].name, "tanh", "identity"
    ]  # fmt: skip
    assert is_plain(folded)


def test_the_merged_dense_layer_has_the_weights_of_the_formula():
    network = network_of(["identity"], "batch")
    arrays = trained(network)
    (W, b), (gain, shift, mean, variance) = arrays[:2]
    W2, b2 = fold_normalization(network, arrays)[1][0]
    scale = np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(W2, W * (gain / scale), rtol=1e-14)
    np.testing.assert_allclose(b2, (b - mean) * gain / scale + shift, rtol=1e-14)


@pytest.mark.parametrize("normalization", [None, "layer"])
@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_other_layers_are_not_changed(normalization, rate):
    network = network_of(["tanh", "relu"], normalization, rate)
    arrays = trained(network)
    folded, own = fold_normalization(network, arrays)
    assert folded == network
    assert all(ours is theirs for ours, theirs in zip(own, arrays, strict=True))
    assert is_plain(folded) == (normalization is None)


def test_the_arguments_are_not_changed():
    network = network_of(["tanh", "relu"], "batch")
    arrays = trained(network)
    before = [[array.copy() for array in own] for own in arrays]
    fold_normalization(network, arrays)
    for own, old in zip(arrays, before, strict=True):
        for array, copy in zip(own, old, strict=True):
            np.testing.assert_array_equal(array, copy)


def test_float32_stays_float32():
    network = network_of(["tanh"], "batch")
    own = fold_normalization(network, trained(network, np.float32))[1]
    assert {array.dtype for arrays in own for array in arrays} == {np.dtype(np.float32)}


def test_the_loss_is_kept():
    network = network_of(["tanh"], "batch")
    assert fold_normalization(network, trained(network))[0].loss is network.loss


def test_monte_carlo_dropout_is_the_same_after_folding():
    network = network_of(["tanh", "relu"], "batch", 0.5)
    arrays, x = trained(network), some_rows()
    for own in arrays:
        for array in own:
            array.flags.writeable = False
    folded, own = fold_normalization(network, arrays)
    noisy = folded.forward(own, x, None, Training(np.random.default_rng(0), None))
    assert np.abs(noisy - folded.forward(own, x)).max() > 1e-3


def test_networks_without_a_hidden_layer_are_not_changed():
    network = network_of([])
    assert fold_normalization(network, trained(network))[0] == network
    assert is_plain(network)


@pytest.mark.parametrize("depth", [0, 2])
def test_units_fold_into_the_first_and_the_last_layer(depth):
    network = network_of(["tanh"] * depth)
    arrays, x = trained(network), some_rows()
    inputs = Units(np.arange(1.0, D + 1.0), np.linspace(0.5, 3.0, D))
    outputs = Units(np.arange(K) - 7.0, np.linspace(2.0, 5.0, K))
    expected = network.forward(arrays, (x - inputs.shift) / inputs.scale) * outputs.scale + outputs.shift
    folded = fold_units(arrays, inputs, outputs)
    np.testing.assert_allclose(network.forward(folded, x), expected, rtol=1e-12)
