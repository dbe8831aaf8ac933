"""Each constructor parameter gives the expected layers."""

import numpy as np
import pandas as pd
import pytest
from oracles import PlainRegressor

from sknet import ACTIVATIONS, MLPClassifierScratch, MLPRegressorScratch
from sknet._parameters import SOLVERS, InvalidParameterError
from sknet.core.dropout import Dropout
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.normalization import BatchNormalization, LayerNormalization, Nonlinearity
from sknet.training.planning import plan_network

LOSS = LOSSES["squared_error"]


def plan(n_inputs=4, n_outputs=2, **changes):
    return plan_network(PlainRegressor().get_params() | changes, n_inputs, n_outputs, LOSS)


@pytest.mark.parametrize(
    ("changes", "layers"),
    [
        ({"depth": 0}, "identity(4x2)"),
        ({"depth": 2, "width": 3}, "relu(4x3) -> relu(3x3) -> identity(3x2)"),
        ({"hidden_layer_sizes": (5, 3), "depth": 7}, "relu(4x5) -> relu(5x3) -> identity(3x2)"),
        (
            {"hidden_layer_sizes": (5, 3), "activation": ["tanh", ACTIVATIONS["silu"]]},
            "tanh(4x5) -> silu(5x3) -> identity(3x2)",
        ),
        ({"width": 3, "activation": "sigmoid"}, "logistic(4x3) -> identity(3x2)"),
        (
            {"hidden_layer_sizes": (5, 3), "dropout": 0.25},
            "relu(4x5) -> dropout(0.25) -> relu(5x3) -> dropout(0.25) -> identity(3x2)",
        ),
        (
            {"hidden_layer_sizes": (5, 3), "dropout": [0, 0.5]},
            "relu(4x5) -> relu(5x3) -> dropout(0.5) -> identity(3x2)",
        ),
        ({"depth": 0, "dropout": 0.5}, "identity(4x2)"),
        ({"depth": 0, "dropout": (), "normalization": "batch"}, "identity(4x2)"),
        (
            {"width": 3, "normalization": "batch"},
            "identity(4x3) -> batch normalization -> relu -> identity(3x2)",
        ),
        (
            {"hidden_layer_sizes": (5, 3), "normalization": "layer", "activation": ["tanh", "relu"], "dropout": 0.5},
            "identity(4x5) -> layer normalization -> tanh -> dropout(0.5) -> "
            "identity(5x3) -> layer normalization -> relu -> dropout(0.5) -> identity(3x2)",
        ),
    ],
    ids=str,
)
def test_parameters_give_these_layers(changes, layers):
    assert str(plan(**changes)) == f"{layers} with squared_error"


def test_widths_of_all_layers_fit_together():
    for normalization in (None, "batch", "layer"):
        network, n = plan(hidden_layer_sizes=(5, 3), normalization=normalization, dropout=0.5), 4
        for layer in network.layers:
            if isinstance(layer, Dense):
                assert layer.n_in == n
            else:
                assert layer.n_out == n
            n = layer.n_out
        assert n == 2


def test_layers_have_the_expected_classes():
    kinds = [type(layer) for layer in plan(width=3, normalization="batch", dropout=0.1).layers]
    assert kinds == [Dense, BatchNormalization, Nonlinearity, Dropout, Dense]
    assert LayerNormalization in [type(layer) for layer in plan(normalization="layer").layers]


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize(
    ("activations", "initializers"),
    [
        (["relu", "selu"], ["glorot_uniform", "lecun_normal", "lecun_normal"]),
        (["logistic", "silu"], ["glorot_uniform_logistic", "he_uniform", "he_uniform"]),
        (["silu", "tanh"], ["he_uniform", "glorot_uniform", "glorot_uniform"]),
    ],
)
def test_the_initializer_depends_on_the_activation_after_the_layer(activations, initializers, normalization):
    """This holds also with a normalization between them. The last layer has that of the last hidden layer."""
    network = plan(hidden_layer_sizes=(5, 3), activation=activations, normalization=normalization)
    names = [layer.initializer.name for layer in network.layers if isinstance(layer, Dense)]
    assert names == initializers


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_named_initializer_is_used_for_all_layers(name):
    network = plan(depth=2, initializer=name, activation="selu")
    assert [layer.initializer for layer in network.layers] == [INITIALIZERS[name]] * 3


@pytest.mark.parametrize(
    ("activation", "name"), [("relu", "glorot_uniform"), ("selu", "lecun_normal"), ([], "glorot_uniform")]
)
def test_without_a_hidden_layer_the_activation_chooses_the_initializer(activation, name):
    assert plan(depth=0, activation=activation).layers[0].initializer.name == name


def test_the_last_layer_is_linear_and_in_column_order():
    *hidden, last = plan(depth=2).layers
    assert (last.activation.name, last.order) == ("identity", "F")
    assert {layer.order for layer in hidden} == {"C"}


def test_the_network_has_the_given_loss():
    assert plan().loss is LOSS


@pytest.mark.parametrize(
    "change", [{"dropout": 0.1}, {"normalization": "batch"}, {"normalization": "layer"}, {"width": 5}, {"depth": 3}]
)
def test_networks_differ_if_their_functions_differ(change):
    """A warm start compares networks."""
    assert plan() == plan()
    assert plan() != plan(**change)
    assert plan(**change) == plan(**change)


@pytest.mark.parametrize("name", ["weight_decay", "max_grad_norm", "alpha"])
def test_networks_are_equal_if_only_their_training_differs(name):
    assert plan(**{name: 0.5}) == plan()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dropout": [0.5], "depth": 2}, r"`dropout` must be one rate.*each of the 2 hidden layers, got 1: \[0.5\]"),
        ({"dropout": (0.1, 0.2), "depth": 1}, r"each of the 1 hidden layers, got 2: \(0.1, 0.2\)"),
        ({"dropout": np.array([0.1, 0.2]), "depth": 0}, r"each of the 0 hidden layers, got 2"),
        ({"activation": ["relu"], "depth": 2}, r"`activation` must be one name.*each of the 2 hidden layers, got 1"),
    ],
)
def test_sequences_must_have_one_entry_for_each_layer(changes, message):
    with pytest.raises(InvalidParameterError, match=message):
        plan(**changes)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_a_fit_with_too_few_dropout_rates_raises_the_same_error(Estimator):
    with pytest.raises(ValueError, match="`dropout` must be one rate"):
        Estimator(depth=3, dropout=[0.1, 0.2]).fit(np.eye(6), [0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize("solver", SOLVERS)
def test_vectors_of_categories_have_a_smaller_factor_with_solvers_that_ignore_the_scale(solver):
    p = PlainRegressor(solver=solver).get_params()
    first = plan_network(p, 2, 1, LOSS, sizes_of_codes=(40,)).layers[0]
    assert (first.strength < 1.0) == (solver in ("adam", "rmsprop", "adagrad"))


def test_a_column_of_up_to_32_levels_is_one_hot_and_of_more_has_a_learned_vector():
    """The documentation of `categorical_features` says so. The levels that did not occur have one more code."""
    widths = {}
    for levels in (32, 33):
        column = np.repeat(np.arange(levels), 40)
        table = pd.DataFrame({"a": pd.Categorical(column)})
        mlp = MLPRegressorScratch(max_iter=1, width=2).fit(table, column)
        widths[levels] = mlp._network.layers[0].n_out
    assert widths[32] >= 32
    assert widths[33] < 32
