"""Better than scikit-learn: the reported loss is the one that is minimized, and its penalty is reported separately."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainClassifier, PlainRegressor, binary_log_loss, forward, log_loss, penalty, poisson, squared_error
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from thirteen_points import as_of_1_9, make_data

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# 1. Multi-output squared error


def test_point_01_multi_output_step_is_the_gradient_of_the_reported_loss():
    X, Y = make_data(n_outputs=5)
    parameters = {"width": 6, "activation": "tanh", "alpha": 0.7, "random_state": 0, "standardize": False}
    parameters |= {"solver": "sgd", "momentum": 0.0, "max_iter": 1}
    start = PlainRegressor(learning_rate_init=1e-300, **parameters).fit(X, Y)
    moved = PlainRegressor(learning_rate_init=1.0, **parameters).fit(X, Y)
    theta = [*start.coefs_, *start.intercepts_]
    step = [b - a for a, b in zip(theta, [*moved.coefs_, *moved.intercepts_], strict=True)]

    def loss(t):
        arrays = [a + t * s for a, s in zip(theta, step, strict=True)]
        z = forward(arrays[:2], arrays[2:], "tanh", X)
        return squared_error(Y, z).mean() + penalty(arrays[:2], 0.7, len(X))

    assert moved.loss_ == pytest.approx(loss(0.0), rel=1e-12)
    # Along its negative gradient -g, the derivative of the loss is -|g|^2.
    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    assert slope == pytest.approx(-sum(np.sum(s * s) for s in step), rel=1e-8)


@pytest.mark.parametrize("n_outputs", [1, 2, 5])
def test_point_01_multi_output_lbfgs_finds_the_minimum(n_outputs):
    X, Y = make_data(n_outputs=n_outputs)
    alpha = 20.0
    mlp = PlainRegressor(depth=0, solver="lbfgs", alpha=alpha, tol=1e-10, standardize=False).fit(X, Y)
    # sum (y - z)^2 / (2 n k) + alpha / (2 n) |W|^2 is ridge regression's loss, with k alpha, divided by 2 n k.
    ridge = Ridge(alpha=n_outputs * alpha, tol=1e-12).fit(X, Y)
    lowest = squared_error(Y.reshape(90, -1), ridge.predict(X).reshape(90, -1)).mean()
    lowest += penalty([ridge.coef_], alpha, len(X))
    # SciPy stops when the loss falls by less than 2.2e-9. The error of the weights is then about the root of that.
    assert mlp.loss_ == pytest.approx(lowest, rel=1e-8)
    assert_allclose(mlp.coefs_[0].T.squeeze(), ridge.coef_, atol=5e-5)
    assert_allclose(mlp.intercepts_[0].squeeze(), ridge.intercept_, atol=5e-5)


@as_of_1_9
def test_point_01_sklearn_misses_the_minimum():
    X, Y = make_data(n_outputs=5)
    theirs = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=20.0, tol=1e-10, random_state=0).fit(X, Y)
    ours = PlainRegressor(depth=0, solver="lbfgs", alpha=20.0, tol=1e-10, standardize=False).fit(X, Y)
    reported = squared_error(Y, theirs.predict(X)).mean() + penalty(theirs.coefs_, 20.0, len(X))
    assert theirs.loss_ == pytest.approx(reported)
    assert theirs.loss_ > 1.05 * ours.loss_


# 13. Loss and penalty


def one_hot(y):
    return (y[:, None] == np.unique(y)).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("Estimator", "kind", "oracle"),
    [
        (PlainRegressor, "one", squared_error),
        (PlainRegressor, "many", squared_error),
        (PlainRegressor, "poisson", poisson),
        (PlainClassifier, "binary", binary_log_loss),
        (PlainClassifier, "multiclass", log_loss),
        (PlainClassifier, "multilabel", binary_log_loss),
    ],
)
def test_point_13_loss_and_penalty_are_reported_separately(Estimator, kind, oracle, weighted):
    X, Y = make_data(n_outputs=3)
    y = {
        "one": Y[:, 0],
        "many": Y,
        "poisson": np.abs(Y[:, 0]),
        "binary": (Y[:, 0] > 0).astype(int),
        "multiclass": Y.argmax(axis=1),
        "multilabel": (Y > 0).astype(int),
    }[kind]
    matrix = one_hot(y) if kind == "multiclass" else y.reshape(len(y), -1)
    w = np.random.default_rng(1).uniform(0.1, 3.0, len(X)) if weighted else None
    total = len(X) if w is None else w.sum()
    loss = {"loss": "poisson"} if kind == "poisson" else {}
    for solver, rate in (("lbfgs", 1.0), ("sgd", 1e-300)):
        # At this learning rate the weights do not change, so that the mean of the epoch can be computed afterwards.
        mlp = Estimator(
            solver=solver, alpha=3.0, max_iter=8, learning_rate_init=rate, standardize=False, random_state=0, **loss
        ).fit(X, y, w)
        z = forward(mlp.coefs_, mlp.intercepts_, "relu", X)
        expected = np.average(oracle(matrix, z), weights=w)
        assert mlp.loss_curve_[-1] - mlp.penalty_curve_[-1] == pytest.approx(expected, rel=1e-10)
        assert mlp.penalty_curve_[-1] == pytest.approx(penalty(mlp.coefs_, 3.0, total), rel=1e-10)
        assert mlp.loss_ == mlp.loss_curve_[-1]


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_point_13_the_docstring_describes_it(Estimator):
    text = " ".join(Estimator.__doc__.split())
    assert re.search(r"loss_curve_ : list of float [^:]*including the penalty", text)
    assert "penalty_curve_ : list of float The part of `loss_curve_`" in text


@as_of_1_9
def test_point_13_sklearn_does_not_report_the_penalty():
    X, y = make_data()
    mlp = MLPRegressor(max_iter=5, alpha=3.0).fit(X, y)
    assert "penalty" not in " ".join(vars(mlp)) + MLPRegressor.__doc__
