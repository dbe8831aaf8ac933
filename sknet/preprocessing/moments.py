"""Moments: computes the weighted mean and standard deviation of columns, and merges those of parts of the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..core import in_chunks
from .values import join, joined, two_values

_CHUNK_ELEMENTS = 2**16  # a chunk and its deviations stay in a core's cache
_FAR = 4.0  # standard deviations from zero: then at least 15 of 16 rows have an entry (Chebyshev)
_RESOLUTION_OF_FLOAT32 = 8.0 * float(np.finfo(np.float32).eps)
_TINY = float(np.finfo(np.float64).tiny)
_LOG_OF_ZERO = -1e4  # its exponential is 0 in every precision


@dataclass(frozen=True)
class Moments:
    """Weighted mean and sum of squared deviations of each column.

    Parameters
    ----------
    weight : float
        Sum of the row weights.
    mean, squares : ndarray of shape (d,)
        Mean, and sum of weighted squared deviations from it, float64.
    resolution : float
        Relative rounding error of the data: columns that vary less than this are constant.
    centred : bool
        Whether the mean is subtracted from all columns. This would make sparse rows dense, so there it is subtracted
        only from columns with a mean far from zero: most of their rows have an entry anyway.
    bound_constants : bool
        Whether these are moments of inputs. The scale of inputs has two exceptions; targets have none, because their
        scale also multiplies the errors. A column of two values is divided by their difference, so that 0 and 1 stay
        one apart, however rare the ones are. A constant column with a value above 1 is divided by that value, whose
        rounding error would otherwise be left in float32 weights.
    values : ndarray of shape (2, d) or None
        Lowest and highest value of columns with at most two values, NaN for other columns; see `two_values`.
    entries : ndarray of shape (d,) or None
        For sparse rows, the total weight of the rows that are not zero in each column.
    """

    weight: float
    mean: np.ndarray
    squares: np.ndarray
    resolution: float
    centred: bool = True
    bound_constants: bool = False
    values: np.ndarray | None = None
    entries: np.ndarray | None = None

    bound = math.inf  # no smooth clip

    @classmethod
    def of(
        cls, X: Any, weights: np.ndarray | None, name: str = "X", *, bound_constants: bool = False,
        centred: bool | None = None,
    ) -> Moments:  # fmt: skip
        """Return the moments of ``X``, dense or CSR of shape (n, d), for row weights of shape (n,) or None.

        ``name`` is the name of ``X`` in error messages. ``centred`` is None for new data. For a later part of a stream
        it is the value of the first part, and ``X`` is converted to the form of that part, a few rows at a time.
        """
        if weights is not None:
            weights = np.asarray(weights, dtype=np.float64)
        dense = isinstance(X, np.ndarray)
        with np.errstate(all="ignore"):  # `_of` raises an error on overflow
            if centred is None or centred == dense:
                return replace(cls._of(X, weights, name), bound_constants=bound_constants)
            change = sp.csr_matrix if dense else lambda rows: rows.toarray()
            chunks = in_chunks(X.shape[0], max(1, _CHUNK_ELEMENTS // max(X.shape[1], 1)))
            parts = [(c, None if weights is None else weights[c]) for c in chunks]
            found = (cls._of(change(X[c]), w, name) for c, w in parts if w is None or w.any())
            return replace(reduce(cls.merge, found), bound_constants=bound_constants)

    @classmethod
    def _of(cls, X: Any, weights: np.ndarray | None, name: str) -> Moments:
        resolution = 8.0 * float(np.finfo(X.dtype).eps)
        if not isinstance(X, np.ndarray):
            moments = cls._of_sparse(X, weights, resolution)
        else:
            moments = cls._of_dense(X, weights, X.dtype, resolution)
        gaps = bool(np.isnan(moments.mean).any())
        if isinstance(X, np.ndarray) and (gaps or (X.dtype != np.float64 and _out_of_range(X, moments))):
            moments = cls._of_dense(X, weights, np.float64, resolution, gaps=gaps)
        if isinstance(X, np.ndarray):
            moments = replace(moments, values=two_values(X, weights))
        for what, values in (("mean", moments.mean), ("variance", moments.squares)):
            if not np.isfinite(values).all():
                column = int(np.flatnonzero(~np.isfinite(values))[0])
                raise ValueError(
                    f"the {what} of column {column} of {name} is too large for {values.dtype}, so it cannot be "
                    "standardized. Rescale the column before fitting, or use standardize=False."
                )
        return moments

    @classmethod
    def _of_sparse(cls, X: Any, weights: np.ndarray | None, resolution: float) -> Moments:
        moments: Moments | None = None
        for c in in_chunks(X.shape[0], max(1, _CHUNK_ELEMENTS * X.shape[0] // max(X.nnz, 1))):
            w = np.ones(c.stop - c.start) if weights is None else weights[c]
            if w.any():
                total = float(w.sum())
                mean, variance = mean_variance_axis(X[c].astype(np.float64), axis=0, weights=w / total)
                part = cls(
                    total, mean, np.maximum(variance, 0.0) * total, resolution, centred=False, entries=_entries(X[c], w)
                )
                moments = part if moments is None else moments.merge(part)
        return moments

    @classmethod
    def _of_dense(
        cls, X: np.ndarray, weights: np.ndarray | None, dtype: Any, resolution: float, *, gaps: bool = False
    ) -> Moments:
        """Return the moments of dense rows; with ``gaps`` missing values are left out, else they make a column NaN."""
        n, d = X.shape
        rows = min(n, max(1, _CHUNK_ELEMENTS // max(d, 1)))
        total = float(n if weights is None else weights.sum(dtype=np.float64))
        shares = np.full(rows, 1.0 / n, dtype=dtype) if weights is None else (weights / total).astype(dtype)
        deviation = np.empty((rows, d), dtype=dtype)
        centre = np.nan_to_num(_some_mean(X[:rows], None if weights is None else weights[:rows]))
        for _ in range(2):
            centre = centre.astype(dtype).astype(np.float64)
            first, second, there = np.zeros(d), np.zeros(d), np.full(d, _TINY)
            for c in in_chunks(n, rows):
                w = shares[: c.stop - c.start] if weights is None else shares[c]
                part = np.subtract(X[c], centre, out=deviation[: len(w)], casting="same_kind")
                if gaps:
                    there += _fill_gaps(part, w)
                first += w @ part
                second += w @ np.multiply(part, part, out=part)
            if gaps:  # as if missing values were the mean of the others
                first, second = first / there, second / there
            mean, variance = centre + first, np.maximum(second - first * first, 0.0)
            if np.all(first * first <= variance):
                break
            centre = mean  # the first rows are far from the others: repeat around the mean, to lose no digits
        return cls(total, mean, variance * total, resolution)

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both data sets together (Chan, Golub and LeVeque 1983, eq. 2.1)."""
        weight = self.weight + other.weight
        step = other.mean - self.mean
        return Moments(
            weight,
            self.mean + step * (other.weight / weight),
            self.squares + other.squares + step * step * (self.weight * other.weight / weight),
            max(self.resolution, other.resolution),
            self.centred and other.centred,
            self.bound_constants,
            joined(self.values, other.values),
            None if self.entries is None or other.entries is None else self.entries + other.entries,
        )

    @property
    def _deviation(self) -> np.ndarray:
        return np.sqrt(self.squares / self.weight)

    @property
    def constant(self) -> np.ndarray:
        """Which columns vary by no more than the rounding error of the data, shape (d,)."""
        return ~(self._deviation > self.resolution * np.abs(self.mean))

    @property
    def _shifted(self) -> np.ndarray:
        if self.centred or self.entries is None:
            return np.full(self.mean.shape, self.centred)
        return np.abs(self.mean) > _FAR * self._deviation

    @property
    def shift(self) -> np.ndarray:
        """What is subtracted, shape (d,); for float32 data a float32 number, which rows can be shifted by exactly."""
        shift = np.where(self._shifted, self.mean, 0.0)
        if self.values is not None:
            shift = np.where(self.values[0] == self.values[1], self.values[0], shift)
        return shift.astype(np.float32).astype(np.float64) if self.resolution >= _RESOLUTION_OF_FLOAT32 else shift

    @property
    def scale(self) -> np.ndarray:
        """The divisor, shape (d,): the standard deviation, with the exceptions of ``bound_constants``.

        For sparse columns that are not shifted, it is the root mean square of the entries that are not zero: columns of
        words and categories are not enlarged, however rare their entries are. For other constant columns, it is 1.
        """
        scale, size = self._deviation, np.abs(self.mean)
        if self.entries is not None:
            squares = self.squares + self.weight * self.mean**2
            scale = np.where(self._shifted, scale, np.sqrt(squares / np.maximum(self.entries, _TINY)))
        if self.values is not None and self.bound_constants:
            scale = np.where(np.isnan(self.values[0]), scale, self.values[1] - self.values[0])
        return np.where(self.constant, np.maximum(size, 1.0) if self.bound_constants else 1.0, scale)

    def standardized(self, columns: np.ndarray) -> np.ndarray:
        """Return targets, shape (n_outputs, n), in these units."""
        return (columns - self.shift[:, None]) / self.scale[:, None]


