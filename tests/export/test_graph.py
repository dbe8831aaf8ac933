"""Layers and activations compute the same in ONNX as in this package."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from serving import FLOATS, REGRESSIONS, SMALL, X32, X, Y, assert_served, serve

from sknet import ACTIVATIONS, Activation, MLPClassifierScratch, MLPRegressorScratch
from sknet.core.activations import EXP
from sknet.core.normalization import LayerNormalization
from sknet.export import graph, to_onnx

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

float_types = pytest.mark.parametrize("dtype", FLOATS)


def test_every_activation_has_nodes():
    assert set(graph._NODES) == {activation.name for activation in (*ACTIVATIONS.values(), EXP)}


@float_types
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name, normalization, dtype):
    inputs, tolerance = FLOATS[dtype]
    if name == "gelu":
        tolerance = 1e-5  # ONNX Runtime has the error function for float32 only
    net = MLPRegressorScratch(activation=name, normalization=normalization, **SMALL).fit(X, Y)
    assert_served(net, inputs, tolerance, dtype=dtype)


@float_types
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_far_from_zero(name, dtype):
    """If the values do not overflow, no intermediate result does."""
    z = np.array([[-1e4, -100.0, -20.0, -1e-3, 0.0, 1e-3, 20.0, 100.0, 1e4]], dtype=dtype)
    net = MLPRegressorScratch(activation=name, standardize=False, depth=1, width=9, max_iter=1, batch_size=1)
    net.fit(z.astype(float), z.astype(float) / 1e4)
    net.coefs_ = [np.eye(9), np.eye(9)]
    net.intercepts_ = [np.zeros(9), np.zeros(9)]
    found = serve(to_onnx(net, dtype=dtype), {"X": z})["variable"]
    np.testing.assert_allclose(found, ACTIVATIONS[name](z.astype(float)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_every_depth(depth, standardize):
    rows = X32 - X32.mean(axis=0)
    net = MLPRegressorScratch(standardize=standardize, **SMALL | {"depth": depth}).fit(rows, Y)
    assert_served(net, rows)


def test_different_activations_and_dropout():
    net = MLPClassifierScratch(activation=["tanh", "gelu"], dropout=[0.0, 0.4], **SMALL).fit(X, X[:, 0] > 0)
    assert_served(net)
    assert "Dropout" not in operators(net)


@float_types
@pytest.mark.parametrize("standardize", [False, True, "robust"])
@pytest.mark.parametrize("embedding", [None, "periodic"])
def test_embedded_and_standardized_inputs(embedding, standardize, dtype):
    inputs, tolerance = FLOATS[dtype]
    net = MLPRegressorScratch(embedding=embedding, standardize=standardize, **SMALL).fit(X, Y)
    assert_served(net, inputs, tolerance, dtype=dtype)


def test_a_network_of_float32():
    rows = (X32 - X32.mean(axis=0)) / X32.std(axis=0)
    assert_served(MLPRegressorScratch(dtype="float32", **SMALL).fit(rows, Y), rows)


def operators(net):
    return {node.op_type for node in to_onnx(net).graph.node}


def test_a_network_fitted_to_a_sparse_matrix():
    """Only columns far from zero are centred."""
    net = MLPRegressorScratch(**SMALL).fit(sp.csr_matrix(X), Y)
    assert_served(net, tolerance=1e-4)
    assert ("Sub" in operators(net)) == net._state.inputs.shift.any()
    assert "Sub" not in operators(MLPRegressorScratch(**SMALL).fit(sp.csr_matrix(X - X.mean(axis=0)), Y))


def test_inputs_are_centred_as_in_training():
    assert "Sub" in operators(MLPRegressorScratch(activation="relu", **SMALL).fit(X, Y))
    assert "Sub" not in operators(MLPRegressorScratch(activation="relu", standardize=False, **SMALL).fit(X, Y))


def test_weights_changed_by_hand_are_exported():
    net = MLPRegressorScratch(**SMALL).fit(X, Y)
    net.coefs_[0] *= 2.0
    assert_served(net)


@pytest.mark.parametrize("mean", [1e3, 1e5])
def test_large_means_lose_no_digits(mean):
    """With standardization folded into the weights, raw inputs times weights would cancel in float32."""
    rows = (X32 / X32.std(axis=0) + np.float32(mean)).astype(np.float32)
    net = MLPClassifierScratch(**SMALL | {"max_iter": 40}).fit(rows.astype(float), X[:, 0] > 0)
    found = serve(to_onnx(net), {"X": rows})["probabilities"]
    np.testing.assert_allclose(found, net.predict_proba(rows.astype(float)), atol=3e-6)
    plain = rows @ net.coefs_[0].astype(np.float32) + net.intercepts_[0].astype(np.float32)
    assert np.abs(plain - (rows.astype(float) @ net.coefs_[0] + net.intercepts_[0])).max() > 1e-4


@pytest.mark.parametrize("opset", [11, 13, 15, 17, 18, 21])
def test_older_operators(opset):
    parameters, y = REGRESSIONS["quantiles"]
    for activation in ("relu", "softmax", "gelu", "mish"):
        net = MLPRegressorScratch(activation=activation, **SMALL, **parameters).fit(X, y)
        assert_served(net, target_opset=opset)
        assert [o.version for o in to_onnx(net, target_opset=opset).opset_import if not o.domain] == [opset]


def test_layer_normalization_with_another_epsilon():
    net = MLPRegressorScratch(normalization="layer", **SMALL).fit(X, Y)
    before = net.predict(X32)
    layers = [replace(n, epsilon=0.5) if isinstance(n, LayerNormalization) else n for n in net._network.layers]
    net._network = replace(net._network, layers=tuple(layers))
    assert np.abs(net.predict(X32) - before).max() > 1e-2
    assert_served(net)


def test_layer_normalization_needs_newer_operators():
    net = MLPRegressorScratch(normalization="layer", **SMALL).fit(X, Y)
    assert_served(net, target_opset=17)
    with pytest.raises(ValueError, match="layer normalization needs a `target_opset` of at least 17, got 16"):
        to_onnx(net, target_opset=16)


def _double(z, out, work):
    np.multiply(z, 2.0, out=out)


def _double_backward(a, delta, work):
    np.multiply(delta, 2.0, out=delta)


@pytest.mark.parametrize("name", ["double", "relu"])
def test_an_own_activation_is_an_error(name):
    own = Activation(name, "2 a", "2", (-np.inf, np.inf), _double, _double_backward)
    net = MLPRegressorScratch(activation=own, **SMALL).fit(X, Y)
    with pytest.raises(ValueError, match=r"activation must be one of .*gelu.*an object of your own"):
        to_onnx(net)


def test_weights_too_large_for_float32_are_an_error():
    net = MLPRegressorScratch(**SMALL).fit(X, Y * 1e40)
    with pytest.raises(ValueError, match=r"weights must fit float32.*Export with dtype='float64'"):
        to_onnx(net)
    assert_served(net, X, 1e-9, dtype="float64")
