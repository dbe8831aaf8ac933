"""The estimators in scikit-learn's cross-validation, learning curves and validation curves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from quick_nets import classifier, diabetes_fixture, regressor, wine_fixture  # noqa: F401
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss, make_scorer, mean_absolute_error
from sklearn.model_selection import cross_val_predict, cross_validate, learning_curve, validation_curve

# The networks train for a few epochs, to be fast. They need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_cross_validate_with_several_scorers(wine):
    scoring = {"accuracy": "accuracy", "log_loss": "neg_log_loss", "auc": "roc_auc_ovr", "f1": "f1_macro"}
    ours = cross_validate(classifier(), *wine, scoring=scoring, cv=3, return_estimator=True, error_score="raise")
    baseline = cross_validate(DummyClassifier(), *wine, scoring=scoring, cv=3)
    for name in scoring:
        assert (ours[f"test_{name}"] > baseline[f"test_{name}"] + 0.3).all()
    assert all(net.classes_.tolist() == [0, 1, 2] for net in ours["estimator"])


def test_cross_validate_of_a_regressor_with_a_scorer_of_the_user(diabetes):
    scoring = {"r2": "r2", "mae": make_scorer(mean_absolute_error, greater_is_better=False)}
    ours = cross_validate(regressor(), *diabetes, scoring=scoring, cv=3, error_score="raise")
    assert (ours["test_r2"] > 0.3).all()
    assert (ours["test_mae"] > -55.0).all()


def test_cross_val_predict_of_probabilities(wine):
    X, y = wine
    names = np.array(["barbera", "grignolino", "barolo"])[y]
    p = cross_val_predict(classifier(), X, names, cv=3, method="predict_proba")
    assert p.shape == (len(X), 3)
    assert_allclose(p.sum(axis=1), 1.0)
    assert log_loss(names, p, labels=np.unique(names)) < 0.3  # 1.1 for the frequencies of classes; columns as labels


@pytest.mark.parametrize("method", ["predict_log_proba", "decision_function"])
def test_cross_val_predict_of_other_scores(wine, method):
    X, y = wine
    scores = cross_val_predict(classifier(), X, y, cv=3, method=method)
    assert (scores.argmax(axis=1) == y).mean() > 0.9


def test_scores_rise_with_the_number_of_rows(wine):
    X, y = wine
    sizes, _, scores = learning_curve(
        classifier(batch_size=5), X, y, train_sizes=[0.05, 1.0], cv=3, shuffle=True, random_state=0, error_score="raise"
    )
    assert sizes.tolist() == [5, 118]
    few, all_rows = scores.mean(axis=1)
    assert all_rows > few + 0.05


def test_learning_curve_by_partial_fit(wine):
    X, y = wine
    net = classifier(batch_size=10)
    _, _, scores = learning_curve(
        net, X, y, train_sizes=[0.2, 1.0], cv=3, exploit_incremental_learning=True, shuffle=True, random_state=0,
        error_score="raise",
    )  # fmt: skip
    few, all_rows = scores.mean(axis=1)
    assert all_rows > few


def test_validation_curve_over_depth_zero_to_two(wine):
    train, test = validation_curve(classifier(), *wine, param_name="depth", param_range=[0, 1, 2], cv=3)
    assert train.shape == test.shape == (3, 3)
    assert (test.mean(axis=1) > 0.85).all()
