"""A validation set that is passed to fit: what is computed from it, what it may be, and what is an error."""

from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose
from oracles import PlainClassifier, PlainRegressor
from plain_fits import (
    BOTH,
    CLASSES,
    LABELS,
    SMALL,
    SOLVERS,
    TARGETS,
    VAL,
    WEIGHTS,
    X_TRAIN,
    X_VAL,
    X,
    Y,
    assert_same_weights,
    counts,
    every_kind,
    fitted,
    short,
    target,
    validated,
)
from sklearn import metrics
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def log_loss(y, mlp, sample_weight=None):
    """Return the loss, computed by scikit-learn and summed over labels or targets."""
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
    """The loss is that of targets in training units. The score is the D2 of the loss, and does not depend on units."""
    y = counts().astype(float)
    mlp = validated(PlainRegressor, y, sample_weight_val, loss=loss)
    unit, quartiles = y[~VAL].std(), np.subtract(*np.quantile(y[~VAL], [0.75, 0.25]))
    for i in (1, 8):
        prediction = short(PlainRegressor, y, i, loss=loss).predict(X_VAL)
        metric, factor = {
            "squared_error": (metrics.mean_squared_error, 0.5 / unit**2),
            "absolute_error": (metrics.mean_absolute_error, 1 / quartiles),
            "poisson": (metrics.mean_poisson_deviance, 0.5 / y[~VAL].mean()),
        }[loss]
        expected = factor * metric(y[VAL], prediction, sample_weight=sample_weight_val)
        assert mlp.validation_loss_curve_[i - 1] == pytest.approx(expected, rel=1e-9)
        d2 = {
            "squared_error": metrics.r2_score,
            "absolute_error": metrics.d2_absolute_error_score,
            "poisson": partial(metrics.d2_tweedie_score, power=1),
        }[loss](y[VAL], prediction, sample_weight=sample_weight_val)
        assert mlp.validation_scores_[i - 1] == pytest.approx(d2, rel=1e-9)


@pytest.mark.parametrize("solver", [*SOLVERS, "lbfgs"])
@BOTH
def test_without_early_stopping_validation_does_not_change_training(Estimator, solver):
    y, parameters = target(Estimator), SMALL | {"solver": solver, "learning_rate_init": 0.1}
    mlp = Estimator(**parameters).fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL])
    alone = Estimator(**parameters).fit(X_TRAIN, y[~VAL])
    assert_same_weights(mlp, alone)
    assert mlp.loss_curve_ == alone.loss_curve_
    assert mlp.best_loss_ == min(mlp.loss_curve_)
    assert len(mlp.validation_scores_) == len(mlp.loss_curve_)
    assert mlp.validation_scores_[-1] == pytest.approx(mlp.score(X_VAL, y[VAL]), rel=1e-9)
    assert alone.validation_scores_ is alone.validation_loss_curve_ is alone.best_validation_score_ is None


FEW_AND_MANY = {"few rows": 60, "mini-batches": 200, "a table": 500}


