import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknet.preprocessing.moments import Moments
from sknet.preprocessing.scaling import rescale_inputs, rescale_outputs


def make_X(n=500, d=7):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, d)) * 10.0 ** rng.integers(-3, 4, d) + rng.standard_normal(d)


MOMENTS = {
    "raw": None,
    "dense": Moments.of(make_X(), None),
    "other": Moments.of(make_X(50) * 3.0 + 10.0, None),
    "sparse": Moments.of(sp.csr_matrix(make_X()), None),
    "constant": Moments.of(np.full((5, 7), 3.0), None),
}


def standardize(X, moments):
    return X if moments is None else (X - moments.shift) / moments.scale


@pytest.mark.parametrize("new", MOMENTS)
@pytest.mark.parametrize("old", MOMENTS)
def test_rescaled_inputs_give_the_same_layer(old, new):
    rng = np.random.default_rng(3)
    X, W, b = make_X(20), rng.standard_normal((7, 4)), rng.standard_normal(4)
    if old == "constant" and new != "raw":
        X = np.full((2, 7), 3.0)  # the function is kept only for rows like the training rows
    old, new = MOMENTS[old], MOMENTS[new]
    expected = standardize(X, old) @ W + b
    W2, b2 = W.copy(), b.copy()
    assert rescale_inputs(W2, b2, old, new) is None  # in place
    assert_allclose(standardize(X, new) @ W2 + b2, expected, rtol=1e-9, atol=1e-9)
    if old is new:
        assert_array_equal(W2, W)  # bit for bit: warm starts depend on it
        assert_array_equal(b2, b)


@pytest.mark.parametrize("new", MOMENTS)
@pytest.mark.parametrize("old", MOMENTS)
def test_rescaled_outputs_give_the_same_predictions(old, new):
    rng = np.random.default_rng(3)
    a, W, b = rng.standard_normal((20, 4)), rng.standard_normal((4, 7)), rng.standard_normal(7)
    old, new = MOMENTS[old], MOMENTS[new]

    def in_units_of_y(z, moments):
        return z if moments is None else z * moments.scale + moments.shift

    expected = in_units_of_y(a @ W + b, old)
    W2, b2 = W.copy(), b.copy()
    assert rescale_outputs(W2, b2, old, new) is None
    assert_allclose(in_units_of_y(a @ W2 + b2, new), expected, rtol=1e-9, atol=1e-9)
    if old is new:
        assert_array_equal(W2, W)
        assert_array_equal(b2, b)


def test_float32_weights_stay_float32():
    W, b = np.ones((7, 4), np.float32), np.ones(4, np.float32)
    rescale_inputs(W, b, MOMENTS["raw"], MOMENTS["dense"])
    rescale_outputs(W.T, np.ones(7, np.float32), MOMENTS["raw"], MOMENTS["dense"])
    assert W.dtype == b.dtype == np.float32
