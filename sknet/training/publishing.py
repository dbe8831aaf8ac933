"""Publishing: makes the attributes of a fitted estimator from the state of training."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from ..core import OTHER, Dense, Network, fold_normalization, n_learned
from ..preprocessing import input_units, output_units
from .members import parameters_of
from .state import State


def fitted_attributes(state: State, theta: np.ndarray, *, stopped_by_score: bool) -> dict[str, Any]:
    """Return the fitted attributes for ``theta``, shape (n_parameters,), the best or the last parameters.

    Weights and biases include batch normalization; they are for rows in the units of training.

    Raises
    ------
    ValueError
        If predictions would not be finite.
    """
    units = input_units(state.inputs), output_units(state.outputs)
    with np.errstate(all="ignore"):
        members = [_folded(state, parameters.layers) for parameters in parameters_of(state, theta.copy())]
    network, arrays = members[0]
    others = [other for _, other in members[1:]]
    if not all(np.isfinite(array).all() for own in arrays for array in own):
        raise ValueError(
            f"The weights must be finite, but overflow {theta.dtype} because they include batch normalization. "
            "Rescale the data, or use dtype='float64'."
        )
    attributes = {"_state": state, "_network": network, "_arrays": arrays, "_others": others, "_units": units}
    attributes |= {**_sizes(state), **_curves(state), "stopping_reason_": state.stopping_reason}
    attributes |= {f"{name}_": copy.deepcopy(value) for name, value in state.settings.items()}
    if stopped_by_score:
        attributes["best_loss_"] = None
    return attributes


def _folded(state: State, layers: list[tuple[np.ndarray, ...]]) -> tuple[Network, list[tuple[np.ndarray, ...]]]:
    """Return the network that a member predicts with, and its arrays."""
    if state.categories is not None:
        _fill_in_other(state, layers[0])
    return fold_normalization(state.network, layers)


def _fill_in_other(state: State, tables: tuple[np.ndarray, ...]) -> None:
    """Set the vector of `OTHER` to the weighted mean of its column, if no training row has this code."""
    categories = state.network.layers[0]
    for column, shares in enumerate(state.categories.shares):
        if shares[OTHER] == 0.0:
            categories.set_other(tables, column, np.asarray(shares))


def _sizes(state: State) -> dict[str, Any]:
    layers = state.network.layers
    widths = [layer.n_out for layer in layers if isinstance(layer, Dense)]
    return {
        "depth_": len(widths) - 1,
        "width_": max(widths[:-1], default=0),
        "n_layers_": len(widths) + 1,
        "n_outputs_": widths[-1],
        "n_members_": state.n_members,
        "n_parameters_": state.n_members * sum(map(n_learned, layers)),
        "out_activation_": state.network.loss.output_activation.name,
    }


def _curves(state: State) -> dict[str, Any]:
    history = state.history
    validated = history.scores is not None
    return {
        "n_iter_": state.n_epochs,
        "t_": state.clock.samples,
        "loss_": history.loss[-1] if history.loss else np.inf,
        "best_loss_": min(history.loss, default=np.inf),
        "loss_curve_": list(history.loss),
        "penalty_curve_": list(history.penalty),
        "learning_rate_curve_": list(history.rate),
        "validation_loss_curve_": list(history.validation_loss) if validated else None,
        "validation_scores_": list(history.scores) if validated else None,
        "best_validation_score_": _largest(_comparable_scores(state)) if validated else None,
    }


def _comparable_scores(state: State) -> list[float]:
    """Return the scores of the last metric and rows, and that of `best`, which may be from an earlier call."""
    scores = state.history.scores[state.judged_from :]
    return scores if state.best is None else [*scores, state.plateau.best]


def _largest(scores: list[float]) -> float | None:
    return max((score for score in scores if math.isfinite(score)), default=None)
