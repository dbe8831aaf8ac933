"""Missing values in dense X are accepted by every method. In sparse X they are an error."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from plain_fits import BOTH, X, fitted, outputs, target
from sklearn.base import clone

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

METHODS = pytest.mark.parametrize("method", ["predict", "hidden_activations", "sample_predictions", "score"])
MISSING = X.copy()
MISSING[3, 1] = np.nan
ODD = X[:-1]  # an odd number of rows, so that the median is a value of the column


def call(mlp, method, rows):
    return getattr(mlp, method)(rows, *([target(type(mlp))] if method == "score" else []))


@METHODS
@BOTH
def test_missing_values_give_no_warning_if_training_had_some(Estimator, method):
    mlp = clone(fitted(Estimator, dropout=0.1)).fit(MISSING, target(Estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = call(mlp, method, MISSING)
        mlp.partial_fit(MISSING, target(Estimator))
    assert not np.issubdtype(np.asarray(found).dtype, np.floating) or np.isfinite(found).all()


@METHODS
@BOTH
def test_new_missing_values_give_a_warning_that_names_the_column(Estimator, method):
    with pytest.warns(UserWarning, match="X has missing values in column 1, which had none in training"):
        call(fitted(Estimator, dropout=0.1), method, MISSING)


@pytest.mark.parametrize(
    ("standardize", "value", "words"),
    [
        (True, np.mean(ODD[:, 1]), "the mean of the column"),
        ("robust", np.median(ODD[:, 1]), "the median of the column"),
        (False, 0.0, "0, because inputs are not standardized"),
    ],
)
@BOTH
def test_the_warning_says_what_missing_values_are_replaced_by(Estimator, standardize, value, words):
    mlp = fitted(Estimator, ODD, target(Estimator)[:-1], standardize=standardize)
    with pytest.warns(UserWarning, match=f"had none in training. They are replaced by {words}"):
        found = outputs(mlp, MISSING)
    assert_allclose(found, outputs(mlp, np.where(np.isnan(MISSING), value, MISSING)), rtol=1e-5)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
@BOTH
def test_infinite_values_are_an_error(Estimator, value, method):
    rows = np.where(np.isnan(MISSING), value, MISSING)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        getattr(fitted(Estimator), method)(rows, target(Estimator))
    with pytest.raises(ValueError, match="Input X contains infinity"):
        fitted(Estimator).predict(rows)


@BOTH
def test_missing_values_in_sparse_rows_are_an_error(Estimator):
    with pytest.raises(ValueError, match="contains NaN"):
        fitted(Estimator).fit(sp.csr_matrix(MISSING), target(Estimator))
    with pytest.raises(ValueError, match="contains NaN"):
        fitted(Estimator).predict(sp.csr_matrix(MISSING))
