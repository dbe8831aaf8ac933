"""Rows of a table contain numbers in units, zeros and indicators for missing values, and codes."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknet.core import Rows, TableRows, Units, converted_once

N = 8
X = np.random.default_rng(0).normal(3.0, 2.0, size=(N, 3))
X[2, 0] = X[5, 0] = X[5, 2] = np.nan
CODES = np.arange(2 * N, dtype=np.uint8).reshape(N, 2)
UNITS = Units(np.array([3.0, 2.0, 1.0]), np.array([2.0, 1.0, 4.0]))
INDICES = {"slice": slice(2, 7), "numbers": np.array([5, 0, 2]), "all": slice(0, N)}


def expected(index, gaps, codes):
    rows = (X[index] - UNITS.shift) / UNITS.scale
    parts = [np.nan_to_num(rows), np.isnan(rows)[:, list(gaps)], *([] if codes is None else [codes[index]])]
    return np.column_stack(parts)


@pytest.mark.parametrize("index", INDICES.values(), ids=list(INDICES))
@pytest.mark.parametrize("gaps", [(), (0,), (0, 2)])
@pytest.mark.parametrize("codes", [None, CODES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_the_expected_matrix(index, gaps, codes, dtype):
    rows = TableRows(Rows(X, UNITS, dtype), gaps, codes)
    there = rows.take(index)
    assert there.dtype == dtype
    assert_array_equal(converted_once(rows).take(index), there)
    assert rows.width == there.shape[1]
    np.testing.assert_allclose(there, expected(index, gaps, codes), rtol=1e-6 if dtype == np.float32 else 1e-14)
    out = np.full_like(there, np.nan)
    assert rows.take(index, out) is out
    assert_array_equal(out, there)


def test_the_data_are_not_changed():
    before = X.copy()
    TableRows(Rows(X, UNITS, np.float64), (0,), CODES).take(slice(0, N))
    assert_array_equal(X, before)
