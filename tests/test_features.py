"""What users of scikit-learn's perceptrons have asked for, one section for each wish, as they would use it."""

import pickle
import warnings
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from oracles import ACTIVATIONS, PlainClassifier, PlainRegressor, forward
from scipy.special import expit, huber, softmax
from sklearn import metrics
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
)
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from sknet import MLPRegressorScratch, schedules

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
pytestmark = quiet
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
    """What it predicts, in most detail."""
    if not hasattr(mlp, "predict_proba"):
        return mlp.predict(data)
    probability = mlp.predict_proba(data)
    return np.hstack(probability) if isinstance(probability, list) else probability


def differs(one, other):
    return np.abs(outputs(one) - outputs(other)).max() > 1e-4


# 1. class_weight


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("changes", [{}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True}], ids=str)
@pytest.mark.parametrize("names", [np.arange(3), np.array(["a", "b", "c"])], ids=["numbers", "text"])
def test_class_weight_is_multiplied_into_the_sample_weights(names, changes, sample_weight):
    """Bit for bit."""
    weight_of, y = {names[0]: 0.5, names[1]: 7.0, names[2]: 2.0}, names[CLASSES]
    each = np.array([0.5, 7.0, 2.0])[CLASSES]
    ours = fitted(PlainClassifier, X, y, sample_weight, class_weight=weight_of, **changes)
    theirs = fitted(PlainClassifier, X, y, each * (1.0 if sample_weight is None else sample_weight), **changes)
    assert_same_weights(ours, theirs)
    assert ours.loss_curve_ == theirs.loss_curve_
    assert ours.validation_scores_ == theirs.validation_scores_
    assert differs(ours, fitted(PlainClassifier, X, y, sample_weight, **changes))


def test_classes_without_a_weight_weigh_one():
    partial, whole = ({1: 4.0}, {0: 1.0, 1: 4.0, 2: 1.0})
    assert_same_weights(*(fitted(PlainClassifier, class_weight=class_weight) for class_weight in (partial, whole)))


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_balanced_makes_classes_count_alike(kind):
    """``n / (n_classes * count)`` each."""
    y = TARGETS[kind]
    each = (len(y) / (len(np.unique(y)) * np.bincount(y)))[y]
    assert_same_weights(fitted(PlainClassifier, X, y, class_weight="balanced"), fitted(PlainClassifier, X, y, each))


@pytest.mark.parametrize("kind", ["multilabel", "multioutput"])
def test_balanced_columns_multiply_as_in_trees(kind):
    y = TARGETS[kind]
    each = np.prod([(N / (len(np.unique(c)) * np.bincount(c)))[c] for c in y.T], axis=0)
    assert_same_weights(fitted(PlainClassifier, X, y, class_weight="balanced"), fitted(PlainClassifier, X, y, each))


@pytest.mark.parametrize("kind", ["multilabel", "multioutput"])
def test_a_dict_for_each_column_as_in_trees(kind):
    y = TARGETS[kind]
    class_weight = [{0: 1.0, 1: 5.0, 2: 1.0, 3: 1.0}, *[{0: 1.0, 1: 0.5, 2: 2.0, 3: 3.0}] * (y.shape[1] - 1)]
    each = compute_sample_weight(class_weight, y)
    RandomForestClassifier(n_estimators=1, class_weight=class_weight).fit(X, y)  # it is what trees take
    assert_same_weights(fitted(PlainClassifier, X, y, class_weight=class_weight), fitted(PlainClassifier, X, y, each))


def test_balanced_sparse_labels():
    dense = fitted(PlainClassifier, X, LABELS, class_weight="balanced")
    assert_same_weights(fitted(PlainClassifier, X, sp.csr_matrix(LABELS), class_weight="balanced"), dense)


def test_balanced_finds_more_of_a_rare_class():
    """One row in eight, which no input tells for sure."""
    y = (X[:, 0] + 1.5 * np.random.default_rng(1).normal(size=N) > np.sqrt(3.25) * 1.15).astype(int)
    assert 0.05 < y.mean() < 0.2
    plain, balanced = (fitted(PlainClassifier, X, y, depth=0, max_iter=60, class_weight=w) for w in (None, "balanced"))
    recalls = [metrics.recall_score(y, mlp.predict(X)) for mlp in (plain, balanced)]
    assert recalls[1] > recalls[0] + 0.3


def test_validation_rows_have_class_weights_too():
    class_weight, y = {0: 1.0, 1: 5.0, 2: 0.1}, CLASSES
    ours = PlainClassifier(class_weight=class_weight, **SMALL)
    ours.fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL])
    each = np.array([1.0, 5.0, 0.1])[y[VAL]]
    assert ours.validation_scores_[-1] == pytest.approx(ours.score(X_VAL, y[VAL], each), rel=1e-12)


@pytest.mark.parametrize("present", [[1, 2], [0]])
def test_validation_rows_may_lack_classes_that_have_a_weight(present):
    """``compute_sample_weight`` of these rows alone would complain of the classes that have none."""
    rows = np.isin(CLASSES, present)
    mlp = PlainClassifier(class_weight={0: 2.0}, **SMALL).fit(X, CLASSES, X_val=X[rows], y_val=CLASSES[rows])
    assert len(mlp.validation_scores_) == 8


def test_partial_fit_takes_a_dict():
    weight_of = {0: 0.5, 1: 7.0, 2: 2.0}
    ours, theirs = PlainClassifier(class_weight=weight_of, **SMALL), PlainClassifier(**SMALL)
    for rows in (slice(0, 60), slice(60, 120)):
        ours.partial_fit(X[rows], CLASSES[rows], classes=[0, 1, 2])
        each = np.array([0.5, 7.0, 2.0])[CLASSES[rows]]
        theirs.partial_fit(X[rows], CLASSES[rows], each, classes=[0, 1, 2])
    assert_same_weights(ours, theirs)


@pytest.mark.parametrize("present", [[1, 2], [0]])
def test_batches_of_partial_fit_may_lack_classes_that_have_a_weight(present):
    mlp, rows = PlainClassifier(class_weight={0: 2.0}, **SMALL), np.isin(CLASSES, present)
    each = np.where(CLASSES[rows] == 0, 2.0, 1.0)
    theirs = PlainClassifier(**SMALL).partial_fit(X[rows], CLASSES[rows], each, classes=[0, 1, 2])
    assert_same_weights(mlp.partial_fit(X[rows], CLASSES[rows], classes=[0, 1, 2]), theirs)


def test_partial_fit_cannot_balance():
    with pytest.raises(ValueError, match="class_weight='balanced' is not supported by partial_fit"):
        PlainClassifier(class_weight="balanced").partial_fit(X, CLASSES, classes=[0, 1, 2])


def test_class_weights_that_leave_nothing():
    with pytest.raises(ValueError, match="`class_weight` and `sample_weight` must leave at least one positive weight"):
        fitted(PlainClassifier, X, CLASSES, (CLASSES == 1).astype(float), class_weight={1: 0.0})


@pytest.mark.parametrize(
    ("y", "class_weight", "match"),
    [
        (CLASSES, {0: 1.0, 1: 1.0, "2": 5.0}, r"got \['2'\], which y has not, and nothing for \[2\]"),
        (LABELS, [{0: 1.0, 2: 5.0}] * LABELS.shape[1], r"got \[2\], which y has not, and nothing for \[1\]"),
    ],
    ids=["multiclass", "multilabel"],
)
def test_a_misspelt_class_is_an_error(y, class_weight, match):
    with pytest.raises(ValueError, match=match):
        fitted(PlainClassifier, X, y, class_weight=class_weight)


def test_a_class_that_is_not_there_may_have_a_weight():
    """As in scikit-learn: a fold may lack a class."""
    whole = {0: 1.0, 1: 5.0, 2: 0.1}
    pair = (fitted(PlainClassifier, X, CLASSES, class_weight=own) for own in (whole, whole | {3: 7.0}))
    assert_same_weights(*pair)


# 2. Dropout


@BOTH
def test_dropout_is_reproducible_from_the_random_state(Estimator):
    first, again = (fitted(Estimator, dropout=0.4) for _ in range(2))
    assert_same_weights(first, again)
    assert first.loss_curve_ == again.loss_curve_
    assert differs(first, fitted(Estimator, dropout=0.4, random_state=1))
    assert differs(first, fitted(Estimator))


@pytest.mark.parametrize("data", [X, sp.csr_array(X)], ids=["dense", "sparse"])
@BOTH
def test_dropout_is_off_at_prediction(Estimator, data):
    mlp = fitted(Estimator, data, target(Estimator), dropout=0.5, depth=2)
    assert_array_equal(outputs(mlp, data), outputs(mlp, data))
    z = forward(mlp.coefs_, mlp.intercepts_, "relu", X)
    expected = softmax(z, axis=1) if Estimator is PlainClassifier else z[:, 0]
    assert_allclose(outputs(mlp, data), expected, rtol=1e-9, atol=1e-12)


def test_one_rate_for_each_layer():
    parameters = {"hidden_layer_sizes": (6, 5), "activation": "identity"}
    each = [fitted(PlainRegressor, dropout=rates, **parameters) for rates in ([0.3, 0.3], (0.3, 0.0), (0.0, 0.3))]
    assert_same_weights(each[0], fitted(PlainRegressor, dropout=0.3, **parameters))
    assert differs(each[0], each[1])
    assert differs(each[1], each[2])
    zero = fitted(PlainRegressor, dropout=np.array([0.0, 0.0]), **parameters)
    assert_same_weights(zero, fitted(PlainRegressor, **parameters))


