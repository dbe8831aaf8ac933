"""Compare the moving average of weights with its recursion, written in this file."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet.core import Average
from sknet.core.averaging import EVERY


def weights(n, size=5, dtype=np.float64):
    return np.random.default_rng(0).normal(size=(n, size)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_average_is_that_of_the_recursion(decay, dtype):
    thetas = weights(400, dtype=dtype)
    average = Average(decay, np.full(5, np.nan_to_num(np.nan), dtype))
    expected = np.zeros(5)
    for i, theta in enumerate(thetas, 1):
        average.update(theta)
        if i % EVERY == 0:
            share = max(1 - decay**EVERY, EVERY / i)
            expected = (1 - share) * expected + share * theta
    assert average.vector.dtype == dtype
    assert_allclose(average.vector, expected, rtol=1e-12 if dtype == np.float64 else 1e-4, atol=1e-6)


def test_at_first_the_average_is_the_plain_mean():
    thetas = weights(10 * EVERY)
    average = Average(0.9999, np.full(5, 7.0))
    for theta in thetas:
        average.update(theta)
    assert_allclose(average.vector, thetas[EVERY - 1 :: EVERY].mean(axis=0))


def test_before_its_first_change_the_average_is_the_weights():
    theta = weights(1)[0]
    average = Average(0.99, np.zeros(5))
    for _ in range(EVERY - 1):
        average.update(theta)
        assert average.current(theta) is theta
    average.update(theta)
    assert_array_equal(average.current(theta), theta)
    assert average.current(theta) is average.vector


def test_the_average_of_constant_weights_is_exactly_these():
    theta = weights(1)[0]
    average = Average(0.95, np.zeros(5))
    for _ in range(200):
        average.update(theta)
    assert_array_equal(average.vector, theta)
