"""Prediction: computes the outputs of a fitted network, and its weights for raw inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Dense, Network, Rows, TableRows, Training, Units, fold_units, is_plain
from ..preprocessing import Inputs
from .chunks import forward_in_chunks, outputs_by_chunk

Arrays = list[tuple[np.ndarray, ...]]


def raw_outputs(
    attributes: dict[str, Any], X: Inputs, n_layers: int | None = None, training: Training | None = None, *,
    member: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Return raw outputs, shape (n, n_outputs), for rows ``X``, or the outputs of the first ``n_layers`` layers.

    ``attributes`` are those of the fitted estimator. Raw outputs are those of all members together, while outputs of
    hidden layers lie side by side. ``member`` is the number of a member whose outputs alone are returned. In
    regression, outputs for float64 rows are float64.
    """
    network, members, take, outputs = _prepared(attributes, X)
    members = members if member is None else [members[member]]
    z = forward_in_chunks(network, members, take, X.numbers.shape[0], n_layers, training)
    if n_layers is not None:
        return z
    if outputs is not None:
        return outputs.restore(z, X.numbers.dtype)
    numbers = network.loss.location_scale or network.loss.output_activation.name == "exp"
    return z.astype(np.promote_types(z.dtype, X.numbers.dtype), copy=False) if numbers else z


def decoded(attributes: dict[str, Any], X: Inputs, decode: Callable[[np.ndarray], Any]) -> list[Any]:
    """Return the labels that ``decode`` returns for the raw outputs of a classifier, for each chunk of the rows ``X``.

    With many classes, the raw outputs of all rows would need much more memory than the labels.
    """
    network, members, take, _ = _prepared(attributes, X)
    return [decode(z) for _, z in outputs_by_chunk(network, members, take, X.numbers.shape[0])]


def _prepared(
    attributes: dict[str, Any], X: Inputs
) -> tuple[Network, list[Arrays], Callable[[slice], Any], Units | None]:
    """Return the network, the arrays of each member, the reader of chunks of ``X``, and the units of the outputs."""
    network, gaps = attributes["_network"], attributes["_state"].gaps
    parameters, inputs, outputs = acting(attributes)
    dense = not isinstance(network.layers[0], Dense) or bool(gaps)
    rows = Rows(X.numbers, inputs, attributes["_state"].theta.dtype, dense=dense)
    take = _into_one_buffer(rows)
    if X.codes is not None or X.gaps or gaps:
        take = TableRows(rows, gaps, X.codes).take
    return network, [parameters, *attributes.get("_others", [])], take, outputs


def _into_one_buffer(rows: Rows) -> Callable[[slice], Any]:
    """Return a function that reads chunks of rows, the first of which is the largest, into the same memory.

    With new memory for each chunk, prediction takes a third longer.
    """
    buffer: np.ndarray | None = None

    def take(chunk: slice) -> Any:
        nonlocal buffer
        if buffer is None and not rows.sparse:
            buffer = np.empty((chunk.stop - chunk.start, rows.width), dtype=rows.dtype)
        return rows.take(chunk, None if buffer is None else buffer[: chunk.stop - chunk.start])

    return take


def acting(attributes: dict[str, Any]) -> tuple[Arrays, Units | None, Units | None]:
    """Return the arrays to predict with, and the units of their inputs and outputs.

    If the user has changed ``coefs_`` or ``intercepts_``, these are returned; they are for raw rows. If the user has
    only read them, the arrays of training are returned, because they are more precise.
    """
    arrays, (inputs, outputs) = attributes["_arrays"], units_of(attributes)
    if not {"coefs_", "intercepts_"} & attributes.keys():
        return arrays, inputs, outputs
    folded = fold_units(arrays, inputs, outputs)
    weights, biases = zip(*folded, strict=True)
    own = list(zip(attributes.get("coefs_", weights), attributes.get("intercepts_", biases), strict=True))
    if all(map(_same, own, folded)):
        return arrays, inputs, outputs
    pairs = iter(own)
    return [next(pairs) if array else () for array in arrays], None, None


def units_of(attributes: dict[str, Any]) -> tuple[Units | None, Units | None]:
    """Return the units of inputs and outputs; None for a model of release 0.1.0, whose arrays include them."""
    units: tuple[Units | None, Units | None] = attributes.get("_units", (None, None))
    return units


def weights_for_raw_inputs(attributes: dict[str, Any], name: str) -> dict[str, list[np.ndarray]]:
    """Return ``coefs_`` and ``intercepts_`` for raw inputs; ``name`` is the attribute that the user asked for.

    Raises
    ------
    AttributeError
        If weights and biases alone do not describe the network.
    """
    network: Network = attributes["_network"]
    inputs, outputs = units_of(attributes)
    state, clips = attributes["_state"], inputs is not None and inputs.bound < np.inf
    if not is_plain(network) or clips or state.gaps or state.n_members > 1:
        raise AttributeError(
            f"`{name}` does not exist for this network, {network}: weights and biases alone do not describe it. "
            "Use predict, or fit with n_members=1, embedding=None and standardize=True, and without "
            "categories, missing values and layer normalization."
        )
    folded = fold_units(attributes["_arrays"], inputs, outputs)
    if not all(np.isfinite(array).all() for own in folded for array in own):
        raise AttributeError(
            f"`{name}` must be finite, but overflows {folded[0][0].dtype} because it includes the scales of the data. "
            "Use predict, which applies the scales separately; or rescale the data, or use dtype='float64'."
        )
    return {"coefs_": [W for W, _ in folded], "intercepts_": [b for _, b in folded]}


def _same(own: tuple[Any, Any], folded: tuple[np.ndarray, np.ndarray]) -> bool:
    return all(mine is other or np.array_equal(mine, other) for mine, other in zip(own, folded, strict=True))
