"""One run of a solver: stopping, the best weights, number of epochs, printing, learning rates, and L-BFGS."""

import re
import warnings

import numpy as np
import pytest
from fitting_data import BOTH, SMALL, STOCHASTIC, X, Y, only_warning, quiet, target
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import d2_tweedie_score

import sknet.base
import sknet.training.fitting

# Stopping


@STOCHASTIC
@BOTH
def test_training_stops_by_the_documented_rule(Estimator, solver):
    mlp = Estimator(solver=solver, tol=1e-2, n_iter_no_change=3, max_iter=2000, **SMALL).fit(X, target(Estimator))
    best, count, stopped = np.inf, 0, None
    for epoch, loss in enumerate(mlp.loss_curve_, 1):
        count = count + 1 if loss > best - 1e-2 else 0
        best = min(best, loss)
        if count == 3:
            stopped = epoch
            break
    assert mlp.n_iter_ == stopped == len(mlp.loss_curve_) < 2000
    assert mlp.best_loss_ == best


@STOCHASTIC
@BOTH
def test_early_stopping_keeps_the_weights_of_the_best_epoch(Estimator, solver):
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.1, "early_stopping": True, "tol": 1e-4}
    mlp = Estimator(n_iter_no_change=15, max_iter=1000, **parameters).fit(X, y)
    scores = mlp.validation_scores_
    best = int(np.argmax(scores))
    assert mlp.best_validation_score_ == scores[best]
    assert best < len(scores) - 1
    with pytest.warns(ConvergenceWarning):
        short = Estimator(max_iter=best + 1, **parameters).fit(X, y)
    for a, b in zip(mlp.coefs_ + mlp.intercepts_, short.coefs_ + short.intercepts_, strict=True):
        assert_array_equal(a, b)


@STOCHASTIC
@BOTH
def test_the_best_weights_are_kept_also_after_max_iter_epochs(Estimator, solver):
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.3, "early_stopping": True}
    with pytest.warns(ConvergenceWarning):
        mlp = Estimator(max_iter=9, n_iter_no_change=100, **parameters).fit(X, y)
    best = int(np.argmax(mlp.validation_scores_))
    with pytest.warns(ConvergenceWarning):
        short = Estimator(max_iter=best + 1, **parameters).fit(X, y)
    assert_array_equal(mlp.coefs_[0], short.coefs_[0])


def test_with_early_stopping_tol_and_patience_apply_to_scores():
    mlp = PlainRegressor(early_stopping=True, tol=0.05, n_iter_no_change=2, max_iter=2000, **SMALL).fit(X, Y)
    best, count = -np.inf, 0
    counts = []
    for score in mlp.validation_scores_:
        count = count + 1 if score < best + 0.05 else 0
        best = max(best, score)
        counts.append(count)
    assert counts[-1] == 2
    assert max(counts[:-1]) < 2


@quiet
@STOCHASTIC
@BOTH
def test_training_continues_from_the_best_weights(Estimator, solver):
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.1, "early_stopping": True, "warm_start": True}
    mlp = Estimator(n_iter_no_change=15, max_iter=1000, **parameters).fit(X, y)
    assert mlp.validation_scores_[-1] < mlp.best_validation_score_
    # At this learning rate without momentum the weights do not change, so the score is that of the first weights.
    mlp.set_params(learning_rate_init=1e-300, momentum=0.0, max_iter=1).fit(X, y)
    assert mlp.validation_scores_[-1] == pytest.approx(mlp.best_validation_score_, rel=1e-12)


@quiet
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("Estimator", "loss"),
    [(PlainClassifier, {}), (PlainRegressor, {}), (PlainRegressor, {"loss": "poisson"})],
)
def test_validation_scores_are_those_of_score(monkeypatch, Estimator, loss, weighted):
    splits = []
    inner = sknet.base.validation_split

    def spy(*args):
        splits.append(inner(*args))
        return splits[-1]

    monkeypatch.setattr(sknet.base, "validation_split", spy)
    y, w = target(Estimator), np.random.default_rng(1).uniform(0.1, 3.0, 90) if weighted else None
    y = np.abs(y) if loss else y
    mlp = Estimator(early_stopping=True, max_iter=1, validation_fraction=0.3, **SMALL, **loss).fit(X, y, w)
    rows = splits[0][1]
    w = None if w is None else w[rows]
    if loss:  # the score is the D2 of the loss, but `score` is R2
        expected = d2_tweedie_score(y[rows], mlp.predict(X[rows]), sample_weight=w, power=1)
    else:
        expected = mlp.score(X[rows], y[rows], w)
    assert mlp.validation_scores_ == [pytest.approx(expected, rel=1e-9)]


