"""What both estimators share: standardization, dtypes, fitted attributes, and likeness to scikit-learn's classes."""

import contextlib
import inspect
import pickle
import re

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import SKLEARN, PlainClassifier, PlainRegressor, forward, traced_peak
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from sknet import ACTIVATIONS, MLPClassifierScratch, MLPRegressorScratch, presets
from sknet.core.dropout import Dropout

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = PlainClassifier, PlainRegressor
BOTH = pytest.mark.parametrize("Estimator", [CLF, REG])
SOLVER = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
SMALL = {"width": 6, "max_iter": 8, "batch_size": 32, "random_state": 0, "learning_rate_init": 0.01}

RNG = np.random.default_rng(0)
N = 120
RAW = RNG.standard_normal((N, 4))
X = RAW * [1.0, 100.0, 0.01, 5.0] + [0.0, 1000.0, -3.0, 50.0]
SIGNAL = np.sin(2 * RAW[:, 0]) + RAW[:, 1] - 0.5 * RAW[:, 2]
WEIGHTS = RNG.choice([0.0, 0.5, 1.0, 3.0], N)


def sparse_X():
    dense = X.copy()
    dense[RAW < 0] = 0.0
    return sp.csr_matrix(dense)


def target(Estimator):
    return np.digitize(SIGNAL, [-0.5, 0.5]) if issubclass(Estimator, MLPClassifierScratch) else 40.0 * SIGNAL + 300.0


def outputs(mlp, data):
    return mlp.predict_proba(data) if isinstance(mlp, CLF) else mlp.predict(data)


# Standardization


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@SOLVER
@BOTH
def test_standardize_is_what_a_scaler_before_does(Estimator, solver, weights, sparse):
    """Dense inputs are centred and scaled, sparse ones scaled, and the regressor's targets standardized."""
    data, y = (sparse_X() if sparse else X), target(Estimator)
    mlp = Estimator(solver=solver, **SMALL).fit(data, y, weights)
    scaler = StandardScaler(with_mean=not sparse).fit(data, sample_weight=weights)
    if Estimator is REG:
        mean = np.average(y, weights=weights)
        scale = np.sqrt(np.average((y - mean) ** 2, weights=weights))
        y = (y - mean) / scale
    reference = clone(mlp).set_params(standardize=False).fit(scaler.transform(data), y, weights)
    expected = outputs(reference, scaler.transform(data))
    if Estimator is REG:
        expected = expected * scale + mean
    # Eight epochs or iterations leave some digits of the rounding in another order.
    assert_allclose(outputs(mlp, data), expected, rtol=1e-7)
    assert_allclose(mlp.loss_curve_, reference.loss_curve_, rtol=1e-7)
    assert_allclose(mlp.penalty_curve_, reference.penalty_curve_, rtol=1e-7)


def test_targets_of_counts_are_left_alone():
    counts = np.random.default_rng(0).poisson(3.0, N)
    mlp = REG(loss="poisson", **SMALL).fit(X, counts)
    scaled = StandardScaler().fit_transform(X)
    reference = REG(loss="poisson", standardize=False, **SMALL).fit(scaled, counts)
    assert_allclose(mlp.predict(X), reference.predict(scaled), rtol=1e-9)


