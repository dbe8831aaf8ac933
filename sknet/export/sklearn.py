"""scikit-learn: converts a fitted network to scikit-learn's own multi-layer perceptron."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import is_classifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_is_fitted

from .._compat import complete_mlp, has_log_link
from ..classifier import MLPClassifierScratch
from ..core import (
    ACTIVATIONS,
    Activation,
    Dense,
    LayerNormalization,
    PeriodicEmbedding,
    PiecewiseLinear,
    Quantile,
    Scaling,
)
from ..preprocessing import LabelEncoding
from ..regressor import MLPRegressorScratch
from ..training import units_of

_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
_SOLVERS = ("lbfgs", "sgd", "adam")
_LEARNING_RATES = ("constant", "invscaling", "adaptive")
_FITTED = (
    "classes_", "coefs_", "intercepts_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_",
    "feature_names_in_", "n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "validation_scores_",
    "best_validation_score_",
)  # fmt: skip


def to_sklearn(model: Any) -> MLPClassifier | MLPRegressor:
    """Return scikit-learn's own estimator that computes the same function.

    Its predictions are the same, and its pickle can be loaded without this package. It has the parameters that
    scikit-learn's estimator has too, but not the others, such as dropout. If it is trained further, scikit-learn's
    rules apply. A clone of it does not standardize, so it learns another model.

    Parameters
    ----------
    model : MLPClassifierScratch or MLPRegressorScratch
        The fitted estimator. It is not changed and shares no array with the result. All its hidden layers must have the
        same activation, ``"identity"``, ``"logistic"``, ``"tanh"`` or ``"relu"``. A classifier may be binary,
        multiclass or multilabel. A regressor may have any loss except several quantiles; a log link (Poisson, gamma)
        needs scikit-learn 1.7.

    Returns
    -------
    estimator : MLPClassifier or MLPRegressor
        The fitted estimator of `sklearn.neural_network`. The regressor's ``loss`` is ``"poisson"`` with a log link,
        else ``"squared_error"``, whatever loss the network was trained with.

    Raises
    ------
    ValueError
        If scikit-learn's estimator cannot compute the same function.
    TypeError
        If ``model`` is not a network of this package.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet import MLPClassifierScratch
    >>> from sknet.export import to_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = MLPClassifierScratch(depth=1, width=8, alpha=1.0, solver="lbfgs", random_state=0).fit(X, y)
    >>> twin = to_sklearn(clf)
    >>> type(twin).__name__, bool((twin.predict(X) == clf.predict(X)).all())
    ('MLPClassifier', True)
    """
    if not isinstance(model, (MLPClassifierScratch, MLPRegressorScratch)):
        raise TypeError(
            "to_sklearn takes a fitted MLPClassifierScratch or MLPRegressorScratch, "
            f"got {type(model).__name__}. If it is a pipeline, convert its last step."
        )
    check_is_fitted(model)
    twin = MLPClassifier() if isinstance(model, MLPClassifierScratch) else MLPRegressor()
    obstacle = _obstacle(model, twin)
    if obstacle:
        raise ValueError(f"scikit-learn's {type(twin).__name__} has no {obstacle}. Try sknet.export.to_onnx.")
    twin.set_params(**_parameters(model, twin))
    for name in _FITTED:
        if hasattr(model, name):
            setattr(twin, name, copy.deepcopy(getattr(model, name)))
    complete_mlp(twin, _all_labels(model._labels) if is_classifier(model) else None)
    return twin


def _hidden_activations(model: Any) -> list[Activation]:
    return [layer.activation for layer in model._network.layers if isinstance(layer, Dense)][:-1]


def _obstacle(model: Any, twin: Any) -> str | None:
    """Return what scikit-learn lacks to compute the network, None if it lacks nothing."""
    if not hasattr(model, "coefs_"):
        return _beyond_weights(model)
    activations, loss = _hidden_activations(model), model._network.loss
    for activation in activations:
        if activation not in [ACTIVATIONS[name] for name in _ACTIVATIONS]:
            return f"activation {activation.name!r}, only {', '.join(map(repr, _ACTIVATIONS))}"
    if len(set(activations)) > 1:
        return f"way to give hidden layers different activations, {[activation.name for activation in activations]}"
    if is_classifier(model):
        if model._labels.kind == "multioutput":
            return "support for several multiclass targets"
        return "probabilities for a single class" if len(model.classes_) == 1 else None
    if isinstance(loss, Quantile) and len(loss.levels) > 1:
        return "sorted outputs, as several quantiles need"
    return (
        "log link before scikit-learn 1.7" if loss.output_activation.name == "exp" and not has_log_link(twin) else None
    )


def _beyond_weights(model: Any) -> str:
    """Return what the network computes that weights and biases alone do not describe."""
    if model._state.categories is not None:
        columns = model._state.categories
        return f"categories, as in columns {', '.join(columns.names[j] for j in columns.categorical)}"
    if model._state.gaps:
        return "missing values, which this network has learned from"
    if model._state.n_members > 1:
        return f"mean of {model._state.n_members} networks, as n_members=1 has none"
    parts = (LayerNormalization, PeriodicEmbedding, PiecewiseLinear, Scaling)
    found = [str(layer) for layer in model._network.layers if isinstance(layer, parts)]
    inputs, _ = units_of(vars(model))
    if inputs is not None and np.isfinite(inputs.bound):
        found.append(f"smooth clip of inputs at {inputs.bound:g}")
    return found[0] if found else "standardization, and weights that include it would overflow their dtype"


def _parameters(model: Any, twin: Any) -> dict[str, Any]:
    """Return the constructor parameters that scikit-learn has too, with values that it accepts."""
    p = {name: getattr(model, name) for name in twin.get_params() if hasattr(model, name)}
    for name, known in (("solver", _SOLVERS), ("learning_rate", _LEARNING_RATES)):
        if p[name] not in known:
            del p[name]
    unknown = [name for name, value in p.items() if isinstance(value, str) and value == "auto" and name != "batch_size"]
    p = {name: value for name, value in p.items() if name not in unknown}
    p["hidden_layer_sizes"] = tuple(W.shape[1] for W in model.coefs_[:-1])
    p["activation"] = next((activation.name for activation in _hidden_activations(model)), "identity")
    if "loss" in p:
        p["loss"] = "poisson" if model.out_activation_ == "exp" else "squared_error"
    return p


def _all_labels(labels: LabelEncoding) -> Any:
    """Return targets that contain all labels, in the form of the targets that the classifier was fitted to."""
    if labels.kind != "multilabel":
        return labels.classes
    y = np.eye(labels.n_outputs, dtype=int)
    return sp.csr_matrix(y) if labels.sparse else y