# max_iter="auto"


@BOTH
@pytest.mark.parametrize(("n", "epochs"), [(130, 400), (640, 400), (1280, 300), (12800, 30), (64000, 12)])
def test_epochs_make_about_three_thousand_updates(monkeypatch, Estimator, n, epochs):
    monkeypatch.setattr("sknet.training.fitting.Run._run_stochastic", lambda self: planned.append(self.max_iter))
    planned = []
    y = np.arange(n) % 2
    Estimator(max_iter="auto", batch_size=128, width=2).fit(np.zeros((n, 1)), y)
    assert planned == [epochs]


@BOTH
def test_lbfgs_has_two_hundred_iterations(Estimator):
    mlp = Estimator(**SMALL | {"solver": "lbfgs", "max_iter": "auto", "tol": 0.0, "activation": "tanh", "width": 20})
    message = only_warning(lambda: mlp.fit(X, target(Estimator)), ConvergenceWarning)
    assert mlp.n_iter_ == 200
    assert "200 iteration" in message


@BOTH
def test_a_schedule_that_uses_progress_ends_with_the_last_of_these_epochs(Estimator):
    """There is no warning, because the schedule is planned for all epochs."""
    X, y = load_wine(return_X_y=True)
    mlp = Estimator(learning_rate="cosine", max_iter="auto", batch_size=100, n_iter_no_change=400, random_state=0)
    assert_array_equal(mlp.fit(X, y).predict(X), clone(mlp).fit(X, y).predict(X))
    assert mlp.n_iter_ == 400
    epochs = np.arange(1, 401)
    # The curve has the learning rate of the last of the two updates of an epoch.
    expected = mlp.learning_rate_init * 0.5 * (1 + np.cos(np.pi * (epochs - 0.5) / 400))
    assert_allclose(mlp.learning_rate_curve_, expected, rtol=1e-12)


@BOTH
def test_partial_fit_keeps_the_initial_learning_rate(Estimator):
    mlp = Estimator(learning_rate="cosine", max_iter="auto", width=5, random_state=0)
    for _ in range(3):
        mlp.partial_fit(X, target(Estimator), **({"classes": [0, 1]} if Estimator is PlainClassifier else {}))
    assert mlp.learning_rate_curve_ == [mlp.learning_rate_init] * 3


# Printing


@quiet
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("verbose", [False, True, 0, 1, 10])
@STOCHASTIC
@BOTH
def test_verbose(capsys, Estimator, solver, verbose, early_stopping):
    parameters = SMALL | {"solver": solver, "early_stopping": early_stopping, "verbose": verbose}
    mlp = Estimator(max_iter=3, **parameters).fit(X, target(Estimator))
    mlp.partial_fit(X, target(Estimator))
    lines = capsys.readouterr().out.splitlines()
    printed = []
    for i in range(4 if verbose else 0):
        printed.append(f"Iteration {i + 1}, loss = {mlp.loss_curve_[i]:.8f}")
        printed += [f"Validation score: {mlp.validation_scores_[i]:.6f}"] if early_stopping else []
    details = [line for line in lines if line.startswith(" ")]
    assert [line for line in lines if not line.startswith(" ")] == printed
    assert len(details) == (4 if verbose > 1 else 0)
    for i, line in enumerate(details):
        assert re.search(r"  rate 0\.01  \d+\.\d s$", line)
        assert (f"validation loss {mlp.validation_loss_curve_[i]:.8f}  " if early_stopping else "") in line


@pytest.mark.parametrize("early_stopping", [False, True])
def test_verbose_prints_why_training_stops(capsys, early_stopping):
    PlainRegressor(
        learning_rate="adaptive", early_stopping=early_stopping, tol=1e9, n_iter_no_change=2, verbose=True, **SMALL
    ).fit(X, Y)
    lines = [line for line in capsys.readouterr().out.splitlines() if "did not improve" in line]
    what = "Validation score" if early_stopping else "Training loss"
    assert all(line.startswith(f"{what} did not improve more than tol=") for line in lines)
    assert all("for 2 consecutive epochs." in line for line in lines)
    rates = [float(line.split("Setting learning rate to ")[1]) for line in lines[:-1]]
    assert_allclose(rates, 0.01 / 5.0 ** np.arange(1, len(rates) + 1), atol=5e-7)
    assert lines[-1].endswith("Stopping.")


# L-BFGS


