"""Seed parity: with `presets.scikit_learn` the same seed gives scikit-learn's results, except for intended differences.

These are the intended differences that matter in this file, numbered as in the list of better behaviour:

1. The squared error of several outputs is a mean over outputs, and the gradient is the gradient of that mean.
2. The validation split is stratified for more than two classes.
7. ``partial_fit`` draws a new order of the rows in each call.
8. ``n_iter_no_change=n`` stops after n epochs, not n + 1.

There are three more. The schedules apply to all stochastic solvers, not only to sgd. Row weights also count between
mini-batches, but scikit-learn divides each mini-batch by its own sum of weights, so weighted fits are compared in one
mini-batch. Probabilities are not clipped, so a trial step of L-BFGS that is far too long has its true loss; the data in
this file are noisy, so there is no such step.
"""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import SKLEARN
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknet import MLPClassifierScratch, MLPRegressorScratch, presets

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N, D = 140, 5
RTOL = 1e-6
needs_weights = pytest.mark.skipif(SKLEARN < (1, 7), reason="scikit-learn's MLP.fit takes sample_weight since 1.7")
needs_poisson = pytest.mark.skipif(SKLEARN < (1, 7), reason="scikit-learn's MLPRegressor has loss='poisson' since 1.7")

SOLVERS = {
    f"{momentum}-{schedule}": {"solver": "sgd", "learning_rate": schedule, "learning_rate_init": 0.03, **parameters}
    for momentum, parameters in {
        "plain": {"momentum": 0.0},
        "momentum": {"nesterovs_momentum": False},
        "nesterov": {"nesterovs_momentum": True},
    }.items()
    for schedule in ("constant", "invscaling", "adaptive")
} | {"adam": {"solver": "adam", "learning_rate_init": 0.01}, "lbfgs": {"solver": "lbfgs"}}
TARGETS = ["binary", "multiclass", "multilabel", "regression", pytest.param("poisson", marks=needs_poisson)]


def make_data(target):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, D))
    raw = X @ rng.standard_normal((D, 3)) + 2.0 * rng.standard_normal((N, 3))
    y = {
        "binary": np.array(["no", "yes"])[(raw[:, 0] > 0).astype(int)],
        "multiclass": raw.argmax(axis=1) * 10,
        "multilabel": (raw > 0).astype(int),
        "regression": raw[:, 0],
        "poisson": rng.poisson(np.exp(0.3 * raw[:, 0])).astype(float),
        "multioutput": raw,
    }[target]
    return X, y


def make_pair(target, **parameters):
    """Return scikit-learn's estimator and ours, for the same job."""
    parameters = {"hidden_layer_sizes": (7,), "batch_size": 32, "max_iter": 10, "random_state": 3, **parameters}
    if target == "poisson":
        parameters["loss"] = "poisson"
    if target in ("regression", "poisson", "multioutput"):
        Theirs, Ours, kind = MLPRegressor, MLPRegressorScratch, "regression"
    else:
        Theirs, Ours, kind = MLPClassifier, MLPClassifierScratch, "classification"
    same = presets.scikit_learn(kind) | parameters
    if same["batch_size"] == "auto":
        same["batch_size"] = min(200, N)
    return Theirs(**parameters), Ours(**same)


def assert_same_arrays(ours, theirs, rtol=RTOL):
    # An entry that is close to zero by chance is compared on the scale of its array.
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b, rtol=rtol, atol=0.01 * rtol * np.abs(b).max())


def assert_same_fit(ours, theirs, X, rtol=RTOL):
    assert_same_arrays(ours.coefs_, theirs.coefs_, rtol)
    assert_same_arrays(ours.intercepts_, theirs.intercepts_, rtol)
    if hasattr(theirs, "predict_proba"):
        assert_same_arrays([ours.predict_proba(X)], [theirs.predict_proba(X)], rtol)
        assert_same_arrays([np.exp(ours.predict_log_proba(X))], [np.exp(theirs.predict_log_proba(X))], rtol)
        assert_array_equal(ours.predict(X), theirs.predict(X))
        assert_array_equal(ours.classes_, theirs.classes_)
    else:
        assert_same_arrays([ours.predict(X)], [theirs.predict(X)], rtol)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=rtol)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert ours.out_activation_ == theirs.out_activation_
    assert ours.n_layers_ == theirs.n_layers_
    assert ours.n_outputs_ == theirs.n_outputs_
    if theirs.solver != "lbfgs":
        assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=rtol)
        assert ours.best_loss_ == (None if theirs.early_stopping else pytest.approx(theirs.best_loss_, rel=rtol))


