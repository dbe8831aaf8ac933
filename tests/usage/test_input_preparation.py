"""How the estimators prepare inputs: robust scaling and the periodic embedding."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier
from sklearn.datasets import load_breast_cancer, make_friedman1
from sklearn.preprocessing import RobustScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets
from sknet.core.inputs import PeriodicEmbedding, Scaling
from sknet.core.layers import Dense
from sknet.core.memory import Memory
from sknet.preprocessing.quartiles import Quartiles
from sknet.preprocessing.values import continuous_columns

X, LABELS = load_breast_cancer(return_X_y=True)
X, LABELS = X[::4, :8].copy(), LABELS[::4]
X[:, 3] = LABELS  # a column with two values
X[:, 5] = 7.0
NUMBERS = np.log(X[:, 0]) + np.sin(X[:, 1])
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
SMALL = {"width": 16, "depth": 1, "max_iter": 20, "random_state": 0}
WAYS = {
    "robust": {"standardize": "robust"},
    "embedding": {"embedding": "periodic"},
    "both": {"standardize": "robust", "embedding": "periodic"},
    "embedding, raw": {"standardize": False, "embedding": "periodic"},
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))


def target(Estimator):
    return LABELS if Estimator is MLPClassifierScratch else NUMBERS


def outputs(mlp, data):
    return mlp.predict_proba(data) if is_classifier(mlp) else mlp.predict(data)


# Statistics


@pytest.mark.parametrize("n", [1, 2, 4, 5, 101])
def test_quartiles_without_weights_are_those_of_numpy(n):
    data = np.random.default_rng(0).normal(size=(n, 3)) * [1.0, 1e6, 1e-6]
    low, median, high = np.percentile(data, [25, 50, 75], axis=0, method="inverted_cdf")
    found = Quartiles.of(data, None)
    assert_array_equal(found.shift, median)
    half = np.ptp(data, axis=0) / 2
    assert_allclose(found.scale, np.where(high > low, high - low, np.where(half > 0, half, 1.0)), rtol=1e-15)


def test_weights_are_repetitions_in_quartiles():
    rng = np.random.default_rng(0)
    data, weights = rng.normal(size=(40, 3)), rng.integers(0, 4, 40)
    weighted, repeated = Quartiles.of(data, weights), Quartiles.of(np.repeat(data, weights, axis=0), None)
    assert_array_equal(weighted.shift, repeated.shift)
    assert_array_equal(weighted.scale, repeated.scale)


def test_outliers_and_rows_without_weight_have_no_influence():
    data = np.random.default_rng(0).normal(size=(1000, 2))
    far = np.vstack([data, np.full((20, 2), 1e12)])
    assert_allclose(Quartiles.of(far, None).scale, RobustScaler().fit(data).scale_, rtol=0.1)
    none = Quartiles.of(far, np.r_[np.ones(1000), np.zeros(20)])
    assert_array_equal(none.scale, Quartiles.of(data, None).scale)


def test_columns_without_an_interquartile_range():
    data = np.zeros((100, 3))
    data[:10, 1] = 4.0
    data[:, 2] = 5.0
    assert_array_equal(Quartiles.of(data, None).scale, [1.0, 2.0, 1.0])
    assert_array_equal(Quartiles.of(data, None, bound=3.0).scale, [1.0, 4.0, 1.0])  # inputs with two values
    assert_array_equal(Quartiles.of(data, None).shift, [0.0, 0.0, 5.0])


def test_a_range_that_overflows_is_an_error():
    with pytest.raises(ValueError, match=r"the range of column 1 of X is too large .* Rescale the column"):
        MLPClassifierScratch(standardize="robust").fit([[0.0, -1.7e308], [1.0, 1.7e308]], [0, 1])


@pytest.mark.parametrize("n", [2, 100_000])
def test_columns_of_more_than_two_values(n):
    rng = np.random.default_rng(0)
    data = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n), np.full(n, 3.0), rng.integers(0, 3, n)])
    assert continuous_columns(data) == ((0, 3) if n > 2 else ())
    data[:, 1] = 0.0
    data[-1, 1], data[0, 1] = 1.0, 2.0
    assert continuous_columns(data) == ((0, 1, 3) if n > 2 else ())


# Estimators


@EVERY_WAY
@BOTH
def test_predictions_are_those_of_the_trained_network(Estimator, way):
    """The weights contain the units of the data: the network gives for raw rows what it gives for standardized rows."""
    mlp = Estimator(**SMALL, **way).fit(X, target(Estimator))
    state = mlp._state
    units = state.inputs
    rows = X if units is None else (X - units.shift) / units.scale
    if way.get("standardize") == "robust":
        rows = rows / np.sqrt(1.0 + (rows / 3.0) ** 2)
    theta = state.published
    expected = state.network.forward(state.network.layout.views(theta), rows)
    if state.outputs is not None:
        expected = expected * state.outputs.scale + state.outputs.shift
    assert_allclose(mlp._raw_outputs(X), expected, rtol=1e-9, atol=1e-9)


@BOTH
def test_layers(Estimator):
    y = target(Estimator)
    first = Estimator(**SMALL, **WAYS["both"]).fit(X, y)._network.layers[:2]
    assert first[0] == PeriodicEmbedding(8, (0, 1, 2, 4, 6, 7))
    assert isinstance(first[1], Dense)  # the clip belongs to the units
    only_two_values = Estimator(**SMALL, embedding="periodic").fit(X[:, [3, 5]], y)
    assert only_two_values.coefs_[0].shape == (2, 16)  # no column to embed: a plain network


@BOTH
def test_a_fit_with_weights_is_one_with_repetition(Estimator):
    weights = np.random.default_rng(0).integers(0, 3, len(X))
    options = SMALL | {"max_iter": 5, "early_stopping": False, "dropout": 0.0, **WAYS["both"]}
    more, y = np.repeat(X, weights, axis=0), target(Estimator)
    weighted = Estimator(**options, batch_size=len(X)).fit(X, y, weights)
    repeated = Estimator(**options, batch_size=len(more)).fit(more, np.repeat(y, weights))
    assert_allclose(outputs(weighted, X), outputs(repeated, X), rtol=1e-6)


@BOTH
def test_robust_scaling_does_not_depend_on_units_or_extreme_values(Estimator):
    """Other units change nothing; the clip limits the most extreme values."""
    mlp = Estimator(**SMALL, standardize="robust").fit(X, target(Estimator))
    other = Estimator(**SMALL, standardize="robust").fit(X * 1000.0 - 5.0, target(Estimator))
    assert_allclose(outputs(other, X * 1000.0 - 5.0), outputs(mlp, X), rtol=1e-5, atol=1e-8)
    far, farther = X[:1].copy(), X[:1].copy()
    far[0, 0], farther[0, 0] = 1e9, 1e15
    assert_allclose(outputs(mlp, farther), outputs(mlp, far), rtol=1e-5)


@EVERY_WAY
@BOTH
def test_there_are_no_coefs(Estimator, way):
    mlp = Estimator(**SMALL, **way).fit(X, target(Estimator))
    with pytest.raises(AttributeError, match=r"`coefs_` does not exist for this network, .*: weights and biases alone"):
        _ = mlp.coefs_
    mlp.set_params(standardize=True, embedding=None).fit(X, target(Estimator))
    assert len(mlp.coefs_) == 2


@pytest.mark.filterwarnings("ignore:.*Maximum iterations:sklearn.exceptions.ConvergenceWarning")
@EVERY_WAY
@BOTH
def test_ten_and_ten_epochs_are_twenty_also_in_copies(Estimator, way):
    options = SMALL | {"learning_rate": "constant", "warm_start": True, "max_iter": 10, "tol": 0.0, **way}
    y = target(Estimator)
    once = Estimator(**options | {"max_iter": 20}).fit(X, y)
    twice = pickle.loads(pickle.dumps(Estimator(**options).fit(X, y))).fit(X, y)
    assert_array_equal(outputs(twice, X), outputs(once, X))


@EVERY_WAY
@BOTH
def test_a_stream(Estimator, way):
    """Rows that fit the current units change no prediction. Rows on another scale change the units, if it has any."""
    y = target(Estimator)
    first = {"classes": [0, 1]} if Estimator is MLPClassifierScratch else {}
    mlp = Estimator(**SMALL | {"learning_rate_init": 1e-30}, **way).partial_fit(X[:60], y[:60], **first)
    before = outputs(mlp, X)
    units = mlp._state.inputs
    mlp.partial_fit(X[:60], y[:60])
    assert_allclose(outputs(mlp, X), before, rtol=1e-9, atol=1e-12)
    assert mlp._state.inputs is units
    mlp.partial_fit(X[60:] * 100.0, y[60:])
    assert (mlp._state.inputs is units) == (way.get("standardize") is False)
    assert mlp._state.columns in (None, tuple(range(8)))


@BOTH
def test_another_preparation_of_inputs_is_another_network(Estimator):
    for way in WAYS.values():
        mlp = Estimator(**SMALL, warm_start=True).fit(X, target(Estimator))
        with pytest.raises(ValueError, match="continue with the network that was fitted"):
            mlp.set_params(**way).fit(X, target(Estimator))
        mlp = Estimator(**SMALL, **way, warm_start=True).fit(X, target(Estimator))
        with pytest.raises(ValueError, match="continue with the network that was fitted"):
            mlp.set_params(standardize=True, embedding=None).fit(X, target(Estimator))


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ({"standardize": "robust"}, r"standardize='robust' needs a dense X, got a sparse one. Use standardize=True"),
        ({"embedding": "periodic"}, r"embedding='periodic' needs a dense X, got a sparse one. Use embedding=None"),
    ],
)
@BOTH
def test_sparse_inputs_are_an_error(Estimator, way, message):
    with pytest.raises(ValueError, match=message):
        Estimator(**SMALL, **way).fit(sp.csr_array(X), target(Estimator))


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning")
@EVERY_WAY
@pytest.mark.parametrize("solver", ["lbfgs", "sgd"])
@BOTH
def test_other_solvers_and_dtypes(Estimator, solver, way):
    data = X.astype(np.float32)
    if way.get("standardize") is False:
        data = (data - data.mean(axis=0)) / (data.std(axis=0) + 1)
    mlp = Estimator(**SMALL | {"solver": solver, "alpha": 1.0, "max_iter": 200}, **way).fit(data, target(Estimator))
    assert mlp.loss_curve_[-1] < mlp.loss_curve_[0]
    assert outputs(mlp, data).dtype == np.float32
    assert mlp.hidden_activations(data).shape == (len(X), 16)


@pytest.mark.slow
def test_the_embedding_learns_a_function_that_a_plain_network_does_not():
    """The function has many small steps."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, (1000, 1))
    y = np.floor(8.0 * x[:, 0]) % 2.0
    test = rng.uniform(-1.0, 1.0, (500, 1))
    truth = np.floor(8.0 * test[:, 0]) % 2.0
    plain, waves = (
        MLPRegressorScratch(embedding=e, early_stopping=False, random_state=0).fit(x, y).score(test, truth)
        for e in (None, "periodic")
    )
    assert waves > plain + 0.1


