"""Dropout: units left out at random in training, so that no unit relies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]

_LEVELS = 256
_PIECE = 2**16  # units to draw for at a time, so that memory is bounded


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
        """Write which units stay: those whose random byte reaches a threshold; bytes are cheaper than fractions.

        A byte knows only steps of 1 / 256, so the threshold of a batch is rounded up or down at random: the probability
        to be left out is ``rate`` all the same.
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
