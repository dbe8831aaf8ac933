"""The activation display: graphs are compared with the formulas."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris

from sknet import ACTIVATIONS, Activation, ActivationDisplay, MLPClassifierScratch, MLPRegressorScratch
from sknet.displays.activation import _typeset

NAMES = [name for name, activation in ACTIVATIONS.items() if activation.name == name]


def graph(line):
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def words(ax):
    """Return all text of a panel."""
    parts = [ax.get_title(loc="left"), ax.get_xlabel(), *(text.get_text() for text in ax.texts)]
    return "\n".join(parts).replace("$", "")


@pytest.mark.parametrize("name", NAMES)
def test_one_activation(name, save):
    display = ActivationDisplay.from_names(name)
    assert list(display.lines_) == list(display.derivative_lines_) == [name]
    a, value = graph(display.lines_[name])
    assert (a[0], a[-1]) == (-4.0, 4.0)
    assert_array_equal(graph(display.derivative_lines_[name])[0], a)
    if ACTIVATIONS[name].elementwise:
        assert_allclose(value, ACTIVATIONS[name](a[None])[0])
    # The slope of the drawn line, except at kinks.
    slope = graph(display.derivative_lines_[name])[1]
    smooth = np.abs(a[1:-1]) > 0.02
    assert_allclose(slope[1:-1][smooth], ((value[2:] - value[:-2]) / (a[2:] - a[:-2]))[smooth], atol=1e-4)
    low, high = ACTIVATIONS[name].range
    assert low - 1e-9 <= value.min()
    assert value.max() <= high + 1e-9
    assert display.ax_.get_title(loc="left") == name
    save(display, name)


def test_values_of_the_formulas():
    display = ActivationDisplay.from_names(["logistic", "tanh", "relu", "softmax"])
    expected = {
        "logistic": lambda a: 1 / (1 + math.exp(-a)),
        "tanh": lambda a: (math.exp(a) - math.exp(-a)) / (math.exp(a) + math.exp(-a)),
        "relu": lambda a: max(0.0, a),
        "softmax": lambda a: math.exp(a) / (math.exp(a) + 2.0),
    }
    for name, f in expected.items():
        a, value = graph(display.lines_[name])
        assert_allclose(value, [f(x) for x in a], rtol=1e-12)


def test_all_activations(save):
    display = ActivationDisplay.from_names()
    assert list(display.lines_) == NAMES
    assert len(display.axes_) == len(display.figure_.axes) == len(NAMES) == 12
    assert display.ax_ is display.axes_[0]
    assert [ax.get_title(loc="left") for ax in display.axes_] == NAMES
    save(display)


def test_formula_range_and_note_are_written():
    relu, logistic, elu, gelu = ActivationDisplay.from_names(["relu", "logistic", "elu", "gelu"]).axes_
    assert "f(a) = max(0, a)" in words(relu)
    assert "0 if a ≤ 0 else 1" in words(relu)
    assert "range from 0 to ∞" in words(relu)
    assert "No derivative at 0; 0 is used." in words(relu)
    assert "s is the logistic function." in words(logistic)
    assert "range from \N{MINUS SIGN}1 to ∞" in words(elu)
    assert "Φ(a) + a φ(a)" in words(gelu)


def test_finite_bounds_are_drawn():
    def levels(name):
        lines = ActivationDisplay.from_names(name).ax_.lines
        return {float(line.get_ydata()[0]) for line in lines if line.get_linestyle() == ":"}

    assert levels("tanh") == {-1.0, 1.0}
    assert levels("relu") == set()


def test_function_and_derivative_differ_in_grey():
    display = ActivationDisplay.from_names("tanh")
    assert display.lines_["tanh"].get_linestyle() != display.derivative_lines_["tanh"].get_linestyle()


def test_limits_and_an_alias(save):
    display = ActivationDisplay.from_names("sigmoid", limits=(0.0, 10.0))
    assert list(display.lines_) == ["logistic"]
    assert graph(display.lines_["logistic"])[0][[0, -1]].tolist() == [0.0, 10.0]
    save(display)


def _cube(z, out, work):
    np.power(z, 3, out=out)
    np.multiply(z, z, out=work)
    np.multiply(work, 3.0, out=work)


def _times_work(a, delta, work):
    np.multiply(delta, work, out=delta)


def test_an_activation_of_your_own(save):
    cube = Activation("cube", "a^3", "3 a^2", (-math.inf, math.inf), _cube, _times_work, keeps_slope=True)
    display = ActivationDisplay.from_names([cube, "relu"])
    a, value = graph(display.lines_["cube"])
    assert_allclose(value, a**3)
    assert_allclose(graph(display.derivative_lines_["cube"])[1], 3 * a**2)
    save(display)


def test_activations_of_a_network():
    X, y = load_iris(return_X_y=True)
    fit = {"solver": "lbfgs", "max_iter": 500, "random_state": 0}
    layers = {"hidden_layer_sizes": (3, 3, 3), "activation": ["tanh", "relu", "tanh"]}
    net = MLPClassifierScratch(**layers, **fit).fit(X, y)
    assert list(ActivationDisplay.from_estimator(net).lines_) == ["tanh", "relu", "softmax"]
    net = MLPRegressorScratch(depth=0, loss="poisson", **fit).fit(X, y)
    assert list(ActivationDisplay.from_estimator(net).lines_) == ["exp"]


@pytest.mark.parametrize("names", ["swish", ["relu", "swish"], [], [3]])
def test_unknown_names_are_an_error(names):
    with pytest.raises(ValueError, match="`names` must be 'all', an Activation, or among identity, logistic, tanh"):
        ActivationDisplay.from_names(names)


@pytest.mark.parametrize("limits", [(1.0, 1.0), (2.0, -2.0), (float("nan"), 1.0)])
def test_bad_limits_are_an_error(limits):
    with pytest.raises(ValueError, match="`limits` must be two numbers, the smaller first"):
        ActivationDisplay.from_names("relu", limits=limits)


def test_drawing_into_given_axes():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3)
    one = ActivationDisplay.from_names("relu", ax=axes[0])
    two = ActivationDisplay.from_names(["tanh", "elu"], ax=axes[1:])
    assert one.axes_ == [axes[0]]
    assert two.axes_ == list(axes[1:])
    assert one.figure_ is two.figure_ is figure


@pytest.mark.parametrize(
    ("formula", "typeset"),
    [
        ("1 / (1 + e^-a)", "1 / (1 + e$^{-a}$)"),
        ("4 / (e^a + e^-a)^2", "4 / (e$^{a}$ + e$^{-a}$)$^{2}$"),
        ("e^ai / sum_j e^aj", "e$^{a_i}$ / Σ$_{j}$ e$^{a_j}$"),
        ("s_i (delta_ij - s_j)", "s$_{i}$ (δ$_{ij}$ \N{MINUS SIGN} s$_{j}$)"),
        ("0 if a <= 0 else 1", "0 if a ≤ 0 else 1"),
    ],
)
def test_formulas_are_typeset(formula, typeset):
    assert _typeset(formula) == typeset
