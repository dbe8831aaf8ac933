"""Subject: what displays show of an estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..base import BaseMLP


def network_estimator(estimator: Any, caller: str, *, fitted: bool = True) -> BaseMLP:
    """Return the network in ``estimator``: itself, the last step of a pipeline, or the best one of a search."""
    inner = getattr(estimator, "best_estimator_", estimator)
    if isinstance(inner, Pipeline):
        inner = inner.steps[-1][1]
    if not isinstance(inner, BaseMLP):
        raise TypeError(
            f"{caller} shows an MLPClassifierScratch or MLPRegressorScratch, a Pipeline that ends in one, or a fitted "
            f"search over such, got {estimator!r}."
        )
    if fitted:
        check_is_fitted(inner)
    return inner


def comparable_weights(estimator: BaseMLP) -> list[np.ndarray] | None:
    """Return the weights of each layer, for inputs and targets in standard deviations where it standardizes those.

    ``coefs_`` are for raw inputs: a feature in millimetres has weights a thousand times smaller than in metres. An
    input that was constant in training has deviation 0, hence weights 0. None where there are no ``coefs_``.
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
