"""The decision function has the shape and the relation to probabilities of a linear classifier's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier
from plain_fits import LABELS, SEVERAL, TARGETS, N, X, fitted
from scipy.special import expit, softmax
from sklearn import metrics
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("names", [np.arange(3), np.array(["x", "y", "z"])], ids=["numbers", "text"])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_decision_function_is_that_of_a_linear_classifier(kind, names):
    """It has one number for two classes, positive for the second; else one for each class."""
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


def test_decision_function_of_multilabel_targets():
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


def test_the_decision_function_is_an_array_of_its_own():
    """A change of the returned array does not change later predictions."""
    mlp = fitted(PlainClassifier, X, TARGETS["binary"], depth=0)
    before = mlp.predict_proba(X)
    mlp.decision_function(X)[:] = np.nan
    assert_array_equal(mlp.predict_proba(X), before)
