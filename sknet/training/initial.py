"""Initial: what the data say of the values that training starts from, beside the draw of the weights."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from ..core import PiecewiseLinear, Rows
from ..preprocessing import Data, input_units
from .members import parameters_of
from .state import State

_RAREST = 1e-6  # share of a class, whose logarithm must be finite


def start_at_the_data(state: State, data: Data, held_out: np.ndarray | None) -> None:
    """Give a new state the edges of its embedding, and output biases at which each class has its share.

    ``held_out`` are the rows that do not count.
    """
    weights = np.ones(data.n_rows) if data.weights is None else data.weights.copy()
    if held_out is not None:
        weights[held_out] = 0.0
    embeddings = [i for i, layer in enumerate(state.network.layers) if isinstance(layer, PiecewiseLinear)]
    edges = [_edges(state, data, j, weights) for j in state.columns or ()]
    biases = _biases(state, data, weights)
    for parameters in parameters_of(state, state.theta):
        for i in embeddings:
            state.network.layers[i].set_edges(parameters.layers[i], edges)
        if biases is not None:
            parameters.layers[-1][1][...] = biases
    if state.average is not None:
        np.copyto(state.average, state.theta)


def _edges(state: State, data: Data, j: int, weights: np.ndarray) -> np.ndarray:
    """Return the edges of the bins of one column, in units of training: all its values if they are few, or quantiles."""
    layer = next(layer for layer in state.network.layers if isinstance(layer, PiecewiseLinear))
    if j >= data.X.shape[1]:  # an indicator of gaps
        return np.array([0.0, 1.0])
    there = (weights > 0.0) & ~np.isnan(data.X[:, j])
    column, weights = data.X[there, j], weights[there]
    values = np.unique(column)
    if len(values) > layer.n_bins + 1:
        order = np.argsort(column, kind="stable")
        up_to = np.cumsum(weights[order])
        shares = np.linspace(0.0, 1.0, layer.n_bins + 1)
        values = column[order[np.searchsorted(up_to, shares * up_to[-1] * (1.0 - 1e-12))]]
    if len(values) == 0:
        return np.array([0.0, 1.0])
    edges = np.zeros((len(values), data.X.shape[1]), dtype=data.X.dtype)
    edges[:, j] = values
    edges = np.unique(Rows(edges, input_units(state.inputs), state.theta.dtype).take(slice(None))[:, j])
    return edges.astype(np.float64) if len(edges) > 1 else edges[0] + np.array([0.0, 1.0])


def _biases(state: State, data: Data, weights: np.ndarray) -> np.ndarray | None:
    """Return the raw outputs of the shares of the classes, None for a loss of numbers."""
    link = state.network.loss.output_activation.name
    if link not in ("softmax", "logistic"):
        return None
    shares = np.clip(data.targets.mean(slice(None), weights), _RAREST, 1.0 - _RAREST)
    return np.log(shares) if link == "softmax" else logit(shares)
