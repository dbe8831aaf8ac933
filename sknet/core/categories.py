"""Categories: a layer that turns codes of categories into vectors, by looking them up."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Arrays, Training
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]
OTHER = 0  # the code of all levels that are rare or did not occur in training


@dataclass(frozen=True)
class Categories:
    """Replace each code by a vector from the table of its column, and pass numbers on: ``a = [x, T_1[c_1], ...]``.

    The codes are the last columns of ``x``: whole numbers from 0 (`OTHER`) to the size of the column minus 1. They are
    looked up, so no one-hot matrix is needed for the input. If the vectors of a column are as long as its size, they
    are one-hot and are not learned, because the weights of the next layer are. Other vectors are learned. Backward
    pass: ``dT[c] = sum of delta over the rows with code c``.
    Guo and Berkhahn (2016), *Entity embeddings of categorical variables*, section 3, arXiv 1604.06737.

    Parameters
    ----------
    n_numbers : int
        Number of columns before the codes.
    sizes : tuple of int
        Number of codes of each column.
    lengths : tuple of int
        Length of the vectors of each column; they are one-hot if it equals the size.
    deviation : float, default=0.1
        Standard deviation of the initial learned vectors, in the output.
    strength : float, default=1.0
        Factor of the learned vectors in the output. The steps of some solvers, such as Adam, do not depend on the size
        of the gradient. With these, a smaller factor makes the vectors change more slowly.
    """

    n_numbers: int
    sizes: tuple[int, ...]
    lengths: tuple[int, ...]
    deviation: float = 0.1
    strength: float = 1.0

    def __str__(self) -> str:
        return f"categories({self.n_in} -> {self.n_out})"

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields only; cached properties are computed from them again."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def n_in(self) -> int:
        """Number of columns of numbers and of codes."""
        return self.n_numbers + len(self.sizes)

    @property
    def n_out(self) -> int:
        return self.n_numbers + sum(self.lengths)

    @cached_property
    def _parts(self) -> tuple[_Tables, _Tables]:
        """The tables of the columns with one-hot vectors, and those of the columns with learned vectors."""
        columns = list(zip(self.sizes, self.lengths, strict=True))
        one_hot, learned = (
            tuple(j for j, (size, length) in enumerate(columns) if (size == length) is fixed) for fixed in (True, False)
        )
        first = _Tables(one_hot, *self._of(one_hot), self.n_numbers)
        return first, _Tables(learned, *self._of(learned), self.n_numbers + sum(first.lengths))

    def _of(self, columns: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return tuple(self.sizes[j] for j in columns), tuple(self.lengths[j] for j in columns)

    def blocks(self) -> list[slice]:
        """Return, for each column of codes, the columns of the output that contain its vectors."""
        found = {j: block for part in self._parts for j, block in zip(part.columns, part.blocks, strict=True)}
        return [found[j] for j in range(len(self.sizes))]

    def tables(self, parameters: Arrays) -> list[Array]:
        """Return the table of each column of codes, shape (size, length), as a view of the parameters."""
        pairs = zip(self._parts, parameters, strict=True)
        found = {j: table for part, flat in pairs for j, table in zip(part.columns, part.views(flat), strict=True)}
        return [found[j] for j in range(len(self.sizes))]

    def vectors(self, parameters: Arrays) -> list[Array]:
        """Return the vectors that replace the codes of each column, shape (size, length)."""
        return [
            table if size == length else table * table.dtype.type(self.strength)
            for table, size, length in zip(self.tables(parameters), self.sizes, self.lengths, strict=True)
        ]

    def specs(self) -> tuple[ParameterSpec, ...]:
        one_hot, learned = self._parts
        return (
            ParameterSpec("one_hot", (one_hot.n_values,), penalized=False, learned=False),
            ParameterSpec("vectors", (learned.n_values,)),
        )

    def buffers(self) -> tuple[Buffer, ...]:
        return Buffer("a", self.n_out), Buffer("delta", self.n_out, training_only=True)

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        one_hot, vectors = parameters
        for table in self._parts[0].views(one_hot):
            table[...] = np.eye(len(table))
        vectors[...] = rng.normal(0.0, self.deviation / self.strength, vectors.shape)

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        a: Array = memory.a
        a[:, : self.n_numbers] = x[:, : self.n_numbers]
        memory.codes = codes = x[:, self.n_numbers :].astype(np.intp)
        for part, flat in zip(self._parts, parameters, strict=True):
            for column, block, table in zip(part.columns, part.blocks, part.views(flat), strict=True):
                a[:, block] = np.take(table, codes[:, column], axis=0)
        learned = self._parts[1]
        a[:, learned.start : learned.stop] *= a.dtype.type(self.strength)
        return a

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        learned, (fixed, dvectors) = self._parts[1], grads
        fixed[...] = dvectors[...] = 0.0
        if learned.n_values:
            delta = memory.delta[:, learned.start : learned.stop] * memory.delta.dtype.type(self.strength)
            dvectors[...] = np.bincount(learned.places(memory.codes).ravel(), delta.ravel(), learned.n_values)
        if dx is not None:  # there is no derivative with respect to a code
            dx[:, : self.n_numbers] = memory.delta[:, : self.n_numbers]
            dx[:, self.n_numbers :] = 0.0

    def set_other(self, parameters: Arrays, column: int, shares: Array) -> None:
        """Set the vector of `OTHER` to the mean of the vectors of its column, weighted by ``shares``, shape (size,)."""
        table = self.tables(parameters)[column]
        table[OTHER] = shares @ table


@dataclass(frozen=True)
class _Tables:
    """Tables of several columns, one after the other in a flat vector; their rows lie side by side in the output.

    Column w of the output comes from the position ``first[w] + code * length[w]`` of the flat vector. So one call sums
    the gradients of all tables.
    """

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    lengths: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        return self.start + sum(self.lengths)

    @property
    def n_values(self) -> int:
        return sum(map(math.prod, zip(self.sizes, self.lengths, strict=True)))

    @cached_property
    def blocks(self) -> list[slice]:
        ends = self.start + np.cumsum(self.lengths, dtype=int)
        return [slice(int(end) - length, int(end)) for end, length in zip(ends, self.lengths, strict=True)]

    def views(self, flat: Array) -> list[Array]:
        views, start = [], 0
        for size, length in zip(self.sizes, self.lengths, strict=True):
            views.append(flat[start : start + size * length].reshape(size, length))
            start += size * length
        return views

    @cached_property
    def _of_outputs(self) -> tuple[Array, Array, Array]:
        """For each column of the output: its column of codes, the length of the vectors, the first position."""
        sizes, lengths = np.array(self.sizes, dtype=np.intp), np.array(self.lengths, dtype=np.intp)
        starts = np.cumsum(sizes * lengths) - sizes * lengths
        within = np.concatenate([np.arange(length) for length in lengths] or [np.zeros(0, dtype=np.intp)])
        columns = np.array(self.columns, dtype=np.intp)
        return np.repeat(columns, lengths), np.repeat(lengths, lengths), np.repeat(starts, lengths) + within

    def places(self, codes: Array) -> Array:
        """Return the positions, shape (n, stop - start), of the values for rows of ``codes``, shape (n, n_columns)."""
        column, length, first = self._of_outputs
        places: Array = codes[:, column]
        places *= length
        places += first
        return places
