"""Tests of all displays together, and of scikit-learn's display of decision boundaries."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris
from sklearn.inspection import DecisionBoundaryDisplay

import sknet
from sknet import MLPClassifierScratch, displays

X, y = load_iris(return_X_y=True)
NET = {"depth": 1, "width": 8, "solver": "lbfgs", "max_iter": 500, "random_state": 0}


@pytest.fixture(scope="module")
def net():
    return MLPClassifierScratch(**NET).fit(X[:, :2], y)


def drawn(name, net, **parameters):
    required = {"image_shape": (1, 2)} if name == "FirstLayerWeightsDisplay" else {}
    return getattr(sknet, name).from_estimator(net, **required, **parameters)


every_display = pytest.mark.parametrize("name", displays.__all__)


@every_display
def test_all_displays_are_public(name):
    assert getattr(sknet, name) is getattr(displays, name)
    assert name in sknet.__all__


@every_display
def test_displays_follow_the_conventions_of_scikit_learn(name, net):
    import matplotlib.pyplot as plt

    display = drawn(name, net)
    assert type(display) is getattr(sknet, name)
    assert display.ax_.figure is display.figure_
    assert display.plot() is display
    ax = plt.figure(figsize=(9, 6)).add_subplot()
    assert drawn(name, net, ax=ax).figure_ is ax.figure


@every_display
def test_drawing_does_not_change_the_estimator(name, net):
    before = {key: np.copy(value) for key, value in vars(net).items() if isinstance(value, (np.ndarray, float))}
    weights = [W.copy() for W in net.coefs_]
    keys = set(vars(net))
    drawn(name, net)
    assert set(vars(net)) == keys
    for key, value in before.items():
        assert_array_equal(getattr(net, key), value)
    for ours, W in zip(net.coefs_, weights, strict=True):
        assert_array_equal(ours, W)


@every_display
def test_every_attribute_is_documented_and_every_documented_attribute_exists(name, net):
    display = drawn(name, net)
    Display = type(display)
    section = Display.__doc__.split("Attributes\n    ----------\n")[1].split("\n\n    See Also")[0]
    lines = [line[4:] for line in section.splitlines() if line[4:5] not in ("", " ")]
    documented = {each for line in lines for each in line.split(" : ")[0].split(", ")}
    assert {key for key in vars(display) if key.endswith("_")} == documented


@every_display
def test_docstrings_are_numpydoc(name):
    validate = pytest.importorskip("numpydoc.validate").validate
    methods = [m for m in ("plot", "from_estimator", "from_names") if hasattr(getattr(sknet, name), m)]
    ignored = {"ES01", "EX01", "SA01", "RT02", "SA03"}
    for path in (name, *(f"{name}.{m}" for m in methods)):
        assert [e for e in validate(f"sknet.{path}")["errors"] if e[0] not in ignored] == [], path


@pytest.mark.parametrize("response_method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("classes", [2, 3])
def test_decision_boundaries_are_scikit_learns(response_method, classes, save):
    rows = y < classes
    net = MLPClassifierScratch(**NET).fit(X[rows, :2], y[rows])
    # From scikit-learn 1.7 on, the display shows several classes at once.
    one = {"class_of_interest": 1} if classes == 3 and response_method != "predict" else {}
    display = DecisionBoundaryDisplay.from_estimator(
        net, X[rows, :2], response_method=response_method, grid_resolution=20, **one
    )
    grid = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    expected = getattr(net, response_method)(grid)
    assert_array_equal(display.response.ravel(), expected[:, 1] if expected.ndim == 2 else expected)
    assert display.surface_.axes is display.ax_
    save(display)


@pytest.mark.parametrize("classes", [2, 3])
def test_decision_boundaries_by_default(classes, save):
    rows = y < classes
    net = MLPClassifierScratch(**NET).fit(X[rows, :2], y[rows])
    save(DecisionBoundaryDisplay.from_estimator(net, X[rows, :2], grid_resolution=20))
