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
        Targets, as the user has them.
    targets : Targets
        The same, encoded.
    weights : ndarray of shape (n,) or None
        Row weights, class weights included.
    codes : ndarray of shape (n, n_categorical) or None
        Codes of categories; None where there are none.
    columns : Columns or None
        Which columns those are, and their levels.
    gaps : tuple of int
        The columns of numbers that have gaps.
    given : data frame, array or sparse matrix of n rows, or None
        The rows as the user has them, where ``X`` and ``codes`` are not the same.
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
        """Number of rows that have weight."""
        return self.n_rows if self.weights is None else int(np.count_nonzero(self.weights))

    def chosen(self, index: np.ndarray | None) -> tuple[Any, Any, np.ndarray | None]:
        """Return inputs, targets as the user has them, and weights, of the rows ``index``; None means all."""
        X = self.X if self.given is None else self.given
        if index is None:
            return X, self.y, self.weights
        return rows_of(X, index), self.y[index], None if self.weights is None else self.weights[index]
