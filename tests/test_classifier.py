"""The classifier: outputs and labels, linear models, learning, `partial_fit` and early stopping."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainClassifier, forward, log_loss, penalty
from scipy.special import expit, softmax
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import ACTIVATIONS, Activation, MLPClassifierScratch, classifier
from sknet.training import Accuracy

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"width": 8, "max_iter": 10, "random_state": 0, "learning_rate_init": 0.01}
RNG = np.random.default_rng(0)
N = 150
X = RNG.standard_normal((N, 4)) * [1.0, 20.0, 0.1, 1.0] + [0.0, 100.0, 0.0, 5.0]
SIGNAL = (X - X.mean(axis=0)) / X.std(axis=0) @ RNG.standard_normal((4, 3)) + 1.5 * RNG.standard_normal((N, 3))
BINARY, CODES, MATRIX = (SIGNAL[:, 0] > 0).astype(int), SIGNAL.argmax(axis=1), (SIGNAL > 0).astype(int)
SOLVER = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])


# Outputs


@pytest.mark.parametrize("depth", [0, 2])
@SOLVER
def test_binary_outputs_agree(solver, depth):
    mlp = MLPClassifierScratch(solver=solver, **SMALL | {"depth": depth}).fit(X, BINARY)
    z, proba = mlp.decision_function(X), mlp.predict_proba(X)
    assert z.shape == (N,)
    assert proba.shape == (N, 2)
    assert_allclose(proba[:, 1], expit(z), rtol=1e-12)
    assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    assert_allclose(np.exp(mlp.predict_log_proba(X)), proba, rtol=1e-12)
    assert_array_equal(mlp.predict(X), (z > 0).astype(int))
    assert mlp.out_activation_ == "logistic"
    assert mlp.score(X, BINARY) == accuracy_score(BINARY, mlp.predict(X))


@SOLVER
def test_multiclass_outputs_agree(solver):
    mlp = MLPClassifierScratch(solver=solver, **SMALL).fit(X, CODES)
    z, proba = mlp.decision_function(X), mlp.predict_proba(X)
    assert z.shape == proba.shape == (N, 3)
    assert_allclose(proba, softmax(z, axis=1), rtol=1e-12)
    assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    assert_allclose(np.exp(mlp.predict_log_proba(X)), proba, rtol=1e-12)
    assert_array_equal(mlp.predict(X), z.argmax(axis=1))
    assert mlp.out_activation_ == "softmax"


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.coo_matrix])
@SOLVER
def test_multilabel_outputs_agree(solver, container):
    mlp = MLPClassifierScratch(solver=solver, **SMALL).fit(X, container(MATRIX))
    z, proba, predicted = mlp.decision_function(X), mlp.predict_proba(X), mlp.predict(X)
    assert z.shape == proba.shape == predicted.shape == (N, 3)
    assert_allclose(proba, expit(z), rtol=1e-12)
    assert sp.issparse(predicted) == (container is not np.asarray)
    predicted = predicted.toarray() if sp.issparse(predicted) else predicted
    assert_array_equal(predicted, proba > 0.5)
    assert_array_equal(mlp.classes_, [0, 1, 2])
    assert mlp.out_activation_ == "logistic"
    assert mlp.score(X, container(MATRIX)) == np.mean((predicted == MATRIX).all(axis=1))
    dense = MLPClassifierScratch(solver=solver, **SMALL).fit(X, MATRIX)
    assert_array_equal(proba, dense.predict_proba(X))


def test_probabilities_of_exactly_zero_and_one_give_no_warning():
    mlp = MLPClassifierScratch(depth=0, max_iter=1, standardize=False).fit([[-1.0], [1.0]], [0, 1])
    mlp.coefs_, mlp.intercepts_ = [np.array([[1e4]])], [np.zeros(1)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(mlp.predict_proba([[-1.0], [1.0]]), np.eye(2))
        assert_array_equal(
            mlp.predict_log_proba([[-1.0], [1.0]]),
            np.log(np.eye(2) + 0.0, where=np.eye(2) > 0, out=np.full((2, 2), -np.inf)),
        )
    mlp = MLPClassifierScratch(depth=0, max_iter=1, standardize=False).fit([[-1.0], [1.0], [0.0]], [0, 1, 2])
    mlp.coefs_, mlp.intercepts_ = [np.array([[-1e4, 1e4, 0.0]])], [np.zeros(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(mlp.predict_proba([[-1.0], [1.0]]), np.eye(3)[:2])


@pytest.mark.parametrize(
    "labels",
    [
        ["no", "yes"],
        ["b", "a", "c"],
        np.array(["b", "a", "c"], dtype=object),
        [True, False],
        [-1, 1],
        [3.0, 1.0],
        [10**12, -4, 0],
        np.array([7, 9, 200], dtype=np.uint8),
    ],
    ids=str,
)
def test_predictions_are_labels_of_the_same_kind(labels):
    labels = np.asarray(labels)
    y = labels[CODES if len(labels) == 3 else BINARY]
    mlp = MLPClassifierScratch(**SMALL | {"max_iter": 60}).fit(X, y)
    assert_array_equal(mlp.classes_, np.unique(labels))
    predicted = mlp.predict(X)
    assert predicted.dtype == mlp.classes_.dtype == y.dtype
    assert mlp.score(X, y) > 0.5
    # The kind of the labels does not matter: if the classes have the same rows, the networks are the same.
    codes = np.searchsorted(np.unique(labels), y)
    same = MLPClassifierScratch(**SMALL | {"max_iter": 60}).fit(X, codes)
    assert_array_equal(same.predict_proba(X), mlp.predict_proba(X))
    assert_array_equal(np.unique(labels)[same.predict(X)], predicted)


def test_labels_as_list_series_and_column():
    expected = MLPClassifierScratch(**SMALL).fit(X, CODES).predict_proba(X)
    assert_array_equal(MLPClassifierScratch(**SMALL).fit(X.tolist(), CODES.tolist()).predict_proba(X), expected)
    with pytest.warns(match="column-vector y was passed"):
        mlp = MLPClassifierScratch(**SMALL).fit(X, CODES[:, None])
    assert_array_equal(mlp.predict_proba(X), expected)
    assert mlp.predict(X).shape == (N,)
    pd = pytest.importorskip("pandas")
    names = pd.Series(CODES).map({0: "x", 1: "y", 2: "z"})
    for y in (names, names.astype("category"), pd.Series(CODES, dtype="int64")):
        assert_array_equal(MLPClassifierScratch(**SMALL).fit(X, y).predict_proba(X), expected)


def test_it_is_a_classifier():
    assert is_classifier(MLPClassifierScratch())


# Against logistic regression


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [0.5, 20.0])
@pytest.mark.parametrize("y", [BINARY, CODES], ids=["binary", "multiclass"])
def test_depth_0_is_logistic_regression(y, alpha, weighted):
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    weights = np.random.default_rng(1).uniform(0.1, 3.0, N) if weighted else None
    mlp = MLPClassifierScratch(depth=0, solver="lbfgs", alpha=alpha, standardize=False, tol=1e-9, max_iter=5000)
    mlp.fit(scaled, y, weights)
    reference = LogisticRegression(C=1 / alpha, tol=1e-10, max_iter=5000).fit(scaled, y, weights)
    z = forward(mlp.coefs_, mlp.intercepts_, "identity", scaled)
    proba = reference.predict_proba(scaled)
    assert_allclose(mlp.predict_proba(scaled), proba, atol=1e-4)
    total = N if weights is None else weights.sum()
    one_hot = np.eye(len(np.unique(y)))[y]
    lowest = np.average(-np.log(np.sum(one_hot * proba, axis=1)), weights=weights)
    lowest += penalty([reference.coef_], alpha, total)
    reached = np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z
    reached = np.average(log_loss(one_hot, reached), weights=weights) + penalty(mlp.coefs_, alpha, total)
    # L-BFGS stops when the loss falls by less than 2e-9. The error of probabilities is then about the root of that.
    assert mlp.loss_ == pytest.approx(reached, rel=1e-12)
    assert reached == pytest.approx(lowest, rel=1e-8)


@pytest.mark.parametrize("y", [BINARY, CODES], ids=["binary", "multiclass"])
def test_depth_0_on_raw_inputs_is_logistic_regression_without_penalty(y):
    """Without a penalty, the solution does not depend on the standardization."""
    mlp = MLPClassifierScratch(depth=0, solver="lbfgs", alpha=0.0, tol=1e-9, max_iter=5000).fit(X, y)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000).fit(scaled, y)
    assert_allclose(mlp.predict_proba(X), reference.predict_proba(scaled), atol=1e-4)
    if y is BINARY:
        assert_allclose(mlp.coefs_[0][:, 0], reference.coef_[0] / X.std(axis=0), rtol=1e-3)


# Learning


@pytest.mark.parametrize(
    ("data", "accuracy"),
    [(load_iris, 0.92), (load_breast_cancer, 0.95), (load_digits, 0.95)],
    ids=lambda d: getattr(d, "__name__", d),
)
def test_it_learns_with_defaults(data, accuracy):
    """Random guesses would have an accuracy of 0.33, 0.63 and 0.10."""
    Xd, yd = data(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(Xd, yd, random_state=0, stratify=yd)
    mlp = MLPClassifierScratch(random_state=0, max_iter=60, learning_rate_init=0.01).fit(X_train, y_train)
    assert mlp.score(X_test, y_test) >= accuracy


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - {"identity", "softmax", "sigmoid"}))
def test_it_learns_a_nonlinear_function(activation):
    Xm, ym = make_moons(300, noise=0.1, random_state=0)
    bent, straight = (
        MLPClassifierScratch(activation=a, width=16, solver="lbfgs", max_iter=300, random_state=0).fit(Xm, ym)
        for a in (activation, "identity")
    )
    assert bent.score(Xm, ym) > 0.97 > straight.score(Xm, ym)


def test_an_activation_for_each_layer():
    names = ["tanh", "softmax", "gelu"]
    mlp = MLPClassifierScratch(activation=names, depth=3, **SMALL).fit(X, CODES)
    assert_allclose(mlp.predict_proba(X), softmax(forward(mlp.coefs_, mlp.intercepts_, names, X), axis=1), rtol=1e-10)
    same = MLPClassifierScratch(activation=tuple(ACTIVATIONS[n] for n in names), depth=3, **SMALL).fit(X, CODES)
    assert_array_equal(same.predict_proba(X), mlp.predict_proba(X))
    swapped = MLPClassifierScratch(activation=names[::-1], depth=3, **SMALL).fit(X, CODES)
    assert np.abs(swapped.predict_proba(X) - mlp.predict_proba(X)).max() > 1e-3


@pytest.mark.parametrize("depth", [0, 1])
def test_sigmoid_is_another_name_of_logistic(depth):
    mlp = MLPClassifierScratch(activation="logistic", **SMALL | {"depth": depth}).fit(X, CODES)
    for alias in ("sigmoid", ACTIVATIONS["logistic"]):
        same = MLPClassifierScratch(activation=alias, **SMALL | {"depth": depth}).fit(X, CODES)
        assert_array_equal(same.predict_proba(X), mlp.predict_proba(X))


def square(z, out, work):
    np.multiply(z, 2.0, out=work)  # the derivative
    np.multiply(z, z, out=out)


def times_slope(a, delta, work):
    np.multiply(delta, work, out=delta)


def test_an_activation_of_the_user():
    """With a parabola as activation, one layer of few units separates a ring from its centre."""
    own = Activation("square", "a^2", "2 a", (0.0, np.inf), square, times_slope, keeps_slope=True)
    rng = np.random.default_rng(0)
    Xr = rng.uniform(-1, 1, (400, 2))
    yr = (Xr**2).sum(axis=1) > 0.6
    mlp = MLPClassifierScratch(activation=own, depth=1, width=4, solver="lbfgs", random_state=0)
    assert mlp.fit(Xr, yr).score(Xr, yr) > 0.95
    W, V = mlp.coefs_
    b, c = mlp.intercepts_
    assert_allclose(mlp.decision_function(Xr), ((Xr @ W + b) ** 2 @ V + c)[:, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_defaults_are_more_accurate_than_scikit_learn_on_digits():
    Xd, yd = load_digits(return_X_y=True)
    Xd, yd = Xd[:900], yd[:900]
    ours = MLPClassifierScratch(max_iter=60, width=64, random_state=0)
    theirs = make_pipeline(StandardScaler(), MLPClassifier(max_iter=60, random_state=0))
    assert cross_val_score(ours, Xd, yd, cv=3).mean() > cross_val_score(theirs, Xd, yd, cv=3).mean()


# partial_fit


def test_partial_fit_with_chunks_that_lack_classes():
    mlp = PlainClassifier(**SMALL)
    order = np.argsort(CODES, kind="stable")
    for _ in range(30):
        for rows in np.array_split(order, 6):  # most chunks have only one class
            mlp.partial_fit(X[rows], CODES[rows], classes=[2, 0, 1])
    assert_array_equal(mlp.classes_, [0, 1, 2])
    assert mlp.predict_proba(X).shape == (N, 3)
    for _ in range(60):
        mlp.partial_fit(X, CODES)
    assert mlp.score(X, CODES) > 0.6
    assert mlp.n_iter_ == 240


def test_partial_fit_with_a_class_that_comes_later():
    mlp = PlainClassifier(**SMALL).partial_fit(X[:20], BINARY[:20], classes=[0, 1, 2])
    assert mlp.predict_proba(X).shape == (N, 3)
    assert mlp.out_activation_ == "softmax"
    for _ in range(200):
        mlp.partial_fit(X, np.full(N, 2))
    assert_array_equal(mlp.predict(X), 2)


def test_partial_fit_of_two_classes_begins_with_rows_of_one():
    mlp = PlainClassifier(**SMALL).partial_fit(X, np.zeros(N), classes=[0, 1])
    for _ in range(100):
        mlp.partial_fit(X, np.zeros(N))
    assert mlp.predict_proba(X).shape == (N, 2)
    assert_array_equal(mlp.predict(X), 0)


def test_partial_fit_of_multilabel_targets_needs_no_classes():
    mlp = MLPClassifierScratch(**SMALL)
    for _ in range(3):
        mlp.partial_fit(X, MATRIX)
    same = MLPClassifierScratch(**SMALL)
    for _ in range(3):
        same.partial_fit(X, MATRIX, classes=[0, 1, 2])
    assert_array_equal(same.predict_proba(X), mlp.predict_proba(X))


def test_partial_fit_after_fit_needs_no_classes():
    mlp = MLPClassifierScratch(**SMALL).fit(X, CODES)
    assert mlp.partial_fit(X[:5], CODES[:5]).n_iter_ == 11
    assert mlp.partial_fit(X[:5], CODES[:5], classes=[0, 1, 2]).n_iter_ == 12


# Early stopping


@pytest.mark.parametrize(
    "y", [BINARY, CODES, MATRIX, sp.csr_matrix(MATRIX)], ids=["binary", "codes", "matrix", "sparse"]
)
def test_early_stopping_uses_accuracy(y):
    mlp = MLPClassifierScratch(early_stopping=True, validation_fraction=0.2, **SMALL).fit(X, y)
    assert len(mlp.validation_scores_) == 10
    # There are thirty validation rows, so each score is a multiple of 1 / 30.
    assert_allclose(np.array(mlp.validation_scores_) * 30, np.rint(np.array(mlp.validation_scores_) * 30), atol=1e-9)
    assert mlp.best_validation_score_ == max(mlp.validation_scores_) > 1 / 8


def test_early_stopping_with_text_labels():
    names = np.array(["low", "middle", "high"], dtype=object)[CODES]
    mlp = MLPClassifierScratch(early_stopping=True, **SMALL).fit(X, names)
    assert np.isfinite(mlp.validation_scores_).all()
    assert clone(mlp).set_params(early_stopping=False).fit(X, names).validation_scores_ is None


@pytest.mark.parametrize("y", [CODES, np.stack([CODES, BINARY], axis=1)], ids=["one target", "two"])
def test_epochs_are_scored_without_making_strings(y, monkeypatch):
    """While NumPy makes a string it clears any error, also the KeyboardInterrupt of a Ctrl-C."""
    seen = []

    class Witness(Accuracy):
        def add(self, rows, z, weights, memory):
            seen.extend([self.y[rows], self.decode(z)])
            super().add(rows, z, weights, memory)

    monkeypatch.setattr(classifier, "Accuracy", Witness)
    mlp = MLPClassifierScratch(early_stopping=True, **SMALL).fit(X, np.array(["low", "middle", "high"])[y])
    assert len(seen) == 2 * mlp.n_iter_
    assert {array.dtype.kind for array in seen} == {"i"}
    assert set(np.unique(seen[0])) == set(np.unique(y))


def test_a_validation_set_of_several_targets_may_lack_classes():
    y = np.stack([CODES, BINARY], axis=1)
    lacking = np.flatnonzero(CODES < 2)
    mlp = MLPClassifierScratch(**SMALL | {"max_iter": 50}, early_stopping=False)
    mlp.fit(X, y, X_val=X, y_val=np.minimum(y, 1))
    assert mlp.predict(X[lacking]).max() == 2
    assert mlp.validation_scores_[-1] == np.mean((mlp.predict(X) == np.minimum(y, 1)).all(axis=1))
    assert mlp.score(X[lacking], y[lacking]) == np.mean((mlp.predict(X[lacking]) == y[lacking]).all(axis=1))