def test_dropout_of_none_is_no_dropout():
    assert_same_weights(*(fitted(PlainRegressor, dropout=rate) for rate in (0.0, 0)))


def test_training_with_dropout_minimizes_the_expected_loss():
    """Of a linear net on orthogonal inputs: dropout is ridge regression in expectation (Srivastava, section 9.1).

    Inputs reach the dropped layer as they are; their weights shrink by ``(1 - rate)`` there.
    """
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(400, 3)) - 0.0)[0] * 20.0
    Q -= Q.mean(axis=0)
    y = Q @ [1.0, -2.0, 0.5]
    mlp = PlainRegressor(
        hidden_layer_sizes=300, activation="identity", dropout=0.5, alpha=0.0, max_iter=150, learning_rate="cosine",
        learning_rate_init=0.01, random_state=0,
    ).fit(Q, y)  # fmt: skip
    assert metrics.r2_score(y, mlp.predict(Q)) > 0.97


def test_sampled_predictions_have_the_moments_of_inverted_dropout():
    """For hidden units h_j with weights v_j: mean ``sum_j h_j v_j + c``, variance ``p / (1 - p) sum_j (h_j v_j)^2``."""
    mlp, p, n = fitted(PlainRegressor, dropout=0.3, activation="tanh"), 0.3, 4000
    draws = mlp.sample_predictions(X, n_samples=n, random_state=0)[..., 0]
    parts = np.tanh(X @ mlp.coefs_[0] + mlp.intercepts_[0]) * mlp.coefs_[1][:, 0]
    variance = p / (1 - p) * (parts**2).sum(axis=1)
    assert np.all(np.abs(draws.mean(axis=0) - mlp.predict(X)) < 5 * np.sqrt(variance / n))
    assert_allclose(draws.var(axis=0), variance, rtol=0.2)


@pytest.mark.parametrize("kind", [*TARGETS, "number", "numbers", "quantiles"])
def test_shape_of_sampled_predictions(kind):
    """(n_samples, n, outputs): probabilities, or predictions, in the order of ``predict``."""
    if kind in TARGETS:
        mlp, k = fitted(PlainClassifier, X, TARGETS[kind], dropout=0.3), None
        k = {"binary": 2, "multiclass": 3, "multilabel": 3, "multioutput": 7}[kind]
    else:
        y = np.column_stack([Y, -Y]) if kind == "numbers" else Y
        loss = {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]} if kind == "quantiles" else {}
        mlp, k = (
            fitted(PlainRegressor, X, y, dropout=0.3, **loss),
            {"number": 1, "numbers": 2, "quantiles": 3}[kind],
        )
    draws = mlp.sample_predictions(X[:11], n_samples=60, random_state=0)
    assert draws.shape == (60, 11, k)
    assert (draws.std(axis=0) > 0).all()  # a unit alone in its row is kept 60 times once in two thousand million
    if kind in ("binary", "multiclass"):
        assert_allclose(draws.sum(axis=2), 1.0, rtol=1e-12)
    if kind == "multioutput":
        assert_allclose(draws[..., :3].sum(axis=2), 1.0, rtol=1e-12)
    if kind == "quantiles":
        assert (np.diff(draws, axis=2) >= 0).all()
    assert mlp.sample_predictions(X[:2]).shape == (100, 2, k)


@pytest.mark.parametrize("data", [X, sp.csr_array(X), X.astype(np.float32)], ids=["dense", "sparse", "float32"])
def test_sampled_predictions_are_reproducible(data):
    mlp = fitted(PlainRegressor, data, Y, dropout=0.3)
    first, again, other = (mlp.sample_predictions(data, 5, random_state=seed) for seed in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()
    state = np.random.RandomState(0)
    assert_array_equal(mlp.sample_predictions(data, 5, random_state=state), first)
    assert (mlp.sample_predictions(data, 5, random_state=state) != first).any()
    assert first.dtype == data.dtype


def test_sampling_leaves_the_model_as_it_is():
    mlp, twin = (fitted(PlainRegressor, dropout=0.3, normalization="batch", warm_start=True) for _ in range(2))
    mlp.sample_predictions(X, 5)
    assert_same_weights(mlp, twin)
    assert_same_weights(mlp.fit(X, Y), twin.fit(X, Y))


@pytest.mark.parametrize("parameters", [{}, {"dropout": 0.0}, {"depth": 0, "dropout": 0.5}], ids=str)
def test_sampling_needs_dropout(parameters):
    with pytest.raises(ValueError, match=r"sample_predictions needs dropout in a hidden layer: fit with dropout > 0"):
        fitted(PlainRegressor, **parameters).sample_predictions(X)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "many", None])
def test_sampling_needs_a_number_of_draws(n_samples):
    with pytest.raises(ValueError, match="`n_samples` must be an integer of at least 1, got"):
        fitted(PlainRegressor, dropout=0.5).sample_predictions(X, n_samples)


def test_sampling_needs_a_fit():
    with pytest.raises(NotFittedError):
        PlainRegressor(dropout=0.5).sample_predictions(X)


# 3. Losses

LINEAR = {"depth": 0, "alpha": 0.0, "solver": "lbfgs", "tol": 1e-10, "max_iter": 5000}


def with_outliers():
    y = Y.copy()
    y[::10] += 20.0
    return y


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("epsilon", [1.35, 2.5])
def test_huber_without_depth_is_huber_regression(epsilon, sample_weight):
    """Whose threshold is epsilon times the scale that it estimates; ours is in standard deviations of y."""
    y, Z = with_outliers(), StandardScaler().fit_transform(X)
    theirs = HuberRegressor(epsilon=epsilon, alpha=0.0, tol=1e-9, max_iter=5000).fit(Z, y, sample_weight)
    mean = np.average(y, weights=sample_weight)
    deviation = np.sqrt(np.average((y - mean) ** 2, weights=sample_weight))
    for standardize, unit in ((True, deviation), (False, 1.0)):
        delta = epsilon * theirs.scale_ / unit
        ours = PlainRegressor("huber", huber_delta=delta, standardize=standardize, **LINEAR)
        ours.fit(Z, y, sample_weight)
        errors = [huber(epsilon * theirs.scale_, y - model.predict(Z)) for model in (ours, theirs)]
        losses = [np.average(error, weights=sample_weight) for error in errors]
        assert losses[0] == pytest.approx(losses[1], rel=1e-7)
        assert losses[0] <= losses[1] * (1 + 1e-12)  # theirs estimates the scale as well, and stops a little earlier
        assert_allclose(ours.predict(Z), theirs.predict(Z), atol=1e-3 * theirs.scale_)


def counts():
    return np.random.default_rng(1).poisson(np.exp(0.3 * (X[:, 0] - X[:, 2])))


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
    """Whose penalty counts once for each row, ours once for all: ``alpha * n``."""
    y, Z = durations(), StandardScaler().fit_transform(X)
    theirs = GammaRegressor(alpha=0.1, tol=1e-10, max_iter=5000).fit(Z, y)
    ours = PlainRegressor("gamma", standardize=False, **LINEAR | {"alpha": 0.1 * N}).fit(Z, y)
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, rtol=1e-5)


STEEP = {"depth": 0, "alpha": 0.0, "batch_size": N, "learning_rate": "cosine", "learning_rate_init": 0.05,
         "max_iter": 1500, "n_iter_no_change": np.inf, "random_state": 0}  # fmt: skip


def pinball(y, prediction, level, sample_weight=None):
    return metrics.mean_pinball_loss(y, prediction, alpha=level, sample_weight=sample_weight)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_quantile_without_depth_is_quantile_regression(level):
    """Neither has one solution only: the loss that they reach is what there is to compare."""
    y = with_outliers()
    theirs = pinball(y, QuantileRegressor(quantile=level, alpha=0.0).fit(X, y).predict(X), level)
    ours = PlainRegressor("quantile", quantile=level, **STEEP).fit(X, y)
    assert theirs * (1 - 1e-9) <= pinball(y, ours.predict(X), level) < 1.001 * theirs


def test_weighted_quantiles():
    theirs = QuantileRegressor(quantile=0.8, alpha=0.0).fit(X, Y, WEIGHTS).predict(X)
    ours = PlainRegressor("quantile", quantile=0.8, **STEEP).fit(X, Y, WEIGHTS).predict(X)
    assert pinball(Y, ours, 0.8, WEIGHTS) < 1.001 * pinball(Y, theirs, 0.8, WEIGHTS)


def test_absolute_error_without_depth_is_median_regression():
    y = with_outliers()
    theirs = QuantileRegressor(quantile=0.5, alpha=0.0).fit(X, y).predict(X)
    ours = PlainRegressor("absolute_error", **STEEP).fit(X, y).predict(X)
    assert metrics.mean_absolute_error(y, ours) < 1.001 * metrics.mean_absolute_error(y, theirs)


def test_several_quantiles_are_one_output_each():
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
def test_one_quantile_is_scored_as_one(targets):
    """And training stops by that score: R2 grows with every step from a quantile towards the mean."""
    y = np.column_stack([Y, Y**2])[:, :targets].squeeze()
    rising = np.column_stack([Y, Y])[:, :targets].squeeze()
    ours = PlainRegressor("quantile", quantile=0.8, early_stopping=True, **SMALL).fit(X, y, X_val=X, y_val=rising)
    expected = metrics.d2_pinball_score(rising, ours.predict(X), alpha=0.8)
    assert ours.score(X, rising) == pytest.approx(expected, rel=1e-12)
    assert ours.best_validation_score_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("level", [0.05, 0.95])
