"""Inputs: layers that transform the columns before the first `Dense` layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec
from .rows import smooth_clip

Array = NDArray[Any]


@dataclass(frozen=True)
class Scaling:
    """``u = (x - shift) scale``, then ``a = u / sqrt(1 + (u / bound)^2)``: a smooth clip to (-bound, bound).

    Only networks in model files of release 0.1.0 have such a layer; now `Rows` scales the inputs. Nothing in the layer
    is learned.

    Parameters
    ----------
    n_out : int
        Number of columns.
    bound : float, default=inf
        Bound of the clip; infinite for no clip.
    """

    n_out: int
    bound: float = math.inf

    def __str__(self) -> str:
        return "scaling" if math.isinf(self.bound) else f"scaling and smooth clip at {self.bound:g}"

    def specs(self) -> tuple[ParameterSpec, ...]:
        names = "shift", "scale"
        return tuple(ParameterSpec(name, (self.n_out,), penalized=False, learned=False) for name in names)

    def buffers(self) -> tuple[Buffer, ...]:
        k = self.n_out
        return Buffer("a", k), Buffer("root", k), Buffer("delta", k, training_only=True)

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        shift, scale = parameters
        shift[...], scale[...] = 0.0, 1.0

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        shift, scale = parameters
        a: Array = memory.a
        root = memory.root
        np.subtract(x, shift, out=a)
        if math.isinf(self.bound):
            np.multiply(a, scale, out=a)
        else:
            with np.errstate(over="ignore"):
                np.multiply(a, scale, out=a)
            smooth_clip(a, self.bound, root)
        return a

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        for grad in grads:
            grad[...] = 0.0
        if dx is None:
            return
        np.multiply(memory.delta, parameters[1], out=dx)
        if math.isfinite(self.bound):  # the derivative of the clip is 1 / root^3
            for _ in range(3):
                np.divide(dx, memory.root, out=dx)


@dataclass(frozen=True)
class PeriodicEmbedding:
    """Pass the columns on, and append learned periodic functions of each: ``cos(f x + p) W + b``.

    With them a network can change its output sharply within a column, as decision trees can. Each column has its own
    frequencies f and phases p, and its cosines are combined into ``n_values`` new columns.
    Gorishniy, Rubachev and Babenko (2022), *On embeddings for numerical features in tabular deep learning*, eq. 1,
    arXiv 2203.05556. As in Holzmüller et al. (2024), arXiv 2407.04491, there are phases and no non-linearity.

    Parameters
    ----------
    n_in : int
        Number of columns.
    columns : tuple of int
        Columns to embed. All columns are passed on unchanged.
    n_frequencies, n_values : int, default=16, 3
        Number of cosines of each column, and number of new columns that are made from them.
    deviation : float, default=0.1
        Standard deviation of the initial frequencies, in periods per unit of x.
    """

    n_in: int
    columns: tuple[int, ...]
    n_frequencies: int = 16
    n_values: int = 3
    deviation: float = 0.1

    def __str__(self) -> str:
        return f"periodic embedding({self.n_in} -> {self.n_out})"

    @property
    def n_out(self) -> int:
        return self.n_in + self.n_values * len(self.columns)

    def specs(self) -> tuple[ParameterSpec, ...]:
        p, f, v = len(self.columns), self.n_frequencies, self.n_values
        shapes = {"frequency": (p, 1, f), "phase": (p, 1, f), "W": (p, f, v), "b": (p, 1, v)}
        return tuple(ParameterSpec(name, shape, penalized=False) for name, shape in shapes.items())

    def buffers(self) -> tuple[Buffer, ...]:
        p, f, v = len(self.columns), self.n_frequencies, self.n_values
        sizes = {"x": p, "z": p * f, "cos": p * f, "values": p * v}
        return (
            Buffer("a", self.n_out),
            *(Buffer(name, size) for name, size in sizes.items()),
            Buffer("delta", self.n_out, training_only=True),
            *(Buffer(name, p * f, training_only=True) for name in ("dz", "work")),
            Buffer("dvalues", p * v, training_only=True),
            Buffer("ones", None, training_only=True),
        )

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        frequency, phase, W, b = parameters
        bound = 1.0 / math.sqrt(self.n_frequencies)
        frequency[...] = rng.normal(0.0, 2.0 * math.pi * self.deviation, frequency.shape)
        phase[...] = rng.uniform(-math.pi, math.pi, phase.shape)
        W[...] = rng.uniform(-bound, bound, W.shape)
        b[...] = rng.uniform(-bound, bound, b.shape)

    def _by_column(self, memory: Memory, n: int) -> tuple[Array, Array, Array, Array]:
        """Return the buffers as stacks of matrices, one for each column: x (n, 1), z and cos (n, f), values (n, v)."""
        p, f, v = len(self.columns), self.n_frequencies, self.n_values
        sizes = {"x": 1, "z": f, "cos": f, "values": v}
        x, z, cos, values = (getattr(memory, name).reshape(p, n, size) for name, size in sizes.items())
        return x, z, cos, values

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        frequency, phase, W, b = parameters
        n = len(x)
        column, z, cos, values = self._by_column(memory, n)
        column[..., 0] = x[:, self.columns].T
        np.multiply(column, frequency, out=z)
        np.add(z, phase, out=z)
        np.cos(z, out=cos)
        np.matmul(cos, W, out=values)
        np.add(values, b, out=values)
        a: Array = memory.a
        a[:, : self.n_in] = x
        self._new(a)[...] = values.transpose(1, 0, 2)
        return a

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        frequency, _, W, _ = parameters
        dfrequency, dphase, dW, db = grads
        column, z, cos, values = self._by_column(memory, len(x))
        dz, work, delta = memory.dz.reshape(z.shape), memory.work.reshape(z.shape), memory.dvalues.reshape(values.shape)
        delta[...] = self._new(memory.delta).transpose(1, 0, 2)
        np.matmul(cos.transpose(0, 2, 1), delta, out=dW)
        np.matmul(memory.ones, delta, out=db[:, 0])
        np.sin(z, out=work)
        np.negative(work, out=work)
        np.matmul(delta, W.transpose(0, 2, 1), out=dz)
        np.multiply(dz, work, out=dz)
        np.matmul(memory.ones, dz, out=dphase[:, 0])
        np.matmul(column.transpose(0, 2, 1), dz, out=dfrequency)
        if dx is not None:
            dx[...] = memory.delta[:, : self.n_in]
            np.multiply(dz, frequency, out=work)
            dx[:, self.columns] += work.sum(axis=2).T

    def _new(self, a: Array) -> Array:
        """Return the columns that the embedding adds, shape (n, p, v)."""
        return a[:, self.n_in :].reshape(len(a), len(self.columns), self.n_values)
