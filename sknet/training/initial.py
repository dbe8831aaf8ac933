"""Initial: the initial values that depend on the data. All other initial weights are drawn at random."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from ..core import PiecewiseLinear, Rows
from ..preprocessing import Data, input_units
from .members import parameters_of
from .state import State

_RAREST = 1e-6  # smallest share of a class, so that its logarithm is finite


def start_at_the_data(state: State, data: Data, held_out: np.ndarray | None) -> None:
    """Set the edges of the embedding of a new state, and the output biases that predict the share of each class.

    ``held_out`` contains the validation rows, which are not used.
    """
    weights = np.ones(data.n_rows) if data.weights is None else data.weights.copy()
    if held_out is not None:
        weights[held_out] = 0.0
    embeddings = [i for i, layer in enumerate(state.network.layers) if isinstance(layer, PiecewiseLinear)]
    edges = [_edges(state, data, j, weights) for j in state.columns or ()] if embeddings else []
    biases = _biases(state, data, weights)
    for parameters in parameters_of(state, state.theta):
        for i in embeddings:
            state.network.layers[i].set_edges(parameters.layers[i], edges)
        if biases is not None:
            parameters.layers[-1][1][...] = biases
    if state.average is not None:
        np.copyto(state.average, state.theta)


def _edges(state: State, data: Data, j: int, weights: np.ndarray) -> np.ndarray:
    """Return the edges of the bins of one column, in the units of training."""
    if j >= data.X.shape[1]:  # an indicator of missing values
        return np.array([0.0, 1.0])
    (layer,) = (layer for layer in state.network.layers if isinstance(layer, PiecewiseLinear))
    there = (weights > 0.0) & ~np.isnan(data.X[:, j])
    rows = np.zeros((layer.n_bins + 1, data.X.shape[1]), dtype=data.X.dtype)
    found = bin_edges(data.X[there, j], weights[there], layer.n_bins)
    rows[: len(found), j] = found
    edges = np.unique(Rows(rows[: len(found)], input_units(state.inputs), state.theta.dtype).take(slice(None))[:, j])
    return edges.astype(np.float64) if len(edges) > 1 else edges[:1].sum() + np.array([0.0, 1.0])


def bin_edges(column: np.ndarray, weights: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the increasing edges of at most ``n_bins`` bins: all values if they are few, else quantiles.

    A value with more weight than a bin is an edge by itself; the quantiles are those of the other rows.
    """
    values, of_value = np.unique(column, return_inverse=True)
    if len(values) <= n_bins + 1:
        return values
    total = np.bincount(of_value, weights)
    heavy = total > total.sum() / n_bins
    light, up_to = values[~heavy], np.cumsum(total[~heavy])
    shares = np.linspace(0.0, 1.0, max(n_bins - np.count_nonzero(heavy), 2) + 1)
    quantiles = light[np.searchsorted(up_to, shares * up_to[-1] * (1.0 - 1e-12))]
    return np.union1d(values[heavy], quantiles)[: n_bins + 1]


def _biases(state: State, data: Data, weights: np.ndarray) -> np.ndarray | None:
    """Return the raw outputs for which predictions are the shares of the classes, or None for regression."""
    link = state.network.loss.output_activation.name
    if link not in ("softmax", "logistic"):
        return None
    shares = np.clip(data.targets.mean(slice(None), weights), _RAREST, 1.0 - _RAREST)
    return np.log(shares) if link == "softmax" else logit(shares)
