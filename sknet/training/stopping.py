"""When to stop: a plateau of the training loss or of the validation score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Plateau:
    """Count the epochs in a row that did not raise the best score by ``tol``.

    Attributes
    ----------
    best : float
        Highest score so far; a loss counts with its sign changed.
    count : int
        Epochs in a row without improvement.
    """

    best: float = -np.inf
    count: int = 0

    def update(self, score: float, tol: float) -> bool:
        """Take the score of one more epoch, NaN being the worst; return whether it is the best so far."""
        self.count = 0 if score >= self.best + tol else self.count + 1
        is_best = score > self.best
        if is_best:
            self.best = score
        return is_best
