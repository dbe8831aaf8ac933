"""Only scores of the same rows and metric are compared: in streams, in warm starts, with few rows, in little memory."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from plain_fits import BOTH, SMALL, VAL, X_TRAIN, X_VAL, X, Y, fitted, outputs, target
from sklearn.datasets import make_regression
from sklearn.metrics import median_absolute_error

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NEVER = {"n_iter_no_change": np.inf}


def stream(n_chunks, size, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(n_chunks):
        x = rng.normal(size=(size, 4))
        yield x, (x[:, 0] * x[:, 1] > 0).astype(int)


def test_one_chunk_with_a_high_score_does_not_end_learning():
    """All rows of the first chunk but two are of one class: all later chunks have lower scores on their own rows."""
    mlp = MLPClassifierScratch(early_stopping=True, random_state=0, width=32, learning_rate_init=0.01)
    (x, y), *rest = stream(60, 100)
    lucky = np.where(np.arange(100) < 98, 0, 1)
    mlp.partial_fit(x, lucky, classes=[0, 1])
    assert mlp.validation_scores_[0] >= 0.9
    for chunk in rest:
        mlp.partial_fit(*chunk)
    ((x, y),) = stream(1, 2000, seed=1)
    assert mlp.score(x, y) > 0.9
    assert len(mlp.validation_scores_) == 60  # the curve of a stream continues


@BOTH
def test_the_published_model_of_a_stream_is_no_worse_on_the_last_validation_rows(Estimator):
    y = target(Estimator)
    mlp = Estimator(early_stopping=True, scoring="loss", **SMALL | {"learning_rate_init": 0.2})
    more = {"classes": [0, 1, 2]} if Estimator is PlainClassifier else {}
    for i in range(12):
        rows = np.arange(i * 10, i * 10 + 60) % 120
        mlp.partial_fit(X[rows], y[rows], X_val=X[rows[:20]], y_val=y[rows[:20]], **more)
        assert mlp.best_validation_score_ >= mlp.validation_scores_[-1]
        assert mlp._state.plateau.best == mlp.best_validation_score_


@BOTH
@pytest.mark.parametrize("change", ["rows", "targets", "weights"])
def test_a_warm_start_with_other_validation_rows_forgets_scores_and_scores_the_best_weights_again(Estimator, change):
    y = target(Estimator)
    mlp = Estimator(early_stopping=True, warm_start=True, scoring="loss", **SMALL | NEVER)
    mlp.fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL])
    best = outputs(mlp).copy()
    other = {"X_val": X_VAL, "y_val": y[VAL]}
    if change == "rows":
        other["X_val"] = X_VAL[::-1]
    elif change == "targets":
        other["y_val"] = np.roll(y[VAL], 3)
    else:
        other["sample_weight_val"] = np.arange(1.0, 31.0)
    mlp.set_params(learning_rate_init=1e-9, max_iter=2).fit(X_TRAIN, y[~VAL], **other)
    assert len(mlp.validation_scores_) == len(mlp.validation_loss_curve_) == 2
    judged_again = mlp.best_validation_score_
    assert judged_again >= max(mlp.validation_scores_)
    if judged_again > max(mlp.validation_scores_):  # the earlier best weights are the best on these rows too
        assert_array_equal(outputs(mlp), best)


@BOTH
def test_a_warm_start_with_another_scorer_starts_a_new_curve(Estimator):
    mlp = Estimator(early_stopping=True, warm_start=True, **SMALL | NEVER).fit(X, target(Estimator))
    mlp.set_params(scoring="loss", max_iter=3).fit(X, target(Estimator))
    assert mlp.validation_scores_ == [-loss for loss in mlp.validation_loss_curve_]
    assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    assert len(mlp.loss_curve_) == SMALL["max_iter"] + 3


@BOTH
def test_a_new_metric_without_early_stopping_starts_a_new_curve(Estimator):
    y = target(Estimator)
    mlp = Estimator(warm_start=True, **SMALL)
    data = {"X": X_TRAIN, "y": y[~VAL], "X_val": X_VAL, "y_val": y[VAL]}
    mlp.fit(**data).set_params(scoring="loss", max_iter=2).partial_fit(**data)
    assert mlp.validation_scores_ == [-mlp.validation_loss_curve_[-1]]


def test_early_stopping_by_an_absolute_error_ignores_extreme_values():
    rng = np.random.default_rng(0)
    X, X_test = rng.normal(size=(1500, 3)), rng.normal(size=(300, 3))
    y = X[:, 0] + np.abs(X[:, 1]) + 20
    y[rng.uniform(size=1500) < 0.01] = -9999.0
    truth, errors = X_test[:, 0] + np.abs(X_test[:, 1]) + 20, []
    for loss in ("absolute_error", "quantile"):  # two names of the same loss
        mlp = MLPRegressorScratch(loss, width=32, max_iter=60, random_state=0).fit(X, y)
        errors.append(median_absolute_error(truth, mlp.predict(X_test)))
        assert np.argmax(mlp.validation_scores_) > 5
    assert errors[0] < 1.5 * errors[1]


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile", "poisson"])
def test_constant_validation_targets_are_scored_by_the_loss(loss):
    y = np.where(VAL, 2.0, np.abs(Y))
    mlp = fitted(PlainRegressor, X_TRAIN, y[~VAL], loss=loss)
    mlp.set_params(early_stopping=True).fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL])
    assert mlp.validation_scores_ == [-v for v in mlp.validation_loss_curve_]


# Few rows


@pytest.mark.parametrize(("n", "stops"), [(2, False), (3, False), (90, False), (91, True)])
def test_early_stopping_by_default_needs_ten_validation_rows(n, stops):
    mlp = MLPRegressorScratch(batch_size=1, max_iter=1, width=2, random_state=0).fit(X[:n], Y[:n])
    assert mlp.t_ == (n - 10 if stops else n)
    assert (mlp.validation_scores_ is not None) == stops


@pytest.mark.parametrize("n", [2, 3])
def test_early_stopping_with_two_or_three_rows_is_an_error_or_leaves_rows_to_train_on(n):
    mlp = MLPRegressorScratch(early_stopping=True, max_iter=1, random_state=0)
    if n == 2:
        with pytest.raises(ValueError, match="The validation set is too small"):
            mlp.fit(X[:n], Y[:n])
    else:
        assert mlp.fit(X[:n], Y[:n]).t_ == 1


@pytest.mark.parametrize("n", [60, 120, 150])
def test_a_linear_target_without_noise_is_learned_from_few_rows(n):
    X, y = make_regression(n_samples=n + 500, n_features=20, random_state=1)
    parameters = {"max_iter": 2000, "tol": 0.1, "random_state": 0}
    more, less = (
        MLPRegressorScratch(weight_decay=w, **parameters).fit(X[:n], y[:n]).score(X[n:], y[n:]) for w in ("auto", 0.02)
    )
    assert 1.0 - more < 0.9 * (1.0 - less)


# Memory


def many_classes(rng, n):
    return np.r_[np.arange(500), rng.integers(0, 500, n - 500)]


KINDS = {
    "binary": (PlainClassifier, lambda rng, n: rng.integers(0, 2, n)),
    "many classes": (PlainClassifier, many_classes),
    "many labels": (PlainClassifier, lambda rng, n: rng.integers(0, 2, (n, 60)).astype(np.uint8)),
    "regression": (PlainRegressor, lambda rng, n: rng.normal(size=n)),
    "many targets": (PlainRegressor, lambda rng, n: rng.normal(size=(n, 60)).astype(np.float32)),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("own", [False, True], ids=["set aside", "of their own"])
@pytest.mark.parametrize("kind", KINDS)
def test_validation_takes_memory_for_one_chunk_of_rows(kind, own, weighted):
    """In addition, it takes memory for the targets as they are given: no one-hot matrix and no outputs for all rows."""
    Estimator, make = KINDS[kind]
    rng, peak = np.random.default_rng(0), []
    n = 16000
    X, y = rng.normal(size=(n, 4)).astype(np.float32), make(rng, n)
    weights = rng.uniform(size=n) if weighted else None
    parameters = {"depth": 1, "width": 8, "max_iter": 1, "random_state": 0, "batch_size": 500}
    for validated in (False, True):
        more = {"X_val": X, "y_val": y, "sample_weight_val": weights} if validated and own else {}
        mlp = Estimator(early_stopping=validated, validation_fraction=0.9, **parameters)
        tracemalloc.start()
        mlp.fit(X, y, weights, **more)
        peak.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    outputs = 500 if kind == "many classes" else 1 if y.ndim == 1 else y.shape[1]
    targets = 4 * y.nbytes / 2**20  # copies of y, checked and encoded, as for the training rows
    assert peak[1] - peak[0] < 5 * 1024 * outputs * 8 / 2**20 + targets + 4


@pytest.mark.parametrize("last", [1, 2, 10])
def test_a_short_last_mini_batch_has_little_influence_on_the_running_means(last):
    """The shorter, the less: with constant targets and inputs, the running means stay those of the other batches."""
    x = np.r_[np.zeros(128), np.full(last, 100.0)][:, None]
    mlp = PlainRegressor(
        normalization="batch", standardize=False, batch_size=128, shuffle=False, depth=1, width=1, max_iter=1,
        learning_rate_init=1e-12, activation="identity", random_state=0,
    ).fit(x, np.zeros(len(x)))  # fmt: skip
    ours = mlp._state.network.layout.views(mlp._state.theta)[1][2]
    W, b = mlp._state.network.layout.views(mlp._state.theta)[0]
    full, short = b, 100.0 * W[0] + b
    share = 0.1 * last / 128
    np.testing.assert_allclose(ours, (1 - share) * 0.1 * full + share * short, rtol=1e-6)
