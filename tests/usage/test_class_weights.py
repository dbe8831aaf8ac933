"""Class weights have the effect of sample weights, in every form that scikit-learn accepts."""

import time

import numpy as np
import pytest
import scipy.sparse as sp
from oracles import PlainClassifier
from plain_fits import (
    CLASSES,
    LABELS,
    SMALL,
    TARGETS,
    VAL,
    WEIGHTS,
    X_TRAIN,
    X_VAL,
    N,
    X,
    assert_same_weights,
    differs,
    fitted,
)
from sklearn import metrics
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.class_weight import compute_sample_weight

from sknet.preprocessing import LabelEncoding

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("changes", [{}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True}], ids=str)
@pytest.mark.parametrize("names", [np.arange(3), np.array(["a", "b", "c"])], ids=["numbers", "text"])
def test_class_weight_is_multiplied_by_the_sample_weights(names, changes, sample_weight):
    """The results are the same bit for bit."""
    weight_of, y = {names[0]: 0.5, names[1]: 7.0, names[2]: 2.0}, names[CLASSES]
    each = np.array([0.5, 7.0, 2.0])[CLASSES]
    ours = fitted(PlainClassifier, X, y, sample_weight, class_weight=weight_of, **changes)
    theirs = fitted(PlainClassifier, X, y, each * (1.0 if sample_weight is None else sample_weight), **changes)
    assert_same_weights(ours, theirs)
    assert ours.loss_curve_ == theirs.loss_curve_
    assert ours.validation_scores_ == theirs.validation_scores_
    assert differs(ours, fitted(PlainClassifier, X, y, sample_weight, **changes))


def test_classes_without_a_weight_have_weight_one():
    partial, whole = ({1: 4.0}, {0: 1.0, 1: 4.0, 2: 1.0})
    assert_same_weights(*(fitted(PlainClassifier, class_weight=class_weight) for class_weight in (partial, whole)))


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_balanced_gives_classes_the_same_total_weight(kind):
    """The weight of a class is ``n / (n_classes * count)``."""
    y = TARGETS[kind]
    each = (len(y) / (len(np.unique(y)) * np.bincount(y)))[y]
    assert_same_weights(fitted(PlainClassifier, X, y, class_weight="balanced"), fitted(PlainClassifier, X, y, each))


@pytest.mark.parametrize("kind", ["multilabel", "multioutput"])
def test_balanced_weights_of_columns_are_multiplied_as_in_trees(kind):
    y = TARGETS[kind]
    each = np.prod([(N / (len(np.unique(c)) * np.bincount(c)))[c] for c in y.T], axis=0)
    assert_same_weights(fitted(PlainClassifier, X, y, class_weight="balanced"), fitted(PlainClassifier, X, y, each))


@pytest.mark.parametrize("kind", ["multilabel", "multioutput"])
def test_a_dict_for_each_column_as_in_trees(kind):
    y = TARGETS[kind]
    class_weight = [{0: 1.0, 1: 5.0, 2: 1.0, 3: 1.0}, *[{0: 1.0, 1: 0.5, 2: 2.0, 3: 3.0}] * (y.shape[1] - 1)]
    each = compute_sample_weight(class_weight, y)
    RandomForestClassifier(n_estimators=1, class_weight=class_weight).fit(X, y)  # trees accept the same dict
    assert_same_weights(fitted(PlainClassifier, X, y, class_weight=class_weight), fitted(PlainClassifier, X, y, each))


def test_balanced_sparse_labels():
    dense = fitted(PlainClassifier, X, LABELS, class_weight="balanced")
    assert_same_weights(fitted(PlainClassifier, X, sp.csr_matrix(LABELS), class_weight="balanced"), dense)


def test_balanced_finds_more_rows_of_a_rare_class():
    """One row in eight belongs to it, and the inputs do not determine which."""
    y = (X[:, 0] + 1.5 * np.random.default_rng(1).normal(size=N) > np.sqrt(3.25) * 1.15).astype(int)
    assert 0.05 < y.mean() < 0.2
    plain, balanced = (fitted(PlainClassifier, X, y, depth=0, max_iter=60, class_weight=w) for w in (None, "balanced"))
    recalls = [metrics.recall_score(y, mlp.predict(X)) for mlp in (plain, balanced)]
    assert recalls[1] > recalls[0] + 0.3


