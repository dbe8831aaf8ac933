"""Prediction in chunks of rows: bounded memory, and products that stay in a core's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import gen_batches

from ..core import Network, Training, width_in

CHUNK_ELEMENTS = 2**17
LEAST_ROWS = 1024  # threads of BLAS wait for each other less often in larger products
FEWEST_ROWS = 64  # of many columns: the weights are read once a chunk


def rows_in_chunk(network: Network, n_layers: int | None = None) -> int:
    """Return how many rows to put through a network, or its first ``n_layers``, at once."""
    n_inputs = width_in(network.layers[0])
    widest = max(*(layer.n_out for layer in network.layers[:n_layers]), n_inputs)
    return min(max(LEAST_ROWS, CHUNK_ELEMENTS // widest), max(FEWEST_ROWS, 2 * CHUNK_ELEMENTS // n_inputs))


def forward_in_chunks(
    network: Network,
    parameters: list[tuple[np.ndarray, ...]],
    take: Callable[[slice], Any],
    n: int,
    n_layers: int | None = None,
    training: Training | None = None,
) -> np.ndarray:
    """Return raw outputs, shape (n, n_outputs), for rows read by ``take``; those of the first ``n_layers`` if given."""
    layers = network.layers[:n_layers]
    if n <= FEWEST_ROWS or n <= (size := rows_in_chunk(network, n_layers)):
        return network.forward(parameters, take(slice(0, n)), n_layers, training)
    z = np.empty((n, layers[-1].n_out), dtype=parameters[0][0].dtype)
    for chunk in gen_batches(n, size):
        z[chunk] = network.forward(parameters, take(chunk), n_layers, training)
    return z
