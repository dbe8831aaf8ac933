"""Standardization: weighted moments that cost no copy of X, and folding them into the first and last layer.

Two linear maps in a row are one. Inputs ``(x - m) / s`` followed by ``W, b`` are ``x`` followed by ``W / s, b - (m / s)
W``; outputs ``W, b`` followed by ``y s + m`` are ``W s, b s + m``. The same identity lets the moments change between
calls of ``partial_fit`` while the function that the network computes stays what it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.sparsefuncs import mean_variance_axis

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
    """

    weight: float
    mean: np.ndarray
    squares: np.ndarray
    resolution: float
    centred: bool = True

    @classmethod
    def of(cls, X: Any, weights: np.ndarray | None) -> Moments:
        """Return the moments of ``X``, dense or CSR of shape (n, d), for row weights of shape (n,) or None."""
        resolution = 8.0 * float(np.finfo(X.dtype).eps)
        if not isinstance(X, np.ndarray):
            mean, variance, total = mean_variance_axis(X, axis=0, weights=weights, return_sum_weights=True)
            mean, variance, total = (np.asarray(v, dtype=np.float64) for v in (mean, variance, total))
            return cls(float(total.max()), mean, variance * total, resolution, centred=False)
        moments = cls._of_dense(X, weights, X.dtype, resolution)
        if X.dtype != np.float64 and _out_of_range(X, moments):
            moments = cls._of_dense(X, weights, np.float64, resolution)
        for name, values in (("mean", moments.mean), ("variance", moments.squares)):
            if not np.isfinite(values).all():
                column = int(np.flatnonzero(~np.isfinite(values))[0])
                raise ValueError(
                    f"the {name} of column {column} is too large for {values.dtype}, so it cannot be standardized. "
                    "Rescale the column before fitting."
                )
        return moments

    @classmethod
    def _of_dense(cls, X: np.ndarray, weights: np.ndarray | None, dtype: Any, resolution: float) -> Moments:
        n, d = X.shape
        rows = min(n, max(1, _CHUNK_ELEMENTS // d))
        ones = np.ones(rows, dtype=dtype)
        total = float(n if weights is None else weights.sum(dtype=np.float64))
        weights = None if weights is None else weights.astype(dtype)
        deviation = np.empty((rows, d), dtype=dtype)
        centre = np.mean(X[:rows], axis=0, dtype=np.float64)
        for _ in range(2):
            centre = centre.astype(dtype).astype(np.float64)
            first, second = np.zeros(d), np.zeros(d)
            for c in gen_batches(n, rows):
                w = ones[: c.stop - c.start] if weights is None else weights[c]
                part = np.subtract(X[c], centre, out=deviation[: len(w)], casting="same_kind")
                first += w @ part
                second += w @ np.multiply(part, part, out=part)
            first, second = first / total, second / total
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
        )

    @property
    def shift(self) -> np.ndarray:
        """What is subtracted, shape (d,)."""
        return self.mean if self.centred else np.zeros_like(self.mean)

    @property
    def scale(self) -> np.ndarray:
        """What is divided by, shape (d,): the standard deviation, 1 for constant columns."""
        deviation = np.sqrt(self.squares / self.weight)
        return np.where(deviation > self.resolution * np.abs(self.mean), deviation, 1.0)


def _out_of_range(X: np.ndarray, moments: Moments) -> bool:
    """Whether squares overflowed float32, or underflowed in a column that is not just zeros."""
    if not np.isfinite(moments.squares).all():
        return True
    tiny = (moments.squares < 1e-30 * moments.weight) & (np.abs(moments.mean) < 1e-15)
    return bool(np.any(tiny & ((moments.mean != 0.0) | X[:1000].any(axis=0))))


def rescale_inputs(W: np.ndarray, b: np.ndarray, old: Moments | None, new: Moments | None) -> None:
    """Change the first layer, in place, from inputs standardized by ``old`` to inputs standardized by ``new``.

    The layer computes what it did before; None stands for raw inputs.
    """
    size = len(W)
    old_shift, old_scale = (np.zeros(size), np.ones(size)) if old is None else (old.shift, old.scale)
    new_shift, new_scale = (np.zeros(size), np.ones(size)) if new is None else (new.shift, new.scale)
    b += ((new_shift - old_shift) / old_scale) @ W
    W *= (new_scale / old_scale)[:, None]


def rescale_outputs(W: np.ndarray, b: np.ndarray, old: Moments | None, new: Moments | None) -> None:
    """Change the last layer, in place, from outputs in units of ``old`` to outputs in units of ``new``."""
    size = len(b)
    old_shift, old_scale = (np.zeros(size), np.ones(size)) if old is None else (old.shift, old.scale)
    new_shift, new_scale = (np.zeros(size), np.ones(size)) if new is None else (new.shift, new.scale)
    b *= old_scale / new_scale
    b += (old_shift - new_shift) / new_scale
    W *= old_scale / new_scale
