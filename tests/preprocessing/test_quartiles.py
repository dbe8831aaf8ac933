"""Quartiles are compared with NumPy's quantiles, for weights, constant columns and merged parts."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet.preprocessing.quartiles import Quartiles


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_spread_whose_inverse_overflows_is_replaced_by_one(dtype):
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


def quartiles(X):
    low, median, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    return median, high - low


@pytest.mark.parametrize("cuts", [[250], [1, 2, 499], list(range(20, 500, 20))], ids=["halves", "rows", "chunks"])
@pytest.mark.parametrize("order", ["random", "sorted"])
def test_parts_are_merged_into_the_quartiles_of_all(cuts, order):
    X = np.random.default_rng(0).gamma(2.0, [1.0, 1e4, 1e-3], size=(500, 3))
    if order == "sorted":
        X = np.sort(X, axis=0)
    merged, *more = [Quartiles.of(part, None) for part in np.split(X, cuts)]
    for part in more:
        merged = merged.merge(part)
    median, spread = quartiles(X)
    assert merged.weight == 500.0
    assert_allclose(merged.shift, median, rtol=0.1)
    assert_allclose(merged.scale, spread, rtol=0.15)
    assert_array_equal(merged.ends, [X.min(axis=0), X.max(axis=0)])
    assert merged.points.shape == (128, 3)  # the number of points does not grow with the number of parts


def test_weights_count_in_merging():
    rng = np.random.default_rng(0)
    low, high = rng.normal(0.0, 1.0, (400, 1)), rng.normal(100.0, 1.0, (400, 1))
    merged = Quartiles.of(low, np.full(400, 9.0)).merge(Quartiles.of(high, np.ones(400)))
    assert_allclose(merged.shift, 0.0, atol=0.5)
    assert merged.scale < 3.0


def test_the_spread_of_two_values_is_their_difference_for_inputs_and_half_of_it_for_targets():
    X = np.where(np.arange(200)[:, None] % [2, 100] == 0, [1.0, 5.0], [0.0, 2.0])
    assert_array_equal(Quartiles.of(X, None, bound=3.0).scale, [1.0, 3.0])
    assert_array_equal(Quartiles.of(X, None).scale, [1.0, 1.5])
    halves = [Quartiles.of(part, None, bound=3.0) for part in (X[:7], X[7:])]
    assert_array_equal(halves[0].merge(halves[1]).scale, [1.0, 3.0])


def test_a_column_that_varies_in_a_later_part_is_not_constant():
    first = Quartiles.of(np.zeros((5, 1)), None)
    merged = first.merge(Quartiles.of(np.random.default_rng(0).normal(10.0, 1.0, (500, 1)), None))
    assert first.constant.all()
    assert not merged.constant.any()
    assert_allclose(merged.shift, 10.0, atol=0.3)
    assert_allclose(merged.scale, 1.35, atol=0.3)


def test_quartiles_of_an_earlier_release_do_not_change_in_a_merger():
    old = Quartiles(np.zeros(2), np.ones(2))
    assert old.merge(Quartiles.of(np.ones((3, 2)), None)) is old
    assert not old.constant.any()


@pytest.mark.parametrize("order", ["C", "F"])
def test_row_weights_need_no_copy_of_the_data(order):
    X = np.asarray(np.random.default_rng(0).normal(size=(4000, 200)), order=order)
    weights = np.ones(4000)
    weights[::3] = 0.0
    tracemalloc.start()
    Quartiles.of(X, weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.2 * X.nbytes


def test_rows_of_weight_zero_do_not_count_as_lowest_or_highest_values():
    X, weights = np.array([[0.0], [1e9], [0.0], [2.0]]), np.array([1.0, 0.0, 1.0, 1.0])
    found = Quartiles.of(X, weights)
    assert_array_equal(found.ends, [[0.0], [2.0]])
    assert_array_equal(Quartiles.of(X[:3], weights[:3]).constant, [True])


def test_targets_are_standardized_by_median_and_interquartile_range():
    columns = np.random.default_rng(0).gamma(2.0, [[1.0], [1e3]], size=(2, 51))
    low, median, high = np.quantile(columns, [0.25, 0.5, 0.75], axis=1, method="inverted_cdf")
    expected = ((columns.T - median) / (high - low)).T
    assert_allclose(Quartiles.of(columns.T, None).standardized(columns), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("missing", ["points", "ends"])
@pytest.mark.parametrize("first", [True, False])
def test_quartiles_without_points_or_ends_are_not_merged(missing, first):
    """Model files of release 0.1.0 have none."""
    one, other = (Quartiles.of(np.random.default_rng(seed).normal(size=(9, 2)), None) for seed in range(2))
    one, other = (replace(one, **{missing: None}), other) if first else (one, replace(other, **{missing: None}))
    assert one.merge(other) is one
