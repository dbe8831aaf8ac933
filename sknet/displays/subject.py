"""Subject: finds the network in an estimator, and the names and weights that displays show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._parameters import is_auto
from ..base import BaseMLP
from .canvas import MINUS

_FEW_LEVELS = 5  # quantiles, up to which all are written


def network_estimator(estimator: Any, caller: str, *, fitted: bool = True) -> BaseMLP:
    """Return the network in ``estimator``: itself, the last step of a pipeline, or the best estimator of a search."""
    inner = _found(estimator)
    if isinstance(inner, Pipeline):
        inner = inner.steps[-1][1]
    if not isinstance(inner, BaseMLP):
        raise TypeError(
            f"{caller} shows an MLPClassifierScratch or MLPRegressorScratch, a Pipeline that ends in one, or a fitted "
            f"search over either, got {estimator!r}."
        )
    if fitted:
        check_is_fitted(inner)
    return inner


def _found(estimator: Any) -> Any:
    return getattr(estimator, "best_estimator_", estimator)


def input_names(estimator: Any, net: BaseMLP) -> Sequence[str] | None:
    """Return the names of the inputs of ``net``, the network in ``estimator``; None if they have no names.

    These are the names of the columns in training, or the names that the steps before the network in a pipeline return.
    """
    inner = _found(estimator)
    if hasattr(net, "feature_names_in_"):
        return net.feature_names_in_
    try:
        return inner[:-1].get_feature_names_out() if isinstance(inner, Pipeline) else None
    except (AttributeError, ValueError):  # not fitted, or a step without names of its outputs
        return None


def output_names(net: BaseMLP) -> Sequence[str] | None:
    """Return the name of each output of a fitted network, a class or a quantile; None if outputs have no names."""
    if not net.__sklearn_is_fitted__():
        return None
    levels, classes = quantiles(net), getattr(net, "classes_", None)
    if levels:
        return [f"{level:g} quantile" for level in levels]
    return classes if isinstance(classes, np.ndarray) and len(classes) == net.n_outputs_ else None


def quantiles(net: BaseMLP) -> tuple[float, ...]:
    """Return the levels of the quantiles that a fitted network predicts; empty if it predicts something else."""
    loss = net._state.network.loss
    return loss.levels if loss.name == "quantile" else ()


def comparable_weights(estimator: BaseMLP) -> list[np.ndarray] | None:
    """Return the weights of each layer, for standardized inputs and targets if the estimator standardizes them.

    ``coefs_`` are for raw inputs: a feature in millimetres has weights a thousand times smaller than in metres. An
    input that was constant in training has standard deviation 0, and so weights 0. None if there are no ``coefs_``.
    """
    if not hasattr(estimator, "coefs_"):
        return None
    weights = [W.copy() for W in estimator.coefs_]
    inputs, outputs = estimator._state.inputs, estimator._state.outputs
    if inputs is not None:
        weights[0] *= np.sqrt(inputs.squares / inputs.weight)[:, None]
    if outputs is not None:
        weights[-1] /= outputs.scale
    return weights


def loss_name_of(net: BaseMLP) -> str:
    """Return the name of the loss of a fitted network, for an axis."""
    if is_classifier(net):
        return "log-loss"
    name, levels = net._state.network.loss.name.replace("_", " ").replace("squared", "half squared"), quantiles(net)
    if levels:
        few = len(levels) <= _FEW_LEVELS
        name = f"{name} {', '.join(f'{level:g}' for level in levels)}" if few else f"{len(levels)} quantiles"
    return name if net._state.outputs is None else f"{name},\ny standardized"


def score_name_of(net: BaseMLP) -> str:
    """Return the name of the validation score of a fitted network, for an axis."""
    scoring = net._state.chosen.get("scoring") if is_auto(net.scoring) else net.scoring
    if scoring is None:
        if is_classifier(net):
            return "accuracy"
        return "D² pinball" if quantiles(net) else "R²"
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    return f"{MINUS} loss" if name == "loss" else name.replace("_", " ")
