"""Compare the look-up of categories with products of one-hot matrices and with central differences."""

import pickle
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet.core import ACTIVATIONS, LOSSES, Dense, Network, Parameters
from sknet.core.batches import Batch
from sknet.core.categories import OTHER, Categories
from sknet.core.gradcheck import relative_error
from sknet.core.initializers import initializer_for
from sknet.core.memory import Layout, Workspace

N, SIZES = 9, (3, 7, 2, 40)
LAYERS = {
    "one-hot and learned": Categories(2, SIZES, (3, 4, 2, 5)),
    "learned slowly": Categories(2, SIZES, (3, 4, 2, 5), strength=0.2),
    "one-hot alone": Categories(1, (3, 4), (3, 4)),
    "learned alone": Categories(0, (6, 5), (2, 1)),
    "numbers alone": Categories(3, (), ()),
}
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))


def started(layer, dtype=np.float64):
    layout = Layout([layer.specs()])
    parameters = Parameters(layout, np.zeros(layout.size, dtype=dtype)).layers[0]
    layer.initialize(np.random.RandomState(0), parameters)
    return parameters


def some_rows(layer, n=N, dtype=np.float64):
    rng = np.random.default_rng(1)
    codes = [rng.integers(0, size, n) for size in layer.sizes]
    return np.column_stack([rng.normal(size=(n, layer.n_numbers)), *codes]).astype(dtype)


def memory_for(layer, n=N, dtype=np.float64):
    memory = Workspace([layer.buffers()], n + 3, dtype).rows(n)[0]
    for array in vars(memory).values():
        array[...] = np.nan
    return memory


def by_one_hot(layer, parameters, x):
    """Return the output of the layer, computed by products of one-hot matrices."""
    a = np.full((len(x), layer.n_out), np.nan)
    a[:, : layer.n_numbers] = x[:, : layer.n_numbers]
    for j, (table, block) in enumerate(zip(layer.vectors(parameters), layer.blocks(), strict=True)):
        a[:, block] = np.eye(layer.sizes[j])[x[:, layer.n_numbers + j].astype(int)] @ table
    return a


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_looking_up_is_a_product_with_one_hot(layer, dtype):
    parameters, x = started(layer, dtype), some_rows(layer, dtype=dtype)
    a = layer.forward(parameters, x, memory_for(layer, dtype=dtype))
    assert a.dtype == dtype
    assert_array_equal(a, by_one_hot(layer, parameters, x).astype(dtype))
    assert not np.isnan(a).any()


def test_few_levels_are_one_hot_and_not_learned():
    layer = LAYERS["learned slowly"]
    parameters, x = started(layer), some_rows(layer)
    a = layer.forward(parameters, x, memory_for(layer))
    assert_array_equal(a[:, layer.blocks()[0]], np.eye(3)[x[:, 2].astype(int)])
    assert_array_equal(a[:, layer.blocks()[2]], np.eye(2)[x[:, 4].astype(int)])
    assert [spec.learned for spec in layer.specs()] == [False, True]
    assert_allclose(layer.vectors(parameters)[3].std(), layer.deviation, rtol=0.2)


@every_layer
def test_the_gradient_of_a_vector_is_the_sum_over_the_rows_of_its_code(layer):
    parameters, x, memory = started(layer), some_rows(layer), memory_for(layer)
    layer.forward(parameters, x, memory)
    memory.delta[...] = delta = np.random.default_rng(2).normal(size=(N, layer.n_out))
    grads = tuple(np.full_like(p, np.nan) for p in parameters)
    dx = np.full_like(x, np.nan)
    layer.backward(parameters, grads, x, memory, dx)
    assert_array_equal(grads[0], 0.0)
    for j, (table, block) in enumerate(zip(layer.tables(grads), layer.blocks(), strict=True)):
        if layer.sizes[j] != layer.lengths[j]:
            one_hot = np.eye(layer.sizes[j])[x[:, layer.n_numbers + j].astype(int)]
            assert_allclose(table, layer.strength * (one_hot.T @ delta[:, block]), atol=1e-14)
    assert_array_equal(dx[:, : layer.n_numbers], delta[:, : layer.n_numbers])
    assert_array_equal(dx[:, layer.n_numbers :], 0.0)


@every_layer
def test_gradients_are_those_of_central_differences(layer):
    tanh, identity = ACTIVATIONS["tanh"], ACTIVATIONS["identity"]
    draw = initializer_for("auto", "tanh")
    dense = Dense(layer.n_out, 4, tanh, draw), Dense(4, 2, identity, draw, order="F")
    network = Network((layer, *dense), LOSSES["squared_error"])
    theta = network.initialize(np.random.RandomState(0), np.float64)
    x, rng = some_rows(layer), np.random.default_rng(3)
    w = rng.uniform(0.5, 1.5, (N, 1))
    learned = np.ones(theta.size, dtype=bool)  # the one-hot vectors are not learned
    for array in Parameters(network.layout, np.arange(float(theta.size))).layers[0][:1]:
        learned[array.astype(int)] = False
    batch = Batch(x, rng.normal(size=(N, 2)), w / w.sum(), float(N))
    error = relative_error(network, theta, batch, alpha=0.1, directions=np.eye(theta.size)[learned])
    assert error < 1e-6


def test_the_vector_of_other_is_the_weighted_mean_of_the_column():
    layer = LAYERS["one-hot and learned"]
    parameters = started(layer)
    for j, size in enumerate(layer.sizes):
        shares = np.r_[0.0, np.random.default_rng(j).dirichlet(np.ones(size - 1))]
        expected = shares @ layer.tables(parameters)[j]
        layer.set_other(parameters, j, shares)
        assert_allclose(layer.tables(parameters)[j][OTHER], expected)


def test_memory_is_that_of_a_mini_batch_and_of_the_tables():
    """Five columns of 10,000 levels and a mini-batch of 256 rows make no one-hot matrix."""
    layer = Categories(5, (10_000,) * 5, (8,) * 5)
    parameters, x = started(layer, np.float32), some_rows(layer, 256, np.float32)
    memory, grads = memory_for(layer, 256, np.float32), tuple(np.empty_like(p) for p in parameters)
    memory.delta[...] = 1.0
    layer.forward(parameters, x, memory)
    tracemalloc.start()
    layer.forward(parameters, x, memory)
    layer.backward(parameters, grads, x, memory, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 8 * grads[1].size  # less than two tables in float64; one-hot rows would be 256 * 50,000 numbers


def test_layers_can_be_compared_and_pickled():
    layer = LAYERS["one-hot and learned"]
    layer.blocks()
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert layer != Categories(2, SIZES, (3, 4, 2, 6))
    assert str(layer) == "categories(6 -> 16)"