def test_the_defaults_stop_a_quantile_where_it_is_one(level):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 8))
    y = np.exp(X[:, 0] + 0.5 * X[:, 1] + 0.5 * rng.normal(size=len(X)))
    mlp = MLPRegressorScratch("quantile", quantile=level, random_state=0, width=32).fit(X[:1500], y[:1500])
    assert abs(np.mean(y[1500:] < mlp.predict(X[1500:])) - level) < 0.05


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_quantiles_never_cross(scale):
    """Even far from the data, and after next to no training."""
    for max_iter in (1, 30):
        mlp = fitted(PlainRegressor, X, Y, loss="quantile", quantile=np.linspace(0.05, 0.95, 10), max_iter=max_iter)
        predictions = mlp.predict(scale * np.random.default_rng(0).normal(size=(500, D)))
        assert (np.diff(predictions, axis=1) >= 0.0).all()
        assert mlp.score(X, Y) <= 1.0


def test_quantiles_cover_the_share_that_they_should():
    """On new rows, whose noise grows with the first input."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.0, 1.0, (3000, 1))
    y = np.sin(5.0 * x[:, 0]) + (0.1 + x[:, 0]) * rng.normal(size=3000)
    levels = [0.1, 0.5, 0.9]
    mlp = PlainRegressor(
        "quantile", quantile=levels, width=20, max_iter=60, learning_rate="cosine", learning_rate_init=0.02,
        random_state=0,
    ).fit(x[:2000], y[:2000])  # fmt: skip
    predictions = mlp.predict(x[2000:])
    assert_allclose((y[2000:, None] < predictions).mean(axis=0), levels, atol=0.04)
    spread = predictions[:, 2] - predictions[:, 0]
    # The noise at 0.1 and at 0.9 is as 0.2 to 1.0.
    near, far = (spread[np.abs(x[2000:, 0] - at) < 0.1].mean() for at in (0.1, 0.9))
    assert far > 2.5 * near


def test_one_quantile_in_a_sequence_is_one_output():
    one, listed = (fitted(PlainRegressor, loss="quantile", quantile=q) for q in (0.3, [0.3]))
    assert_same_weights(one, listed)
    assert listed.predict(X).shape == (N,)


def test_one_quantile_of_several_targets():
    """Each is a quantile regression of its own."""
    y = np.column_stack([Y, -3.0 * with_outliers()])
    predictions = PlainRegressor("quantile", quantile=0.9, **STEEP).fit(X, y).predict(X)
    for column, prediction in zip(y.T, predictions.T, strict=True):
        theirs = QuantileRegressor(quantile=0.9, alpha=0.0).fit(X, column).predict(X)
        assert pinball(column, prediction, 0.9) < 1.002 * pinball(column, theirs, 0.9)


def test_several_quantiles_of_several_targets_are_refused():
    with pytest.raises(ValueError, match=r"several quantiles, .*, need one target, got 2.*MultiOutputRegressor"):
        PlainRegressor("quantile", quantile=[0.1, 0.9]).fit(X, np.column_stack([Y, Y]))


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_robust_losses_do_not_follow_outliers(loss):
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


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@every_kind
def test_label_smoothing_is_the_formula(kind, smoothing):
    """At the minimum: the loss is the cross-entropy of ``(1 - s) y + s / K``, and probabilities have its means."""
    y = TARGETS[kind]
    mlp = PlainClassifier(label_smoothing=smoothing, **LINEAR | {"alpha": 1e-3, "tol": 1e-7}).fit(X, y)
    columns = y.T if y.ndim == 2 else [y]
    if kind == "multilabel":
        pairs = [
            (np.eye(2)[c], np.column_stack([1 - p, p])) for c, p in zip(columns, mlp.predict_proba(X).T, strict=True)
        ]
    else:
        probabilities = mlp.predict_proba(X) if kind == "multioutput" else [mlp.predict_proba(X)]
        pairs = [(np.eye(p.shape[1])[c], p) for c, p in zip(columns, probabilities, strict=True)]
    loss = 0.0
    for one_hot, p in pairs:
        q = (1 - smoothing) * one_hot + smoothing / p.shape[1]
        loss -= (q * np.log(p)).sum(axis=1).mean()
        assert_allclose(p.mean(axis=0), q.mean(axis=0), atol=1e-5)
    assert mlp.loss_ - mlp.penalty_curve_[-1] == pytest.approx(loss, rel=1e-9)


def test_smoothed_probabilities_stay_away_from_certainty():
    y = (X[:, 0] > 0).astype(int)
    sharp, smooth = (fitted(PlainClassifier, X, y, label_smoothing=s, max_iter=200) for s in (0.0, 0.2))
    assert sharp.predict_proba(X).max() > 0.99
    assert np.median(smooth.predict_proba(X).max(axis=1)) == pytest.approx(0.9, abs=0.03)
    assert smooth.score(X, y) > 0.97


def test_smoothing_is_for_training_only():
    """The loss of validation rows is that of their labels."""
    mlp = PlainClassifier(label_smoothing=0.3, **SMALL).fit(X_TRAIN, CLASSES[~VAL], X_val=X_VAL, y_val=CLASSES[VAL])
    expected = metrics.log_loss(CLASSES[VAL], mlp.predict_proba(X_VAL), labels=[0, 1, 2])
    assert mlp.validation_loss_curve_[-1] == pytest.approx(expected, rel=1e-9)


# 4. Optimizers and rates


def starting_point(seed, *sizes):
    """Glorot's uniform weights and biases as scikit-learn draws them, for tanh, relu and identity."""
    rng = np.random.RandomState(seed)
    for d, k in pairwise(sizes):
        bound = np.sqrt(6.0 / (d + k))
        yield rng.uniform(-bound, bound, (d, k)), rng.uniform(-bound, bound, k)


def direction_of(solver):
    """A function of gradient and rate that gives the step of one array of parameters, by the papers."""
    state = {"t": 0, "m": 0.0, "v": 0.0}

    def step(g, rate):
        state["t"] += 1
        if solver == "sgd":
            state["m"] = 0.9 * state["m"] - rate * g
            return 0.9 * state["m"] - rate * g
        if solver == "adagrad":
            state["v"] = state["v"] + g**2
            return -rate * g / (np.sqrt(state["v"]) + 1e-8)
        if solver == "rmsprop":
            state["v"] = 0.99 * state["v"] + 0.01 * g**2
            return -rate * g / (np.sqrt(state["v"]) + 1e-8)
        state["m"], state["v"] = 0.9 * state["m"] + 0.1 * g, 0.99 * state["v"] + 0.01 * g**2
        m, v = state["m"] / (1 - 0.9 ** state["t"]), state["v"] / (1 - 0.99 ** state["t"])
        return -rate * m / (np.sqrt(v) + 1e-8 / np.sqrt(1 - 0.99 ** state["t"]))

    return step


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("longest", [None, 1.4])
@pytest.mark.parametrize("solver", SOLVERS)
def test_training_by_hand(solver, longest, weight_decay):
    """Mini-batch linear regression in plain NumPy, with clipped gradients, and decay of weights alone, at the rate."""
    alpha, rate, n_epochs, Z, y = 0.2, 0.05, 4, StandardScaler().fit_transform(X), (Y / Y.std())[:, None]
    ((W, b),) = starting_point(0, D, 1)
    steps = direction_of(solver), direction_of(solver)
    lengths, losses = [], []
    for epoch in range(n_epochs):
        now, total = rate * 0.95**epoch, 0.0
        for start in range(0, N, 50):
            x, t = Z[start : start + 50], y[start : start + 50]
            n, error = len(x), x @ W + b - t
            total += 0.5 * (error**2).sum() + 0.5 * alpha * (W**2).sum()
            dW, db = (x.T @ error + alpha * W) / n, error.mean(axis=0)
            lengths.append(np.sqrt((dW**2).sum() + (db**2).sum()))
            share = 1.0 if longest is None else min(1.0, longest / lengths[-1])
            W = W * (1 - now * weight_decay) + steps[0](share * dW, now)
            b = b + steps[1](share * db, now)
        losses.append(total / N)
    ours = PlainRegressor(
        depth=0, solver=solver, alpha=alpha, learning_rate_init=rate, learning_rate="exponential", batch_size=50,
        max_iter=n_epochs, shuffle=False, random_state=0, standardize=False, beta_2=0.99, weight_decay=weight_decay,
        max_grad_norm=longest,
    ).fit(Z, y[:, 0])  # fmt: skip
    assert min(lengths) < 1.4 < max(lengths)  # some are clipped, and some are not
    assert_allclose(ours.coefs_[0], W, rtol=1e-9)
    assert_allclose(ours.intercepts_[0], b, rtol=1e-9)
    assert_allclose(ours.loss_curve_, losses, rtol=1e-10)


