"""Training in parts, by warm starts and ``partial_fit``, equals training at once; other fits start from new weights."""

import numpy as np
import pytest
from same_state import (
    BOTH,
    CLF,
    REG,
    assert_same_state,
    target,
    visited_fixture,  # noqa: F401
)
from sklearn.base import clone
from small_data import SMALL, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = {
    "adam": {"solver": "adam"},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "plain": {"solver": "sgd", "momentum": 0.0},
}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("solver", SOLVERS)
@BOTH
def test_ten_and_twenty_epochs_are_thirty(Estimator, solver, schedule, early_stopping, shuffle):
    y = target(Estimator)
    # With this tolerance, the adaptive learning rate decreases several times on the way, and not at epoch 10.
    patience = 3 if schedule == "adaptive" else np.inf
    parameters = SMALL | SOLVERS[solver] | {"learning_rate": schedule, "tol": 0.02, "n_iter_no_change": patience}
    mlp = Estimator(warm_start=True, shuffle=shuffle, early_stopping=early_stopping, **parameters)
    whole = clone(mlp).set_params(max_iter=30).fit(X, y)
    parts = clone(mlp).set_params(max_iter=10).fit(X, y)
    assert len(parts.loss_curve_) == 10
    parts.set_params(max_iter=20).fit(X, y)
    assert (parts.max_iter_, whole.max_iter_) == (20, 30)
    parts.max_iter_ = 30
    if whole.n_iter_ == 30:
        assert parts.n_iter_ == 20  # the epochs of this fit; the curves have all of them
        parts.n_iter_ = 30
    else:
        parts.n_iter_ += 10
    assert_same_state(parts, whole)
    assert len(whole.loss_curve_) == len(whole.learning_rate_curve_) == whole.t_ // (72 if early_stopping else 80)
    if schedule != "constant":
        assert len(set(whole.learning_rate_curve_)) > 1


@BOTH
def test_calls_of_partial_fit_are_epochs_of_fit(Estimator):
    """In the order of the rows, since each call of ``partial_fit`` draws its own permutation."""
    y = target(Estimator)
    mlp = Estimator(shuffle=False, **SMALL | {"max_iter": 4, "standardize": False})
    whole = clone(mlp).fit(X, y)
    first = {"classes": np.unique(y)} if Estimator is CLF else {}
    parts = clone(mlp)
    for _ in range(4):
        parts.partial_fit(X, y, **first)
    assert (parts.stopping_reason_, whole.stopping_reason_) == ("partial_fit", "max_iter")
    parts.stopping_reason_ = "max_iter"
    assert_same_state(parts, whole)


@pytest.mark.parametrize("n", [30, 79, 81, 200])
@pytest.mark.parametrize("early_stopping", [False, True])
@BOTH
def test_a_warm_start_on_another_number_of_rows_uses_exactly_these(Estimator, early_stopping, n):
    y = target(Estimator)
    rows = np.arange(n) % 80
    mlp = Estimator(warm_start=True, early_stopping=early_stopping, **SMALL).fit(X, y)
    seen = mlp.t_
    mlp.fit(X[rows], y[rows])
    validated = int(np.ceil(0.1 * n)) if early_stopping else 0
    assert mlp.t_ == seen + 6 * (n - validated)


def test_a_warm_start_without_shuffling_uses_the_rows_in_their_order(visited):
    rows = np.arange(80.0)[:, None]
    parameters = SMALL | {"learning_rate_init": 1e-9, "n_iter_no_change": np.inf}
    mlp = REG(warm_start=True, standardize=False, **parameters).fit(rows, Y)
    mlp.set_params(shuffle=False).fit(rows, Y)
    mlp.set_params(shuffle=True).fit(rows, Y)
    in_order = tuple(range(80))
    assert in_order not in visited[:6]
    assert visited[6:12] == [in_order] * 6
    assert in_order not in visited[12:]
    assert len(visited) == 18


def test_a_warm_start_after_convergence_trains_again():
    mlp = REG(warm_start=True, **SMALL | {"n_iter_no_change": 2, "tol": 10.0}).fit(X, Y)
    assert mlp.n_iter_ == 3
    mlp.fit(X, Y)
    assert mlp.n_iter_ == 2  # two more epochs without improvement
    assert len(mlp.loss_curve_) == 5


@BOTH
def test_a_fit_without_warm_start_starts_from_new_weights(Estimator):
    y = target(Estimator)
    mlp = Estimator(**SMALL)
    once = clone(mlp).fit(X, y)
    twice = clone(mlp).fit(X[:, :2], y).fit(X[::2], y[::2]).partial_fit(X, y).fit(X, y)
    assert_same_state(twice, once)


@pytest.mark.parametrize(("first", "then"), [("adam", "sgd"), ("sgd", "lbfgs"), ("lbfgs", "adam")])
@BOTH
def test_a_warm_start_may_change_the_solver(Estimator, first, then):
    y = target(Estimator)
    mlp = Estimator(solver=first, warm_start=True, **SMALL | {"learning_rate_init": 1e-9}).fit(X, y)
    expected = mlp.loss_curve_[-1]
    mlp.set_params(solver=then, max_iter=1).fit(X, y)
    # At this learning rate only L-BFGS changes the weights, so training continued where it was.
    if then == "lbfgs":
        assert mlp.loss_ < expected
    else:
        start = mlp.loss_
        assert start == pytest.approx(expected, rel=1e-6 if first != "lbfgs" else 1e-3)
