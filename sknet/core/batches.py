"""Batches: shuffle the rows of X and y, and copy each mini-batch into memory that is allocated once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .memory import Buffer, Memory, Workspace
from .rows import Index, Rows

Array = NDArray[Any]


class Batch(NamedTuple):
    """The rows of one update.

    ``x`` has shape (n, d) and may be sparse; ``y`` has shape (n, k). A row *has weight* if its weight is not zero.
    ``total`` is the number of rows that have weight, times the mean weight of all such rows of the data. ``w``, shape
    (n, 1), contains the weights divided by ``total``, or is None if there are no weights. So the weighted mean over the
    data is the mean over the mini-batches, in which each counts by its number of rows that have weight. ``silent``,
    shape (n,), marks the rows without weight, if there are any. Their values are set to zero, because 0 times inf is
    nan. ``share`` is the number of rows that have weight, divided by the mean number of such rows in a full mini-batch,
    but at most 1.
    """

    x: Any
    y: Array
    w: Array | None
    total: float
    silent: Array | None = None
    share: float = 1.0

    @property
    def n_weighted(self) -> int:
        """Number of rows that have weight."""
        return len(self.y) - (0 if self.silent is None else int(np.count_nonzero(self.silent)))


class Targets(Protocol):
    """Encoded targets, which `take` writes for one mini-batch at a time."""

    @property
    def width(self) -> int:
        """Number of columns."""

    def take(self, index: Index, out: Array) -> None:
        """Write the targets of the rows ``index`` to ``out``, shape (n, width), whose columns are contiguous."""


@dataclass(frozen=True)
class Values:
    """Targets that are numbers; ``columns``, shape (k, n), contains those of each output."""

    columns: Array

    @property
    def width(self) -> int:
        return len(self.columns)

    def take(self, index: Index, out: Array) -> None:
        if isinstance(index, slice) or self.columns.dtype != out.dtype:
            out.T[...] = self.columns[:, index]
        else:
            np.take(self.columns, index, axis=1, out=out.T, mode="clip")

    def mean(self, index: Index, weights: Array | None) -> Array:
        """Return the weighted mean of each output over the rows ``index``; ``weights`` contains those of all rows."""
        w = None if weights is None else weights[index]
        return np.array([np.average(column[index], weights=w) for column in self.columns], dtype=np.float64)


@dataclass(frozen=True)
class Codes:
    """Targets that are classes: ``codes`` contains their numbers, shape (n,), and `take` writes one-hot rows."""

    codes: Array
    n_classes: int

    @property
    def width(self) -> int:
        return self.n_classes

    @cached_property
    def _classes(self) -> Array:
        return np.arange(self.n_classes, dtype=self.codes.dtype)[:, None]

    def take(self, index: Index, out: Array) -> None:
        np.equal(self.codes[index], self._classes, out=out.T)

    def mean(self, index: Index, weights: Array | None) -> Array:
        """Return the weighted share of each class in the rows ``index``; ``weights`` contains those of all rows."""
        w = None if weights is None else weights[index]
        counts = np.bincount(self.codes[index], w, self.n_classes)
        return np.asarray(counts / counts.sum(), dtype=np.float64)


@dataclass(frozen=True)
class Stacked:
    """Several targets side by side."""

    parts: tuple[Targets, ...]

    @property
    def width(self) -> int:
        return sum(part.width for part in self.parts)

    def take(self, index: Index, out: Array) -> None:
        start = 0
        for part in self.parts:
            part.take(index, out[:, start : start + part.width])
            start += part.width


@dataclass(frozen=True)
class Smoothed:
    """Label smoothing: the share ``smoothing`` of each target is spread over the classes in proportion to ``shares``.

    ``shares``, shape (width,), contains the share of each class among the rows. So smoothing changes neither the mean
    of the targets nor the mean of the probabilities that are fitted to them.
    Szegedy et al. (2016), *Rethinking the inception architecture for computer vision*, section 7, eq. for ``q'(k)``
    with a distribution ``u(k)`` that need not be uniform.
    """

    targets: Targets
    smoothing: float
    shares: Array

    @property
    def width(self) -> int:
        return self.targets.width

    def take(self, index: Index, out: Array) -> None:
        self.targets.take(index, out)
        np.multiply(out, 1.0 - self.smoothing, out=out)
        np.add(out, (self.smoothing * self.shares).astype(out.dtype), out=out)


class Batches:
    """The training rows in mini-batches.

    Parameters
    ----------
    rows : Rows
        Inputs.
    targets : Targets
        Targets to learn.
    weights : ndarray of shape (n,) or None
        Weights of the rows, none of them negative.
    size : int
        Number of rows in a mini-batch; the last one may have fewer.
    order : ndarray of shape (m,) or None
        Numbers of the rows to use, in this order; `epoch` shuffles them in place. None for all rows in their own order.

    Attributes
    ----------
    total : float
        Sum of the weights of these rows, or their number if there are no weights.
    """

    def __init__(
        self, rows: Rows, targets: Targets, weights: Array | None, size: int, order: Array | None = None
    ) -> None:
        self.rows, self.targets, self.weights, self.order = rows, targets, weights, order
        self.n_rows = rows.n_rows if order is None else len(order)
        self.size = min(size, self.n_rows)
        self.total = float(self.n_rows)
        self._n_weighted = self.n_rows
        if weights is not None:
            own = weights if order is None else weights[np.sort(order)]  # the sum must not depend on the order
            self.total, self._n_weighted = float(own.sum()), int(np.count_nonzero(own))
        width = 0 if rows.sparse else rows.width
        buffers = Buffer("x", width), Buffer("y", targets.width, order="F"), Buffer("w", 1)
        self._workspace = Workspace([buffers], self.size, rows.dtype)
        self._whole: Batch | None = None

    def epoch(self, rng: np.random.RandomState | None) -> Iterator[Batch]:
        """Yield the mini-batches of one pass, except those without any row that has weight.

        If ``rng`` is given, the rows are shuffled first. Each mini-batch is overwritten by the next one. If one
        mini-batch contains all rows, it is gathered only once and not shuffled.
        """
        if self.size == self.n_rows:
            if self._whole is None:
                self._whole = self._gather(0, self.n_rows)
            if self._whole.total > 0.0:
                yield self._whole
            return
        if rng is not None and self.order is not None:
            rng.shuffle(self.order)
        for start in range(0, self.n_rows, self.size):
            batch = self._gather(start, min(start + self.size, self.n_rows))
            if batch.total > 0.0:
                yield batch

    def _gather(self, start: int, stop: int) -> Batch:
        index = slice(start, stop) if self.order is None else self.order[start:stop]
        memory: Memory = self._workspace.rows(stop - start)[0]
        x = self.rows.take(index, memory.x)
        self.targets.take(index, memory.y)
        if self.weights is None:
            return Batch(x, memory.y, None, float(stop - start), share=(stop - start) / self.size)
        own = self.weights[index]
        silent = own == 0.0
        n = len(own) - int(np.count_nonzero(silent))
        if n == 0:
            return Batch(x, memory.y, memory.w, 0.0, silent)
        part = n / self._n_weighted
        np.divide(own, self.total * part, out=memory.w[:, 0], casting="same_kind")
        batch = Batch(x, memory.y, memory.w, self.total * part, share=min(1.0, part * self.n_rows / self.size))
        return batch if n == len(own) else batch._replace(x=_without(x, silent, memory.x), silent=silent)


def _without(x: Any, silent: Array, out: Array) -> Any:
    """Return ``x`` with zeros in the rows marked ``silent``."""
    if not isinstance(x, np.ndarray):
        x.data = np.where(np.repeat(silent, np.diff(x.indptr)), x.dtype.type(0), x.data)
        return x
    if x is not out:
        np.copyto(out, x)
    out[silent] = 0.0
    return out
