"""Planning: from constructor parameters to a stack of layers."""

from __future__ import annotations

from typing import Any

from .._parameters import (
    MAX_PARAMETERS,
    InvalidParameterError,
    activation_for,
    dropout_rates,
    hidden_activations,
    hidden_sizes,
)
from ..core import (
    ACTIVATIONS,
    BatchNormalization,
    Dense,
    Dropout,
    Layer,
    LayerNormalization,
    Loss,
    Network,
    Nonlinearity,
    PeriodicEmbedding,
    initializer_for,
)

_NORMALIZATIONS = {"batch": BatchNormalization, "layer": LayerNormalization}


def plan_network(
    p: dict[str, Any], n_inputs: int, n_outputs: int, loss: Loss, columns: tuple[int, ...] | None = None
) -> Network:
    """Return the network that the constructor parameters ``p`` ask for; ``columns`` are those to embed."""
    sizes = hidden_sizes(p)
    activations = hidden_activations(p, len(sizes))
    layers: list[Layer] = [PeriodicEmbedding(n_inputs, columns)] if columns else []
    n = layers[-1].n_out if layers else n_inputs
    for size, activation, rate in zip(sizes, activations, dropout_rates(p, len(sizes)), strict=True):
        initializer = initializer_for(p["initializer"], activation.name)
        if p["normalization"] is None:
            layers.append(Dense(n, size, activation, initializer))
        else:
            layers.append(Dense(n, size, ACTIVATIONS["identity"], initializer))
            layers += [_NORMALIZATIONS[p["normalization"]](size), Nonlinearity(size, activation)]
        if rate > 0.0:
            layers.append(Dropout(size, rate))
        n = size
    last = (activations or [activation_for(p["activation"])])[-1]
    initializer = initializer_for(p["initializer"], last.name)
    network = Network((*layers, Dense(n, n_outputs, ACTIVATIONS["identity"], initializer, order="F")), loss)
    if network.layout.size > MAX_PARAMETERS:
        raise InvalidParameterError(
            f"`width`, `depth` and `hidden_layer_sizes` must make at most {MAX_PARAMETERS} weights and biases, "
            f"got {network.layout.size} with layers of {n_inputs}, {', '.join(map(str, sizes[:5]))}... units. "
            "Take narrower or fewer layers."
        )
    return network
