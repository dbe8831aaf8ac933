"""Planning: builds the layers of the network from constructor parameters."""

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
    Categories,
    Dense,
    Dropout,
    Layer,
    LayerNormalization,
    Loss,
    Network,
    Nonlinearity,
    PeriodicEmbedding,
    PiecewiseLinear,
    initializer_for,
)

LARGEST_ONE_HOT, CATEGORY_VALUES = 32, 8  # most levels that are one-hot; length of learned vectors
_ADAPTIVE, _SLOWLY = ("adam", "rmsprop", "adagrad"), 0.5  # solvers with a smaller factor of these vectors
_NORMALIZATIONS = {"batch": BatchNormalization, "layer": LayerNormalization}


def plan_network(
    p: dict[str, Any], n_inputs: int, n_outputs: int, loss: Loss, columns: tuple[int, ...] | None = None,
    sizes_of_codes: tuple[int, ...] = (),
) -> Network:  # fmt: skip
    """Return the network of the constructor parameters ``p``.

    Its inputs are ``n_inputs`` numbers, of which ``columns`` are embedded, and one column of codes for each entry of
    ``sizes_of_codes``, which is the number of codes of this column.
    """
    sizes = hidden_sizes(p)
    activations = hidden_activations(p, len(sizes))
    layers: list[Layer] = []
    n = n_inputs
    if sizes_of_codes:
        lengths = tuple(size if size - 1 <= LARGEST_ONE_HOT else CATEGORY_VALUES for size in sizes_of_codes)
        layers.append(Categories(n, sizes_of_codes, lengths, strength=_SLOWLY if p["solver"] in _ADAPTIVE else 1.0))
        n = layers[-1].n_out
    if columns:
        periodic = p["embedding"] == "periodic"
        strength = p.get("strength", 1.0)
        layers.append(PeriodicEmbedding(n, columns) if periodic else PiecewiseLinear(n, columns, strength=strength))
        n = layers[-1].n_out
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
