"""A change of units adapts the weights so that predictions stay the same."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknet.preprocessing.moments import Moments
from sknet.preprocessing.scaling import fits, rescale_inputs, rescale_outputs, same_units


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


def moved(moments, steps=0.0, ratio=1.0):
    """Return moments whose mean is ``steps`` scales further, with a scale ``ratio`` times as large."""
    variance = moments.squares * ratio**2
    return replace(moments, mean=moments.mean + steps * moments.scale * ratio, squares=variance)


@pytest.mark.parametrize(
    ("steps", "ratio", "expected"),
    [(0.0, 1.0, True), (0.4, 1.0, True), (-0.4, 1.0, True), (0.6, 1.0, False), (-0.6, 1.0, False), (0.0, 1.9, True),
     (0.0, 1 / 1.9, True), (0.0, 2.1, False), (0.0, 1 / 2.1, False)],
)  # fmt: skip
def test_units_fit_until_a_column_moves_by_half_its_scale_or_its_scale_doubles(steps, ratio, expected):
    used = MOMENTS["other"]
    assert fits(used, moved(used, steps, ratio)) == expected


def test_units_of_a_constant_fit_only_a_constant():
    constant = Moments.of(np.full((5, 1), 3.0), None)
    ones = Moments.of(np.array([[2.0], [4.0], [2.0], [4.0]]), None)  # of the same mean and scale
    assert_array_equal([constant.shift, constant.scale], [ones.shift, ones.scale])
    assert fits(constant, constant)
    assert fits(ones, constant)
    assert not fits(constant, ones)


@pytest.mark.parametrize("compare", [fits, same_units])
def test_raw_data_have_the_units_of_raw_data_only(compare):
    dense = MOMENTS["dense"]
    assert compare(None, None)
    assert not compare(dense, None)
    assert not compare(None, dense)
    assert compare(dense, Moments.of(make_X(), None))  # equal, but another object


@pytest.mark.parametrize("change", [{"steps": 0.1}, {"ratio": 1.1}])
def test_units_are_the_same_only_if_shift_and_scale_are(change):
    assert not same_units(MOMENTS["dense"], moved(MOMENTS["dense"], **change))
