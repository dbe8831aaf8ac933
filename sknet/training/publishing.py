"""Publishing: from the state of training to the attributes of a fitted estimator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import Dense, Parameters, fold_normalization, is_plain
from ..preprocessing import rescale_outputs
from .state import State, rescale_first


def fitted_attributes(state: State, theta: np.ndarray, *, stopped_by_score: bool) -> dict[str, Any]:
    """Return the fitted attributes for parameters ``theta``, shape (n_parameters,), which may be the best or the last.

    The function is that on raw inputs: standardization and batch normalization are folded into weights and biases.

    Raises
    ------
    ValueError
        If the folded weights are not finite.
    """
    folded = Parameters(state.network.layout, theta.copy())
    with np.errstate(all="ignore"):
        rescale_first(state.network, folded.layers[0], state.inputs, None)
        rescale_outputs(*folded.layers[-1], state.outputs, None)
        network, arrays = fold_normalization(state.network, folded.layers)
    if not all(np.isfinite(array).all() for own in arrays for array in own):
        raise ValueError(
            f"The weights leave the range of {theta.dtype} with the scales of the data folded into them. "
            "Rescale the data, or use dtype='float64'."
        )
    attributes = {"_state": state, "_network": network, "_arrays": arrays, **_sizes(state), **_curves(state)}
    if is_plain(network):
        pairs = [own for own in arrays if own]
        attributes |= {"coefs_": [W for W, _ in pairs], "intercepts_": [b for _, b in pairs]}
    if stopped_by_score:
        attributes["best_loss_"] = None
    return attributes


def _sizes(state: State) -> dict[str, Any]:
    layers = state.network.layers
    widths = [layer.n_out for layer in layers if isinstance(layer, Dense)]
    return {
        "depth_": len(widths) - 1,
        "width_": max(widths[:-1], default=0),
        "n_layers_": len(widths) + 1,
        "n_outputs_": widths[-1],
        "n_parameters_": sum(math.prod(s.shape) for layer in layers for s in layer.specs() if s.learned),
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
    """Return the scores of the last metric and rows; that of `best` too, which may come from earlier rows."""
    scores = state.history.scores[state.judged_from :]
    return scores if state.best is None else [*scores, state.plateau.best]


def _largest(scores: list[float]) -> float | None:
    return max((score for score in scores if math.isfinite(score)), default=None)
