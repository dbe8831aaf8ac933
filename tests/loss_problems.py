"""Small problems for each loss, and a function that evaluates a loss, for tests of the losses."""

import numpy as np
import pytest

from sknet.core.losses import LOSSES, GroupedLogLoss, Quantile
from sknet.core.memory import Workspace

N = 12
THRESHOLD = 1.35
LEVELS = np.array([0.1, 0.5, 0.8])
GROUPS = [slice(0, 2), slice(2, 5)]

# Losses that need a parameter are added to the table: several quantiles, and groups of classes.
ALL = LOSSES | {"quantiles": Quantile(levels=tuple(LEVELS)), "groups": GroupedLogLoss((2, 3))}
OUTPUTS = {**dict.fromkeys(ALL, (1, 3)), "log_loss": (2, 3), "quantiles": (3,), "groups": (5,)}
CASES = [(name, k) for name in sorted(ALL) for k in OUTPUTS[name]]


def one_hot(k, rng):
    return np.eye(k)[rng.permutation(np.arange(N) % k)]


def targets(name, k, rng):
    return {
        "log_loss": lambda: one_hot(k, rng),
        "binary_log_loss": lambda: rng.permuted(np.tile(np.arange(N) % 2, (k, 1)), axis=1).T.astype(float),
        "poisson": lambda: rng.poisson(1.5, (N, k)).astype(float),
        "gamma": lambda: rng.gamma(2.0, size=(N, k)),
        "quantiles": lambda: rng.normal(size=(N, 1)),
        "groups": lambda: np.hstack([one_hot(2, rng), one_hot(3, rng)]),
    }.get(name, lambda: rng.normal(size=(N, k)))()


def problem(name, k, seed=0):
    rng = np.random.default_rng(seed)
    return targets(name, k, rng), rng.normal(size=(N, k))


def some_weights():
    """Return row weights, shape (N, 1), that sum to one and of which one is zero."""
    w = np.random.default_rng(7).uniform(0.1, 3.0, (N, 1))
    w[2] = 0.0
    return w / w.sum()


def evaluate(name, y, z, w=None):
    """Return value and delta, computed in memory that must not be read."""
    loss = ALL[name] if isinstance(name, str) else name
    memory = Workspace([loss.buffers(z.shape[1])], len(z), z.dtype).rows(len(z))[0]
    for scratch in vars(memory).values():
        scratch[...] = np.nan
    delta = np.full_like(z, np.nan)
    return loss.value_and_delta(z, y, w, delta, memory), delta


weighted = pytest.mark.parametrize("w", [None, some_weights()], ids=["unweighted", "weighted"])
