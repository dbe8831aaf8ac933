"""Folding: the network to predict with, from the one that was trained.

At prediction batch normalization is a linear map, so it merges into the combination before it:
``gain (x W + b - m) / s + shift`` is ``x (W g) + (b - m) g + shift`` with ``g = gain / s``. Dropout stays
as it is: it does nothing there, unless asked to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Dense, Layer
from .network import Network
from .normalization import BatchNormalization, Nonlinearity

Array = NDArray[Any]
Arrays = tuple[Array, ...]


def fold_normalization(network: Network, parameters: list[Arrays]) -> tuple[Network, list[Arrays]]:
    """Return the network without batch normalization, and its arrays; those given are not changed."""
    layers: list[Layer] = []
    arrays: list[Arrays] = []
    for layer, own in zip(network.layers, parameters, strict=True):
        if isinstance(layer, BatchNormalization):
            gain, shift, mean, variance = own
            g = gain / np.sqrt(variance + layer.epsilon)
            W, b = arrays[-1]
            arrays[-1] = (W * g, (b - mean) * g + shift)
        elif isinstance(layer, Nonlinearity) and layers and isinstance(layers[-1], Dense):
            layers[-1] = replace(layers[-1], activation=layer.activation)
        else:
            layers.append(layer)
            arrays.append(own)
    return Network(tuple(layers), network.loss), arrays


def is_plain(network: Network) -> bool:
    """Whether nothing but `Dense` layers acts at prediction, so that weights and biases alone tell the function."""
    return all(isinstance(layer, Dense) or not layer.specs() for layer in network.layers)