@pytest.mark.parametrize(
    ("kind", "preset"),
    [("classification", presets.tabular), ("classification", presets.best), ("regression", presets.tabular)],
)
def test_the_presets_for_tables_learn(kind, preset):
    if kind == "classification":
        data, y = load_breast_cancer(return_X_y=True)
        mlp = MLPClassifierScratch(**preset(kind), random_state=0)
    else:
        data, y = make_friedman1(1000, random_state=0)
        mlp = MLPRegressorScratch(**preset(kind), random_state=0)
    mlp.fit(data[::2], y[::2])
    assert mlp.score(data[1::2], y[1::2]) > (0.95 if kind == "classification" else 0.9)
    assert mlp.predict(data).dtype == y.dtype  # float64 rows get float64 numbers, also if computed in float32


def test_the_clip_of_a_number_whose_square_overflows_is_its_bound():
    layer, x = Scaling(2, 3.0), np.array([[1e30, -3e38], [1.0, 0.0]], dtype=np.float32)
    memory = Memory(a=np.empty_like(x), root=np.empty_like(x))
    a = layer.forward((np.zeros(2, np.float32), np.full(2, 1e3, np.float32)), x, memory)
    assert_allclose(a, [[3.0, -3.0], [3.0, 0.0]], rtol=1e-4)


# Constant columns


@BOTH
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [-3e3, 1.7e9, 1e15])
def test_the_size_of_a_constant_column_does_not_matter(Estimator, container, dtype, size):
    """Folded into the first layer at unit scale, large ones led to rounding errors in float32 predictions."""
    plain, large = (np.column_stack([X[:, :5], np.full(len(X), c)]).astype(dtype) for c in (np.sign(size), size))
    mlp = Estimator(**SMALL | {"weight_decay": 0.0}, dtype=dtype)
    one, other = (
        mlp.fit(container(data), target(Estimator)) and outputs(mlp, container(data)) for data in (plain, large)
    )
    assert_allclose(other, one, rtol=1e-4 if dtype is np.float32 else 1e-9, atol=1e-6)
