"""Units: standardize inputs and targets, and change the weights when the standardization changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Dense, Rows, TableRows, Targets, Values
from ..preprocessing import (
    Data,
    Measured,
    Quartiles,
    fits,
    input_units,
    measure_inputs,
    measure_outputs,
    rescale_inputs,
    rescale_outputs,
    same_units,
)
from .members import parameters_of
from .state import State
from .stopping import Plateau


def set_units(
    state: State, standardize: bool | str, data: Data, held_out: np.ndarray | None, *, new: bool, merge: bool
) -> None:
    """Set the units of the state from the rows of ``data``, except the validation rows ``held_out``.

    A ``new`` state gets the units of these rows. Later the parameters are changed with the units, so that the function
    of the network stays the same. With ``merge``, the rows are the next part of a stream. Then the units become those
    of all rows so far, but only if the units in use no longer fit, because a network does not learn well if its units
    change all the time.
    """
    weights = _without(data.weights, held_out, data.n_rows)
    inputs = measure_inputs(standardize, data.X, weights, state.seen_inputs if merge else None)
    columns = data.targets.columns if isinstance(data.targets, Values) else np.empty((0, 0))
    outputs = measure_outputs(standardize, columns, weights, state.network.loss)
    if new:
        state.inputs, state.outputs, state.seen_inputs, state.seen_outputs = inputs, outputs, inputs, outputs
        return
    _check_same_kind(state, inputs)
    if merge:
        state.seen_inputs = _merged(state.seen_inputs or state.inputs, inputs)
        state.seen_outputs = _merged(state.seen_outputs or state.outputs, outputs)
        inputs = state.inputs if fits(state.inputs, state.seen_inputs) else state.seen_inputs
        outputs = state.outputs if fits(state.outputs, state.seen_outputs) else state.seen_outputs
    else:
        state.seen_inputs, state.seen_outputs = inputs, outputs
        if not _linear_inputs(state):
            inputs = state.inputs  # no weights compute the same function in other units
    change_units(state, inputs, outputs, stream=merge)


def change_units(state: State, inputs: Measured, outputs: Measured, *, stream: bool = False) -> None:
    """Change the parameters for inputs and outputs in other units, so that the function of the network stays the same.

    It does not stay the same in the cases that `rescale_inputs` names, nor with an embedding or a smooth clip in a
    stream. Losses in other units of the targets are not compared with earlier losses.
    """
    for theta in (state.theta, state.best, state.average):
        for layers in [] if theta is None else [member.layers for member in parameters_of(state, theta)]:
            if _linear_inputs(state) and inputs is not state.inputs:
                rescale_inputs(*layers[0], state.inputs, inputs, stream=stream)
            if outputs is not state.outputs:
                rescale_outputs(*layers[-1], state.outputs, outputs)
    if state.stops_by in ("training loss", "loss") and not same_units(state.outputs, outputs):
        state.plateau = Plateau()
    state.inputs, state.outputs = inputs, outputs


def _linear_inputs(state: State) -> bool:
    return isinstance(state.network.layers[0], Dense) and not isinstance(state.inputs, Quartiles)


def _check_same_kind(state: State, inputs: Measured) -> None:
    nonlinear = not _linear_inputs(state) or isinstance(inputs, Quartiles)
    if nonlinear and type(inputs) is not type(state.inputs):
        raise ValueError(
            "warm_start and partial_fit continue with the network that was fitted. If it has an embedding, categories "
            "or standardize='robust', then `standardize` must stay as it was. Restore `standardize`, or set "
            "warm_start=False and call fit to start anew."
        )


def _merged(seen: Any, more: Any) -> Any:
    return more if seen is None or more is None or type(seen) is not type(more) else seen.merge(more)


def _without(weights: np.ndarray | None, held_out: np.ndarray | None, n: int) -> np.ndarray | None:
    """Return row weights that are 0 for the rows ``held_out``."""
    if held_out is None:
        return weights
    weights = np.ones(n) if weights is None else weights.copy()
    weights[held_out] = 0.0
    return weights


def rows_for(state: State, data: Data) -> Rows | TableRows:
    """Return the rows of ``data`` in the units of training."""
    dense = not isinstance(state.network.layers[0], Dense) or bool(state.gaps)
    rows = Rows(data.X, input_units(state.inputs), state.theta.dtype, dense=dense)
    return rows if data.codes is None and not data.gaps and not state.gaps else TableRows(rows, state.gaps, data.codes)


def targets_for(state: State, targets: Targets) -> Targets:
    """Return the targets in the units of training and in the dtype of the parameters."""
    if not isinstance(targets, Values) or targets.columns.dtype.kind != "f":
        return targets
    columns = targets.columns if state.outputs is None else state.outputs.standardized(targets.columns)
    return Values(np.ascontiguousarray(columns, dtype=state.theta.dtype))
