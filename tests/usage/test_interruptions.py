"""Training that is interrupted by Ctrl-C leaves a model that can predict and be trained on."""

import numpy as np
import pytest
from fitting_data import BOTH, SMALL, STOCHASTIC, X, Y, only_warning, target
from numpy.testing import assert_array_equal
from oracles import PlainRegressor, forward, squared_error
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import sknet.core.network


class Interruption:
    """Raise KeyboardInterrupt in the n-th call of the network's gradient."""

    def __init__(self, monkeypatch, n):
        inner = sknet.core.network.Network.loss_and_gradient
        self.calls = 0

        def interrupted(network, *args):
            self.calls += 1
            if self.calls == n:
                raise KeyboardInterrupt
            return inner(network, *args)

        monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", interrupted)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n", [1, 2, 6, 7, 20])
@STOCHASTIC
@BOTH
def test_interrupted_training_leaves_a_model_that_predicts(monkeypatch, Estimator, solver, n, early_stopping):
    y = target(Estimator)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, warm_start=True, **SMALL)
    with monkeypatch.context() as patch:
        Interruption(patch, n)
        message = only_warning(lambda: mlp.fit(X, y), UserWarning)
    assert message == "Training interrupted by user."
    assert mlp.n_iter_ == len(mlp.loss_curve_) == (n - 1) // 6  # an epoch has six mini-batches of 16 rows
    assert np.isfinite(mlp.predict(X)).all() if Estimator is PlainRegressor else np.isin(mlp.predict(X), [0, 1]).all()
    if early_stopping and mlp.n_iter_:
        assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    mlp.set_params(max_iter=3)
    with pytest.warns(ConvergenceWarning):
        mlp.fit(X, y)
    assert mlp.n_iter_ == 3


@pytest.mark.parametrize("n", [1, 3])
@BOTH
def test_interrupted_during_validation(Estimator, n):
    """An epoch with a loss but without a score is left out: all curves end with the same epoch."""
    calls = []

    def score(estimator, X, y):
        calls.append(0)
        if len(calls) == n:
            raise KeyboardInterrupt
        return float(len(calls))

    mlp = Estimator(early_stopping=True, warm_start=True, scoring=score, **SMALL)
    y = target(Estimator)
    assert only_warning(lambda: mlp.fit(X, y), UserWarning) == "Training interrupted by user."
    curves = mlp.loss_curve_, mlp.penalty_curve_, mlp.learning_rate_curve_
    curves += mlp.validation_scores_, mlp.validation_loss_curve_
    assert [len(curve) for curve in curves] == [n - 1] * 5
    assert mlp.n_iter_ == n - 1
    with pytest.warns(ConvergenceWarning):
        mlp.set_params(max_iter=3).fit(X, y)
    assert mlp.n_iter_ == 3
    assert [len(curve) for curve in curves] == [n - 1] * 5
    assert len(mlp.validation_scores_) == len(mlp.loss_curve_) == n + 2


@pytest.mark.parametrize("n", [1, 2, 9])
@BOTH
def test_interrupted_lbfgs_leaves_the_last_accepted_point(monkeypatch, Estimator, n):
    y = target(Estimator)
    mlp = Estimator(solver="lbfgs", alpha=0.0, standardize=False, **SMALL)
    with monkeypatch.context() as patch:
        Interruption(patch, n)
        message = only_warning(lambda: mlp.fit(X, y), UserWarning)
    assert message == "Training interrupted by user."
    z = forward(mlp.coefs_, mlp.intercepts_, "relu", X)
    if Estimator is PlainRegressor and mlp.n_iter_:
        assert squared_error(Y[:, None], z).mean() == pytest.approx(mlp.loss_, rel=1e-12)
    assert np.isfinite(z).all()
    assert mlp.n_iter_ == len(mlp.loss_curve_) < 9
    if n == 9:
        assert mlp.n_iter_ > 2
        with pytest.warns(ConvergenceWarning):
            short = clone(mlp).set_params(max_iter=mlp.n_iter_).fit(X, y)
        assert_array_equal(short.coefs_[0], mlp.coefs_[0])


def test_interrupted_partial_fit(monkeypatch):
    mlp = PlainRegressor(**SMALL).partial_fit(X, Y)
    with monkeypatch.context() as patch:
        Interruption(patch, 3)
        assert "interrupted" in only_warning(lambda: mlp.partial_fit(X, Y), UserWarning)
    assert mlp.n_iter_ == 1
    assert mlp.partial_fit(X, Y).n_iter_ == 2
