"""Piecewise-linear embedding: a layer that appends learned piecewise-linear functions of each column of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]

_NEVER = 1e30  # an edge above all numbers


@dataclass(frozen=True)
class PiecewiseLinear:
    """Pass the columns on, and append learned piecewise-linear functions of each: ``sum_t W_t code_t(x)``.

    The bins of a column lie between edges ``e_0 < ... < e_T``. ``code_t(x) = (x - e_t) / (e_{t+1} - e_t)``, clipped to
    [0, 1], is the share of bin t that is below x. So a function is linear in each bin and constant outside the outer
    edges, and it can bend at each edge. One matrix product for each column multiplies the codes of a mini-batch by the
    weights, and another one gives the gradient. Looking up the bin of each number needs less memory and more time.
    Gorishniy, Rubachev and Babenko (2022), *On embeddings for numerical features in tabular deep learning*, section
    3.2, arXiv 2203.05556.

    Parameters
    ----------
    n_in : int
        Number of columns.
    columns : tuple of int
        Columns to embed. All columns are passed on unchanged.
    n_bins : int, default=32
        Number of bins T of a column. If a column needs fewer, the remaining bins lie above all numbers.
    n_values : int, default=4
        Number of functions of a column.
    strength : float, default=1.0
        Factor of the functions in the output. The steps of Adam do not depend on the size of the gradient, so a smaller
        factor makes the functions change more slowly.
    """

    n_in: int
    columns: tuple[int, ...]
    n_bins: int = 32
    n_values: int = 4
    strength: float = field(default=1.0, compare=False)

    def __str__(self) -> str:
        return f"piecewise-linear embedding({self.n_in} -> {self.n_out})"

    @property
    def n_out(self) -> int:
        return self.n_in + self.n_values * len(self.columns)

    def specs(self) -> tuple[ParameterSpec, ...]:
        p, t = len(self.columns), self.n_bins
        fixed = (ParameterSpec(name, (p, t), penalized=False, learned=False) for name in ("start", "inverse"))
        return *fixed, ParameterSpec("W", (p, t, self.n_values), penalized=False)

    def buffers(self) -> tuple[Buffer, ...]:
        p = len(self.columns)
        return (
            Buffer("a", self.n_out, "F"),
            Buffer("code", self.n_bins * p, "F"),
            Buffer("delta", self.n_out, training_only=True),
        )

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        """Write functions that are zero, and edges at equal distances from -2 to 2 for standardized columns."""
        edges = np.linspace(-2.0, 2.0, self.n_bins + 1)
        self.set_edges(parameters, [edges] * len(self.columns))
        parameters[2][...] = 0.0

    def set_edges(self, parameters: Arrays, edges: list[Array]) -> None:
        """Write the edges of each column: 2 to ``n_bins + 1`` increasing numbers."""
        start, inverse, _ = parameters
        start[...], inverse[...] = _NEVER, 0.0
        for j, own in enumerate(edges):
            start[j, : len(own) - 1] = own[:-1]
            inverse[j, : len(own) - 1] = 1.0 / np.diff(own)

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        start, inverse, W = parameters
        (p, t, v), n = W.shape, len(x)
        a: Array = memory.a
        a.T[: self.n_in] = x.T
        columns = self._columns(x)
        code = memory.code.T.reshape(p, t, n)
        np.subtract(columns[:, None, :], start[:, :, None], out=code)
        with np.errstate(over="ignore"):  # what overflows is clipped
            np.multiply(code, inverse[:, :, None], out=code)
        np.clip(code, 0.0, 1.0, out=code)
        factors = np.swapaxes(W * W.dtype.type(self.strength), 1, 2)
        np.matmul(factors, code, out=a.T[self.n_in :].reshape(p, v, n))
        return a

    def _columns(self, x: Array) -> Array:
        """Return the embedded columns, shape (p, n), limited so that the difference to no edge overflows."""
        columns = np.take(x.T, self.columns, axis=0)
        return np.clip(columns, -_NEVER / 2.0, _NEVER / 2.0, out=columns)

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        (start, inverse, W), (dstart, dinverse, dW) = parameters, grads
        dstart[...] = dinverse[...] = 0.0
        (p, t, v), n = W.shape, len(x)
        delta = memory.delta[:, self.n_in :].reshape(n, p, v).transpose(1, 0, 2)
        np.matmul(memory.code.T.reshape(p, t, n), delta, out=dW)
        np.multiply(dW, dW.dtype.type(self.strength), out=dW)
        if dx is not None:
            dx[...] = memory.delta[:, : self.n_in]
            dx[:, self.columns] += self._derivative(start, inverse, W, self._columns(x), delta).T

    def _derivative(self, start: Array, inverse: Array, W: Array, columns: Array, delta: Array) -> Array:
        """Return the derivative by each column, shape (p, n); at an edge, that of the bin above it."""
        bins = np.count_nonzero(start[:, 1:, None] <= columns[:, None, :], axis=1)
        of_bin = np.arange(len(start))[:, None], bins
        slope = inverse[of_bin]
        with np.errstate(over="ignore"):  # what overflows is outside of its bin
            share = (columns - start[of_bin]) * slope
        slope[(share < 0.0) | (share > 1.0)] = 0.0
        derivative: Array = slope * W.dtype.type(self.strength) * (W[of_bin] * delta).sum(axis=2)
        return derivative
