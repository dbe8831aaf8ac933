"""Averaging: a moving average of the weights, which is less noisy than the weights themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blas import axpy

Array = NDArray[Any]

EVERY = 4  # number of updates from one change of the average to the next; weights change little in so few


@dataclass
class Average:
    """Exponential moving average of the weights: after every `EVERY` updates, ``vector += share (theta - vector)``.

    The share is ``1 - decay^EVERY``. For the first changes it is 1, 1/2, 1/3, ... as long as these are larger. So the
    average begins as a plain mean, and the initial weights do not count.
    Polyak and Juditsky (1992), *Acceleration of stochastic approximation by averaging*; Morales-Brotons, Vogels and
    Hendrikx (2024), *Exponential moving average of weights in deep learning*, arXiv 2411.18704.

    Parameters
    ----------
    decay : float
        Decay per update, in (0, 1).
    vector : ndarray of shape (n_parameters,)
        The average; it is changed in place.
    n_updates : int, default=0
        Number of updates so far.
    """

    decay: float
    vector: Array = field(repr=False)
    n_updates: int = 0
    _difference: Array | None = field(default=None, init=False, repr=False, compare=False)

    def update(self, theta: Array) -> None:
        """Count one more update; every `EVERY` updates, include the weights in the average."""
        self.n_updates += 1
        blends, rest = divmod(self.n_updates, EVERY)
        if rest == 0:
            share = max(1.0 - self.decay**EVERY, 1.0 / blends)
            if self._difference is None:
                self._difference = np.empty_like(theta)
            np.subtract(theta, self.vector, out=self._difference)  # so a weight that is constant keeps its value
            axpy(share, self._difference, self.vector)

    def current(self, theta: Array) -> Array:
        """Return the average, or the weights themselves before the first change of the average."""
        return self.vector if self.n_updates >= EVERY else theta
