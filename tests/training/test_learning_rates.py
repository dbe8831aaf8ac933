"""Learning rates follow their schedules, by name or as objects, with each solver, in `fit` and in `partial_fit`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainRegressor
from plain_fits import SMALL, SOLVERS, N, X, Y, assert_same_weights, fitted
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sknet import schedules

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def rate_at(schedule, epoch, n_epochs, n_batches):
    """Return the factor of the last update of an epoch, counted from 0."""
    p = (epoch + (n_batches - 1) / n_batches) / n_epochs
    cosine = np.cos(np.pi / 2 * p) ** 2
    rise = 0.04 + 0.96 * np.sin(np.pi / 2 * p / 0.3) ** 2
    fall = 1e-4 + (1 - 1e-4) * np.cos(np.pi / 2 * (p - 0.3) / 0.7) ** 2
    return {
        "constant": 1.0,
        "invscaling": (epoch * N + 1) ** -0.5,
        "adaptive": 1.0,
        "exponential": 0.95**epoch,
        "cosine": cosine,
        "one_cycle": rise if p < 0.3 else fall,
        "multi_cycle": np.sin(np.pi * np.log2(1 + 15 * p)) ** 2,
        "warmup_cosine": cosine * min(1.0, p / 0.05),
    }[schedule]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "schedule",
    ["constant", "invscaling", "adaptive", "exponential", "cosine", "one_cycle", "multi_cycle", "warmup_cosine"],
)
def test_every_schedule_with_every_solver(schedule, solver):
    mlp = fitted(PlainRegressor, solver=solver, learning_rate=schedule, max_iter=12)
    expected = [0.02 * rate_at(schedule, epoch, 12, 5) for epoch in range(12)]
    assert_allclose(mlp.learning_rate_curve_, expected, rtol=1e-10, atol=1e-15)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "multi_cycle", "warmup_cosine"])
def test_a_schedule_that_ends_with_the_last_epoch_gives_no_warning(schedule):
    assert fitted(PlainRegressor, learning_rate=schedule).n_iter_ == 8


def test_schedules_may_be_objects():
    mlp = fitted(PlainRegressor, learning_rate=schedules.Exponential(0.5))
    assert_allclose(mlp.learning_rate_curve_, 0.02 * 0.5 ** np.arange(8), rtol=1e-13)
    named = fitted(PlainRegressor, learning_rate=schedules.Cosine())
    assert_same_weights(named, fitted(PlainRegressor, learning_rate="cosine"))
    warm = schedules.Warmup(schedules.InverseScaling(1.0), share=0.5)
    assert clone(PlainRegressor(learning_rate=warm)).learning_rate == warm


def test_a_schedule_may_be_a_class_of_the_user():
    class Stairs:
        adaptive, per_update = False, False

        def __call__(self, clock):
            return 0.1 ** (clock.epochs // 3)

    mlp = fitted(PlainRegressor, learning_rate=Stairs())
    assert_allclose(mlp.learning_rate_curve_, 0.02 * np.array([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]), rtol=1e-12)


def test_an_adaptive_schedule_may_warm_up():
    """The learning rate is reduced where training would stop."""
    mlp = fitted(
        PlainRegressor, learning_rate=schedules.Warmup(schedules.Adaptive(10.0), 0.1), tol=1e9,
        n_iter_no_change=2, max_iter=40,
    )  # fmt: skip
    rates = np.array(mlp.learning_rate_curve_)
    assert_allclose(rates[0], 0.02 * 0.8 / 40 / 0.1, rtol=1e-10)  # the last of five updates of the first of 40 epochs
    assert_allclose(np.unique((rates[8:] / 0.02).round(12))[::-1][:2] * [1, 10], [1e-3, 1e-3], rtol=1e-6)


def test_schedules_can_be_searched():
    grid = {"learning_rate": ["constant", "one_cycle", schedules.Cosine(0.1)], "solver": ["rmsprop", "adagrad"]}
    search = GridSearchCV(PlainRegressor(**SMALL), grid, cv=2).fit(X, Y)
    assert len(search.cv_results_["params"]) == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("max_iter", [8, "auto"])
@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "multi_cycle", "warmup_cosine"])
def test_partial_fit_does_not_use_schedules_that_depend_on_the_number_of_epochs(schedule, max_iter):
    mlp = PlainRegressor(learning_rate=schedule, **SMALL | {"max_iter": max_iter})
    for _ in range(10):
        mlp.partial_fit(X, Y)
    assert mlp.learning_rate_curve_ == [0.02] * 10


def test_partial_fit_after_fit_uses_the_initial_learning_rate():
    """The schedule of `fit` ended at zero; `partial_fit` does not use it."""
    mlp = PlainRegressor(learning_rate="cosine", **SMALL).fit(X, Y)
    before = mlp.coefs_[0].copy()
    mlp.partial_fit(X, Y)
    assert mlp.learning_rate_curve_[-1] == 0.02
    assert np.abs(mlp.coefs_[0] - before).max() > 1e-4
