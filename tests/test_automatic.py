"""Values of "auto": plain training for single mini-batches and `partial_fit`, and training as tables for the others."""

import numpy as np
import pytest

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet._parameters import SOLVERS, check_parameters
from sknet.automatic import FEWEST_HELD_OUT, PLAIN, TABLES, Facts, batch_rows, resolved

DEFAULTS = MLPRegressorScratch().get_params() | MLPClassifierScratch().get_params()
AUTO = {"batch_size": "auto"} | dict.fromkeys(
    ("weight_decay", "dropout", "label_smoothing", "early_stopping", "n_members", "averaging", "embedding",
     "standardize", "dtype", "learning_rate_init", "scoring", "activation"), "auto",
)  # fmt: skip
MANY = Facts(5000, 500, 10, True, False, False)
FEW = Facts(60, 6, 10, True, False, False)
PLAINLY = {"activation": "relu", "n_members": 1, "averaging": 0.0, "embedding": None, "standardize": True}
STOCHASTIC = pytest.mark.parametrize("solver", [name for name in SOLVERS if name != "lbfgs"])


def of(p, names):
    return {name: p[name] for name in names}


@STOCHASTIC
@pytest.mark.parametrize("facts", [MANY, FEW, MANY._replace(regression=True), FEW._replace(incremental=True)])
def test_auto_becomes_values_that_are_allowed(solver, facts):
    p = resolved(DEFAULTS | {"solver": solver}, facts)
    left = {name for name in AUTO if isinstance(p[name], str) and p[name] == "auto"}
    assert left == {"batch_size"}
    check_parameters({name: value for name, value in p.items() if name in DEFAULTS})


@STOCHASTIC
def test_mini_batches_of_dense_rows_are_trained_as_tables(solver):
    p = resolved(AUTO | {"solver": solver}, MANY)
    assert p["n_members"] > 1
    assert p["averaging"] > 0.9
    assert (p["embedding"], p["standardize"], p["dtype"]) == ("piecewise_linear", "robust", "float32")
    assert p["early_stopping"] is True
    assert (p["tables"], p["budget"]) == (True, TABLES)


@pytest.mark.parametrize("facts", [FEW, MANY._replace(incremental=True), MANY._replace(dense=False)])
def test_other_data_have_plain_training(facts):
    p = resolved(AUTO | {"solver": "adam"}, facts)
    assert of(p, PLAINLY) == PLAINLY
    assert (p["tables"], p["budget"]) == (False, PLAIN)


@pytest.mark.parametrize("facts", [FEW, FEW._replace(regression=True), MANY, MANY._replace(dense=False)])
def test_early_stopping_is_on_with_a_validation_set(facts):
    own = facts._replace(own_set=True, n_held_out=1)
    p = resolved(AUTO | {"solver": "adam"}, own)
    assert p["early_stopping"] is True
    assert p["scoring"] == (None if facts.n_rows > 200 and not p["tables"] else "loss")
    few_classes = facts.n_rows <= 200 and not facts.regression
    assert p["budget"].n_iter_no_change(100) == (
        4 if p["tables"] else 30 if few_classes else 100 if facts.regression else 10
    )
    assert resolved(AUTO | {"solver": "adam"}, own._replace(incremental=True))["early_stopping"] is False
    assert resolved(AUTO | {"solver": "lbfgs"}, own)["early_stopping"] is False
    watched = resolved(AUTO | {"solver": "adam", "early_stopping": False}, own)
    assert watched["early_stopping"] is False
    assert watched["scoring"] == ("loss" if p["tables"] else None)


def test_choices_for_a_validation_set_apply_to_that_call_only():
    own = FEW._replace(own_set=True)
    first, later = resolved(AUTO | {"solver": "adam"}, own), AUTO | {"solver": "adam"}
    assert resolved(later, FEW, first["chosen"])["early_stopping"] is False
    assert resolved(later, own, resolved(later, FEW)["chosen"])["early_stopping"] is True


def test_each_auto_has_a_reason():
    for facts in (MANY, FEW, FEW._replace(own_set=True), FEW._replace(incremental=True), MANY._replace(dense=False)):
        p = resolved(AUTO | {"solver": "adam"}, facts)
        assert p["reasons"].keys() == AUTO.keys() - {"batch_size"} | {"training"}
        assert all(p["reasons"].values())
    given = resolved(AUTO | {"solver": "adam", "dropout": 0.1}, MANY)
    assert p["reasons"].keys() - given["reasons"].keys() == {"dropout"}


