"""Chunks: predict a limited number of rows at a time, so that memory is bounded and products fit into the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Network, Training, combine, in_chunks, width_in

CHUNK_ELEMENTS = 2**17
LEAST_ROWS = 1024  # in larger products, threads of BLAS wait for each other less often
FEWEST_ROWS = 64  # for rows of many columns; each chunk reads all weights once


def rows_in_chunk(network: Network, n_layers: int | None = None) -> int:
    """Return how many rows to pass through a network, or its first ``n_layers`` layers, at a time."""
    n_inputs = width_in(network.layers[0])
    widest = max(*(layer.n_out for layer in network.layers[:n_layers]), n_inputs)
    return min(max(LEAST_ROWS, CHUNK_ELEMENTS // widest), max(FEWEST_ROWS, 2 * CHUNK_ELEMENTS // n_inputs))


def forward_in_chunks(
    network: Network,
    members: list[list[tuple[np.ndarray, ...]]],
    take: Callable[[slice], Any],
    n: int,
    n_layers: int | None = None,
    training: Training | None = None,
) -> np.ndarray:
    """Return raw outputs of all ``members`` together, shape (n, n_outputs), for the rows that ``take`` reads.

    If ``n_layers`` is given, return the outputs of the first ``n_layers`` layers; those of the members lie side by
    side.
    """

    def forward(chunk: slice) -> np.ndarray:
        x = take(chunk)
        if len(members) == 1:
            return network.forward(members[0], x, n_layers, training)
        outputs = [network.forward(parameters, x, n_layers, training) for parameters in members]
        return combine(np.stack(outputs), network.loss) if n_layers is None else np.hstack(outputs)

    if n <= FEWEST_ROWS or n <= (size := rows_in_chunk(network, n_layers)):
        return forward(slice(0, n))
    width = network.layers[:n_layers][-1].n_out * (1 if n_layers is None else len(members))
    z = np.empty((n, width), dtype=members[0][0][-1].dtype)
    for chunk in in_chunks(n, size):
        z[chunk] = forward(chunk)
    return z
