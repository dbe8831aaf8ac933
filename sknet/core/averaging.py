"""Averaging: the mean of the weights over the last updates, which is less noisy than the weights themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blas import axpy

Array = NDArray[Any]

EVERY = 4  # updates, from one blend to the next: neighbours hardly differ


@dataclass
class Average:
    """Exponential moving average of the weights: at each blend, ``vector += share (theta - vector)``.

    The share is ``1 - decay^EVERY``, but 1, 1/2, 1/3, ... for the first blends, which makes it a plain mean until there
    are enough of them: the initial weights do not count.
    Polyak and Juditsky (1992), *Acceleration of stochastic approximation by averaging*; Morales-Brotons, Vogels and
    Hendrikx (2024), *Exponential moving average of weights in deep learning*, arXiv 2411.18704.

    Parameters
    ----------
    decay : float
        Per update, in (0, 1).
    vector : ndarray of shape (n_parameters,)
        The mean, written here.
    n_updates : int, default=0
        Updates so far.
    """

    decay: float
    vector: Array = field(repr=False)
    n_updates: int = 0
    _difference: Array | None = field(default=None, init=False, repr=False, compare=False)

    def update(self, theta: Array) -> None:
        """Take in the weights after one more update."""
        self.n_updates += 1
        blends, rest = divmod(self.n_updates, EVERY)
        if rest == 0:
            share = max(1.0 - self.decay**EVERY, 1.0 / blends)
            if self._difference is None:
                self._difference = np.empty_like(theta)
            np.subtract(theta, self.vector, out=self._difference)  # what is constant stays so to the last digit
            axpy(share, self._difference, self.vector)

    def current(self, theta: Array) -> Array:
        """Return the mean so far, or the weights themselves where there is none yet."""
        return self.vector if self.n_updates >= EVERY else theta