def test_several_targets_are_standardized_each_for_itself():
    Y = np.column_stack([SIGNAL, 1e6 * SIGNAL**2 + 1e7, 1e-6 * RAW[:, 3], np.full(N, 7.0)])
    mlp = REG(**SMALL | {"max_iter": 300}).fit(X, Y)
    assert_allclose(mlp.predict(X)[:, 3], 7.0, atol=0.2)  # a constant has scale 1
    for k in range(3):
        assert np.mean((mlp.predict(X)[:, k] - Y[:, k]) ** 2) < 0.3 * Y[:, k].var()
    assert np.abs(mlp.predict(X).mean(axis=0) - Y.mean(axis=0)).max() < 0.1 * Y.std(axis=0).max()


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("early_stopping", [False, True])
@SOLVER
@BOTH
def test_sparse_stays_sparse(monkeypatch, Estimator, solver, early_stopping, container):
    if solver == "lbfgs" and early_stopping:
        return
    data, y = container(sparse_X()), target(Estimator)

    def refuse(*args, **kwargs):
        raise AssertionError("made dense")

    for kind in (sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.csc_array):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(kind, name, refuse)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, **SMALL).fit(data, y, WEIGHTS)
    assert outputs(mlp, data).shape[0] == N
    if solver != "lbfgs":
        mlp.partial_fit(data, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weight_dtype", [np.float32, np.float64, np.int64])
@BOTH
def test_sparse_inputs_take_weights_of_any_dtype(Estimator, weight_dtype, dtype):
    weights = np.random.default_rng(0).integers(0, 3, N).astype(weight_dtype)
    mlp = Estimator(**SMALL).fit(sparse_X().astype(dtype), target(Estimator), weights)
    same = Estimator(**SMALL).fit(sparse_X().astype(dtype), target(Estimator), weights.astype(dtype))
    assert_array_equal(outputs(mlp, sparse_X()), outputs(same, sparse_X()))


@SOLVER
@BOTH
def test_sparse_and_dense_give_the_same_without_standardization(Estimator, solver):
    data, y = sparse_X() / 100.0, target(Estimator) / 100
    parameters = SMALL | {"solver": solver, "standardize": False, "max_iter": 5}
    if Estimator is CLF:
        y = target(CLF)
    dense = Estimator(**parameters).fit(data.toarray(), y)
    assert_allclose(outputs(Estimator(**parameters).fit(data, y), data), outputs(dense, data.toarray()), rtol=1e-8)
    assert_allclose(outputs(dense, data), outputs(dense, data.toarray()), rtol=1e-10)


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@SOLVER
def test_no_copy_of_X(solver, dtype, layout):
    """20 or 40 MB of X; the batches of L-BFGS may take 8 MB, those of 128 rows take 1 MB."""
    n, d = 5000, 1000
    data = np.asarray(np.random.default_rng(0).standard_normal((n, d), dtype=np.float32), dtype=dtype, order=layout)
    y = data[:, 0].copy()
    mlp = REG(solver=solver, width=2, max_iter=2)
    limit = 10e6 if solver == "lbfgs" else 6e6
    assert traced_peak(lambda: mlp.fit(data, y, np.ones(n))) < limit
    assert traced_peak(lambda: mlp.predict(data)) < 4e6


def test_X_and_y_and_weights_are_not_changed():
    for data in (X.copy(), np.asfortranarray(X), X.astype(np.float32), sparse_X()):
        for Estimator in (CLF, REG):
            y, weights = target(Estimator), WEIGHTS.copy()
            before = (data.copy(), y.copy(), weights.copy())
            mlp = Estimator(early_stopping=True, **SMALL).fit(data, y, weights).partial_fit(data, y, weights)
            outputs(mlp, data)
            assert abs(before[0] - data).max() == 0.0
            assert_array_equal(before[1], y)
            assert_array_equal(before[2], weights)


@SOLVER
@BOTH
def test_read_only_memory_maps(tmp_path, Estimator, solver):
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", target(Estimator))
    data, y = (np.load(tmp_path / name, mmap_mode="r") for name in ("X.npy", "y.npy"))
    mlp = Estimator(solver=solver, **SMALL).fit(data, y)
    assert_array_equal(outputs(mlp, data), outputs(Estimator(solver=solver, **SMALL).fit(X, y), X))


@pytest.mark.parametrize("value", [0.0, 1.0, 1 / 3, 1e9])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_constant_columns_do_no_harm(Estimator, container, value):
    data = np.column_stack([X[:, 0], np.full(N, value), X[:, 3]])
    mlp = Estimator(**SMALL).fit(container(data), target(Estimator))
    assert all(np.isfinite(a).all() for a in mlp.coefs_ + mlp.intercepts_)
    assert np.isfinite(outputs(mlp, data)).all()
    if container is np.asarray:  # centred to zero, its weights see no data: only its initial values are left
        other = data.copy()
        other[:, 1] = 12.0
        again = Estimator(**SMALL).fit(other, target(Estimator))
        assert_allclose(outputs(again, other), outputs(mlp, data), rtol=1e-6)


@pytest.mark.parametrize("offset", [1e4, -1e8])
@BOTH
def test_a_large_offset_makes_no_difference(Estimator, offset):
    mlp = Estimator(**SMALL).fit(RAW, target(Estimator))
    moved = Estimator(**SMALL).fit(RAW + offset, target(Estimator))
    # The sum itself rounds to 1e-8 at an offset of 1e8.
    assert_allclose(outputs(moved, RAW + offset), outputs(mlp, RAW), rtol=1e-5, atol=1e-5)


@BOTH
def test_units_make_no_difference(Estimator):
    """Standardized training is invariant: other units of X and y give the same predictions in these units."""
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    scale = np.array([1e-6, 1e3, 1.0, 7.0])
    y = target(Estimator)
    other = Estimator(**SMALL).fit(X * scale, y if Estimator is CLF else 1e-5 * y + 3.0)
    found = outputs(other, X * scale)
    expected = outputs(mlp, X)
    assert_allclose(found, expected if Estimator is CLF else 1e-5 * expected + 3.0, rtol=1e-7)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_predictions_do_not_jump_when_the_moments_change(Estimator, container):
    y = target(Estimator)
    mlp = Estimator(**SMALL).fit(container(X[:60]), y[:60])
    expected = outputs(mlp, X)
    mlp.set_params(learning_rate_init=1e-300)  # so that nothing else moves
    other, other_y = container(X[60:] * 3.0 + 1.0), y[60:] if Estimator is CLF else 5.0 * y[60:]
    for _ in range(3):
        mlp.partial_fit(other, other_y)
        assert_allclose(outputs(mlp, X), expected, rtol=1e-9)
    mlp.set_params(warm_start=True).fit(other, other_y)
    assert_allclose(outputs(mlp, X), expected, rtol=1e-9)
    mlp.set_params(standardize=False).fit(other, other_y)
    assert_allclose(outputs(mlp, X), expected, rtol=1e-9)


@BOTH
def test_the_best_weights_do_not_jump_either(Estimator):
    y = target(Estimator)
    mlp = Estimator(early_stopping=True, **SMALL).fit(X, y)
    expected = outputs(mlp, X)
    mlp.set_params(learning_rate_init=1e-300, tol=0.0).partial_fit(X * 2.0, y)
    if mlp.validation_scores_[-1] <= max(mlp.validation_scores_[:-1]):  # the best ones are still the same
        assert_allclose(outputs(mlp, X), expected, rtol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_moments_of_partial_fit_are_those_of_all_rows(container):
    mlp = REG(**SMALL)
    for rows in (slice(0, 33), slice(33, 80), slice(80, N)):
        mlp.partial_fit(container(X[rows]), target(REG)[rows], WEIGHTS[rows] + 0.1)
    scaler = StandardScaler(with_mean=container is np.asarray).fit(container(X), sample_weight=WEIGHTS + 0.1)
    inputs, targets = mlp._state.inputs, mlp._state.outputs
    assert_allclose(inputs.scale, scaler.scale_, rtol=1e-10)
    assert_allclose(inputs.shift, scaler.mean_ if container is np.asarray else 0.0, rtol=1e-10)
    assert_allclose(targets.shift, np.average(target(REG), weights=WEIGHTS + 0.1), rtol=1e-10)


# coefs_ and intercepts_


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@BOTH
def test_coefs_and_intercepts_alone_reproduce_predictions(Estimator, activation, standardize, dtype):
    data = (X if standardize else RAW).astype(dtype)
    y = target(Estimator)
    mlp = Estimator(activation=activation, standardize=standardize, **SMALL | {"hidden_layer_sizes": (6, 5)})
    mlp.fit(data, y)
    z = forward(mlp.coefs_, mlp.intercepts_, activation, data)
    expected = softmax(z, axis=1) if Estimator is CLF else z[:, 0]
    # Single precision, with inputs of 1000 +- 100: four digits are left.
    rtol = 1e-10 if dtype == np.float64 else 1e-3
    assert_allclose(outputs(mlp, data), expected, rtol=rtol, atol=rtol)
    assert [W.dtype for W in mlp.coefs_ + mlp.intercepts_] == [np.dtype(dtype)] * 6
    assert [W.shape for W in mlp.coefs_] == [(4, 6), (6, 5), (5, 3 if Estimator is CLF else 1)]
    assert [b.shape for b in mlp.intercepts_] == [(6,), (5,), (3 if Estimator is CLF else 1,)]


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_reproduced_for_every_depth_and_output(depth, early_stopping):
    Y = np.column_stack([SIGNAL, 10 * RAW[:, 3] + 5])
    common = SMALL | {"depth": depth, "early_stopping": early_stopping}
    mlp = REG(**common).fit(X, Y)
    assert_allclose(mlp.predict(X), forward(mlp.coefs_, mlp.intercepts_, "relu", X), rtol=1e-10)
    mlp = CLF(**common).fit(X, SIGNAL > 0)
    proba = expit(forward(mlp.coefs_, mlp.intercepts_, "relu", X))
    assert_allclose(mlp.predict_proba(X), np.hstack([1 - proba, proba]), rtol=1e-9)
    mlp = CLF(**common).fit(X, Y - Y.mean(axis=0) > 0)
    assert_allclose(mlp.predict_proba(X), expit(forward(mlp.coefs_, mlp.intercepts_, "relu", X)), rtol=1e-10)
    if depth == 0:  # positive rates only: the log link
        return
    mlp = REG(loss="poisson", **common).fit(X, np.abs(SIGNAL))
    assert_allclose(mlp.predict(X), np.exp(forward(mlp.coefs_, mlp.intercepts_, "relu", X))[:, 0], rtol=1e-10)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression", "multi-output", "poisson"])
def test_the_weights_fit_into_sklearn(kind, activation):
    if kind == "poisson" and SKLEARN < (1, 7):
        pytest.skip("scikit-learn's MLPRegressor has loss='poisson' since 1.7")
    y = {
        "binary": np.where(SIGNAL > 0, "up", "down"),
        "multiclass": target(CLF),
        "multilabel": (RAW[:, :3] > 0).astype(int),
        "regression": target(REG),
        "multi-output": np.column_stack([SIGNAL, RAW[:, 3]]),
        "poisson": np.abs(SIGNAL),
    }[kind]
    Ours, Theirs = (CLF, MLPClassifier) if kind in ("binary", "multiclass", "multilabel") else (REG, MLPRegressor)
    loss = {"loss": "poisson"} if kind == "poisson" else {}
    ours = Ours(activation=activation, hidden_layer_sizes=(6, 5), **SMALL, **loss).fit(X, y)
    theirs = Theirs(activation=activation, hidden_layer_sizes=(6, 5), max_iter=1, **loss).fit(RAW, y)
    theirs.coefs_, theirs.intercepts_ = ours.coefs_, ours.intercepts_
    assert_array_equal(theirs.predict(X), ours.predict(X)) if Ours is CLF else None
    their_outputs = theirs.predict_proba(X) if Ours is CLF else theirs.predict(X)
    assert_allclose(their_outputs, outputs(ours, X), rtol=1e-9)
    assert theirs.score(X, y) == pytest.approx(ours.score(X, y), rel=1e-9)


@BOTH
def test_predictions_come_from_coefs_and_intercepts(Estimator):
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    other = Estimator(**SMALL | {"random_state": 1}).fit(X, target(Estimator))
    expected = outputs(other, X)
    other.coefs_, other.intercepts_ = [W.copy() for W in mlp.coefs_], [b.copy() for b in mlp.intercepts_]
    assert_array_equal(outputs(other, X), outputs(mlp, X))
    assert np.abs(outputs(other, X) - expected).max() > 1e-3


# dtypes


@pytest.mark.parametrize(
    ("given", "dtype", "computed"),
    [
        (np.float32, None, np.float32),
        (np.float64, None, np.float64),
        (np.int32, None, np.float64),
        (np.float16, None, np.float64),
        (np.float64, "float32", np.float32),
        (np.float32, "float64", np.float64),
        (np.float64, np.float32, np.float32),
        (np.int64, np.dtype("float32"), np.float32),
    ],
)
@SOLVER
@BOTH
def test_dtype(Estimator, solver, given, dtype, computed):
    data = (10 * RAW).astype(given)
    mlp = Estimator(solver=solver, dtype=dtype, **SMALL).fit(data, target(Estimator), np.ones(N))
    assert {a.dtype for a in mlp.coefs_ + mlp.intercepts_} == {np.dtype(computed)}
    assert outputs(mlp, data).dtype == computed
    assert outputs(mlp, data.astype(float)).dtype == computed
    double = Estimator(solver=solver, **SMALL).fit(data.astype(float), target(Estimator))
    assert_allclose(outputs(mlp, data), outputs(double, data), rtol=0.02, atol=0.01)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@BOTH
def test_dtype_counts_for_sparse_input_too(Estimator, container):
    mlp = Estimator(dtype="float32", **SMALL).fit(container(X), target(Estimator))
    assert outputs(mlp, container(X)).dtype == np.float32


@pytest.mark.parametrize("y_dtype", [np.float16, np.float32, np.int8, np.int64, np.uint8, bool, object])
def test_targets_of_any_dtype(y_dtype):
    y = np.random.default_rng(0).integers(0, 2, N).astype(y_dtype)
    expected = REG(**SMALL).fit(X, y.astype(float)).predict(X)
    assert_allclose(REG(**SMALL).fit(X, y).predict(X), expected, rtol=1e-6, atol=1e-6)


# Fitted attributes


@pytest.mark.parametrize(
    ("parameters", "sizes"),
    [
        ({}, [100]),
        ({"depth": 3, "width": 5}, [5, 5, 5]),
        ({"depth": 0}, []),
        ({"hidden_layer_sizes": 7}, [7]),
        ({"hidden_layer_sizes": np.int64(7)}, [7]),
        ({"hidden_layer_sizes": (3, 9, 4), "depth": 1, "width": 2}, [3, 9, 4]),
        ({"hidden_layer_sizes": []}, []),
        ({"hidden_layer_sizes": np.array([2, 3])}, [2, 3]),
        ({"hidden_layer_sizes": range(4, 6)}, [4, 5]),
        ({"depth": 2, "width": np.int32(3)}, [3, 3]),
    ],
    ids=str,
)
@BOTH
def test_sizes(Estimator, parameters, sizes):
    mlp = Estimator(max_iter=1, **parameters).fit(X, target(Estimator))
    k = 3 if Estimator is CLF else 1
    shapes = list(zip([4, *sizes], [*sizes, k], strict=True))
    assert [W.shape for W in mlp.coefs_] == shapes
    assert mlp.depth_ == len(sizes)
    assert mlp.width_ == max(sizes, default=0)
    assert mlp.n_layers_ == len(sizes) + 2
    assert mlp.n_outputs_ == k
    assert mlp.n_parameters_ == sum(a.size for a in mlp.coefs_ + mlp.intercepts_)
    assert mlp.n_features_in_ == 4


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@BOTH
def test_curves(Estimator, solver, early_stopping):
    y = target(Estimator)
    mlp = Estimator(solver=solver, early_stopping=early_stopping, **SMALL).fit(X, y)
    assert mlp.n_iter_ == 8
    rows = N - 12 if early_stopping else N
    assert mlp.t_ == 8 * rows
    for curve in (mlp.loss_curve_, mlp.penalty_curve_, mlp.learning_rate_curve_):
        assert isinstance(curve, list)
        assert len(curve) == 8
        assert all(isinstance(value, float) for value in curve)
    assert mlp.loss_ == mlp.loss_curve_[-1]
    if early_stopping:
        assert mlp.best_loss_ is None
        assert len(mlp.validation_scores_) == 8
        assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    else:
        assert mlp.best_loss_ == min(mlp.loss_curve_)
        assert mlp.validation_scores_ is None
        assert mlp.best_validation_score_ is None
    mlp.partial_fit(X, y)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == 9
    assert mlp.t_ == 9 * rows


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_learning_rate_curve(solver):
    parameters = SMALL | {"solver": solver, "learning_rate_init": 0.02}
    constant = REG(**parameters).fit(X, target(REG))
    assert_array_equal(constant.learning_rate_curve_, [0.02] * 8)
    scaling = REG(learning_rate="invscaling", power_t=0.3, **parameters).fit(X, target(REG))
    t = N * np.arange(8)
    assert_allclose(scaling.learning_rate_curve_, 0.02 / (t + 1) ** 0.3, rtol=1e-14)
    adaptive = REG(learning_rate="adaptive", n_iter_no_change=2, tol=1e9, **parameters).fit(X, target(REG))
    # The first epoch has nothing to be compared with.
    assert_allclose(adaptive.learning_rate_curve_, 0.02 / 5.0 ** np.array([0, 0, 0, 1, 1, 2, 2, 3]), rtol=1e-14)


def test_adaptive_training_ends_when_the_rate_is_tiny():
    mlp = REG(learning_rate="adaptive", n_iter_no_change=1, tol=1e9, width=3).fit(X, target(REG))
    # 0.001 / 5^5 = 3.2e-7 is the first rate below 1e-6.
    assert_allclose(mlp.learning_rate_curve_, 0.001 / 5.0 ** np.array([0, 0, 1, 2, 3, 4, 5]), rtol=1e-14)


@BOTH
def test_rates_of_lbfgs_are_nan(Estimator):
    mlp = Estimator(solver="lbfgs", **SMALL).fit(X, target(Estimator))
    assert np.isnan(mlp.learning_rate_curve_).all()
    assert mlp.t_ == 0


@BOTH
def test_feature_names(Estimator):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    mlp = Estimator(early_stopping=True, **SMALL).fit(frame, target(Estimator))  # no warning while scoring
    assert_array_equal(mlp.feature_names_in_, list("abcd"))
    # A frame's columns are contiguous, so sums are rounded in another order.
    assert_allclose(outputs(mlp, frame), outputs(mlp.fit(X, target(Estimator)), X), rtol=1e-11)
    assert not hasattr(mlp, "feature_names_in_")
    mlp.fit(frame, target(Estimator))
    with pytest.raises(ValueError, match="feature names"):
        mlp.predict(frame[list("dcba")])


@BOTH
def test_polars_frames(Estimator):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(X, schema=list("abcd"))
    mlp = Estimator(**SMALL).fit(frame, pl.Series(target(Estimator)))
    assert_array_equal(mlp.feature_names_in_, list("abcd"))
    assert_allclose(outputs(mlp, frame), outputs(Estimator(**SMALL).fit(X, target(Estimator)), X), rtol=1e-11)


# What "auto" stands for

AUTO_X = RNG.standard_normal((260, 4))
AUTO_Y = np.digitize(AUTO_X[:, 0], [-0.5, 0.5])
QUICK = {"width": 6, "max_iter": 2, "random_state": 0}
RATE = 0.1  # as the docstring says, as is 128 for the rows of a mini-batch


def rates_of(mlp):
    """The dropout rates of the network that was trained."""
    return [layer.rate for layer in mlp._network.layers if isinstance(layer, Dropout)]


@pytest.mark.parametrize(
    ("n", "batch_size", "batches"), [(128, "auto", 1), (129, "auto", 2), (260, 260, 1), (260, 259, 2), (40, 20, 2)]
)
@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop", "adagrad"])
def test_a_classifier_drops_units_where_there_are_mini_batches(solver, n, batch_size, batches):
    mlp = MLPClassifierScratch(solver=solver, batch_size=batch_size, depth=2, **QUICK).fit(AUTO_X[:n], AUTO_Y[:n])
    rate = RATE if batches > 1 else 0.0
    assert rates_of(mlp) == [RATE] * 2 * (batches > 1)
    same = clone(mlp).set_params(dropout=rate).fit(AUTO_X[:n], AUTO_Y[:n])
    assert_array_equal(mlp.coefs_[0], same.coefs_[0])
    other = clone(mlp).set_params(dropout=RATE - rate).fit(AUTO_X[:n], AUTO_Y[:n])
    assert np.abs(other.coefs_[0] - mlp.coefs_[0]).max() > 1e-6


@pytest.mark.parametrize("n", [100, 260])
def test_no_auto_drops_units_of_a_regressor(n):
    mlp = MLPRegressorScratch(**QUICK).fit(AUTO_X[:n], AUTO_X[:n, 0])
    assert rates_of(mlp) == []
    same = clone(mlp).set_params(dropout=0.0).fit(AUTO_X[:n], AUTO_X[:n, 0])
    assert_array_equal(mlp.coefs_[0], same.coefs_[0])


@pytest.mark.parametrize("rates", [0.0, 0.3, [0.2, 0.4]])
@pytest.mark.parametrize("n", [100, 260])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_given_rates_win(Estimator, n, rates):
    mlp = Estimator(dropout=rates, depth=2, **QUICK).fit(AUTO_X[:n], AUTO_Y[:n])
    assert rates_of(mlp) == [rate for rate in np.broadcast_to(rates, 2) if rate > 0.0]


@pytest.mark.parametrize(("name", "off"), [("weight_decay", 0.0), ("label_smoothing", 0.0)])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_auto_decays_and_smooths_where_there_are_epochs(Estimator, name, off):
    if name not in Estimator().get_params():
        return
    mlp = Estimator(**QUICK).fit(AUTO_X, AUTO_Y)
    without = clone(mlp).set_params(**{name: off}).fit(AUTO_X, AUTO_Y)
    assert np.abs(without.coefs_[0] - mlp.coefs_[0]).max() > 1e-8
    lbfgs = clone(mlp).set_params(solver="lbfgs").fit(AUTO_X, AUTO_Y)
    assert_array_equal(clone(lbfgs).set_params(**{name: off}).fit(AUTO_X, AUTO_Y).coefs_[0], lbfgs.coefs_[0])


@pytest.mark.parametrize("n", [100, 260])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_lbfgs_needs_nothing_turned_off(Estimator, n):
    """Where one chooses a number all the same it is an error, as ever, and the earlier fit stays."""
    mlp = Estimator(solver="lbfgs", **QUICK).fit(AUTO_X[:n], AUTO_Y[:n])
    assert rates_of(mlp) == []
    before = outputs(mlp, AUTO_X)
    for name in ("weight_decay", "dropout"):
        with pytest.raises(ValueError, match=rf"`{name}=0.05` needs a solver that works in epochs and mini-batches"):
            clone(mlp).set_params(**{name: 0.05}).fit(AUTO_X[:n], AUTO_Y[:n])
        with pytest.raises(ValueError, match=f"`{name}=0.05`"):
            mlp.set_params(**{name: 0.05}).fit(AUTO_X[:n], AUTO_Y[:n])
        mlp.set_params(**{name: "auto"})
    assert_array_equal(outputs(mlp, AUTO_X), before)


@pytest.mark.parametrize(("first", "then"), [(260, 20), (20, 260)])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_that_goes_on_keeps_the_network_whatever_the_number_of_rows(method, first, then):
    classes = {"classes": [0, 1, 2]} if method == "partial_fit" else {}
    mlp = MLPClassifierScratch(warm_start=True, depth=2, **QUICK)
    getattr(mlp, method)(AUTO_X[:first], AUTO_Y[:first], **classes)
    network = mlp._network
    assert rates_of(mlp) == [RATE, RATE] * (first > 128)
    mlp = pickle.loads(pickle.dumps(mlp))
    for n in (then, first, then):
        getattr(mlp, method)(AUTO_X[:n], AUTO_Y[:n])
        assert mlp._network == network
    assert len(mlp.loss_curve_) == (4 if method == "partial_fit" else 8)
    with pytest.raises(ValueError, match="the parameters now ask for"):
        getattr(mlp.set_params(dropout=0.2), method)(AUTO_X, AUTO_Y)


@pytest.mark.parametrize("kind", [list, np.array])
def test_auto_keeps_rates_that_were_given_before(kind):
    given = kind([0.2, 0.4])
    mlp = MLPClassifierScratch(warm_start=True, dropout=given, depth=2, **QUICK).fit(AUTO_X, AUTO_Y)
    given[0] = 0.9  # the caller's own: not what the network has
    mlp.set_params(dropout="auto").fit(AUTO_X[:50], AUTO_Y[:50])
    assert rates_of(mlp) == [0.2, 0.4]
    mlp.set_params(warm_start=False).fit(AUTO_X[:50], AUTO_Y[:50])
    assert rates_of(mlp) == []


# Weights


@pytest.mark.parametrize("weights", [2, 0.5, np.float32(3.0)])
@BOTH
def test_one_number_weighs_all_rows(Estimator, weights):
    mlp = Estimator(**SMALL).fit(X, target(Estimator), weights)
    same = Estimator(**SMALL).fit(X, target(Estimator), np.full(N, weights))
    assert_array_equal(outputs(mlp, X), outputs(same, X))


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@BOTH
def test_weights_are_repetitions(Estimator, solver):
    weights = np.random.default_rng(1).integers(0, 4, N)
    rows = np.repeat(np.arange(N), weights)
    y = target(Estimator)
    parameters = SMALL | {"solver": solver, "batch_size": 10**9}
    clipped = pytest.warns(UserWarning, match="batch_size") if solver != "lbfgs" else contextlib.nullcontext()
    with clipped:
        mlp = Estimator(**parameters).fit(X, y, weights)
        repeated = Estimator(**parameters).fit(X[rows], y[rows])
    assert_allclose(outputs(mlp, X), outputs(repeated, X), rtol=1e-6)
    assert_allclose(mlp.loss_curve_, repeated.loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e30, 1e39])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@BOTH
def test_the_scale_of_the_weights_makes_no_difference_without_penalty(Estimator, dtype, scale):
    weights = np.random.default_rng(1).uniform(0.5, 2.0, N)
    parameters = SMALL | {"alpha": 0.0}
    mlp = Estimator(**parameters).fit(X.astype(dtype), target(Estimator), weights)
    other = Estimator(**parameters).fit(X.astype(dtype), target(Estimator), weights * scale)
    rtol = 1e-9 if dtype == np.float64 else 1e-3
    assert_allclose(outputs(other, X.astype(dtype)), outputs(mlp, X.astype(dtype)), rtol=rtol, atol=1e-4)


# Likeness to scikit-learn

OURS = MLPClassifierScratch, MLPRegressorScratch
DOCUMENTED = pytest.mark.parametrize("Estimator", OURS)
PAIRS = pytest.mark.parametrize(("Ours", "Theirs"), [(OURS[0], MLPClassifier), (OURS[1], MLPRegressor)])
NEW = [
    "depth", "width", "initializer", "standardize", "embedding", "dtype", "weight_decay", "dropout", "normalization",
    "max_grad_norm", "scoring",
]  # fmt: skip
OWN = {MLPClassifierScratch: ["class_weight", "label_smoothing"], MLPRegressorScratch: ["quantile", "huber_delta"]}


def kind_of(Ours):
    return "classification" if Ours is MLPClassifierScratch else "regression"


def defaults(Estimator):
    return {name: p.default for name, p in inspect.signature(Estimator).parameters.items()}


@PAIRS
def test_every_parameter_of_sklearn_is_here_in_its_place(Ours, Theirs):
    ours = inspect.signature(Ours).parameters
    theirs = dict(inspect.signature(Theirs).parameters)
    if Ours is MLPRegressorScratch and "loss" not in theirs:  # scikit-learn before 1.7
        theirs = {"loss": ours["loss"], **theirs}
    assert list(ours) == [*theirs, *NEW, *OWN[Ours]]
    if SKLEARN >= (1, 9):
        assert {name: ours[name].kind for name in theirs} == {name: p.kind for name, p in theirs.items()}
    assert all(ours[name].kind is inspect.Parameter.KEYWORD_ONLY for name in NEW)


@PAIRS
def test_the_preset_is_where_defaults_differ_from_those_of_sklearn(Ours, Theirs):
    """It has each that differs, with the value there, and of the new ones those that have to be turned off."""
    ours, theirs, preset = defaults(Ours), defaults(Theirs), presets.scikit_learn(kind_of(Ours))
    theirs["n_iter_no_change"] += 1  # it stops after one epoch more than that
    differing = {name: value for name, value in theirs.items() if ours[name] != value}
    assert {name: value for name, value in preset.items() if name in theirs} == differing
    off = {name: value for name, value in preset.items() if name not in theirs}
    assert off.keys() <= {*NEW, *OWN[Ours]}
    assert not any(off.values())  # False or zero
    assert all(ours[name] for name in off)


@PAIRS
def test_with_the_preset_the_network_is_the_one_that_sklearn_builds(Ours, Theirs):
    parameters = presets.scikit_learn(kind_of(Ours)) | {"max_iter": 1, "random_state": 0, "batch_size": N}
    ours = Ours(**parameters).fit(RAW, target(Ours))
    theirs = Theirs(max_iter=1, random_state=0).fit(RAW, target(Ours))
    for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-12)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@PAIRS
