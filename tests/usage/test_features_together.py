"""Features work together, with every container and precision, and have no effect while they are off."""

import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from oracles import PlainClassifier
from plain_fits import BOTH, SMALL, WEIGHTS, X, assert_same_weights, fitted, outputs, target
from sklearn.base import clone

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

COMBINATIONS = [
    {"dropout": 0.2, "normalization": "batch", "weight_decay": 0.01},
    {"dropout": (0.0, 0.2), "depth": 2, "normalization": "layer", "max_grad_norm": 1.0, "solver": "rmsprop"},
    {"normalization": "batch", "solver": "adagrad", "learning_rate": "one_cycle", "early_stopping": True},
    {"solver": "sgd", "learning_rate": "warmup_cosine", "max_grad_norm": 0.5, "weight_decay": 0.1, "scoring": "loss",
     "early_stopping": True, "dropout": 0.1},
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("changes", COMBINATIONS, ids=str)
@BOTH
def test_combinations(Estimator, changes, container, dtype):
    """With weights, sparse rows, partial_fit, clone and pickle, in both precisions."""
    y, data = target(Estimator), container(X.astype(dtype))
    more = {"label_smoothing": 0.1, "class_weight": {1: 2.0}} if Estimator is PlainClassifier else {"loss": "huber"}
    mlp = Estimator(**SMALL | changes | more).fit(data, y, WEIGHTS)
    again = clone(mlp).fit(data, y, WEIGHTS)
    copy = pickle.loads(pickle.dumps(mlp))
    first = outputs(mlp, data)
    assert first.dtype == dtype
    assert_array_equal(outputs(again, data), first)
    assert_array_equal(outputs(copy, data), first)
    for model in (mlp, copy):
        model.partial_fit(data, y, WEIGHTS)
    assert_array_equal(outputs(mlp, data), outputs(copy, data))
    assert np.abs(outputs(mlp, data) - first).max() > 0 or mlp.early_stopping
    assert_array_equal(outputs(again, data), first)
    state = again._state
    assert {
        a.dtype for a in (state.theta, *(v for v in vars(state.optimizer).values() if isinstance(v, np.ndarray)))
    } == {np.dtype(dtype)}


@pytest.mark.filterwarnings("error")
@BOTH
def test_features_that_are_off_change_nothing(Estimator):
    """The results equal those of the network without them, bit for bit."""
    off = {"dropout": 0.0, "normalization": None, "weight_decay": 0.0, "max_grad_norm": None, "scoring": None}
    off |= {"class_weight": None, "label_smoothing": 0.0} if Estimator is PlainClassifier else {"quantile": 0.3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same_weights(fitted(Estimator, **off), fitted(Estimator))
        never = fitted(Estimator, max_grad_norm=1e9)
        assert_same_weights(never, fitted(Estimator))
