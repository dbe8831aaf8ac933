"""Several targets with several classes each are learned together, and predictions have the shapes that trees return."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier
from plain_fits import CLASSES, LINEAR, SEVERAL, SMALL, TARGETS, VAL, WEIGHTS, N, X, assert_same_weights, fitted
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

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


def test_names_of_classes_do_not_matter():
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


def test_a_column_of_two_classes_with_one_of_four():
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
    with pytest.raises(ValueError, match="y must have the same form as in the first call"):
        mlp.partial_fit(X, TEXT[:, 0])


def test_a_first_chunk_of_zeros_and_ones_is_not_multilabel_if_classes_say_so():
    classes, few = [[0, 1, 2], [0, 1, 2, 3]], (SEVERAL <= 1).all(axis=1)
    mlp = PlainClassifier(**SMALL).partial_fit(X[few], SEVERAL[few], classes=classes)
    assert [list(c) for c in mlp.classes_] == classes
    mlp.partial_fit(X, SEVERAL)
    assert [p.shape for p in mlp.predict_proba(X)] == [(N, 3), (N, 4)]


def test_several_targets_with_other_features():
    parameters = {"dropout": 0.1, "normalization": "batch", "label_smoothing": 0.1, "class_weight": "balanced",
                  "early_stopping": True, "weight_decay": 0.01, "scoring": "loss"}  # fmt: skip
    mlp = PlainClassifier(**SMALL | {"max_iter": 60} | parameters)
    mlp.fit(sp.csr_array(X[~VAL]), TEXT[~VAL], WEIGHTS[~VAL], X_val=sp.csr_array(X[VAL]), y_val=TEXT[VAL])
    assert (mlp.predict(X) == TEXT).mean() > 0.6


def test_searches_over_several_targets():
    search = GridSearchCV(PlainClassifier(**SMALL), {"depth": [0, 1]}, cv=2).fit(X, SEVERAL)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
