"""Data: the rows of one call, checked and encoded, as they travel from `fit` to training."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core import Targets


class Data(NamedTuple):
    """Rows that passed all checks.

    Attributes
    ----------
    X : ndarray or CSR of shape (n, d)
        Inputs.
    y : ndarray or CSR of shape (n,) or (n, n_columns)
        Targets, as the user has them.
    targets : Targets
        The same, encoded.
    weights : ndarray of shape (n,) or None
        Row weights, class weights included.
    """

    X: Any
    y: Any
    targets: Targets
    weights: np.ndarray | None

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
        if index is None:
            return self.X, self.y, self.weights
        return self.X[index], self.y[index], None if self.weights is None else self.weights[index]
