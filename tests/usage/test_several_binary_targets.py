"""Several targets with two classes each, which scikit-learn regards as multilabel, are several targets."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.model_selection import cross_val_score

from sknet import MLPClassifierScratch

X = np.random.default_rng(0).normal(size=(80, 3))
BITS = (X[:, :2] > 0).astype(int)
QUICK = {"width": 8, "max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}
TARGETS = {
    "1 and 2": BITS + 1, "-1 and 1": 2 * BITS - 1, "floats": BITS * 3.0, "text": np.array(["a", "b"])[BITS],
    "objects": np.array(["a", "b"], dtype=object)[BITS], "objects of numbers": (BITS + 1).astype(object),
    "other labels in each column": np.column_stack([BITS[:, 0] + 1, BITS[:, 1] * 2 + 5]),
}  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_columns_of_two_classes_are_several_targets(name):
    y = TARGETS[name]
    net = MLPClassifierScratch(**QUICK).fit(X, y)
    assert [list(own) for own in net.classes_] == [list(np.unique(column)) for column in y.T]
    assert [p.shape for p in net.predict_proba(X)] == [(80, 2), (80, 2)]
    assert net.score(X, y) == np.mean((net.predict(X) == y).all(axis=1)) > 0.8
    assert cross_val_score(net, X, y, cv=2).min() > 0.5
    net.set_params(early_stopping=False).fit(X, y, X_val=X, y_val=y)
    assert net.validation_scores_[-1] == pytest.approx(net.score(X, y))


def test_partial_fit_of_such_targets():
    y = BITS + 1
    net = MLPClassifierScratch(**QUICK).partial_fit(X[:40], y[:40], classes=[[1, 2], [1, 2]])
    assert net.partial_fit(X[40:], y[40:]).predict(X).shape == y.shape


@pytest.mark.parametrize("y", [BITS, BITS.astype(bool), BITS.astype(float), np.ones_like(BITS), sp.csr_matrix(BITS)])
def test_zeros_and_ones_are_multilabel(y):
    net = MLPClassifierScratch(**QUICK).fit(X, y)
    assert_array_equal(net.classes_, [0, 1])
    assert net.predict_proba(X).shape == (80, 2)


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_members_hold_out_the_same_rows_for_sparse_labels(kind):
    """Each member has validation rows of its own, drawn by the first label."""
    dense, sparse = (MLPClassifierScratch(**QUICK, n_members=2, early_stopping=True) for _ in range(2))
    dense.fit(X, BITS)
    sparse.fit(X, kind(BITS))
    assert sparse.validation_scores_ == dense.validation_scores_
    assert_array_equal(sparse.predict_proba(X), dense.predict_proba(X))


def test_sparse_labels_other_than_zero_and_one_are_an_error():
    with pytest.raises(ValueError, match="multilabel targets must be 0 or 1, got"):
        MLPClassifierScratch(**QUICK).fit(X, sp.csr_matrix(BITS * 2))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_multilabel_targets_that_change_to_something_else_are_an_error(method):
    net = MLPClassifierScratch(**QUICK, warm_start=True).fit(X, BITS)
    with pytest.raises(ValueError, match=r"multilabel targets must be 0 or 1, got \[1 2\]|has the same classes as"):
        getattr(net, method)(X, BITS + 1)
    with pytest.raises(ValueError, match="y must have the same form as in the first call"):
        MLPClassifierScratch(**QUICK).fit(X, BITS + 1).partial_fit(X, BITS[:, 0])