PYTORCH = {
    "sgd": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": ("AdamW", {"betas": (0.9, 0.999), "eps": 1e-12}),
    "rmsprop": ("RMSprop", {"alpha": 0.999, "eps": 1e-12}),
    "adagrad": ("Adagrad", {"eps": 1e-12}),
}


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_training_is_that_of_pytorch(solver, normalization):
    """A net with a hidden layer, from the same weights, on the same batches, clipped alike; AdamW decays weights."""
    torch = pytest.importorskip("torch")
    rate, decay, longest = 0.01, 0.1 if solver == "adam" else 0.0, 1.0
    (W, b), (V, c) = ([torch.nn.Parameter(torch.tensor(a)) for a in pair] for pair in starting_point(0, D, 6, 1))
    gain, shift = (torch.nn.Parameter(torch.full((6,), value, dtype=torch.float64)) for value in (1.0, 0.0))
    mean, variance = torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)
    name, options = PYTORCH[solver]
    groups = [{"params": [W, V]}, {"params": [b, c, gain, shift]}]
    if solver == "adam":
        groups[0]["weight_decay"], groups[1]["weight_decay"] = decay, 0.0
    optimizer = getattr(torch.optim, name)(groups, lr=rate, **options)

    def hidden(x, training):
        z = x @ W + b
        if normalization == "batch":
            z = torch.nn.functional.batch_norm(z, mean, variance, gain, shift, training=training)
        elif normalization == "layer":
            z = torch.nn.functional.layer_norm(z, (6,), gain, shift)
        return torch.tanh(z)

    data, targets = torch.tensor(X), torch.tensor(Y[:, None])
    for _ in range(5):
        for start in range(0, N, 25):  # the last batch has 20 rows
            optimizer.zero_grad()
            error = hidden(data[start : start + 25], True) @ V + c - targets[start : start + 25]
            (0.5 * (error**2).mean()).backward()
            norm = torch.nn.utils.clip_grad_norm_([p for p in (W, b, V, c, gain, shift) if p.grad is not None], np.inf)
            for p in (W, b, V, c, gain, shift):
                if p.grad is not None:
                    p.grad *= min(1.0, longest / float(norm))
            optimizer.step()
    ours = PlainRegressor(
        width=6, activation="tanh", solver=solver, alpha=0.0, learning_rate_init=rate, batch_size=25, max_iter=5,
        shuffle=False, random_state=0, standardize=False, epsilon=1e-12, normalization=normalization,
        weight_decay=decay, max_grad_norm=longest,
    ).fit(X, Y)  # fmt: skip
    if normalization == "batch":
        # PyTorch corrects the running variance for degrees of freedom (`test_normalization.py`), and the bias before it
        # has a gradient of rounding errors alone, which an optimizer that divides by its size amplifies.
        (W_, _), (gain_, shift_, *_), *_, (V_, c_) = ours._state.network.layout.views(ours._state.theta)
        pairs = [(W_, W), (gain_, gain), (shift_, shift), (V_, V), (c_, c)]
        for mine, yours in pairs:
            assert_allclose(mine, yours.detach().numpy(), rtol=1e-6, atol=1e-9)
    else:
        expected = (hidden(data, False) @ V + c).detach().numpy()[:, 0]
        assert_allclose(ours.predict(X), expected, rtol=1e-7)


def rate_at(schedule, epoch, n_epochs, n_batches):
    """The factor of the last update of an epoch, counted from 0."""
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
def test_a_schedule_that_gets_where_it_was_to_go_gives_no_warning(schedule):
    assert fitted(PlainRegressor, learning_rate=schedule).n_iter_ == 8


def test_schedules_may_be_objects():
    mlp = fitted(PlainRegressor, learning_rate=schedules.Exponential(0.5))
    assert_allclose(mlp.learning_rate_curve_, 0.02 * 0.5 ** np.arange(8), rtol=1e-13)
    named = fitted(PlainRegressor, learning_rate=schedules.Cosine())
    assert_same_weights(named, fitted(PlainRegressor, learning_rate="cosine"))
    warm = schedules.Warmup(schedules.InverseScaling(1.0), share=0.5)
    assert clone(PlainRegressor(learning_rate=warm)).learning_rate == warm


def test_a_schedule_of_ones_own():
    class Stairs:
        adaptive, per_update = False, False

        def __call__(self, clock):
            return 0.1 ** (clock.epochs // 3)

    mlp = fitted(PlainRegressor, learning_rate=Stairs())
    assert_allclose(mlp.learning_rate_curve_, 0.02 * np.array([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]), rtol=1e-12)


def test_an_adaptive_schedule_may_warm_up():
    """It goes on with a smaller rate where training would stop."""
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
def test_a_stream_has_no_end_to_go_by(schedule, max_iter):
    mlp = PlainRegressor(learning_rate=schedule, **SMALL | {"max_iter": max_iter})
    for _ in range(10):
        mlp.partial_fit(X, Y)
    assert mlp.learning_rate_curve_ == [0.02] * 10


def test_a_stream_goes_on_after_a_fit():
    """The schedule of `fit` ended at zero; that of a stream does not."""
    mlp = PlainRegressor(learning_rate="cosine", **SMALL).fit(X, Y)
    before = mlp.coefs_[0].copy()
    mlp.partial_fit(X, Y)
    assert mlp.learning_rate_curve_[-1] == 0.02
    assert np.abs(mlp.coefs_[0] - before).max() > 1e-4


# 5. Your own validation set and metric


def validated(Estimator=PlainClassifier, y=None, sample_weight_val=None, **changes):
    y = target(Estimator) if y is None else y
    mlp = Estimator(**SMALL | changes)
    return mlp.fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], sample_weight_val=sample_weight_val)


def short(Estimator, y, n_epochs, **changes):
    return Estimator(**SMALL | changes | {"max_iter": n_epochs}).fit(X_TRAIN, y[~VAL])


def log_loss(y, mlp, sample_weight=None):
    """By scikit-learn, summed over labels or targets."""
    probability = mlp.predict_proba(X_VAL)
    if y.ndim == 1:
        return metrics.log_loss(y, probability, labels=mlp.classes_, sample_weight=sample_weight)
    columns = probability if isinstance(probability, list) else probability.T
    return sum(
        metrics.log_loss(c, p, labels=np.arange(p.shape[1] if p.ndim == 2 else 2), sample_weight=sample_weight)
        for c, p in zip(y.T, columns, strict=True)
    )


@pytest.mark.parametrize("sample_weight_val", [None, WEIGHTS[VAL]], ids=["unweighted", "weighted"])
@every_kind
def test_validation_curves_are_loss_and_accuracy_by_scikit_learn(kind, sample_weight_val):
    y = TARGETS[kind]
    mlp = validated(y=y, sample_weight_val=sample_weight_val)
    for i in (1, 4, 8):
        model = short(PlainClassifier, y, i)
        loss = log_loss(y[VAL], model, sample_weight_val)
        hits = model.predict(X_VAL) == y[VAL]
        accuracy = np.average(hits.all(axis=1) if y.ndim == 2 else hits, weights=sample_weight_val)
        assert mlp.validation_loss_curve_[i - 1] == pytest.approx(loss, rel=1e-9)
        assert mlp.validation_scores_[i - 1] == pytest.approx(accuracy, rel=1e-12)
    assert len(mlp.validation_loss_curve_) == len(mlp.validation_scores_) == 8
    assert mlp.best_validation_score_ == max(mlp.validation_scores_)


@pytest.mark.parametrize("sample_weight_val", [None, WEIGHTS[VAL]], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson"])
def test_validation_curves_of_a_regressor(loss, sample_weight_val):
    """The loss is that of standardized targets, unless it has a log link."""
    y = counts().astype(float)
    mlp = validated(PlainRegressor, y, sample_weight_val, loss=loss)
    unit = y[~VAL].std()
    for i in (1, 8):
        prediction = short(PlainRegressor, y, i, loss=loss).predict(X_VAL)
        metric, factor = {
            "squared_error": (metrics.mean_squared_error, 0.5 / unit**2),
            "absolute_error": (metrics.mean_absolute_error, 1 / unit),
            "poisson": (metrics.mean_poisson_deviance, 0.5),
        }[loss]
        expected = factor * metric(y[VAL], prediction, sample_weight=sample_weight_val)
        assert mlp.validation_loss_curve_[i - 1] == pytest.approx(expected, rel=1e-9)
        r2 = metrics.r2_score(y[VAL], prediction, sample_weight=sample_weight_val)
        assert mlp.validation_scores_[i - 1] == pytest.approx(r2, rel=1e-9)


SCORINGS = {
    "neg_log_loss": "neg_log_loss",
    "f1_macro": "f1_macro",
    "callable": lambda estimator, X, y: -float(np.mean(estimator.predict(X) != y)),
    "scorer": metrics.make_scorer(metrics.balanced_accuracy_score),
}


@pytest.mark.parametrize("name", SCORINGS)
def test_any_scorer_counts(name):
    scoring = SCORINGS[name]
    mlp = validated(scoring=scoring)
    scorer = metrics.get_scorer(scoring)
    expected = [scorer(short(PlainClassifier, CLASSES, i), X_VAL, CLASSES[VAL]) for i in range(1, 9)]
    assert mlp.validation_scores_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scoring", ["neg_mean_absolute_error", "r2", "neg_median_absolute_error"])
def test_any_scorer_of_a_regressor_counts_in_units_of_y(scoring):
    mlp = validated(PlainRegressor, scoring=scoring)
    scorer = metrics.get_scorer(scoring)
    expected = [scorer(short(PlainRegressor, Y, i), X_VAL, Y[VAL]) for i in range(1, 9)]
    assert mlp.validation_scores_ == pytest.approx(expected, rel=1e-9)


def test_a_named_scorer_is_weighted():
    mlp = validated(scoring="balanced_accuracy", sample_weight_val=WEIGHTS[VAL])
    expected = metrics.balanced_accuracy_score(CLASSES[VAL], mlp.predict(X_VAL), sample_weight=WEIGHTS[VAL])
    assert mlp.validation_scores_[-1] == pytest.approx(expected, rel=1e-12)


def test_a_named_scorer_that_knows_no_weights():
    """Trained with weights, judged without: as scikit-learn's searches do."""
    mlp = PlainRegressor(scoring="neg_max_error", early_stopping=True, **SMALL).fit(X, Y, WEIGHTS)
    assert len(mlp.validation_scores_) == 8


@BOTH
def test_the_loss_can_be_the_score(Estimator):
    mlp = validated(Estimator, scoring="loss", early_stopping=True, max_iter=200, n_iter_no_change=3)
    assert mlp.validation_scores_ == [-loss for loss in mlp.validation_loss_curve_]
    assert mlp.n_iter_ < 200


@pytest.mark.parametrize("scoring", [None, "loss", "neg_log_loss", SCORINGS["callable"]])
def test_the_weights_of_the_best_epoch_are_kept(scoring):
    parameters = {"scoring": scoring, "learning_rate_init": 0.2}
    mlp = validated(early_stopping=True, max_iter=200, n_iter_no_change=6, **parameters)
    best = int(np.argmax(mlp.validation_scores_)) + 1
    assert best < mlp.n_iter_ < 200
    model = short(PlainClassifier, CLASSES, best, **parameters)
    assert_array_equal(mlp.predict_proba(X), model.predict_proba(X))
    assert mlp.best_loss_ is None


def test_training_stops_after_so_many_epochs_without_a_better_score():
    mlp = validated(early_stopping=True, scoring="loss", max_iter=500, n_iter_no_change=4, tol=0.0)
    scores = np.array(mlp.validation_scores_)
    assert np.argmax(scores) == len(scores) - 1 - 4


@pytest.mark.parametrize("solver", [*SOLVERS, "lbfgs"])
@BOTH
def test_without_early_stopping_validation_only_watches(Estimator, solver):
    y, parameters = target(Estimator), SMALL | {"solver": solver, "learning_rate_init": 0.1}
    mlp = Estimator(**parameters).fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL])
    alone = Estimator(**parameters).fit(X_TRAIN, y[~VAL])
    assert_same_weights(mlp, alone)
    assert mlp.loss_curve_ == alone.loss_curve_
    assert mlp.best_loss_ == min(mlp.loss_curve_)
    assert len(mlp.validation_scores_) == len(mlp.loss_curve_)
    assert mlp.validation_scores_[-1] == pytest.approx(mlp.score(X_VAL, y[VAL]), rel=1e-9)
    assert alone.validation_scores_ is alone.validation_loss_curve_ is alone.best_validation_score_ is None


