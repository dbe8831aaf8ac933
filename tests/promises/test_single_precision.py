"""Better than scikit-learn: with float32 data, all of training is float32, for each solver and dtype of weights."""

import numpy as np
import pytest
from oracles import PlainRegressor
from sklearn.neural_network import MLPRegressor
from thirteen_points import BOTH, as_of_1_9, make_data, make_labels

import sknet.core.network

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("weights", [None, np.float64, np.float32, np.int64])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@BOTH
def test_point_06_training_in_float32_uses_only_float32(monkeypatch, Estimator, solver, weights):
    dtypes = set()
    inner = sknet.core.network.Network.loss_and_gradient

    def spy(self, theta, grad, batch, memory, noise=None):
        arrays = [theta.vector, grad.vector, batch.x, batch.y, *([] if batch.w is None else [batch.w])]
        dtypes.update(a.dtype for a in arrays)
        dtypes.update(a.dtype for m in memory for a in vars(m).values() if a.dtype != bool)
        return inner(self, theta, grad, batch, memory, noise)

    monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", spy)
    X, y = make_data()
    X, y = X.astype(np.float32), make_labels(Estimator, y)
    mlp = Estimator(solver=solver, max_iter=3).fit(X, y, None if weights is None else np.ones(len(X), dtype=weights))
    assert dtypes == {np.dtype(np.float32)}
    assert {a.dtype for a in mlp.coefs_ + mlp.intercepts_} == {np.dtype(np.float32)}
    outputs = mlp.predict(X) if Estimator is PlainRegressor else mlp.predict_proba(X)
    assert outputs.dtype == np.float32


@as_of_1_9
def test_point_06_sklearn_lbfgs_uses_float64():
    X, y = make_data()
    assert MLPRegressor(solver="lbfgs", max_iter=3).fit(X.astype(np.float32), y).coefs_[0].dtype == np.float64
