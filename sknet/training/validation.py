"""Validation: computes loss and score of the validation rows after each epoch, in chunks of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..core import Network, Parameters, Quantile, Rows, Targets, Workspace, combine, in_chunks
from .chunks import rows_in_chunk
from .judging import Judge


class Judged(NamedTuple):
    """The metric and the rows of a validation score. Only scores with the same metric and rows may be compared.

    Attributes
    ----------
    metric : str or callable
        Name of the metric, or the user's scorer.
    rows : str
        Fingerprint of the rows and their weights.
    """

    metric: Any
    rows: str


class Validation:
    """The validation rows, and how they are scored.

    Parameters
    ----------
    network : Network
        The network that is validated.
    rows, targets, weights
        Rows, targets and weights of a separate validation set, or of all data of the fit.
    index : ndarray of row numbers, list of such, or None
        Numbers of the validation rows; None for all. With a list, each member has its own validation rows.
    judge : Judge, callable(theta) -> float, or None
        Computes the score, from the raw outputs of each chunk, or from all parameters; larger is better. None for the
        loss with its sign changed.
    judged : Judged, optional
        Metric and rows of the score.
    """

    def __init__(
        self,
        network: Network,
        rows: Rows,
        targets: Targets,
        weights: np.ndarray | None,
        index: np.ndarray | list[np.ndarray] | None,
        judge: Judge | Callable[[np.ndarray], float] | None,
        judged: Judged | None = None,
    ) -> None:
        self.network, self.rows, self.targets = network, rows, targets
        self._folds = [len(fold) for fold in index] if isinstance(index, list) else None
        self.index = index = np.concatenate(index) if isinstance(index, list) else index
        self.judge, self.judged = judge, judged
        self.n_rows = rows.n_rows if index is None else len(index)
        self._weights = weights if index is None or weights is None else weights[index]
        self._total = float(self.n_rows if weights is None else self._weights.sum())
        self._chunk = min(self.n_rows, rows_in_chunk(network))

    def evaluate(self, theta: np.ndarray) -> tuple[float, float]:
        """Return loss and score; the score is NaN if it or a raw output is not finite.

        They are those of the mean prediction of all members, or of each member on its own rows. ``theta`` contains the
        parameters of all members.
        """
        members = [Parameters(self.network.layout, part) for part in theta.reshape(-1, self.network.layout.size)]
        judge, loss, finite = self.judge, 0.0, True
        chunkwise = judge is not None and not callable(judge)
        if chunkwise:
            judge.start()
        workspace = Workspace([self.network.loss.buffers(self.network.layers[-1].n_out)], self._chunk, self.rows.dtype)
        for chunk, acting in self._chunks(members):
            index = chunk if self.index is None else self.index[chunk]
            n, weights = chunk.stop - chunk.start, None if self._weights is None else self._weights[chunk]
            z = self._raw_outputs(acting, index, n, weights)
            finite = finite and bool(np.isfinite(z).all())
            y = np.empty((n, self.targets.width), dtype=self.rows.dtype, order="F")
            self.targets.take(index, y)
            memory = workspace.rows(n)[0]
            w = None if weights is None else (weights / self._total).astype(self.rows.dtype)[:, None]
            part = self.network.loss.value_and_delta(z, y, w, np.empty_like(z), memory)
            loss += part * (n / self.n_rows) if w is None else part
            if chunkwise:
                judge.add(chunk, z, weights, memory)
        if judge is None:
            return loss, -loss
        if not finite:
            return loss, math.nan
        score = judge.score() if chunkwise else judge(theta)
        return loss, score if math.isfinite(score) else math.nan

    def _chunks(self, members: list[Parameters]) -> Iterator[tuple[slice, list[Parameters]]]:
        """Yield chunks of rows, each with the members that predict it."""
        if self._folds is None or len(members) == 1:
            size = max(1, self._chunk // len(members))  # the outputs of all members are in memory at the same time
            for chunk in in_chunks(self.n_rows, size):
                yield chunk, members
            return
        start = 0
        for member, n in zip(members, self._folds, strict=True):
            for chunk in in_chunks(n, self._chunk):
                yield slice(start + chunk.start, start + chunk.stop), [member]
            start += n

    def _raw_outputs(self, members: list[Parameters], index: Any, n: int, weights: np.ndarray | None) -> np.ndarray:
        x = np.empty((n, 0 if self.rows.sparse else self.rows.width), dtype=self.rows.dtype)
        x = self.rows.take(index, x)
        z = combine(np.stack([self.network.forward(theta.layers, x) for theta in members]), self.network.loss)
        if weights is not None:
            z[weights == 0.0] = 0.0  # 0 times inf would be nan
        if isinstance(self.network.loss, Quantile) and len(self.network.loss.levels) > 1:
            z.sort(axis=1)  # as predictions are
        return z
