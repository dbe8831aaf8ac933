"""Compare `Dense` with einsum in float64; activations and their derivatives are written in this file."""

import pickle
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from sknet.core.activations import ACTIVATIONS
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense, gradient_of_weights, product
from sknet.core.memory import Layout, Parameters, Workspace

N, D, K = 7, 4, 3


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


# f(z) and f'(z): the identity, a derivative computed from the value, one with a boolean mask, one that is kept.
PAIRS = {
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
    "tanh": (np.tanh, lambda z: 1.0 / np.cosh(z) ** 2),
    "relu": (lambda z: np.where(z > 0.0, z, 0.0), lambda z: np.where(z > 0.0, 1.0, 0.0)),
    "silu": (lambda z: z * logistic(z), lambda z: logistic(z) * (1.0 + z * logistic(-z))),
}
every_pair = pytest.mark.parametrize("name", PAIRS)
both_orders = pytest.mark.parametrize("order", ["C", "F"])
INPUTS = {
    "dense": np.asarray,
    "fortran": np.asfortranarray,
    "csr_array": sparse.csr_array,
    "csr_matrix": sparse.csr_matrix,
}


def dense(name, order="C", n_in=D, n_out=K):
    return Dense(n_in, n_out, ACTIVATIONS[name], INITIALIZERS["glorot_uniform"], order=order)


