"""Data whose columns have very different units and scales, with targets for both estimators, and quick parameters."""

import numpy as np
import pytest
import scipy.sparse as sp
from oracles import PlainClassifier, PlainRegressor

from sknet import MLPClassifierScratch

CLF, REG = PlainClassifier, PlainRegressor
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
SOLVER = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
SMALL = {"width": 6, "max_iter": 8, "batch_size": 32, "random_state": 0, "learning_rate_init": 0.01}
RNG = np.random.default_rng(0)
N = 120
RAW = RNG.standard_normal((N, 4))
X = RAW * [1.0, 100.0, 0.01, 5.0] + [0.0, 1000.0, -3.0, 50.0]
SIGNAL = np.sin(2 * RAW[:, 0]) + RAW[:, 1] - 0.5 * RAW[:, 2]
WEIGHTS = RNG.choice([0.0, 0.5, 1.0, 3.0], N)


def sparse_X():
    dense = X.copy()
    dense[RAW < 0] = 0.0
    return sp.csr_matrix(dense)


def target(Estimator):
    return np.digitize(SIGNAL, [-0.5, 0.5]) if issubclass(Estimator, MLPClassifierScratch) else 40.0 * SIGNAL + 300.0


def outputs(mlp, data):
    return mlp.predict_proba(data) if isinstance(mlp, CLF) else mlp.predict(data)