def test_every_fitted_attribute_of_sklearn_is_here(Ours, Theirs, solver, early_stopping):
    if solver == "lbfgs" and early_stopping:
        return
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(RAW, columns=list("abcd"))
    parameters = {"solver": solver, "early_stopping": early_stopping, "max_iter": 2}
    ours = Ours(**parameters).fit(frame, target(Ours))
    theirs = Theirs(**parameters).fit(frame, target(Ours))
    for name, value in vars(theirs).items():
        if name.endswith("_") and not name.startswith("_"):
            assert type(getattr(ours, name)) is type(value) or isinstance(value, np.number), name


@PAIRS
def test_every_method_of_sklearn_is_here(Ours, Theirs):
    for name in dir(Theirs):
        if not name.startswith("_"):
            assert hasattr(Ours, name), name
            if inspect.isfunction(getattr(Theirs, name)) and SKLEARN >= (1, 9):
                ours = inspect.signature(getattr(Ours, name))
                assert ours.parameters.keys() >= inspect.signature(getattr(Theirs, name)).parameters.keys()


@PAIRS
def test_tags(Ours, Theirs):
    ours, theirs = Ours().__sklearn_tags__(), Theirs().__sklearn_tags__()
    theirs.target_tags.multi_output = True  # the regressor does so there too, but does not say it
    assert ours == theirs


