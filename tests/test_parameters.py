"""The table of allowed values of each parameter; `test_bad_input.py` tests values that are not allowed."""

import re

import numpy as np
import pytest

from sknet import ACTIVATIONS, MLPClassifierScratch, MLPRegressorScratch
from sknet._parameters import (
    REGRESSION_LOSSES,
    RULES,
    SOLVERS,
    InvalidParameterError,
    check_parameters,
    hidden_activations,
    hidden_sizes,
)
from sknet.core.initializers import INITIALIZERS
from sknet.core.schedules import SCHEDULES

DEFAULTS = MLPRegressorScratch().get_params() | MLPClassifierScratch().get_params()
BOOLEANS = [True, False, np.True_, np.False_]
GOOD = {
    "n_members": ["auto", 1, 4, np.int64(8), 2.0],
    "averaging": ["auto", 0.0, 0.99, 0],
    "loss": REGRESSION_LOSSES,
    "hidden_layer_sizes": [
        None,
        1,
        np.int64(5),
        (),
        [],
        (3,),
        [3, 4],
        np.array([3, 4]),
        range(1, 3),
        (np.int8(3), 4),
        46.0,
        (46.0, 3),
    ],
    "activation": [
        *ACTIVATIONS,
        *ACTIVATIONS.values(),
        ["relu"],
        ("relu", ACTIVATIONS["tanh"]),
        np.array(["relu"]),
        [],
    ],
    "solver": SOLVERS,
    "alpha": [0, 0.0, 1, 1e-4, 1e10, np.float32(0.5), np.int64(2)],
    "batch_size": ["auto", 1, 10**9, np.int64(5), 64.0, np.float32(8)],
    "learning_rate": SCHEDULES,
    "learning_rate_init": ["auto", 1e-12, 1, 0.5, np.float32(0.1)],
    "power_t": [0, 0.0, 0.5, 3],
    "max_iter": ["auto", 1, 10**6, np.int32(3), 30.0],
    "shuffle": BOOLEANS,
    "random_state": [None, 0, 2**32 - 1, np.int64(7), np.random.RandomState(0)],
    "tol": [0, 0.0, 1e-4, 1e9],
    "verbose": [*BOOLEANS, 0, 1, 10],
    "warm_start": BOOLEANS,
    "momentum": [0, 0.0, 0.9, 1, 1.0],
    "nesterovs_momentum": BOOLEANS,
    "early_stopping": BOOLEANS,
    "validation_fraction": [1e-9, 0.1, 0.999],
    "beta_1": [0, 0.0, 0.9, 0.9999],
    "beta_2": [0, 0.0, 0.999],
    "epsilon": [1e-300, 1e-8, 1],
    "n_iter_no_change": ["auto", 1, 10, np.inf, float("inf"), np.int64(3)],
    "max_fun": [1, 15000, 1e4],
    "depth": [0, 1, 10, np.int64(2), 2.0],
    "width": [1, 1000, np.int64(2), 46.0, np.float64(3)],
    "initializer": ["auto", *INITIALIZERS],
    "standardize": [*BOOLEANS, "auto", "robust"],
    "weight_decay": ["auto", 0, 0.0, 0.1, 10],
    "dropout": ["auto", 0, 0.0, 0.999, np.float32(0.5), [0.1, 0], (0.5,), np.array([0.2]), []],
    "normalization": [None, "batch", "layer"],
    "max_grad_norm": [None, 1e-9, 1, 1e9],
    "scoring": [None, "auto", "loss", "accuracy", "r2", max],
    "class_weight": [None, "balanced", {}, {0: 1, "a": 0.5}],
    "label_smoothing": ["auto", 0, 0.0, 0.1, 0.999],
    "categorical_features": [None, "from_dtype", [0, 2], (), ["a"], [True, False], range(3), np.array(["a"])],
    "quantile": [0.5, np.float32(0.5), [0.1], (0.1, 0.9), np.array([0.2, 0.5])],
    "huber_delta": [1e-9, 1, 1.35],
    "embedding": [None, "auto", "periodic", "piecewise_linear"],
    "dtype": [None, "auto", "float32", "float64", np.float32, np.float64, float, np.dtype("float32"), "f4", "<f8"],
}


