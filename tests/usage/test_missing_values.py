"""Missing values in X are taken as they are, by every method, and stay an error where they cannot be."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from plain_fits import BOTH, X, fitted, target
from sklearn.base import clone

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

METHODS = pytest.mark.parametrize("method", ["predict", "hidden_activations", "sample_predictions", "score"])
MISSING = X.copy()
MISSING[3, 1] = np.nan


def call(mlp, method, rows):
    return getattr(mlp, method)(rows, *([target(type(mlp))] if method == "score" else []))


@METHODS
@BOTH
def test_gaps_are_taken_without_a_word_where_training_had_some(Estimator, method):
    mlp = clone(fitted(Estimator, dropout=0.1)).fit(MISSING, target(Estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = call(mlp, method, MISSING)
        mlp.partial_fit(MISSING, target(Estimator))
    assert not np.issubdtype(np.asarray(found).dtype, np.floating) or np.isfinite(found).all()


@METHODS
@BOTH
def test_gaps_where_training_had_none_are_filled_with_a_warning_that_names_the_column(Estimator, method):
    with pytest.warns(UserWarning, match="X has missing values in column 1, which had none in training"):
        call(fitted(Estimator, dropout=0.1), method, MISSING)


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
def test_gaps_in_sparse_rows_are_an_error(Estimator):
    with pytest.raises(ValueError, match="contains NaN"):
        fitted(Estimator).fit(sp.csr_matrix(MISSING), target(Estimator))
    with pytest.raises(ValueError, match="contains NaN"):
        fitted(Estimator).predict(sp.csr_matrix(MISSING))