@pytest.mark.parametrize("rows", [1, 7, 89, 90, 1000])
@BOTH
def test_lbfgs_in_mini_batches_is_lbfgs_on_all_rows(monkeypatch, Estimator, rows):
    """Each evaluation uses all rows; mini-batches only limit its memory."""
    y, w = target(Estimator), np.random.default_rng(0).integers(0, 3, 90)
    parameters = SMALL | {"solver": "lbfgs", "alpha": 0.5, "max_iter": 10, "activation": "tanh"}
    with pytest.warns(ConvergenceWarning):
        whole = Estimator(**parameters).fit(X, y, w)
    monkeypatch.setattr(sknet.training.fitting.Run, "_batch_size", lambda self: rows)
    with pytest.warns(ConvergenceWarning):
        parts = Estimator(**parameters).fit(X, y, w)
    assert_allclose(parts.coefs_[0], whole.coefs_[0], rtol=1e-6, atol=1e-9)
    assert_allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-9)


@BOTH
def test_lbfgs_without_an_iteration_records_the_initial_loss(Estimator):
    mlp = Estimator(solver="lbfgs", tol=1e9, **SMALL).fit(X, target(Estimator))
    assert mlp.n_iter_ == 0
    assert np.isfinite(mlp.loss_)
    assert mlp.best_loss_ == mlp.loss_


@quiet
def test_lbfgs_with_warm_start_continues_and_appends_to_the_curves():
    mlp = PlainRegressor(solver="lbfgs", warm_start=True, max_iter=5, **SMALL).fit(X, Y)
    first = mlp.loss_
    mlp.fit(X, Y)
    assert mlp.n_iter_ == 5
    assert len(mlp.loss_curve_) == 10
    assert mlp.loss_curve_[5] < first


@quiet
def test_more_iterations_give_solutions_that_are_at_least_as_good():
    X_iris, y_iris = load_iris(return_X_y=True)
    mlp = PlainClassifier(solver="lbfgs", random_state=0, max_iter=30).fit(X_iris, y_iris)
    assert mlp.score(X_iris, y_iris) > 0.97
    assert (np.diff(mlp.loss_curve_) <= 0).all()


# Learning rates and divergence


@quiet
def test_an_adaptive_learning_rate_waits_after_each_reduction():
    """``n_iter_no_change`` epochs come before each reduction, because no epoch improves by as much as ``tol``."""
    parameters = SMALL | {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "max_iter": 7}
    mlp = PlainRegressor(n_iter_no_change=2, tol=1e9, **parameters).fit(X, Y)
    assert_allclose(mlp.learning_rate_curve_, [0.1, 0.1, 0.1, 0.02, 0.02, 0.004, 0.004], rtol=1e-12)


def test_training_continues_from_the_best_weights_after_a_divergence():
    mlp = PlainRegressor(standardize=False, early_stopping=True, **SMALL).partial_fit(X, Y)
    best = mlp.predict(X)
    with pytest.warns(UserWarning, match="weights of the best validation score are kept"):
        mlp.partial_fit(X * 1e300, Y * 1e300)
    assert_array_equal(mlp.predict(X), best)
    mlp.partial_fit(X, Y)
    assert np.isfinite(mlp.loss_)


@quiet
def test_patience_may_be_reduced_between_calls_of_partial_fit():
    """Training also stops if there are already more epochs without improvement than the new patience."""
    mlp = PlainRegressor(**SMALL | {"tol": 10.0, "n_iter_no_change": 50, "max_iter": 40}).fit(X, Y)
    assert mlp.n_iter_ == 40
    mlp.set_params(n_iter_no_change=3, learning_rate="adaptive").partial_fit(X, Y).partial_fit(X, Y)
    rates = mlp.learning_rate_curve_
    assert rates[-1] == pytest.approx(rates[0] / 5)


@pytest.mark.parametrize(("solver", "rows"), [("adam", 7), ("lbfgs", len(X))])
def test_the_batch_size_is_that_of_an_update(solver, rows):
    """L-BFGS updates the weights once for all rows, whatever the parameter says."""
    mlp = PlainRegressor(**SMALL | {"solver": solver, "batch_size": 7, "max_iter": 2, "tol": 0.0})
    with warnings.catch_warnings(action="ignore"):
        assert mlp.fit(X, Y).batch_size_ == rows


@quiet
def test_a_warm_start_of_lbfgs_that_accepts_no_iteration_says_why_it_stopped():
    """There are curves of the first fit then, so that the initial loss is not recorded again."""
    mlp = PlainRegressor(solver="lbfgs", warm_start=True, max_iter=5, **SMALL).fit(X, Y)
    assert mlp.stopping_reason_ == "max_iter"
    mlp.set_params(tol=1e9).fit(X, Y)
    assert mlp.stopping_reason_ == "converged"
    assert len(mlp.loss_curve_) == 5
