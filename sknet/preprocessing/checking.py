"""Checking: validates rows of X with scikit-learn, and converts them to numbers and codes of categories."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils import check_X_y
from sklearn.utils.validation import check_array, validate_data

from .._compat import warn_caller
from .columns import Columns, has_names
from .quartiles import Quartiles
from .scaling import Measured

_DTYPES = [np.float64, np.float32]


class Inputs(NamedTuple):
    """Rows of X: dense or CSR numbers, codes of categories or None, and the numeric columns with missing values."""

    numbers: Any
    codes: np.ndarray | None = None
    gaps: tuple[int, ...] = ()


def valid_rows(
    estimator: BaseEstimator, X: Any, y: Any, columns: Columns | None, *, y_numeric: bool, reset: bool
) -> tuple[Inputs, Any]:
    """Check rows to train on or to validate on, and their targets, and return both.

    Infinite numbers raise an error. NaN is a missing value in dense rows, and an error in sparse ones. With ``reset``,
    the estimator stores the number and the names of the columns of ``X``.
    """
    checks = {"dtype": _DTYPES, "multi_output": True, "y_numeric": y_numeric, "accept_sparse": "csr"}
    finite = True if sp.issparse(X) else "allow-nan"
    if columns is None:
        X, y = validate_data(estimator, X, y, reset=reset, ensure_all_finite=finite, **checks)
        return Inputs(summed(X), None, gaps_of(X)), y
    X = _table(estimator, X, reset=reset)
    numbers, y = check_X_y(
        columns.numbers(X), y, ensure_all_finite=finite, ensure_min_features=0, estimator=estimator, **checks
    )
    return Inputs(numbers, columns.codes(X), gaps_of(numbers)), y


def valid_inputs(
    estimator: BaseEstimator, X: Any, columns: Columns | None, trained: tuple[int, ...], units: Measured
) -> Inputs:
    """Check rows to predict, and return them.

    ``trained`` are the columns that had missing values in training, and ``units`` the units of inputs.
    """
    if columns is None and _needs_nothing(estimator, X):
        return Inputs(X)
    finite = True if sp.issparse(X) else "allow-nan"
    if columns is None:
        numbers = validate_data(
            estimator, X, accept_sparse="csr", dtype=_DTYPES, ensure_all_finite=finite, reset=False
        )  # fmt: skip
        found = Inputs(summed(numbers), None, gaps_of(numbers))
    else:
        X = _table(estimator, X, reset=False)
        numbers = check_array(
            columns.numbers(X), dtype=_DTYPES, ensure_all_finite=finite, ensure_min_features=0, estimator=estimator
        )
        found = Inputs(numbers, columns.codes(X), gaps_of(numbers))
    new = set(found.gaps) - set(trained)
    if new:
        names = [str(_name(estimator, columns, j)) for j in sorted(new)]
        middle = "median" if isinstance(units, Quartiles) else "mean"
        value = "0, because inputs are not standardized" if units is None else f"the {middle} of the column"
        warn_caller(
            f"X has missing values in {', '.join(names)}, which had none in training. They are replaced by {value}."
        )
    return found


def _table(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Check number and names of the columns of an X with categories; return X, lists and sparse matrices as arrays."""
    if not hasattr(X, "shape") or sp.issparse(X):
        X = X.toarray() if sp.issparse(X) else np.asarray(X, dtype=object)
    if not reset and has_names(X, vars(estimator).get("feature_names_in_")):
        return X
    return validate_data(estimator, X, reset=reset, skip_check_array=True)


def _name(estimator: BaseEstimator, columns: Columns | None, j: int) -> Any:
    if columns is not None:
        return columns.names[columns.numeric[j]]
    return estimator.feature_names_in_[j] if hasattr(estimator, "feature_names_in_") else f"column {j}"


def gaps_of(numbers: Any, weights: np.ndarray | None = None) -> tuple[int, ...]:
    """Return the columns with missing values in rows of positive weight; sparse rows have no missing values."""
    if not isinstance(numbers, np.ndarray):
        return ()
    with np.errstate(all="ignore"):  # sums may overflow; the suspects are looked at below
        suspects = np.flatnonzero(np.isnan(numbers.sum(axis=0)))
    there = slice(None) if weights is None else weights > 0.0
    return tuple(int(j) for j in suspects if np.isnan(numbers[there, j]).any())


def summed(X: Any) -> Any:
    """Return a CSR matrix without duplicate entries, copied if it had some; return dense rows unchanged."""
    if isinstance(X, np.ndarray) or X.has_canonical_format:
        return X
    X = X.copy()
    X.sum_duplicates()
    return X


def _needs_nothing(estimator: BaseEstimator, X: Any) -> bool:
    """Whether `validate_data` would return ``X`` unchanged; for few rows it takes longer than the network.

    Only the common case is recognized here: a plain array with a finite sum. `validate_data` checks everything else.
    """
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float64, np.float32)
        and X.ndim == 2
        and X.shape[1] == estimator.n_features_in_
        and X.size > 0
        and "feature_names_in_" not in vars(estimator)
        and _has_finite_sum(X)
    )


def _has_finite_sum(X: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.add.reduce(X, axis=None)))