@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=needs_weights)])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_solvers(solver, target, weighted):
    X, y = make_data(target)
    one_batch = {"batch_size": N} if weighted else {}
    theirs, ours = make_pair(target, **SOLVERS[solver], **one_batch)
    if solver.endswith("adaptive"):  # difference 8
        tol = 0.2 if weighted else 0.05  # so large that some epoch does not improve by it
        theirs.set_params(n_iter_no_change=1, tol=tol, max_iter=15)
        ours.set_params(n_iter_no_change=2, tol=tol, max_iter=15)
    weights = [np.random.default_rng(1).integers(0, 4, N)] if weighted else []
    ours.fit(X, y, *weights)
    assert_same_fit(ours, theirs.fit(X, y, *weights), X)
    assert not np.allclose(ours.loss_curve_[0], ours.loss_curve_[-1])  # training has changed the loss
    if not solver.endswith("constant") and theirs.solver == "sgd":
        assert len(set(ours.learning_rate_curve_)) > 1


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("solver", ["nesterov-constant", "adam", "lbfgs"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_activations(activation, solver, target):
    X, y = make_data(target)
    theirs, ours = make_pair(target, activation=activation, hidden_layer_sizes=(6, 5), **SOLVERS[solver])
    assert_same_fit(ours.fit(X, y), theirs.fit(X, y), X)


@pytest.mark.parametrize("alpha", [0.0, 2.0])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_multi_output(momentum, alpha):
    """Difference 1: the gradient is divided by the number of outputs k, which the parameters below undo."""
    X, Y = make_data("multioutput")
    k = Y.shape[1]
    theirs, ours = make_pair("multioutput", solver="sgd", momentum=momentum, learning_rate_init=0.02, alpha=alpha)
    theirs.fit(X, Y)
    ours.set_params(learning_rate_init=0.02 * k, alpha=alpha / k).fit(X, Y)
    assert_same_arrays(ours.coefs_, theirs.coefs_)
    assert_same_arrays(ours.intercepts_, theirs.intercepts_)
    assert_same_arrays([ours.predict(X)], [theirs.predict(X)])
    # The reported data loss is a mean over outputs in both.
    their_penalty = k * np.array(ours.penalty_curve_)
    assert_allclose(
        np.array(ours.loss_curve_) - ours.penalty_curve_, np.array(theirs.loss_curve_) - their_penalty, rtol=RTOL
    )


@pytest.mark.parametrize("parameters", [{"hidden_layer_sizes": ()}, {"hidden_layer_sizes": None, "depth": 0}])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("solver", ["nesterov-constant", "adam", "lbfgs"])
def test_no_hidden_layer(solver, target, parameters):
    X, y = make_data(target)
    theirs, ours = make_pair(target, **SOLVERS[solver] | {"hidden_layer_sizes": ()})
    ours.set_params(**parameters).fit(X, y)
    assert_same_fit(ours, theirs.fit(X, y), X)
    assert ours.depth_ == 0


@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=needs_weights)])
@pytest.mark.parametrize("target", ["binary", "multilabel", "regression"])
@pytest.mark.parametrize("solver", ["nesterov-constant", "adam"])
def test_early_stopping(solver, target, weighted):
    """Two classes, several labels and numbers are split as scikit-learn splits them; three classes: difference 2."""
    X, y = make_data(target)
    if target == "binary":
        y = y == "yes"  # scikit-learn 1.6 cannot compute the score of strings
    one_batch = {"batch_size": N - N // 5} if weighted else {}
    parameters = SOLVERS[solver] | one_batch | {"max_iter": 150 if weighted else 60}
    theirs, ours = make_pair(target, early_stopping=True, validation_fraction=0.2, **parameters)
    weights = [np.random.default_rng(1).uniform(0.5, 2.0, N)] if weighted else []
    theirs.set_params(n_iter_no_change=4).fit(X, y, *weights)
    ours.set_params(n_iter_no_change=5).fit(X, y, *weights)  # difference 8
    assert_same_fit(ours, theirs, X)
    assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=RTOL)
    assert ours.best_validation_score_ == pytest.approx(theirs.best_validation_score_, rel=RTOL)
    assert ours.n_iter_ < ours.max_iter


@pytest.mark.parametrize("solver", ["nesterov-constant", "adam"])
def test_convergence(solver):
    X, y = make_data("regression")
    theirs, ours = make_pair("regression", tol=0.01, max_iter=500, **SOLVERS[solver])
    theirs.set_params(n_iter_no_change=3).fit(X, y)
    ours.set_params(n_iter_no_change=4).fit(X, y)  # difference 8
    assert_same_fit(ours, theirs, X)
    assert ours.n_iter_ < 500


