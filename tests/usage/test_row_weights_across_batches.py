"""Weights count between mini-batches too, balanced classes have equal influence, and probabilities are frequencies."""

import numpy as np
import pytest
from oracles import PlainClassifier
from sklearn.datasets import make_classification

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop"])
@pytest.mark.parametrize("how", ["class_weight", "sample_weight"])
def test_balanced_classes_of_noise_have_equal_probabilities(solver, how):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10000, 2)), (rng.uniform(size=10000) < 0.005).astype(int)
    rate = {"sgd": 0.03, "rmsprop": 0.001}.get(solver, 0.003)
    mlp = MLPClassifierScratch(depth=0, max_iter=20, random_state=0, solver=solver, learning_rate_init=rate)
    if how == "class_weight":
        mlp.set_params(class_weight="balanced").fit(X, y)
    else:
        mlp.fit(X, y, np.where(y == 1, (y == 0).sum() / y.sum(), 1.0))
    assert mlp.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=0.05)


def test_a_few_rows_of_large_weight_change_the_mean_by_their_weight():
    rng = np.random.default_rng(0)
    y, weights = np.r_[np.zeros(5000), np.ones(20)], np.r_[np.ones(5000), np.full(20, 250.0)]
    order = rng.permutation(len(y))
    X, y, weights = np.zeros((len(y), 1)), y[order], weights[order]
    mlp = MLPRegressorScratch(depth=0, early_stopping=False, standardize=False, max_iter=60, random_state=0)
    assert mlp.fit(X, y, weights).predict(X[:1])[0] == pytest.approx(0.5, abs=0.05)


def test_balanced_uses_the_sample_weights():
    """A class with few rows of large weight does not get a larger weight again."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 2)), (rng.uniform(size=3000) < 0.1).astype(int)
    weights = np.where(y == 1, 9.0, 1.0)
    mlp = MLPClassifierScratch(depth=0, class_weight="balanced", solver="lbfgs").fit(X, y, weights)
    assert mlp.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("weight", [1 / 4000, 1e-6, 1e-300])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_equal_weights_of_any_size_have_no_effect(weight, solver):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1]
    mlp = MLPRegressorScratch(max_iter=5, width=16, random_state=0, solver=solver)
    r2 = mlp.fit(X, y).score(X, y)
    with pytest.warns(UserWarning, match="taken as shares"):
        shares = mlp.fit(X, y, np.full(4000, weight)).score(X, y)
    assert shares == pytest.approx(r2, abs=1e-6)


# Probabilities are frequencies


def data_of(kind):
    if kind == "multilabel":
        X, y = make_classification(12000, 10, n_informative=6, n_classes=2, weights=[0.97], random_state=0)
        other = (np.random.default_rng(0).uniform(size=12000) < 0.3 + 0.2 * (X[:, 0] > 0)).astype(int)
        return X, np.column_stack([y, other])
    weights = [0.98] if kind == "binary" else [0.8, 0.17]
    return make_classification(
        12000, 10, n_informative=6, n_classes=2 if kind == "binary" else 3, weights=weights, random_state=0
    )


@pytest.mark.parametrize("smoothing", ["auto", 0.2])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_the_mean_probability_of_a_class_is_its_frequency(kind, smoothing):
    X, y = data_of(kind)
    mlp = PlainClassifier(width=16, max_iter=10, label_smoothing=smoothing, random_state=0)
    p = mlp.fit(X[:8000], y[:8000]).predict_proba(X[:8000])
    frequency = y[:8000].mean(axis=0) if kind == "multilabel" else np.bincount(y[:8000]) / 8000
    assert frequency.min() > 0.002
    np.testing.assert_allclose(p.mean(axis=0), frequency, rtol=0.1)


def test_a_stream_is_smoothed_towards_the_shares_of_each_chunk():
    X, y = data_of("binary")
    mlp = MLPClassifierScratch(width=16, label_smoothing=0.2, random_state=0)
    for _ in range(6):
        for start in range(0, 8000, 500):
            rows = slice(start, start + 500)
            mlp.partial_fit(X[rows], y[rows], classes=[0, 1])
    assert mlp.predict_proba(X[:8000])[:, 1].mean() == pytest.approx(y[:8000].mean(), rel=0.25)
