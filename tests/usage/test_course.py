"""Each section of the course, C1 to C10, from the user's side and with the figures that it contains."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainClassifier, PlainRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknet import ACTIVATIONS, MLPClassifierScratch, MLPRegressorScratch, collapse_linear
from sknet.core.batches import Batch
from sknet.core.gradcheck import loss_and_gradient
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters, Workspace
from sknet.core.network import Network

# The course is about what networks compute; most of these are stopped after a fixed number of epochs.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("identity", [1.1, -0.7]),
        ("relu", [1.1, 0.0]),
        ("sigmoid", [0.7502601, 0.3318122]),
        ("tanh", [0.800499, -0.6043678]),
    ],
)
def test_c1_a_layer_is_a_linear_combination_then_a_nonlinearity(name, expected):
    x, b = np.array([[1.0, 2.0]]), np.array([0.1, -0.2])
    W = np.array([[0.5, -1.0], [0.25, 0.25]])
    layer = Dense(2, 2, ACTIVATIONS[name], INITIALIZERS["glorot_uniform"])
    memory = Workspace([layer.buffers()], 1, x.dtype).rows(1)[0]
    assert_allclose(layer.forward((W, b), x, memory), [expected], rtol=1e-6)


LINEAR = {"depth": 0, "solver": "lbfgs", "tol": 1e-8, "max_iter": 1000, "random_state": 0}


def test_c2_without_depth_it_is_least_squares():
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegressorScratch(**LINEAR, alpha=0.0).fit(X, y)
    assert_allclose(net.predict(X), LinearRegression().fit(X, y).predict(X), atol=1e-3 * y.std())
    assert net.depth_ == 0
    assert [W.shape for W in net.coefs_] == [(10, 1)]


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_c2_without_depth_it_is_logistic_regression(load, alpha):
    X, y = load(return_X_y=True)
    net = MLPClassifierScratch(**LINEAR, alpha=alpha).fit(X, y)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1.0 / alpha, tol=1e-8, max_iter=2000)).fit(X, y)
    assert_allclose(net.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
    assert_allclose(net.decision_function(X), X @ net.coefs_[0].squeeze() + net.intercepts_[0])


@pytest.mark.parametrize(
    ("parameters", "width", "depth", "n_parameters"),
    [
        ({"width": 5, "depth": 3}, 5, 3, (10 + 1) * 5 + 2 * (5 + 1) * 5 + (5 + 1) * 1),
        ({"hidden_layer_sizes": (4, 9, 6)}, 9, 3, (10 + 1) * 4 + (4 + 1) * 9 + (9 + 1) * 6 + (6 + 1) * 1),
        ({"depth": 0}, 0, 0, 10 + 1),
    ],
)
def test_c3_width_depth_and_number_of_parameters(parameters, width, depth, n_parameters):
    X, y = load_diabetes(return_X_y=True)
    net = PlainRegressor(**parameters, max_iter=1).fit(X, y)
    assert (net.width_, net.depth_, net.n_parameters_) == (width, depth, n_parameters)
    assert net.n_parameters_ == sum(a.size for a in (*net.coefs_, *net.intercepts_))


def test_c4_two_linear_layers_are_one():
    rng = np.random.default_rng(0)
    W1, W2 = rng.normal(size=(8, 9)), rng.normal(size=(9, 4))
    (W,), (b,), hidden = collapse_linear([W1, W2], [np.zeros(9), np.zeros(4)])
    x = rng.normal(size=(5, 8))
    assert W.shape == (8, 4)
    assert hidden == []
    assert_allclose(x @ W + b, (x @ W1) @ W2, rtol=1e-12)


def test_c4_a_trained_network_without_nonlinearities_collapses():
    X, y = load_digits(return_X_y=True)
    net = PlainClassifier(activation="identity", depth=3, width=16, max_iter=5, random_state=0).fit(X, y)
    (W,), (b,), _ = collapse_linear(net.coefs_, net.intercepts_, net.activation)
    assert W.shape == (64, 10)
    assert_allclose(X @ W + b, net.decision_function(X), atol=1e-10)
    assert np.array_equal((X @ W + b).argmax(axis=1), net.predict(X))


def test_c4_only_layers_without_a_nonlinearity_between_them_collapse():
    X, y = load_digits(return_X_y=True)
    kinds = ("identity", "tanh", "identity")
    net = PlainClassifier((20, 16, 12), activation=kinds, max_iter=5, random_state=0).fit(X, y)
    (W1, W2), (b1, b2), hidden = collapse_linear(net.coefs_, net.intercepts_, kinds)
    assert hidden == ["tanh"]
    assert_allclose(np.tanh(X @ W1 + b1) @ W2 + b2, net.decision_function(X), atol=1e-10)


COURSE_ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda a: sigmoid(a) * (1.0 - sigmoid(a)), (0.0, 1.0)),
    "tanh": (
        lambda a: (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a)),
        lambda a: 4.0 / (np.exp(a) + np.exp(-a)) ** 2,
        (-1.0, 1.0),
    ),
    "relu": (lambda a: np.maximum(0.0, a), lambda a: np.where(a <= 0.0, 0.0, 1.0), (0.0, np.inf)),
}


@pytest.mark.parametrize("name", COURSE_ACTIVATIONS)
def test_c5_formula_derivative_and_range(name):
    value, derivative, bounds = COURSE_ACTIVATIONS[name]
    a = np.linspace(-5.0, 5.0, 41)[None, :]  # one of these values is 0
    f = ACTIVATIONS[name]
    assert_allclose(f(a), value(a), atol=1e-12)
    assert_allclose(f.derivative(a), derivative(a), atol=1e-12)
    assert f.range == bounds
    assert (np.diff(f(a)[0]) >= 0.0).all()


def test_c5_relu_and_softmax_are_described_as_exceptions():
    assert ACTIVATIONS["relu"].derivative(np.zeros((1, 1))) == 0.0
    assert "derivative at 0" in ACTIVATIONS["relu"].note
    assert not ACTIVATIONS["softmax"].elementwise
    assert "Jacobian" in ACTIVATIONS["softmax"].note


def test_c5_softmax_derivative_is_a_jacobian():
    softmax = ACTIVATIONS["softmax"]
    z = np.array([[-1.0, 0.3, 2.0]])
    s = softmax(z)[0]
    assert_allclose(softmax.derivative(z)[0], np.diag(s) - np.outer(s, s), atol=1e-12)


def test_c6_softmax_of_three_numbers():
    z = np.array([[-0.21, 0.47, 1.72]])
    # The course adds 0.811 + 1.600 + 5.585 = 7.996; unrounded, the sum is 7.9951.
    assert np.exp(z).round(3).sum() == pytest.approx(7.996, abs=1e-9)
    assert np.array_equal(ACTIVATIONS["softmax"](z).round(1), [[0.1, 0.2, 0.7]])
    assert_allclose(ACTIVATIONS["softmax"](z), np.exp(z) / np.exp(z).sum(), rtol=1e-14)


def test_c6_softmax_of_large_numbers():
    z = np.array([[1e4, 0.0, -1e4], [1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]])
    with np.errstate(over="raise", invalid="raise"):
        s = ACTIVATIONS["softmax"](z)
    assert_allclose(s, [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]], atol=1e-15)


@pytest.mark.parametrize("better", ["relu", "tanh"])
def test_c7_softmax_in_hidden_layers_is_worse(better):
    X, y = load_digits(return_X_y=True)
    training = {"depth": 3, "width": 32, "learning_rate_init": 0.01, "max_iter": 15}

    def accuracy(activation):
        nets = [PlainClassifier(activation=activation, random_state=seed, **training) for seed in range(2)]
        return np.mean([cross_val_score(net, X, y, cv=2) for net in nets])

    assert accuracy(better) > accuracy("softmax") + 0.05


def test_c8_forward_propagation_and_errors():
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegressorScratch(
        depth=2, width=8, activation="tanh", solver="lbfgs", alpha=0.0, max_iter=20, random_state=0
    ).fit(X, y)
    a = X
    for W, b in zip(net.coefs_[:-1], net.intercepts_[:-1]):
        a = np.tanh(a @ W + b)
    outputs = (a @ net.coefs_[-1] + net.intercepts_[-1])[:, 0]
    assert_allclose(net.predict(X), outputs, rtol=1e-12)
    errors = (outputs - y) / y.std()
    assert_allclose(net.loss_curve_[-1], 0.5 * np.mean(errors**2), rtol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_c8_one_loss_for_each_epoch(solver):
    X, y = load_breast_cancer(return_X_y=True)
    net = MLPClassifierScratch(width=8, solver=solver, max_iter=6, random_state=0).fit(X, y)
    assert len(net.loss_curve_) == net.n_iter_ == 6
    assert net.loss_curve_[-1] == net.loss_ < net.loss_curve_[0]


def test_c9_deltas_of_a_2_2_1_network():
    x = np.array([1.0, 0.5])
    target = 1.0
    W, b = np.array([[0.4, -0.3], [0.2, 0.6]]), np.array([0.1, -0.1])
    v, c = np.array([0.7, -0.5]), 0.2

    h = [sigmoid(x[0] * W[0, j] + x[1] * W[1, j] + b[j]) for j in (0, 1)]
    y = sigmoid(h[0] * v[0] + h[1] * v[1] + c)
    delta_out = (y - target) * y * (1 - y)
    delta = [delta_out * v[j] * h[j] * (1 - h[j]) for j in (0, 1)]

    layers = tuple(Dense(2, k, ACTIVATIONS["sigmoid"], INITIALIZERS["glorot_uniform"]) for k in (2, 1))
    network = Network(layers, LOSSES["squared_error"])
    theta = np.concatenate([W.ravel(), v, b, [c]])
    batch = Batch(x[None, :], np.array([[target]]), None, 1.0)
    loss, gradient = loss_and_gradient(network, theta, batch)
    (dW, db), (dv, dc) = Parameters(network.layout, gradient).layers

    assert loss == pytest.approx(0.5 * (y - target) ** 2, rel=1e-14)
    assert_allclose(dW, [[delta[j] * x[i] for j in (0, 1)] for i in (0, 1)], rtol=1e-12)
    assert_allclose(dv[:, 0], [delta_out * h[j] for j in (0, 1)], rtol=1e-12)
    assert_allclose([*db, *dc], [*delta, delta_out], rtol=1e-12)


def test_c10_updates_are_plain_gradient_descent():
    X, y = load_breast_cancer(return_X_y=True)
    X, rate = scale(X), 0.5
    net = PlainClassifier(
        width=4, activation="logistic", solver="sgd", momentum=0.0, learning_rate_init=rate, batch_size=len(X),
        alpha=0.0, standardize=False, random_state=0,
    ).partial_fit(X, y, classes=[0, 1])  # fmt: skip
    (W1, W2), (b1, b2) = net.coefs_, net.intercepts_
    for _ in range(5):
        h = sigmoid(X @ W1 + b1)
        p = sigmoid(h @ W2 + b2)[:, 0]
        delta2 = (p - y)[:, None] / len(X)
        delta1 = (delta2 @ W2.T) * h * (1.0 - h)
        W2, b2 = W2 - rate * h.T @ delta2, b2 - rate * delta2.sum(axis=0)
        W1, b1 = W1 - rate * X.T @ delta1, b1 - rate * delta1.sum(axis=0)
        net.partial_fit(X, y)
        for ours, theirs in zip((W1, W2, b1, b2), (*net.coefs_, *net.intercepts_)):
            assert_allclose(theirs, ours, atol=1e-12)


def test_c10_fit_is_repeated_partial_fit():
    X, y = load_breast_cancer(return_X_y=True)
    net = MLPClassifierScratch(
        width=4, solver="sgd", momentum=0.0, batch_size=len(X), standardize=False, max_iter=5, learning_rate_init=1e-4,
        learning_rate="constant", random_state=0,
    )  # fmt: skip
    by_fit = [W.copy() for W in net.fit(scale(X), y).coefs_]
    stepped = MLPClassifierScratch(**net.get_params())
    for _ in range(5):
        stepped.partial_fit(scale(X), y, classes=[0, 1])
    for ours, theirs in zip(by_fit, stepped.coefs_):
        assert_allclose(theirs, ours, rtol=1e-12)
