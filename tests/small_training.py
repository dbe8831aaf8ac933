"""Small networks, data and calls of the two training loops, for tests of training in the core."""

from dataclasses import dataclass, field

import numpy as np

from sknet.core.activations import ACTIVATIONS
from sknet.core.batches import Batches, Values
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network
from sknet.core.optimizers import Optimizer
from sknet.core.rows import Rows
from sknet.core.schedules import Clock, Constant
from sknet.core.training import lbfgs, stochastic

N, D, K = 23, 4, 2


@dataclass
class Recorder(Optimizer):
    """Gradient descent that records the learning rates."""

    rates: list = field(default_factory=list)

    def step(self, theta, grad, rate):
        self.rates.append(rate)
        theta -= rate * grad


def network_of(*sizes, activation="tanh", loss="squared_error"):
    names = [activation] * (len(sizes) - 2) + ["identity"]
    layers = (
        Dense(d, k, ACTIVATIONS[f], INITIALIZERS["glorot_normal"], order="F" if k == sizes[-1] else "C")
        for d, k, f in zip(sizes, sizes[1:], names)
    )
    return Network(tuple(layers), LOSSES[loss])


def some_data(n=N):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, D))
    return X, X @ rng.normal(size=(D, K)) + 0.1 * rng.normal(size=(n, K))


def some_weights(n=N):
    return np.random.default_rng(1).uniform(0.2, 3.0, n)


def batches_of(X, Y, size, weights=None, order=None):
    return Batches(
        Rows(X, None, X.dtype if X.dtype.kind == "f" else np.float64), Values(Y.T.copy()), weights, size, order
    )


def start(network, seed=0, dtype=np.float64):
    return Parameters(network.layout, network.initialize(np.random.RandomState(seed), dtype))


def epochs_of(
    network, theta, batches, optimizer=None, *, schedule=None, clock=None, rate=0.1, alpha=0.0, rng=None, **options
):
    return stochastic(
        network,
        theta,
        batches,
        optimizer or Recorder(),
        schedule or Constant(),
        clock or Clock(),
        rate_init=rate,
        alpha=alpha,
        rng=rng,
        **options,
    )


def minimize(network, theta, batches, *, alpha=0.0, max_iter=500, tol=1e-12, observe=lambda epoch: False):
    return lbfgs(network, theta, batches, alpha=alpha, max_iter=max_iter, max_fun=10_000, tol=tol, observe=observe)
