"""Moments of weighted, distant, sparse and merged rows are compared with formulas in float64."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknet.preprocessing import moments as module
from sknet.preprocessing.moments import LogMean, Moments

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
    """Return mean and variance by the textbook formula, in the highest precision."""
    X = X.astype(np.longdouble)
    w = np.ones(len(X), np.longdouble) if weights is None else weights.astype(np.longdouble)
    mean = w @ X / w.sum()
    return mean, w @ (X - mean) ** 2 / w.sum()


def assert_moments(moments, X, weights, rtol):
    mean, variance = exact(X, weights)
    assert moments.weight == pytest.approx(len(X) if weights is None else weights.sum())
    assert moments.mean.dtype == moments.squares.dtype == np.float64
    assert_allclose(moments.squares / moments.weight, variance.astype(float), rtol=rtol)
    # An error of the mean is measured in standard deviations.
    assert np.all(np.abs(moments.mean - mean) <= rtol * np.sqrt(variance) + 4e-16 * np.abs(mean))


@pytest.mark.parametrize("weights", [None, "float", "float32", "with zeros"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_moments(monkeypatch, dtype, rtol, layout, weights):
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 700)  # chunks of 100 rows
    X = LAYOUTS[layout](make_X(dtype=dtype))
    before = X.copy()
    w = make_weights(len(X), weights)
    assert_moments(Moments.of(X, w), X, w, rtol)
    assert_array_equal(X, before)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3, 2000), (99, 7), (100, 7), (101, 7), (1, 1)])
def test_moments_of_any_shape(monkeypatch, shape):
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 700)
    X = make_X(*shape)
    assert_moments(Moments.of(X, None), X, None, 1e-12)


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
@pytest.mark.parametrize(
    ("dtype", "offset", "rtol"),
    [(np.float64, 1e8, 1e-10), (np.float64, -1e14, 1e-4), (np.float32, 1e3, 1e-5), (np.float32, -1e6, 1e-4)],
)
def test_moments_of_columns_far_from_zero(dtype, offset, rtol, weights):
    """No digits of the data are lost; the naive ``mean(x^2) - mean(x)^2`` would lose all of them."""
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
    """The sums are centred on the first rows, which differ from the others."""
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 40)
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
    assert_allclose(weighted.scale, repeated.scale, rtol=1e-12)
    far = np.abs(X.repeat(weights, axis=0).mean(axis=0)) > 4.0 * X.repeat(weights, axis=0).std(axis=0)
    assert_array_equal(weighted.shift, np.where(far | (container is np.asarray), weighted.mean, 0.0))


def test_rows_of_weight_zero_have_no_effect():
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


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the caller silences overflow
@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e15, 1e25, 1e30])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_squares_out_of_the_range_of_float32(container, size):
    X = np.random.default_rng(0).standard_normal((200, 2))
    X[:, 0] *= size
    X = X.astype(np.float32)
    of = np.std if container is np.asarray else lambda X, axis: np.sqrt((X**2).mean(axis=axis))
    assert_allclose(Moments.of(container(X), None).scale, of(X.astype(float), axis=0), rtol=1e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize(("size", "word"), [(1e200, "variance"), (1.7e308, "mean|variance")])
def test_the_error_names_a_column_that_cannot_be_standardized(container, size, word):
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
    moments = Moments.of(container(X), w)  # weights are float64 for every dtype of X
    assert not moments.centred
    assert_array_equal(moments.shift, np.zeros(7))
    squares = X.astype(float) ** 2
    there = (X != 0.0).astype(float)
    root_mean_square = np.sqrt(np.average(squares, axis=0, weights=w) / np.average(there, axis=0, weights=w))
    assert_allclose(moments.scale, root_mean_square, rtol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_index_types(index):
    X = sp.random(50, 6, density=0.5, format="csr", random_state=0)
    expected = Moments.of(X, None)
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    assert_array_equal(Moments.of(X, None).squares, expected.squares)


def test_the_data_is_not_copied():
    X = np.ones((2500, 2000))
    X[::3] = 2.0
    weights = np.ones(2500)
    for data in (X, np.asfortranarray(X), X.astype(np.float32)):
        tracemalloc.start()
        Moments.of(data, weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.1 * data.nbytes


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


def test_merged_moments_have_the_coarser_resolution():
    """A column of 0.1 in float32 and of 0.1 in float64 is constant, although the numbers differ."""
    coarse, fine = np.full((10, 1), np.float32(0.1)), np.full((10, 1), 0.1)
    for merged in (
        Moments.of(coarse, None).merge(Moments.of(fine, None)),
        Moments.of(fine, None).merge(Moments.of(coarse, None)),
    ):
        assert_array_equal(merged.scale, [1.0])


# Units of inputs


RARE = np.where(
    np.random.default_rng(5).uniform(size=(3000, 3)) < [0.5, 0.01, 0.001], [1.0, 7.0, -2.0], [0.0, 5.0, -3.0]
)


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
def test_the_scale_of_inputs_of_two_values_is_their_difference(weights):
    w = make_weights(len(RARE), weights)
    assert_array_equal(Moments.of(RARE, w, bound_constants=True).scale, [1.0, 2.0, 1.0])
    assert_allclose(Moments.of(RARE, w).scale, np.sqrt(exact(RARE, w)[1].astype(float)), rtol=1e-9)  # targets


@pytest.mark.parametrize("cut", [1, 1500, 2999])
def test_columns_of_two_values_are_recognized_in_merged_parts(cut):
    one, other = (Moments.of(part, None, bound_constants=True) for part in (RARE[:cut], RARE[cut:]))
    assert_array_equal(one.merge(other).scale, [1.0, 2.0, 1.0])
    third = Moments.of(np.full((1, 3), 9.0), None, bound_constants=True)
    assert np.all(one.merge(other).merge(third).scale < 1.5)  # standard deviations, because there are three values now


@pytest.mark.parametrize("share", [0.5, 0.01, 0.0003])
@pytest.mark.parametrize("weights", [None, "float"])
def test_rare_entries_of_sparse_columns_keep_their_size(share, weights):
    rng = np.random.default_rng(0)
    X = np.where(rng.uniform(size=(9000, 2)) < share, [1.0, 0.3], 0.0)
    X[:2] = [1.0, 0.3]
    scale = Moments.of(sp.csr_matrix(X), make_weights(9000, weights), bound_constants=True).scale
    assert_allclose(scale, [1.0, 0.3], rtol=1e-12)


@pytest.mark.parametrize(("mean", "far"), [(3.0, False), (5.0, True), (-5.0, True), (2000.0, True), (1e8, True)])
def test_sparse_columns_far_from_zero_are_centred(mean, far):
    X = mean + np.random.default_rng(0).standard_normal((400, 1))
    moments = Moments.of(sp.csr_matrix(X), None, bound_constants=True)
    assert_allclose(moments.shift, X.mean(axis=0) if far else [0.0], rtol=1e-12)
    assert_allclose(moments.scale, X.std(axis=0) if far else np.sqrt((X**2).mean(axis=0)), rtol=1e-6)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("weights", [None, "with zeros"])
def test_a_part_is_converted_to_the_form_of_its_stream(monkeypatch, centred, weights):
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 70)
    X = make_X(60)
    w = make_weights(60, weights)
    forms = np.asarray, sp.csr_matrix
    native = Moments.of(forms[not centred](X), w)
    other = Moments.of(forms[centred](X), w, centred=centred)
    assert native.centred is other.centred is centred
    assert_allclose(other.shift, native.shift, rtol=1e-9)
    assert_allclose(other.scale, native.scale, rtol=1e-9)


def test_the_shift_of_float32_data_is_exact_in_float32():
    X = np.random.default_rng(0).normal(1e3, 1.0, (50, 4)).astype(np.float32)
    shift = Moments.of(X, None).shift
    assert_array_equal(shift.astype(np.float32), shift)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-300, -123456.789])
def test_the_shift_of_a_constant_is_its_value(value):
    assert_array_equal(Moments.of(np.full((301, 1), value), None).shift, [value])


# Targets with a log link


@pytest.mark.parametrize("weights", [None, "float", "with zeros"])
def test_the_log_of_the_mean_is_the_shift_of_outputs(weights):
    y, w = np.random.default_rng(0).gamma(2.0, [[1e-9, 1.0, 1e12]], (40, 3)), make_weights(40, weights)
    found = LogMean.of(y, w)
    mean = np.average(y, axis=0, weights=w)
    assert_allclose(found.shift, np.log(mean), rtol=1e-12)
    assert_array_equal(found.scale, 1.0)
    assert_allclose(found.standardized(y.T), y.T / mean[:, None], rtol=1e-12)
    w = np.ones(40) if w is None else w
    parts = LogMean.of(y[:9], w[:9]).merge(LogMean.of(y[9:], w[9:]))
    assert_allclose(parts.shift, found.shift, rtol=1e-12)
    assert not parts.constant.any()


@pytest.mark.parametrize("value", [0.0, 1e-9, 2.0, 1e15])
def test_constant_targets_of_a_log_link(value):
    found = LogMean.of(np.full((7, 1), value), None)
    assert found.constant.all()
    assert_allclose(np.exp(found.shift), value, rtol=1e-13)
    assert_array_equal(found.standardized(np.full((1, 7), value)), 0.0 if value == 0.0 else 1.0)
