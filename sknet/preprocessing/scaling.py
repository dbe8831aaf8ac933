"""Standardization: weighted moments and quartiles, and folding them into the first and last layer.

Two linear maps in a row are one. Inputs ``(x - m) / s`` followed by ``W, b`` are ``x`` followed by ``W / s, b - (m / s)
W``; outputs ``W, b`` followed by ``y s + m`` are ``W s, b s + m``. The same identity lets the moments change between
calls of ``partial_fit`` while the function that the network computes stays what it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.sparsefuncs import mean_variance_axis

from ..core import Loss
from .data import Data

_CHUNK_ELEMENTS = 2**16  # a chunk and its deviations stay in a core's cache


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
        Whether standardizing subtracts the mean; not so for sparse data, which would become dense.
    bound_constants : bool
        Whether constant columns of values above 1 are divided by them. A large one would otherwise leave its rounding
        error in what comes out of float32 weights into which the units have been folded. Not for targets: there the
        scale is what errors are multiplied by.
    """

    weight: float
    mean: np.ndarray
    squares: np.ndarray
    resolution: float
    centred: bool = True
    bound_constants: bool = False

    @classmethod
    def of(cls, X: Any, weights: np.ndarray | None, name: str = "X", *, bound_constants: bool = False) -> Moments:
        """Return the moments of ``X``, dense or CSR of shape (n, d), for row weights of shape (n,) or None.

        ``name`` is what to call it, should its numbers be too large.
        """
        if weights is not None:
            weights = np.asarray(weights, dtype=np.float64)
        with np.errstate(all="ignore"):  # what overflows is found below
            return replace(cls._of(X, weights, name), bound_constants=bound_constants)

    @classmethod
    def _of(cls, X: Any, weights: np.ndarray | None, name: str) -> Moments:
        resolution = 8.0 * float(np.finfo(X.dtype).eps)
        if not isinstance(X, np.ndarray):
            moments = cls._of_sparse(X, weights, resolution)
        else:
            moments = cls._of_dense(X, weights, X.dtype, resolution)
        if isinstance(X, np.ndarray) and X.dtype != np.float64 and _out_of_range(X, moments):
            moments = cls._of_dense(X, weights, np.float64, resolution)
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
        for c in gen_batches(X.shape[0], max(1, _CHUNK_ELEMENTS * X.shape[0] // max(X.nnz, 1))):
            w = np.ones(c.stop - c.start) if weights is None else weights[c]
            if w.any():
                total = float(w.sum())
                mean, variance = mean_variance_axis(X[c].astype(np.float64), axis=0, weights=w / total)
                part = cls(total, mean, np.maximum(variance, 0.0) * total, resolution, centred=False)
                moments = part if moments is None else moments.merge(part)
        return moments

    @classmethod
    def _of_dense(cls, X: np.ndarray, weights: np.ndarray | None, dtype: Any, resolution: float) -> Moments:
        n, d = X.shape
        rows = min(n, max(1, _CHUNK_ELEMENTS // d))
        total = float(n if weights is None else weights.sum(dtype=np.float64))
        shares = np.full(rows, 1.0 / n, dtype=dtype) if weights is None else (weights / total).astype(dtype)
        deviation = np.empty((rows, d), dtype=dtype)
        centre = _some_mean(X[:rows], None if weights is None else weights[:rows])
        for _ in range(2):
            centre = centre.astype(dtype).astype(np.float64)
            first, second = np.zeros(d), np.zeros(d)
            for c in gen_batches(n, rows):
                w = shares[: c.stop - c.start] if weights is None else shares[c]
                part = np.subtract(X[c], centre, out=deviation[: len(w)], casting="same_kind")
                first += w @ part
                second += w @ np.multiply(part, part, out=part)
            mean, variance = centre + first, np.maximum(second - first * first, 0.0)
            if np.all(first * first <= variance):
                break
            centre = mean  # the first rows are far from the rest: once more around the mean, to lose no digits
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
        )

    @property
    def shift(self) -> np.ndarray:
        """What is subtracted, shape (d,)."""
        return self.mean if self.centred else np.zeros_like(self.mean)

    @property
    def scale(self) -> np.ndarray:
        """What is divided by, shape (d,): the standard deviation; 1 for constant columns, or their bound."""
        deviation, size = np.sqrt(self.squares / self.weight), np.abs(self.mean)
        constant = np.maximum(size, 1.0) if self.bound_constants else 1.0
        return np.where(deviation > self.resolution * size, deviation, constant)


@dataclass(frozen=True)
class Quartiles:
    """Weighted median and spread of each column, on which rows far out have no hold.

    The spread is the interquartile range; where that is zero, half the range; 1 for constant columns.
    Chunks of a stream cannot be merged into the median of all: those of the first chunk stay.

    Parameters
    ----------
    shift, scale : ndarray of shape (d,)
        Median and spread.
    """

    shift: np.ndarray
    scale: np.ndarray
    centred: bool = True

    @classmethod
    def of(cls, X: Any, weights: np.ndarray | None) -> Quartiles:
        """Return those of ``X``, dense of shape (n, d), for row weights of shape (n,) or None."""
        if not isinstance(X, np.ndarray):
            raise ValueError("standardize='robust' needs a dense X, got a sparse one. Use standardize=True.")
        if weights is not None:
            X, weights = X[weights > 0.0], weights[weights > 0.0]
        counts = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
        low, median, high = np.transpose([_quantiles(column, counts) for column in X.T])
        with np.errstate(over="ignore"):  # what overflows is found below
            inner, half = high - low, (X.max(axis=0) / 2.0 - X.min(axis=0) / 2.0).astype(np.float64)
        spread = np.where(inner > 0.0, inner, half)
        if not np.isfinite(spread).all():
            column = int(np.flatnonzero(~np.isfinite(spread))[0])
            raise ValueError(f"the range of column {column} of X is too large to be standardized. Rescale the column.")
        smallest = np.finfo(X.dtype).tiny  # of the numbers whose inverse is one too
        return cls(median, np.where(spread >= smallest, spread, 1.0))

    def merge(self, other: Quartiles) -> Quartiles:
        """Return the earlier ones."""
        return self


def _quantiles(column: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return lower quartile, median, upper quartile: the least values with that share of the weight up to them."""
    order = np.argsort(column, kind="stable")
    weight_up_to = np.cumsum(weights[order])
    found = np.searchsorted(weight_up_to, np.array([0.25, 0.5, 0.75]) * weight_up_to[-1] * (1.0 - 1e-12))
    return column[order[found]].astype(np.float64)


def columns_to_embed(embedding: str | None, X: Any, weights: np.ndarray | None) -> tuple[int, ...] | None:
    """Return the numbers of the columns that get an embedding, None without one."""
    if embedding is None:
        return None
    if not isinstance(X, np.ndarray):
        raise ValueError("embedding='periodic' needs a dense X, got a sparse one. Use embedding=None.")
    return continuous_columns(X, weights)


def continuous_columns(X: Any, weights: np.ndarray | None = None) -> tuple[int, ...]:
    """Return the numbers of the columns of ``X``, dense of shape (n, d), that have more than two different values.

    Only the rows that have weight count.
    """
    if weights is not None:
        X = X[weights > 0.0]
    low, high = X.min(axis=0), X.max(axis=0)
    more = np.zeros(X.shape[1], dtype=bool)
    for c in gen_batches(len(X), max(1, _CHUNK_ELEMENTS // X.shape[1])):
        more |= ((X[c] != low) & (X[c] != high)).any(axis=0)
    return tuple(map(int, np.flatnonzero(more)))


def _some_mean(X: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the mean of the rows that have weight, of all if none has: a number to subtract, near what counts."""
    if weights is not None and weights.any():
        X = X[weights > 0.0]
    return np.mean(X, axis=0, dtype=np.float64)


def _out_of_range(X: np.ndarray, moments: Moments) -> bool:
    """Whether squares overflowed float32, or underflowed in a column that is not just zeros."""
    if not np.isfinite(moments.squares).all():
        return True
    tiny = (moments.squares < 1e-30 * moments.weight) & (np.abs(moments.mean) < 1e-15)
    return bool(np.any(tiny & ((moments.mean != 0.0) | X[:1000].any(axis=0))))


Units = Moments | Quartiles | None


def units_of(standardize: bool | str, data: Data, loss: Loss) -> tuple[Units, Moments | None]:
    """Return the units of inputs and outputs, None for what is not standardized."""
    if not standardize:
        return None, None
    outputs = None
    if loss.location_scale:
        outputs = Moments.of(np.ascontiguousarray(data.targets.columns.T), data.weights, "y")
    if standardize == "robust":
        return Quartiles.of(data.X, data.weights), outputs
    return Moments.of(data.X, data.weights, bound_constants=True), outputs


def _units(of: Units, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shift and scale; None stands for raw data."""
    return (np.zeros(size), np.ones(size)) if of is None else (of.shift, of.scale)


def rescale_inputs(W: np.ndarray, b: np.ndarray, old: Units, new: Units) -> None:
    """Change the first layer, in place, from inputs standardized by ``old`` to inputs standardized by ``new``.

    The layer computes what it did before; None stands for raw inputs.
    """
    old_shift, old_scale = _units(old, len(W))
    new_shift, new_scale = _units(new, len(W))
    b += ((new_shift - old_shift) / old_scale) @ W
    W *= (new_scale / old_scale)[:, None]


def rescale_scaling(shift: np.ndarray, scale: np.ndarray, old: Units, new: Units) -> None:
    """Change a `Scaling` layer, in place, from inputs in units of ``old`` to inputs in units of ``new``."""
    old_shift, old_scale = _units(old, len(shift))
    new_shift, new_scale = _units(new, len(shift))
    shift[...] = (old_shift + old_scale * shift - new_shift) / new_scale
    scale *= new_scale / old_scale


def rescale_outputs(W: np.ndarray, b: np.ndarray, old: Units, new: Units) -> None:
    """Change the last layer, in place, from outputs in units of ``old`` to outputs in units of ``new``."""
    old_shift, old_scale = _units(old, len(b))
    new_shift, new_scale = _units(new, len(b))
    b *= old_scale / new_scale
    b += (old_shift - new_shift) / new_scale
    W *= old_scale / new_scale
