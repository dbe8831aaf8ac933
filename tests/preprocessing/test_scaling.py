import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from sknet.preprocessing import scaling
from sknet.preprocessing.scaling import Moments, Quartiles, rescale_inputs, rescale_outputs, rescale_scaling

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "every second row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every second column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": lambda X: np.frombuffer(X.tobytes(), dtype=X.dtype).reshape(X.shape),
}


def make_X(n=500, d=7, dtype=np.float64):
    rng = np.random.default_rng(0)
    return (rng.standard_normal((n, d)) * 10.0 ** rng.integers(-3, 4, d) + rng.standard_normal(d)).astype(dtype)


def make_weights(n, kind):
    rng = np.random.default_rng(1)
    return {
        None: None,
        "float": rng.uniform(0.0, 3.0, n),
        "float32": rng.uniform(0.0, 3.0, n).astype(np.float32),
        "with zeros": rng.integers(0, 3, n).astype(np.float64),
    }[kind]


def exact(X, weights):
    """Mean and variance at the highest precision that there is, after the textbook's formula."""
    X = X.astype(np.longdouble)
    w = np.ones(len(X), np.longdouble) if weights is None else weights.astype(np.longdouble)
    mean = w @ X / w.sum()
    return mean, w @ (X - mean) ** 2 / w.sum()


def assert_moments(moments, X, weights, rtol):
    mean, variance = exact(X, weights)
    assert moments.weight == pytest.approx(len(X) if weights is None else weights.sum())
    assert moments.mean.dtype == moments.squares.dtype == np.float64
    assert_allclose(moments.squares / moments.weight, variance.astype(float), rtol=rtol)
    # An error of the mean counts on the scale of the deviations.
    assert np.all(np.abs(moments.mean - mean) <= rtol * np.sqrt(variance) + 4e-16 * np.abs(mean))


@pytest.mark.parametrize("weights", [None, "float", "float32", "with zeros"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_moments(monkeypatch, dtype, rtol, layout, weights):
    monkeypatch.setattr(scaling, "_CHUNK_ELEMENTS", 700)  # chunks of 100 rows
    X = LAYOUTS[layout](make_X(dtype=dtype))
    before = X.copy()
    w = make_weights(len(X), weights)
    assert_moments(Moments.of(X, w), X, w, rtol)
    assert_array_equal(X, before)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3, 2000), (99, 7), (100, 7), (101, 7), (1, 1)])
def test_moments_of_any_shape(monkeypatch, shape):
    monkeypatch.setattr(scaling, "_CHUNK_ELEMENTS", 700)
    X = make_X(*shape)
    assert_moments(Moments.of(X, None), X, None, 1e-12)


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
@pytest.mark.parametrize(
    ("dtype", "offset", "rtol"),
    [(np.float64, 1e8, 1e-10), (np.float64, -1e14, 1e-4), (np.float32, 1e3, 1e-5), (np.float32, -1e6, 1e-4)],
)
def test_moments_of_columns_far_from_zero(dtype, offset, rtol, weights):
    """The digits that are there are not lost: the naive ``mean(x^2) - mean(x)^2`` has none left."""
    X = (make_X() / make_X().std(axis=0) + offset).astype(dtype)
    w = make_weights(len(X), weights)
    moments = Moments.of(X, w)
    assert_moments(moments, X, w, rtol)
    assert np.all(moments.scale != 1.0)
    naive = np.mean(X**2, axis=0) - np.mean(X, axis=0) ** 2
    assert np.abs(naive / exact(X, None)[1] - 1).max() > rtol


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-11), (np.float32, 1e-5)])
def test_moments_of_sorted_data(monkeypatch, dtype, rtol, weights):
    """The first rows, which the sums are centred on, say nothing of the rest."""
    monkeypatch.setattr(scaling, "_CHUNK_ELEMENTS", 40)
    X = np.sort(make_X(), axis=0)
    X[:20] = X[0] - 1e4 * X.std(axis=0)
    X[20:] *= 1e-3
    w = make_weights(len(X), weights)
    assert_moments(Moments.of(X.astype(dtype), w), X.astype(dtype), w, rtol)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csr_array])
def test_weights_are_repetitions(container):
    X = make_X(60)
    weights = np.random.default_rng(2).integers(0, 4, 60)
    weighted = Moments.of(container(X), weights.astype(float))
    repeated = Moments.of(container(np.repeat(X, weights, axis=0)), None)
    assert weighted.weight == repeated.weight
    assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    assert_allclose(weighted.squares, repeated.squares, rtol=1e-12)
    assert_array_equal(weighted.shift, weighted.mean if container is np.asarray else 0.0)


