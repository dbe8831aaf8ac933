"""A fit on difficult data gives no NumPy warning: here, all floating-point errors of NumPy and all warnings raise.

Data that cannot be learned give a ValueError that says so; other data give finite predictions.
"""

import numpy as np
import pytest

from sknet import MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N, D = 30, 3
PLAIN = np.random.default_rng(0).normal(size=(N, D))
FIRST = np.arange(N)[:, None] == 0
HARD = {
    **{f"scale {scale:g}": PLAIN * scale for scale in (1e-300, 1e-150, 1e-30, 1e30, 1e150, 1e300)},
    "denormal numbers": np.where(PLAIN > 0.0, 5e-324, 0.0),
    "small in float32": (PLAIN * 1e-38).astype(np.float32),
    "large in float32": (PLAIN * 1e37).astype(np.float32),
    "columns of every scale": PLAIN * [1e-300, 1.0, 1e300],
    "columns of far scales": PLAIN * [1e-140, 1.0, 1e140],
    "zeros": np.zeros((N, D)),
    "constants": np.full((N, D), 7.0),
    "tiny constants": np.full((N, D), 1e-300),
    "huge constants": np.full((N, D), 1e300),
    "far from 0": PLAIN + 1e15,
    "one row far out": np.where(FIRST, 1e140, PLAIN),
    "one row far out in float32": np.where(FIRST, 1e37, PLAIN).astype(np.float32),
    "one row": PLAIN[:1],
    "two rows": PLAIN[:2],
}
VARIANTS = {
    "default": {},
    "lbfgs": {"solver": "lbfgs"},
    "raw": {"standardize": False},
    "robust": {"standardize": "robust"},
    "periodic": {"standardize": "robust", "embedding": "periodic"},
    "batch": {"normalization": "batch"},
    "layer": {"normalization": "layer", "dropout": 0.3},
    "softmax": {"activation": "softmax"},
    "gelu": {"activation": "gelu"},
    "stopping": {"early_stopping": True, "validation_fraction": 0.3},
}
REFUSALS = "too large to be standardized", "too large for", "non-finite", "range of float", "set is too small"
every_variant = pytest.mark.parametrize("variant", VARIANTS)
hard_data = pytest.mark.parametrize("name", HARD)


def fitted(Estimator, X, y, parameters):
    """Return the model, or None if fit raises an error."""
    small = {"width": 6, "max_iter": 4, "batch_size": min(10, len(X)), "random_state": 0}
    if parameters.get("solver") == "lbfgs":
        small["early_stopping"] = False
    model = Estimator(**small | parameters)
    try:
        with np.errstate(all="raise"):
            return model.fit(X, y)
    except ValueError as error:
        if not any(text in str(error) for text in REFUSALS):
            raise
        return None


def assert_finite(model, X):
    if model is not None:
        with np.errstate(all="ignore"):  # an overflow may lead to a number: 1 / inf
            z = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
        assert np.isfinite(z).all()


@every_variant
@hard_data
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_hard_inputs(Estimator, name, variant):
    X = HARD[name]
    y = np.arange(len(X)) % 2 if Estimator is MLPClassifierScratch else PLAIN[: len(X), 0]
    assert_finite(fitted(Estimator, X, y, VARIANTS[variant]), X)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"])
@hard_data
def test_hard_targets(name, loss):
    y = np.ascontiguousarray(HARD[name][:, 0])
    if loss in ("poisson", "gamma"):
        y = np.abs(y) if loss == "poisson" else np.maximum(np.abs(y), np.finfo(y.dtype).tiny)
    X = PLAIN[: len(y)]
    assert_finite(fitted(MLPRegressorScratch, X, y, {"loss": loss}), X)


@pytest.mark.parametrize(
    ("name", "variant"), [("constants", "default"), ("one row", "raw"), ("scale 1e-300", "robust")]
)
def test_easy_data_are_fitted(name, variant):
    """Without this, the tests above would pass if every fit raised an error."""
    assert fitted(MLPRegressorScratch, HARD[name], PLAIN[: len(HARD[name]), 0], VARIANTS[variant]) is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_of_outliers_are_those_at_the_bound(dtype):
    """The smooth clip has a limit. Extreme values must have it too, although their squares overflow."""
    model = fitted(MLPRegressorScratch, PLAIN.astype(dtype), PLAIN[:, 0].astype(dtype), {"standardize": "robust"})
    far, farther = (
        model.predict(np.full((1, D), x, dtype=dtype)) for x in (1e9, 1e30 if dtype == np.float32 else 1e200)
    )
    np.testing.assert_allclose(far, farther, rtol=1e-4)
