"""Better than scikit-learn: training stops after exactly ``n_iter_no_change`` epochs without improvement."""

import warnings

import pytest
from sklearn.neural_network import MLPRegressor
from thirteen_points import BOTH, as_of_1_9, make_data, make_labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("n", [1, 2, 7])
@BOTH
def test_point_08_stops_after_exactly_n_epochs_without_improvement(Estimator, n, solver, early_stopping):
    X, y = make_data()
    mlp = Estimator(solver=solver, n_iter_no_change=n, tol=1e6, early_stopping=early_stopping)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # training that converges gives no warning
        mlp.fit(X, make_labels(Estimator, y))
    assert mlp.n_iter_ == 1 + n  # the first epoch is not compared with another


@as_of_1_9
@pytest.mark.parametrize("n", [1, 7])
def test_point_08_sklearn_trains_for_one_more_epoch(n):
    X, y = make_data()
    assert MLPRegressor(n_iter_no_change=n, tol=1e6).fit(X, y).n_iter_ == 2 + n
