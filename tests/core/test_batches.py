"""Batches contain each row once, in scikit-learn's random order and standardized. X is never written."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.utils import shuffle

from sknet.core.batches import Batches, Codes, Smoothed, Stacked, Values
from sknet.core.rows import Rows, Units

N, D = 23, 4
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def numbered(n=N, dtype=np.float64):
    """Return X whose first column is the number of the row."""
    X = np.random.default_rng(0).normal(size=(n, D)).astype(dtype)
    X[:, 0] = np.arange(n)
    return X


def batches_of(X, size=5, *, weights=None, order=None, mean=None, scale=None, dtype=None, targets=None):
    units = None
    if mean is not None or scale is not None:
        mean, scale = np.zeros(D) if mean is None else mean, np.ones(D) if scale is None else scale
        units = Units(mean, scale, sparse=not mean.any())
    rows = Rows(X, units, dtype or X.dtype)
    targets = targets or Values(np.arange(2.0 * rows.n_rows).reshape(2, -1).astype(rows.dtype))
    return Batches(rows, targets, weights, size, order)


def gathered(batches, rng=None):
    """Return copies of the mini-batches of one epoch, because each is overwritten by the next."""
    return [
        batch._replace(
            x=batch.x.toarray() if sparse.issparse(batch.x) else batch.x.copy(),
            y=batch.y.copy(),
            w=None if batch.w is None else batch.w.copy(),
        )
        for batch in batches.epoch(rng)
    ]


def row_numbers(batches, rng=None):
    return np.concatenate([batch.x[:, 0] for batch in gathered(batches, rng)]).astype(int)


@pytest.mark.parametrize("size", [1, 5, 22, 23, 100])
@pytest.mark.parametrize("rng", [None, np.random.RandomState(0)], ids=["fixed", "shuffled"])
def test_an_epoch_visits_each_row_once(size, rng):
    batches = batches_of(numbered(), size, order=np.arange(N))
    for _ in range(3):
        np.testing.assert_array_equal(np.sort(row_numbers(batches, rng)), np.arange(N))


@pytest.mark.parametrize("size", [1, 5, 22])
def test_random_order_is_that_of_scikit_learn_epoch_after_epoch(size):
    """MLPClassifier._fit_stochastic: ``sample_idx = shuffle(sample_idx, random_state=self._random_state)``."""
    batches = batches_of(numbered(), size, order=np.arange(N))
    ours, theirs = np.random.RandomState(3), np.random.RandomState(3)
    expected = np.arange(N)
    for _ in range(4):
        expected = shuffle(expected, random_state=theirs)
        np.testing.assert_array_equal(row_numbers(batches, ours), expected)


@pytest.mark.parametrize("rng", [None, np.random.RandomState(0)], ids=["no rng", "rng"])
def test_without_order_the_rows_of_X_are_not_shuffled(rng):
    np.testing.assert_array_equal(row_numbers(batches_of(numbered()), rng), np.arange(N))


def test_without_rng_the_order_is_followed_and_kept():
    order = np.array([7, 3, 3, 20, 0, 11, 2])
    batches = batches_of(numbered(), 3, order=order)
    for _ in range(2):
        np.testing.assert_array_equal(row_numbers(batches), [7, 3, 3, 20, 0, 11, 2])
    np.testing.assert_array_equal(order, [7, 3, 3, 20, 0, 11, 2])


def test_only_the_rows_of_the_order_are_visited():
    """With early stopping, the order contains the training rows only."""
    order = np.array([1, 5, 8, 13, 21])
    batches = batches_of(numbered(), 2, order=order)
    assert batches.n_rows == 5
    np.testing.assert_array_equal(np.sort(row_numbers(batches, np.random.RandomState(0))), [1, 5, 8, 13, 21])


def test_the_last_mini_batch_may_be_shorter():
    assert [len(batch.x) for batch in gathered(batches_of(numbered(), 5))] == [5, 5, 5, 5, 3]
    assert [batch.total for batch in gathered(batches_of(numbered(), 5))] == [5.0, 5.0, 5.0, 5.0, 3.0]
    assert batches_of(numbered(), 100).size == N


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("size", [5, N])
def test_x_y_and_w_belong_to_the_same_rows(size, shuffled):
    X, weights = numbered(), np.random.default_rng(1).uniform(0.5, 2.0, N)
    columns = np.random.default_rng(2).normal(size=(3, N))
    order = np.random.default_rng(3).permutation(N) if shuffled else None
    for batch in gathered(batches_of(X, size, weights=weights, order=order, targets=Values(columns))):
        index = batch.x[:, 0].astype(int)
        np.testing.assert_array_equal(batch.x, X[index])
        np.testing.assert_array_equal(batch.y, columns.T[index])
        total = len(index) * weights.mean()  # not of the mini-batch: mini-batches have weights too
        np.testing.assert_allclose(batch.w[:, 0], weights[index] / total, rtol=1e-14)
        assert batch.total == pytest.approx(total, rel=1e-14)


@pytest.mark.parametrize("size", [5, N])
def test_without_weights_there_is_no_w(size):
    assert all(batch.w is None for batch in gathered(batches_of(numbered(), size)))


def test_a_mini_batch_without_weight_is_left_out():
    weights = np.ones(N)
    weights[5:10] = 0.0  # all rows of the second mini-batch
    weights[[0, 22]] = 0.0
    batches = gathered(batches_of(numbered(), 5, weights=weights))
    assert [int(batch.x[0, 0]) for batch in batches] == [0, 10, 15, 20]
    assert [batch.total for batch in batches] == pytest.approx([4.0, 5.0, 5.0, 2.0], rel=1e-14)
    assert [batch.n_weighted for batch in batches] == [4, 5, 5, 2]
    assert all(batch.w.sum() == pytest.approx(1.0) for batch in batches)


def test_a_mini_batch_of_all_rows_without_weight_is_left_out():
    assert gathered(batches_of(numbered(), N, weights=np.zeros(N))) == []


@both_dtypes
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("kind", ["C", "F", "float32", "float64", "int", "strided"])
@pytest.mark.parametrize(("centred", "scaled"), [(True, True), (False, True), (True, False), (False, False)])
def test_standardization(kind, centred, scaled, shuffled, dtype):
    """Rows are (x - mean) / scale in the requested dtype, for each type of X."""
    X = np.random.default_rng(0).normal(3.0, 2.0, (N, D)) * 10
    X = {
        "C": lambda: X,
        "F": lambda: np.asfortranarray(X),
        "float32": lambda: X.astype(np.float32),
        "float64": lambda: X,
        "int": lambda: X.astype(np.int64),
        "strided": lambda: X.repeat(2, axis=0)[::2],
    }[kind]()
    mean, scale = X.mean(axis=0), X.std(axis=0)
    order = np.random.default_rng(3).permutation(N) if shuffled else None
    X.flags.writeable = False
    batches = batches_of(X, order=order, mean=mean if centred else None, scale=scale if scaled else None, dtype=dtype)
    x = np.concatenate([batch.x for batch in gathered(batches)])
    expected = X[np.arange(N) if order is None else order].astype(np.float64)
    expected = (expected - mean * centred) / (scale if scaled else 1.0)
    assert x.dtype == dtype
    eps = np.finfo(dtype if kind != "float32" else np.float32).eps
    np.testing.assert_allclose(x, expected, rtol=4 * eps, atol=16 * eps * (1.0 if scaled else 40.0))


@pytest.mark.parametrize("size", [5, N])
@pytest.mark.parametrize("order", [None, np.arange(N)], ids=["no order", "order"])
def test_a_read_only_memory_map_is_accepted(tmp_path, size, order):
    X = numbered()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    batches = batches_of(mapped, size, order=order, mean=X.mean(axis=0), scale=X.std(axis=0))
    x = np.concatenate([batch.x for batch in gathered(batches)])
    np.testing.assert_allclose(x, (X - X.mean(axis=0)) / X.std(axis=0), rtol=1e-12, atol=1e-14)


@both_dtypes
@pytest.mark.parametrize("order", [None, np.random.default_rng(3).permutation(N)], ids=["no order", "order"])
@pytest.mark.parametrize("size", [5, N])
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_rows_stay_sparse_and_are_scaled_only(kind, size, order, dtype):
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(N, D)) * (rng.uniform(size=(N, D)) < 0.4)
    X, scale = kind(dense), rng.uniform(0.5, 2.0, D)
    X.data.flags.writeable = X.indices.flags.writeable = X.indptr.flags.writeable = False
    batches = batches_of(X, size, order=order, scale=scale, dtype=dtype)
    index, start = np.arange(N) if order is None else order, 0
    for _ in range(2):
        start = 0
        for batch in batches.epoch(None):
            assert sparse.issparse(batch.x)
            assert batch.x.format == "csr"
            assert batch.x.dtype == dtype
            rows = index[start : start + batch.x.shape[0]]
            assert batch.x.nnz == np.count_nonzero(dense[rows])
            np.testing.assert_allclose(batch.x.toarray(), dense[rows] / scale, rtol=4 * np.finfo(dtype).eps)
            start += batch.x.shape[0]
    assert start == N


def test_rows_that_need_no_change_are_a_view():
    X = numbered()
    for batch in batches_of(X).epoch(None):
        assert np.shares_memory(batch.x, X)
    for batch in batches_of(X, order=np.arange(N)).epoch(None):
        assert not np.shares_memory(batch.x, X)


class Counting(Values):
    """Targets that count how often they are read."""

    calls = 0

    def take(self, index, out):
        Counting.calls += 1
        super().take(index, out)


@pytest.mark.parametrize("order", [None, np.arange(N)], ids=["no order", "order"])
def test_a_mini_batch_of_all_rows_is_gathered_once(order):
    Counting.calls = 0
    batches = batches_of(numbered(), N, order=order, targets=Counting(np.zeros((1, N))))
    passes = [list(batches.epoch(np.random.RandomState(0))) for _ in range(3)]
    assert Counting.calls == 1
    assert all(one is passes[0][0] for (one,) in passes)


def test_batches_reuse_their_memory():
    batches = batches_of(numbered(), 5, order=np.arange(N), weights=np.ones(N))
    first, *others = list(batches.epoch(None))
    for other in others:
        for name in ("x", "y", "w"):
            assert np.shares_memory(getattr(first, name), getattr(other, name))
        assert other.x.flags.c_contiguous
        assert other.y.flags.f_contiguous


@both_dtypes
@pytest.mark.parametrize("codes_dtype", [np.uint8, np.int64])
@pytest.mark.parametrize("order", [None, np.random.default_rng(3).permutation(N)], ids=["no order", "order"])
@pytest.mark.parametrize("size", [5, N])
def test_codes_become_one_hot_rows(size, order, codes_dtype, dtype):
    codes = np.random.default_rng(0).integers(0, 3, N).astype(codes_dtype)  # of 4 classes, one does not occur
    targets = Codes(codes, 4)
    assert targets.width == 4
    y = np.concatenate(
        [batch.y for batch in gathered(batches_of(numbered(dtype=dtype), size, order=order, targets=targets))]
    )
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.eye(4)[codes if order is None else codes[order]])


@both_dtypes
@pytest.mark.parametrize("columns_dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("order", [None, np.random.default_rng(3).permutation(N)], ids=["no order", "order"])
def test_values_become_columns(order, columns_dtype, dtype):
    columns = np.random.default_rng(0).integers(0, 9, (3, N)).astype(columns_dtype)
    targets = Values(columns)
    assert targets.width == 3
    batches = batches_of(numbered(dtype=dtype), order=order, targets=targets)
    y = np.concatenate([batch.y for batch in gathered(batches)])
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, columns.T if order is None else columns.T[order])


@both_dtypes
def test_weights_take_the_dtype_of_the_batch(dtype):
    weights = np.linspace(1.0, 2.0, N)
    for batch in gathered(batches_of(numbered(dtype=dtype), weights=weights)):
        assert batch.w.dtype == dtype
        assert batch.w.shape == (len(batch.x), 1)


def all_targets(targets, dtype=np.float64, order=None, size=5):
    """Return the targets of an epoch, in the order of the rows."""
    batches = batches_of(numbered(dtype=dtype), size, order=order, targets=targets)
    y = np.concatenate([batch.y for batch in gathered(batches)])
    assert y.dtype == dtype
    return y if order is None else y[np.argsort(order)]


orders = pytest.mark.parametrize("order", [None, np.random.default_rng(3).permutation(N)], ids=["no order", "order"])


@both_dtypes
@pytest.mark.parametrize("size", [5, N])
@orders
def test_stacked_targets_lie_side_by_side(order, size, dtype):
    rng = np.random.default_rng(0)
    first, second, columns = rng.integers(0, 3, N), rng.integers(0, 2, N), rng.normal(size=(2, N)).astype(dtype)
    targets = Stacked((Codes(first, 3), Values(columns), Codes(second, 2)))
    assert targets.width == 7
    expected = np.column_stack([np.eye(3)[first], columns.T, np.eye(2)[second]])
    np.testing.assert_array_equal(all_targets(targets, dtype, order, size), expected)


@both_dtypes
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.75])
@orders
def test_smoothed_classes(order, smoothing, dtype):
    """Szegedy et al. (2016), section 7: ``q'(k) = (1 - epsilon) delta_ky + epsilon u(k)``, with any shares u."""
    codes, shares = np.random.default_rng(0).integers(0, 4, N), np.array([0.1, 0.2, 0.65, 0.05])
    targets = Smoothed(Codes(codes, 4), smoothing, shares)
    assert targets.width == 4
    y = all_targets(targets, dtype, order)
    expected = np.tile(smoothing * shares, (N, 1))
    expected[np.arange(N), codes] += 1 - smoothing
    np.testing.assert_allclose(y, expected, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(y.sum(axis=1), 1.0, rtol=4 * np.finfo(dtype).eps)


@orders
def test_smoothed_labels_move_towards_the_shares(order):
    columns, shares = np.random.default_rng(0).integers(0, 2, (3, N)).astype(np.uint8), np.array([0.5, 0.1, 0.9])
    y = all_targets(Smoothed(Values(columns), 0.2, shares), order=order)
    np.testing.assert_allclose(y, 0.8 * columns.T + 0.2 * shares, rtol=1e-14)


@pytest.mark.parametrize("weights", [None, np.random.default_rng(5).integers(0, 4, N)], ids=["unweighted", "weighted"])
def test_means_of_targets_are_those_of_their_columns(weights):
    rng, index = np.random.default_rng(0), np.arange(2, N, 3)
    w = None if weights is None else weights[index]
    for targets in (Codes(rng.integers(0, 4, N), 4), Values(rng.integers(0, 2, (3, N)).astype(np.uint8))):
        expected = np.average(all_targets(targets)[index], axis=0, weights=w)
        np.testing.assert_allclose(targets.mean(index, weights), expected, rtol=1e-12)
        kept = all_targets(Smoothed(targets, 0.3, targets.mean(index, weights)))[index]
        np.testing.assert_allclose(np.average(kept, axis=0, weights=w), expected, rtol=1e-12)


def test_smoothed_targets_within_stacked_ones():
    first, second = np.arange(N) % 3, np.arange(N) % 2
    thirds, halves = np.full(3, 1 / 3), np.full(2, 1 / 2)
    y = all_targets(Stacked((Smoothed(Codes(first, 3), 0.3, thirds), Smoothed(Codes(second, 2), 0.3, halves))))
    expected = np.column_stack([0.7 * np.eye(3)[first] + 0.1, 0.7 * np.eye(2)[second] + 0.15])
    np.testing.assert_allclose(y, expected, rtol=1e-14)
