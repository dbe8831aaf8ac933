"""Initial values that depend on the data: edges of bins, and biases that predict the shares of the classes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.core import LOSSES, Values
from sknet.preprocessing import Data
from sknet.training.initial import bin_edges, start_at_the_data
from sknet.training.planning import plan_network
from sknet.training.state import State

ONES = np.ones(1000)


def test_few_values_are_all_edges():
    column = np.array([3.0, 1.0, 2.0, 2.0, 1.0])
    assert_array_equal(bin_edges(column, np.ones(5), 4), [1.0, 2.0, 3.0])


def test_many_values_have_quantiles_as_edges():
    column = np.random.default_rng(0).normal(size=997)
    edges = bin_edges(column, np.ones(997), 10)
    assert len(edges) == 11
    assert_allclose(edges, np.quantile(column, np.linspace(0, 1, 11), method="inverted_cdf"))
    assert np.all(np.diff(edges) > 0)


def test_frequent_values_are_edges_and_the_other_edges_are_quantiles_of_the_rest():
    """Half of the rows are zero. Quantiles of all rows would often be zero, and the other half would have few bins."""
    column = np.r_[np.zeros(500), np.random.default_rng(0).uniform(1.0, 2.0, 500)]
    edges = bin_edges(column, ONES, 10)
    assert edges[0] == 0.0
    assert np.count_nonzero(edges >= 1.0) == 10


@pytest.mark.parametrize("n_bins", [2, 5, 32])
def test_integer_weights_are_repeated_rows(n_bins):
    rng = np.random.default_rng(1)
    column, w = rng.normal(size=300), rng.integers(0, 4, 300)
    there = w > 0
    assert_array_equal(
        bin_edges(column[there], w[there].astype(float), n_bins),
        bin_edges(np.repeat(column, w), np.ones(w.sum()), n_bins),
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_initial_predictions_are_the_shares_of_the_classes(n_classes):
    rng = np.random.default_rng(0)
    X, y = (
        rng.normal(size=(900, 3)),
        rng.choice(n_classes, 900, p=np.array([0.9, *[0.1] * (n_classes - 1)]) / (0.8 + 0.1 * n_classes)),
    )
    clf = MLPClassifierScratch(max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y)
    biases = clf._arrays[-1][1]
    shares = np.bincount(y) / len(y)
    found = softmax(biases) if n_classes > 2 else [1 - expit(biases[0]), expit(biases[0])]
    assert_allclose(found, shares, atol=1e-5)


def test_initial_predictions_of_a_regressor_are_close_to_the_mean():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 3))
    reg = MLPRegressorScratch(max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, 100.0 + X[:, 0])
    assert abs(reg.predict(X).mean() - 100.0) < 1.0


def table_state(X, weights=None, held_out=None):
    """Return a state whose embedding has the edges of these rows."""
    net = MLPRegressorScratch(
        width=4, depth=1, activation="relu", embedding="piecewise_linear", dropout=0.0, n_members=1
    )
    p = net.get_params() | {"strength": 1.0}
    y = Values(np.zeros((1, len(X))))
    data = Data(X, np.zeros(len(X)), y, weights)
    network = plan_network(p, X.shape[1], 1, LOSSES["squared_error"], (0,), ())
    theta = network.initialize(np.random.RandomState(0), np.float64)
    state = State(network, theta, None, None, None, np.random.RandomState(0), columns=(0,))
    start_at_the_data(state, data, held_out)
    return state


@pytest.mark.parametrize("how", ["held out", "without weight"])
def test_validation_rows_and_rows_without_weight_do_not_change_the_edges(how):
    X = np.random.default_rng(0).normal(size=(500, 1))
    more = np.vstack([X, [[1e3], [-1e3]] * 10])
    weights = np.r_[np.ones(500), np.zeros(20)] if how == "without weight" else None
    found = table_state(more, weights, np.arange(500, 520) if how == "held out" else None)
    assert_array_equal(found.theta, table_state(X).theta)
    assert not np.array_equal(found.theta, table_state(more).theta)
