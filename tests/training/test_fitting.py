"""One run of a solver: curves, scores, printing, stopping, warnings and interruptions."""

import re
import tracemalloc
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor, forward, squared_error
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning

import sknet.training.chunks
from sknet import ACTIVATIONS
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network
from sknet.training.chunks import forward_in_chunks

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])
STOCHASTIC = pytest.mark.parametrize("solver", ["sgd", "adam"])

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 4))
Y = X @ [1.0, -2.0, 0.5, 0.0] + 0.3 * RNG.standard_normal(90)
SMALL = {"width": 5, "random_state": 0, "batch_size": 16, "learning_rate_init": 0.01}


def target(Estimator):
    return (Y > 0).astype(int) if Estimator is PlainClassifier else Y


# Prediction in chunks


def make_network(d, *widths):
    glorot = INITIALIZERS["glorot_uniform"]
    layers = [Dense(i, o, ACTIVATIONS["tanh"], glorot) for i, o in zip([d, *widths], widths, strict=False)]
    return Network(
        (*layers[:-1], Dense(layers[-1].n_in, widths[-1], ACTIVATIONS["identity"], glorot)), LOSSES["log_loss"]
    )


@pytest.mark.parametrize("elements", [1, 40, 41, 1000, 10**6])
@pytest.mark.parametrize("n", [1, 5, 99, 100])
def test_chunks_give_what_one_pass_gives(monkeypatch, n, elements):
    monkeypatch.setattr(sknet.training.chunks, "CHUNK_ELEMENTS", elements)
    monkeypatch.setattr(sknet.training.chunks, "LEAST_ROWS", 1)
    network = make_network(4, 8, 3)
    theta = network.initialize(np.random.RandomState(0), np.float64)
    layers = Parameters(network.layout, theta).layers
    data = np.random.default_rng(0).standard_normal((n, 4))
    longest = []

    def take(chunk):
        longest.append(chunk.stop - chunk.start)
        return data[chunk]

    z = forward_in_chunks(network, layers, take, n)
    expected = forward([W for W, _ in layers], [b for _, b in layers], "tanh", data)
    assert_allclose(z, expected, rtol=1e-12, atol=1e-14)
    assert sum(longest) == n
    assert max(longest) <= max(1, elements // 8)


@quiet
def test_prediction_takes_memory_for_a_chunk_only():
    mlp = PlainRegressor(width=50, max_iter=1).fit(X, Y)
    data = np.zeros((200_000, 4))
    tracemalloc.start()
    mlp.predict(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 80 MB for all of the hidden layer; the predictions themselves take 1.6 MB.
    assert peak < 10e6


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
def test_the_best_weights_are_kept_also_when_epochs_run_out(Estimator, solver):
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.3, "early_stopping": True}
    with pytest.warns(ConvergenceWarning):
        mlp = Estimator(max_iter=9, n_iter_no_change=100, **parameters).fit(X, y)
    best = int(np.argmax(mlp.validation_scores_))
    with pytest.warns(ConvergenceWarning):
        short = Estimator(max_iter=best + 1, **parameters).fit(X, y)
    assert_array_equal(mlp.coefs_[0], short.coefs_[0])


def test_tol_and_patience_count_in_scores_with_early_stopping():
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
def test_training_goes_on_from_the_best_weights(Estimator, solver):
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.1, "early_stopping": True, "warm_start": True}
    mlp = Estimator(n_iter_no_change=15, max_iter=1000, **parameters).fit(X, y)
    assert mlp.validation_scores_[-1] < mlp.best_validation_score_
    # At this rate nothing moves: the score is that of where training went on.
    mlp.set_params(learning_rate_init=1e-300, max_iter=1).fit(X, y)
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
    expected = mlp.score(X[rows], y[rows], None if w is None else w[rows])
    assert mlp.validation_scores_ == [pytest.approx(expected, rel=1e-9)]


# max_iter="auto"


