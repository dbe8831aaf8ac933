"""Folding: the network to predict with, from the one that was trained.

At prediction batch normalization is a linear map, so it merges into the combination before it:
``gain (x W + b - m) / s + shift`` is ``x (W g) + (b - m) g + shift`` with ``g = gain / s``. Dropout stays
as it is: it does nothing there, unless asked to. The units of inputs and outputs are linear, too: weights and biases
for raw data have them folded in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Dense, Layer
from .network import Network
from .normalization import BatchNormalization, Nonlinearity
from .rows import Units

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


def fold_units(parameters: list[Arrays], inputs: Units | None, outputs: Units | None) -> list[Arrays]:
    """Return weights and biases that act on raw inputs and give raw outputs in the units of the data.

    ``parameters`` are those of a plain network whose inputs and outputs have the given units. Arrays that stay what
    they are, those between first and last layer, are not copied. Products are float64; the result has the dtype given,
    and may have left its range.
    """
    folded = [own for own in parameters if own]
    dtype = folded[0][0].dtype
    with np.errstate(all="ignore"):
        if inputs is not None:
            W, b = (array.astype(np.float64) for array in folded[0])
            W /= inputs.scale[:, None]
            folded[0] = W, b - inputs.shift @ W
        if outputs is not None:
            W, b = folded[-1]
            folded[-1] = W * outputs.scale, b * outputs.scale + outputs.shift
        return [(W.astype(dtype, copy=False), b.astype(dtype, copy=False)) for W, b in folded]
