"""Each loss of the regressor agrees with scikit-learn's linear model of this loss, in its domain, with every solver."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainRegressor
from plain_fits import LINEAR, SMALL, STEEP, WEIGHTS, N, X, Y, counts, fitted, with_outliers
from scipy.special import huber
from sklearn import metrics
from sklearn.linear_model import GammaRegressor, HuberRegressor, PoissonRegressor, QuantileRegressor
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("epsilon", [1.35, 2.5])
def test_huber_without_depth_is_huber_regression(epsilon, sample_weight):
    """There, the threshold is epsilon times an estimated scale; here, it is in interquartile ranges of y."""
    y, Z = with_outliers(), StandardScaler().fit_transform(X)
    theirs = HuberRegressor(epsilon=epsilon, alpha=0.0, tol=1e-9, max_iter=5000).fit(Z, y, sample_weight)
    order, weights = np.argsort(y), np.ones(len(y)) if sample_weight is None else sample_weight
    low, high = (y[order][np.cumsum(weights[order]) >= share * weights.sum()][0] for share in (0.25, 0.75))
    for standardize, unit in ((True, high - low), (False, 1.0)):
        delta = epsilon * theirs.scale_ / unit
        ours = PlainRegressor("huber", huber_delta=delta, standardize=standardize, **LINEAR)
        ours.fit(Z, y, sample_weight)
        errors = [huber(epsilon * theirs.scale_, y - model.predict(Z)) for model in (ours, theirs)]
        losses = [np.average(error, weights=sample_weight) for error in errors]
        assert losses[0] == pytest.approx(losses[1], rel=1e-7)
        assert losses[0] <= losses[1] * (1 + 1e-12)  # scikit-learn stops earlier, and estimates the scale
        assert_allclose(ours.predict(Z), theirs.predict(Z), atol=1e-3 * theirs.scale_)


def durations():
    return np.random.default_rng(1).gamma(2.0, np.exp(0.3 * (X[:, 0] - X[:, 2])) / 2.0)


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(
    ("loss", "Theirs", "y"), [("poisson", PoissonRegressor, counts()), ("gamma", GammaRegressor, durations())]
)
def test_log_links_without_depth_are_generalized_linear_models(loss, Theirs, y, sample_weight):
    theirs = Theirs(alpha=0.0, tol=1e-10, max_iter=5000).fit(X, y, sample_weight)
    ours = PlainRegressor(loss, **LINEAR).fit(X, y, sample_weight)
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, rtol=1e-5, atol=1e-6)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)
    assert ours.out_activation_ == "exp"


def test_gamma_with_a_penalty_is_that_of_gamma_regression():
    """There, the penalty counts once for each row; here, once for all rows: ``alpha * n``."""
    y, Z = durations(), StandardScaler().fit_transform(X)
    theirs = GammaRegressor(alpha=0.1, tol=1e-10, max_iter=5000).fit(Z, y)
    ours = PlainRegressor("gamma", standardize=False, **LINEAR | {"alpha": 0.1 * N}).fit(Z, y)
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, rtol=1e-5)


def test_absolute_error_without_depth_is_median_regression():
    y = with_outliers()
    theirs = QuantileRegressor(quantile=0.5, alpha=0.0).fit(X, y).predict(X)
    ours = PlainRegressor("absolute_error", **STEEP).fit(X, y).predict(X)
    assert metrics.mean_absolute_error(y, ours) < 1.001 * metrics.mean_absolute_error(y, theirs)


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_robust_losses_resist_outliers(loss):
    clean = PlainRegressor(**STEEP).fit(X, Y).predict(X)
    robust, squared = (PlainRegressor(name, **STEEP).fit(X, with_outliers()) for name in (loss, "squared_error"))
    errors = [np.abs(mlp.predict(X) - clean).mean() for mlp in (robust, squared)]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize(
    ("loss", "bad", "domain"), [("poisson", -0.5, "y >= 0"), ("gamma", 0.0, "y > 0"), ("gamma", -1.0, "y > 0")]
)
def test_targets_out_of_the_domain(loss, bad, domain):
    y = durations()
    y[3] = bad
    with pytest.raises(ValueError, match=rf"loss='{loss}' needs targets {domain}, got a smallest value of {bad}"):
        PlainRegressor(loss).fit(X, y)
    with pytest.raises(ValueError, match=rf"needs targets {domain}"):
        PlainRegressor(loss, **SMALL).fit(X, durations(), X_val=X, y_val=y)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_loss_with_every_kind_of_solver(loss, solver):
    y = durations()
    mlp = fitted(PlainRegressor, X, y, loss=loss, solver=solver, max_iter=100, activation="tanh")
    metric = {"poisson": metrics.mean_poisson_deviance, "gamma": metrics.mean_gamma_deviance,
              "squared_error": metrics.mean_squared_error, "huber": metrics.mean_absolute_error}.get(
        loss, metrics.mean_absolute_error
    )  # fmt: skip
    assert metric(y, mlp.predict(X)) < 0.95 * metric(y, np.full(N, y.mean()))
    assert (mlp.predict(X) > 0).all() or loss not in ("poisson", "gamma")
