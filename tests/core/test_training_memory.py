"""Training in float32 uses only float32, and epochs after the first allocate nothing that grows with the data."""

import tracemalloc

import numpy as np
import pytest
from small_training import D, K, batches_of, epochs_of, minimize, network_of, some_data, some_weights, start

from sknet.core.batches import Batches, Codes, Values
from sknet.core.layers import Dense
from sknet.core.optimizers import SGD, Adagrad, Adam, RMSprop
from sknet.core.rows import Rows, Units


@pytest.mark.parametrize("make", [SGD, Adam, RMSprop, Adagrad])
def test_float32_stays_float32(make):
    (X, Y), network = some_data(), network_of(D, 3, K)
    theta = start(network, dtype=np.float32)
    vector = theta.vector
    batches = batches_of(X.astype(np.float32), Y, 5, some_weights())
    next(epochs_of(network, theta, batches, make(), alpha=0.1, weight_decay=0.1, max_grad_norm=0.5))
    minimize(network, theta, batches, alpha=0.1, max_iter=3)
    assert theta.vector is vector
    assert vector.dtype == np.float32


@pytest.mark.parametrize("solver", ["stochastic", "lbfgs"])
def test_all_memory_of_a_float32_network_is_float32(solver, monkeypatch):
    """An array of float64 would raise no error, but double the time."""
    (X, Y), network, arrays = some_data(), network_of(D, 3, K, activation="gelu"), []
    backward = Dense.backward

    def recorded(self, parameters, grads, x, memory, dx):
        arrays.extend([*parameters, *grads, x, *vars(memory).values()])
        backward(self, parameters, grads, x, memory, dx)

    monkeypatch.setattr(Dense, "backward", recorded)
    theta, batches = start(network, dtype=np.float32), batches_of(X.astype(np.float32), Y, 5, some_weights())
    if solver == "lbfgs":
        minimize(network, theta, batches, max_iter=1)
    else:
        next(epochs_of(network, theta, batches))
    assert arrays
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def peak_of_third_epoch(n, targets, loss, weighted):
    """Return the peak of allocated bytes in the third epoch over n shuffled rows."""
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(n, D)), rng.uniform(0.5, 1.0, n) if weighted else None
    batches = Batches(Rows(X, Units(X.mean(axis=0), X.std(axis=0)), X.dtype), targets(n), weights, 100, np.arange(n))
    network = network_of(D, 8, batches.targets.width, activation="relu", loss=loss)
    epochs = epochs_of(network, start(network), batches, Adam(), alpha=0.1, rate=1e-3, rng=np.random.RandomState(0))
    next(epochs), next(epochs)
    tracemalloc.start()
    try:
        next(epochs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("targets", "loss"),
    [
        (lambda n: Codes(np.arange(n) % 3, 3), "log_loss"),
        (lambda n: Values((np.arange(n) % 2).astype(np.uint8)[None, :]), "binary_log_loss"),
        (lambda n: Values(np.ones((2, n))), "squared_error"),
    ],
    ids=["classes", "binary", "numbers"],
)
def test_a_later_epoch_allocates_nothing_that_grows_with_the_data(targets, loss, weighted):
    """One byte for each row would be 40 kB; NumPy's buffers for a mini-batch of 100 rows and 8 units are 6 kB."""
    small, large = (peak_of_third_epoch(n, targets, loss, weighted) for n in (2_000, 40_000))
    assert abs(large - small) < 2_000
    assert large < 15_000
