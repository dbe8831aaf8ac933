"""Data are not copied, changed or made dense; this includes sparse matrices, memory maps and large arrays."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import traced_peak
from scaled_data import BOTH, CLF, REG, SMALL, SOLVER, WEIGHTS, N, X, outputs, sparse_X, target

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("early_stopping", [False, True])
@SOLVER
@BOTH
def test_sparse_stays_sparse(monkeypatch, Estimator, solver, early_stopping, container):
    if solver == "lbfgs" and early_stopping:
        return
    data, y = container(sparse_X()), target(Estimator)

    def refuse(*args, **kwargs):
        raise AssertionError("made dense")

    for kind in (sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.csc_array):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(kind, name, refuse)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, **SMALL).fit(data, y, WEIGHTS)
    assert outputs(mlp, data).shape[0] == N
    if solver != "lbfgs":
        mlp.partial_fit(data, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weight_dtype", [np.float32, np.float64, np.int64])
@BOTH
def test_sparse_inputs_take_weights_of_any_dtype(Estimator, weight_dtype, dtype):
    weights = np.random.default_rng(0).integers(0, 3, N).astype(weight_dtype)
    mlp = Estimator(**SMALL).fit(sparse_X().astype(dtype), target(Estimator), weights)
    same = Estimator(**SMALL).fit(sparse_X().astype(dtype), target(Estimator), weights.astype(dtype))
    assert_array_equal(outputs(mlp, sparse_X()), outputs(same, sparse_X()))


@SOLVER
@BOTH
def test_sparse_and_dense_give_the_same_without_standardization(Estimator, solver):
    data, y = sparse_X() / 100.0, target(Estimator) / 100
    parameters = SMALL | {"solver": solver, "standardize": False, "max_iter": 5}
    if Estimator is CLF:
        y = target(CLF)
    dense = Estimator(**parameters).fit(data.toarray(), y)
    assert_allclose(outputs(Estimator(**parameters).fit(data, y), data), outputs(dense, data.toarray()), rtol=1e-8)
    assert_allclose(outputs(dense, data), outputs(dense, data.toarray()), rtol=1e-10)


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@SOLVER
def test_no_copy_of_X(solver, dtype, layout):
    """X has 20 or 40 MB. The mini-batches of L-BFGS may need 8 MB, and those of 128 rows need 1 MB."""
    n, d = 5000, 1000
    data = np.asarray(np.random.default_rng(0).standard_normal((n, d), dtype=np.float32), dtype=dtype, order=layout)
    y = data[:, 0].copy()
    mlp = REG(solver=solver, width=2, max_iter=2)
    limit = 10e6 if solver == "lbfgs" else 6e6
    assert traced_peak(lambda: mlp.fit(data, y, np.ones(n))) < limit
    assert traced_peak(lambda: mlp.predict(data)) < 4e6


def test_X_and_y_and_weights_are_not_changed():
    for data in (X.copy(), np.asfortranarray(X), X.astype(np.float32), sparse_X()):
        for Estimator in (CLF, REG):
            y, weights = target(Estimator), WEIGHTS.copy()
            before = (data.copy(), y.copy(), weights.copy())
            mlp = Estimator(early_stopping=True, **SMALL).fit(data, y, weights).partial_fit(data, y, weights)
            outputs(mlp, data)
            assert abs(before[0] - data).max() == 0.0
            assert_array_equal(before[1], y)
            assert_array_equal(before[2], weights)


@SOLVER
@BOTH
def test_read_only_memory_maps(tmp_path, Estimator, solver):
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", target(Estimator))
    data, y = (np.load(tmp_path / name, mmap_mode="r") for name in ("X.npy", "y.npy"))
    mlp = Estimator(solver=solver, **SMALL).fit(data, y)
    assert_array_equal(outputs(mlp, data), outputs(Estimator(solver=solver, **SMALL).fit(X, y), X))