def test_the_table_is_complete():
    assert GOOD.keys() == RULES.keys() == DEFAULTS.keys()
    assert MLPClassifierScratch().get_params().keys() == RULES.keys() - {"loss", "quantile", "huber_delta"}
    assert MLPRegressorScratch().get_params().keys() == RULES.keys() - {"class_weight", "label_smoothing"}
    check_parameters(DEFAULTS)
    check_parameters(MLPClassifierScratch().get_params())


@pytest.mark.parametrize("name", GOOD)
def test_allowed_values_pass(name):
    for value in GOOD[name]:
        parameters = DEFAULTS | {name: value}
        before = repr(value)
        check_parameters(parameters)
        assert parameters[name] is value
        assert repr(value) == before


def test_the_error_names_the_parameter_the_allowed_values_and_the_value():
    with pytest.raises(InvalidParameterError) as caught:
        check_parameters(DEFAULTS | {"beta_1": 1.0})
    assert str(caught.value) == "`beta_1` must be a number in [0, 1), got 1.0."
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("solver", list(SOLVERS)),
        ("learning_rate", list(SCHEDULES)),
        ("loss", list(REGRESSION_LOSSES)),
        ("activation", [*ACTIVATIONS, "an Activation", "a sequence"]),
        ("initializer", ["auto", *INITIALIZERS]),
        ("hidden_layer_sizes", ["None", "an integer of at least 1", "a sequence"]),
        ("random_state", ["None", "an integer", "RandomState"]),
        ("n_iter_no_change", ["an integer of at least 1", "inf"]),
        ("epsilon", [r"\(0, inf\)"]),
        ("alpha", [r"\[0, inf\)"]),
        ("momentum", [r"\[0, 1\]"]),
        ("validation_fraction", [r"\(0, 1\)"]),
        ("dtype", ["None", "float32", "float64"]),
    ],
)
def test_descriptions_name_the_allowed_values(name, words):
    for word in words:
        assert re.search(word, RULES[name].description), word


def test_lbfgs_allows_label_smoothing():
    check_parameters(DEFAULTS | {"solver": "lbfgs", "label_smoothing": 0.1})


@pytest.mark.parametrize(
    ("given", "depth", "width", "sizes"),
    [
        (None, 2, 5, (5, 5)),
        (None, 0, 5, ()),
        (7, 2, 5, (7,)),
        (np.int64(7), 2, 5, (7,)),
        ((), 2, 5, ()),
        ([3, 4], 1, 5, (3, 4)),
        (np.array([3, 4]), 0, 5, (3, 4)),
        (None, np.int64(1), np.int64(3), (3,)),
    ],
)
def test_hidden_sizes_follow_from_depth_width_and_hidden_layer_sizes(given, depth, width, sizes):
    found = hidden_sizes({"hidden_layer_sizes": given, "depth": depth, "width": width})
    assert found == sizes
    assert all(type(size) is int for size in found)


def test_hidden_activations_have_one_entry_for_each_layer():
    relu, tanh = ACTIVATIONS["relu"], ACTIVATIONS["tanh"]
    assert hidden_activations({"activation": "relu"}, 3) == (relu, relu, relu)
    assert hidden_activations({"activation": tanh}, 2) == (tanh, tanh)
    assert hidden_activations({"activation": ["relu", tanh]}, 2) == (relu, tanh)
    assert hidden_activations({"activation": "relu"}, 0) == ()
    assert hidden_activations({"activation": []}, 0) == ()
    assert hidden_activations({"activation": ["sigmoid"]}, 1) == (ACTIVATIONS["logistic"],)
    with pytest.raises(
        ValueError, match=r"`activation`.*each of the 2 hidden layers, got 3: \['relu', 'relu', 'tanh'\]"
    ):
        hidden_activations({"activation": ["relu", "relu", "tanh"]}, 2)
