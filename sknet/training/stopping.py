"""Stopping: detects that the training loss or the validation score no longer improves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Plateau:
    """Count the epochs in a row that did not raise the best score by ``tol``.

    Attributes
    ----------
    best : float
        Highest score so far; the score of a loss is the loss with its sign changed.
    count : int
        Number of epochs in a row without improvement.
    """

    best: float = -np.inf
    count: int = 0

    def update(self, score: float, tol: float) -> bool:
        """Add the score of one more epoch; return whether it is the best so far. NaN is worse than any number."""
        self.count = 0 if score >= self.best + tol else self.count + 1
        is_best = score > self.best
        if is_best:
            self.best = score
        return is_best