@BOTH
@pytest.mark.parametrize(("n", "epochs"), [(130, 400), (1280, 400), (3200, 160), (12800, 40), (64000, 30)])
def test_epochs_make_about_four_thousand_updates(monkeypatch, Estimator, n, epochs):
    monkeypatch.setattr(
        "sknet.training.fitting.Run._run_stochastic", lambda self, incremental: planned.append(self.max_iter)
    )
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
def test_a_schedule_with_a_horizon_ends_with_the_last_of_these_epochs(Estimator):
    """And is warned of nothing: it is meant to get there."""
    X, y = load_wine(return_X_y=True)
    mlp = Estimator(learning_rate="cosine", max_iter="auto", batch_size=100, n_iter_no_change=400, random_state=0)
    assert_array_equal(mlp.fit(X, y).predict(X), clone(mlp).fit(X, y).predict(X))
    assert mlp.n_iter_ == 400
    epochs = np.arange(1, 401)
    # The curve has the rate of the last of two updates an epoch.
    expected = mlp.learning_rate_init * 0.5 * (1 + np.cos(np.pi * (epochs - 0.5) / 400))
    assert_allclose(mlp.learning_rate_curve_, expected, rtol=1e-12)


@BOTH
def test_a_stream_without_an_end_keeps_the_initial_rate(Estimator):
    mlp = Estimator(learning_rate="cosine", max_iter="auto", width=5, random_state=0)
    for _ in range(3):
        mlp.partial_fit(X, target(Estimator), **({"classes": [0, 1]} if Estimator is PlainClassifier else {}))
    assert mlp.learning_rate_curve_ == [mlp.learning_rate_init] * 3


# Warnings come from where the user called


def only_warning(call, category):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert [w.category for w in caught] == [category]
    assert caught[0].filename == __file__  # not from inside of sknet
    return str(caught[0].message)


@STOCHASTIC
@BOTH
def test_epochs_that_run_out_are_warned_of(Estimator, solver):
    mlp = Estimator(solver=solver, max_iter=3, **SMALL)
    message = only_warning(lambda: mlp.fit(X, target(Estimator)), ConvergenceWarning)
    assert message == (
        "Stochastic Optimizer: Maximum iterations (3) reached and the optimization hasn't converged yet."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp.partial_fit(X, target(Estimator))  # one epoch is what was asked for


@pytest.mark.parametrize("limit", [{"max_iter": 2}, {"max_fun": 3}])
@BOTH
def test_lbfgs_that_runs_out_is_warned_of(Estimator, limit):
    mlp = Estimator(solver="lbfgs", **SMALL, **limit)
    message = only_warning(lambda: mlp.fit(X, target(Estimator)), ConvergenceWarning)
    assert re.search(
        rf"lbfgs failed to converge after {mlp.n_iter_} iteration.*Increase max_iter=.* or max_fun=", message
    )
    assert mlp.n_iter_ <= 3


@BOTH
def test_lbfgs_that_converges_is_quiet(Estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = Estimator(solver="lbfgs", alpha=1.0, max_iter=2000, tol=1e-3, **SMALL).fit(X, target(Estimator))
    assert mlp.n_iter_ < 2000


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_batches_larger_than_the_data_are_warned_of(method, early_stopping):
    parameters = SMALL | {"batch_size": 91, "early_stopping": early_stopping, "n_iter_no_change": 1, "tol": 1e9}
    mlp = PlainRegressor(**parameters)
    message = only_warning(lambda: getattr(mlp, method)(X, Y), UserWarning)
    n = 81 if early_stopping else 90
    assert message == f"Got `batch_size`=91, more than the {n} training rows. It is going to be clipped."
    same = getattr(clone(mlp).set_params(batch_size=n), method)(X, Y)
    assert_array_equal(mlp.coefs_[0], same.coefs_[0])


def test_divergence_is_warned_of_where_the_user_called():
    mlp = PlainRegressor(
        depth=0, solver="sgd", learning_rate_init=30.0, early_stopping=True, n_iter_no_change=np.inf, max_iter=2000
    )
    assert "best validation score" in only_warning(lambda: mlp.fit(X, Y), ConvergenceWarning)


# Ctrl-C


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
def test_interrupted_training_leaves_a_usable_model(monkeypatch, Estimator, solver, n, early_stopping):
    y = target(Estimator)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, warm_start=True, **SMALL)
    with monkeypatch.context() as patch:
        Interruption(patch, n)
        message = only_warning(lambda: mlp.fit(X, y), UserWarning)
    assert message == "Training interrupted by user."
    assert mlp.n_iter_ == len(mlp.loss_curve_) == (n - 1) // 6  # six batches of 16 rows are an epoch
    assert np.isfinite(mlp.predict(X)).all() if Estimator is PlainRegressor else np.isin(mlp.predict(X), [0, 1]).all()
    if early_stopping and mlp.n_iter_:
        assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    mlp.set_params(max_iter=3)
    with pytest.warns(ConvergenceWarning):
        mlp.fit(X, y)
    assert mlp.n_iter_ == 3


@pytest.mark.parametrize("n", [1, 3])
@BOTH
def test_interrupted_while_validating(Estimator, n):
    """The epoch of which only the loss was recorded is left out: all curves end with the same one."""
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
    assert len(lines) == (4 if verbose else 0)
    for i, line in enumerate(lines):
        assert re.match(rf"Iteration +{i + 1} +loss {mlp.loss_curve_[i]:.8f}", line)
        assert ("validation" in line) == early_stopping
        if early_stopping:
            expected = f"validation loss {mlp.validation_loss_curve_[i]:.8f}  score {mlp.validation_scores_[i]:.6f}"
            assert expected in line
        assert re.search(r"rate 0\.01 .* s$", line)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_verbose_says_why_training_stops(capsys, early_stopping):
    PlainRegressor(
        learning_rate="adaptive", early_stopping=early_stopping, tol=1e9, n_iter_no_change=2, verbose=True, **SMALL
    ).fit(X, Y)
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("Iteration")]
    what = "Validation score" if early_stopping else "Training loss"
    assert all(line.startswith(f"{what} did not improve more than tol=") for line in lines)
    assert all("for 2 consecutive epochs." in line for line in lines)
    rates = [float(line.split("Setting learning rate to ")[1]) for line in lines[:-1]]
    assert_allclose(rates, 0.01 / 5.0 ** np.arange(1, len(rates) + 1), atol=5e-7)
    assert lines[-1].endswith("Stopping.")


