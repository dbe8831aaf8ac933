"""A small problem with each kind of target, and quick fits of it by the plain estimators."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor

BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])
SOLVERS = ("adam", "sgd", "rmsprop", "adagrad")

N, D = 120, 4
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, D)) * [1.0, 3.0, 0.5, 1.0] + [0.0, 5.0, 0.0, -1.0]
Y = X @ [1.0, -0.5, 2.0, 0.0] + 0.5 * RNG.normal(size=N)
CLASSES = np.digitize(Y, np.quantile(Y, [0.6, 0.85]))  # 72, 18 and 30 rows
LABELS = (X[:, :3] + RNG.normal(size=(N, 3)) > [0.0, 6.0, 0.3]).astype(int)
SEVERAL = np.column_stack([CLASSES, np.digitize(X[:, 0], [-0.7, 0.0, 0.7])])
WEIGHTS = RNG.uniform(0.1, 3.0, N)
TARGETS = {"binary": (CLASSES > 0).astype(int), "multiclass": CLASSES, "multilabel": LABELS, "multioutput": SEVERAL}
every_kind = pytest.mark.parametrize("kind", TARGETS)

VAL = np.arange(N) % 4 == 0
X_TRAIN, X_VAL = X[~VAL], X[VAL]
SMALL = {"width": 6, "random_state": 0, "batch_size": 25, "learning_rate_init": 0.02, "max_iter": 8}
LINEAR = {"depth": 0, "alpha": 0.0, "solver": "lbfgs", "tol": 1e-10, "max_iter": 5000}
STEEP = {"depth": 0, "alpha": 0.0, "batch_size": N, "learning_rate": "cosine", "learning_rate_init": 0.05,
         "max_iter": 1500, "n_iter_no_change": np.inf, "random_state": 0}  # fmt: skip


def target(Estimator):
    return CLASSES if Estimator is PlainClassifier else Y


def fitted(Estimator, *data, **changes):
    parameters = SMALL | changes
    if parameters.get("solver") == "lbfgs":
        parameters.pop("batch_size")
    return Estimator(**parameters).fit(*(data or (X, target(Estimator))))


def weights_of(mlp):
    return [*mlp.coefs_, *mlp.intercepts_]


def assert_same_weights(one, other):
    for a, b in zip(weights_of(one), weights_of(other), strict=True):
        assert_array_equal(a, b)


def outputs(mlp, data=X):
    """Return probabilities of a classifier, or predictions of a regressor."""
    if not hasattr(mlp, "predict_proba"):
        return mlp.predict(data)
    probability = mlp.predict_proba(data)
    return np.hstack(probability) if isinstance(probability, list) else probability


def differs(one, other):
    return np.abs(outputs(one) - outputs(other)).max() > 1e-4


def with_outliers():
    y = Y.copy()
    y[::10] += 20.0
    return y


def counts():
    return np.random.default_rng(1).poisson(np.exp(0.3 * (X[:, 0] - X[:, 2])))


def starting_point(seed, *sizes):
    """Return Glorot's uniform weights and biases as scikit-learn draws them, for tanh, relu and identity."""
    rng = np.random.RandomState(seed)
    for d, k in pairwise(sizes):
        bound = np.sqrt(6.0 / (d + k))
        yield rng.uniform(-bound, bound, (d, k)), rng.uniform(-bound, bound, k)


def validated(Estimator=PlainClassifier, y=None, sample_weight_val=None, **changes):
    y = target(Estimator) if y is None else y
    mlp = Estimator(**SMALL | changes)
    return mlp.fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], sample_weight_val=sample_weight_val)


def short(Estimator, y, n_epochs, **changes):
    return Estimator(**SMALL | changes | {"max_iter": n_epochs}).fit(X_TRAIN, y[~VAL])
