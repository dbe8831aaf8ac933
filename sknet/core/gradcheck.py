"""Gradient check: compares the gradients of backpropagation with numerical ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .batches import Batch
from .memory import Parameters
from .network import Network, add_penalty

Array = NDArray[Any]


def loss_and_gradient(network: Network, theta: Array, batch: Batch, alpha: float = 0.0) -> tuple[float, Array]:
    """Return the penalized loss at ``theta``, shape (size,), and its gradient in new memory."""
    parameters = Parameters(network.layout, theta.copy())  # a copy, because running averages change
    grad = Parameters(network.layout, np.zeros_like(theta))
    memory = network.workspace(len(batch.y), theta.dtype).rows(len(batch.y))
    loss = network.loss_and_gradient(parameters, grad, batch, memory)
    loss += add_penalty(parameters, grad, alpha / batch.total)
    return loss, grad.vector


def relative_error(
    network: Network,
    theta: Array,
    batch: Batch,
    alpha: float = 0.0,
    *,
    step: float = 1e-5,
    directions: Array | None = None,
) -> float:
    """Return the largest relative difference between analytic and numerical slopes.

    Parameters
    ----------
    network, theta, batch, alpha
        The network, its parameters (float64, shape (size,)), the rows and the L2 penalty for which to compare.
    step : float, default=1e-5
        Half the width of the central difference ``(L(theta + step v) - L(theta - step v)) / (2 step)``.
    directions : ndarray of shape (m, size) or None
        The directions v; None for all coordinate axes.

    Returns
    -------
    error : float
        ``max |analytic - numerical| / max(|analytic|, |numerical|, 1e-3 * largest slope)``.
    """
    if directions is None:
        directions = np.eye(theta.size)
    grad = loss_and_gradient(network, theta, batch, alpha)[1]
    analytic = directions @ grad
    numerical = np.empty_like(analytic)
    for i, v in enumerate(directions):
        above = loss_and_gradient(network, theta + step * v, batch, alpha)[0]
        below = loss_and_gradient(network, theta - step * v, batch, alpha)[0]
        numerical[i] = (above - below) / (2.0 * step)
    scale = np.maximum(np.maximum(np.abs(analytic), np.abs(numerical)), 1e-3 * np.abs(analytic).max())
    return float(np.max(np.abs(analytic - numerical) / np.maximum(scale, 1e-8)))
