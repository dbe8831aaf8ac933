"""Table: rows of numbers, missing values and codes of categories, as one matrix for the network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rows import Index, Rows

Array = NDArray[Any]


class TableRows:
    """Rows of numbers in the units of the network, then indicators of missing values, then codes of categories.

    A missing value becomes 0 in these units: the mean or median of the column, or the number 0 if inputs are not
    standardized. Columns that had missing values in training have an indicator, which is 1 where a value is missing.

    Parameters
    ----------
    numbers : Rows
        The numbers; NaN marks a missing value.
    gaps : tuple of int
        The columns of numbers that have an indicator.
    codes : ndarray of shape (n, n_categorical) or None
        The codes, or None if there are no categories.
    """

    sparse = False

    def __init__(self, numbers: Rows, gaps: tuple[int, ...], codes: Array | None) -> None:
        self.numbers, self.gaps, self.codes = numbers, list(gaps), codes
        self.n_rows, self.dtype = numbers.n_rows, numbers.dtype
        self.width = numbers.width + len(gaps) + (0 if codes is None else codes.shape[1])

    def take(self, index: Index, out: Array | None = None) -> Array:
        """Return the rows ``index``, in ``out`` if given."""
        numbers = self.numbers.take(index)
        d, g = self.numbers.width, len(self.gaps)
        if out is None:
            out = np.empty((len(numbers), self.width), dtype=self.dtype)
        missing = np.isnan(numbers)
        out[:, :d] = numbers
        if missing.any():
            out[:, :d][missing] = 0.0
        out[:, d : d + g] = missing[:, self.gaps]
        if self.codes is not None:
            out[:, d + g :] = self.codes[index]
        return out
