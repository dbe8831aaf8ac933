"""Memory: the flat parameter vector with its named views, and the buffers of a mini-batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Memory = SimpleNamespace


@dataclass(frozen=True)
class ParameterSpec:
    """One array of parameters: its name, its shape, whether it is part of the L2 penalty, and whether it is learned."""

    name: str
    shape: tuple[int, ...]
    penalized: bool = True
    learned: bool = True


class Layout:
    """Positions of the layers' parameters in the flat vector: first all that are penalized, then the others.

    Parameters
    ----------
    layers : sequence of sequences of ParameterSpec
        The parameter arrays of each layer, in order.

    Attributes
    ----------
    size, n_penalized : int
        Length of the vector, and of its first part, which is penalized.
    """

    def __init__(self, layers: Sequence[Sequence[ParameterSpec]]) -> None:
        self.layers = tuple(tuple(specs) for specs in layers)
        self._start: dict[tuple[int, str], int] = {}
        self.size = 0
        for penalized in (True, False):
            for i, specs in enumerate(self.layers):
                for spec in specs:
                    if spec.penalized is penalized:
                        self._start[i, spec.name] = self.size
                        self.size += prod(spec.shape)
            if penalized:
                self.n_penalized = self.size

    def views(self, vector: Array) -> list[tuple[Array, ...]]:
        """Return, for each layer, its arrays as views of ``vector`` of shape (size,)."""
        if vector.shape != (self.size,):
            raise ValueError(f"the parameter vector must have shape ({self.size},), got {vector.shape}.")
        return [
            tuple(vector[(start := self._start[i, s.name]) : start + prod(s.shape)].reshape(s.shape) for s in specs)
            for i, specs in enumerate(self.layers)
        ]


class Parameters:
    """One flat vector, and views of it for the layers.

    Parameters
    ----------
    layout : Layout
        Positions of the layers' arrays.
    vector : ndarray of shape (layout.size,)
        The memory; it is not copied.

    Attributes
    ----------
    penalized : ndarray of shape (layout.n_penalized,)
        View of the first part of the vector, which is penalized.
    layers : list of tuples of ndarray
        Views, one tuple for each layer.
    """

    def __init__(self, layout: Layout, vector: Array) -> None:
        self.vector = vector
        self.penalized = vector[: layout.n_penalized]
        self.layers = layout.views(vector)


@dataclass(frozen=True)
class Buffer:
    """One array that a pass writes for n rows: shape (n, width), or (n,) filled with ones if ``width`` is None.

    With order "F" the columns are contiguous, which makes sums over the few outputs of a row faster. ``training_only``
    buffers are not needed for prediction.
    """

    name: str
    width: int | None
    order: Literal["C", "F"] = "C"
    boolean: bool = False
    training_only: bool = False

    def allocate(self, n: int, dtype: DTypeLike) -> Array:
        """Return flat memory for n rows."""
        if self.width is None:
            return np.ones(n, dtype=dtype)
        return np.empty(n * self.width, dtype=bool if self.boolean else dtype)

    def view(self, flat: Array, n: int) -> Array:
        """Return the beginning of ``flat`` as the array for n rows, contiguous."""
        if self.width is None:
            return flat[:n]
        return flat[: n * self.width].reshape((n, self.width), order=self.order)


class Workspace:
    """The buffers for mini-batches of up to ``n_rows`` rows; `rows` returns those for n rows.

    Parameters
    ----------
    layers : sequence of sequences of Buffer
        The buffers of each layer.
    n_rows : int
        Number of rows in the largest mini-batch.
    dtype : dtype
        dtype of all buffers that are not boolean.
    """

    def __init__(self, layers: Sequence[Sequence[Buffer]], n_rows: int, dtype: DTypeLike) -> None:
        self._layers = layers
        self._flat = [[b.allocate(n_rows, dtype) for b in buffers] for buffers in layers]
        self._views: dict[int, list[Memory]] = {}

    def rows(self, n: int) -> list[Memory]:
        """Return the buffers for n rows, contiguous: one namespace of arrays for each layer."""
        if n not in self._views:
            self._views[n] = [
                Memory(**{b.name: b.view(flat, n) for b, flat in zip(buffers, flats, strict=True)})
                for buffers, flats in zip(self._layers, self._flat, strict=True)
            ]
        return self._views[n]
