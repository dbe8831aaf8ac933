"""Folding: merges normalization and the units of the data into weights and biases, for prediction.

At prediction batch normalization is a linear map, so it merges into the dense layer before it:
``gain (x W + b - m) / s + shift`` is ``x (W g) + (b - m) g + shift`` with ``g = gain / s``. Dropout layers stay,
because `sample_predictions` needs them. The units of inputs and outputs are linear, too. They merge into the first and
the last layer.
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
    """Return the network without batch normalization, and its parameters. The arguments are not changed."""
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
    """Whether only `Dense` layers act at prediction, so that weights and biases describe the whole function."""
    return all(isinstance(layer, Dense) or not layer.specs() for layer in network.layers)


def fold_units(parameters: list[Arrays], inputs: Units | None, outputs: Units | None) -> list[Arrays]:
    """Return weights and biases that compute raw outputs in the units of the data from raw inputs.

    ``parameters`` are those of a plain network (`is_plain`), whose inputs and outputs are in the given units. The
    arrays between the first and the last layer do not change and are not copied. Products are computed in float64. The
    result has the dtype of ``parameters``, and may overflow in it.
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
