"""Validation: loss and score on rows that are not trained on, after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Network, Rows, Targets, Workspace
from .chunks import forward_in_chunks


class Validation:
    """Rows to validate on.

    Parameters
    ----------
    network : Network
        What is validated.
    rows, targets, weights
        Data; all rows of a validation set of its own, or of the training data.
    index : ndarray of row numbers, or None
        The rows to use; None means all.
    score : callable(z) -> float, or None
        Score of raw outputs, the larger the better; None stands for the loss with its sign changed.
    """

    def __init__(
        self,
        network: Network,
        rows: Rows,
        targets: Targets,
        weights: np.ndarray | None,
        index: np.ndarray | None,
        score: Callable[[np.ndarray], float] | None,
    ) -> None:
        self.network, self.rows, self.index, self.score = network, rows, index, score
        self.n_rows = rows.n_rows if index is None else len(index)
        chosen = slice(0, self.n_rows) if index is None else index
        self._y = np.empty((self.n_rows, targets.width), dtype=rows.dtype, order="F")
        targets.take(chosen, self._y)
        self._w, self._silent = None, None
        if weights is not None:
            w = weights[chosen]
            self._w, self._silent = (w / w.sum()).astype(rows.dtype)[:, None], np.flatnonzero(w == 0.0)

    def evaluate(self, parameters: list[tuple[np.ndarray, ...]]) -> tuple[float, float]:
        """Return loss and score; the score is NaN where raw outputs are not finite."""
        z = forward_in_chunks(self.network, parameters, self._take, self.n_rows)
        if self._silent is not None:
            z[self._silent] = 0.0  # whatever it was: 0 times inf must not be nan
        buffers = self.network.loss.buffers(z.shape[1])
        memory = Workspace([buffers], self.n_rows, z.dtype).rows(self.n_rows)[0]
        loss = self.network.loss.value_and_delta(z, self._y, self._w, np.empty_like(z), memory)
        if self.score is None:
            return loss, -loss
        return loss, self.score(z) if np.isfinite(z).all() else np.nan

    def _take(self, chunk: slice) -> Any:
        width = 0 if self.rows.sparse else self.rows.width
        out = np.empty((chunk.stop - chunk.start, width), dtype=self.rows.dtype)
        return self.rows.take(chunk if self.index is None else self.index[chunk], out)
