"""Layers of networks as columns of a diagram."""

import numpy as np
import pytest

from sknet import ACTIVATIONS, MLPClassifierScratch, MLPRegressorScratch
from sknet.core.activations import EXP
from sknet.displays.network_columns import columns_of, inputs_of, network_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).standard_normal((40, 3))
y = np.arange(40) % 3


def described(net, *sizes):
    columns = columns_of(network_of(net, *(sizes or (None, None))), **inputs_of(net))
    return [(c.size, c.activation and c.activation.name, *c.notes) for c in columns]


PLAIN = {"hidden_layer_sizes": (5, 4), "activation": ["tanh", "identity"], "max_iter": 1}
CASES = [
    (PLAIN, [(5, "tanh"), (4, "identity")]),
    (PLAIN | {"dropout": [0.25, 0.0]}, [(5, "tanh", "dropout 0.25"), (4, "identity")]),
    (PLAIN | {"normalization": "batch"}, [(5, "tanh", "batch norm"), (4, "identity", "batch norm")]),
    (
        PLAIN | {"normalization": "layer", "dropout": 0.5},
        [(5, "tanh", "layer norm", "dropout 0.5"), (4, "identity", "layer norm", "dropout 0.5")],
    ),
    ({"depth": 0, "max_iter": 1}, []),
    (PLAIN | {"batch_size": 20, "dropout": 0.0}, [(5, "tanh"), (4, "identity")]),
    ({"depth": 3, "width": 2, "activation": "relu", "max_iter": 1}, [(2, "relu")] * 3),
]


@pytest.mark.parametrize(("parameters", "hidden"), CASES)
def test_a_column_for_each_layer(parameters, hidden):
    net = MLPClassifierScratch(**parameters)
    expected = [(3, None), *hidden, (3, "softmax")]
    assert described(net, 3, 3) == expected
    assert described(net.fit(X, y)) == expected


@pytest.mark.parametrize(
    ("parameters", "notes"),
    [
        ({"standardize": "robust"}, ["smooth clip"]),
        ({"embedding": "periodic"}, ["embedding"]),
        ({"standardize": "robust", "embedding": "periodic"}, ["smooth clip", "embedding"]),
    ],
)
@pytest.mark.parametrize("depth", [0, 1])
def test_layers_before_the_first_combination_are_notes_on_the_inputs(parameters, notes, depth):
    net = MLPClassifierScratch(depth=depth, width=5, max_iter=1, **parameters)
    expected = [(3, None, *notes), *[(5, "relu")] * depth, (3, "softmax")]
    assert described(net, 3, 3) == expected
    assert described(net.fit(X, y)) == expected


@pytest.mark.parametrize(
    ("net", "n_outputs", "name"),
    [
        (MLPClassifierScratch(), 1, "logistic"),
        (MLPClassifierScratch(), 4, "softmax"),
        (MLPRegressorScratch(), 1, "identity"),
        (MLPRegressorScratch(), 2, "identity"),
        (MLPRegressorScratch(loss="poisson"), 1, EXP.name),
        (MLPRegressorScratch(loss="quantile", quantile=(0.1, 0.9)), 2, "identity"),
    ],
)
def test_the_output_of_a_network_that_is_not_fitted(net, n_outputs, name):
    assert described(net.set_params(depth=1, width=2), 3, n_outputs)[-1] == (n_outputs, name)


def test_an_activation_of_your_own():
    own = ACTIVATIONS["relu"]
    own = type(own)(**{**vars(own), "name": "mine"})
    assert described(MLPClassifierScratch(depth=1, width=2, activation=own), 3, 1)[1] == (2, "mine")


def test_a_fitted_network_is_shown_as_it_was_fitted():
    net = MLPClassifierScratch(depth=1, width=2, activation="relu", max_iter=1).fit(X, y).set_params(width=99)
    assert described(net)[1] == (2, "relu")
    assert described(net, 3, 3)[1] == (2, "relu")


@pytest.mark.parametrize(("sizes", "name"), [((4, None), "n_features"), ((3, 2), "n_outputs")])
def test_other_sizes_for_a_fitted_network_are_an_error(sizes, name):
    net = MLPClassifierScratch(depth=1, width=2, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=f"`{name}` must be 3 for this fitted network, or be left out, got"):
        network_of(net, *sizes)


@pytest.mark.parametrize(
    ("sizes", "name"),
    [
        ((None, 1), "n_features"), ((3, None), "n_outputs"), ((0, 1), "n_features"), ((3, 1.5), "n_outputs"),
        ((True, 1), "n_features"), (("3", 1), "n_features"),
    ],
)  # fmt: skip
def test_missing_sizes_of_an_unfitted_network_are_an_error(sizes, name):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least 1 for a network that is not fitted"):
        network_of(MLPClassifierScratch(), *sizes)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="`width` must be"):
        network_of(MLPClassifierScratch(width=0), 3, 1)


@pytest.mark.parametrize(
    ("parameters", "gaps", "notes"),
    [
        ({"categorical_features": [1]}, False, ["1 of categories"]),
        ({"categorical_features": [0, 2], "standardize": "robust"}, True, ["2 of categories", "smooth clip"]),
        ({"embedding": "periodic"}, True, ["missing values", "embedding"]),
        ({"categorical_features": [2]}, True, ["1 of categories", "missing values"]),
    ],
)
def test_inputs_are_the_columns_of_X(parameters, gaps, notes):
    rows = np.round(X)
    rows[::4, 0] = np.nan if gaps else 0.0
    net = MLPClassifierScratch(depth=1, width=5, max_iter=1, **parameters).fit(rows, y)
    assert described(net) == [(3, None, *notes), (5, "relu"), (3, "softmax")]