# L-BFGS


@pytest.mark.parametrize("rows", [1, 7, 89, 90, 1000])
@BOTH
def test_lbfgs_in_batches_is_lbfgs_on_all_rows(monkeypatch, Estimator, rows):
    """Each evaluation runs through all rows; batches only bound its memory."""
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
def test_lbfgs_that_starts_at_its_end(Estimator):
    mlp = Estimator(solver="lbfgs", tol=1e9, **SMALL).fit(X, target(Estimator))
    assert mlp.n_iter_ == 0
    assert np.isfinite(mlp.loss_)
    assert mlp.best_loss_ == mlp.loss_


@quiet
def test_lbfgs_with_warm_start_goes_on_and_appends():
    mlp = PlainRegressor(solver="lbfgs", warm_start=True, max_iter=5, **SMALL).fit(X, Y)
    first = mlp.loss_
    mlp.fit(X, Y)
    assert mlp.n_iter_ == 5
    assert len(mlp.loss_curve_) == 10
    assert mlp.loss_curve_[5] < first


@quiet
def test_solutions_are_no_worse_with_more_iterations():
    X_iris, y_iris = load_iris(return_X_y=True)
    mlp = PlainClassifier(solver="lbfgs", random_state=0, max_iter=30).fit(X_iris, y_iris)
    assert mlp.score(X_iris, y_iris) > 0.97
    assert (np.diff(mlp.loss_curve_) <= 0).all()


@quiet
def test_an_adaptive_rate_waits_after_each_reduction():
    """``n_iter_no_change`` epochs without improvement come before each: a tolerance that no epoch meets."""
    parameters = SMALL | {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "max_iter": 7}
    mlp = PlainRegressor(n_iter_no_change=2, tol=1e9, **parameters).fit(X, Y)
    assert_allclose(mlp.learning_rate_curve_, [0.1, 0.1, 0.1, 0.02, 0.02, 0.004, 0.004], rtol=1e-12)


def test_training_goes_on_from_the_best_weights_after_a_divergence():
    mlp = PlainRegressor(standardize=False, early_stopping=True, **SMALL).partial_fit(X, Y)
    best = mlp.predict(X)
    with pytest.warns(UserWarning, match="weights of the best validation score are kept"):
        mlp.partial_fit(X * 1e300, Y * 1e300)
    assert_array_equal(mlp.predict(X), best)
    mlp.partial_fit(X, Y)
    assert np.isfinite(mlp.loss_)
