"""Presets: named sets of constructor parameters, as dictionaries that can be printed and changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

_SCIKIT_LEARN: dict[str, Any] = {
    "hidden_layer_sizes": (100,),
    "activation": "relu",
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

_BEST: dict[str, Any] = {
    "n_members": 16,
    "width": 128,
}

# Ranges to search: a list of choices, or the two ends of a logarithmic scale.
_SMALL: dict[str, Any] = {
    "depth": [1, 2, 3],
    "width": (32, 128),
    "learning_rate_init": (0.002, 0.02),
    "weight_decay": (0.005, 0.5),
    "embedding": ["piecewise_linear", "periodic", None],
}
_LARGE: dict[str, Any] = {
    "depth": [1, 2, 3, 4],
    "width": (32, 512),
    "learning_rate_init": (0.001, 0.03),
    "weight_decay": (0.001, 1.0),
    "activation": ["relu", "silu", "gelu", "mish"],
    "batch_size": [64, 128, 256],
    "averaging": [0.98, 0.99, 0.995],
    "n_members": [4, 8, 16],
}


def tabular(kind: str) -> dict[str, Any]:
    """Return parameters for a larger network than the defaults, in two to three times the time.

    They train 8 members instead of 4, with a width of 96 instead of 64, more dropout and a smaller learning rate. On
    the tables of `examples/benchmarks/README.md` they are on average not more accurate than the defaults.

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


def best(kind: str) -> dict[str, Any]:
    """Return parameters for more and wider networks than the defaults, in about five times the time.

    They train 16 members instead of 4, with a width of 128 instead of 64, and classifiers with a dropout of 0.2 instead
    of 0.1. Each member has a sixteenth of the rows as validation rows, so it is trained on more rows than one of 4. For
    regression, RMSE was a few percent smaller on average; for classification, the difference was within the noise. See
    `examples/benchmarks/README.md`.

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
    >>> from sknet import MLPClassifierScratch, presets
    >>> MLPClassifierScratch(**presets.best("classification")).n_members
    16
    """
    return _for(kind, _BEST, {"dropout": 0.2})


def search_space(kind: str, size: str = "small", *, library: str = "scipy") -> dict[str, Any]:
    """Return the ranges of a search for better parameters around the defaults, for tables.

    A search does not improve the results on every table: `examples/benchmarks/README.md` shows results of 20 trials.

    Parameters
    ----------
    kind : {"classification", "regression"}
        For `MLPClassifierScratch` or `MLPRegressorScratch`.
    size : {"small", "large"}, default="small"
        How many parameters vary. ``"small"``: the six that matter most, for about 20 trials. ``"large"``: these in
        wider ranges, and also activation, batch size, averaging and members, for 100 trials or more, which take longer.
    library : {"scipy", "optuna"}, default="scipy"
        Distributions of `scipy.stats` and lists, for scikit-learn's `RandomizedSearchCV`; or those of Optuna, for
        `optuna.study.Study.ask`.

    Returns
    -------
    space : dict
        A distribution or list for each parameter, a new dictionary at each call.

    Raises
    ------
    ValueError
        If `kind`, `size` or `library` has another value.
    ImportError
        If ``library="optuna"`` and Optuna is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from sknet import MLPClassifierScratch, presets
    >>> space = presets.search_space("classification")
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> net = MLPClassifierScratch(max_iter=5, n_members=1, random_state=0)  # small, as this is an example
    >>> search = RandomizedSearchCV(net, space, n_iter=2, cv=2, scoring="neg_log_loss", random_state=0).fit(X, y)
    >>> sorted(search.best_params_)
    ['depth', 'dropout', 'embedding', 'learning_rate_init', 'weight_decay', 'width']

    With Optuna::

        trial = study.ask(presets.search_space("classification", library="optuna"))
        study.tell(trial, cross_val_score(MLPClassifierScratch(**trial.params), X, y).mean())
    """
    ranges = _ranges(kind, size)
    if library not in ("scipy", "optuna"):
        raise ValueError(f"`library` must be 'scipy' or 'optuna', got {library!r}.")
    distribution = _of_scipy if library == "scipy" else _of_optuna()
    return {name: distribution(values) for name, values in ranges.items()}


def scikit_learn(kind: str) -> dict[str, Any]:
    """Return scikit-learn's defaults of the parameters whose defaults differ here.

    With these and ``batch_size=min(200, n_samples)``, the same seed gives scikit-learn's weights up to rounding errors,
    except for the differences that `sknet/DIFFERENCES.md` lists. scikit-learn's ``n_iter_no_change=10`` stops after 11
    epochs, so the value is 11 here.

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


def _ranges(kind: str, size: str) -> dict[str, Any]:
    small = _for(kind, _SMALL, {"dropout": [0.0, 0.1, 0.2, 0.3]}, {"dropout": [0.0, 0.05, 0.1]})
    if size not in ("small", "large"):
        raise ValueError(f"`size` must be 'small' or 'large', got {size!r}.")
    return small if size == "small" else small | _LARGE


def _of_scipy(values: Any) -> Any:
    if isinstance(values, list):
        return list(values)
    low, high = values
    if isinstance(low, int):  # SciPy has no logarithmic distribution of whole numbers, so this is a list
        return [round(number) for number in np.geomspace(low, high, 13).tolist()]
    return stats.loguniform(low, high)


def _of_optuna() -> Callable[[Any], Any]:
    try:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
    except ImportError as error:
        raise ImportError(
            "library='optuna' needs Optuna, an optional extra: pip install -e \".[ecosystem]\"."
        ) from error

    def distribution(values: Any) -> Any:
        if isinstance(values, list):
            return CategoricalDistribution(values)
        low, high = values
        return (IntDistribution if isinstance(low, int) else FloatDistribution)(low, high, log=True)

    return distribution
