"""Compare normalization with formulas written in this file, and with PyTorch if it is installed."""

import pickle
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import numpy as np
import pytest

from sknet.core.activations import ACTIVATIONS
from sknet.core.layers import Training
from sknet.core.memory import Layout, Parameters, Workspace
from sknet.core.normalization import BatchNormalization, LayerNormalization, Nonlinearity

N, K, EPSILON = 9, 4, 1e-5
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0, 1.0, 3.0, 0.2, 0.0, 1.3])
weighted = pytest.mark.parametrize("w", [None, WEIGHTS], ids=["unweighted", "weighted"])


def some_rows(n=N, seed=0, dtype=np.float64):
    """Return x whose columns, or rows, have different means and scales."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, K)) * [1.0, 5.0, 0.2, 3.0] + [0.0, 10.0, -1.0, 4.0]).astype(dtype)


def some_parameters(layer, seed=1, dtype=np.float64):
    """Return gain, shift and, for batch normalization, a running mean and variance."""
    return tuple(np.random.default_rng(seed).uniform(0.5, 2.0, (len(layer.specs()), layer.n_out)).astype(dtype))


def training(w, dtype=np.float64):
    return Training(None, None if w is None else (w / w.sum()).astype(dtype)[:, None])


def memory_for(layer, n=N, dtype=np.float64, rows=None):
    """Return memory full of nan, because the layer must not read its old contents."""
    memory = Workspace([layer.buffers()], rows or n, dtype).rows(n)[0]
    for array in vars(memory).values():
        array[...] = np.nan if array.dtype != bool else True
    return memory


def passes(layer, parameters, x, delta, told, rows=None):
    """Run both passes; the forward pass changes the running averages."""
    memory = memory_for(layer, len(x), x.dtype, rows)
    a = layer.forward(parameters, x, memory, told)
    assert a is memory.a
    a, memory.delta[...] = a.copy(), delta
    grads = tuple(np.full_like(array, np.nan) for array in parameters)
    dx = np.full_like(x, np.nan)
    layer.backward(parameters, grads, x, memory, dx)
    return SimpleNamespace(a=a, grads=grads, dx=dx)


def moments(x, w, axis=0):
    """Return weighted mean and variance, not corrected for degrees of freedom."""
    mean = np.average(x, axis=axis, weights=w, keepdims=True)
    return mean, np.average((x - mean) ** 2, axis=axis, weights=w, keepdims=True)


def differences(f, x, h=1e-5):
    """Return the derivatives of a number ``f(x)``, by central differences."""
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        slopes[index] = (f(x + step) - f(x - step)) / (2 * h)
    return slopes


@pytest.mark.parametrize("rows", [N, N + 5])
@weighted
def test_batch_normalization_in_training(w, rows):
    """Ioffe and Szegedy (2015), algorithm 1, with weighted moments; derivatives are differences of that formula."""
    layer, x, delta = BatchNormalization(K), some_rows(), some_rows(seed=2)
    parameters = some_parameters(layer)
    gain, shift = parameters[0].copy(), parameters[1].copy()

    def formula(x, gain=gain, shift=shift):
        mean, variance = moments(x, w)
        return gain * (x - mean) / np.sqrt(variance + EPSILON) + shift

    ours = passes(layer, parameters, x, delta, training(w), rows)
    np.testing.assert_allclose(ours.a, formula(x), rtol=1e-11)
    np.testing.assert_allclose(ours.dx, differences(lambda x: (delta * formula(x)).sum(), x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.grads[0], (delta * (formula(x, 1.0, 0.0))).sum(axis=0), rtol=1e-11)
    np.testing.assert_allclose(ours.grads[1], delta.sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(ours.grads[2:], 0.0)


@weighted
def test_units_have_mean_0_and_variance_1_over_a_mini_batch(w):
    layer = BatchNormalization(K, epsilon=1e-12)
    parameters = np.ones(K), np.zeros(K), np.zeros(K), np.ones(K)
    a = layer.forward(parameters, some_rows(), memory_for(layer), training(w))
    mean, variance = moments(a, w)
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)
    np.testing.assert_allclose(variance, 1.0, rtol=1e-9)


@weighted
@pytest.mark.parametrize("momentum", [0.1, 0.5])
def test_running_averages_forget_exponentially(momentum, w):
    layer = BatchNormalization(K, momentum)
    parameters = some_parameters(layer)
    mean, variance = parameters[2].copy(), parameters[3].copy()
    for seed in range(5):
        x = some_rows(seed=seed)
        layer.forward(parameters, x, memory_for(layer), training(w))
        m, v = moments(x, w)
        mean = (1 - momentum) * mean + momentum * m[0]
        variance = (1 - momentum) * variance + momentum * v[0]
        np.testing.assert_allclose(parameters[2], mean, rtol=1e-11)
        np.testing.assert_allclose(parameters[3], variance, rtol=1e-11)


def test_running_averages_start_at_mean_0_and_variance_1():
    layer = BatchNormalization(K)
    parameters = some_parameters(layer)
    layer.initialize(np.random.RandomState(0), parameters)
    np.testing.assert_array_equal(parameters, [[1.0] * K, [0.0] * K, [0.0] * K, [1.0] * K])


@pytest.mark.parametrize("n", [1, 2, N])
def test_prediction_uses_the_running_averages(n):
    """Ioffe and Szegedy (2015), algorithm 2, step 11: the output of a row does not depend on the other rows."""
    layer, x = BatchNormalization(K), some_rows()
    parameters = some_parameters(layer)
    before = [array.copy() for array in parameters]
    for array in parameters:
        array.flags.writeable = False
    a = layer.forward(parameters, x[:n], memory_for(layer, n))
    gain, shift, mean, variance = before
    np.testing.assert_allclose(a, gain * (x[:n] - mean) / np.sqrt(variance + EPSILON) + shift, rtol=1e-12)


@pytest.mark.parametrize("w", [None, np.ones(1)], ids=["unweighted", "weighted"])
def test_a_mini_batch_of_one_row_is_normalized_by_the_running_averages(w):
    """One row has no variance. Its value changes the running mean, and the derivative is that of a linear map."""
    layer, x, delta = BatchNormalization(K), some_rows(1), some_rows(1, seed=2)
    parameters = some_parameters(layer)
    gain, shift, mean, variance = (array.copy() for array in parameters)
    ours = passes(layer, parameters, x, delta, training(w))
    scale = np.sqrt(variance + EPSILON)
    np.testing.assert_allclose(ours.a, gain * (x - mean) / scale + shift, rtol=1e-12)
    np.testing.assert_allclose(ours.dx, delta * gain / scale, rtol=1e-12)
    np.testing.assert_allclose(ours.grads[0], delta[0] * (x[0] - mean) / scale, rtol=1e-12)
    np.testing.assert_allclose(parameters[2], 0.9 * mean + 0.1 * x[0], rtol=1e-12)
    np.testing.assert_array_equal(parameters[3], variance)


def test_integer_weights_are_repeated_rows():
    """They give the same outputs, running averages, and gradients, summed over the copies."""
    repeats = np.array([2, 1, 0, 3, 1, 0, 1, 2, 1])
    index = np.arange(N).repeat(repeats)
    layer, x, delta = BatchNormalization(K), some_rows(), some_rows(seed=2)
    once, many = some_parameters(layer), some_parameters(layer)
    # delta is dL/da of a weighted loss, so it contains the weights
    ours = passes(layer, once, x, delta * repeats[:, None], training(repeats.astype(float)))
    theirs = passes(layer, many, x[index], delta[index], training(None))
    np.testing.assert_allclose(ours.a[index], theirs.a, rtol=1e-11)
    np.testing.assert_allclose(once, many, rtol=1e-11)
    np.testing.assert_allclose(ours.grads, theirs.grads, rtol=1e-10, atol=1e-12)
    summed = np.zeros_like(ours.dx)
    np.add.at(summed, index, theirs.dx)
    np.testing.assert_allclose(ours.dx, summed, rtol=1e-9, atol=1e-11)


def test_a_row_with_all_the_weight_is_a_mini_batch_of_one_row():
    """Rows of weight zero have no effect."""
    w = np.zeros(N)
    w[3] = 1.0
    layer, x, delta = BatchNormalization(K), some_rows(), np.zeros((N, K))
    delta[3] = some_rows(1, seed=2)[0]
    among, alone = some_parameters(layer), some_parameters(layer)
    ours = passes(layer, among, x, delta, training(w))
    theirs = passes(layer, alone, x[3:4], delta[3:4], training(None))
    np.testing.assert_allclose(ours.a[3], theirs.a[0], rtol=1e-12)
    np.testing.assert_allclose(among, alone, rtol=1e-12)


def test_batch_normalization_undoes_any_scale_and_shift():
    layer, x = BatchNormalization(K, epsilon=0.0), some_rows()
    plain = layer.forward(some_parameters(layer), x, memory_for(layer), training(None)).copy()
    moved = layer.forward(some_parameters(layer), 7.0 * x - 3.0, memory_for(layer), training(None))
    np.testing.assert_allclose(moved, plain, rtol=1e-10)


def test_layer_normalization():
    """Ba, Kiros and Hinton (2016), eq. 3; derivatives are differences of that formula."""
    layer, x, delta = LayerNormalization(K), some_rows(), some_rows(seed=2)
    gain, shift = parameters = some_parameters(layer)

    def formula(x, gain=gain, shift=shift):
        mean, variance = moments(x, None, axis=1)
        return gain * (x - mean) / np.sqrt(variance + EPSILON) + shift

    for told in (training(None), training(WEIGHTS)):
        ours = passes(layer, parameters, x, delta, told)
        np.testing.assert_allclose(ours.a, formula(x), rtol=1e-11)
        slopes = differences(lambda x: (delta * formula(x)).sum(), x)
        np.testing.assert_allclose(ours.dx, slopes, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(ours.grads[0], (delta * formula(x, 1.0, 0.0)).sum(axis=0), rtol=1e-11)
        np.testing.assert_allclose(ours.grads[1], delta.sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(layer.forward(parameters, x, memory_for(layer)), ours.a)


def test_layer_normalization_treats_each_row_alone():
    layer, x = LayerNormalization(K), some_rows()
    parameters = some_parameters(layer)
    whole = layer.forward(parameters, x, memory_for(layer)).copy()
    rows = [layer.forward(parameters, x[i : i + 1], memory_for(layer, 1))[0].copy() for i in range(N)]
    np.testing.assert_allclose(rows, whole, rtol=1e-13)


def test_initial_layer_normalization_has_gain_1_and_shift_0():
    layer = LayerNormalization(K)
    parameters = some_parameters(layer)
    layer.initialize(np.random.RandomState(0), parameters)
    np.testing.assert_array_equal(parameters, [[1.0] * K, [0.0] * K])


@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization])
def test_units_that_do_not_vary_give_the_shift(kind):
    layer = kind(K)
    parameters = some_parameters(layer)
    shift = parameters[1].copy()
    ours = passes(layer, parameters, np.full((N, K), 3.0), some_rows(), training(None))
    np.testing.assert_allclose(ours.a, np.tile(shift, (N, 1)), rtol=1e-12)
    assert np.isfinite(ours.dx).all()


LAYERS = [BatchNormalization(K), LayerNormalization(K), *(Nonlinearity(K, ACTIVATIONS[f]) for f in ("relu", "gelu"))]
every_layer = pytest.mark.parametrize("layer", LAYERS, ids=str)


@every_layer
@weighted
def test_float32_stays_float32(layer, w):
    kinds = {}
    for dtype in (np.float32, np.float64):
        x, delta = some_rows(dtype=dtype), some_rows(seed=2, dtype=dtype)
        parameters = some_parameters(layer, dtype=dtype) if layer.specs() else ()
        kinds[dtype] = passes(layer, parameters, x, delta, training(w, dtype)), parameters
    (ours, parameters), (exact, _) = kinds.values()
    assert {array.dtype for array in (ours.a, ours.dx, *ours.grads, *parameters)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(ours.a, exact.a, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.dx, exact.dx, rtol=1e-2, atol=1e-3)


@every_layer
def test_the_gradient_of_the_input_is_not_computed_if_not_needed(layer):
    parameters = some_parameters(layer) if layer.specs() else ()
    memory = memory_for(layer)
    layer.forward(parameters, some_rows(), memory, training(None))
    memory.delta[...] = 1.0
    grads = tuple(np.full_like(array, np.nan) for array in parameters)
    layer.backward(parameters, grads, some_rows(), memory, None)
    assert np.isfinite(grads).all()


@every_layer
def test_backward_can_run_again(layer):
    parameters = some_parameters(layer) if layer.specs() else ()
    memory, x, results = memory_for(layer), some_rows(), []
    layer.forward(parameters, x, memory, training(WEIGHTS))
    for _ in range(2):
        memory.delta[...] = some_rows(seed=2)
        grads, dx = tuple(np.empty_like(array) for array in parameters), np.empty_like(x)
        layer.backward(parameters, grads, x, memory, dx)
        results.append([dx, *grads])
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_a_nonlinearity_is_the_activation(name):
    """Value and slope are those of the activation; if it keeps its slope, it overwrites the input."""
    layer, x, delta = Nonlinearity(K, ACTIVATIONS[name]), some_rows() / 5.0, some_rows(seed=2)
    f = ACTIVATIONS[name]
    ours = passes(layer, (), x.copy(), delta, None)
    np.testing.assert_allclose(ours.a, f(x), rtol=1e-12)
    slope = f.derivative(x)
    expected = delta * slope if f.elementwise else np.einsum("nk,nki->ni", delta, slope)
    np.testing.assert_allclose(ours.dx, expected, rtol=1e-11, atol=1e-14)


def test_nothing_is_penalized_and_running_averages_are_not_learned():
    """A penalty on the gain would work against the normalization."""
    for layer in LAYERS:
        assert all(not spec.penalized and spec.shape == (K,) for spec in layer.specs())
        learned = {spec.name for spec in layer.specs() if spec.learned}
        assert learned == ({"gain", "shift"} if layer.specs() else set())


def test_running_averages_are_part_of_the_flat_vector():
    """So copies, pickles, and the best weights of early stopping contain them."""
    layer = BatchNormalization(K)
    theta = Parameters(Layout([layer.specs()]), np.ones(4 * K))
    before = theta.vector.copy()
    layer.forward(theta.layers[0], some_rows(), memory_for(layer), training(None))
    assert np.count_nonzero(theta.vector != before) == 2 * K


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_predicting_needs_no_memory_for_gradients(layer):
    assert [buffer.name for buffer in layer.buffers() if buffer.training_only] == ["delta"]


def test_layers_are_equal_if_they_compute_the_same():
    for layer in LAYERS:
        assert pickle.loads(pickle.dumps(layer)) == layer
    assert BatchNormalization(K) != BatchNormalization(K + 1)
    assert BatchNormalization(K) != LayerNormalization(K)
    assert Nonlinearity(K, ACTIVATIONS["relu"]) != Nonlinearity(K, ACTIVATIONS["tanh"])


def test_the_text_of_layers():
    assert [str(layer) for layer in LAYERS] == ["batch normalization", "layer normalization", "relu", "gelu"]


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_passes_are_those_of_pytorch(kind):
    torch = pytest.importorskip("torch")
    layer = {"batch": BatchNormalization, "layer": LayerNormalization}[kind](K)
    x, delta, parameters = some_rows(), some_rows(seed=2), some_parameters(layer)
    tensors = [torch.tensor(array.copy(), requires_grad=True) for array in (x, *parameters[:2])]
    function = torch.nn.functional
    if kind == "batch":
        mean, variance = (torch.tensor(array.copy()) for array in parameters[2:])
        a = function.batch_norm(tensors[0], mean, variance, *tensors[1:], training=True, momentum=0.1, eps=EPSILON)
    else:
        a = function.layer_norm(tensors[0], (K,), *tensors[1:], eps=EPSILON)
    a.backward(torch.tensor(delta))
    ours = passes(layer, parameters, x, delta, training(None))
    np.testing.assert_allclose(ours.a, a.detach().numpy(), rtol=1e-11)
    np.testing.assert_allclose(ours.dx, tensors[0].grad.numpy(), rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(ours.grads[0], tensors[1].grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(ours.grads[1], tensors[2].grad.numpy(), rtol=1e-10)
    if kind == "batch":
        np.testing.assert_allclose(parameters[2], mean.numpy(), rtol=1e-12)
        # PyTorch corrects the running variance for degrees of freedom; ours is the variance of the mini-batch, as in
        # the paper.
        corrected = (parameters[3] - 0.9 * some_parameters(layer)[3]) * N / (N - 1) + 0.9 * some_parameters(layer)[3]
        np.testing.assert_allclose(corrected, variance.numpy(), rtol=1e-11)


@pytest.mark.parametrize("layer", [BatchNormalization(3), LayerNormalization(3)], ids=str)
def test_layers_cannot_be_changed(layer):
    """The same layer may be part of several networks."""
    with pytest.raises(FrozenInstanceError):
        layer.n_out = 4