@BOTH
def test_a_validation_set_of_ones_own_leaves_all_rows_to_train_on(Estimator):
    mlp = validated(Estimator, early_stopping=True)
    assert mlp.t_ == mlp.n_iter_ * len(X_TRAIN)
    own = fitted(Estimator, X_TRAIN, target(Estimator)[~VAL], early_stopping=True, validation_fraction=0.2)
    assert own.t_ == own.n_iter_ * len(X_TRAIN) * 0.8


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", SCORINGS["callable"], "loss"])
def test_a_scorer_judges_the_rows_set_aside(scoring):
    mlp = fitted(PlainClassifier, early_stopping=True, scoring=scoring)
    assert len(mlp.validation_scores_) == 8
    if scoring == "accuracy":
        assert mlp.validation_scores_ == fitted(PlainClassifier, early_stopping=True).validation_scores_
    if scoring == "neg_log_loss":
        assert_allclose(mlp.validation_scores_, -np.array(mlp.validation_loss_curve_), rtol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_are_scored_without_a_word_about_names(container, own):
    frames = pytest.importorskip(container)
    names = ["a", "b", "c", "d"]
    frame = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    more = {"X_val": frame[:30], "y_val": CLASSES[:30]} if own else {}
    parameters = SMALL | {"learning_rate": "cosine", "early_stopping": True, "scoring": "neg_log_loss"}
    mlp = PlainClassifier(**parameters).fit(frame, CLASSES, **more)
    assert_array_equal(mlp.feature_names_in_, names)
    assert np.isfinite(mlp.validation_scores_).all()


def test_a_frame_of_other_columns_is_no_validation_set():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    with pytest.raises(ValueError, match="feature names should match"):
        PlainRegressor(**SMALL).fit(frame, Y, X_val=frame.rename(columns={"a": "e"}), y_val=Y)


@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix, sp.csc_matrix])
def test_sparse_validation_rows(kind, scoring):
    rows = np.where(X > 0.5, X, 0.0)
    models = [
        PlainClassifier(standardize=False, scoring=scoring, **SMALL).fit(
            make(rows[~VAL]), CLASSES[~VAL], X_val=make(rows[VAL]), y_val=CLASSES[VAL]
        )
        for make in (kind, np.asarray)
    ]
    assert_allclose(models[0].validation_scores_, models[1].validation_scores_, rtol=1e-6)
    assert_allclose(models[0].validation_loss_curve_, models[1].validation_loss_curve_, rtol=1e-6)


def test_validation_rows_of_another_precision():
    mlp = PlainRegressor(**SMALL).fit(X_TRAIN.astype(np.float32), Y[~VAL], X_val=X_VAL, y_val=Y[VAL])
    assert mlp.coefs_[0].dtype == np.float32
    assert mlp.validation_scores_[-1] == pytest.approx(mlp.score(X_VAL, Y[VAL]), rel=1e-4)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X}, r"`X_val` and `y_val` belong together, got `X_val` without `y_val`"),
        ({"y_val": CLASSES}, r"`X_val` and `y_val` belong together, got `y_val` without `X_val`"),
        ({"sample_weight_val": WEIGHTS}, r"`sample_weight_val` needs `X_val` and `y_val`, got neither"),
        ({"X_val": X[:, :2], "y_val": CLASSES}, r"X has 2 features, but PlainClassifier is expecting 4"),
        ({"X_val": X[:5], "y_val": CLASSES}, r"inconsistent numbers of samples"),
        ({"X_val": X * np.nan, "y_val": CLASSES}, r"contains NaN"),
        ({"X_val": X, "y_val": CLASSES + 1}, r"`y` has also \[3\]"),
        ({"X_val": X, "y_val": LABELS}, r"y must have the form that it had before"),
        ({"X_val": X, "y_val": CLASSES, "sample_weight_val": -WEIGHTS}, r"`sample_weight_val` must not be negative"),
        ({"X_val": X, "y_val": CLASSES, "sample_weight_val": WEIGHTS[:3]}, r"`sample_weight_val` must have shape"),
        ({"X_val": X, "y_val": CLASSES, "sample_weight_val": 0 * WEIGHTS}, r"`sample_weight_val` .* only zeros"),
    ],
    ids=lambda v: str(list(v)) if isinstance(v, dict) else "",
)
def test_bad_validation_sets(method, given, message):
    """Nothing is left behind."""
    mlp = PlainClassifier(**SMALL)
    more = {} if method == "fit" else {"classes": [0, 1, 2]}
    with pytest.raises(ValueError, match=message):
        getattr(mlp, method)(X, CLASSES, **given, **more)
    assert vars(mlp).keys() == PlainClassifier().get_params().keys()


def test_validation_rows_of_another_number_of_targets():
    with pytest.raises(ValueError, match=r"y must have 1 outputs, as .*, got 2"):
        PlainRegressor(**SMALL).fit(X, Y, X_val=X, y_val=np.column_stack([Y, Y]))


@BOTH
def test_validation_rows_go_through_a_pipeline(Estimator):
    y = target(Estimator)
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = Estimator(early_stopping=True, **SMALL).set_fit_request(X_val=True, y_val=True, sample_weight_val=True)
        model = make_pipeline(StandardScaler(), mlp, transform_input=["X_val"])
        model.fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], sample_weight_val=WEIGHTS[VAL])
    scaler = StandardScaler().fit(X_TRAIN)
    alone = Estimator(early_stopping=True, **SMALL).fit(
        scaler.transform(X_TRAIN), y[~VAL], X_val=scaler.transform(X_VAL), y_val=y[VAL], sample_weight_val=WEIGHTS[VAL]
    )
    assert_same_weights(model[-1], alone)
    assert model[-1].validation_scores_ == alone.validation_scores_


def test_searches_and_cross_validation_may_stop_by_any_score():
    grid = {"scoring": [None, "loss", "neg_log_loss"], "early_stopping": [True]}
    assert np.isfinite(GridSearchCV(PlainClassifier(**SMALL), grid, cv=2).fit(X, CLASSES).best_score_)
    assert np.isfinite(cross_val_score(PlainRegressor(scoring="r2", early_stopping=True, **SMALL), X, Y, cv=2)).all()


def test_a_scorer_that_fails_leaves_the_earlier_fit():
    def fails(estimator, X, y):
        raise ZeroDivisionError

    mlp = fitted(PlainRegressor)
    before = dict(vars(mlp))
    with pytest.raises(ZeroDivisionError):
        mlp.set_params(scoring=fails, early_stopping=True).fit(X, Y)
    assert all(vars(mlp)[name] is value for name, value in before.items() if name not in ("scoring", "early_stopping"))


# 6. partial_fit


@pytest.mark.parametrize("scoring", [None, "loss"])
@BOTH
def test_thirty_calls_keep_the_best(Estimator, scoring):
    y, parameters = target(Estimator), SMALL | {"learning_rate_init": 0.2, "scoring": scoring}
    first = {"classes": [0, 1, 2]} if Estimator is PlainClassifier else {}
    mlp, watcher = Estimator(early_stopping=True, n_iter_no_change=100, **parameters), Estimator(**parameters)
    seen = []
    for _ in range(30):
        for model in (mlp, watcher):
            model.partial_fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], **first)
        seen.append(outputs(watcher))
    assert mlp.n_iter_ == len(mlp.validation_scores_) == 30
    assert mlp.validation_scores_ == watcher.validation_scores_
    best = int(np.argmax(mlp.validation_scores_))
    assert best < 29
    # The moments of the same rows once more differ by rounding, and so do weights in units of them.
    assert_allclose(outputs(mlp), seen[best], rtol=1e-10, atol=1e-15)


