"""Inputs to predict from: the shortcut past scikit-learn's checks lets nothing through that they would stop."""

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
def test_a_few_plain_rows_take_a_shortcut_past_validate_data(Estimator, rows, dtype, monkeypatch):
    """Where `validate_data` would return just what it gets; the answer is the same."""
    mlp, rows = Estimator(**SMALL).fit(X, Y[Estimator]), rows.astype(dtype, copy=False)
    options = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "reset": False}
    assert validate_data(mlp, rows, **options) is rows
    expected = mlp.predict(sp.csr_matrix(rows))  # sparse rows take the long way
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
def test_nothing_slips_through_the_shortcut(Estimator, rows, match):
    mlp = Estimator(**SMALL).fit(X, Y[Estimator])
    if match is None:  # numbers in strings are numbers to scikit-learn
        assert_allclose(mlp.predict(rows), mlp.predict(FEW))
        return
    with pytest.raises(ValueError, match=match):
        mlp.predict(rows)


@pytest.mark.parametrize("Estimator", Y)
def test_gaps_take_the_long_way(Estimator):
    with pytest.warns(UserWarning, match=r"X has missing values in column [0-3], where there were none in training"):
        found = Estimator(**SMALL).fit(X, Y[Estimator]).predict(np.where(FEW[0, 0] == FEW, np.nan, FEW))
    assert len(found) == len(FEW)


@pytest.mark.parametrize("Estimator", Y)
def test_plain_rows_where_names_were_fitted_are_warned_about(Estimator):
    frame = pytest.importorskip("pandas").DataFrame(X, columns=list("abcd"))
    mlp = Estimator(**SMALL).fit(frame, Y[Estimator])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        mlp.predict(FEW)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("Estimator", Y)
def test_sparse_rows_to_predict_from_have_no_gaps(Estimator, value):
    mlp = Estimator(**SMALL).fit(X, Y[Estimator])
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        mlp.predict(sp.csr_matrix(np.where(FEW == 3.0, value, FEW)))
