"""Strategies of hypothesis: small data of each form that the estimators accept, and constructor parameters for them."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from sknet import ACTIVATIONS, MLPClassifierScratch
from sknet._parameters import REGRESSION_LOSSES
from sknet.core.initializers import INITIALIZERS
from sknet.core.schedules import SCHEDULES

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

hypothesis.settings.register_profile(
    "ci", max_examples=200, derandomize=True, deadline=None, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)  # fmt: skip
hypothesis.settings.register_profile(
    "nightly", parent=hypothesis.settings.get_profile("ci"), max_examples=2000, derandomize=False, print_blob=True
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
hypothesis.settings.load_profile(PROFILE)

SPARSE = {
    f.__name__: f for f in (sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.csr_array, sp.csc_array, sp.coo_array)
}
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "backwards": lambda X: np.ascontiguousarray(X[::-1])[::-1],
    "list": lambda X: X.tolist(),
    **SPARSE,
}
DTYPES = ["float64", "float32", "float64", "float32", "int64", "int8", "uint16", "bool"]
SCALES = [1.0, 1.0, 1.0, 1e-30, 1e-12, 1e-5, 1e5, 1e12, 1e30]
SOLVERS = ["adam", "sgd", "rmsprop", "adagrad", "lbfgs"]


@dataclass
class Problem:
    """The arguments of ``fit``. ``X`` has some layout, and ``dense`` contains the same numbers as a plain array."""

    X: Any
    y: Any
    sample_weight: Any
    dense: np.ndarray
    layout: str

    @property
    def has_weight(self):
        weights = np.ones(len(self.dense)) * (1.0 if self.sample_weight is None else self.sample_weight)
        return weights > 0

    @property
    def seen(self):
        """Return the rows of X that training used, in the layout of X."""
        return LAYOUTS[self.layout](self.dense[self.has_weight])

    @property
    def dtype(self):
        """Return the dtype in which the estimators compute by default."""
        return np.float32 if self.dense.dtype == np.float32 else np.float64


def _column(kind, rng, n):
    match kind:
        case "constant":
            return np.full(n, rng.standard_normal())
        case "zeros":
            return np.zeros(n)
        case "binary":
            return rng.integers(0, 2, n).astype(float)
        case "far":  # deviations are small compared with the mean
            return rng.standard_normal(n) + 1e4
        case "outlier":
            return np.where(np.arange(n) == n - 1, 1e6, rng.standard_normal(n))
        case "rare":
            return rng.standard_normal(n) * (rng.random(n) < 0.2)
    return rng.standard_normal(n)


KINDS = ["normal", "normal", "normal", "constant", "zeros", "binary", "duplicate", "far", "outlier", "rare"]


@st.composite
def inputs(draw, rng, n, scales=SCALES, dtypes=DTYPES):
    """Draw rows of shape (n, d)."""
    d = draw(st.integers(1, 4))
    X = np.empty((n, d))
    for j in range(d):
        kind, scale = draw(st.sampled_from(KINDS)), draw(st.sampled_from(scales))
        X[:, j] = X[:, 0] if kind == "duplicate" and j else _column(kind, rng, n) * scale
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    if dtype.kind in "iu":
        X = np.clip(np.rint(X), np.iinfo(dtype).min // 2, np.iinfo(dtype).max // 2)
    return X.astype(dtype)


@st.composite
def weights(draw, rng, n):
    """Draw row weights, at least one of them positive, or None."""
    kind = draw(st.sampled_from(["none", "none", "random", "counts", "one row", "tiny", "huge", "number"]))
    match kind:
        case "random":
            return rng.random(n) + 0.1
        case "counts":
            counts = rng.integers(0, 3, n)
            counts[0] += 1
            return counts
        case "one row":
            return (np.arange(n) == n - 1).astype(np.float32)
        case "tiny":
            return rng.random(n) * 1e-3 + 1e-3  # alpha is divided by their sum, so the penalty is large
        case "huge":
            return rng.random(n) * 1e30
        case "number":
            return 2.0
    return None


@st.composite
def labels(draw, rng, n):
    """Draw targets of a classifier: one, two or many classes, of several types, in one or several columns."""
    kind = draw(st.sampled_from(["binary", "multiclass", "one class", "all different", "multilabel", "multioutput"]))
    k = draw(st.integers(1, 3))
    match kind:
        case "binary":
            codes = rng.integers(0, 2, n)
        case "multiclass":
            codes = rng.integers(0, 3 + k, n)
        case "one class":
            codes = np.zeros(n, dtype=int)
        case "all different":
            codes = np.arange(n)
        case "multilabel":
            y = rng.integers(0, 2, (n, k + 1))
            return draw(st.sampled_from([np.array, sp.csr_matrix]))(y)
        case "multioutput":
            return rng.integers(0, 4, (n, k + 1)) + 2
    return draw(st.sampled_from(LABELS))(codes)


LABELS = [
    lambda codes: codes,
    lambda codes: codes - 3,
    lambda codes: codes.astype(float),
    lambda codes: codes.astype(np.uint8),
    lambda codes: codes > 0,
    lambda codes: np.array([f"class {code:03d}" for code in codes]),
    lambda codes: np.array([f"class {code:03d}" for code in codes], dtype=object),
    lambda codes: codes.tolist(),
]


@st.composite
def numbers(draw, rng, n, loss):
    """Draw targets that the regression loss allows."""
    k = draw(st.sampled_from([0, 0, 1, 2]))
    y = draw(st.sampled_from([rng.standard_normal, np.ones, np.zeros, lambda s: 100.0 + rng.standard_normal(s)]))(
        (n, k) if k > 1 else n
    )
    log_link = loss in ("poisson", "gamma")
    y = np.abs(y) + (loss == "gamma") if log_link else y * draw(st.sampled_from(SCALES))
    dtype = draw(st.sampled_from(["float64", "float64", "float32", "int64"]))
    return (np.clip(np.rint(y), -1e9, 1e9) + (loss == "gamma") if dtype == "int64" else y).astype(dtype)


@st.composite
def problems(draw, Estimator, loss=None):
    """Draw data that an estimator must accept, or reject with a reason."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.sampled_from([1, 2, 3, 7, 20, 41]))
    X = draw(inputs(rng, n))
    y = draw(labels(rng, n) if Estimator is MLPClassifierScratch else numbers(rng, n, loss))
    layout = draw(st.sampled_from([*LAYOUTS, "C", "F", "C", "F"]))
    # Some operations of SciPy do not support bool, and scikit-learn does not accept it; numbers of a list are float64.
    dense = X.astype(np.float64) if layout == "list" or (layout in SPARSE and X.dtype == bool) else X
    return Problem(LAYOUTS[layout](dense), y, draw(weights(rng, n)), dense, layout)