@BOTH
def test_calls_after_patience_has_run_out_do_no_harm(Estimator):
    y = target(Estimator)
    first = {"classes": [0, 1, 2]} if Estimator is PlainClassifier else {}
    mlp, best = Estimator(early_stopping=True, n_iter_no_change=2, **SMALL | {"learning_rate_init": 0.3}), -np.inf
    for _ in range(30):
        mlp.partial_fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], **first)
        assert mlp.best_validation_score_ >= best
        best = mlp.best_validation_score_
        assert mlp.score(X_VAL, y[VAL]) == pytest.approx(best, rel=1e-9)


@BOTH
def test_partial_fit_sets_rows_of_its_own_aside(Estimator):
    y = target(Estimator)
    first = {"classes": [0, 1, 2]} if Estimator is PlainClassifier else {}
    mlp = Estimator(early_stopping=True, **SMALL)
    for _ in range(30):
        mlp.partial_fit(X, y, **first)
    assert len(mlp.validation_scores_) == 30
    assert mlp.t_ == 30 * (N - 12)
    assert mlp.score(X, y) > 0.8


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("classes", [None, np.arange(3), [2, 0, 1]], ids=str)
def test_first_calls_with_labels(container, classes):
    """With and without ``classes``, which for labels are the numbers of the columns."""
    y = container(LABELS)
    mlp = PlainClassifier(**SMALL).partial_fit(X, y, classes=classes)
    for _ in range(29):
        mlp.partial_fit(X, y)
    mlp.partial_fit(X, y, classes=classes)
    assert_array_equal(mlp.classes_, [0, 1, 2])
    assert mlp.n_iter_ == 31
    assert sp.issparse(mlp.predict(X)) == sp.issparse(y)
    assert metrics.f1_score(y, mlp.predict(X), average="micro") > 0.7


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2, 3], ["a", "b", "c"]], ids=str)
def test_first_calls_with_labels_and_other_classes(classes):
    with pytest.raises(ValueError, match="classes"):
        PlainClassifier(**SMALL).partial_fit(X, LABELS, classes=classes)


def test_a_validation_set_may_come_and_go():
    mlp = PlainRegressor(**SMALL).partial_fit(X, Y)
    assert mlp.validation_scores_ is None
    mlp.partial_fit(X, Y, X_val=X_VAL, y_val=Y[VAL])
    assert len(mlp.validation_scores_) == 1
    assert mlp.partial_fit(X, Y).validation_scores_ is None


# 7. Normalization


