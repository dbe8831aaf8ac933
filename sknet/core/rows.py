"""Rows: rows of X in the units that the network computes in, for training, validation and prediction alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Index = Array | slice

FAR = 1e12  # times the bound; here the smooth clip equals its bound in float64
_MOST_CONVERTED = 2**22  # bytes
_MOST_DIGITS = 1e4  # times the scale; up to this distance from zero, float32 is precise enough


def in_chunks(n: int, size: int) -> Iterator[slice]:
    """Yield slices of ``size`` rows that cover ``n`` rows; the last one may have fewer.

    scikit-learn's `gen_batches` yields the same, but its check of parameters takes longer than predicting a few rows.
    """
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def smooth_clip(u: Array, bound: float, root: Array) -> None:
    """Replace ``u`` by ``u / sqrt(1 + (u / bound)^2)``, in place; ``root`` receives the root, of the same shape.

    Near 0 it is the identity. Large values are limited to (-bound, bound), and their order does not change.
    Holzmüller, Grinsztajn and Steinwart (2024), *Better by default*, appendix B.1, arXiv 2407.04491.
    """
    np.clip(u, -FAR * bound, FAR * bound, out=u)  # squares must not overflow
    np.multiply(u, 1.0 / bound, out=root)
    np.multiply(root, root, out=root)
    np.add(root, 1.0, out=root)
    np.sqrt(root, out=root)
    np.divide(u, root, out=u)


@dataclass(frozen=True)
class Units:
    """Units of columns: ``u = (x - shift) / scale``, then the smooth clip. The inverse is ``x = u scale + shift``.

    Parameters
    ----------
    shift, scale : ndarray of shape (d,)
        Zero point and unit of each column, float64. For outputs, a scale of 0 means that the target is constant.
    bound : float, default=inf
        Bound of the smooth clip; infinite for no clip.
    sparse : bool, default=False
        Whether most columns are not shifted, so that sparse rows stay sparse.
    """

    shift: Array
    scale: Array
    bound: float = math.inf
    sparse: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields only; cached properties are computed from them again."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def constants(self, dtype: DTypeLike) -> tuple[Array, Array] | None:
        """Return shift and inverse scale in ``dtype``, or None if ``dtype`` cannot represent them well enough."""
        return (self.shift, self.inverse) if dtype == np.float64 else self._float32

    @cached_property
    def inverse(self) -> Array:
        """One over the scale."""
        return 1.0 / self.scale

    @cached_property
    def _float32(self) -> tuple[Array, Array] | None:
        with np.errstate(all="ignore"):
            shift, inverse = self.shift.astype(np.float32), self.inverse.astype(np.float32)
        exact = np.abs(shift - self.shift) <= 1e-7 * self.scale
        normal = (inverse >= np.finfo(np.float32).tiny) & np.isfinite(inverse)
        return (shift, inverse) if (exact & normal).all() else None

    @cached_property
    def shifted(self) -> Array:
        """Indices of the columns that are shifted."""
        columns: Array = np.flatnonzero(self.shift)
        return columns

    def restore(self, z: Array, dtype: DTypeLike) -> Array:
        """Return outputs ``z`` in the units of the data, as float64, or as float32 if that is precise enough.

        They are float32 if ``z`` and the rows are (``dtype`` is that of the rows), and if no column is so far from zero
        that it would lose digits.
        """
        with np.errstate(over="ignore"):
            x: Array = z * self.scale + self.shift
        narrow = z.dtype == dtype == np.float32 and bool((np.abs(self.shift) <= _MOST_DIGITS * self.scale).all())
        return x.astype(np.float32) if narrow else x


class Rows:
    """Rows of X in the units and the dtype of the network. X itself is never changed.

    The shift is subtracted in the precision of X, before rows are cast. So a column far from zero loses no digits.

    Parameters
    ----------
    X : ndarray or CSR of shape (n, d)
        The data. Rows of a CSR stay sparse if ``units`` allow it; else `take` makes them dense.
    units : Units or None
        Units of the network's inputs, or None for the numbers of X themselves.
    dtype : dtype
        dtype that the network computes in.
    dense : bool, default=False
        Whether the network needs dense rows.
    """

    def __init__(self, X: Any, units: Units | None, dtype: DTypeLike, *, dense: bool = False) -> None:
        csr = not isinstance(X, np.ndarray)
        self.sparse = csr and not dense and (units is None or units.sparse)
        self.X: Any = X if csr else np.asarray(X)
        self.dtype = np.dtype(dtype)
        self.n_rows, self.width = X.shape
        self._units, self._csr = units, csr
        self._same = not csr and X.dtype == self.dtype and X.flags.c_contiguous
        self._constants = None if units is None or X.dtype != self.dtype else units.constants(self.dtype)

    def take(self, index: Index, out: Array | None = None) -> Any:
        """Return the rows ``index``: in ``out`` if given, as a view of X if nothing has to be changed, or as a CSR."""
        if self.sparse:
            return self._take_sparse(index)
        if self._units is None and self._same and isinstance(index, slice):
            return self.X[index]
        if out is None:
            n = len(range(*index.indices(self.n_rows))) if isinstance(index, slice) else len(index)
            out = np.empty((n, self.width), dtype=self.dtype)
        if self._units is None or math.isinf(self._units.bound):
            self._write(index, out)
            return out
        with np.errstate(over="ignore"):  # the clip bounds what overflows
            self._write(index, out)
            smooth_clip(out, self._units.bound, np.empty_like(out))
        return out

    def _write(self, index: Index, out: Array) -> None:
        """Write the rows ``index`` to ``out``, in the units of the network but not clipped."""
        rows = self._gather(index, out)
        if self._constants is not None:
            shift, inverse = self._constants
            np.subtract(rows, shift, out=out)
            np.multiply(out, inverse, out=out)
        elif self._units is not None:
            wide = np.subtract(rows, self._units.shift, dtype=np.float64)
            np.multiply(wide, self._units.inverse, out=wide)
            with np.errstate(over="ignore"):
                out[...] = wide
        elif rows is not out:
            out[...] = rows

    def _gather(self, index: Index, out: Array) -> Any:
        """Return the rows ``index`` of X, dense and unchanged; in ``out`` if that saves a copy."""
        if self._csr:
            return self.X[index].toarray()
        narrow = self._same and (self._units is None or self._constants is not None)
        if narrow and not isinstance(index, slice):
            return np.take(self.X, index, axis=0, out=out, mode="clip")
        return self.X[index]

    def _take_sparse(self, index: Index) -> Any:
        units = self._units
        rows: Any = self.X[index]
        if units is None:
            return rows.astype(self.dtype, copy=False)
        rows = rows.astype(np.float64)
        columns = units.shifted
        if len(columns):  # in shifted columns every row gets an explicit entry
            n = rows.shape[0]
            entries = np.tile(-units.shift[columns], n), np.tile(columns, n), np.arange(n + 1) * len(columns)
            rows = rows + sp.csr_matrix(entries, shape=rows.shape)
        rows.data *= units.inverse[rows.indices]
        return rows.astype(self.dtype, copy=False)


def converted_once(rows: Any) -> Any:
    """Return dense ``rows`` that need little memory as rows that `take` only copies; others unchanged.

    ``rows`` are a `Rows` or a `TableRows`. Each epoch of training takes every row again.
    """
    if rows.sparse or rows.n_rows * rows.width * rows.dtype.itemsize > _MOST_CONVERTED:
        return rows
    return Rows(rows.take(slice(None)), None, rows.dtype)
