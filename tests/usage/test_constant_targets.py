"""A constant target is predicted exactly, alone or with others, for every size and loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknet import MLPRegressorScratch

X = np.random.default_rng(0).normal(size=(150, 3))
SMALL = {"width": 8, "depth": 1, "max_iter": 5, "random_state": 0}
LOSSES = ["squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"]
SIZES = [0.0, 1e-300, 1e-6, 0.1, 1.0, 5000.0, 1e8, 1e15]


def domain(loss, size):
    if loss == "gamma" and size == 0.0:
        pytest.skip("the gamma loss is for positive targets")
    return size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_alone(loss, size, dtype):
    size = domain(loss, size)
    mlp = MLPRegressorScratch(loss, **SMALL).fit(X.astype(dtype), np.full(150, size))
    assert_allclose(mlp.predict(2.0 * X.astype(dtype)), size, rtol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("loss", LOSSES)
def test_with_others(loss, size):
    size = domain(loss, size)
    Y = np.column_stack([1e-4 * np.exp(X[:, 0]), np.full(150, size), np.exp(X[:, 1])])
    found = MLPRegressorScratch(loss, **SMALL).fit(X, Y).predict(2.0 * X)
    assert_allclose(found[:, 1], size, rtol=1e-12)
    assert found[:, 0].std() > 0.0


@pytest.mark.parametrize("size", [-7.3, 1e9])
def test_several_quantiles_and_weights_for_raw_inputs(size):
    mlp = MLPRegressorScratch("quantile", quantile=[0.1, 0.9], **SMALL).fit(X, np.full(150, size))
    assert_allclose(mlp.predict(X), size, rtol=1e-15)
    assert_allclose(mlp.coefs_[-1], 0.0)
    assert_allclose(mlp.intercepts_[-1], size)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("size", [1e-3, 1e7])
def test_training_starts_at_the_mean_or_median_of_the_targets(loss, size):
    """This also holds with a log link: the first predictions have the size of y."""
    y = size * np.exp(0.1 * X[:, 0])
    mlp = MLPRegressorScratch(loss, **SMALL | {"max_iter": 1, "learning_rate_init": 1e-9}).fit(X, y)
    assert 0.3 * size < np.median(mlp.predict(X)) < 3.0 * size


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_target_that_varies_later_in_a_stream(loss):
    mlp = MLPRegressorScratch(loss, **SMALL).partial_fit(X[:20], np.full(20, 3.0))
    assert_allclose(mlp.predict(X), 3.0, rtol=1e-12)
    for _ in range(200):
        mlp.partial_fit(X, np.exp(1.0 + X[:, 0]))
    assert mlp.score(X, np.exp(1.0 + X[:, 0])) > 0.5
