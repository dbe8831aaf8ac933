"""Piecewise-linear embedding: a layer that appends learned piecewise-linear functions of each column of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
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
    edges, and it can bend at each edge. A value takes one look-up: it is ``C_b + f W_b`` for the bin b that contains x,
    with ``f = code_b(x)`` and ``C_b = sum_{t<b} W_t``.
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
            Buffer("a", self.n_out),
            Buffer("x", p),
            Buffer("share", p),
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
        n, p, t = len(x), len(self.columns), self.n_bins
        a: Array = memory.a
        np.take(x, self.columns, axis=1, out=memory.x, mode="clip")
        np.clip(memory.x, -_NEVER / 2.0, _NEVER / 2.0, out=memory.x)
        bins = memory.bins = self._bins(start, memory.x)
        share = np.clip(self._unclipped(start, inverse, memory)[0], 0.0, 1.0, out=memory.share)
        W = W * W.dtype.type(self.strength)
        before = np.cumsum(W, axis=1) - W
        lines, at = W.reshape(p * t, -1), before.reshape(p * t, -1)
        values = np.take(lines, bins, axis=0)
        np.multiply(values, share[:, :, None], out=values)
        np.add(values, np.take(at, bins, axis=0), out=values)
        a[:, : self.n_in] = x
        a[:, self.n_in :] = values.reshape(n, -1)
        return a

    def _bins(self, start: Array, x: Array) -> Array:
        """Return the bin of each number, shape (n, p); bins are numbered through all columns."""
        bins = np.empty(x.shape[::-1], dtype=np.intp)
        for own, edges, column in zip(bins, start[:, 1:], np.ascontiguousarray(x.T), strict=True):
            own[...] = edges.searchsorted(column, side="right")
        bins += self.n_bins * np.arange(len(bins))[:, None]
        return np.ascontiguousarray(bins.T)

    def _unclipped(self, start: Array, inverse: Array, memory: Memory) -> tuple[Array, Array]:
        """Return which share of its bin is below each number, before clipping, and one over the width of the bin."""
        slope = np.take(inverse, memory.bins)
        share = np.take(start, memory.bins)
        np.subtract(memory.x, share, out=share)
        with np.errstate(over="ignore"):  # the caller clips what overflows
            np.multiply(share, slope, out=share)
        return share, slope

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        (start, inverse, W), (dstart, dinverse, dW) = parameters, grads
        dstart[...] = dinverse[...] = 0.0
        p, t, v = W.shape
        delta = memory.delta[:, self.n_in :].reshape(len(x), p, v) * W.dtype.type(self.strength)
        of_bin = _adder(memory, p * t)
        inside, whole = (
            (of_bin @ terms.reshape(-1, v)).reshape(p, t, v) for terms in (delta * memory.share[:, :, None], delta)
        )
        # A row contributes fully to each bin below its own.
        dW[...] = inside + np.cumsum(whole[:, ::-1], axis=1)[:, ::-1] - whole
        if dx is not None:
            dx[...] = memory.delta[:, : self.n_in]
            slopes = np.take(W.reshape(p * t, v), memory.bins, axis=0) * delta
            share, slope = self._unclipped(start, inverse, memory)
            slope[(share < 0.0) | (share > 1.0)] = 0.0
            dx[:, self.columns] += slopes.sum(axis=2) * slope


def _adder(memory: Memory, n_bins: int) -> Any:
    """Return the matrix whose product with rows sums, in float64 and in order, those of each of ``n_bins`` bins.

    It is made once for all mini-batches of a size, because making it takes longer than the product.
    """
    bins = memory.bins.ravel()
    if not hasattr(memory, "adder"):
        memory.adder = sp.csc_array((np.ones(len(bins)), bins, np.arange(len(bins) + 1)), shape=(n_bins, len(bins)))
    memory.adder.indices[...] = bins
    return memory.adder