def parameters(Estimator, **fixed):
    """Return a strategy of constructor parameters; ``fixed`` contains values or strategies of some of them."""
    choices = {
        "solver": SOLVERS,
        "activation": list(ACTIVATIONS),
        "depth": [0, 1, 2, 3],
        "width": [1, 3, 8],
        "alpha": [0.0, 1e-4, 0.1],
        "batch_size": ["auto", 1, 5, 64],
        "learning_rate": list(SCHEDULES),
        "learning_rate_init": [1e-4, 1e-2, 0.03],
        "max_iter": [1, 2, 4],
        "shuffle": [True, False],
        "random_state": [0, 1, 2**32 - 1],
        "tol": [0.0, 1e-4, 1.0],
        "momentum": [0.0, 0.9, 1.0],
        "nesterovs_momentum": [True, False],
        "early_stopping": ["auto", True, False],
        "validation_fraction": [0.1, 0.5, 0.9],
        "beta_1": [0.0, 0.9],
        "beta_2": [0.9, 0.95, 0.999],  # with beta_1^2 < sqrt(beta_2), Adam's steps are bounded
        "n_iter_no_change": [1, 10, np.inf],
        "epsilon": [1e-8],
        "initializer": ["auto", *INITIALIZERS],
        "standardize": [True, True, False, "robust"],
        "embedding": [None, None, "periodic", "piecewise_linear"],
        "n_members": [1, 1, "auto", 3],
        "averaging": [0.0, "auto", 0.9],
        "dtype": [None, None, "float32", "float64"],
        "weight_decay": ["auto", 0.0, 0.1],
        "dropout": ["auto", 0.0, 0.5],
        "normalization": [None, None, "batch", "layer"],
        "max_grad_norm": [None, 1.0],
        "scoring": [None, "loss"],
    }
    if Estimator is MLPClassifierScratch:
        choices |= {"class_weight": [None, None, "balanced"], "label_smoothing": ["auto", 0.0, 0.5]}
    else:
        choices |= {
            "loss": list(REGRESSION_LOSSES),
            "quantile": [0.5, 0.1, [0.1, 0.5, 0.9]],
            "huber_delta": [0.1, 1.35],
        }
    drawn = {name: st.sampled_from(values) for name, values in choices.items()}
    for name in fixed.keys() & choices.keys():
        drawn[name] = fixed[name] if isinstance(fixed[name], st.SearchStrategy) else st.just(fixed[name])
    return st.fixed_dictionaries(drawn)
