"""Network columns: describes the layers of a network as the columns of a diagram."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier

from .._parameters import RULES
from .._settings import as_solver_can, checked
from ..automatic import Facts, resolved
from ..base import BaseMLP
from ..core import (
    LOSSES,
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    LayerNormalization,
    Network,
    Nonlinearity,
    PeriodicEmbedding,
    PiecewiseLinear,
    Scaling,
    width_in,
)
from ..training import plan_network, units_of


class Column(NamedTuple):
    """A layer: its number of units, its activation (None for the inputs), and notes on its other operations."""

    size: int
    activation: Activation | None = None
    notes: tuple[str, ...] = ()


def columns_of(network: Network, *, n_inputs: int | None = None, notes: tuple[str, ...] = ()) -> list[Column]:
    """Return inputs, hidden layers and outputs of a network.

    ``n_inputs`` is the number of columns of X, None for the number of inputs of the network. ``notes`` are the notes on
    the inputs.
    """
    *hidden, last = network.layers
    columns = [Column(width_in(network.layers[0]) if n_inputs is None else n_inputs, None, notes)]
    for layer in hidden:
        match layer:
            case Scaling() if np.isfinite(layer.bound):
                columns[-1] = _noted(columns[-1], "smooth clip")
            case PeriodicEmbedding() | PiecewiseLinear():
                columns[-1] = _noted(columns[-1], "embedding")
            case Dense():
                columns.append(Column(layer.n_out, layer.activation))
            case Nonlinearity():
                columns[-1] = columns[-1]._replace(activation=layer.activation)
            case BatchNormalization() | LayerNormalization():
                kind = "batch" if isinstance(layer, BatchNormalization) else "layer"
                columns[-1] = _noted(columns[-1], f"{kind} norm")
            case Dropout():
                columns[-1] = _noted(columns[-1], f"dropout {layer.rate:g}")
    return [*columns, Column(last.n_out, network.loss.output_activation)]


def _noted(column: Column, note: str) -> Column:
    return column._replace(notes=(*column.notes, note))


def inputs_of(net: BaseMLP) -> dict[str, Any]:
    """Return the arguments of `columns_of` about the inputs of an estimator, fitted or not."""
    notes = ("smooth clip",) if _clips_inputs(net) else ()
    if not net.__sklearn_is_fitted__():
        return {"notes": notes}
    categories, gaps = net._state.categories, net._state.gaps
    if categories is not None:
        notes = (f"{len(categories.categorical)} of categories", *notes)
    return {"n_inputs": net.n_features_in_, "notes": (*notes, *(("missing values",) if gaps else ()))}


def _clips_inputs(net: BaseMLP) -> bool:
    if net.__sklearn_is_fitted__():
        inputs, _ = units_of(vars(net))
        return inputs is not None and bool(np.isfinite(inputs.bound))
    return net.standardize == "robust"


def network_of(net: BaseMLP, n_features: Any, n_outputs: Any) -> Network:
    """Return the fitted network, or if ``net`` is not fitted, the network that it would fit to data of these sizes.

    What depends on other properties of the data is left out: automatic dropout, and columns that are categories.
    """
    if net.__sklearn_is_fitted__():
        for name, given, fitted in (
            ("n_features", n_features, net.n_features_in_), ("n_outputs", n_outputs, net.n_outputs_)
        ):  # fmt: skip
            if given is not None and given != fitted:
                raise ValueError(f"`{name}` must be {fitted} for this fitted network, or be left out, got {given!r}.")
        return net._state.network
    for name, given in (("n_features", n_features), ("n_outputs", n_outputs)):
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 1:
            raise ValueError(
                f"`{name}` must be an integer of at least 1 for a network that is not fitted, got {given!r}."
            )
    p = as_solver_can(checked({name: getattr(net, name) for name in RULES if hasattr(net, name)}))
    log_loss = LOSSES["binary_log_loss" if n_outputs == 1 else "log_loss"]
    loss = log_loss if is_classifier(net) else net._network_loss()
    p = resolved(p, Facts(1, 0, n_features, True, not is_classifier(net), False))
    columns = None if p["embedding"] is None else tuple(range(n_features))
    return plan_network(p, int(n_features), int(n_outputs), loss, columns)
