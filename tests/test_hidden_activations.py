"""Compare the outputs of each hidden layer with the formula of the network."""

import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import ACTIVATIONS, PlainRegressor
from plain_fits import BOTH, X, fitted, target
from sklearn.exceptions import NotFittedError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("normalization", [None, "batch"])
@pytest.mark.parametrize("data", [X, sp.csr_array(X)], ids=["dense", "sparse"])
@BOTH
def test_hidden_activations_of_each_layer(Estimator, data, normalization):
    names = ["tanh", "silu", "softmax"]
    mlp = fitted(
        Estimator, data, target(Estimator), hidden_layer_sizes=(6, 5, 3), activation=names, dropout=0.3,
        normalization=normalization,
    )  # fmt: skip
    h = X
    for layer, (W, b, name) in enumerate(zip(mlp.coefs_, mlp.intercepts_, names, strict=False)):
        h = ACTIVATIONS[name](h @ W + b)
        for number in (layer, layer - 3):
            found = mlp.hidden_activations(data, layer=number)
            assert_allclose(found, h, rtol=1e-9, atol=1e-12)
            assert found.flags.c_contiguous
    assert_array_equal(mlp.hidden_activations(data), mlp.hidden_activations(data, 2))


def test_hidden_activations_after_layer_normalization():
    mlp = fitted(PlainRegressor, normalization="layer", activation="tanh")
    (W, b), (_, units) = mlp._arrays[-1], mlp._units
    z = mlp.hidden_activations(X) @ W + b
    assert_allclose((z * units.scale + units.shift)[:, 0], mlp.predict(X), rtol=1e-10)


@pytest.mark.parametrize("layer", [2, -3, 1.0, "last", None])
def test_a_hidden_layer_that_does_not_exist_is_an_error(layer):
    with pytest.raises(ValueError, match=r"`layer` must be an integer from -2 to 1: .* has 2 hidden layers, got"):
        fitted(PlainRegressor, depth=2).hidden_activations(X, layer)


def test_a_linear_model_has_no_hidden_layer():
    with pytest.raises(ValueError, match=r"has 0 hidden layers"):
        fitted(PlainRegressor, depth=0).hidden_activations(X)


def test_hidden_activations_need_a_fit():
    with pytest.raises(NotFittedError):
        PlainRegressor().hidden_activations(X)
