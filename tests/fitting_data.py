"""A line with noise to fit, quick parameters, and a check of the only warning of a fit."""

import warnings

import numpy as np
import pytest
from oracles import PlainClassifier, PlainRegressor

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BOTH = pytest.mark.parametrize("Estimator", [PlainClassifier, PlainRegressor])
STOCHASTIC = pytest.mark.parametrize("solver", ["sgd", "adam"])
RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 4))
Y = X @ [1.0, -2.0, 0.5, 0.0] + 0.3 * RNG.standard_normal(90)
SMALL = {"width": 5, "random_state": 0, "batch_size": 16, "learning_rate_init": 0.01}


def target(Estimator):
    return (Y > 0).astype(int) if Estimator is PlainClassifier else Y


def only_warning(call, category):
    """Return the message of the only warning of the caller's function, which must have the line of this function."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert [w.category for w in caught] == [category]
    assert caught[0].filename == call.__code__.co_filename  # not from inside of sknet
    return str(caught[0].message)
