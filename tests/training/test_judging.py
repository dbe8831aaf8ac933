"""Compare the default scores, which are computed in chunks, with scikit-learn's: accuracy, and the D2 of each loss."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import metrics
from sklearn.linear_model import HuberRegressor

from sknet.core import LOSSES, Huber, Memory, Quantile
from sknet.training import D2, Accuracy, scorer_of_weights

N = 101
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2))
Y, P = RNG.gamma(2.0, 3.0, N), RNG.gamma(2.0, 3.0, N)
WEIGHTS = RNG.integers(0, 4, N).astype(float)
weighted = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])

D2S = {
    "squared_error": metrics.r2_score,
    "absolute_error": metrics.d2_absolute_error_score,
    "poisson": partial(metrics.d2_tweedie_score, power=1),
    "gamma": partial(metrics.d2_tweedie_score, power=2),
}


def judged(judge, loss, y, z, weights, size=7):
    """Pass the rows to a judge in chunks of ``size``, twice, and return its score."""
    for _ in range(2):
        judge.start()
        for start in range(0, len(z), size):
            rows = slice(start, min(start + size, len(z)))
            work = np.empty_like(z[rows])
            loss.terms(z[rows], y[rows], np.empty_like(work), work)
            judge.add(rows, z[rows], None if weights is None else weights[rows], Memory(work=work))
    return judge.score()


def d2(loss, y, prediction, weights):
    y, prediction = y.reshape(len(y), -1), prediction.reshape(len(prediction), -1)
    z = prediction if loss.location_scale else np.log(prediction)
    return judged(D2(loss, y.T, weights), loss, y, z, weights)


@weighted
@pytest.mark.parametrize("name", D2S)
def test_each_loss_has_the_d2_score_of_scikit_learn(name, weights):
    assert d2(LOSSES[name], Y, P, weights) == pytest.approx(D2S[name](Y, P, sample_weight=weights), rel=1e-9)


@weighted
@pytest.mark.parametrize("level", [0.05, 0.5, 0.77])
def test_a_quantile_has_its_pinball_score(level, weights):
    expected = metrics.d2_pinball_score(Y, P, alpha=level, sample_weight=weights)
    assert d2(Quantile(levels=(level,)), Y, P, weights) == pytest.approx(expected, rel=1e-9)


def test_several_quantiles_are_averaged():
    levels, predictions = (0.2, 0.6), np.column_stack([P - 1.0, P + 1.0])
    expected = np.mean([metrics.d2_pinball_score(Y, p, alpha=q) for q, p in zip(levels, predictions.T, strict=True)])
    assert d2(Quantile(levels=levels), Y, predictions, None) == pytest.approx(expected, rel=1e-9)


@weighted
@pytest.mark.parametrize("threshold", [0.1, 1.35, 1e3])
def test_huber_is_compared_with_its_best_constant(threshold, weights):
    def mean_loss(prediction):
        r = np.abs(prediction - Y)
        terms = np.where(r <= threshold, r**2 / 2, threshold * (r - threshold / 2))
        return np.average(terms, weights=weights)

    grid = np.linspace(Y.min(), Y.max(), 20001)
    best = min(mean_loss(c) for c in grid)
    assert d2(Huber(threshold=threshold), Y, P, weights) == pytest.approx(1 - mean_loss(P) / best, rel=1e-5)


def test_outputs_are_averaged_as_in_r2():
    y, p = np.column_stack([Y, 100 * P]), np.column_stack([P, 90 * P])
    assert d2(LOSSES["squared_error"], y, p, None) == pytest.approx(metrics.r2_score(y, p), rel=1e-9)


@pytest.mark.parametrize("value", [0.1, 1e9, 3.0])
@pytest.mark.parametrize("loss", [*map(LOSSES.get, D2S), Huber(), Quantile(levels=(0.3,))], ids=str)
def test_constant_targets_are_left_out_of_the_score(loss, value):
    constant = np.full(N, value)
    assert not D2(loss, constant[None, :], None).defined.any()
    both = np.column_stack([constant, Y])
    assert D2(loss, both.T, None).defined.tolist() == [False, True]
    p = np.column_stack([constant + 1.0, P])
    assert d2(loss, both, p, None) == pytest.approx(d2(loss, Y, P, None), rel=1e-9)


def test_targets_are_constant_if_only_rows_without_weight_differ():
    y = np.r_[np.ones(9), 5.0]
    assert not D2(LOSSES["squared_error"], y[None, :], np.r_[np.ones(9), 0.0]).defined.any()


@weighted
@pytest.mark.parametrize("kind", ["numbers", "labels", "sparse labels", "columns"])
def test_accuracy_is_that_of_scikit_learn(kind, weights):
    y = RNG.integers(0, 3, N) if kind == "numbers" else RNG.integers(0, 2, (N, 3))
    prediction = np.where(RNG.uniform(size=y.shape) < 0.2, 1 - y, y)
    if kind == "sparse labels":
        judge = Accuracy(sp.csr_matrix(y), lambda z: sp.csr_matrix(z))
    else:
        judge = Accuracy(y, lambda z: z)
    judge.start()
    for rows in (slice(0, 40), slice(40, N)):
        judge.add(rows, prediction[rows], None if weights is None else weights[rows], None)
    assert judge.score() == pytest.approx(metrics.accuracy_score(y, prediction, sample_weight=weights), rel=1e-15)


def test_the_best_constant_of_huber_is_the_intercept_of_a_huber_regression():
    """A Huber regression learns its scale; with the same scale, both constants are equal."""
    theirs = HuberRegressor(epsilon=1.35, alpha=0.0, tol=1e-10).fit(np.zeros((N, 1)), Y)
    scaled = (Y - theirs.intercept_) / theirs.scale_
    assert d2(Huber(), scaled, np.zeros(N), None) == pytest.approx(0.0, abs=1e-8)


class Fitted:
    """The estimator that a scorer gets."""

    def __init__(self, theta):
        self.theta, self.feature_names_in_ = theta, ["a"]


@pytest.mark.parametrize("X", [np.zeros((3, 1)), sp.csr_array((3, 1)), pd.DataFrame({"a": [0.0]})], ids=type)
def test_scorers_get_an_estimator_with_column_names_if_their_rows_have_names(X):
    def names(estimator, rows, y):
        return float(hasattr(estimator, "feature_names_in_"))

    assert scorer_of_weights(names, Fitted, X, np.zeros(3), None)(np.zeros(2)) == isinstance(X, pd.DataFrame)


def test_errors_of_scorers_without_weights_are_raised_unchanged():
    def broken(estimator, X, y):
        raise TypeError("a broken scorer")

    with pytest.raises(TypeError, match="a broken scorer"):
        scorer_of_weights(broken, Fitted, X, Y, WEIGHTS)(np.zeros(2))


def test_a_metric_without_weights_is_called_without_them(monkeypatch):
    calls = []

    def metric(estimator, X, y, **more):
        calls.append(more)
        if more:
            raise TypeError("got an unexpected keyword argument 'sample_weight'")
        return 0.25

    monkeypatch.setattr("sknet.training.judging.get_scorer", lambda scoring: metric)
    assert scorer_of_weights("a name", Fitted, X, Y, WEIGHTS)(np.zeros(2)) == 0.25
    assert [list(more) for more in calls] == [["sample_weight"], []]


@pytest.mark.parametrize(("message", "is_about_labels"), [("pos_label=1 is not a valid label", True), ("other", False)])
def test_only_errors_about_the_positive_class_are_explained(message, is_about_labels):
    def broken(estimator, X, y):
        raise ValueError(message)

    with pytest.raises(ValueError, match=message) as raised:
        scorer_of_weights(broken, Fitted, X, np.array(["a", "b"]), None)(np.zeros(2))
    assert (raised.value.__cause__ is not None) == is_about_labels
