"""Presets: named sets of constructor parameters, as dictionaries that can be printed and changed."""

from __future__ import annotations

from typing import Any

_SCIKIT_LEARN: dict[str, Any] = {
    "hidden_layer_sizes": (100,),
    "learning_rate": "constant",
    "learning_rate_init": 0.001,
    "max_iter": 200,
    "beta_2": 0.999,
    "standardize": False,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "early_stopping": False,
    "n_iter_no_change": 11,
    "tol": 1e-4,
    "scoring": None,
    "n_members": 1,
    "averaging": 0.0,
    "embedding": None,
    "dtype": None,
}


_TABULAR: dict[str, Any] = {
    "n_members": 8,
    "width": 96,
}


def tabular(kind: str) -> dict[str, Any]:
    """Return parameters for a little more accurate regression than the defaults, in about five times the time.

    Twice as many members are trained, each half as wide again, with more dropout and a smaller learning rate.

    Parameters
    ----------
    kind : {"classification", "regression"}
        For `MLPClassifierScratch` or `MLPRegressorScratch`.

    Returns
    -------
    parameters : dict
        Constructor parameters, a new dictionary at each call.

    Raises
    ------
    ValueError
        If ``kind`` is neither of the two.

    Examples
    --------
    >>> from sknet import MLPRegressorScratch, presets
    >>> MLPRegressorScratch(**presets.tabular("regression") | {"width": 64}).width
    64
    """
    return _for(kind, _TABULAR, {"dropout": 0.15, "learning_rate_init": 0.005}, {"learning_rate_init": 0.008})


def scikit_learn(kind: str) -> dict[str, Any]:
    """Return scikit-learn's own defaults, wherever those here differ.

    With them and ``batch_size=min(200, n_samples)``, the same seed gives the weights that scikit-learn gives, up to
    rounding, except for the differences that `sknet/DIFFERENCES.md` lists. Its ``n_iter_no_change=10`` stops after 11
    epochs, so it is 11 here.

    Parameters
    ----------
    kind : {"classification", "regression"}
        For `MLPClassifierScratch` or `MLPRegressorScratch`.

    Returns
    -------
    parameters : dict
        Constructor parameters, a new dictionary at each call.

    Raises
    ------
    ValueError
        If ``kind`` is neither of the two.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from sknet import MLPClassifierScratch, presets
    >>> X, y = load_iris(return_X_y=True)
    >>> parameters = presets.scikit_learn("classification") | {"batch_size": 150, "random_state": 0}
    >>> ours = MLPClassifierScratch(**parameters).partial_fit(X, y, classes=[0, 1, 2])
    >>> theirs = MLPClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    >>> np.allclose(ours.coefs_[0], theirs.coefs_[0])
    True
    """
    return _for(kind, _SCIKIT_LEARN, {"label_smoothing": 0.0})


def _for(kind: str, common: dict[str, Any], classification: Any = (), regression: Any = ()) -> dict[str, Any]:
    if kind not in ("classification", "regression"):
        raise ValueError(f"`kind` must be 'classification' or 'regression', got {kind!r}.")
    return common | dict(classification if kind == "classification" else regression)