def test_validation_rows_have_class_weights():
    class_weight, y = {0: 1.0, 1: 5.0, 2: 0.1}, CLASSES
    ours = PlainClassifier(class_weight=class_weight, **SMALL)
    ours.fit(X_TRAIN, y[~VAL], X_val=X_VAL, y_val=y[VAL])
    each = np.array([1.0, 5.0, 0.1])[y[VAL]]
    assert ours.validation_scores_[-1] == pytest.approx(ours.score(X_VAL, y[VAL], each), rel=1e-12)


@pytest.mark.parametrize("present", [[1, 2], [0]])
def test_validation_rows_may_lack_classes_that_have_a_weight(present):
    """``compute_sample_weight`` of these rows alone would be an error."""
    rows = np.isin(CLASSES, present)
    mlp = PlainClassifier(class_weight={0: 2.0}, **SMALL).fit(X, CLASSES, X_val=X[rows], y_val=CLASSES[rows])
    assert len(mlp.validation_scores_) == 8


def test_partial_fit_accepts_a_dict():
    weight_of = {0: 0.5, 1: 7.0, 2: 2.0}
    ours, theirs = PlainClassifier(class_weight=weight_of, **SMALL), PlainClassifier(**SMALL)
    for rows in (slice(0, 60), slice(60, 120)):
        ours.partial_fit(X[rows], CLASSES[rows], classes=[0, 1, 2])
        each = np.array([0.5, 7.0, 2.0])[CLASSES[rows]]
        theirs.partial_fit(X[rows], CLASSES[rows], each, classes=[0, 1, 2])
    assert_same_weights(ours, theirs)


@pytest.mark.parametrize("present", [[1, 2], [0]])
def test_chunks_of_partial_fit_may_lack_classes_that_have_a_weight(present):
    mlp, rows = PlainClassifier(class_weight={0: 2.0}, **SMALL), np.isin(CLASSES, present)
    each = np.where(CLASSES[rows] == 0, 2.0, 1.0)
    theirs = PlainClassifier(**SMALL).partial_fit(X[rows], CLASSES[rows], each, classes=[0, 1, 2])
    assert_same_weights(mlp.partial_fit(X[rows], CLASSES[rows], classes=[0, 1, 2]), theirs)


def test_balanced_is_an_error_in_partial_fit():
    with pytest.raises(ValueError, match="class_weight='balanced' is not supported by partial_fit"):
        PlainClassifier(class_weight="balanced").partial_fit(X, CLASSES, classes=[0, 1, 2])


def test_class_weights_that_leave_no_weight_are_an_error():
    with pytest.raises(ValueError, match="`class_weight` and `sample_weight` must leave at least one positive weight"):
        fitted(PlainClassifier, X, CLASSES, (CLASSES == 1).astype(float), class_weight={1: 0.0})


@pytest.mark.parametrize(
    ("y", "class_weight", "match"),
    [
        (CLASSES, {0: 1.0, 1: 1.0, "2": 5.0}, r"got \['2'\], which are not in y, and no weight for \[2\]"),
        (LABELS, [{0: 1.0, 2: 5.0}] * LABELS.shape[1], r"got \[2\], which are not in y, and no weight for \[1\]"),
    ],
    ids=["multiclass", "multilabel"],
)
def test_an_unknown_class_is_an_error(y, class_weight, match):
    with pytest.raises(ValueError, match=match):
        fitted(PlainClassifier, X, y, class_weight=class_weight)


def test_a_class_without_rows_may_have_a_weight():
    """As in scikit-learn, because a fold may lack a class."""
    whole = {0: 1.0, 1: 5.0, 2: 0.1}
    pair = (fitted(PlainClassifier, X, CLASSES, class_weight=own) for own in (whole, whole | {3: 7.0}))
    assert_same_weights(*pair)


def test_the_time_for_a_dict_is_that_of_balanced_weights():
    """It was quadratic in the number of classes: thirty times as long for 2,000."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(2000), rng.integers(0, 2000, 8000)])
    labels, seconds = LabelEncoding.of(y), {}
    for name, weight in (("balanced", "balanced"), ("dict", dict.fromkeys(range(2000), 1.0))):
        start = time.process_time()
        compute_sample_weight(labels.present(weight, y), y)
        seconds[name] = time.process_time() - start
    assert seconds["dict"] < 4 * seconds["balanced"] + 0.05