@pytest.mark.parametrize("n", FEW_AND_MANY.values(), ids=FEW_AND_MANY)
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_a_validation_set_decides_by_default_when_to_stop(Estimator, n):
    """The targets are noise here, so the loss of the validation rows grows."""
    rng = np.random.default_rng(0)
    rows, y = rng.standard_normal((n + 40, 6)), rng.integers(0, 2, n + 40)
    own = {"X_val": rows[n:], "y_val": y[n:]}
    mlp = Estimator(width=16, random_state=0).fit(rows[:n], y[:n], **own)
    best = int(np.argmax(mlp.validation_scores_))
    assert best + 1 < mlp.n_iter_ < 250
    judge = metrics.log_loss if Estimator is MLPClassifierScratch else metrics.mean_squared_error
    predict = getattr(mlp, "predict_proba", mlp.predict)
    curve = mlp.validation_loss_curve_
    scale = 1.0 if Estimator is MLPClassifierScratch else y[:n].var() * 2
    assert judge(y[n:], predict(rows[n:])) == pytest.approx(scale * curve[best], rel=1e-4)  # its weights are kept
    assert curve[best] < curve[-1]
    watched = Estimator(width=16, early_stopping=False, max_iter=best + 3, random_state=0, n_members=mlp.n_members_)
    watched.fit(rows[:n], y[:n], **own)
    assert judge(y[n:], getattr(watched, predict.__name__)(rows[n:])) == pytest.approx(
        scale * watched.validation_loss_curve_[-1], rel=1e-4
    )


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_in_a_stream_a_validation_set_does_not_change_training_by_default(Estimator):
    y, more = CLASSES, {} if Estimator is MLPRegressorScratch else {"classes": [0, 1, 2]}
    watched, alone = Estimator(width=6, random_state=0), Estimator(width=6, random_state=0)
    for _ in range(5):
        watched.partial_fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], **more)
        alone.partial_fit(X_TRAIN, y[~VAL], **more)
    assert_same_weights(watched, alone)
    assert len(watched.validation_scores_) == 5


@BOTH
def test_with_a_validation_set_all_rows_of_X_are_trained_on(Estimator):
    mlp = validated(Estimator, early_stopping=True)
    assert mlp.t_ == mlp.n_iter_ * len(X_TRAIN)
    own = fitted(Estimator, X_TRAIN, target(Estimator)[~VAL], early_stopping=True, validation_fraction=0.2)
    assert own.t_ == own.n_iter_ * len(X_TRAIN) * 0.8


def test_a_validation_set_with_other_columns_is_an_error():
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
        ({"X_val": X}, r"`X_val` and `y_val` must be passed together, got `X_val` without `y_val`"),
        ({"y_val": CLASSES}, r"`X_val` and `y_val` must be passed together, got `y_val` without `X_val`"),
        ({"sample_weight_val": WEIGHTS}, r"`sample_weight_val` needs `X_val` and `y_val`, got neither"),
        ({"X_val": X[:, :2], "y_val": CLASSES}, r"X has 2 features, but PlainClassifier is expecting 4"),
        ({"X_val": X[:5], "y_val": CLASSES}, r"inconsistent numbers of samples"),
        ({"X_val": np.full_like(X, np.inf), "y_val": CLASSES}, r"contains infinity"),
        ({"X_val": X, "y_val": CLASSES + 1}, r"`y` has also \[3\]"),
        ({"X_val": X, "y_val": LABELS}, r"y must have the same form as in the first call"),
        ({"X_val": X, "y_val": CLASSES, "sample_weight_val": -WEIGHTS}, r"`sample_weight_val` must not be negative"),
        ({"X_val": X, "y_val": CLASSES, "sample_weight_val": WEIGHTS[:3]}, r"`sample_weight_val` must have shape"),
        ({"X_val": X, "y_val": CLASSES, "sample_weight_val": 0 * WEIGHTS}, r"`sample_weight_val` .* only zeros"),
    ],
    ids=lambda v: str(list(v)) if isinstance(v, dict) else "",
)
def test_bad_validation_sets(method, given, message):
    """The error leaves no fitted attributes."""
    mlp = PlainClassifier(**SMALL)
    more = {} if method == "fit" else {"classes": [0, 1, 2]}
    with pytest.raises(ValueError, match=message):
        getattr(mlp, method)(X, CLASSES, **given, **more)
    assert vars(mlp).keys() == PlainClassifier().get_params().keys()


def test_validation_rows_of_another_number_of_targets():
    with pytest.raises(ValueError, match=r"y must have 1 outputs, as .*, got 2"):
        PlainRegressor(**SMALL).fit(X, Y, X_val=X, y_val=np.column_stack([Y, Y]))


@BOTH
def test_validation_rows_through_a_pipeline(Estimator):
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
