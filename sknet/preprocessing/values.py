"""Values: finds the columns with at most two different values, in chunks and without copying the data.

The result for d columns is an array of shape (2, d): the lowest and the highest value of each column, or NaN for a
column with more than two values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import in_chunks

_CHUNK_ELEMENTS = 2**16


def two_values(X: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the values of the columns of ``X``, dense of shape (n, d); rows of weight zero do not count.

    After its third value a column is not read any further, so for most numeric columns only the first rows are read.
    """
    n, d = X.shape
    columns, known = np.arange(d), None
    for c in in_chunks(n, max(1, _CHUNK_ELEMENTS // max(d, 1))):
        rows = X[c] if weights is None or weights[c].all() else X[c][weights[c] > 0.0]
        if len(rows) == 0:
            continue
        found = _of_rows(rows if len(columns) == d else rows[:, columns])
        if known is None:
            known = found
        else:
            known[:, columns] = join(known[:, columns], found)
        columns = np.flatnonzero(~np.isnan(known[0]))
        if len(columns) == 0:
            break
    return np.zeros((2, d)) if known is None else known


def _of_rows(X: np.ndarray) -> np.ndarray:
    low, high = np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0)  # NaN does not count
    two = ((low == X) | (high == X) | np.isnan(X)).all(axis=0)
    return np.where(two, np.stack([low, high]).astype(np.float64), np.nan)


def join(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the values of columns for all rows, from the values ``one`` and ``other`` for two parts of the rows."""
    low, high = np.minimum(one[0], other[0]), np.maximum(one[1], other[1])
    parts = np.concatenate([one, other])
    return np.where(((parts == low) | (parts == high)).all(axis=0), np.stack([low, high]), np.nan)


def joined(one: Any, other: Any) -> Any:
    """Return `join` of both, or None if one of them is None."""
    return None if one is None or other is None else join(one, other)


def columns_to_embed(
    embedding: str | None, X: Any, weights: np.ndarray | None, *, stream: bool = False
) -> tuple[int, ...] | None:
    """Return the indices of the columns that have an embedding, in a ``stream`` all; None without an embedding."""
    if embedding is None:
        return None
    if not isinstance(X, np.ndarray):
        raise ValueError("embedding='periodic' needs a dense X, got a sparse one. Use embedding=None, or X.toarray().")
    return tuple(range(X.shape[1])) if stream else continuous_columns(X, weights)


def continuous_columns(X: np.ndarray, weights: np.ndarray | None = None) -> tuple[int, ...]:
    """Return the indices of the columns of ``X``, dense of shape (n, d), that have more than two different values.

    Rows of weight zero do not count.
    """
    return tuple(map(int, np.flatnonzero(np.isnan(two_values(X, weights)[0]))))
