"""Sample weights have the effect of repeated rows, one number weights all rows, and their scale does not matter."""

import contextlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scaled_data import BOTH, SMALL, N, X, outputs, target

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("weights", [2, 0.5, np.float32(3.0)])
@BOTH
def test_one_number_is_the_weight_of_all_rows(Estimator, weights):
    mlp = Estimator(**SMALL).fit(X, target(Estimator), weights)
    same = Estimator(**SMALL).fit(X, target(Estimator), np.full(N, weights))
    assert_array_equal(outputs(mlp, X), outputs(same, X))


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@BOTH
def test_weights_are_repetitions(Estimator, solver):
    weights = np.random.default_rng(1).integers(0, 4, N)
    rows = np.repeat(np.arange(N), weights)
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "batch_size": 10**9}
    clipped = pytest.warns(UserWarning, match="batch_size") if solver != "lbfgs" else contextlib.nullcontext()
    with clipped:
        mlp = Estimator(**parameters).fit(X, y, weights)
        repeated = Estimator(**parameters).fit(X[rows], y[rows])
    assert_allclose(outputs(mlp, X), outputs(repeated, X), rtol=1e-6)
    assert_allclose(mlp.loss_curve_, repeated.loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e30, 1e39])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@BOTH
def test_the_scale_of_the_weights_does_not_matter_without_penalty(Estimator, dtype, scale):
    weights = np.random.default_rng(1).uniform(0.5, 2.0, N)
    parameters = SMALL | {"alpha": 0.0}
    mlp = Estimator(**parameters).fit(X.astype(dtype), target(Estimator), weights)
    shares = pytest.warns(UserWarning, match="taken as shares") if scale < 1.0 else contextlib.nullcontext()
    with shares:
        other = Estimator(**parameters).fit(X.astype(dtype), target(Estimator), weights * scale)
    rtol = 1e-9 if dtype == np.float64 else 1e-3
    assert_allclose(outputs(other, X.astype(dtype)), outputs(mlp, X.astype(dtype)), rtol=rtol, atol=1e-4)
