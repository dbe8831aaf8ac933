"""Losses do not change their inputs, keep float32, accept any memory order, and allocate less than a column."""

import tracemalloc

import numpy as np
import pytest
from loss_problems import ALL, CASES, OUTPUTS, evaluate, problem, targets, weighted

from sknet.core.memory import Workspace


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_inputs_are_not_changed(name, k, w):
    y, z = problem(name, k)
    for array in (y, z) if w is None else (y, z, w):
        array.flags.writeable = False
    before = y.copy(), z.copy()
    evaluate(name, y, z, w)
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(z, before[1])


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_float32_stays_float32(name, k, w):
    y, z = problem(name, k)
    w32 = None if w is None else w.astype(np.float32)
    value, delta = evaluate(name, y.astype(np.float32), z.astype(np.float32), w32)
    exact_value, exact_delta = evaluate(name, y, z, w)
    assert delta.dtype == np.float32
    assert type(value) is float
    assert value == pytest.approx(exact_value, rel=1e-5)
    np.testing.assert_allclose(delta, exact_delta, rtol=1e-4, atol=1e-6)


@weighted
@pytest.mark.parametrize(("name", "k"), CASES)
def test_memory_order_does_not_matter(name, k, w):
    y, z = problem(name, k)
    value, delta = evaluate(name, y, z, w)
    value_f, delta_f = evaluate(name, np.asfortranarray(y), np.asfortranarray(z), w)
    assert value_f == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(delta_f, delta, rtol=1e-14)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("name", sorted(ALL))
def test_allocates_nothing_of_the_size_of_a_column(name, weights):
    n, k = 200_000, OUTPUTS[name][-1]  # one byte for each row would be more than the buffers of NumPy's functions
    z, delta = (np.full((n, k), value, order="F") for value in (0.5, 0.0))
    y = np.full((n, targets(name, k, np.random.default_rng(0)).shape[1]), 0.25, order="F")
    w = np.full((n, 1), 1 / n) if weights else None
    loss = ALL[name]
    memory = Workspace([loss.buffers(k)], n, z.dtype).rows(n)[0]
    loss.value_and_delta(z, y, w, delta, memory)
    tracemalloc.start()
    try:
        loss.value_and_delta(z, y, w, delta, memory)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < n
