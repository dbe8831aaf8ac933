"""Dropout: units left out at random in training, so that no unit relies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout: ``a = x m / (1 - rate)`` with ``m`` 0 at probability ``rate``, else 1; nothing at prediction.

    Srivastava et al. (2014), *Dropout: a simple way to prevent neural networks from overfitting*, section 10 for the
    scaling in training.

    Parameters
    ----------
    n_out : int
        Number of units.
    rate : float
        Share of the units to leave out, in [0, 1).
    """

    n_out: int
    rate: float

    def __str__(self) -> str:
        return f"dropout({self.rate:g})"

    def specs(self) -> tuple[ParameterSpec, ...]:
        return ()

    def buffers(self) -> tuple[Buffer, ...]:
        return (
            Buffer("a", self.n_out, training_only=True),
            Buffer("kept", self.n_out, boolean=True, training_only=True),
            Buffer("delta", self.n_out, training_only=True),
        )

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        pass

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        memory.active = False
        if training is None or training.noise is None:
            return x
        memory.active = True
        a: Array = memory.a
        training.noise.random(dtype=a.dtype, out=a)
        np.greater_equal(a, self.rate, out=memory.kept)
        np.multiply(x, memory.kept, out=a)
        np.multiply(a, 1.0 / (1.0 - self.rate), out=a)
        return a

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        if dx is None:
            return
        np.copyto(dx, memory.delta)
        if memory.active:
            np.multiply(dx, memory.kept, out=dx)
            np.multiply(dx, 1.0 / (1.0 - self.rate), out=dx)
