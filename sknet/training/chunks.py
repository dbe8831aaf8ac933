"""Chunks: predict a limited number of rows at a time, so that memory is bounded and products fit into the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core import Network, Training, combine, in_chunks, width_in

CHUNK_ELEMENTS = 2**17
LEAST_ROWS = 1024  # in larger products, threads of BLAS wait for each other less often
FEWEST_ROWS = 64  # for rows of many columns or outputs; each chunk reads all weights once


def rows_in_chunk(network: Network, n_layers: int | None = None, n_members: int = 1) -> int:
    """Return how many rows to pass through each member, or its first ``n_layers`` layers, at a time."""
    layers = network.layers[:n_layers]
    n_inputs, n_outputs = width_in(network.layers[0]), layers[-1].n_out * n_members
    widest = max(*(layer.n_out for layer in layers), n_inputs)
    most = max(FEWEST_ROWS, 2 * CHUNK_ELEMENTS // max(n_inputs, n_outputs))
    return min(max(LEAST_ROWS, CHUNK_ELEMENTS // widest), most)


def outputs_by_chunk(
    network: Network,
    members: list[list[tuple[np.ndarray, ...]]],
    take: Callable[[slice], Any],
    n: int,
    n_layers: int | None = None,
    training: Training | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield chunks of the rows that ``take`` reads, with the raw outputs of all ``members``, shape (rows, n_outputs).

    If ``n_layers`` is given, yield the outputs of the first ``n_layers`` layers; those of the members lie side by side.
    """
    size = n if n <= FEWEST_ROWS else rows_in_chunk(network, n_layers, len(members))
    for chunk in in_chunks(n, size):
        x = take(chunk)
        outputs = [network.forward(parameters, x, n_layers, training) for parameters in members]
        if len(members) == 1:
            yield chunk, outputs[0]
        else:
            yield chunk, combine(np.stack(outputs), network.loss) if n_layers is None else np.hstack(outputs)


def forward_in_chunks(
    network: Network,
    members: list[list[tuple[np.ndarray, ...]]],
    take: Callable[[slice], Any],
    n: int,
    n_layers: int | None = None,
    training: Training | None = None,
) -> np.ndarray:
    """Return the outputs that `outputs_by_chunk` yields as one array."""
    chunks = outputs_by_chunk(network, members, take, n, n_layers, training)
    first, outputs = next(chunks)
    if first.stop == n:
        return outputs
    z = np.empty((n, outputs.shape[1]), dtype=outputs.dtype)
    z[first] = outputs
    for chunk, outputs in chunks:
        z[chunk] = outputs
    return z
