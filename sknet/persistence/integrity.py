"""Integrity: checks whether the parts of a file agree with each other, before anything is done with them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from ..core import (
    Categories,
    Dense,
    Dropout,
    GroupedLogLoss,
    Loss,
    Network,
    PeriodicEmbedding,
    PiecewiseLinear,
    Quantile,
    Scaling,
    Units,
    is_plain,
    width_in,
)
from ..preprocessing import Columns, Data, Measured, Quartiles
from ..training import State, fitted_attributes


def _must(holds: Any, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} do not agree")


def check_state(state: Any) -> None:
    """Raise ValueError if the parts of a `State` do not agree."""
    _must(isinstance(state, State), "the parts of the training state")
    _check_network(state.network)
    theta, layers = state.theta, state.network.layers
    size = state.network.layout.size * state.n_members
    _must(state.n_members > 0, "the weights and the number of members")
    vectors = [state.theta, state.best, state.average]
    if state.optimizer is not None:
        vectors += [getattr(state.optimizer, f.name) for f in fields(state.optimizer) if "Array" in str(f.type)]
    for vector in vectors:
        _must(vector is None or _like(vector, (size,), theta.dtype), "weights and layers")
    _must(theta.dtype in (np.float32, np.float64), "weights and their dtype")
    columns = state.categories
    categories = layers[0].sizes if isinstance(layers[0], Categories) else ()
    _must(categories == (columns.sizes if columns is not None else ()), "the layers and the categories")
    n_numbers = width_in(layers[0]) - len(categories) - len(state.gaps)
    if columns is not None:
        _check_columns(columns)
        _must(len(columns.names) == n_numbers + len(categories), "the layers and the columns")
    _must(all(0 <= column < n_numbers for column in state.gaps), "the layers and the columns with missing values")
    for measured in (state.inputs, state.seen_inputs):
        _check_measured(measured, {n_numbers})
    for measured in (state.outputs, state.seen_outputs):
        _check_measured(measured, {layers[-1].n_out, 1})
        _must(measured is None or measured.bound == np.inf, "the outputs and the moments of the data")
    order = state.order
    rows_of_each = () if state.n_members == 1 else (state.n_members,)
    _must(order is None or (order.dtype.kind == "i" and order.shape[:-1] == rows_of_each), "the rows and their order")
    embedded = [layer.columns for layer in layers if isinstance(layer, (PeriodicEmbedding, PiecewiseLinear))]
    _must(embedded == ([state.columns] if state.columns else []), "the layers and the columns")


def check_state_fits(state: State, data: Data, gaps: tuple[int, ...], n_outputs: int, loss: Loss) -> None:
    """Raise ValueError if a `State` does not belong to a network for these rows."""
    layers, columns = state.network.layers, data.columns
    width = data.X.shape[1] + len(gaps) + (0 if columns is None else len(columns.categorical))
    _must(width_in(layers[0]) == width and layers[-1].n_out == n_outputs, "the layers and the rows")
    _must(state.categories == columns and state.gaps == gaps, "the categories and the rows")
    _must(state.network.loss == loss, "the network and its loss")


def _check_network(network: Network) -> None:
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    first = isinstance(network.layers[0], (Dense, Scaling, PeriodicEmbedding, PiecewiseLinear, Categories))
    _must(dense and first and network.layers[-1] is dense[-1], "the layers")
    width = width_in(network.layers[0])
    for layer in network.layers:
        _must(width_in(layer) == width > 0 and layer.n_out > 0, "the layers")
        if isinstance(layer, (PeriodicEmbedding, PiecewiseLinear)):
            columns = layer.columns
            _must(all(0 <= column < width for column in columns), "the layers and the columns")
            _must(len(set(columns)) == len(columns), "the layers and the columns")
        if isinstance(layer, Categories):
            _must(len(layer.sizes) == len(layer.lengths) and min((*layer.sizes, *layer.lengths)) > 0, "the layers")
        _must(not isinstance(layer, Scaling) or layer.bound > 0.0, "the layers")
        _must(not isinstance(layer, Dropout) or 0.0 <= layer.rate < 1.0, "the layers")
        width = layer.n_out
    loss = network.loss
    if isinstance(loss, GroupedLogLoss):
        _must(sum(loss.sizes) == width and min(loss.sizes) > 0, "the layers and the loss")
    if isinstance(loss, Quantile):
        _must(len(loss.levels) in (1, width), "the layers and the loss")


def _check_columns(columns: Columns) -> None:
    n, categorical = len(columns.names), columns.categorical
    lengths = {len(categorical), len(columns.levels), len(columns.shares)}
    _must(len(lengths) == 1 and len(set(categorical)) == len(categorical), "the categories")
    _must(all(0 <= column < n for column in categorical), "the categories and the columns")
    for levels, size in zip(columns.levels, columns.sizes, strict=True):
        _must(len(set(levels)) == len(levels) and size - len(levels) in (1, 2), "the categories and their levels")


_ROWS = {"values": 2, "ends": 2, "points": None}  # number of rows of the arrays that are matrices; None for any number


def _check_measured(measured: Measured, widths: set[int]) -> None:
    if measured is None:
        return
    for f in fields(measured):
        array = getattr(measured, f.name)
        if isinstance(array, np.ndarray):
            *rows, width = array.shape or (0,)
            fits = len(rows) == (f.name in _ROWS) and (not rows or _ROWS[f.name] in (None, rows[0]))
            _must(fits and width in widths and array.dtype == np.float64, "the layers and the moments of the data")
    if isinstance(measured, Quartiles):
        _must((measured.points is None) == (measured.ends is None) and measured.bound > 0.0, "the moments of the data")
    _must(isinstance(measured, Quartiles) or measured.weight > 0.0, "the moments of the data")


def _like(value: Any, shape: tuple[int, ...], dtype: Any) -> bool:
    return isinstance(value, np.ndarray) and value.shape == shape and value.dtype == dtype


def check_fitted(attributes: dict[str, Any]) -> None:
    """Raise ValueError if the estimator is fitted and its attributes do not agree."""
    if not {"_network", "_state", "_arrays"} & attributes.keys():
        return
    state = attributes["_state"]
    check_state(state)
    expected = fitted_attributes(state, state.published, stopped_by_score=False)
    new = {"_units", "_others", "n_members_", "stopping_reason_"}  # not in release 0.1.0
    _must(expected.keys() - new <= attributes.keys(), "the fitted attributes")
    if "_units" in attributes:
        _must(_same_units(attributes["_units"], expected["_units"]), "the moments of the data and the units")
    for name in ("_network", "depth_", "width_", "n_layers_", "n_outputs_"):
        _must(attributes[name] == expected[name], "the network and its sizes")
    arrays = attributes["_arrays"]
    _must(_shapes(arrays) == _shapes(expected["_arrays"]), "the network and its weights")
    others = attributes.get("_others", [])
    _must([_shapes(other) for other in others] == [_shapes(arrays)] * (state.n_members - 1), "the members")
    for i, name in enumerate(("coefs_", "intercepts_")):
        if name in attributes:
            folded = [own[i] for own in expected["_arrays"] if own]
            same = is_plain(expected["_network"]) and _shapes(attributes[name]) == _shapes(folded)
            _must(same, "the network and its weights")
    last = state.network.layers[-1]
    n_features = width_in(state.network.layers[0]) - len(state.gaps)
    _must(attributes["n_features_in_"] == n_features, "the network and the number of features")
    if "feature_names_in_" in attributes:
        names = attributes["feature_names_in_"]
        _must(_like(names, (n_features,), object), "the network and the names of the features")
        _must(all(isinstance(name, str) for name in names), "the names of the features")
    if "_labels" in attributes:
        labels, classes = attributes["_labels"], attributes["classes_"]
        _must(labels.n_outputs == last.n_out and labels.loss == state.network.loss, "the network and its classes")
        _must(len(classes) == len(labels.classes), "the classes")
        several = labels.kind == "multioutput"
        for left, right in zip(classes, labels.classes, strict=True) if several else [(classes, labels.classes)]:
            _must(left.ndim == 1 and np.array_equal(left, right), "the classes")
    else:
        _must(attributes["_n_targets"] in (last.n_out, 1), "the network and the number of targets")


def _same_units(units: Any, expected: tuple[Units | None, Units | None]) -> bool:
    """Whether the units are those of the state."""
    if not isinstance(units, tuple) or len(units) != 2:
        return False
    for one, other in zip(units, expected, strict=True):
        if not isinstance(one, Units) or other is None:
            if one is not other:
                return False
        elif (one.bound, one.sparse) != (other.bound, other.sparse) or not all(
            np.array_equal(a, b) for a, b in ((one.shift, other.shift), (one.scale, other.scale))
        ):
            return False
    return True


def _shapes(arrays: Any) -> list[Any]:
    return [
        _shapes(item) if isinstance(item, (list, tuple)) else (item.shape, np.dtype(item.dtype).kind) for item in arrays
    ]