def sections(text):
    """A numpydoc docstring as {section: {names: description}}."""
    found, section, names = {}, None, None
    lines = inspect.cleandoc(text).splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch("-{3,}", following):
            section, names = line, None
            found[section] = {}
        elif section and re.match(r"\w.* : |\w+$", line):
            names = line.split(" : ")[0]
            found[section][names] = [line]
        elif section and names and not re.fullmatch("-{3,}", line):
            found[section][names].append(line)
    return {
        section: {names: "\n".join(text).strip() for names, text in entries.items()}
        for section, entries in found.items()
    }


def test_shared_parameters_are_documented_alike():
    left, right = (sections(Estimator.__doc__)["Parameters"] for Estimator in OURS)
    assert list(left) == [*inspect.signature(MLPClassifierScratch).parameters]
    assert list(right) == [*inspect.signature(MLPRegressorScratch).parameters]
    for name in left.keys() & right.keys():
        expected = left[name]
        if name == "standardize":
            expected += "\nThe regressor standardizes its targets too, unless the loss has a log link."
            assert re.sub(r"\s+", " ", right[name]) == re.sub(r"\s+", " ", expected)
        elif name == "n_iter_no_change":  # epochs of a loss, or of a score, that falls and rises
            assert right[name] == expected.replace("default=10", "default=100")
        else:
            assert right[name] == expected, name


