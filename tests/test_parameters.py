"""The table of what each constructor parameter may be; `test_bad_input.py` has what it may not be."""

import re

import numpy as np
import pytest

from sknet import ACTIVATIONS, MLPClassifierScratch, MLPRegressorScratch
from sknet._parameters import (
    REGRESSION_LOSSES,
    RULES,
    SOLVERS,
    InvalidParameterError,
    batch_rows,
    check_parameters,
    hidden_activations,
    hidden_sizes,
    resolve_auto,
)
from sknet.core.initializers import INITIALIZERS
from sknet.core.schedules import SCHEDULES

DEFAULTS = MLPRegressorScratch().get_params() | MLPClassifierScratch().get_params()
BOOLEANS = [True, False, np.True_, np.False_]
GOOD = {
    "loss": REGRESSION_LOSSES,
    "hidden_layer_sizes": [None, 1, np.int64(5), (), [], (3,), [3, 4], np.array([3, 4]), range(1, 3), (np.int8(3), 4)],
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
    "batch_size": ["auto", 1, 10**9, np.int64(5)],
    "learning_rate": SCHEDULES,
    "learning_rate_init": [1e-12, 1, 0.5, np.float32(0.1)],
    "power_t": [0, 0.0, 0.5, 3],
    "max_iter": ["auto", 1, 10**6, np.int32(3)],
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
    "n_iter_no_change": [1, 10, np.inf, float("inf"), np.int64(3)],
    "max_fun": [1, 15000],
    "depth": [0, 1, 10, np.int64(2)],
    "width": [1, 1000, np.int64(2)],
    "initializer": ["auto", *INITIALIZERS],
    "standardize": BOOLEANS,
    "weight_decay": ["auto", 0, 0.0, 0.1, 10],
    "dropout": ["auto", 0, 0.0, 0.999, np.float32(0.5), [0.1, 0], (0.5,), np.array([0.2]), []],
    "normalization": [None, "batch", "layer"],
    "max_grad_norm": [None, 1e-9, 1, 1e9],
    "scoring": [None, "loss", "accuracy", "r2", max],
    "class_weight": [None, "balanced", {}, {0: 1, "a": 0.5}],
    "label_smoothing": ["auto", 0, 0.0, 0.1, 0.999],
    "categorical_features": [None, "from_dtype", [0, 2], (), ["a"], [True, False], range(3), np.array(["a"])],
    "quantile": [0.5, np.float32(0.5), [0.1], (0.1, 0.9), np.array([0.2, 0.5])],
    "huber_delta": [1e-9, 1, 1.35],
    "embedding": [None, "periodic"],
    "dtype": [None, "float32", "float64", np.float32, np.float64, float, np.dtype("float32"), "f4", "<f8"],
}


def test_the_table_is_complete():
    assert GOOD.keys() == RULES.keys() == DEFAULTS.keys()
    assert MLPClassifierScratch().get_params().keys() == RULES.keys() - {"loss", "quantile", "huber_delta"}
    assert MLPRegressorScratch().get_params().keys() == RULES.keys() - {"class_weight", "label_smoothing"}
    check_parameters(DEFAULTS)
    check_parameters(MLPClassifierScratch().get_params())


@pytest.mark.parametrize("name", GOOD)
def test_good_values_pass(name):
    for value in GOOD[name]:
        parameters = DEFAULTS | {name: value}
        before = repr(value)
        check_parameters(parameters)
        assert parameters[name] is value
        assert repr(value) == before


def test_the_error_names_the_parameter_the_domain_and_what_came():
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
def test_descriptions_say_what_is_allowed(name, words):
    for word in words:
        assert re.search(word, RULES[name].description), word


def test_lbfgs_has_no_epochs_to_stop_after():
    with pytest.raises(InvalidParameterError, match=r"`early_stopping=True`.*'lbfgs'.*early_stopping=False"):
        check_parameters(DEFAULTS | {"solver": "lbfgs", "early_stopping": True})


AUTO = {"weight_decay": "auto", "dropout": "auto", "label_smoothing": "auto", "early_stopping": "auto"}
STOCHASTIC = pytest.mark.parametrize("solver", [name for name in SOLVERS if name != "lbfgs"])


@pytest.mark.parametrize("name", ["weight_decay", "dropout"])
def test_lbfgs_takes_auto_and_zero_and_nothing_else(name):
    for value in ("auto", 0, 0.0):
        check_parameters(DEFAULTS | {"solver": "lbfgs", name: value})
    with pytest.raises(InvalidParameterError, match=rf"`{name}=0.1` needs a solver .*'lbfgs' does not.*{name}=0.0"):
        check_parameters(DEFAULTS | {"solver": "lbfgs", name: 0.1})


def test_lbfgs_may_smooth_labels():
    check_parameters(DEFAULTS | {"solver": "lbfgs", "label_smoothing": 0.1})


@pytest.mark.parametrize("dropout", [0.0, 0.3, (0.1, 0.2)])
@STOCHASTIC
def test_auto_becomes_numbers(solver, dropout):
    p = resolve_auto(AUTO | {"solver": solver}, dropout, True)
    assert p["dropout"] == dropout  # whatever was asked for
    assert 0.0 < p["weight_decay"] < 1.0
    assert 0.0 < p["label_smoothing"] < 1.0
    assert p["early_stopping"] is True
    check_parameters(DEFAULTS | p)


def test_auto_is_nothing_with_lbfgs():
    p = resolve_auto(AUTO | {"solver": "lbfgs"}, 0.0, True)
    off = {"weight_decay": 0.0, "dropout": 0.0, "label_smoothing": 0.0, "early_stopping": False}
    assert p == {"solver": "lbfgs", **off}


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_was_given_wins_over_auto(solver):
    p = {"solver": solver, "weight_decay": 0.3, "dropout": np.array([0.1, 0.2]), "label_smoothing": 0, "alpha": 7.0}
    found = resolve_auto(p, 0.5, True)
    assert found.keys() == p.keys()
    assert all(found[name] is p[name] for name in p)


def test_auto_leaves_the_parameters_as_they_are_and_adds_none():
    p = {"solver": "adam", "dropout": "auto", "batch_size": "auto", "max_iter": "auto"}  # a regressor smooths nothing
    found = resolve_auto(p, 0.2, True)
    assert p["dropout"] == "auto"
    assert found == {"solver": "adam", "dropout": 0.2, "batch_size": "auto", "max_iter": "auto"}


@pytest.mark.parametrize(
    ("size", "n", "rows"),
    [("auto", 1, 1), ("auto", 128, 128), ("auto", 129, 128), ("auto", 10**6, 128), (5, 3, 3), (5, 5, 5), (5, 6, 5)],
)
def test_rows_of_a_mini_batch(size, n, rows):
    assert batch_rows({"batch_size": size}, n) == rows
    assert batch_rows({"batch_size": np.str_(size) if size == "auto" else np.int64(size)}, n) == rows


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
def test_hidden_sizes(given, depth, width, sizes):
    found = hidden_sizes({"hidden_layer_sizes": given, "depth": depth, "width": width})
    assert found == sizes
    assert all(type(size) is int for size in found)


def test_hidden_activations():
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
