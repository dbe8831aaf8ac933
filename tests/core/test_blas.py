"""Compare `axpy` and `norm` with their formulas."""

import tracemalloc

import numpy as np
import pytest

from sknet.core.blas import axpy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("a", [-0.3, 0.0, 1.0, np.float64(2.5)])
def test_axpy_is_the_formula_in_place(a, dtype):
    x, y = (np.random.default_rng(seed).normal(size=9).astype(dtype) for seed in (0, 1))
    x_before, expected = x.copy(), y.astype(np.float64) + a * x.astype(np.float64)
    axpy(a, x, y)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(x, x_before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_axpy_changes_the_vector_of_a_view(dtype):
    x, y = np.ones(5, dtype=dtype), np.zeros(5, dtype=dtype)
    axpy(2.0, x[1:4], y[1:4])
    np.testing.assert_array_equal(y, [0.0, 2.0, 2.0, 2.0, 0.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_axpy_allocates_nothing(dtype):
    x, y = np.ones(100_000, dtype=dtype), np.zeros(100_000, dtype=dtype)
    axpy(2.0, x, y)
    tracemalloc.start()
    try:
        axpy(2.0, x, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000