def some_numbers(dtype=np.float64):
    """Return x with some zeros, W, b and dL/da."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, D)) * (rng.uniform(size=(N, D)) < 0.6)
    return [array.astype(dtype) for array in (x, rng.normal(size=(D, K)), rng.normal(size=K), rng.normal(size=(N, K)))]


def both_passes(layer, x, W, b, delta, *, rows=N):
    """Run both passes in memory full of nan, which must not be read; dL/dx is None for sparse rows."""
    memory = Workspace([layer.buffers()], rows, W.dtype).rows(N)[0]
    for name, array in vars(memory).items():
        if name != "ones":
            array[...] = np.nan if array.dtype != bool else True
    a = layer.forward((W, b), x, memory)
    assert a is memory.a
    memory.delta[...] = delta
    dW, db = np.full_like(W, np.nan), np.full_like(b, np.nan)
    dx = None if sparse.issparse(x) else np.full((N, D), np.nan, dtype=W.dtype)
    layer.backward((W, b), (dW, db), x, memory, dx)
    return SimpleNamespace(a=a, dW=dW, db=db, dx=dx)


def einsums(name, x, W, b, delta):
    f, slope = PAIRS[name]
    z = np.einsum("nd,dk->nk", x, W) + b
    delta = delta * slope(z)
    return SimpleNamespace(
        a=f(z), dW=np.einsum("nd,nk->dk", x, delta), db=np.einsum("nk->k", delta), dx=np.einsum("nk,dk->nd", delta, W)
    )


def assert_same(ours, theirs, rtol=1e-12, atol=1e-14):
    for name, array in vars(ours).items():
        if array is not None:
            np.testing.assert_allclose(array, getattr(theirs, name), rtol=rtol, atol=atol, err_msg=name)


@pytest.mark.parametrize("rows", [N, N + 5])
@pytest.mark.parametrize("kind", INPUTS)
@both_orders
@every_pair
def test_passes_are_the_einsums(name, order, kind, rows):
    """This holds for dense and sparse rows, C and Fortran memory, and mini-batches shorter than the workspace."""
    x, *rest = some_numbers()
    assert_same(both_passes(dense(name, order), INPUTS[kind](x), *rest, rows=rows), einsums(name, x, *rest))


@both_orders
@every_pair
def test_float32_stays_float32(name, order):
    ours = both_passes(dense(name, order), *some_numbers(np.float32))
    assert all(array.dtype == np.float32 for array in vars(ours).values())
    assert_same(ours, einsums(name, *some_numbers()), rtol=1e-4, atol=1e-5)


@both_orders
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_any_activation_follows_the_linear_combination(name, order):
    x, W, b, delta = some_numbers()
    z = np.einsum("nd,dk->nk", x, W) + b
    np.testing.assert_allclose(both_passes(dense(name, order), x, W, b, delta).a, ACTIVATIONS[name](z), rtol=1e-12)


@every_pair
def test_passes_change_neither_inputs_nor_parameters(name):
    numbers = some_numbers()
    before = [array.copy() for array in numbers]
    for array in numbers:
        array.flags.writeable = False
    both_passes(dense(name), *numbers)
    for array, old in zip(numbers, before, strict=True):
        np.testing.assert_array_equal(array, old)


@both_orders
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_backward_keeps_the_output_and_can_run_again(name, order):
    layer, (x, W, b, delta) = dense(name, order), some_numbers()
    memory = Workspace([layer.buffers()], N, W.dtype).rows(N)[0]
    a = layer.forward((W, b), x, memory)
    before, gradients = a.tobytes(), []
    for _ in range(2):
        memory.delta[...] = delta
        grads = np.empty_like(W), np.empty_like(b)
        layer.backward((W, b), grads, x, memory, None)
        assert a.tobytes() == before
        gradients.append(grads)
    np.testing.assert_array_equal(gradients[0][0], gradients[1][0])
    np.testing.assert_array_equal(gradients[0][1], gradients[1][1])


def test_only_weights_are_penalized():
    weights, biases = dense("relu").specs()
    assert (weights.name, weights.shape, weights.penalized) == ("W", (D, K), True)
    assert (biases.name, biases.shape, biases.penalized) == ("b", (K,), False)


def test_initial_values_are_written_to_the_views():
    layer = dense("relu")
    theta = Parameters(Layout([layer.specs()]), np.zeros(D * K + K))
    layer.initialize(np.random.RandomState(5), theta.layers[0])
    W, b = INITIALIZERS["glorot_uniform"](np.random.RandomState(5), D, K)
    np.testing.assert_array_equal(theta.vector, np.concatenate([W.ravel(), b]))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_predicting_needs_no_memory_for_gradients(name):
    buffers = {buffer.name: buffer for buffer in dense(name).buffers()}
    assert {name for name, buffer in buffers.items() if buffer.training_only} == {"delta", "ones"}
    assert ("z" in buffers) == ACTIVATIONS[name].keeps_slope


def test_layers_are_equal_if_they_compute_the_same():
    """A warm start compares layers; the initializer makes no difference to it."""
    layer = dense("relu")
    assert layer == Dense(D, K, ACTIVATIONS["relu"], INITIALIZERS["he_normal"])
    assert layer != dense("tanh")
    assert layer != dense("relu", n_in=D + 1)
    assert layer != dense("relu", n_out=K + 1)
    assert pickle.loads(pickle.dumps(layer)) == layer


def test_the_text_of_a_layer():
    assert str(dense("relu")) == "relu(4x3)"


@pytest.mark.parametrize("kind", INPUTS)
@both_orders
def test_product_of_dense_and_sparse_matrices(order, kind):
    x, W, _, _ = some_numbers()
    out = np.full((N, K), np.nan, order=order)
    product(INPUTS[kind](x), W, out=out)
    np.testing.assert_allclose(out, np.einsum("nd,dk->nk", x, W), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("n_entries", [0, 1, 30, 400])
def test_gradient_of_many_columns(kind, dtype, n_entries):
    """There are no entries, one, several in a column or row, or so many that all columns are multiplied."""
    rng = np.random.default_rng(0)
    entries = rng.normal(size=n_entries), (rng.integers(0, N, n_entries), rng.integers(0, 500, n_entries))
    x, delta = kind(sparse.coo_array(entries, shape=(N, 500)).astype(dtype)), rng.normal(size=(N, K)).astype(dtype)
    out = np.full((500, K), np.nan, dtype=dtype)
    gradient_of_weights(x, delta, out=out)
    np.testing.assert_array_equal(out, x.T @ delta)
    np.testing.assert_allclose(out, np.einsum("nd,nk->dk", x.toarray(), delta), rtol=1e-5, atol=1e-6)


def test_gradient_of_many_columns_takes_no_memory_of_the_size_of_the_weights():
    x = sparse.random(N, 100_000, density=1e-4, format="csr", random_state=0)
    delta, out = np.ones((N, K)), np.empty((100_000, K))
    gradient_of_weights(x, delta, out=out)
    tracemalloc.start()
    try:
        gradient_of_weights(x, delta, out=out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < out.nbytes / 10
