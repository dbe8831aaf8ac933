"""Better than scikit-learn: mini-batches without any weight have no effect, and negative weights are an error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainRegressor
from sklearn.base import clone
from sklearn.neural_network import MLPRegressor
from thirteen_points import BOTH, as_of_1_9, make_data, make_labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@BOTH
def test_point_04_a_mini_batch_without_weight_has_no_effect(Estimator, solver):
    X, y = make_data()
    y = make_labels(Estimator, y)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(X))
    weights[20:40] = 0.0
    kept = weights > 0.0
    mlp = Estimator(solver=solver, batch_size=10, shuffle=False, max_iter=3, random_state=0).fit(X, y, weights)
    fewer = clone(mlp).fit(X[kept], y[kept], weights[kept])
    for a, b in zip(mlp.coefs_ + mlp.intercepts_, fewer.coefs_ + fewer.intercepts_, strict=True):
        assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    assert_allclose(mlp.loss_curve_, fewer.loss_curve_, rtol=1e-10)


def test_point_04_rows_without_weight_have_no_effect_in_any_mini_batch():
    X, y = make_data()
    weights = np.random.default_rng(0).integers(0, 2, len(X)).astype(float)
    mlp = PlainRegressor(solver="lbfgs", alpha=1.0, random_state=0, max_iter=20).fit(X, y, weights)
    X2, y2 = np.where(weights[:, None] > 0, X, 1e6), np.where(weights > 0, y, -1e6)
    assert_allclose(mlp.predict(X), clone(mlp).fit(X2, y2, weights).predict(X), rtol=1e-6)


@BOTH
def test_point_04_negative_weights_are_an_error(Estimator):
    X, y = make_data()
    weights = np.ones(len(X))
    weights[7] = -0.25
    with pytest.raises(ValueError, match=r"`sample_weight` must not be negative, got -0\.25"):
        Estimator().fit(X, make_labels(Estimator, y), weights)


@as_of_1_9
def test_point_04_sklearn_fails_without_weight_and_accepts_negative_weights():
    X, y = make_data()
    weights = np.ones(len(X))
    weights[20:40] = 0.0
    mlp = MLPRegressor(batch_size=10, shuffle=False, max_iter=2, random_state=0)
    with pytest.raises(ZeroDivisionError):
        mlp.fit(X, y, weights)
    weights[20:40] = -0.1
    assert mlp.fit(X, y, weights).n_iter_ == 2
