"""Single and double precision: the dtype of computation and predictions, for each dtype of inputs and targets."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scaled_data import BOTH, RAW, REG, SMALL, SOLVER, N, X, outputs, target

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("given", "dtype", "computed"),
    [
        (np.float32, None, np.float32),
        (np.float64, None, np.float64),
        (np.int32, None, np.float64),
        (np.float16, None, np.float64),
        (np.float64, "float32", np.float32),
        (np.float32, "float64", np.float64),
        (np.float64, np.float32, np.float32),
        (np.int64, np.dtype("float32"), np.float32),
    ],
)
@SOLVER
@BOTH
def test_dtype(Estimator, solver, given, dtype, computed):
    data = (10 * RAW).astype(given)
    mlp = Estimator(solver=solver, dtype=dtype, **SMALL).fit(data, target(Estimator), np.ones(N))
    assert {a.dtype for a in mlp.coefs_ + mlp.intercepts_} == {np.dtype(computed)}
    regressor = Estimator is REG  # predictions for float64 rows are float64, also if computed in float32
    assert outputs(mlp, data).dtype == (np.float64 if regressor and given != np.float32 else computed)
    assert outputs(mlp, data.astype(float)).dtype == (np.float64 if regressor else computed)
    double = Estimator(solver=solver, **SMALL).fit(data.astype(float), target(Estimator))
    assert_allclose(outputs(mlp, data), outputs(double, data), rtol=0.02, atol=0.01)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_dtype_of_sparse_inputs(Estimator, container):
    mlp = Estimator(dtype="float32", **SMALL).fit(container(X), target(Estimator))
    assert mlp.coefs_[0].dtype == np.float32
    assert outputs(mlp, container(X.astype(np.float32))).dtype == np.float32


@pytest.mark.parametrize("y_dtype", [np.float16, np.float32, np.int8, np.int64, np.uint8, bool, object])
def test_targets_of_any_dtype(y_dtype):
    y = np.random.default_rng(0).integers(0, 2, N).astype(y_dtype)
    expected = REG(**SMALL).fit(X, y.astype(float)).predict(X)
    assert_allclose(REG(**SMALL).fit(X, y).predict(X), expected, rtol=1e-6, atol=1e-6)
