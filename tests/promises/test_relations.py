"""Two forms of the same real table give networks with the same predictions, bit for bit or within a given bound.

This is tested with the defaults and with both presets. `test_properties.py` has more such tests with small random data.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`=.* It is going to be clipped:UserWarning"),
]

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
SMALL = {"width": 12, "max_iter": 4, "random_state": 0}
PRESETS = {
    "defaults": lambda kind: {},
    "scikit-learn": lambda kind: presets.scikit_learn(kind) | {"hidden_layer_sizes": 12, "standardize": True},
    "tabular": presets.tabular,
}
EVERY_PRESET = pytest.mark.parametrize("preset", PRESETS)
# One mini-batch and no random numbers, so that the order and the number of rows do not matter.
WHOLE = {"batch_size": 10**4, "shuffle": False, "early_stopping": False, "dropout": 0.0, "n_members": 1}
WHOLE |= {"dtype": "float64", "activation": "tanh"}


@cache
def table(Estimator):
    """Return rows of a real table, rounded to 16 binary places so that changes of units are exact, and targets."""
    load = load_breast_cancer if Estimator is CLF else load_diabetes
    X, y = load(return_X_y=True)
    X = np.round(X[:440, :8] / X[:440, :8].std(axis=0) * 2**16) / 2**16
    return X, np.array(["benign", "malignant"])[y[:440]] if Estimator is CLF else y[:440]


@cache
def frame(Estimator):
    """Return the table with three columns as categories: text, numbers, and two values; some values are missing."""
    X, _ = table(Estimator)
    codes = [np.digitize(X[:, j], np.quantile(X[:, j], np.linspace(0, 1, k + 1)[1:-1])) for j, k in ((0, 5), (2, 3))]
    return pd.DataFrame(X[:, 3:], columns=list("cdefg")).assign(
        text=pd.Series(np.array(["very low", "low", "", "high", "ä"], dtype=object)[codes[0]]).where(
            np.arange(len(X)) % 7 > 0
        ),
        number=pd.Categorical(codes[1] * 10 - 3),
        two=X[:, 3] > np.median(X[:, 3]),
    )


def fit(Estimator, preset, X, y, sample_weight=None, **more):
    kind = "classification" if Estimator is CLF else "regression"
    return Estimator(**PRESETS[preset](kind) | SMALL | more).fit(X, y, sample_weight)


@cache
def plain(Estimator, preset):
    return fit(Estimator, preset, *table(Estimator))


def outputs(mlp, X):
    """Return probabilities, or predictions in units of their standard deviation."""
    return mlp.predict_proba(X) if isinstance(mlp, CLF) else mlp.predict(X) / table(REG)[1].std()


class Told(NamedTuple):
    """Another form of the table, and how much its predictions may differ from the first; 0.0: the same bits."""

    X: Any
    y: Any
    bound: float


FAR = 2.0**27  # 1.3e8: exact for numbers of 16 binary places, but their mean has an error of 1e-8
ROUNDED = 1e-6  # rounding errors of float32, in which most of these networks are trained
TOLD = {
    "units of powers of two": lambda X, y: Told(X * 2.0 ** np.arange(-10, 14, 3), y, 0.0),
    "other units": lambda X, y: Told(X * 1.8 + 32.0, y, ROUNDED),
    "offset": lambda X, y: Told(X + FAR, y, ROUNDED),
    "negative offset": lambda X, y: Told(X - FAR, y, ROUNDED),
    "Fortran order": lambda X, y: Told(np.asfortranarray(X), y, ROUNDED),  # statistics are summed in another order
    "strided": lambda X, y: Told(np.repeat(X, 2, axis=0)[::2], y, 0.0),
    "list": lambda X, y: Told(X.tolist(), y.tolist(), 0.0),
    "frame": lambda X, y: Told(pd.DataFrame(X), pd.Series(y), ROUNDED),  # its columns are contiguous, too
    "float32": lambda X, y: Told(X.astype(np.float32), y, 1e-5),  # the inputs have rounding errors
}


@pytest.mark.parametrize("way", TOLD)
@EVERY_PRESET
@BOTH
def test_other_forms_of_the_inputs(Estimator, preset, way):
    X, y = table(Estimator)
    told = TOLD[way](X, y)
    expected = outputs(plain(Estimator, preset), X)
    found = outputs(fit(Estimator, preset, told.X, told.y), told.X)
    if told.bound == 0.0:
        assert_array_equal(found, expected)
    else:
        assert_allclose(found, expected, rtol=0.0, atol=told.bound)


@pytest.mark.parametrize(("factor", "shift", "bound"), [(2.0**20, 0.0, 0.0), (2.0**-9, 0.0, 0.0), (1.8, 2.0**27, 1e-5)])
@EVERY_PRESET
def test_units_of_targets(preset, factor, shift, bound):
    X, y = table(REG)
    found = fit(REG, preset, X, y * factor + shift).predict(X)
    assert_allclose((found - shift) / factor, plain(REG, preset).predict(X), rtol=0.0, atol=bound * y.std())


@pytest.mark.parametrize("names", [["A", "B"], [-7, 3], [False, True], [0.0, 2.0]], ids=str)
@EVERY_PRESET
def test_names_of_classes(preset, names):
    X, y = table(CLF)
    codes = (y == "malignant").astype(int)
    mlp = fit(CLF, preset, X, np.array(names)[codes])
    expected = plain(CLF, preset)
    assert_array_equal(mlp.predict_proba(X), expected.predict_proba(X))
    assert_array_equal(mlp.predict(X), np.array(names)[(expected.predict(X) == "malignant").astype(int)])


@EVERY_PRESET
@BOTH
def test_names_of_levels(Estimator, preset):
    X, y = frame(Estimator), table(Estimator)[1]
    names = {"": "z", "very low": "100", "low": "\n", "high": "a" * 99, "ä": "nan?"}
    other = X.assign(
        text=X["text"].map(names),
        number=X["number"].cat.rename_categories({-3: "x", 7: "b", 17: ""}).cat.reorder_categories(["b", "", "x"]),
        two=np.where(X["two"], "no", "yes"),
    )
    one, two = fit(Estimator, preset, X, y), fit(Estimator, preset, other, y)
    assert_array_equal(outputs(two, other), outputs(one, X))


@EVERY_PRESET
@BOTH
def test_one_row_of_weight_two_is_two_rows(Estimator, preset):
    X, y = frame(Estimator), table(Estimator)[1]
    counts = np.random.default_rng(0).integers(1, 4, len(y))
    one = fit(Estimator, preset, X, y, counts, **WHOLE)
    two = fit(Estimator, preset, X.loc[X.index.repeat(counts)], np.repeat(y, counts), **WHOLE)
    assert_allclose(outputs(two, X), outputs(one, X), rtol=0.0, atol=1e-8)  # float64, sums in another order


@EVERY_PRESET
@BOTH
def test_order_of_rows(Estimator, preset):
    X, y = frame(Estimator), table(Estimator)[1]
    order = np.random.default_rng(0).permutation(len(y))
    one, two = fit(Estimator, preset, X, y, **WHOLE), fit(Estimator, preset, X.iloc[order], y[order], **WHOLE)
    assert_allclose(outputs(two, X), outputs(one, X), rtol=0.0, atol=1e-8)  # as above


@EVERY_PRESET
@pytest.mark.parametrize("rows", [1, 7, 64])
@BOTH
def test_prediction_in_parts(Estimator, preset, rows):
    """BLAS computes products of few rows in another way, so the last digits of float32 differ."""
    X, _ = table(Estimator)
    mlp = plain(Estimator, preset)
    parts = [outputs(mlp, X[i : i + rows]) for i in range(0, len(X), rows)]
    assert_allclose(np.concatenate(parts), outputs(mlp, X), rtol=0.0, atol=1e-5)
    assert_allclose(outputs(mlp, X[::-1])[::-1], outputs(mlp, X), rtol=0.0, atol=1e-5)


@EVERY_PRESET
@BOTH
def test_prediction_of_other_forms(Estimator, preset):
    """The rows are not standardized, so that only the order of sums differs."""
    X, _ = table(Estimator)
    mlp = plain(Estimator, preset)
    for form in (sp.csr_matrix, sp.csc_array, np.asfortranarray, np.ndarray.tolist):
        assert_allclose(outputs(mlp, form(X)), outputs(mlp, X), rtol=0.0, atol=1e-5)


@BOTH
def test_dense_and_sparse_rows(Estimator):
    """Without standardization, sparse rows are trained like dense ones."""
    X, y = load_wine(return_X_y=True)
    half = np.median(X, axis=0)
    X = np.where(half < X, X / X.max(axis=0), 0.0)
    y = y if Estimator is CLF else X[:, 0] - X[:, 1]
    one, two = (fit(Estimator, "scikit-learn", form(X), y, standardize=False) for form in (np.asarray, sp.csr_array))
    assert_allclose(outputs(two, X), outputs(one, X), rtol=0.0, atol=1e-10)  # float64, sums in another order


@EVERY_PRESET
@BOTH
def test_one_thread_or_two(Estimator, preset):
    X, y = table(Estimator)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(outputs(fit(Estimator, preset, X, y), X))
    assert_array_equal(found[1], found[0])


# Initial weights depend on the order of columns, so only a loss with a single minimum gives the same result in any
# order.
CONVEX = {"depth": 0, "solver": "lbfgs", "max_iter": 5000, "max_fun": 10**5, "tol": 1e-9, "standardize": True}


@BOTH
def test_order_of_columns(Estimator):
    X, y = frame(Estimator), table(Estimator)[1]
    one, two = (Estimator(**CONVEX, alpha=1.0).fit(rows, y) for rows in (X, X[X.columns[::-1]]))
    assert_allclose(outputs(two, X[X.columns[::-1]]), outputs(one, X), rtol=0.0, atol=1e-5)


@BOTH
def test_categories_or_columns_of_zero_and_one(Estimator):
    """The penalty depends on the form; without it, both have the same minimum."""
    X = frame(Estimator)
    rng = np.random.default_rng(0)
    y = X["c"] + (X["two"] * 2.0) + X["number"].astype(float) / 10 + 2.0 * rng.normal(size=len(X))
    y = np.where(y > y.median(), "yes", "no") if Estimator is CLF else y.to_numpy()
    names = ["text", "number", "two"]
    columns = OneHotEncoder(sparse_output=False, dtype=float).fit_transform(X[names])
    numbers = np.column_stack([X.drop(columns=names), columns])
    one, two = Estimator(**CONVEX, alpha=0.0).fit(X, y), Estimator(**CONVEX, alpha=0.0).fit(numbers, y)
    assert_allclose(outputs(two, numbers), outputs(one, X), rtol=0.0, atol=1e-4)