def test_rows_without_weight_do_nothing():
    X, weights = make_X(60), make_weights(60, "with zeros")
    wild = np.where(weights[:, None] > 0, X, 1e12)
    assert_allclose(Moments.of(wild, weights).squares, Moments.of(X, weights).squares, rtol=1e-12)


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
@pytest.mark.parametrize("n", [1, 2, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_constant_columns_are_not_scaled(container, dtype, n, weights):
    values = np.array([0.0, 1.0, 1 / 3, -7.7e-5, 1e10, -3e-20, 123456.789, 1e-38]).astype(dtype)
    w = make_weights(n, weights)
    if w is not None and not w.any():
        w = np.ones(n)
    w = None if w is None else w.astype(dtype)
    moments = Moments.of(container(np.tile(values, (n, 1))), w)
    assert_array_equal(moments.scale, np.ones(8))
    bounded = Moments.of(container(np.tile(values, (n, 1))), w, bound_constants=True)
    assert_allclose(bounded.scale, [1, 1, 1, 1, 1e10, 1, 123456.789, 1], rtol=1e-6)
    assert_array_equal(bounded.merge(bounded).scale, bounded.scale)
    eps = np.finfo(dtype).eps
    assert_allclose(moments.mean, values.astype(float), rtol=8 * eps if container is np.asarray else n * eps)


@pytest.mark.parametrize(
    ("dtype", "offset", "deviation"),
    [(np.float64, 1.0, 1e-10), (np.float64, 1e6, 1e-6), (np.float32, 1.0, 1e-5), (np.float32, 1e-3, 1e-7)],
)
def test_columns_that_vary_little_are_scaled(dtype, offset, deviation):
    X = (offset + deviation * np.random.default_rng(0).standard_normal((1000, 1))).astype(dtype)
    assert_allclose(Moments.of(X, None).scale, X.astype(float).std(axis=0), rtol=1e-3)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # whoever calls is to silence overflow
@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e15, 1e25, 1e30])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_squares_out_of_the_range_of_float32(container, size):
    X = np.random.default_rng(0).standard_normal((200, 2))
    X[:, 0] *= size
    X = X.astype(np.float32)
    assert_allclose(Moments.of(container(X), None).scale, X.astype(float).std(axis=0), rtol=1e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize(("size", "word"), [(1e200, "variance"), (1.7e308, "mean|variance")])
def test_what_cannot_be_standardized_is_named(container, size, word):
    X = make_X()
    X[:, 3] = size * np.sign(X[:, 3])
    with pytest.raises(ValueError, match=f"the ({word}) of column 3 of X is too large for float64"):
        Moments.of(container(X), None)


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array])
def test_sparse_columns_are_scaled_but_not_centred(container, dtype, weights):
    X = make_X(dtype=dtype)
    X[np.abs(X) < np.median(np.abs(X), axis=0)] = 0.0
    w = make_weights(len(X), weights)
    moments = Moments.of(container(X), w)  # weights are float64 whatever X is
    assert not moments.centred
    assert_array_equal(moments.shift, np.zeros(7))
    reference = StandardScaler(with_mean=False).fit(X.astype(float), sample_weight=w)
    assert_allclose(moments.scale, reference.scale_, rtol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_index_types(index):
    X = sp.random(50, 6, density=0.5, format="csr", random_state=0)
    expected = Moments.of(X, None)
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    assert_array_equal(Moments.of(X, None).squares, expected.squares)


def test_no_copy_of_the_data():
    X = np.ones((2500, 2000))
    X[::3] = 2.0
    weights = np.ones(2500)
    for data in (X, np.asfortranarray(X), X.astype(np.float32)):
        tracemalloc.start()
        Moments.of(data, weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.1 * data.nbytes


# Merging


@pytest.mark.parametrize("cuts", [[250], [1, 2, 499], [100, 200, 300, 400]], ids=str)
@pytest.mark.parametrize("weights", [None, "float"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_merged_moments_are_those_of_all_data(container, weights, cuts):
    X = make_X()
    X[:250] += 100.0  # parts that differ
    w = make_weights(len(X), weights)
    parts = [
        Moments.of(container(part), None if w is None else w[rows])
        for part, rows in zip(np.split(X, cuts), np.split(np.arange(500), cuts), strict=True)
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    whole = Moments.of(container(X), w)
    assert merged.weight == pytest.approx(whole.weight, rel=1e-14)
    assert_allclose(merged.mean, whole.mean, rtol=1e-12)
    assert_allclose(merged.squares, whole.squares, rtol=1e-11)
    assert merged.centred == whole.centred
    assert merged.resolution == whole.resolution


def test_dense_and_sparse_parts_are_scaled_but_not_centred():
    dense, sparse = Moments.of(make_X(), None), Moments.of(sp.csr_matrix(make_X()), None)
    for merged in (dense.merge(sparse), sparse.merge(dense)):
        assert not merged.centred
        assert_array_equal(merged.shift, np.zeros(7))
        assert_allclose(merged.scale, dense.scale, rtol=1e-12)


def test_the_coarser_resolution_counts():
    """A constant of single precision is constant in the merger, even if it is another one's nearest number."""
    coarse, fine = np.full((10, 1), np.float32(0.1)), np.full((10, 1), 0.1)
    for merged in (
        Moments.of(coarse, None).merge(Moments.of(fine, None)),
        Moments.of(fine, None).merge(Moments.of(coarse, None)),
    ):
        assert_array_equal(merged.scale, [1.0])


# Folding

MOMENTS = {
    "raw": None,
    "dense": Moments.of(make_X(), None),
    "other": Moments.of(make_X(50) * 3.0 + 10.0, None),
    "sparse": Moments.of(sp.csr_matrix(make_X()), None),
    "constant": Moments.of(np.full((5, 7), 3.0), None),
}


def standardize(X, moments):
    return X if moments is None else (X - moments.shift) / moments.scale


@pytest.mark.parametrize("new", MOMENTS)
@pytest.mark.parametrize("old", MOMENTS)
def test_rescaled_inputs_give_the_same_layer(old, new):
    rng = np.random.default_rng(3)
    X, W, b = make_X(20), rng.standard_normal((7, 4)), rng.standard_normal(4)
    old, new = MOMENTS[old], MOMENTS[new]
    expected = standardize(X, old) @ W + b
    W2, b2 = W.copy(), b.copy()
    assert rescale_inputs(W2, b2, old, new) is None  # in place
    assert_allclose(standardize(X, new) @ W2 + b2, expected, rtol=1e-9, atol=1e-9)
    if old is new:
        assert_array_equal(W2, W)  # bit for bit: warm starts depend on it
        assert_array_equal(b2, b)


@pytest.mark.parametrize("new", MOMENTS)
@pytest.mark.parametrize("old", MOMENTS)
def test_rescaled_outputs_give_the_same_predictions(old, new):
    rng = np.random.default_rng(3)
    a, W, b = rng.standard_normal((20, 4)), rng.standard_normal((4, 7)), rng.standard_normal(7)
    old, new = MOMENTS[old], MOMENTS[new]

    def in_units_of_y(z, moments):
        return z if moments is None else z * moments.scale + moments.shift

    expected = in_units_of_y(a @ W + b, old)
    W2, b2 = W.copy(), b.copy()
    assert rescale_outputs(W2, b2, old, new) is None
    assert_allclose(in_units_of_y(a @ W2 + b2, new), expected, rtol=1e-9, atol=1e-9)
    if old is new:
        assert_array_equal(W2, W)
        assert_array_equal(b2, b)


def test_float32_weights_stay_float32():
    W, b = np.ones((7, 4), np.float32), np.ones(4, np.float32)
    rescale_inputs(W, b, MOMENTS["raw"], MOMENTS["dense"])
    rescale_outputs(W.T, np.ones(7, np.float32), MOMENTS["raw"], MOMENTS["dense"])
    assert W.dtype == b.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_spread_whose_inverse_overflows_counts_as_none(dtype):
    X = np.array([[0.0], [1.0], [1.0], [0.0]], dtype=dtype) * np.finfo(dtype).smallest_subnormal
    assert_array_equal(Quartiles.of(X, None).scale, 1.0)
    X = np.array([[0.0], [1.0], [1.0], [0.0]], dtype=dtype) * np.finfo(dtype).tiny
    assert_array_equal(Quartiles.of(X, None).scale, np.finfo(dtype).tiny)


@pytest.mark.parametrize("n", [7, 40, 101])
def test_quartiles_are_those_of_numpy(n):
    X = np.random.default_rng(n).gamma(1.0, size=(n, 3))
    low, median, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    found = Quartiles.of(X, None)
    assert_array_equal(found.shift, median)
    assert_allclose(found.scale, high - low, rtol=1e-15)


def test_weighted_quartiles_are_those_of_repeated_rows():
    rng = np.random.default_rng(0)
    X, times = rng.normal(size=(30, 3)), rng.integers(0, 4, 30)
    weighted, repeated = Quartiles.of(X, times.astype(float)), Quartiles.of(np.repeat(X, times, axis=0), None)
    assert_array_equal(weighted.shift, repeated.shift)
    assert_array_equal(weighted.scale, repeated.scale)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("new", [False, True])
def test_a_scaling_layer_computes_the_same_in_other_units(old, new):
    """What it does to a value in the units of the data: standardize, shift, scale."""
    rng = np.random.default_rng(0)
    X, shift, scale = rng.normal(3.0, 2.0, size=(9, 4)), rng.normal(size=4), rng.uniform(0.5, 2.0, 4)
    before, after = (Quartiles(rng.normal(size=4), rng.uniform(0.5, 2.0, 4)) if u else None for u in (old, new))
    expected = ((X if before is None else (X - before.shift) / before.scale) - shift) * scale
    rescale_scaling(shift, scale, before, after)
    found = ((X if after is None else (X - after.shift) / after.scale) - shift) * scale
    assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
