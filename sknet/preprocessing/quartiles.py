"""Quartiles: computes the weighted median and spread of columns, on which outliers have little influence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .values import joined, two_values

_POINTS = 128  # quantiles kept for each column of a stream: a quartile is wrong by at most 1 / 256 of the rows


@dataclass(frozen=True)
class Quartiles:
    """Weighted median and spread of each column, on which outliers have little influence.

    The spread is the interquartile range, or half the range where that is zero. For inputs of two values, it is their
    difference. For constant columns, it is 1. Parts of a stream are merged by evenly spaced quantiles of each part.

    Parameters
    ----------
    shift, scale : ndarray of shape (d,)
        Median and spread.
    centred : bool
        Always True: the median is subtracted.
    bound : float
        Bound of the smooth clip of inputs, in spreads; infinite for no clip, as for targets.
    weight : float
        Sum of the row weights.
    points : ndarray of shape (m, d) or None
        Quantiles of each column at ``(i + 1/2) / m``.
    ends : ndarray of shape (2, d) or None
        Lowest and highest value.
    values : ndarray of shape (2, d) or None
        As in `Moments`.
    """

    shift: np.ndarray
    scale: np.ndarray
    centred: bool = True
    bound: float = math.inf
    weight: float = 0.0
    points: np.ndarray | None = None
    ends: np.ndarray | None = None
    values: np.ndarray | None = None

    @classmethod
    def of(cls, X: Any, weights: np.ndarray | None, name: str = "X", *, bound: float = math.inf) -> Quartiles:
        """Return the quartiles of ``X``, dense of shape (n, d), for row weights of shape (n,) or None.

        Columns are copied one at a time. ``name`` is the name of ``X`` in error messages.
        """
        if not isinstance(X, np.ndarray):
            raise ValueError(
                "standardize='robust' needs a dense X, got a sparse one. Use standardize=True, or X.toarray()."
            )
        counts = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
        there = slice(None) if counts.all() else counts > 0.0
        counts = counts[there]
        found = np.empty((2 + len(_SHARES), X.shape[1]))
        for j, column in enumerate(X.T):
            found[:, j] = _quantiles(column[there], counts)
        smallest = float(np.finfo(X.dtype).tiny)  # the inverse of smaller numbers would overflow
        return cls._from(found, float(counts.sum()), two_values(X, weights), bound, name, smallest)

    @classmethod
    def _from(
        cls, found: np.ndarray, weight: float, values: np.ndarray | None, bound: float, name: str, smallest: float
    ) -> Quartiles:
        """Return the quartiles for the ends, quartiles and points that `_quantiles` ``found`` for each column."""
        ends, (low, median, high), points = found[:2], found[2:5], found[5:]
        with np.errstate(over="ignore"):  # an overflow raises the error below
            inner, half = high - low, ends[1] / 2.0 - ends[0] / 2.0
            spread = np.where(inner > 0.0, inner, half)
            if math.isfinite(bound) and values is not None:
                spread = np.where(np.isnan(values[0]), spread, 2.0 * half)
        if not np.isfinite(spread).all():
            column = int(np.flatnonzero(~np.isfinite(spread))[0])
            raise ValueError(
                f"the range of column {column} of {name} is too large to be standardized. Rescale the column."
            )
        scale = np.where(spread >= smallest, spread, 1.0)
        return cls(median, scale, True, bound, weight, points, ends, values)

    def merge(self, other: Quartiles) -> Quartiles:
        """Return the quartiles of both data sets together, as exactly as the points tell them."""
        if self.points is None or other.points is None or self.ends is None or other.ends is None:
            return self  # from a file of release 0.1.0, which kept no points
        points = np.concatenate([self.points, other.points])
        counts = np.repeat([self.weight, other.weight], [len(self.points), len(other.points)])
        found = np.transpose([_quantiles(column, counts) for column in points.T])
        found[0] = np.minimum(self.ends[0], other.ends[0])
        found[1] = np.maximum(self.ends[1], other.ends[1])
        smallest = float(np.finfo(np.float32).tiny)
        values = joined(self.values, other.values)
        return self._from(found, self.weight + other.weight, values, self.bound, "X", smallest)

    @property
    def constant(self) -> np.ndarray:
        """Which columns do not vary, shape (d,)."""
        return np.zeros(self.shift.shape, dtype=bool) if self.ends is None else self.ends[0] == self.ends[1]

    def standardized(self, columns: np.ndarray) -> np.ndarray:
        """Return targets, shape (n_outputs, n), in these units."""
        return (columns - self.shift[:, None]) / self.scale[:, None]


_SHARES = np.concatenate([[0.25, 0.5, 0.75], (np.arange(_POINTS) + 0.5) / _POINTS])


def _quantiles(column: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return both ends, quartiles and points of a column.

    A quantile is the least value such that the rows up to it have that share of the weight. Missing values do not
    count. A column of only missing values counts as a column of zeros.
    """
    there = ~np.isnan(column)
    if not there.all():
        column, weights = (column[there], weights[there]) if there.any() else (np.zeros(1), np.ones(1))
    order = np.argsort(column, kind="stable")
    weight_up_to = np.cumsum(weights[order])
    found = np.searchsorted(weight_up_to, _SHARES * weight_up_to[-1] * (1.0 - 1e-12))
    return column[order[np.concatenate([[0, -1], found])]].astype(np.float64)
