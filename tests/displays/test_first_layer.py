"""The display of first-layer weights, as images and as a table with names."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits, load_iris

from sknet import FirstLayerWeightsDisplay, MLPClassifierScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_digits(return_X_y=True)
FIT = {"depth": 1, "solver": "lbfgs", "max_iter": 10, "random_state": 0}


@pytest.fixture(scope="module")
def net():
    return MLPClassifierScratch(width=30, **FIT).fit(X, y)


def test_images_are_the_weights_of_standardized_pixels(net, save):
    display = FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
    assert len(display.images_) == len(display.axes_) == 25
    W = net.coefs_[0] * X.std(axis=0)[:, None]
    for unit, image in enumerate(display.images_):
        assert_allclose(image.get_array(), [[W[8 * row + column, unit] for column in range(8)] for row in range(8)])
    assert display.ax_ is display.axes_[0]
    assert display.ax_.get_title() == "unit 0"
    assert "the first 25 of 30 units" in display.colorbar_.ax.get_ylabel()
    save(display)


def test_all_images_have_one_scale_around_zero(net):
    display = FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
    largest = np.abs(net.coefs_[0] * X.std(axis=0)[:, None])[:, :25].max()
    assert_allclose([image.get_clim() for image in display.images_], [(-largest, largest)] * 25)


def test_weights_of_raw_pixels(net):
    display = FirstLayerWeightsDisplay(net.coefs_[0], (4, 16)).plot(max_units=2, cmap="viridis")
    assert_array_equal(display.images_[1].get_array(), net.coefs_[0][:, 1].reshape(4, 16))
    assert len(display.images_) == 2
    assert display.images_[0].get_cmap().name == "viridis"


@pytest.mark.parametrize("width", [1, 6])
def test_few_units(width, save):
    net = MLPClassifierScratch(width=width, **FIT).fit(X, y)
    display = FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
    assert len(display.images_) == width
    assert display.colorbar_.ax.get_ylabel() == "weight"
    save(display)


def test_without_hidden_layer_there_is_an_image_for_each_class():
    net = MLPClassifierScratch(**FIT | {"depth": 0}).fit(X, y)
    assert len(FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8)).images_) == 10


def test_drawing_into_given_axes(net, save):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    display = FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8), max_units=9, ax=right)
    assert display.figure_ is figure
    assert left.axison
    assert not right.axison
    save(display)
    _, axes = plt.subplots(2, 2)
    assert FirstLayerWeightsDisplay(np.ones((4, 4)), (2, 2)).plot(ax=axes).axes_ == list(axes.ravel())


def test_zero_weights():
    display = FirstLayerWeightsDisplay(np.zeros((4, 1)), (2, 2)).plot()
    assert display.images_[0].get_clim() == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8, 9), "`image_shape` must have as many pixels as there are inputs, 64, got 8 x 9 = 72"),
        ((64,), "`image_shape` must be a height and a width in pixels"),
        ((8, 8, 1), "`image_shape` must be a height and a width in pixels"),
        ((8.0, 8.0), "`image_shape` must be a height and a width in pixels"),
        ((-8, -8), "`image_shape` must be a height and a width in pixels"),
        (64, "`image_shape` must be a height and a width in pixels"),
    ],
)
def test_a_wrong_image_shape_is_an_error(net, shape, message):
    with pytest.raises(ValueError, match=message):
        FirstLayerWeightsDisplay.from_estimator(net, image_shape=shape)


def test_the_error_for_the_default_network_names_parameters_that_can_be_shown():
    net = MLPClassifierScratch(max_iter=2, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="n_members=1, embedding=None and standardize=True") as error:
        FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
    parameters = {"n_members": 1, "embedding": None, "standardize": True}
    assert all(f"{name}={value}" in str(error.value) for name, value in parameters.items())
    net.set_params(**parameters).fit(X, y)
    assert len(FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8)).images_) == 25


def test_a_table_has_a_row_for_each_feature_and_a_column_for_each_unit(save):
    iris = load_iris(as_frame=True)
    net = MLPClassifierScratch(width=6, **FIT).fit(iris.data, iris.target)
    display = FirstLayerWeightsDisplay.from_estimator(net)
    W = net.coefs_[0] * iris.data.to_numpy().std(axis=0)[:, None]
    assert_allclose(display.images_[0].get_array(), W)
    assert_allclose(display.images_[0].get_clim(), (-np.abs(W).max(), np.abs(W).max()))
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == list(iris.data.columns)
    assert display.ax_.get_xlabel() == "unit"
    assert display.axes_ == [display.ax_]
    save(display)


def test_a_table_without_hidden_layer_has_a_column_for_each_class(save):
    iris = load_iris(as_frame=True)
    net = MLPClassifierScratch(**FIT | {"depth": 0}).fit(iris.data, iris.target_names[iris.target])
    display = FirstLayerWeightsDisplay.from_estimator(net)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == list(iris.target_names)
    save(display)


def test_a_table_of_many_features_and_units_stays_readable(save):
    names = [f"feature number {i}" for i in range(200)]
    display = FirstLayerWeightsDisplay(np.random.default_rng(0).normal(size=(200, 30)), feature_names=names).plot()
    assert display.images_[0].get_array().shape == (200, 25)
    assert "the first 25 of 30 units" in display.colorbar_.ax.get_ylabel()
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert 40 < len(boxes) < 200
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    save(display)


def test_a_table_without_names(save):
    display = FirstLayerWeightsDisplay(np.eye(4)).plot(cmap="PuOr")
    assert display.ax_.get_ylabel() == "feature"
    assert display.images_[0].get_cmap().name == "PuOr"
    save(display)


@pytest.mark.parametrize("what", ["feature_names", "unit_names"])
def test_a_wrong_number_of_names_is_an_error(what):
    with pytest.raises(ValueError, match=rf"`{what}` must have 4 names, got 2"):
        FirstLayerWeightsDisplay(np.eye(4), **{what: ["a", "b"]}).plot()


@pytest.mark.parametrize("most", [0, 2.5])
def test_a_bad_number_of_units_is_an_error(net, most):
    with pytest.raises(ValueError, match="`max_units` must be an integer of at least 1"):
        FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8), max_units=most)


def test_weights_of_a_wrong_shape_are_an_error():
    with pytest.raises(ValueError, match=r"`coefs` must be of shape \(n_features, n_units\), got \(4,\)"):
        FirstLayerWeightsDisplay(np.ones(4), (2, 2)).plot()


def test_layer_normalization_is_an_error():
    net = MLPClassifierScratch(depth=1, width=3, normalization="layer", max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="n_members=1, embedding=None and standardize=True, without layer norm"):
        FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
