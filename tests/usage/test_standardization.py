"""Standardization of inputs and targets inside the estimators equals that by a scaler, for all units."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scaled_data import BOTH, CLF, RAW, REG, SIGNAL, SMALL, SOLVER, WEIGHTS, N, X, outputs, sparse_X, target
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@SOLVER
@BOTH
def test_standardize_equals_a_scaler_in_a_pipeline(Estimator, solver, weights, sparse):
    """Dense inputs are centred and scaled, sparse ones divided by the root mean square of their nonzero values."""
    data, y = (sparse_X() if sparse else X), target(Estimator)
    mlp = Estimator(solver=solver, **SMALL).fit(data, y, weights)
    scaler = StandardScaler(with_mean=not sparse).fit(data, sample_weight=weights)
    if sparse:
        squares, there = (np.average(a, axis=0, weights=weights) for a in (data.toarray() ** 2, data.toarray() != 0.0))
        scaler.scale_ = np.sqrt(squares / there)
    if Estimator is REG:
        mean = np.average(y, weights=weights)
        scale = np.sqrt(np.average((y - mean) ** 2, weights=weights))
        y = (y - mean) / scale
    reference = clone(mlp).set_params(standardize=False).fit(scaler.transform(data), y, weights)
    expected = outputs(reference, scaler.transform(data))
    if Estimator is REG:
        expected = expected * scale + mean
    # In eight epochs or iterations, rounding errors grow to some digits.
    assert_allclose(outputs(mlp, data), expected, rtol=1e-7)
    assert_allclose(mlp.loss_curve_, reference.loss_curve_, rtol=1e-7)
    assert_allclose(mlp.penalty_curve_, reference.penalty_curve_, rtol=1e-7)


def test_targets_of_counts_are_divided_by_their_mean():
    counts = np.random.default_rng(0).poisson(3.0, N)
    mlp = REG(loss="poisson", **SMALL).fit(X, counts)
    scaled = StandardScaler().fit_transform(X)
    reference = REG(loss="poisson", standardize=False, **SMALL).fit(scaled, counts / counts.mean())
    assert_allclose(mlp.predict(X), counts.mean() * reference.predict(scaled), rtol=1e-9)


def test_several_targets_are_standardized_separately():
    Y = np.column_stack([SIGNAL, 1e6 * SIGNAL**2 + 1e7, 1e-6 * RAW[:, 3], np.full(N, 7.0)])
    mlp = REG(**SMALL | {"max_iter": 300}).fit(X, Y)
    assert_allclose(mlp.predict(X)[:, 3], 7.0, rtol=1e-15)
    for k in range(3):
        assert np.mean((mlp.predict(X)[:, k] - Y[:, k]) ** 2) < 0.3 * Y[:, k].var()
    assert np.abs(mlp.predict(X).mean(axis=0) - Y.mean(axis=0)).max() < 0.1 * Y.std(axis=0).max()


@pytest.mark.parametrize("value", [0.0, 1.0, 1 / 3, 1e9])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_constant_columns_do_not_change_the_rest(Estimator, container, value):
    data = np.column_stack([X[:, 0], np.full(N, value), X[:, 3]])
    mlp = Estimator(**SMALL).fit(container(data), target(Estimator))
    assert all(np.isfinite(a).all() for a in mlp.coefs_ + mlp.intercepts_)
    assert np.isfinite(outputs(mlp, data)).all()
    if container is np.asarray:  # centred to zero: only the initial values of its weights have an effect
        other = data.copy()
        other[:, 1] = 12.0
        again = Estimator(**SMALL).fit(other, target(Estimator))
        assert_allclose(outputs(again, other), outputs(mlp, data), rtol=1e-6)


@pytest.mark.parametrize("offset", [1e4, -1e8])
@BOTH
def test_a_large_offset_does_not_matter(Estimator, offset):
    mlp = Estimator(**SMALL).fit(RAW, target(Estimator))
    moved = Estimator(**SMALL).fit(RAW + offset, target(Estimator))
    # At an offset of 1e8, the sum is rounded to 1e-8.
    assert_allclose(outputs(moved, RAW + offset), outputs(mlp, RAW), rtol=1e-5, atol=1e-5)


@BOTH
def test_units_do_not_matter(Estimator):
    """With other units of X and y, the predictions in these units are the same."""
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    scale = np.array([1e-6, 1e3, 1.0, 7.0])
    y = target(Estimator)
    other = Estimator(**SMALL).fit(X * scale, y if Estimator is CLF else 1e-5 * y + 3.0)
    found = outputs(other, X * scale)
    expected = outputs(mlp, X)
    assert_allclose(found, expected if Estimator is CLF else 1e-5 * expected + 3.0, rtol=1e-7)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_new_moments_do_not_change_predictions(Estimator, container):
    """In a stream, as long as the units fit; in a warm start, for any other rows."""
    y = target(Estimator)
    mlp = Estimator(**SMALL).fit(container(X[:60]), y[:60])
    expected = outputs(mlp, X)
    mlp.set_params(learning_rate_init=1e-300)  # so that nothing else changes
    other, other_y = container(X[60:] * 3.0 + 1.0), y[60:] if Estimator is CLF else 5.0 * y[60:]
    for _ in range(3):
        mlp.partial_fit(container(X[:60]), y[:60] if Estimator is CLF else 5.0 * y[60:])
        assert_allclose(outputs(mlp, X), expected, rtol=1e-9)
    mlp.set_params(warm_start=True).fit(other, other_y)
    assert_allclose(outputs(mlp, X), expected, rtol=1e-9)
    mlp.set_params(standardize=False).fit(other, other_y)
    assert_allclose(outputs(mlp, X), expected, rtol=1e-9)


@BOTH
def test_new_moments_do_not_change_the_best_weights(Estimator):
    y = target(Estimator)
    same_rows = {"X_val": X, "y_val": y}  # otherwise the last weights may be published
    mlp = Estimator(early_stopping=True, **SMALL).fit(X, y, **same_rows)
    expected = outputs(mlp, X)
    mlp.set_params(learning_rate_init=1e-300, tol=0.0).partial_fit(X, y, **same_rows)
    if mlp.validation_scores_[-1] <= max(mlp.validation_scores_[:-1]):  # the best ones are still the same
        assert_allclose(outputs(mlp, X), expected, rtol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_moments_of_partial_fit_are_those_of_all_rows(container):
    mlp = REG(**SMALL)
    for rows in (slice(0, 33), slice(33, 80), slice(80, N)):
        mlp.partial_fit(container(X[rows]), target(REG)[rows], WEIGHTS[rows] + 0.1)
    scaler = StandardScaler(with_mean=container is np.asarray).fit(container(X), sample_weight=WEIGHTS + 0.1)
    inputs, targets = mlp._state.seen_inputs, mlp._state.seen_outputs  # the ones in use change only if needed
    assert_allclose(np.sqrt(inputs.squares / inputs.weight), np.sqrt(scaler.var_), rtol=1e-10)
    assert_allclose(inputs.mean, scaler.mean_, rtol=1e-10)
    assert_allclose(targets.shift, np.average(target(REG), weights=WEIGHTS + 0.1), rtol=1e-10)