@pytest.mark.parametrize(
    "parameters",
    [
        {"shuffle": False},
        {"batch_size": "auto"},  # one mini-batch
        {"batch_size": 1, "max_iter": 2},
        {"batch_size": N - 1, "max_iter": 3},
        {"alpha": 5.0},
        {"hidden_layer_sizes": 9},
        {"hidden_layer_sizes": [3, 4, 5]},
        {"hidden_layer_sizes": np.array([4, 2])},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"solver": "sgd", "momentum": 0.5},
        {"solver": "sgd", "momentum": 1.0, "learning_rate_init": 0.001},
        {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.1},
        {"random_state": "a RandomState"},
    ],
    ids=str,
)
@pytest.mark.parametrize("target", ["multiclass", "regression"])
def test_other_parameters(target, parameters):
    X, y = make_data(target)
    theirs, ours = make_pair(target, **{"learning_rate_init": 0.01, **parameters})
    if "random_state" in parameters:  # `fit` advances it
        theirs.random_state, ours.random_state = np.random.RandomState(5), np.random.RandomState(5)
    assert_same_fit(ours.fit(X, y), theirs.fit(X, y), X)


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csc_matrix, sp.csr_array, sp.csc_array, sp.coo_matrix])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_sparse(container, solver):
    X, y = make_data("multiclass")
    X[np.abs(X) < 0.7] = 0.0
    theirs, ours = make_pair("multiclass", solver=solver)
    assert_same_fit(ours.fit(container(X), y), theirs.fit(container(X), y), container(X))


@pytest.mark.parametrize("target", ["multiclass", "regression"])
@pytest.mark.parametrize("solver", ["nesterov-constant", "adam"])
def test_float32(solver, target):
    """The numbers are the same in single precision: 50 updates have a relative rounding error of 6e-8 each."""
    X, y = make_data(target)
    X = X.astype(np.float32)
    theirs, ours = make_pair(target, **SOLVERS[solver])
    if target == "regression":
        y = y.astype(np.float32)
    assert_same_fit(ours.fit(X, y), theirs.fit(X, y), X, rtol=1e-4)


@pytest.mark.parametrize("solver", ["nesterov-constant", "nesterov-invscaling", "adam"])
@pytest.mark.parametrize("target", ["multiclass", "regression"])
def test_partial_fit(target, solver):
    """The rows are not shuffled, because of difference 7."""
    X, y = make_data(target)
    theirs, ours = make_pair(target, shuffle=False, **SOLVERS[solver])
    first = {"classes": np.unique(y)} if target == "multiclass" else {}
    for rows in (slice(0, 70), slice(70, N), slice(20, 90)):
        theirs.partial_fit(X[rows], y[rows], **first)
        ours.partial_fit(X[rows], y[rows], **first)
    assert_same_arrays(ours.coefs_, theirs.coefs_)
    assert_same_arrays(ours.intercepts_, theirs.intercepts_)
    assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=RTOL)
    assert ours.t_ == theirs.t_ == 70 + 70 + 70


@needs_weights
def test_partial_fit_with_weights():
    X, y = make_data("multilabel")
    theirs, ours = make_pair("multilabel", shuffle=False, batch_size=N, **SOLVERS["nesterov-constant"])
    for seed in range(3):
        weights = np.random.default_rng(seed).uniform(size=N)
        theirs.partial_fit(X, y, weights, classes=[0, 1, 2])
        ours.partial_fit(X, y, weights, classes=[0, 1, 2])
    assert_same_arrays(ours.coefs_, theirs.coefs_)


@pytest.mark.parametrize("schedule", ["invscaling", "adaptive"])
def test_schedules_apply_to_adam_too(schedule):
    """An intended difference: scikit-learn's adam ignores ``learning_rate``."""
    X, y = make_data("regression")
    parameters = {"learning_rate": schedule, "n_iter_no_change": 2, "tol": 10.0, "learning_rate_init": 0.01}
    theirs, ours = make_pair("regression", **parameters)
    constant = make_pair("regression", **parameters | {"learning_rate": "constant"})[1]
    assert ours.fit(X, y).learning_rate_curve_[-1] < 0.01
    assert np.abs(ours.coefs_[0] - constant.fit(X, y).coefs_[0][:, :7]).max() > 1e-4
    their_constant = make_pair("regression", **parameters | {"learning_rate": "constant"})[0]
    assert_array_equal(theirs.fit(X, y).coefs_[0], their_constant.fit(X, y).coefs_[0])
