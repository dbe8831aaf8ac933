"""Normalization: gives units mean 0 and variance 1, over the rows of a mini-batch or over the units of a row.

It stands between the linear combination and the non-linearity: ``Dense(identity) -> normalization -> Nonlinearity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import Activation
from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]


def _gain_and_shift(n: int) -> tuple[ParameterSpec, ParameterSpec]:
    return ParameterSpec("gain", (n,), penalized=False), ParameterSpec("shift", (n,), penalized=False)


def _scale_and_shift(normalized: Array, gain: Array, shift: Array, out: Array) -> Array:
    np.multiply(normalized, gain, out=out)
    np.add(out, shift, out=out)
    return out


@dataclass(frozen=True)
class BatchNormalization:
    """``a = gain (x - m) / sqrt(v + epsilon) + shift``, with m and v the weighted mean and variance over the rows.

    At prediction, m and v are running averages. These are parameters whose gradient is zero. A short mini-batch changes
    them less, in proportion to its share of a full one. If only one row has weight, there is no variance; then m and v
    are the running averages, as constants, in training too.
    Ioffe and Szegedy (2015), *Batch normalization*, algorithms 1 and 2, arXiv 1502.03167.

    Parameters
    ----------
    n_out : int
        Number of units.
    momentum : float, default=0.1
        Share of the newest mini-batch in the running averages, if it is a full one.
    epsilon : float, default=1e-5
        Added to the variance.
    """

    n_out: int
    momentum: float = 0.1
    epsilon: float = 1e-5

    def __str__(self) -> str:
        return "batch normalization"

    def specs(self) -> tuple[ParameterSpec, ...]:
        n = self.n_out
        running = (ParameterSpec(name, (n,), penalized=False, learned=False) for name in ("mean", "variance"))
        return *_gain_and_shift(n), *running

    def buffers(self) -> tuple[Buffer, ...]:
        names = "a", "normalized", "work"
        return *(Buffer(n, self.n_out) for n in names), Buffer("delta", self.n_out, training_only=True)

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        for array, value in zip(parameters, (1.0, 0.0, 0.0, 1.0), strict=True):
            array[...] = value

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        gain, shift, mean, variance = parameters
        normalized: Array = memory.normalized
        w = None if training is None or training.w is None else training.w / training.w.sum()
        momentum = 0.0 if training is None else self.momentum * training.share
        memory.alone = training is not None and _one_row_counts(x, w)
        if training is None or memory.alone:
            np.subtract(x, mean, out=normalized)
            inverse = 1.0 / np.sqrt(variance + self.epsilon)
            if training is not None:
                mean += momentum * (_weighted_sum(x, w) - mean)
        else:
            m = _weighted_sum(x, w)
            np.subtract(x, m, out=normalized)
            np.multiply(normalized, normalized, out=memory.work)
            v = _weighted_sum(memory.work, w)
            inverse = 1.0 / np.sqrt(v + self.epsilon)
            mean += momentum * (m - mean)
            variance += momentum * (v - variance)
        np.multiply(normalized, inverse, out=normalized)
        memory.inverse, memory.w = inverse, w
        return _scale_and_shift(normalized, gain, shift, memory.a)

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        gain = parameters[0]
        dgain, dshift, dmean, dvariance = grads
        delta, normalized, work = memory.delta, memory.normalized, memory.work
        np.multiply(delta, normalized, out=work)
        np.add.reduce(work, axis=0, out=dgain)
        np.add.reduce(delta, axis=0, out=dshift)
        dmean[...] = dvariance[...] = 0.0
        if dx is None:
            return
        np.copyto(dx, delta)
        if not memory.alone:  # the part through mean and variance, in which each row has its weight
            np.multiply(normalized, dgain, out=work)
            np.add(work, dshift, out=work)
            np.multiply(work, 1.0 / len(x) if memory.w is None else memory.w, out=work)
            np.subtract(dx, work, out=dx)
        np.multiply(dx, gain * memory.inverse, out=dx)


def _one_row_counts(x: Array, w: Array | None) -> bool:
    return len(x) == 1 or (w is not None and np.count_nonzero(w) == 1)


def _weighted_sum(x: Array, w: Array | None) -> Array:
    mean: Array = np.add.reduce(x, axis=0) / len(x) if w is None else (w.T @ x)[0]
    return mean


@dataclass(frozen=True)
class LayerNormalization:
    """``a = gain (x - m) / sqrt(v + epsilon) + shift``, with m and v the mean and variance over the units of a row.

    Ba, Kiros and Hinton (2016), *Layer normalization*, eq. 3, arXiv 1607.06450.

    Parameters
    ----------
    n_out : int
        Number of units.
    epsilon : float, default=1e-5
        Added to the variance.
    """

    n_out: int
    epsilon: float = 1e-5

    def __str__(self) -> str:
        return "layer normalization"

    def specs(self) -> tuple[ParameterSpec, ...]:
        return _gain_and_shift(self.n_out)

    def buffers(self) -> tuple[Buffer, ...]:
        n = self.n_out
        return (
            Buffer("a", n), Buffer("normalized", n), Buffer("work", n), Buffer("inverse", 1), Buffer("column", 1),
            Buffer("delta", n, training_only=True),
        )  # fmt: skip

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        for array, value in zip(parameters, (1.0, 0.0), strict=True):
            array[...] = value

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        normalized, inverse, column = memory.normalized, memory.inverse, memory.column
        np.mean(x, axis=1, keepdims=True, out=column)
        np.subtract(x, column, out=normalized)
        np.multiply(normalized, normalized, out=memory.work)
        np.mean(memory.work, axis=1, keepdims=True, out=inverse)
        np.add(inverse, self.epsilon, out=inverse)
        np.sqrt(inverse, out=inverse)
        np.divide(1.0, inverse, out=inverse)
        np.multiply(normalized, inverse, out=normalized)
        gain, shift = parameters
        return _scale_and_shift(normalized, gain, shift, memory.a)

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        gain, _ = parameters
        dgain, dshift = grads
        delta, normalized, work, column = memory.delta, memory.normalized, memory.work, memory.column
        np.multiply(delta, normalized, out=work)
        np.add.reduce(work, axis=0, out=dgain)
        np.add.reduce(delta, axis=0, out=dshift)
        if dx is None:
            return
        np.multiply(delta, gain, out=dx)
        np.multiply(dx, normalized, out=work)
        np.mean(work, axis=1, keepdims=True, out=column)
        np.multiply(normalized, column, out=work)
        np.mean(dx, axis=1, keepdims=True, out=column)
        np.subtract(dx, column, out=dx)
        np.subtract(dx, work, out=dx)
        np.multiply(dx, memory.inverse, out=dx)


@dataclass(frozen=True)
class Nonlinearity:
    """The non-linearity alone, ``a = f(x)``, used after a normalization."""

    n_out: int
    activation: Activation

    def __str__(self) -> str:
        return self.activation.name

    def specs(self) -> tuple[ParameterSpec, ...]:
        return ()

    def buffers(self) -> tuple[Buffer, ...]:
        work = Buffer("work", self.n_out, boolean=self.activation.boolean_work)
        return Buffer("a", self.n_out), work, Buffer("delta", self.n_out, training_only=True)

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        pass

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        a: Array = memory.a
        self.activation.forward(x, a, memory.work)
        return a

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        self.activation.backward(memory.a, memory.delta, memory.work)
        if dx is not None:
            np.copyto(dx, memory.delta)
