"""Warnings of training show the line of the caller: no convergence, too large mini-batches, divergence."""

import re
import warnings

import numpy as np
import pytest
from fitting_data import BOTH, SMALL, STOCHASTIC, X, Y, only_warning, target
from numpy.testing import assert_array_equal
from oracles import PlainRegressor
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning


@STOCHASTIC
@BOTH
def test_no_convergence_gives_a_warning(Estimator, solver):
    mlp = Estimator(solver=solver, max_iter=3, **SMALL)
    message = only_warning(lambda: mlp.fit(X, target(Estimator)), ConvergenceWarning)
    assert message == (
        "Stochastic Optimizer: Maximum iterations (3) reached and the optimization hasn't converged yet."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp.partial_fit(X, target(Estimator))  # exactly one epoch was requested


@pytest.mark.parametrize("limit", [{"max_iter": 2}, {"max_fun": 3}])
@BOTH
def test_no_convergence_of_lbfgs_gives_a_warning(Estimator, limit):
    mlp = Estimator(solver="lbfgs", **SMALL, **limit)
    message = only_warning(lambda: mlp.fit(X, target(Estimator)), ConvergenceWarning)
    assert re.search(
        rf"lbfgs failed to converge after {mlp.n_iter_} iteration.*Increase max_iter=.* or max_fun=", message
    )
    assert mlp.n_iter_ <= 3


@BOTH
def test_convergence_of_lbfgs_gives_no_warning(Estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = Estimator(solver="lbfgs", alpha=1.0, max_iter=2000, tol=1e-3, **SMALL).fit(X, target(Estimator))
    assert mlp.n_iter_ < 2000


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_mini_batches_larger_than_the_data_give_a_warning(method, early_stopping):
    parameters = SMALL | {"batch_size": 91, "early_stopping": early_stopping, "n_iter_no_change": 1, "tol": 1e9}
    mlp = PlainRegressor(**parameters)
    message = only_warning(lambda: getattr(mlp, method)(X, Y), UserWarning)
    n = 81 if early_stopping else 90
    assert message == f"Got `batch_size`=91, more than the {n} training rows. It is going to be clipped."
    same = getattr(clone(mlp).set_params(batch_size=n), method)(X, Y)
    assert_array_equal(mlp.coefs_[0], same.coefs_[0])


def test_divergence_gives_a_warning_that_shows_the_line_of_the_caller():
    mlp = PlainRegressor(
        depth=0, solver="sgd", learning_rate_init=30.0, early_stopping=True, n_iter_no_change=np.inf, max_iter=2000
    )
    assert "best validation score" in only_warning(lambda: mlp.fit(X, Y), ConvergenceWarning)