@pytest.mark.parametrize("batch_size", [1, 7, 17, 119, 120])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
@BOTH
def test_any_batch_size(Estimator, normalization, batch_size):
    """One row has no variance; of 120 rows in batches of 7, 17 or 119, the last one has 1 or 15."""
    y = target(Estimator)
    mlp = fitted(
        Estimator, X, y, normalization=normalization, batch_size=batch_size, max_iter=20, learning_rate_init=0.01
    )
    assert np.isfinite(mlp.loss_curve_).all()
    assert mlp.loss_ < mlp.loss_curve_[0]
    alone = np.concatenate([mlp.predict(row[None]) for row in X])
    assert_allclose(alone, mlp.predict(X), rtol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
@BOTH
def test_integer_weights_are_repeated_rows_of_one_batch(Estimator, normalization, container):
    y, repeats = target(Estimator), np.arange(N) % 3
    parameters = {"normalization": normalization, "batch_size": "auto", "max_iter": 5, "alpha": 0.0}
    few = np.flatnonzero(repeats)[:80]  # once or twice each, 120 rows at most: one batch
    weighted = fitted(Estimator, container(X[few]), y[few], repeats[few], **parameters)
    rows = few.repeat(repeats[few])
    repeated = fitted(Estimator, container(X[rows]), y[rows], **parameters)
    assert_allclose(outputs(weighted), outputs(repeated), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@BOTH
def test_batch_normalization_folds_into_coefs(Estimator, dropout, early_stopping):
    parameters = {"activation": ["tanh", "silu"], "depth": 2, "dropout": dropout, "early_stopping": early_stopping}
    mlp = fitted(Estimator, normalization="batch", **parameters)
    z = forward(mlp.coefs_, mlp.intercepts_, ["tanh", "silu"], X)
    expected = softmax(z, axis=1) if Estimator is PlainClassifier else z[:, 0]
    assert_allclose(outputs(mlp), expected, rtol=1e-9, atol=1e-12)
    assert [W.shape for W in mlp.coefs_] == [(4, 6), (6, 6), (6, z.shape[1])]
    assert mlp.n_parameters_ == sum(a.size for a in weights_of(mlp)) + 2 * 12  # gain and shift of each unit
    assert differs(mlp, fitted(Estimator, **parameters))


@pytest.mark.parametrize("name", ["coefs_", "intercepts_"])
@BOTH
def test_layer_normalization_has_no_coefs(Estimator, name):
    mlp = fitted(Estimator, normalization="layer")
    assert not hasattr(mlp, name)
    with pytest.raises(AttributeError, match=rf"`{name}` does not exist for this network.*layer normalization"):
        getattr(mlp, name)
    with pytest.raises(AttributeError, match="has no attribute 'no_such_thing'"):
        _ = mlp.no_such_thing
    mlp.set_params(normalization=None).fit(X, target(Estimator))
    assert len(getattr(mlp, name)) == 2
    mlp.set_params(normalization="layer").fit(X, target(Estimator))
    assert not hasattr(mlp, name)


def layer_normalized(z):
    return (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)


def test_layer_normalization_by_hand():
    mlp = fitted(PlainRegressor, normalization="layer", activation="tanh")
    (W, b), (gain, shift), _, (V, c) = mlp._arrays
    h = np.tanh(layer_normalized(X @ W + b) * gain + shift)
    assert_allclose(mlp.predict(X), (h @ V + c)[:, 0], rtol=1e-10)


def test_normalization_trains_where_units_are_far_from_their_range():
    """Twenty tanh layers: without it the signal does not come through."""
    parameters = {"depth": 20, "activation": "tanh", "max_iter": 30, "standardize": False, "learning_rate_init": 0.01}
    plain, batch = (fitted(PlainRegressor, 50.0 * X, Y, normalization=n, **parameters) for n in (None, "batch"))
    assert batch.loss_ < 0.7 * plain.loss_


def test_running_averages_settle():
    """After many epochs at a tiny rate they are the moments of the data: predictions are those of the whole batch."""
    mlp = fitted(
        PlainRegressor, normalization="batch", activation="tanh", batch_size=N, max_iter=200,
        learning_rate_init=1e-12, n_iter_no_change=np.inf,
    )  # fmt: skip
    (W, b), (V, c) = starting_point(0, D, 6, 1)
    z = StandardScaler().fit_transform(X) @ W + b
    z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)
    assert_allclose(mlp.predict(X), Y.mean() + Y.std() * (np.tanh(z) @ V + c)[:, 0], rtol=1e-6)


# 8. Hidden activations


@pytest.mark.parametrize("normalization", [None, "batch"])
@pytest.mark.parametrize("data", [X, sp.csr_array(X)], ids=["dense", "sparse"])
@BOTH
def test_hidden_activations_of_each_layer(Estimator, data, normalization):
    names = ["tanh", "silu", "softmax"]
    mlp = fitted(
        Estimator, data, target(Estimator), hidden_layer_sizes=(6, 5, 3), activation=names, dropout=0.3,
        normalization=normalization,
    )  # fmt: skip
    h = X
    for layer, (W, b, name) in enumerate(zip(mlp.coefs_, mlp.intercepts_, names, strict=False)):
        h = ACTIVATIONS[name](h @ W + b)
        for number in (layer, layer - 3):
            found = mlp.hidden_activations(data, layer=number)
            assert_allclose(found, h, rtol=1e-9, atol=1e-12)
            assert found.flags.c_contiguous
    assert_array_equal(mlp.hidden_activations(data), mlp.hidden_activations(data, 2))


def test_hidden_activations_after_layer_normalization():
    mlp = fitted(PlainRegressor, normalization="layer", activation="tanh")
    W, b = mlp._arrays[-1]
    assert_allclose((mlp.hidden_activations(X) @ W + b)[:, 0], mlp.predict(X), rtol=1e-10)


@pytest.mark.parametrize("layer", [2, -3, 1.0, "last", None])
def test_a_hidden_layer_that_is_not_there(layer):
    with pytest.raises(ValueError, match=r"`layer` must be an integer from -2 to 1: .* has 2 hidden layers, got"):
        fitted(PlainRegressor, depth=2).hidden_activations(X, layer)


def test_a_linear_model_has_no_hidden_layer():
    with pytest.raises(ValueError, match=r"has 0 hidden layers"):
        fitted(PlainRegressor, depth=0).hidden_activations(X)


def test_hidden_activations_need_a_fit():
    with pytest.raises(NotFittedError):
        PlainRegressor().hidden_activations(X)


# 9. Progress; `test_compat.py` has the callbacks


@pytest.mark.parametrize("early_stopping", [False, True])
def test_lines_of_progress_are_aligned(capsys, early_stopping):
    """Also where the loss falls by orders of magnitude."""
    fitted(
        PlainRegressor, X, 1000.0 * Y, verbose=True, standardize=False, early_stopping=early_stopping, max_iter=12,
        learning_rate_init=0.5, depth=0, n_iter_no_change=100,
    )  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    words = ["loss", "rate", *(["validation", "score"] if early_stopping else [])]
    for word in words:
        assert len({line.index(f" {word} ") for line in lines}) == 1, word


# 10. Several targets of several classes

NAMES = [np.array(["low", "middle", "top"]), np.array(["n", "e", "s", "w"])]
TEXT = np.column_stack([names[codes] for names, codes in zip(NAMES, SEVERAL.T, strict=True)])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_several_targets_of_several_classes(solver):
    mlp = fitted(PlainClassifier, X, TEXT, solver=solver, max_iter=40)
    assert [list(classes) for classes in mlp.classes_] == [["low", "middle", "top"], ["e", "n", "s", "w"]]
    prediction, probabilities = mlp.predict(X), mlp.predict_proba(X)
    assert prediction.shape == TEXT.shape
    assert prediction.dtype.kind == "U"
    assert [p.shape for p in probabilities] == [(N, 3), (N, 4)]
    for p, log_p, classes, column in zip(
        probabilities, mlp.predict_log_proba(X), mlp.classes_, prediction.T, strict=True
    ):
        assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
        assert_allclose(np.exp(log_p), p, rtol=1e-10)
        assert_array_equal(classes[p.argmax(axis=1)], column)
    assert mlp.score(X, TEXT) == pytest.approx((prediction == TEXT).all(axis=1).mean())
    weighted = np.average((prediction == TEXT).all(axis=1), weights=WEIGHTS)
    assert mlp.score(X, TEXT, WEIGHTS) == pytest.approx(weighted, rel=1e-12)
    assert mlp.score(X, TEXT) > 0.5
    assert (mlp.n_outputs_, mlp.out_activation_) == (7, "softmax")


def test_names_of_classes_make_no_difference():
    order = np.argsort(NAMES[1])
    text, numbers = fitted(PlainClassifier, X, TEXT), np.column_stack([CLASSES, np.argsort(order)[SEVERAL[:, 1]]])
    codes = fitted(PlainClassifier, X, numbers)
    assert_same_weights(text, codes)
    assert_array_equal(np.hstack(text.predict_proba(X)), np.hstack(codes.predict_proba(X)))


def test_shapes_are_those_of_trees():
    ours, theirs = fitted(PlainClassifier, X, TEXT), RandomForestClassifier(n_estimators=2).fit(X, TEXT)
    assert [p.shape for p in ours.predict_proba(X)] == [p.shape for p in theirs.predict_proba(X)]
    assert ours.predict(X).shape == theirs.predict(X).shape
    for a, b in zip(ours.classes_, theirs.classes_, strict=True):
        assert_array_equal(a, b)


def test_text_as_objects():
    mlp = fitted(PlainClassifier, X, TEXT.astype(object))
    assert_same_weights(mlp, fitted(PlainClassifier, X, TEXT))
    assert mlp.predict(X).dtype == object


def test_several_targets_as_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(TEXT, columns=["height", "side"])
    assert_same_weights(fitted(PlainClassifier, X, frame), fitted(PlainClassifier, X, TEXT))


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_without_depth_each_target_is_a_logistic_regression(sample_weight):
    mlp = PlainClassifier(standardize=False, **LINEAR | {"alpha": 1.0, "tol": 1e-9}).fit(X, SEVERAL, sample_weight)
    for column, p in zip(SEVERAL.T, mlp.predict_proba(X), strict=True):
        theirs = LogisticRegression(C=1.0, tol=1e-9, max_iter=10_000).fit(X, column, sample_weight)
        assert_allclose(p, theirs.predict_proba(X), atol=1e-5)


def test_a_column_of_two_classes_beside_one_of_four():
    y = np.column_stack([TARGETS["binary"], SEVERAL[:, 1]])
    mlp = fitted(PlainClassifier, X, y)
    assert [p.shape for p in mlp.predict_proba(X)] == [(N, 2), (N, 4)]


def test_partial_fit_of_several_targets():
    classes = [names[::-1] for names in NAMES]
    mlp = PlainClassifier(**SMALL)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        mlp.partial_fit(X, TEXT)
    few = (CLASSES != 1) & (SEVERAL[:, 1] != 0)
    mlp.partial_fit(X[few], TEXT[few], classes=classes)
    for _ in range(20):
        mlp.partial_fit(X, TEXT)
    assert mlp.score(X, TEXT) > 0.4
    with pytest.raises(ValueError, match="has also"):
        mlp.partial_fit(X, np.full_like(TEXT, "x"))
    with pytest.raises(ValueError, match="not the same as on last call"):
        mlp.partial_fit(X, TEXT, classes=[classes[0], classes[0]])
    with pytest.raises(ValueError, match="y must have the form that it had before"):
        mlp.partial_fit(X, TEXT[:, 0])


def test_a_first_batch_of_zeros_and_ones_is_no_matrix_of_labels_if_classes_say_so():
    classes, few = [[0, 1, 2], [0, 1, 2, 3]], (SEVERAL <= 1).all(axis=1)
    mlp = PlainClassifier(**SMALL).partial_fit(X[few], SEVERAL[few], classes=classes)
    assert [list(c) for c in mlp.classes_] == classes
    mlp.partial_fit(X, SEVERAL)
    assert [p.shape for p in mlp.predict_proba(X)] == [(N, 3), (N, 4)]


def test_several_targets_with_all_else():
    parameters = {"dropout": 0.1, "normalization": "batch", "label_smoothing": 0.1, "class_weight": "balanced",
                  "early_stopping": True, "weight_decay": 0.01, "scoring": "loss"}  # fmt: skip
    mlp = PlainClassifier(**SMALL | {"max_iter": 60} | parameters)
    mlp.fit(sp.csr_array(X[~VAL]), TEXT[~VAL], WEIGHTS[~VAL], X_val=sp.csr_array(X[VAL]), y_val=TEXT[VAL])
    assert (mlp.predict(X) == TEXT).mean() > 0.6


def test_searches_over_several_targets():
    search = GridSearchCV(PlainClassifier(**SMALL), {"depth": [0, 1]}, cv=2).fit(X, SEVERAL)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# 11. decision_function


@pytest.mark.parametrize("names", [np.arange(3), np.array(["x", "y", "z"])], ids=["numbers", "text"])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_decision_function_is_that_of_a_linear_classifier(kind, names):
    """In shape and rank: one number for two classes, positive for the second; else one for each class."""
    y = names[TARGETS[kind]]
    ours, theirs = fitted(PlainClassifier, X, y), LogisticRegression(max_iter=1000).fit(X, y)
    scores = ours.decision_function(X)
    assert scores.shape == theirs.decision_function(X).shape
    if kind == "binary":
        assert_array_equal(ours.predict(X), ours.classes_[(scores > 0).astype(int)])
        assert_allclose(ours.predict_proba(X)[:, 1], expit(scores), rtol=1e-10)
        assert_allclose(ours.predict_proba(X)[:, 0], expit(-scores), rtol=1e-10)
        assert metrics.roc_auc_score(y, scores) == metrics.roc_auc_score(y, ours.predict_proba(X)[:, 1])
    else:
        assert_array_equal(ours.predict(X), ours.classes_[scores.argmax(axis=1)])
        assert_allclose(ours.predict_proba(X), softmax(scores, axis=1), rtol=1e-9)


def test_decision_function_of_labels():
    mlp = fitted(PlainClassifier, X, LABELS)
    scores = mlp.decision_function(X)
    assert (
        scores.shape == OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(X, LABELS).decision_function(X).shape
    )
    assert_array_equal(mlp.predict(X), scores > 0)
    assert_allclose(mlp.predict_proba(X), expit(scores), rtol=1e-10)


def test_decision_function_of_several_targets():
    mlp = fitted(PlainClassifier, X, SEVERAL)
    scores = mlp.decision_function(X)
    for z, p, column in zip(scores, mlp.predict_proba(X), mlp.predict(X).T, strict=True):
        assert_allclose(softmax(z, axis=1), p, rtol=1e-9)
        assert_array_equal(z.argmax(axis=1), column)


def test_decision_function_of_one_class():
    mlp = fitted(PlainClassifier, X, np.full(N, "only"))
    assert mlp.decision_function(X).shape == (N,)
    assert set(mlp.predict(X)) == {"only"}
    assert_array_equal(mlp.predict_proba(X), DummyClassifier().fit(X, np.full(N, "only")).predict_proba(X))


def test_decision_function_needs_a_fit():
    with pytest.raises(NotFittedError):
        PlainClassifier().decision_function(X)


def test_decision_function_leaves_nothing_to_chance():
    """It returns memory of its own: changing it changes no later prediction."""
    mlp = fitted(PlainClassifier, X, TARGETS["binary"], depth=0)
    before = mlp.predict_proba(X)
    mlp.decision_function(X)[:] = np.nan
    assert_array_equal(mlp.predict_proba(X), before)


# 12. Warm start

WARM = {
    "dropout": {"dropout": 0.3},
    "batch normalization": {"normalization": "batch"},
    "layer normalization": {"normalization": "layer"},
    "weight decay": {"weight_decay": 0.1, "max_grad_norm": 0.5},
    "rmsprop": {"solver": "rmsprop"},
    "adagrad": {"solver": "adagrad"},
    "exponential": {"learning_rate": "exponential", "solver": "sgd"},
    "adaptive": {"learning_rate": "adaptive", "n_iter_no_change": 4, "tol": 0.02},
    "early stopping": {"early_stopping": True, "scoring": "loss"},
    "loss": {"loss": "quantile", "quantile": (0.1, 0.9)},
    "all": {"dropout": (0.3, 0.1), "normalization": "batch", "weight_decay": 0.1, "max_grad_norm": 0.5, "depth": 2,
            "solver": "rmsprop", "early_stopping": True, "learning_rate": "invscaling"},
}  # fmt: skip


@pytest.mark.parametrize("own", [False, True], ids=["", "validation set"])
@pytest.mark.parametrize("pickled", [False, True], ids=["", "pickled"])
@pytest.mark.parametrize("name", WARM)
@BOTH
def test_ten_and_twenty_epochs_are_thirty_bit_for_bit(Estimator, name, pickled, own):
    changes = {"n_iter_no_change": 100} | WARM[name]
    if Estimator is PlainClassifier and "loss" in changes:
        changes = {"n_iter_no_change": 100, "label_smoothing": 0.1, "class_weight": "balanced"}
    y = target(Estimator)
    more = {"X_val": X_VAL, "y_val": y[VAL]} if own else {}
    data = X_TRAIN, y[~VAL], WEIGHTS[~VAL]
    thirty = Estimator(**SMALL | changes | {"max_iter": 30}).fit(*data, **more)
    parts = Estimator(warm_start=True, **SMALL | changes | {"max_iter": 10}).fit(*data, **more)
    if pickled:
        parts = pickle.loads(pickle.dumps(parts))
    parts.set_params(max_iter=20).fit(*data, **more)
    assert parts.n_iter_ == 20
    for curve in (
        "loss_curve_",
        "penalty_curve_",
        "learning_rate_curve_",
        "validation_scores_",
        "validation_loss_curve_",
    ):
        assert getattr(parts, curve) == getattr(thirty, curve)
    assert_array_equal(outputs(parts), outputs(thirty))
    assert parts.t_ == thirty.t_


@pytest.mark.parametrize(
    "change",
    [
        {"dropout": 0.1}, {"normalization": "batch"}, {"normalization": "layer"}, {"loss": "huber"}, {"width": 7},
        {"depth": 2},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_another_architecture_is_an_error(method, change):
    mlp = fitted(PlainRegressor, warm_start=True)
    before = mlp.predict(X)
    with pytest.raises(ValueError, match=r"the parameters now ask for .*Set warm_start=False"):
        getattr(mlp.set_params(**change), method)(X, Y)
    plain = PlainRegressor(**SMALL)
    mlp.set_params(**{name: getattr(plain, name) for name in change})
    assert_array_equal(mlp.predict(X), before)


@pytest.mark.parametrize(
    ("loss", "change"),
    [("quantile", {"quantile": 0.4}), ("quantile", {"quantile": (0.1, 0.5)}), ("huber", {"huber_delta": 0.5})],
)
def test_another_loss_is_an_error_that_tells_the_two_apart(loss, change):
    mlp = fitted(PlainRegressor, loss=loss, warm_start=True).set_params(**change)
    with pytest.raises(ValueError, match="the parameters now ask for") as caught:
        mlp.fit(X, Y)
    was, now = str(caught.value).split(", but the parameters now ask for ")
    assert was.split("that was fitted, ")[1] != now.split(". Set warm_start")[0]


def test_parameters_of_training_may_change():
    mlp = fitted(PlainRegressor, warm_start=True)
    changes = {"alpha": 0.1, "weight_decay": 0.1, "max_grad_norm": 1.0, "learning_rate": "cosine", "solver": "rmsprop"}
    assert mlp.set_params(**changes).fit(X, Y).n_iter_ == 8
    assert len(mlp.loss_curve_) == 16


# 13. Missing values


@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "hidden_activations", "sample_predictions"])
@BOTH
def test_missing_values_are_an_error_that_says_what_to_do(Estimator, method):
    missing, y = X.copy(), target(Estimator)
    missing[3, 1] = np.nan
    mlp = fitted(Estimator, dropout=0.1)
    with pytest.raises(ValueError, match=r"Input X contains NaN") as caught:
        getattr(mlp, method)(missing, y) if "fit" in method else getattr(mlp, method)(missing)
    if "fit" in method:
        assert "imputer" in str(caught.value).lower()


# Everything together, and what does not go together

COMBINATIONS = [
    {"dropout": 0.2, "normalization": "batch", "weight_decay": 0.01},
    {"dropout": (0.0, 0.2), "depth": 2, "normalization": "layer", "max_grad_norm": 1.0, "solver": "rmsprop"},
    {"normalization": "batch", "solver": "adagrad", "learning_rate": "one_cycle", "early_stopping": True},
    {"solver": "sgd", "learning_rate": "warmup_cosine", "max_grad_norm": 0.5, "weight_decay": 0.1, "scoring": "loss",
     "early_stopping": True, "dropout": 0.1},
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("changes", COMBINATIONS, ids=str)
@BOTH
def test_combinations(Estimator, changes, container, dtype):
    """With weights, sparse rows, partial_fit, clone and pickle, in either precision."""
    y, data = target(Estimator), container(X.astype(dtype))
    more = {"label_smoothing": 0.1, "class_weight": {1: 2.0}} if Estimator is PlainClassifier else {"loss": "huber"}
    mlp = Estimator(**SMALL | changes | more).fit(data, y, WEIGHTS)
    again = clone(mlp).fit(data, y, WEIGHTS)
    copy = pickle.loads(pickle.dumps(mlp))
    first = outputs(mlp, data)
    assert first.dtype == dtype
    assert_array_equal(outputs(again, data), first)
    assert_array_equal(outputs(copy, data), first)
    for model in (mlp, copy):
        model.partial_fit(data, y, WEIGHTS)
    assert_array_equal(outputs(mlp, data), outputs(copy, data))
    assert np.abs(outputs(mlp, data) - first).max() > 0 or mlp.early_stopping
    assert_array_equal(outputs(again, data), first)
    state = again._state
    assert {
        a.dtype for a in (state.theta, *(v for v in vars(state.optimizer).values() if isinstance(v, np.ndarray)))
    } == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout", 0.1), ("dropout", [0.1]), ("dropout", np.array([0.1, 0.2])), ("weight_decay", 1e-3),
        ("normalization", "batch"), ("max_grad_norm", 1.0), ("early_stopping", True),
    ],
)  # fmt: skip
@BOTH
def test_what_lbfgs_cannot_do_is_an_error(Estimator, name, value):
    with pytest.raises(
        ValueError, match=rf"`{name}=.*` needs a solver that works in epochs.*Use solver='adam', or {name}="
    ):
        Estimator(solver="lbfgs", hidden_layer_sizes=(4, 3)[: np.size(value)], **{name: value}).fit(
            X, target(Estimator)
        )


