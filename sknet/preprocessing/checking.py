"""Inputs to predict from: checked by scikit-learn, or seen at a glance to need nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

_FEW_NUMBERS = 2**16


def valid_inputs(estimator: BaseEstimator, X: Any) -> Any:
    """Return ``X`` as `validate_data` does for a fitted estimator: as rows of finite floats, dense or CSR."""
    if _needs_nothing(estimator, X):
        return X
    return validate_data(estimator, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)


def summed(X: Any) -> Any:
    """Return a CSR in which each entry stands once, a copy if need be; and dense rows as they are."""
    if isinstance(X, np.ndarray) or X.has_canonical_format:
        return X
    X = X.copy()
    X.sum_duplicates()
    return X


def _needs_nothing(estimator: BaseEstimator, X: Any) -> bool:
    """Whether `validate_data` would return ``X`` as it is: a few rows take longer there than in the network.

    Told apart is the common case alone, where all that it checks is quickly checked; the rest is left to it.
    """
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float64, np.float32)
        and X.ndim == 2
        and X.shape[1] == estimator.n_features_in_
        and 0 < X.size <= _FEW_NUMBERS
        and "feature_names_in_" not in vars(estimator)
        and bool(np.isfinite(X).all())
    )
