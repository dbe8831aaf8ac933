"""Checking: rows of X, validated by scikit-learn, as numbers and codes of categories."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils import check_X_y
from sklearn.utils.validation import check_array, validate_data

from .._compat import warn_caller
from .columns import Columns, has_names

_DTYPES = [np.float64, np.float32]


class Inputs(NamedTuple):
    """Rows of X: numbers, dense or CSR, codes of categories or None, and the columns of numbers that have gaps."""

    numbers: Any
    codes: np.ndarray | None = None
    gaps: tuple[int, ...] = ()


def valid_rows(
    estimator: BaseEstimator, X: Any, y: Any, columns: Columns | None, *, y_numeric: bool, reset: bool
) -> tuple[Inputs, Any]:
    """Return rows to train on or to validate on, and their targets, checked.

    Infinite numbers are refused; NaN is a gap, but not in sparse rows. With ``reset``, the estimator takes number and
    names of the columns from ``X``.
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


def valid_inputs(estimator: BaseEstimator, X: Any, columns: Columns | None, trained: tuple[int, ...]) -> Inputs:
    """Return rows to predict from, for a fitted estimator whose columns ``trained`` had gaps in training."""
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
        warn_caller(
            f"X has missing values in {', '.join(names)}, where there were none in training. The mean takes their "
            "place."
        )
    return found


def _table(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Return a table with categories as it is, after a check of the number and names of its columns."""
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
    """Return the columns that have gaps, in rows that have weight; none in sparse rows."""
    if not isinstance(numbers, np.ndarray):
        return ()
    with np.errstate(all="ignore"):  # a sum may overflow, and only NaN tells of a gap
        suspects = np.flatnonzero(np.isnan(numbers.sum(axis=0)))
    there = slice(None) if weights is None else weights > 0.0
    return tuple(int(j) for j in suspects if np.isnan(numbers[there, j]).any())


def summed(X: Any) -> Any:
    """Return a CSR in which each entry stands once, a copy if need be; and dense rows as they are."""
    if isinstance(X, np.ndarray) or X.has_canonical_format:
        return X
    X = X.copy()
    X.sum_duplicates()
    return X


def _needs_nothing(estimator: BaseEstimator, X: Any) -> bool:
    """Whether `validate_data` would return ``X`` as it is: few rows take longer there than in the network.

    Told apart is the common case alone, where all that it checks is quickly checked; the rest is left to it, and so is
    what has a sum that is not finite.
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
