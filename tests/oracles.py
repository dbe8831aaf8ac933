"""Independent formulas in NumPy with which estimators are compared, and estimators with plain training."""

import functools
import re
import tracemalloc

import numpy as np
import sklearn
from scipy.special import expit, ndtr, softmax, xlogy

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

SKLEARN = tuple(int(part) for part in re.findall(r"\d+", sklearn.__version__)[:2])

SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

ACTIVATIONS = {
    "identity": lambda z: z,
    "logistic": expit,
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": lambda z: softmax(z, axis=1),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: SELU[0] * np.where(z > 0, z, SELU[1] * np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * ndtr(z),
    "silu": lambda z: z * expit(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "softplus": lambda z: np.logaddexp(0, z),
}


def forward(coefs, intercepts, activation, X):
    """Return the raw outputs of a network for raw inputs, computed from ``coefs_`` and ``intercepts_``."""
    names = [activation] * (len(coefs) - 1) if isinstance(activation, str) else activation
    for W, b, name in zip(coefs, intercepts, names, strict=False):
        X = ACTIVATIONS[name](X @ W + b)
    return X @ coefs[-1] + intercepts[-1]


def squared_error(y, z):
    """Return half the squared error of each row, averaged over outputs."""
    return 0.5 * np.mean((y - z) ** 2, axis=1)


def binary_log_loss(y, z):
    """Return the log-loss of each row for 0/1 targets, summed over outputs."""
    return -np.sum(y * np.log(expit(z)) + (1 - y) * np.log(expit(-z)), axis=1)


def log_loss(y, z):
    """Return the log-loss of each row for one-hot targets."""
    return -np.log(np.sum(y * softmax(z, axis=1), axis=1))


def poisson(y, z):
    """Return half the Poisson deviance of each row, summed over outputs."""
    return np.sum(xlogy(y, y) - y * z - y + np.exp(z), axis=1)


def penalty(coefs, alpha, total):
    """Return the L2 penalty that is added to a mean over rows whose weights sum to ``total``."""
    return 0.5 * alpha / total * sum(float(np.sum(np.square(W))) for W in coefs)


def _plain(kind):
    """Return scikit-learn's defaults, but with standardization, and with ``depth`` and ``width`` in place of sizes."""
    parameters = presets.scikit_learn(kind)
    (width,) = parameters.pop("hidden_layer_sizes")
    return parameters | {"depth": 1, "width": width, "standardize": True}


PLAIN = {kind: _plain(kind) for kind in ("classification", "regression")}


class PlainClassifier(MLPClassifierScratch):
    """The classifier with plain training by default."""

    @functools.wraps(MLPClassifierScratch.__init__)
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **PLAIN["classification"] | kwargs)


class PlainRegressor(MLPRegressorScratch):
    """The regressor with plain training by default."""

    @functools.wraps(MLPRegressorScratch.__init__)
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **PLAIN["regression"] | kwargs)


def traced_peak(call):
    """Return the largest number of bytes that Python had allocated at the same time during a call."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
