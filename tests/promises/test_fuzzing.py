"""Each constructor parameter with each of a list of hostile values gives an error that names it, or a useful fit.

``pytest -s tests/promises/test_fuzzing.py`` prints the table.
"""

import inspect
import time
import tracemalloc
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet._parameters import InvalidParameterError

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`=.* It is going to be clipped:UserWarning"),
]

CLF, REG = MLPClassifierScratch, MLPRegressorScratch

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 3))
Y = np.abs(X @ [1.0, -2.0, 0.5]) + 0.1
TARGETS = {CLF: np.array(["no", "yes"])[(Y > 1).astype(int)], REG: Y}

# No epoch improves by `tol`, so training is short for any `max_iter`.
SMALL = {"width": 4, "depth": 1, "max_iter": 4, "random_state": 0, "tol": 1e9, "n_iter_no_change": 2, "verbose": False}
# Other parameters, with which a parameter has an effect.
CONTEXT = {
    "power_t": {"learning_rate": "invscaling", "batch_size": 10},
    "momentum": {"solver": "sgd"},
    "nesterovs_momentum": {"solver": "sgd"},
    "validation_fraction": {"early_stopping": True},
    "scoring": {"early_stopping": True},
    "max_fun": {"solver": "lbfgs", "tol": 1e-4},
    "quantile": {"loss": "quantile"},
    "huber_delta": {"loss": "huber"},
    "learning_rate": {"batch_size": 10},
    "dropout": {"dtype": "float32"},
}


class Odd:
    """An object of which even the text is an error."""

    def __repr__(self):
        raise RuntimeError("no text")

    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = None


def function(*arguments):
    return 0.5


HOSTILE = {
    "nan": np.nan, "np.nan": np.float64("nan"), "inf": np.inf, "-inf": -np.inf, "-1": -1, "-1.5": -1.5, "0": 0,
    "0.0": 0.0, "-0.0": -0.0, "1": 1, "1.0": 1.0, "0.5": 0.5, "next to 1": np.nextafter(1.0, 0.0),
    "int64": np.int64(1), "uint8": np.uint8(1), "float32": np.float32(0.5), "longdouble": np.longdouble("0.5"),
    "Fraction": Fraction(1, 2), "Fraction of int": Fraction(1), "Decimal": Decimal("0.5"), "complex": 0.5j,
    "2**31": 2**31, "10**12": 10**12, "10**30": 10**30, "-10**30": -(10**30), "10**400": 10**400, "10**5000": 10**5000,
    "1e308": 1e308, "5e-324": 5e-324, "True": True, "False": False, "np.True_": np.True_, "None": None,
    "Ellipsis": ..., "NotImplemented": NotImplemented, "''": "", "' '": " ", "'1'": "1", "'nonsense'": "nonsense",
    "'auto'": "auto",
    "np.str_": np.str_("nonsense"), "long string": "x" * 10**6, "NUL": "relu\0", "bytes": b"adam",
    "bytearray": bytearray(b"\1\2"), "memoryview": memoryview(b"\1\2"), "[]": [], "()": (), "{}": {}, "set": set(),
    "{0.5}": {0.5}, "[[1]]": [[1]], "[[[]]]": [[[]]], "[None]": [None], "[nan]": [np.nan], "[object]": [object()],
    "{0: nan}": {0: np.nan}, "{'no': 10**400}": {"no": 10**400}, "[{}]": [{}], "range(0)": range(0),
    "range(2)": range(2), "range(10**30)": range(1, 10**30), "generator": (i for i in range(2)), "object": object(),
    "Odd": Odd(), "function": function, "int": int, "class": Odd, "module": np, "array 0-d": np.array(0.5),
    "array of ints 0-d": np.array(1), "empty array": np.array([]), "array 2-d": np.ones((2, 2)),
    "array (0, 3)": np.zeros((0, 3)), "array (1, 1, 1)": np.ones((1, 1, 1)), "array of None": np.array([None]),
    "array of text": np.array(["nonsense"]), "array of records": np.zeros(2, dtype="f4,f4"),
    "array of 4": np.full(4, 0.5),
    "date": np.datetime64("2020-01-01"), "estimator": REG(), "slice": slice(1), "dtype": np.dtype("f4,f4"),
}  # fmt: skip

# Names of the values above that may pass the check; all others must not.
ABOVE_0 = {"0.5", "next to 1", "float32", "longdouble", "Fraction", "5e-324"}
ZEROS = {"0", "0.0", "-0.0"}
ONES = {"1", "1.0", "int64", "uint8", "Fraction of int"}
SIZES = ONES  # whole numbers of any type
INTEGERS = ONES | {"10**12", "2**31"}
LARGE = {"2**31", "10**12", "10**30", "1e308"}
BOOLEANS = {"True", "False", "np.True_"}
EMPTY = {"[]", "()", "range(0)", "empty array"}
AUTO = {"'auto'"}
PASSES = {
    "hidden_layer_sizes": SIZES | EMPTY | {"None"},
    "activation": EMPTY | AUTO,
    "solver": set(),
    "loss": set(),
    "alpha": ZEROS | ABOVE_0 | ONES | LARGE,
    "batch_size": INTEGERS | AUTO,
    "learning_rate": set(),
    "learning_rate_init": ABOVE_0 | ONES | LARGE | AUTO,
    "power_t": ZEROS | ABOVE_0 | ONES | LARGE,
    "max_iter": INTEGERS | AUTO,
    "shuffle": BOOLEANS,
    "random_state": {"0", "1", "int64", "uint8", "2**31", "None"},
    "tol": ZEROS | ABOVE_0 | ONES | LARGE | AUTO,
    "verbose": BOOLEANS | INTEGERS | ZEROS,
    "warm_start": BOOLEANS,
    "momentum": ZEROS | ABOVE_0 | ONES,
    "nesterovs_momentum": BOOLEANS,
    "early_stopping": BOOLEANS | AUTO,
    "validation_fraction": ABOVE_0,
    "beta_1": ZEROS | ABOVE_0,
    "beta_2": ZEROS | ABOVE_0,
    "epsilon": ABOVE_0 | ONES | LARGE,
    "n_iter_no_change": INTEGERS | {"inf"} | AUTO,
    "max_fun": INTEGERS,
    "depth": SIZES | ZEROS,
    "width": SIZES,
    "initializer": AUTO,
    "standardize": BOOLEANS | AUTO,
    "embedding": {"None"} | AUTO,
    "n_members": SIZES | AUTO,
    "averaging": ZEROS | ABOVE_0 | AUTO,
    "dtype": {"None"} | AUTO,
    "weight_decay": ZEROS | ABOVE_0 | ONES | LARGE | AUTO,
    "dropout": ZEROS | ABOVE_0 | EMPTY | {"array of 4"} | AUTO,
    "normalization": {"None"},
    "max_grad_norm": ABOVE_0 | ONES | LARGE | {"None"},
    "scoring": {"None", "function"} | AUTO,
    "class_weight": {"None", "{}", "[{}]"},
    "label_smoothing": ZEROS | ABOVE_0 | AUTO,
    "categorical_features": EMPTY | {"None", "range(2)", "array of text"},
    "quantile": ABOVE_0,
    "huber_delta": ABOVE_0 | ONES | LARGE,
}
NAMES = [(E, name) for E in (CLF, REG) for name in inspect.signature(E).parameters]

COUNTS = {}  # by estimator and parameter: rejected, rejected for these data, no finite result, accepted


class Touched(Exception):
    pass


class Untouchable:
    """Data that raise an error when they are read."""

    def __getattribute__(self, name):
        raise Touched(name)

    def __len__(self):
        raise Touched("__len__")


def outcome(Estimator, name, value):
    """Return the outcome of a value, which is one of the columns of the table."""
    mlp = Estimator(**SMALL | CONTEXT.get(name, {}) | {name: value})
    before = set(vars(mlp))
    try:
        mlp.fit(Untouchable(), Untouchable())
    except Touched:
        pass
    except InvalidParameterError as error:
        message = str(error)
        assert f"`{name}` must be" in message
        assert len(message) < 2000
        assert set(vars(mlp)) == before
        return "refused"
    assert set(vars(mlp)) == before
    try:
        mlp.fit(X, TARGETS[Estimator])
    except (ValueError, TypeError) as error:
        assert set(vars(mlp)) == before
        message = str(error)
        if message.startswith("Training gave"):
            return "no finite result"
        assert name in message
        return "refused for these data"
    check_usable(mlp)
    return "accepted"


def check_usable(mlp):
    prediction = mlp.predict(X)
    assert prediction.shape == (30,)
    if isinstance(mlp, REG):
        assert np.isfinite(prediction).all()
    else:
        assert set(prediction) <= {"no", "yes"}
        np.testing.assert_allclose(mlp.predict_proba(X).sum(axis=1), 1.0, rtol=1e-6)
    assert mlp.n_iter_ <= 4
    assert len(mlp.loss_curve_) == max(mlp.n_iter_, 1)  # L-BFGS may find no better point
    assert np.isfinite(mlp.loss_curve_).all()


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    columns = "refused", "refused for these data", "no finite result", "accepted"
    print(f"\n{len(HOSTILE)} values for each parameter\n{'':44}" + "".join(f"{column:>24}" for column in columns))
    for (Estimator, name), found in COUNTS.items():
        print(f"{Estimator.__name__ + ' ' + name:44}" + "".join(f"{found.count(column):24}" for column in columns))
    total = [sum(found.count(column) for found in COUNTS.values()) for column in columns]
    print(f"{'all':44}" + "".join(f"{n:24}" for n in total))


def test_the_table_is_complete():
    assert {name for _, name in NAMES} == PASSES.keys()
    assert set().union(*PASSES.values()) <= HOSTILE.keys()


@pytest.mark.parametrize(("Estimator", "name"), NAMES)
def test_hostile_values(Estimator, name):
    found = {}
    tracemalloc.start()
    for words, value in HOSTILE.items():
        start = time.perf_counter()
        found[words] = outcome(Estimator, name, value)
        assert time.perf_counter() - start < 30.0, words
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    COUNTS[Estimator, name] = list(found.values())
    assert {words for words, what in found.items() if what != "refused"} == PASSES[name]
    assert peak < 50e6
