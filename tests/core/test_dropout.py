"""Dropout leaves out units, scales the others, passes gradients through these only, and does nothing at prediction."""

import pickle
import tracemalloc

import numpy as np
import pytest

from sknet.core.dropout import Dropout
from sknet.core.layers import Training
from sknet.core.memory import Workspace

N, K = 7, 5
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def noise(seed=0):
    return Training(np.random.default_rng(seed), None)


def memory_for(layer, n=N, dtype=np.float64, rows=None):
    """Return memory full of nan, because the layer must not read its old contents."""
    memory = Workspace([layer.buffers()], rows or n, dtype).rows(n)[0]
    memory.a[...] = memory.delta[...] = np.nan
    memory.kept[...] = True
    return memory


def some_rows(n=N, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=(n, K)).astype(dtype)


@both_dtypes
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_unit_is_left_out_or_scaled_up(rate, dtype):
    layer, x = Dropout(K, rate), some_rows(500, dtype)
    a = layer.forward((), x, memory_for(layer, 500, dtype), noise())
    assert a.dtype == dtype
    dropped = a == 0.0
    np.testing.assert_allclose(a[~dropped], x[~dropped] / (1.0 - rate), rtol=4 * np.finfo(dtype).eps)
    # A share of 2,500 independent draws differs by five standard deviations once in two million times.
    assert dropped.mean() == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / dropped.size))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_expected_output_is_the_input(rate):
    """Srivastava et al. (2014), section 10: the units that are kept are scaled up in training."""
    layer, x, source = Dropout(K, rate), some_rows(), noise()
    draws = np.array([layer.forward((), x, memory_for(layer), source).copy() for _ in range(4000)])
    deviation = np.abs(x) * np.sqrt(rate / (1 - rate) / len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - x) < 5 * deviation)


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.999])
def test_the_mean_over_mini_batches_has_rates_that_a_byte_cannot_represent(rate):
    """The threshold of each mini-batch is one of two bytes, and the mean share of units left out is the rate."""
    layer, source, x, n_draws = Dropout(K, rate), noise(), np.ones((200, K)), 2000
    memory = memory_for(layer, 200)
    shares = [np.mean(layer.forward((), x, memory, source) == 0.0) for _ in range(n_draws)]
    up = rate * 256 % 1
    deviation = np.sqrt(up * (1 - up) / 256**2 + rate * (1 - rate) / x.size)
    assert np.mean(shares) == pytest.approx(rate, abs=5 * deviation / np.sqrt(n_draws))


def test_all_pieces_of_a_large_mini_batch_are_drawn():
    n = 50_000
    a = Dropout(K, 0.5).forward((), np.ones((n, K)), memory_for(Dropout(K, 0.5), n), noise())
    tenths = (a == 0.0).reshape(10, -1)
    np.testing.assert_allclose(tenths.mean(axis=1), 0.5, atol=5 * 0.5 / np.sqrt(tenths.shape[1]))
    assert len(np.unique(tenths, axis=0)) == 10


def test_units_are_left_out_independently():
    """No two columns and no two rows are correlated, over 20,000 draws."""
    layer, source = Dropout(K, 0.5), noise()
    draws = np.array([layer.forward((), np.ones((3, K)), memory_for(layer, 3), source).ravel() for _ in range(20_000)])
    correlations = np.corrcoef(draws.T)[~np.eye(3 * K, dtype=bool)]
    assert np.abs(correlations).max() < 5 / np.sqrt(20_000)


@both_dtypes
def test_the_same_seed_leaves_out_the_same_units(dtype):
    layer, x = Dropout(K, 0.5), some_rows(dtype=dtype)
    first, again, other = (layer.forward((), x, memory_for(layer, dtype=dtype), noise(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_each_mini_batch_has_its_own_mask():
    layer, x, source = Dropout(K, 0.5), some_rows(), noise()
    memory = memory_for(layer)
    first = layer.forward((), x, memory, source).copy()
    assert (layer.forward((), x, memory, source) != first).any()


@pytest.mark.parametrize("training", [None, Training(None, None)], ids=["prediction", "no noise"])
def test_nothing_happens_at_prediction_or_without_noise(training):
    layer, x = Dropout(K, 0.5), some_rows()
    assert layer.forward((), x, memory_for(layer), training) is x


def test_prediction_needs_no_memory():
    assert all(buffer.training_only for buffer in Dropout(K, 0.5).buffers())


def test_a_rate_of_zero_keeps_everything():
    layer, x = Dropout(K, 0.0), some_rows()
    np.testing.assert_array_equal(layer.forward((), x, memory_for(layer), noise()), x)


@both_dtypes
@pytest.mark.parametrize("rows", [N, N + 5])
def test_gradients_pass_through_the_units_that_were_kept(rows, dtype):
    layer, delta = Dropout(K, 0.4), some_rows(dtype=dtype, seed=1)
    memory, dx = memory_for(layer, dtype=dtype, rows=rows), np.full((N, K), np.nan, dtype=dtype)
    slope = layer.forward((), np.ones((N, K), dtype=dtype), memory, noise()).copy()  # a = x * slope
    memory.delta[...] = delta
    layer.backward((), (), None, memory, dx)
    assert dx.dtype == dtype
    np.testing.assert_allclose(dx, delta * slope, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(memory.delta, delta)


def test_the_gradient_of_the_input_is_not_computed_if_not_needed():
    layer = Dropout(K, 0.4)
    memory = memory_for(layer)
    layer.forward((), some_rows(), memory, noise())
    layer.backward((), (), None, memory, None)


def test_inputs_are_not_changed():
    layer, x = Dropout(K, 0.5), some_rows()
    x.flags.writeable = False
    layer.forward((), x, memory_for(layer), noise())


def test_it_has_no_parameters():
    assert Dropout(K, 0.5).specs() == ()
    Dropout(K, 0.5).initialize(np.random.RandomState(0), ())


def test_both_passes_allocate_nothing_that_grows_with_the_rows():
    n = 200_000  # one byte for each unit would be a megabyte; NumPy casts 8,192 booleans at a time in a buffer
    layer, x, source, dx = Dropout(K, 0.5), some_rows(n), noise(), np.empty((n, K))
    memory = memory_for(layer, n)
    tracemalloc.start()
    try:
        layer.forward((), x, memory, source)
        layer.backward((), (), x, memory, dx)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < n


def test_layers_are_equal_if_they_compute_the_same():
    layer = Dropout(K, 0.5)
    assert pickle.loads(pickle.dumps(layer)) == layer == Dropout(K, 0.5)
    assert layer != Dropout(K, 0.4)
    assert str(layer) == "dropout(0.5)"