@DOCUMENTED
def test_defaults_in_the_docstring_are_right(Estimator):
    for name, text in sections(Estimator.__doc__)["Parameters"].items():
        default = inspect.signature(Estimator).parameters[name].default
        stated = re.search(r"default=(.*)$", text.splitlines()[0])[1]
        assert stated == (f'"{default}"' if isinstance(default, str) else str(default)) or float(stated) == default, (
            name
        )


def test_shared_attributes_are_documented_alike():
    left, right = (sections(Estimator.__doc__)["Attributes"] for Estimator in OURS)
    assert set(left) - set(right) == {"classes_"}
    assert set(right) <= set(left)
    for name, text in right.items():
        assert text.replace("R2 of", "Accuracy of") == left[name], name


@DOCUMENTED
def test_every_fitted_attribute_is_documented_and_every_documented_one_is_there(Estimator):
    documented = {n for names in sections(Estimator.__doc__)["Attributes"] for n in names.split(", ")}
    mlp = Estimator(**SMALL).fit(X, target(Estimator))
    assert {name for name in vars(mlp) if name.endswith("_")} == documented - {"feature_names_in_"}


@DOCUMENTED
def test_a_subclass_may_add_a_parameter(Estimator):
    """As with scikit-learn's estimators, whose parameters without a rule are the subclass's business."""

    class Extended(Estimator):
        def __init__(self, width=5, max_iter=3, extra="anything"):
            super().__init__(width=width, max_iter=max_iter)
            self.extra = extra

    mlp = Extended().fit(X, target(Estimator))
    assert mlp.width_ == 5
    assert clone(mlp).set_params(width=4).fit(X, target(Estimator)).width_ == 4


@DOCUMENTED
def test_a_subclass_may_fix_parameters(Estimator):
    """Parameters that are not in its own ``__init__`` keep the values that the parent's has set."""

    class Narrow(Estimator):
        def __init__(self, max_iter=3):
            super().__init__(width=5, max_iter=max_iter, random_state=0)

    mlp = Narrow().fit(X, target(Estimator))
    assert mlp.width_ == 5
    assert_array_equal(
        mlp.coefs_[0], Estimator(width=5, max_iter=3, random_state=0).fit(X, target(Estimator)).coefs_[0]
    )
