"""Row weights: checks those of the caller, balances classes, and scales weights that are shares of one."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array

from .._compat import warn_caller

_SHARES, _FEW = 1.0 + 1e-6, 0.1


def check_weights(sample_weight: Any, n: int, name: str = "sample_weight") -> np.ndarray | None:
    """Return row weights as a float array of shape (n,), or None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Number):
        sample_weight = np.full(n, sample_weight)
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weights.shape != (n,):
        raise ValueError(f"`{name}` must have shape ({n},), one weight for each row, got {weights.shape}.")
    if weights.min() < 0.0:
        raise ValueError(f"`{name}` must not be negative, got {weights.min()}. Leave such rows out or give them 0.")
    if not weights.any():
        raise ValueError(f"`{name}` must have at least one positive weight, got only zeros.")
    with np.errstate(over="ignore"):  # an overflow raises the error below
        if not np.isfinite(weights.sum()):
            raise ValueError(
                f"`{name}` must have a finite sum, got weights up to {weights.max():g}. Divide them by the largest."
            )
    return weights


def counted_in_rows(weights: np.ndarray | None) -> np.ndarray | None:
    """Return the weights; if they are shares that sum to one, scale them to the number of weighted rows, and warn.

    The loss divides the penalty by the sum of the weights. With shares, the penalty would be as strong as for one row.
    """
    if weights is None:
        return None
    total, n = float(weights.sum()), int(np.count_nonzero(weights))
    if total > min(_SHARES, _FEW * n):
        return weights
    warn_caller(
        f"The row weights sum to {total:.3g} for {n} rows, so the penalty `alpha` would be as strong as for one row. "
        "The weights are therefore taken as shares, and multiplied by the number of rows divided by their sum. "
        "Multiply sample_weight by this number to silence this warning."
    )
    return weights / total * n


def balanced(weights: np.ndarray, y: Any) -> np.ndarray:
    """Return row weights, scaled so that in each column of y all classes have the same sum of weights.

    The formula is that of `sklearn.utils.class_weight.compute_class_weight`, with sums of weights for counts of rows.
    """
    factor = np.ones_like(weights)
    y = y.toarray() if sp.issparse(y) else y
    for column in [y] if y.ndim == 1 else y.T:
        _, codes = np.unique(column, return_inverse=True)
        sums = np.bincount(codes, weights)
        there = sums > 0.0
        factor *= (weights.sum() / (np.count_nonzero(there) * np.where(there, sums, 1.0)))[codes]
    return weights * factor
