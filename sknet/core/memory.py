"""Memory: the flat parameter vector with its named views, and the buffers of one batch size."""

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
    """One array of parameters: its name, its shape, whether the L2 penalty counts it, whether it is learned at all."""

    name: str
    shape: tuple[int, ...]
    penalized: bool = True
    learned: bool = True


class Layout:
    """Where each layer's parameters lie in the flat vector: everything penalized first, then the rest.

    Parameters
    ----------
    layers : sequence of sequences of ParameterSpec
        What each layer asks for, in order.

    Attributes
    ----------
    size, n_penalized : int
        Length of the vector, and of its penalized head.
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
    """One flat vector and the views that the layers work on.

    Parameters
    ----------
    layout : Layout
        Where each layer's arrays lie.
    vector : ndarray of shape (layout.size,)
        The memory; it is not copied.

    Attributes
    ----------
    penalized : ndarray of shape (layout.n_penalized,)
        The head of the vector that the L2 penalty counts.
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

    Order "F" keeps columns contiguous: reductions over the few outputs of a row then run over long vectors.
    ``training_only`` buffers are not needed to predict.
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
        """Return the array for n rows, contiguous, at the head of ``flat``."""
        if self.width is None:
            return flat[:n]
        return flat[: n * self.width].reshape((n, self.width), order=self.order)


class Workspace:
    """The buffers of one batch size; ``rows(n)`` gives them for up to that many rows, contiguous, made once.

    Parameters
    ----------
    layers : sequence of sequences of Buffer
        What each layer asks for.
    n_rows : int
        The largest batch.
    dtype : dtype
        Of every buffer that is not boolean.
    """

    def __init__(self, layers: Sequence[Sequence[Buffer]], n_rows: int, dtype: DTypeLike) -> None:
        self._layers = layers
        self._flat = [[b.allocate(n_rows, dtype) for b in buffers] for buffers in layers]
        self._views: dict[int, list[Memory]] = {}

    def rows(self, n: int) -> list[Memory]:
        """Return the buffers for n rows: one namespace of arrays for each layer."""
        if n not in self._views:
            self._views[n] = [
                Memory(**{b.name: b.view(flat, n) for b, flat in zip(buffers, flats, strict=True)})
                for buffers, flats in zip(self._layers, self._flat, strict=True)
            ]
        return self._views[n]
