"""Rows to predict: the fast path, without scikit-learn's checks, accepts only rows that these checks accept."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.utils.validation import validate_data

from sknet import MLPClassifierScratch, MLPRegressorScratch

SMALL = {"width": 6, "max_iter": 8, "random_state": 0}
X = np.random.default_rng(0).standard_normal((60, 4))
Y = {MLPClassifierScratch: (X[:, 0] > 0).astype(int), MLPRegressorScratch: X[:, 0]}
FEW = np.array([[0.5, -1.0, 2.0, 3.0], [1.0, 0.0, 1.0, 0.0]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [FEW, FEW[:1], np.asfortranarray(FEW), FEW[::-1]], ids=["two", "one", "F", "reversed"])
@pytest.mark.parametrize("Estimator", Y)
def test_plain_rows_are_predicted_without_validate_data(Estimator, rows, dtype, monkeypatch):
    """The predictions are the same as with `validate_data`."""
    mlp, rows = Estimator(**SMALL).fit(X, Y[Estimator]), rows.astype(dtype, copy=False)
    options = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "reset": False}
    assert validate_data(mlp, rows, **options) is rows
    expected = mlp.predict(sp.csr_matrix(rows))  # sparse rows are validated
    monkeypatch.setattr("sknet.preprocessing.checking.validate_data", None)
    assert_allclose(mlp.predict(rows), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (FEW[0], "Expected 2D array, got 1D array"),
        (FEW[None], "Found array with dim 3"),
        (FEW[:0], "Found array with 0 sample"),
        (FEW[:, :3], "X has 3 features, but .* is expecting 4 features"),
        (np.where(FEW == 3.0, np.inf, FEW), "contains infinity"),
        (np.where(FEW == 3.0, np.inf, FEW).astype(np.float32), "contains infinity"),
        (FEW.astype(str), None),
        (FEW + 1j, "Complex data not supported"),
    ],
)
@pytest.mark.parametrize("Estimator", Y)
def test_the_fast_path_accepts_nothing_that_the_checks_reject(Estimator, rows, match):
    mlp = Estimator(**SMALL).fit(X, Y[Estimator])
    if match is None:  # scikit-learn converts strings with numbers
        assert_allclose(mlp.predict(rows), mlp.predict(FEW))
        return
    with pytest.raises(ValueError, match=match):
        mlp.predict(rows)


@pytest.mark.parametrize("Estimator", Y)
def test_rows_with_missing_values_are_validated(Estimator):
    with pytest.warns(UserWarning, match=r"X has missing values in column [0-3], which had none in training"):
        found = Estimator(**SMALL).fit(X, Y[Estimator]).predict(np.where(FEW[0, 0] == FEW, np.nan, FEW))
    assert len(found) == len(FEW)


@pytest.mark.parametrize("Estimator", Y)
def test_plain_rows_warn_if_the_training_rows_had_column_names(Estimator):
    frame = pytest.importorskip("pandas").DataFrame(X, columns=list("abcd"))
    mlp = Estimator(**SMALL).fit(frame, Y[Estimator])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        mlp.predict(FEW)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("Estimator", Y)
def test_missing_or_infinite_values_in_sparse_rows_to_predict_are_an_error(Estimator, value):
    mlp = Estimator(**SMALL).fit(X, Y[Estimator])
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        mlp.predict(sp.csr_matrix(np.where(FEW == 3.0, value, FEW)))


@pytest.mark.parametrize("categories", [[0], [0, 1]], ids=["one of two columns", "all columns"])
def test_categories_are_the_same_in_lists_and_in_sparse_rows(categories):
    rows = np.column_stack([np.arange(60) % 3, np.arange(60) % 2]).astype(float)
    clf = MLPClassifierScratch(categorical_features=categories, **SMALL)
    expected = clf.fit(rows, rows[:, 0] > 0).predict_proba(rows)
    for same in (rows.tolist(), sp.csr_matrix(rows)):
        np.testing.assert_array_equal(clf.predict_proba(same), expected)
    np.testing.assert_array_equal(clf.fit(rows.tolist(), rows[:, 0] > 0).predict_proba(rows), expected)
