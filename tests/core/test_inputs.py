"""Compare input layers with formulas written in this file and with central differences."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet.core.activations import ACTIVATIONS
from sknet.core.batches import Batch
from sknet.core.gradcheck import relative_error
from sknet.core.initializers import initializer_for
from sknet.core.inputs import PeriodicEmbedding, Scaling
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Layout, Parameters, Workspace
from sknet.core.network import Network

N, D = 7, 4
COLUMNS = (0, 2, 3)
LAYERS = {
    "scaling": Scaling(D),
    "clip": Scaling(D, bound=3.0),
    "embedding": PeriodicEmbedding(D, COLUMNS, n_frequencies=5, n_values=2),
    "embedding of one": PeriodicEmbedding(D, (1,)),
}
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))


def started(layer, dtype=np.float64):
    """Return initial parameters, but with shifts and scales that are not 0 and 1."""
    layout = Layout([layer.specs()])
    parameters = Parameters(layout, np.zeros(layout.size, dtype=dtype)).layers[0]
    layer.initialize(np.random.RandomState(0), parameters)
    if isinstance(layer, Scaling):
        parameters[0][...] = np.linspace(-1.0, 2.0, D)
        parameters[1][...] = np.linspace(0.5, 4.0, D)
    return parameters


def some_rows(dtype=np.float64):
    return np.random.default_rng(1).normal(scale=2.0, size=(N, D)).astype(dtype)


def memory_for(layer, dtype=np.float64, rows=N):
    """Return memory of a larger mini-batch full of nan, because the layer must not read its old contents."""
    memory = Workspace([layer.buffers()], N + 3, dtype).rows(rows)[0]
    for name, array in vars(memory).items():
        if name != "ones":
            array[...] = np.nan
    return memory


@pytest.mark.parametrize("bound", [1.0, 3.0])
def test_the_clip_is_the_formula_of_its_source(bound):
    layer = Scaling(D, bound)
    parameters, x = started(layer), some_rows()
    u = (x - parameters[0]) * parameters[1]
    assert_allclose(layer.forward(parameters, x, memory_for(layer)), u / np.sqrt(1.0 + (u / bound) ** 2), rtol=1e-14)


def test_the_clip_keeps_the_order_and_its_bounds():
    layer = Scaling(1, 3.0)
    x = np.array([[-1e30], [-5.0], [0.0], [1e-4], [7.0], [1e6]])
    memory = Workspace([layer.buffers()], 6, float).rows(6)[0]
    a = layer.forward((np.zeros(1), np.ones(1)), x, memory)[:, 0]
    assert np.all(np.diff(a) > 0.0)
    assert np.abs(a).max() <= 3.0
    assert a[3] == pytest.approx(1e-4, rel=1e-8)


@pytest.mark.parametrize(("dtype", "far"), [(np.float32, 1e30), (np.float64, 1e300)])
def test_the_clip_is_finite_where_squares_overflow(dtype, far):
    layer, memory = Scaling(1, 3.0), Workspace([Scaling(1, 3.0).buffers()], 2, dtype).rows(2)[0]
    with np.errstate(over="raise"):
        a = layer.forward((np.zeros(1, dtype), np.ones(1, dtype)), np.array([[-far], [far]], dtype), memory)
    assert_allclose(a, [[-3.0], [3.0]], rtol=1e-6)


def test_without_bound_scaling_is_linear():
    layer = Scaling(D)
    parameters, x = started(layer), some_rows()
    assert_allclose(layer.forward(parameters, x, memory_for(layer)), (x - parameters[0]) * parameters[1], rtol=1e-15)


def test_the_embedding_is_the_formula_of_its_source():
    layer = PeriodicEmbedding(D, COLUMNS, n_frequencies=5, n_values=2)
    (frequency, phase, W, b), x = started(layer), some_rows()
    a = layer.forward((frequency, phase, W, b), x, memory_for(layer))
    assert a.shape == (N, layer.n_out) == (N, D + 6)
    assert_array_equal(a[:, :D], x)
    for i, column in enumerate(COLUMNS):
        for row in range(N):
            waves = [math.cos(x[row, column] * frequency[i, 0, k] + phase[i, 0, k]) for k in range(5)]
            values = [sum(waves[k] * W[i, k, v] for k in range(5)) + b[i, 0, v] for v in range(2)]
            assert_allclose(a[row, D + 2 * i : D + 2 * i + 2], values, rtol=1e-12)


def test_initial_frequencies_and_phases():
    layer = PeriodicEmbedding(200, tuple(range(200)), n_frequencies=50)
    frequency, phase, W, b = started(layer)
    assert frequency.std() == pytest.approx(2 * math.pi * 0.1, rel=0.05)
    assert abs(phase).max() <= math.pi
    assert phase.std() == pytest.approx(math.pi / math.sqrt(3), rel=0.05)
    for array in (W, b):
        assert abs(array).max() <= 1 / math.sqrt(50)
        assert array.std() == pytest.approx(1 / math.sqrt(150), rel=0.1)


@every_layer
@pytest.mark.parametrize("front", [False, True], ids=["first", "behind a layer"])
def test_gradients(layer, front):
    """The layer is tested as the first one, and after one that needs dL/dx."""
    tanh = ACTIVATIONS["tanh"]
    start = initializer_for("glorot_uniform", "tanh")
    layers = [
        *([Dense(3, D, tanh, start)] if front else []),
        layer,
        Dense(layer.n_out, 2, ACTIVATIONS["identity"], start),
    ]
    network = Network(tuple(layers), LOSSES["squared_error"])
    rng = np.random.default_rng(2)
    theta = network.initialize(np.random.RandomState(0), float)
    batch = Batch(rng.normal(size=(N, 3 if front else D)), np.asfortranarray(rng.normal(size=(N, 2))), None, float(N))
    learned = Parameters(network.layout, np.ones_like(theta))
    if isinstance(layer, Scaling):  # shift and scale are not learned, so their gradient is zero
        for array in learned.layers[int(front)]:
            array[...] = 0.0
    directions = np.eye(theta.size)[learned.vector > 0.0]
    assert relative_error(network, theta, batch, directions=directions) < 1e-6


@every_layer
def test_the_gradient_of_the_inputs_in_any_units(layer):
    """The test above has initial parameters, which do not change the units."""
    parameters, x, memory = started(layer), some_rows(), memory_for(layer)
    delta, step = np.random.default_rng(3).normal(size=(N, layer.n_out)), 1e-6
    layer.forward(parameters, x, memory)
    memory.delta[...] = delta
    dx = np.full_like(x, np.nan)
    layer.backward(parameters, tuple(np.empty_like(array) for array in parameters), x, memory, dx)
    for column in range(D):
        move = step * (np.arange(D) == column)
        above, below = (layer.forward(parameters, x + s * move, memory_for(layer)) for s in (1.0, -1.0))
        assert_allclose(dx[:, column], (delta * (above - below)).sum(axis=1) / (2 * step), rtol=1e-5, atol=1e-8)


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_short_mini_batches_keep_the_dtype_and_backward_keeps_the_output(layer, dtype):
    parameters, x = started(layer, dtype), some_rows(dtype)[:5]
    memory = memory_for(layer, dtype, 5)
    a = layer.forward(parameters, x, memory)
    assert a.dtype == dtype
    whole = layer.forward(parameters, some_rows(dtype), memory_for(layer, dtype))
    assert_allclose(a, whole[:5], rtol=1e-6)
    saved = {name: array.copy() for name, array in vars(memory).items()}
    memory.delta[...] = 1.0
    grads = tuple(np.full_like(array, np.nan) for array in parameters)
    dx = np.full_like(x, np.nan)
    layer.backward(parameters, grads, x, memory, dx)
    assert all(np.isfinite(grad).all() and grad.dtype == dtype for grad in grads)
    assert np.isfinite(dx).all()
    for name in ("a", "root", "x", "z", "cos", "values"):
        if name in saved:
            assert_array_equal(getattr(memory, name), saved[name])


def test_names():
    assert str(Scaling(3)) == "scaling"
    assert str(Scaling(3, 3.0)) == "scaling and smooth clip at 3"
    assert str(PeriodicEmbedding(4, (0, 2))) == "periodic embedding(4 -> 10)"


@every_layer
def test_parameters_are_not_penalized_and_gradients_take_memory_only_in_training(layer):
    assert not any(spec.penalized for spec in layer.specs())
    assert {buffer.name for buffer in layer.buffers() if buffer.training_only} >= {"delta"}