@dataclass(frozen=True)
class LogMean:
    """Weighted mean of targets with a log link: targets are divided by it, and its logarithm is added to raw outputs.

    Parameters
    ----------
    weight : float
        Sum of the row weights.
    mean : ndarray of shape (n_outputs,)
        Mean, not negative.
    values : ndarray of shape (2, n_outputs)
        As in `Moments`.
    """

    weight: float
    mean: np.ndarray
    values: np.ndarray

    bound = math.inf

    @classmethod
    def of(cls, y: np.ndarray, weights: np.ndarray | None) -> LogMean:
        """Return the mean of ``y``, shape (n, n_outputs), for row weights of shape (n,) or None."""
        moments = Moments.of(y, weights, "y")
        return cls(moments.weight, np.maximum(moments.mean, 0.0), moments.values)

    def merge(self, other: LogMean) -> LogMean:
        """Return the mean of both data sets together."""
        weight = self.weight + other.weight
        mean = self.mean + (other.mean - self.mean) * (other.weight / weight)
        return LogMean(weight, mean, join(self.values, other.values))

    @property
    def constant(self) -> np.ndarray:
        """Which columns do not vary, shape (n_outputs,)."""
        return self.values[0] == self.values[1]

    @property
    def _unit(self) -> np.ndarray:
        unit = np.where(self.constant, self.values[0], self.mean)
        return np.where(unit > 0.0, unit, 1.0)

    @property
    def shift(self) -> np.ndarray:
        """What is added to raw outputs, shape (n_outputs,); for a column of zeros, a number with exponential 0."""
        return np.where(self.constant & (self.mean == 0.0), _LOG_OF_ZERO, np.log(self._unit))

    @property
    def scale(self) -> np.ndarray:
        """Ones: raw outputs are not rescaled."""
        return np.ones_like(self.mean)

    def standardized(self, columns: np.ndarray) -> np.ndarray:
        """Return targets, shape (n_outputs, n), in units of their mean."""
        return columns / self._unit[:, None]


def _entries(X: Any, weights: np.ndarray) -> np.ndarray:
    """Return, for each column of a CSR matrix, the total weight of the rows that are not zero in it."""
    there = X.data != 0.0
    return np.bincount(X.indices[there], np.repeat(weights, np.diff(X.indptr))[there], X.shape[1])


def _some_mean(X: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return a first estimate of the mean: that of the rows of positive weight, or of all rows if there are none."""
    if weights is not None and weights.any():
        X = X[weights > 0.0]
    return np.mean(X, axis=0, dtype=np.float64)


def _fill_gaps(deviations: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Write 0 where a deviation is NaN, and return the weight of the values that are not NaN, shape (d,)."""
    missing = np.isnan(deviations)
    deviations[missing] = 0.0
    there: np.ndarray = weights @ ~missing
    return there


def _out_of_range(X: np.ndarray, moments: Moments) -> bool:
    """Whether squares overflowed float32, or underflowed in a column that is not all zeros."""
    if not np.isfinite(moments.squares).all():
        return True
    tiny = (moments.squares < 1e-30 * moments.weight) & (np.abs(moments.mean) < 1e-15)
    return bool(np.any(tiny & ((moments.mean != 0.0) | X[:1000].any(axis=0))))
