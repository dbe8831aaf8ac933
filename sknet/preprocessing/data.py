"""Data: the checked and encoded rows of one call of `fit`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._compat import rows_of
from ..core import Targets
from .columns import Columns


class Data(NamedTuple):
    """Rows that passed all checks.

    Attributes
    ----------
    X : ndarray or CSR of shape (n, d)
        Numbers; NaN where one is missing.
    y : ndarray or CSR of shape (n,) or (n, n_columns)
        Targets, as the user passed them.
    targets : Targets
        The same targets, encoded.
    weights : ndarray of shape (n,) or None
        Row weights, class weights included.
    codes : ndarray of shape (n, n_categorical) or None
        Codes of categories; None if there are no categories.
    columns : Columns or None
        The columns of X, with the levels of the categories; None if there are no categories.
    gaps : tuple of int
        The numeric columns with missing values.
    given : data frame, array or sparse matrix of n rows, or None
        X as the user passed it, if it was converted to ``X`` and ``codes``.
    """

    X: Any
    y: Any
    targets: Targets
    weights: np.ndarray | None
    codes: np.ndarray | None = None
    columns: Columns | None = None
    gaps: tuple[int, ...] = ()
    given: Any = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def n_weighted(self) -> int:
        """Number of rows of positive weight."""
        return self.n_rows if self.weights is None else int(np.count_nonzero(self.weights))

    def chosen(self, index: np.ndarray | None) -> tuple[Any, Any, np.ndarray | None]:
        """Return the rows ``index``, None for all: inputs and targets as the user passed them, and weights."""
        X = self.X if self.given is None else self.given
        if index is None:
            return X, self.y, self.weights
        return rows_of(X, index), self.y[index], None if self.weights is None else self.weights[index]