@pytest.mark.parametrize("n", [201, 333, 334, 5000])
def test_validation_rows_do_not_change_how_the_mini_batch_size_is_chosen(n):
    p = resolved(AUTO | {"solver": "adam"}, MANY._replace(n_rows=n))
    assert batch_rows(p, round(0.9 * n)) == min(128, max(32, round(0.9 * n) // 8))


def test_lbfgs_has_plain_training():
    p = resolved(AUTO | {"solver": "lbfgs"}, MANY)
    off = {"weight_decay": 0.0, "dropout": 0.0, "label_smoothing": 0.0, "early_stopping": False, "dtype": None}
    assert of(p, PLAINLY | off) == PLAINLY | off


def test_images_have_no_embedding():
    assert resolved(AUTO | {"solver": "adam"}, MANY._replace(n_numbers=784))["embedding"] is None
    assert resolved(AUTO | {"solver": "adam"}, MANY._replace(n_numbers=0))["embedding"] is None


def test_the_activation_depends_on_the_number_of_rows_of_a_table():
    rows = {999: "relu", 1000: "gelu", 10**6: "gelu"}
    assert {n: resolved(AUTO | {"solver": "adam"}, MANY._replace(n_rows=n))["activation"] for n in rows} == rows
    for others in (MANY._replace(dense=False), MANY._replace(incremental=True)):
        assert resolved(AUTO | {"solver": "adam"}, others)["activation"] == "relu"


def test_no_early_stopping_with_too_few_validation_rows():
    few = MANY._replace(n_held_out=FEWEST_HELD_OUT - 1)
    assert resolved(AUTO | {"solver": "adam"}, few)["early_stopping"] is False
    assert resolved(AUTO | {"solver": "adam"}, MANY._replace(n_held_out=FEWEST_HELD_OUT))["early_stopping"] is True


def test_regressors_of_few_rows_have_a_larger_weight_decay():
    facts = FEW._replace(regression=True)
    assert resolved(AUTO | {"solver": "adam"}, facts)["weight_decay"] == 1.0
    assert resolved(AUTO | {"solver": "adam"}, FEW)["weight_decay"] < 0.1
    for rate in (1e-5, 0.1, 30.0):  # an update never reduces weights by more than at the default learning rate
        decay = resolved(AUTO | {"solver": "adam", "learning_rate_init": rate}, facts)["weight_decay"]
        assert 0.0 < decay * rate <= 0.003


@pytest.mark.parametrize("solver", SOLVERS)
def test_given_values_are_kept(solver):
    p = {"solver": solver, "weight_decay": 0.3, "dropout": np.array([0.1, 0.2]), "label_smoothing": 0, "alpha": 7.0}
    p |= {"batch_size": 20, "n_members": 3, "embedding": None, "standardize": False, "dtype": None}
    found = resolved(p, MANY)
    assert all(found[name] is p[name] for name in p)
    assert all(np.array_equal(value, p[name]) for name, value in found["chosen"].items())  # kept for the next call


def test_other_parameters_are_not_changed_and_none_is_added():
    p = {"solver": "adam", "dropout": "auto", "batch_size": "auto", "max_iter": "auto"}
    found = resolved(p, MANY)
    assert p["dropout"] == "auto"
    assert found.keys() - p.keys() == {"chosen", "reasons", "tables", "budget", "strength"}
    assert found["max_iter"] == "auto"


def test_a_call_that_continues_a_fit_keeps_its_choices():
    first = resolved(AUTO | {"solver": "adam"}, MANY)
    assert (
        of(resolved(AUTO | {"solver": "adam"}, FEW, first["chosen"]), AUTO.keys() - {"batch_size"}) == first["chosen"]
    )


@pytest.mark.parametrize(
    ("size", "n", "rows"),
    [("auto", 1, 1), ("auto", 128, 128), ("auto", 200, 128), ("auto", 201, 32), ("auto", 512, 64),
     ("auto", 10**6, 128), (5, 3, 3), (5, 5, 5), (5, 6, 5)],
)  # fmt: skip
def test_rows_of_a_mini_batch(size, n, rows):
    assert batch_rows({"batch_size": size}, n) == rows
    assert batch_rows({"batch_size": np.str_(size) if size == "auto" else np.int64(size)}, n) == rows


def test_the_budget_in_epochs():
    assert PLAIN.max_iter(10) == 400
    assert PLAIN.max_iter(1000) == 30
    assert PLAIN.n_iter_no_change(10) == PLAIN.n_iter_no_change(1) == 10
    assert TABLES.max_iter(30) == 100
    assert TABLES.max_iter(10_000) == 12
    assert TABLES.n_iter_no_change(30) == 10
    assert TABLES.n_iter_no_change(10_000) == 4


def test_the_tolerance_is_zero_for_regressors_of_tables():
    """If the loss is 1e-3, each epoch reduces it by less than 1e-4."""
    given = AUTO | {"solver": "adam", "tol": "auto"}
    assert resolved(given, MANY._replace(regression=True))["tol"] == 0.0
    assert resolved(given, MANY)["tol"] == resolved(given, FEW._replace(regression=True))["tol"] == 1e-4
    X = np.random.default_rng(0).uniform(-1.0, 1.0, (500, 3))
    y = X[:, 0] * X[:, 1] + X[:, 2]
    errors = [
        np.mean((MLPRegressorScratch(tol=tol, random_state=0).fit(X[:400], y[:400]).predict(X[400:]) - y[400:]) ** 2)
        for tol in (1e-4, "auto")
    ]
    assert errors[1] < 0.9 * errors[0]
