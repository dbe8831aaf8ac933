"""Properties that must hold for any parameters and data, tested with small data drawn by hypothesis.

Each property has 200 examples, the same in each run. HYPOTHESIS_PROFILE=nightly draws 2,000 others in each run.
"""

import re
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("hypothesis")

from hypothesis import assume, given, note
from hypothesis import strategies as st
from sklearn.base import clone
from strategies import LAYOUTS, SPARSE, Problem, inputs, labels, numbers, parameters, problems

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.core.schedules import SCHEDULES

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`=.* It is going to be clipped:UserWarning"),
    pytest.mark.filterwarnings("ignore:The number of unique classes is greater than 50%:UserWarning"),
    pytest.mark.filterwarnings("ignore:.* ha(s|ve) no effect:UserWarning"),
    pytest.mark.filterwarnings("ignore:The row weights sum to:UserWarning"),
]

CLF, REG = MLPClassifierScratch, MLPRegressorScratch
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])

# Errors that `fit` may raise: the message, and a condition that must hold.
REFUSALS = {
    r"^the (mean|variance) of column \d+ of (X|y) is too large for float64, so it cannot be standardized\. Rescale":
        lambda p, data: False,
    r"^standardize='robust' needs a dense X, got a sparse one\. Use standardize=True, or X":
        lambda p, data: p["standardize"] == "robust" and sp.issparse(data.X),
    r"^embedding='(periodic|piecewise_linear)' needs a dense X, got a sparse one\. Use embedding=None, or X":
        lambda p, data: p["embedding"] and sp.issparse(data.X),
    r"^`normalization='batch'` needs a solver that works in epochs and mini-batches; 'lbfgs' does not\. Use solver=":
        lambda p, data: p["solver"] == "lbfgs" and p["normalization"] == "batch",
    r"^The validation set is too small\. Increase 'validation_fraction' or the size of your dataset: of n_samples":
        lambda p, data: p["early_stopping"],
    r"^several quantiles, .*, need one target, got 2\. Wrap the regressor":
        lambda p, data: p.get("loss") == "quantile",
    r"^multilabel targets must be 0 or 1, got":  # for scikit-learn's type_of_target, two numbers are labels
        lambda p, data: np.ndim(data.y) == 2 and len(np.unique(data.y)) < 3,
    r"^Training gave (a loss of|parameters that are not finite).* in epoch \d+\. .* Try standardize=True, a smaller":
        lambda p, data: unscaled(p, data) or log_link(p),
    r"^The weights must be finite, but overflow float32 because they include batch normalization\. Rescale the":
        lambda p, data: True,
}  # fmt: skip


def unscaled(p, data):
    """Whether inputs may be large: sparse data are scaled, but a constant column is not shifted."""
    return p["standardize"] is False or sp.issparse(data.X)


def log_link(p):
    return p.get("loss") in ("poisson", "gamma")


def fit(mlp, data):
    """Return the fitted estimator, or None if it raises an error that is allowed here."""
    before = dict(vars(mlp))
    try:
        return mlp.fit(data.X, data.y, data.sample_weight)
    except ValueError as error:
        may = [may for words, may in REFUSALS.items() if re.search(words, str(error))]
        if not may or not may[0](mlp.get_params(), data):
            raise
        assert vars(mlp) == before
        note(f"refused: {error}")
        return None


@given(st.data())
@BOTH
def test_fit_predicts_or_raises_an_allowed_error(Estimator, data):
    p = data.draw(parameters(Estimator))
    problem = data.draw(problems(Estimator, p.get("loss")))
    mlp = fit(Estimator(**p), problem)
    if mlp is not None:
        (check_probabilities if Estimator is CLF else check_numbers)(mlp, problem)
        again = Estimator(**p).fit(problem.X, problem.y, problem.sample_weight)
        for one, other in zip(mlp._arrays, again._arrays, strict=True):
            for a, b in zip(one, other, strict=True):
                assert a.tobytes() == b.tobytes()
        assert repr(mlp.loss_curve_) == repr(again.loss_curve_)


def check_numbers(mlp, data):
    raw, may_overflow = unscaled(vars(mlp), data), log_link(vars(mlp))
    with np.errstate(over="ignore" if raw or may_overflow else "warn", invalid="ignore" if raw else "warn"):
        prediction = mlp.predict(data.seen)
    y = np.asarray(data.y)[data.has_weight]
    shape = y.shape[:1] if y.ndim == 1 or y.shape[1] == 1 else y.shape
    several = mlp.loss == "quantile" and np.ndim(mlp.quantile) > 0
    assert prediction.shape == ((*shape, len(mlp.quantile)) if several else shape)
    narrow = data.dtype == np.float32 == np.dtype(mlp.dtype or data.dtype)
    assert prediction.dtype == np.float64 or (narrow and prediction.dtype == np.float32)
    if raw and not np.isfinite(prediction).all():
        return
    assert not np.isnan(prediction).any() if may_overflow else np.isfinite(prediction).all()
    if several:
        assert (np.diff(prediction, axis=1) >= 0).all()
    if mlp.loss in ("poisson", "gamma"):
        assert (prediction >= 0).all()


def check_probabilities(mlp, data):
    raw = unscaled(vars(mlp), data)
    with np.errstate(all="ignore") if raw else nullcontext():
        probabilities, predicted = mlp.predict_proba(data.seen), mlp.predict(data.seen)
        finite = np.isfinite(mlp._raw_outputs(data.seen)).all()
    y = data.y.toarray() if sp.issparse(data.y) else np.asarray(data.y)
    y = y[data.has_weight]
    assert sp.issparse(predicted) == sp.issparse(data.y)
    predicted = predicted.toarray() if sp.issparse(predicted) else predicted
    assert predicted.shape == y.shape
    assert predicted.dtype == (np.int64 if mlp._labels.kind == "multilabel" else y.dtype)
    several = isinstance(probabilities, list)
    columns = list(predicted.T) if several else [predicted]
    every = (
        zip(probabilities, mlp.classes_, columns, strict=True)
        if several
        else [(probabilities, mlp.classes_, predicted)]
    )
    for p, classes, best in every:
        assert p.shape == (len(y), len(classes))
        assert p.dtype == (mlp.dtype or data.dtype)
        if raw and not finite:
            continue
        assert np.isfinite(p).all()
        assert ((p >= 0) & (p <= 1)).all()
        if best.ndim == 2:
            assert_array_equal(best[p != 0.5], (p > 0.5)[p != 0.5])
        else:
            assert_allclose(p.sum(axis=1), 1.0, rtol=4 * np.finfo(p.dtype).eps)
            assert_array_equal(p[np.arange(len(p)), np.searchsorted(classes, best)], p.max(axis=1))


# Two forms of the same data. If they differ in the last digits, activations and losses must be smooth: at a kink, a
# rounding error changes the derivative.

# Adam with an epsilon of 1e-8 would also make a step from a gradient of 1e-17, which is 0 with a rounding error.
SMOOTH = {
    "activation": ["identity", "logistic", "tanh", "softmax", "elu", "gelu", "silu", "mish", "softplus"],
    "loss": ["squared_error", "huber", "poisson", "gamma"],
    "embedding": [None, None, "periodic"],
}
ALIKE = {"rtol": 1e-5, "atol": 1e-6}
DIVERGED = 1e9  # in units of the targets; such outputs have large rounding errors
FULL_BATCH = {"batch_size": 10**6, "dropout": 0.0, "early_stopping": False}
estimators = st.sampled_from([CLF, REG])


@st.composite
def twins(draw, *, scales=(1.0, 1e-5, 1e5), smooth=True, **fixed):
    """Draw an estimator, dense X of float64 and its y, and a random generator for more."""
    Estimator = draw(estimators)
    # The initial gradient of a log link may be 1. With a tolerance of 1, rounding errors would decide when to stop.
    chosen = {"dtype": "float64", "epsilon": 1e-2, "tol": st.sampled_from([0.0, 1e-4])}
    if smooth:
        chosen |= {name: st.sampled_from(values) for name, values in SMOOTH.items()}
    chosen |= fixed
    p = draw(parameters(Estimator, **chosen))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(4, 30))
    X = draw(inputs(rng, n, scales=scales, dtypes=["float64"]))
    if not p["standardize"]:  # small enough to train without standardization
        X = X / max(np.abs(X).max(), 1e-300)
    y = draw(labels(rng, n) if Estimator is CLF else numbers(rng, n, p["loss"]))
    if Estimator is REG and not p["standardize"]:
        y = np.asarray(y, dtype=np.float64)
        y = y / max(np.abs(y).max(), 1e-300)
    return Estimator(**p), X, y.toarray() if sp.issparse(y) else np.asarray(y), rng


def fitted(mlp, X, y, weights=None):
    """Return a fitted estimator of these parameters, or None after an allowed error."""
    return fit(clone(mlp), Problem(X, y, weights, np.asarray(X), "C"))


def outputs(mlp, X):
    """Return raw outputs, in units of the standardized targets."""
    z = mlp._raw_outputs(X)
    units = mlp._state.outputs
    return z if units is None else (z - units.shift) / units.scale


def check_alike(one, other, X, other_X):
    assert (one is None) == (other is None)
    if one is not None:
        with np.errstate(over="ignore"):
            expected = outputs(one, X)
            if np.abs(expected).max() > DIVERGED:
                return
            assert_allclose(outputs(other, other_X), expected, **ALIKE)
        curves = one.loss_curve_, other.loss_curve_
        # At a minimum, L-BFGS continues as long as the loss falls by rounding errors.
        same = min(map(len, curves)) if one.solver == "lbfgs" else None
        assert_allclose(curves[1][:same], curves[0][:same], **ALIKE)


@given(twins(standardize=st.sampled_from([True, "robust"])), st.data())
def test_units_of_the_inputs_do_not_matter(case, data):
    """Each column is scaled, and shifted by up to ten times its largest value, which makes one digit less precise."""
    mlp, X, y, _ = case
    choices = st.tuples(st.sampled_from([1e-3, 0.7, 1e4]), st.sampled_from([0.0, -3.0, 10.0]))
    factor, shift = np.transpose([data.draw(choices) for _ in X.T])
    other = (X + shift * np.abs(X).max(axis=0)) * factor
    one = fitted(mlp, X, y)
    # If a column is constant in the training rows, they give no unit for other values in the validation rows.
    varies = np.ptp(X, axis=0) > 0
    assume(one is None or not (varies & one._state.inputs.constant).any())
    check_alike(one, fitted(mlp, other, y), X, other)


SCHEDULES_OF_EPOCHS = st.sampled_from(sorted(SCHEDULES.keys() - {"invscaling"}))  # it depends on the number of rows


@given(twins(class_weight=None, learning_rate=SCHEDULES_OF_EPOCHS, **FULL_BATCH))
def test_rows_without_weight_have_no_effect(case):
    """Their values may be huge. (They are still part of mini-batches, as in scikit-learn.)"""
    mlp, X, y, rng = case
    # If all rows are equal, normalization divides by almost zero, and rounding errors become large.
    assume(mlp.normalization is None or np.ptp(X, axis=0).any())
    k = rng.integers(1, 6)
    more = np.vstack([X, rng.choice([1.0, 1e6, -1e30], (k, X.shape[1]))])
    others = y[rng.integers(0, len(y), k)]
    targets = np.concatenate([y, others if isinstance(mlp, CLF) else others * 10])
    weights = rng.random(len(X)) + 0.5
    zeros = np.r_[weights, np.zeros(k)]
    check_alike(fitted(mlp, X, y, weights), fitted(mlp, more, targets, zeros), X, X)


@given(twins(class_weight=None, learning_rate=SCHEDULES_OF_EPOCHS, **FULL_BATCH))
def test_integer_weights_are_repeated_rows(case):
    mlp, X, y, rng = case
    weights = rng.integers(isinstance(mlp, CLF), 4, len(X))
    weights[:2] += 1  # one row has no variance for batch normalization, but a repeated row has
    assume(mlp.normalization is None or np.ptp(X, axis=0).any())  # as above
    repeated = fitted(mlp, np.repeat(X, weights, axis=0), np.repeat(y, weights, axis=0))
    check_alike(fitted(mlp, X, y, weights), repeated, X, X)


@given(twins(shuffle=False, **FULL_BATCH))
def test_the_order_of_rows_does_not_matter(case):
    mlp, X, y, rng = case
    order = rng.permutation(len(X))
    check_alike(fitted(mlp, X, y), fitted(mlp, X[order], y[order]), X, X)


@given(st.data())
def test_names_of_classes_do_not_matter(data):
    """New names in the same order give the same bits."""
    problem = data.draw(problems(CLF))
    mlp = CLF(**data.draw(parameters(CLF)))
    if np.ndim(problem.y) == 1 or isinstance(problem.y, list):
        _, codes = np.unique(problem.y, return_inverse=True)
        words = np.array([f"no. {i:03d}" for i in range(len(codes))])
        names = data.draw(st.sampled_from([lambda c: c * 7 - 20, lambda c: words[c]]))
        one = fit(mlp, replace(problem, y=codes))
        other = fit(clone(mlp), replace(problem, y=names(codes)))
        assert (one is None) == (other is None)
        if one is not None:
            with np.errstate(all="ignore") if unscaled(vars(mlp), problem) else nullcontext():
                assert_array_equal(one.predict_proba(problem.X), other.predict_proba(problem.X))
                assert_array_equal(names(one.predict(problem.X)), other.predict(problem.X))


@given(twins(smooth=False), st.sampled_from(sorted(SPARSE)))
def test_the_layout_does_not_matter(case, name):
    """Sparse forms give the same bits, and so do dense forms if nothing has to be summed."""
    mlp, X, y, rng = case
    X = X * (rng.random(X.shape) < 0.5)
    ways = [sp.csr_matrix(X), SPARSE[name](X)]
    if not mlp.standardize:
        ways = [X, *(LAYOUTS[name](X) for name in ("F", "strided", "backwards"))]
    first, *others = (fitted(mlp, way, y) for way in ways)
    for other in others:
        assert (other is None) == (first is None)
        if first is not None:
            with np.errstate(over="ignore"):
                assert_array_equal(outputs(other, ways[0]), outputs(first, ways[0]))
