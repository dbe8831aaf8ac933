"""Predictions sampled with dropout have the right moments and shapes, and do not change the model."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from plain_fits import TARGETS, X, Y, assert_same_weights, fitted
from sklearn.exceptions import NotFittedError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_sampled_predictions_have_the_moments_of_inverted_dropout():
    """For hidden units h_j with weights v_j: mean ``sum_j h_j v_j + c``, variance ``p / (1 - p) sum_j (h_j v_j)^2``."""
    mlp, p, n = fitted(PlainRegressor, dropout=0.3, activation="tanh"), 0.3, 4000
    draws = mlp.sample_predictions(X, n_samples=n, random_state=0)[..., 0]
    parts = np.tanh(X @ mlp.coefs_[0] + mlp.intercepts_[0]) * mlp.coefs_[1][:, 0]
    variance = p / (1 - p) * (parts**2).sum(axis=1)
    assert np.all(np.abs(draws.mean(axis=0) - mlp.predict(X)) < 5 * np.sqrt(variance / n))
    assert_allclose(draws.var(axis=0), variance, rtol=0.2)


@pytest.mark.parametrize("kind", [*TARGETS, "number", "numbers", "quantiles"])
def test_shape_of_sampled_predictions(kind):
    """(n_samples, n, outputs): probabilities, or predictions, in the order of ``predict``."""
    if kind in TARGETS:
        mlp, k = fitted(PlainClassifier, X, TARGETS[kind], dropout=0.3), None
        k = {"binary": 2, "multiclass": 3, "multilabel": 3, "multioutput": 7}[kind]
    else:
        y = np.column_stack([Y, -Y]) if kind == "numbers" else Y
        loss = {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]} if kind == "quantiles" else {}
        mlp, k = (
            fitted(PlainRegressor, X, y, dropout=0.3, **loss),
            {"number": 1, "numbers": 2, "quantiles": 3}[kind],
        )
    draws = mlp.sample_predictions(X[:11], n_samples=60, random_state=0)
    assert draws.shape == (60, 11, k)
    assert (draws.std(axis=0) > 0).all()  # a unit is kept in all 60 draws: one in 2e9
    if kind in ("binary", "multiclass"):
        assert_allclose(draws.sum(axis=2), 1.0, rtol=1e-12)
    if kind == "multioutput":
        assert_allclose(draws[..., :3].sum(axis=2), 1.0, rtol=1e-12)
    if kind == "quantiles":
        assert (np.diff(draws, axis=2) >= 0).all()
    assert mlp.sample_predictions(X[:2]).shape == (100, 2, k)


@pytest.mark.parametrize("data", [X, sp.csr_array(X), X.astype(np.float32)], ids=["dense", "sparse", "float32"])
def test_sampled_predictions_are_reproducible(data):
    mlp = fitted(PlainRegressor, data, Y, dropout=0.3)
    first, again, other = (mlp.sample_predictions(data, 5, random_state=seed) for seed in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()
    state = np.random.RandomState(0)
    assert_array_equal(mlp.sample_predictions(data, 5, random_state=state), first)
    assert (mlp.sample_predictions(data, 5, random_state=state) != first).any()
    assert first.dtype == data.dtype


def test_sampling_does_not_change_the_model():
    mlp, twin = (fitted(PlainRegressor, dropout=0.3, normalization="batch", warm_start=True) for _ in range(2))
    mlp.sample_predictions(X, 5)
    assert_same_weights(mlp, twin)
    assert_same_weights(mlp.fit(X, Y), twin.fit(X, Y))


@pytest.mark.parametrize("parameters", [{}, {"dropout": 0.0}, {"depth": 0, "dropout": 0.5}], ids=str)
def test_sampling_needs_dropout(parameters):
    with pytest.raises(ValueError, match=r"sample_predictions needs dropout in a hidden layer, or several members"):
        fitted(PlainRegressor, **parameters).sample_predictions(X)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "many"])
def test_sampling_needs_a_number_of_draws(n_samples):
    with pytest.raises(ValueError, match="`n_samples` must be an integer of at least 1, got"):
        fitted(PlainRegressor, dropout=0.5).sample_predictions(X, n_samples)


def test_sampling_needs_a_fit():
    with pytest.raises(NotFittedError):
        PlainRegressor(dropout=0.5).sample_predictions(X)