@pytest.mark.parametrize("dropout", [0, 0.0, [0.0], np.array([0.0])], ids=repr)
def test_lbfgs_without_dropout_in_any_words(dropout):
    assert fitted(PlainRegressor, solver="lbfgs", dropout=dropout).n_iter_ > 0


@pytest.mark.parametrize("changes", [{"normalization": "layer"}, {"learning_rate": "cosine"}, {"scoring": "r2"}])
def test_what_lbfgs_can_do(changes):
    assert fitted(PlainRegressor, solver="lbfgs", **changes).n_iter_ > 0


BAD = {
    "weight_decay": [-1e-9, np.inf, np.nan, "0.1", None, True],
    "dropout": [-0.1, 1.0, 1, np.nan, "half", None, [0.5, 1.0], [[0.1]], {0.1}, True],
    "normalization": ["none", "Batch", True, 0, ["batch"]],
    "max_grad_norm": [0.0, -1.0, np.inf, np.nan, "1", False],
    "scoring": ["no_such_scorer", 3, ["accuracy"], True],
    "learning_rate": ["linear", 0.1, None, schedules.Cosine, lambda clock: 1.0],
    "solver": ["adamw", "RMSprop", None, 1],
}
BAD_OF = {
    PlainClassifier: BAD | {
        "class_weight": ["auto", {0: -1.0}, {0: np.nan}, {0: np.inf}, {0: "1"}, 2.0, [1, 2, 3], True],
        "label_smoothing": [-0.1, 1.0, np.nan, None, "0.1", True],
    },
    PlainRegressor: BAD | {
        "loss": ["mae", "log_loss", None, 3],
        "quantile": [0.0, 1.0, -0.5, np.nan, [], [0.5, 0.1], [0.5, 0.5], [0.1, 1.0], "median", None, True],
        "huber_delta": [0.0, -1.0, np.inf, np.nan, None, "1"],
    },
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("Estimator", "name", "value"),
    [(e, name, value) for e, bad in BAD_OF.items() for name, values in bad.items() for value in values],
)
def test_bad_values_of_new_parameters(Estimator, name, value):
    """The error names the parameter and what came; nothing else happens."""
    mlp = Estimator(**{name: value})
    with pytest.raises(ValueError, match=rf"`{name}` must be .*, got ") as caught:
        mlp.fit(X, target(Estimator))
    assert repr(value) in str(caught.value)
    assert vars(mlp).keys() == mlp.get_params().keys()


@pytest.mark.filterwarnings("error")
@BOTH
def test_features_that_are_off_change_nothing(Estimator):
    """Bit for bit what the net without them gives."""
    off = {"dropout": 0.0, "normalization": None, "weight_decay": 0.0, "max_grad_norm": None, "scoring": None}
    off |= {"class_weight": None, "label_smoothing": 0.0} if Estimator is PlainClassifier else {"quantile": 0.3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same_weights(fitted(Estimator, **off), fitted(Estimator))
        never = fitted(Estimator, max_grad_norm=1e9)
        assert_same_weights(never, fitted(Estimator))
