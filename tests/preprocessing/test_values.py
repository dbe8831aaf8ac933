"""Columns with at most two different values are found chunk by chunk, and in merged parts of the rows."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknet.preprocessing import values
from sknet.preprocessing.values import columns_to_embed, continuous_columns, join, joined, two_values

NAN = np.nan


def slowly(X):
    found = np.full((2, X.shape[1]), NAN)
    for j, column in enumerate(X.T):
        different = np.unique(column)
        if len(different) <= 2:
            found[:, j] = different[0], different[-1]
    return found


def make_X(n=300, dtype=np.float64):
    rng = np.random.default_rng(0)
    late = np.zeros(n)
    late[-1] = 4.0
    third = rng.integers(0, 2, n).astype(float)
    third[n // 2] = 0.5
    columns = [rng.normal(size=n), rng.integers(0, 2, n), np.full(n, 3.0), rng.integers(0, 3, n), late, third]
    return np.column_stack(columns).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows_in_chunk", [1, 7, 1000])
def test_values_of_columns(monkeypatch, rows_in_chunk, dtype):
    monkeypatch.setattr(values, "_CHUNK_ELEMENTS", 6 * rows_in_chunk)
    X = make_X(dtype=dtype)
    assert_array_equal(two_values(X), slowly(X))


@pytest.mark.parametrize("rows_in_chunk", [1, 7, 1000])
def test_rows_without_weight_do_not_count(monkeypatch, rows_in_chunk):
    monkeypatch.setattr(values, "_CHUNK_ELEMENTS", 6 * rows_in_chunk)
    X = make_X()
    weights = np.random.default_rng(1).integers(0, 2, len(X)).astype(float)
    weights[:20] = 0.0
    assert_array_equal(two_values(X, weights), slowly(X[weights > 0.0]))


@pytest.mark.parametrize("cut", [1, 150, 299])
def test_parts_are_joined_into_the_values_of_all(cut):
    X = make_X()
    assert_array_equal(join(two_values(X[:cut]), two_values(X[cut:])), slowly(X))


def test_joining_with_none_gives_none():
    known = np.zeros((2, 3))
    assert joined(known, None) is joined(None, known) is None
    assert_array_equal(joined(known, known), known)


def test_only_the_first_rows_of_numeric_columns_are_read(monkeypatch):
    monkeypatch.setattr(values, "_CHUNK_ELEMENTS", 200)
    seen = []
    monkeypatch.setattr(values, "_of_rows", lambda X: seen.append(X.shape) or np.full((2, X.shape[1]), NAN))
    two_values(np.random.default_rng(0).normal(size=(1000, 20)))
    assert seen == [(10, 20)]


def test_columns_to_embed():
    X = make_X()
    assert columns_to_embed(None, X, None) is None
    assert columns_to_embed("periodic", X, None) == continuous_columns(X) == (0, 3, 5)
    assert columns_to_embed("periodic", X, None, stream=True) == tuple(range(6))


def test_row_weights_need_no_copy_of_the_data():
    X = np.random.default_rng(0).integers(0, 2, (4000, 200)).astype(float)
    weights = np.ones(4000)
    weights[::3] = 0.0
    tracemalloc.start()
    continuous_columns(X, weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.4 * X.nbytes
