"""Dropout: leaves out units at random during training, so that no unit relies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]

_LEVELS = 256
_PIECE = 2**16  # number of units drawn for at a time, which limits the memory


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout in training: ``a = x m / (1 - rate)``, where ``m`` is 0 with probability ``rate``, else 1.

    Srivastava et al. (2014), *Dropout: a simple way to prevent neural networks from overfitting*, section 10 for the
    scaling in training.

    Parameters
    ----------
    n_out : int
        Number of units.
    rate : float
        Probability that a unit is left out, in [0, 1).
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
            Buffer("factor", self.n_out, training_only=True),
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
        self._draw(training.noise, memory.kept.reshape(-1))
        np.multiply(memory.kept, a.dtype.type(1.0 / (1.0 - self.rate)), out=memory.factor)
        np.multiply(x, memory.factor, out=a)
        return a

    def _draw(self, noise: np.random.Generator, kept: Array) -> None:
        """Write which units are kept: those whose random byte is not below a threshold.

        Bytes are faster to draw than floats. A byte has only 256 values, so each call rounds the threshold up or down
        at random. In this way a unit is left out with probability ``rate``.
        """
        left_out = int(self.rate * _LEVELS + noise.random())
        for start in range(0, kept.size, _PIECE):
            piece = kept[start : start + _PIECE]
            words = noise.bit_generator.random_raw(-(-piece.size // 8)).astype("<u8", copy=False)
            np.greater_equal(words.view(np.uint8)[: piece.size], left_out, out=piece)

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        if dx is None:
            return
        if memory.active:
            np.multiply(memory.delta, memory.factor, out=dx)
        else:
            np.copyto(dx, memory.delta)
