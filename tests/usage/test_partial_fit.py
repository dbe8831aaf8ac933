"""Calls of `partial_fit` with a validation set keep the best weights, and multilabel targets accept ``classes``."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from plain_fits import BOTH, LABELS, SMALL, VAL, X_TRAIN, X_VAL, N, X, Y, outputs, target
from sklearn import metrics

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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
    # Computed again, the moments of the same rows differ by rounding errors, and so do weights in their units.
    assert_allclose(outputs(mlp), seen[best], rtol=1e-10, atol=1e-15)


@BOTH
def test_the_best_score_does_not_fall_after_the_patience_has_ended(Estimator):
    y = target(Estimator)
    first = {"classes": [0, 1, 2]} if Estimator is PlainClassifier else {}
    mlp, best = Estimator(early_stopping=True, n_iter_no_change=2, **SMALL | {"learning_rate_init": 0.3}), -np.inf
    for _ in range(30):
        mlp.partial_fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL], **first)
        assert mlp.best_validation_score_ >= best
        best = mlp.best_validation_score_
        assert mlp.score(X_VAL, y[VAL]) == pytest.approx(best, rel=1e-9)


@BOTH
def test_calls_without_improvement_count_although_each_has_other_validation_rows(Estimator):
    y = target(Estimator)
    first = {"classes": [0, 1, 2]} if Estimator is PlainClassifier else {}
    parameters = SMALL | {"learning_rate_init": 1e-9, "scoring": "loss"}
    mlp, reasons = Estimator(early_stopping=True, n_iter_no_change=2, **parameters), []
    for k in range(4):
        mlp.partial_fit(X_TRAIN, y[~VAL], X_val=X[k::4], y_val=y[k::4], **first)
        reasons.append(mlp.stopping_reason_)
    assert reasons == ["partial_fit"] * 2 + ["n_iter_no_change"] * 2


@BOTH
def test_partial_fit_holds_out_validation_rows_of_each_call(Estimator):
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
    """With and without ``classes``, which for multilabel targets are the numbers of the columns."""
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


def test_calls_with_and_without_a_validation_set_may_alternate():
    mlp = PlainRegressor(**SMALL).partial_fit(X, Y)
    assert mlp.validation_scores_ is None
    mlp.partial_fit(X, Y, X_val=X_VAL, y_val=Y[VAL])
    assert len(mlp.validation_scores_) == 1
    assert mlp.partial_fit(X, Y).validation_scores_ is None
