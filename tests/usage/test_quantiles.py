"""Quantile regression agrees with scikit-learn's, quantiles never cross, and they cover the right share of rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainRegressor
from plain_fits import SMALL, STEEP, WEIGHTS, D, N, X, Y, assert_same_weights, fitted, with_outliers
from sklearn import metrics
from sklearn.linear_model import QuantileRegressor

from sknet import MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def pinball(y, prediction, level, sample_weight=None):
    return metrics.mean_pinball_loss(y, prediction, alpha=level, sample_weight=sample_weight)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_quantile_without_depth_is_quantile_regression(level):
    """Both problems may have several solutions, so the losses are compared."""
    y = with_outliers()
    theirs = pinball(y, QuantileRegressor(quantile=level, alpha=0.0).fit(X, y).predict(X), level)
    ours = PlainRegressor("quantile", quantile=level, **STEEP).fit(X, y)
    assert theirs * (1 - 1e-9) <= pinball(y, ours.predict(X), level) < 1.001 * theirs


def test_weighted_quantiles():
    theirs = QuantileRegressor(quantile=0.8, alpha=0.0).fit(X, Y, WEIGHTS).predict(X)
    ours = PlainRegressor("quantile", quantile=0.8, **STEEP).fit(X, Y, WEIGHTS).predict(X)
    assert pinball(Y, ours, 0.8, WEIGHTS) < 1.001 * pinball(Y, theirs, 0.8, WEIGHTS)


def test_several_quantiles_have_one_output_each():
    levels = (0.1, 0.5, 0.9)
    ours = PlainRegressor("quantile", quantile=levels, **STEEP).fit(X, Y)
    assert ours.n_outputs_ == 3
    predictions = ours.predict(X)
    assert predictions.shape == (N, 3)
    for level, column in zip(levels, predictions.T, strict=True):
        theirs = QuantileRegressor(quantile=level, alpha=0.0).fit(X, Y).predict(X)
        assert pinball(Y, column, level) < 1.002 * pinball(Y, theirs, level)
    expected = np.mean([metrics.d2_pinball_score(Y, c, alpha=q) for q, c in zip(levels, predictions.T, strict=True)])
    assert ours.score(X, Y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("targets", [1, 2])
def test_one_quantile_is_scored_by_its_own_loss(targets):
    """Early stopping uses this score. R2 would grow with every step from a quantile towards the mean."""
    y = np.column_stack([Y, Y**2])[:, :targets].squeeze()
    rising = np.column_stack([Y, Y])[:, :targets].squeeze()
    ours = PlainRegressor("quantile", quantile=0.8, early_stopping=True, **SMALL).fit(X, y, X_val=X, y_val=rising)
    expected = metrics.d2_pinball_score(rising, ours.predict(X), alpha=0.8)
    assert ours.score(X, rising) == pytest.approx(expected, rel=1e-12)
    assert ours.best_validation_score_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("level", [0.05, 0.95])
def test_by_default_training_stops_at_the_quantile(level):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 8))
    y = np.exp(X[:, 0] + 0.5 * X[:, 1] + 0.5 * rng.normal(size=len(X)))
    mlp = MLPRegressorScratch("quantile", quantile=level, random_state=0, width=32).fit(X[:1500], y[:1500])
    assert abs(np.mean(y[1500:] < mlp.predict(X[1500:])) - level) < 0.05


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_quantiles_never_cross(scale):
    """This also holds far from the data, and after very little training."""
    for max_iter in (1, 30):
        mlp = fitted(PlainRegressor, X, Y, loss="quantile", quantile=np.linspace(0.05, 0.95, 10), max_iter=max_iter)
        predictions = mlp.predict(scale * np.random.default_rng(0).normal(size=(500, D)))
        assert (np.diff(predictions, axis=1) >= 0.0).all()
        assert mlp.score(X, Y) <= 1.0


def test_quantiles_cover_the_right_share_of_rows():
    """New rows are used, whose noise grows with the first input."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.0, 1.0, (3000, 1))
    y = np.sin(5.0 * x[:, 0]) + (0.1 + x[:, 0]) * rng.normal(size=3000)
    levels = [0.1, 0.5, 0.9]
    mlp = PlainRegressor(
        "quantile", quantile=levels, width=20, max_iter=60, learning_rate="cosine", learning_rate_init=0.02,
        random_state=0,
    ).fit(x[:2000], y[:2000])  # fmt: skip
    predictions = mlp.predict(x[2000:])
    assert_allclose((y[2000:, None] < predictions).mean(axis=0), levels, atol=0.05)
    spread = predictions[:, 2] - predictions[:, 0]
    # The noise at 0.1 and at 0.9 has a ratio of 0.2 to 1.0.
    near, far = (spread[np.abs(x[2000:, 0] - at) < 0.1].mean() for at in (0.1, 0.9))
    assert far > 2.5 * near


def test_one_quantile_in_a_sequence_has_one_output():
    one, listed = (fitted(PlainRegressor, loss="quantile", quantile=q) for q in (0.3, [0.3]))
    assert_same_weights(one, listed)
    assert listed.predict(X).shape == (N,)


def test_one_quantile_of_several_targets():
    """Each is a quantile regression."""
    y = np.column_stack([Y, -3.0 * with_outliers()])
    predictions = PlainRegressor("quantile", quantile=0.9, **STEEP).fit(X, y).predict(X)
    for column, prediction in zip(y.T, predictions.T, strict=True):
        theirs = QuantileRegressor(quantile=0.9, alpha=0.0).fit(X, column).predict(X)
        assert pinball(column, prediction, 0.9) < 1.002 * pinball(column, theirs, 0.9)


def test_several_quantiles_of_several_targets_are_an_error():
    with pytest.raises(ValueError, match=r"several quantiles, .*, need one target, got 2.*MultiOutputRegressor"):
        PlainRegressor("quantile", quantile=[0.1, 0.9]).fit(X, np.column_stack([Y, Y]))
