"""Any score of scikit-learn, or the loss, can score validation rows and stop training."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from plain_fits import BOTH, CLASSES, SMALL, VAL, WEIGHTS, X_VAL, X, Y, fitted, short, validated
from sklearn import metrics
from sklearn.model_selection import GridSearchCV, cross_val_score

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SCORINGS = {
    "neg_log_loss": "neg_log_loss",
    "f1_macro": "f1_macro",
    "callable": lambda estimator, X, y: -float(np.mean(estimator.predict(X) != y)),
    "scorer": metrics.make_scorer(metrics.balanced_accuracy_score),
}


@pytest.mark.parametrize("name", SCORINGS)
def test_any_scorer_of_a_classifier_is_used(name):
    scoring = SCORINGS[name]
    mlp = validated(scoring=scoring)
    scorer = metrics.get_scorer(scoring)
    expected = [scorer(short(PlainClassifier, CLASSES, i), X_VAL, CLASSES[VAL]) for i in range(1, 9)]
    assert mlp.validation_scores_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scoring", ["neg_mean_absolute_error", "r2", "neg_median_absolute_error"])
def test_any_scorer_of_a_regressor_is_used_in_units_of_y(scoring):
    mlp = validated(PlainRegressor, scoring=scoring)
    scorer = metrics.get_scorer(scoring)
    expected = [scorer(short(PlainRegressor, Y, i), X_VAL, Y[VAL]) for i in range(1, 9)]
    assert mlp.validation_scores_ == pytest.approx(expected, rel=1e-9)


def test_a_named_scorer_is_weighted():
    mlp = validated(scoring="balanced_accuracy", sample_weight_val=WEIGHTS[VAL])
    expected = metrics.balanced_accuracy_score(CLASSES[VAL], mlp.predict(X_VAL), sample_weight=WEIGHTS[VAL])
    assert mlp.validation_scores_[-1] == pytest.approx(expected, rel=1e-12)


def test_a_named_scorer_that_takes_no_weights():
    """Training uses the weights and scoring does not, as in scikit-learn's searches."""
    mlp = PlainRegressor(scoring="neg_max_error", early_stopping=True, **SMALL).fit(X, Y, WEIGHTS)
    assert len(mlp.validation_scores_) == 8


@BOTH
def test_the_loss_can_be_the_score(Estimator):
    mlp = validated(Estimator, scoring="loss", early_stopping=True, max_iter=200, n_iter_no_change=3)
    assert mlp.validation_scores_ == [-loss for loss in mlp.validation_loss_curve_]
    assert mlp.n_iter_ < 200


@pytest.mark.filterwarnings("ignore:.*no effect, because this fit has no validation rows")
@pytest.mark.parametrize("scoring", [None, "loss", "neg_log_loss", SCORINGS["callable"]])
def test_the_weights_of_the_best_epoch_are_kept(scoring):
    parameters = {"scoring": scoring, "learning_rate_init": 0.2}
    mlp = validated(early_stopping=True, max_iter=200, n_iter_no_change=6, **parameters)
    best = int(np.argmax(mlp.validation_scores_)) + 1
    assert best < mlp.n_iter_ < 200
    model = short(PlainClassifier, CLASSES, best, **parameters)
    assert_array_equal(mlp.predict_proba(X), model.predict_proba(X))
    assert mlp.best_loss_ is None


def test_training_stops_after_n_iter_no_change_epochs_without_a_better_score():
    mlp = validated(early_stopping=True, scoring="loss", max_iter=500, n_iter_no_change=4, tol=0.0)
    scores = np.array(mlp.validation_scores_)
    assert np.argmax(scores) == len(scores) - 1 - 4


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", SCORINGS["callable"], "loss"])
def test_a_scorer_gets_the_validation_rows(scoring):
    mlp = fitted(PlainClassifier, early_stopping=True, scoring=scoring)
    assert len(mlp.validation_scores_) == 8
    if scoring == "accuracy":
        assert mlp.validation_scores_ == fitted(PlainClassifier, early_stopping=True).validation_scores_
    if scoring == "neg_log_loss":
        assert_allclose(mlp.validation_scores_, -np.array(mlp.validation_loss_curve_), rtol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_are_scored_without_a_warning_about_names(container, own):
    frames = pytest.importorskip(container)
    names = ["a", "b", "c", "d"]
    frame = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    more = {"X_val": frame[:30], "y_val": CLASSES[:30]} if own else {}
    parameters = SMALL | {"learning_rate": "cosine", "early_stopping": True, "scoring": "neg_log_loss"}
    mlp = PlainClassifier(**parameters).fit(frame, CLASSES, **more)
    assert_array_equal(mlp.feature_names_in_, names)
    assert np.isfinite(mlp.validation_scores_).all()


def test_searches_and_cross_validation_may_stop_by_any_score():
    grid = {"scoring": [None, "loss", "neg_log_loss"], "early_stopping": [True]}
    assert np.isfinite(GridSearchCV(PlainClassifier(**SMALL), grid, cv=2).fit(X, CLASSES).best_score_)
    assert np.isfinite(cross_val_score(PlainRegressor(scoring="r2", early_stopping=True, **SMALL), X, Y, cv=2)).all()


def test_an_error_of_a_scorer_does_not_change_the_earlier_fit():
    def fails(estimator, X, y):
        raise ZeroDivisionError

    mlp = fitted(PlainRegressor)
    before = dict(vars(mlp))
    with pytest.raises(ZeroDivisionError):
        mlp.set_params(scoring=fails, early_stopping=True).fit(X, Y)
    assert all(vars(mlp)[name] is value for name, value in before.items() if name not in ("scoring", "early_stopping"))


@pytest.mark.parametrize("scoring", ["f1", "precision", "average_precision", "neg_brier_score"])
@pytest.mark.parametrize("dtype", [str, object])
def test_the_error_of_a_scorer_that_needs_a_positive_class_says_how_to_pass_it(scoring, dtype):
    y = np.where(CLASSES > 0, "yes", "no").astype(dtype)
    mlp = fitted(PlainClassifier, X, y)
    before = mlp.coefs_[0].copy()
    mlp.set_params(early_stopping=True, scoring=scoring)
    with pytest.raises(ValueError, match=rf"`scoring='{scoring}'` must know .*'no' 'yes'.*f1_score, pos_label='yes'"):
        mlp.fit(X, y)
    assert_array_equal(mlp.coefs_[0], before)
    mlp.set_params(scoring=metrics.make_scorer(metrics.f1_score, pos_label="yes")).fit(X, y)
    assert mlp.validation_scores_
