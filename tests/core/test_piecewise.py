"""Compare the piecewise-linear embedding with its formula, NumPy's interpolation and central differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet.core import ACTIVATIONS, LOSSES, Dense, Network, Parameters
from sknet.core.batches import Batch
from sknet.core.gradcheck import relative_error
from sknet.core.initializers import initializer_for
from sknet.core.memory import Layout, Workspace
from sknet.core.piecewise import PiecewiseLinear

N, D, T, V = 11, 4, 6, 3
LAYER = PiecewiseLinear(D, (0, 2, 3), n_bins=T, n_values=V)
EDGES = [np.linspace(-1.0, 1.0, T + 1), np.array([-0.5, 0.0, 2.0]), np.array([0.1, 0.2])]


def started(dtype=np.float64, layer=LAYER, edges=EDGES):
    layout = Layout([layer.specs()])
    parameters = Parameters(layout, np.zeros(layout.size, dtype=dtype)).layers[0]
    layer.initialize(np.random.RandomState(0), parameters)
    layer.set_edges(parameters, edges)
    parameters[2][...] = np.random.default_rng(0).normal(size=parameters[2].shape)
    return parameters


def some_rows(dtype=np.float64, n=N):
    return np.random.default_rng(1).normal(size=(n, D)).astype(dtype)


def memory_for(layer=LAYER, dtype=np.float64, n=N):
    memory = Workspace([layer.buffers()], n + 2, dtype).rows(n)[0]
    for array in vars(memory).values():
        array[...] = True if array.dtype == bool else np.nan
    return memory


def codes(x, edges):
    """Return the share of each bin that is below x, shape (n, number of bins)."""
    return np.clip((x[:, None] - edges[:-1]) / np.diff(edges), 0.0, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_the_weighted_sum_of_the_codes(dtype):
    parameters, x = started(dtype), some_rows(dtype)
    a = LAYER.forward(parameters, x, memory_for(dtype=dtype))
    assert a.dtype == dtype
    assert_array_equal(a[:, :D], x)
    for j, (column, edges) in enumerate(zip(LAYER.columns, EDGES, strict=True)):
        expected = codes(x[:, column], edges) @ parameters[2][j, : len(edges) - 1]
        assert_allclose(a[:, D + j * V : D + (j + 1) * V], expected, rtol=1e-12 if dtype == np.float64 else 1e-4)


def test_values_interpolate_between_edges_and_are_constant_beyond():
    parameters = started()
    x = np.full((50, D), 0.0)
    x[:, 2] = np.linspace(-3.0, 4.0, 50)
    a = LAYER.forward(parameters, x, memory_for(n=50))
    knots = np.concatenate([[0.0], np.cumsum(parameters[2][1, :2, 0])])
    assert_allclose(a[:, D + V], np.interp(x[:, 2], EDGES[1], knots), atol=1e-12)


def test_initial_functions_are_zero():
    layout = Layout([LAYER.specs()])
    parameters = Parameters(layout, np.ones(layout.size)).layers[0]
    LAYER.initialize(np.random.RandomState(0), parameters)
    assert_array_equal(parameters[2], 0.0)
    assert_allclose(parameters[0][0], np.linspace(-2.0, 2.0, T + 1)[:-1])
    assert [spec.learned for spec in LAYER.specs()] == [False, False, True]


@pytest.mark.parametrize("before", [False, True])
def test_gradients_are_those_of_central_differences(before):
    """With a layer before the embedding, its gradient is computed too."""
    draw, tanh, identity = initializer_for("auto", "tanh"), ACTIVATIONS["tanh"], ACTIVATIONS["identity"]
    first = (Dense(D, D, tanh, draw),) if before else ()
    network = Network((*first, LAYER, Dense(LAYER.n_out, 2, identity, draw)), LOSSES["squared_error"])
    theta = network.initialize(np.random.RandomState(0), np.float64)
    own = Parameters(network.layout, theta).layers[len(first)]
    for array, value in zip(own, started(), strict=True):
        array[...] = value
    learned, places = np.ones(theta.size, dtype=bool), np.arange(float(theta.size))
    for array in Parameters(network.layout, places).layers[len(first)][:2]:
        learned[array.astype(int)] = False
    rng = np.random.default_rng(3)
    batch = Batch(some_rows(), rng.normal(size=(N, 2)), None, float(N))
    assert relative_error(network, theta, batch, directions=np.eye(theta.size)[learned]) < 1e-6


def test_columns_with_fewer_bins_do_not_use_the_other_bins():
    parameters, x = started(), some_rows()
    memory = memory_for()
    LAYER.forward(parameters, x, memory)
    memory.delta[...] = 1.0
    grads = tuple(np.full_like(p, np.nan) for p in parameters)
    LAYER.backward(parameters, grads, x, memory, None)
    assert_array_equal(grads[2][1, 2:], 0.0)
    assert_array_equal(grads[2][2, 1:], 0.0)
    assert np.abs(grads[2][1, :2]).min() > 0.0


@pytest.mark.parametrize("far", [-1e30, 1e30, -3e38, 3e38])
def test_outputs_for_huge_values_are_constant_and_finite(far):
    x = np.full((2, D), far, dtype=np.float32)
    with np.errstate(all="raise"):
        a = LAYER.forward(started(np.float32), x, memory_for(dtype=np.float32, n=2))
    assert np.isfinite(a).all()


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_functions_of_infinity_are_those_of_a_huge_number(sign):
    of_infinity, of_huge = (
        LAYER.forward(started(), np.full((2, D), sign * far), memory_for(n=2))[:, D:] for far in (np.inf, 1e30)
    )
    assert_array_equal(of_infinity, of_huge)


def test_the_strength_multiplies_the_functions_and_their_gradients():
    x, weak = some_rows(), PiecewiseLinear(D, LAYER.columns, n_bins=T, n_values=V, strength=0.25)
    results = []
    for layer in (LAYER, weak):
        parameters, memory = started(layer=layer), memory_for(layer)
        a = layer.forward(parameters, x, memory).copy()
        memory.delta[...] = 1.0
        grads, dx = tuple(map(np.zeros_like, parameters)), np.empty_like(x)
        layer.backward(parameters, grads, x, memory, dx)
        results.append((a[:, D:], grads[2], dx - 1.0))
    for full, quarter in zip(*results, strict=True):
        assert np.abs(full).max() > 0.1
        assert_allclose(quarter, 0.25 * full, rtol=1e-12, atol=1e-15)


def test_edges_have_a_gradient_of_zero():
    parameters, x, memory = started(), some_rows(), memory_for()
    LAYER.forward(parameters, x, memory)
    memory.delta[...] = 1.0
    grads = tuple(np.full_like(p, np.nan) for p in parameters)
    LAYER.backward(parameters, grads, x, memory, None)
    assert_array_equal(grads[0], 0.0)
    assert_array_equal(grads[1], 0.0)


def test_there_may_be_more_columns_than_bins():
    layer = PiecewiseLinear(D, (0, 1, 2, 3), n_bins=2, n_values=V)
    edges = [np.array([-1.0, 0.2, 1.5])] * D
    parameters, x, memory = started(layer=layer, edges=edges), some_rows(), memory_for(layer)
    direction, h = np.random.default_rng(2).normal(size=x.shape), 1e-6
    weights = np.random.default_rng(3).normal(size=(N, layer.n_out))
    shifted = [(layer.forward(parameters, x + s * h * direction, memory) * weights).sum() for s in (1.0, -1.0)]
    layer.forward(parameters, x, memory)
    memory.delta[...] = weights
    dx, grads = np.empty_like(x), tuple(map(np.zeros_like, parameters))
    layer.backward(parameters, grads, x, memory, dx)
    assert_allclose((dx * direction).sum(), (shifted[0] - shifted[1]) / (2.0 * h), rtol=1e-7)


def test_the_gradient_of_a_mini_batch_does_not_depend_on_earlier_ones_in_the_same_memory():
    parameters, used = started(), memory_for()
    of_batch = []
    for x, memory in ((some_rows()[::-1] * 2.0, used), (some_rows(), used), (some_rows(), memory_for())):
        LAYER.forward(parameters, x, memory)
        memory.delta[...] = 1.0
        grads = tuple(map(np.zeros_like, parameters))
        LAYER.backward(parameters, grads, x, memory, None)
        of_batch.append(grads[2])
    assert_array_equal(of_batch[1], of_batch[2])
    assert not np.array_equal(of_batch[0], of_batch[1])
