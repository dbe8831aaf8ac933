"""The diagram of a network: circles, arrows and text are compared with the arrays of the estimator."""

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes, load_iris, make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch, NetworkDisplay
from sknet.displays.canvas import BRIGHT, DARK

to_rgb = pytest.importorskip("matplotlib.colors").to_rgb

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FIT = {"solver": "lbfgs", "max_iter": 20, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    X, y = make_classification(200, 3, n_informative=3, n_redundant=0, random_state=0)
    return MLPClassifierScratch(depth=2, width=4, activation="relu", **FIT).fit(X * [1.0, 10.0, 0.1], y)


def labels(display):
    return [text.get_text().split("\n") for text in display.labels_]


def sizes(display):
    return [len(circles) for circles in display.units_]


def no_text_on_text(display):
    """Assert that the labels of the layers do not overlap each other, units, or the text above."""
    display.figure_.canvas.draw()
    texts = [*display.labels_, display.bracket_]
    if (legend := display.ax_.get_legend()) is not None:
        texts.append(legend)
    boxes = [text.get_window_extent() for text in texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    units = [circle.get_window_extent() for circles in display.units_ for circle in circles]
    assert not any(a.overlaps(b) for a in boxes for b in units)


def test_unfitted(save):
    net = MLPClassifierScratch(depth=2, width=4, activation="relu")
    display = NetworkDisplay.from_estimator(net, n_features=3, n_outputs=1)
    assert sizes(display) == [3, 4, 4, 1]
    assert [len(lines.get_segments()) for lines in display.arrows_] == [12, 16, 4]
    assert [len(heads.get_paths()) for heads in display.heads_] == [12, 16, 4]
    assert display.dots_ == [None] * 4
    assert labels(display) == [
        ["input", "3 features"],
        ["hidden 1", "4 units", "relu"],
        ["hidden 2", "4 units", "relu"],
        ["output", "1 unit", "logistic"],
    ]
    assert display.bracket_.get_text() == "depth 2, width 4"
    assert all(len(np.unique(lines.get_colors(), axis=0)) == 1 for lines in display.arrows_)
    assert display.ax_.get_legend() is None
    assert not hasattr(net, "coefs_")
    save(display)
    no_text_on_text(display)


def test_arrows_lead_from_each_unit_to_each_unit():
    display = NetworkDisplay([3, 2]).plot()
    centres = [np.array([circle.center for circle in circles]) for circles in display.units_]
    radius = display.units_[0][0].radius
    segments, heads = display.arrows_[0].get_segments(), [path.vertices for path in display.heads_[0].get_paths()]
    pairs = [(a, b) for a in centres[0] for b in centres[1]]
    for (a, b), segment, head in zip(pairs, segments, heads, strict=True):
        along = (b - a) / np.linalg.norm(b - a)
        assert_allclose(segment[0], a + radius * along)
        assert_allclose(head[0], b - radius * along)  # the tip touches the circle
        assert_allclose(head[1:3].mean(axis=0), segment[1])
        assert_allclose(np.cross([*(segment[1] - segment[0]), 0], [*along, 0]), 0.0, atol=1e-12)


def check_weights(display, weights):
    """Assert that arrows show the sign of ``weights`` by colour and dashes, and the size by width and strength."""
    for lines, W, left, right in zip(display.arrows_, weights, display.shown_[:-1], display.shown_[1:], strict=True):
        w = np.array([W[i, j] for i in left for j in right])
        colors = lines.get_colors()
        expected = [to_rgb(DARK if value >= 0 else BRIGHT) for value in w]
        assert_allclose(colors[:, :3], expected)
        dashed = [pattern is not None for _, pattern in lines.get_linestyles()]
        assert_array_equal(dashed, w < 0)
        strength = np.abs(w) / np.abs(W).max()
        widths = np.asarray(lines.get_linewidths())
        order = np.argsort(strength)
        assert np.all(np.diff(widths[order]) >= 0.0)
        assert np.all(np.diff(colors[order, 3]) >= 0.0)
        assert_allclose(np.corrcoef(widths, strength)[0, 1], 1.0)
        assert_allclose(np.corrcoef(colors[:, 3], strength)[0, 1], 1.0)
        assert colors[:, 3].min() >= 0.4


def test_fitted(fitted, save):
    display = NetworkDisplay.from_estimator(fitted)
    assert sizes(display) == [3, 4, 4, 1]
    deviations = np.sqrt(fitted._state.inputs.squares / fitted._state.inputs.weight)
    weights = [fitted.coefs_[0] * deviations[:, None], *fitted.coefs_[1:]]
    check_weights(display, weights)
    assert any((W < 0).any() for W in weights)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["positive weight", "negative weight"]
    save(display)
    no_text_on_text(display)


def test_widths_do_not_depend_on_the_units_of_the_features(fitted):
    X, y = make_classification(200, 3, n_informative=3, n_redundant=0, random_state=0)
    other = MLPClassifierScratch(depth=2, width=4, activation="relu", **FIT).fit(X, y)
    first, second = NetworkDisplay.from_estimator(fitted), NetworkDisplay.from_estimator(other)
    assert np.abs(fitted.coefs_[0] / other.coefs_[0]).max() > 5.0
    assert_allclose(first.arrows_[0].get_linewidths(), second.arrows_[0].get_linewidths(), rtol=1e-3)


def test_dark_and_bright_differ_in_grey():
    luminance = [np.dot(to_rgb(color), [0.2126, 0.7152, 0.0722]) for color in (DARK, BRIGHT)]
    assert luminance[1] - luminance[0] > 0.25


def test_wide_layers_are_shortened(save):
    net = MLPClassifierScratch(depth=2, width=512, activation="relu")
    display = NetworkDisplay.from_estimator(net, n_features=784, n_outputs=10)
    assert sizes(display) == [10, 10, 10, 10]
    assert [dots is not None for dots in display.dots_] == [True, True, True, False]
    assert_array_equal(display.shown_[0], [0, 1, 2, 3, 4, 779, 780, 781, 782, 783])
    assert_array_equal(display.shown_[3], np.arange(10))
    assert [label[1] for label in labels(display)] == ["784 features", "512 units", "512 units", "10 units"]
    assert display.bracket_.get_text() == "depth 2, width 512"
    for circles, dots in zip(display.units_, display.dots_, strict=True):
        if dots is not None:  # the dots are in the gap
            ys = np.array([circle.center[1] for circle in circles])
            assert len(dots.get_ydata()) == 3
            assert np.abs(ys[:, None] - dots.get_ydata()).min() > circles[0].radius
            assert ys[4] > max(dots.get_ydata()) > min(dots.get_ydata()) > ys[5]
    save(display)
    no_text_on_text(display)


def test_wide_hidden_layer_with_names_of_features_and_classes(save):
    iris = load_iris(as_frame=True)
    species = iris.target_names[iris.target]
    net = MLPClassifierScratch(depth=1, width=100, activation="tanh", **FIT).fit(iris.data, species)
    display = NetworkDisplay.from_estimator(net)
    assert sizes(display) == [4, 10, 3]
    X = iris.data.to_numpy()
    check_weights(display, [net.coefs_[0] * X.std(axis=0)[:, None], net.coefs_[1]])
    written = {text.get_text(): text.xy[1] for text in display.ax_.texts}
    assert set(iris.data.columns) | set(iris.target_names) <= set(written)
    for names, circles in ((iris.data.columns, display.units_[0]), (iris.target_names, display.units_[-1])):
        assert_allclose([written[name] for name in names], [circle.center[1] for circle in circles])
    save(display)
    no_text_on_text(display)


def test_depth_0(save):
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegressorScratch(depth=0, **FIT).fit(X, y)
    display = NetworkDisplay.from_estimator(net)
    assert sizes(display) == [10, 1]
    check_weights(display, [net.coefs_[0] * X.std(axis=0)[:, None] / y.std()])
    assert display.bracket_.get_text() == "depth 0: no hidden layer"
    assert labels(display)[-1] == ["output", "1 unit", "identity"]
    save(display)
    no_text_on_text(display)


@pytest.mark.parametrize("notes", [{}, {"dropout": 0.1, "normalization": "batch"}])
def test_twelve_layers(save, notes):
    net = MLPRegressorScratch(depth=12, width=16, activation="relu", **notes)
    display = NetworkDisplay.from_estimator(net, n_features=8, n_outputs=2)
    assert sizes(display) == [8, *[10] * 12, 2]
    assert display.bracket_.get_text() == "depth 12, width 16"
    assert labels(display)[12] == ["hidden 12", "16 units", "relu", *(["batch norm", "dropout 0.1"] if notes else [])]
    assert display.figure_.get_figwidth() <= 14.0
    save(display)
    no_text_on_text(display)


def test_layers_of_different_widths():
    net = MLPClassifierScratch(hidden_layer_sizes=(2, 7, 3), activation=["relu", "tanh", "logistic"])
    display = NetworkDisplay.from_estimator(net, n_features=5, n_outputs=4)
    assert sizes(display) == [5, 2, 7, 3, 4]
    assert display.bracket_.get_text() == "depth 3, width 7"
    assert [label[-1] for label in labels(display)[1:]] == ["relu", "tanh", "logistic", "softmax"]


def test_layer_normalization_has_no_weights_to_show():
    X, y = load_iris(return_X_y=True)
    net = MLPClassifierScratch(depth=1, width=3, normalization="layer", max_iter=2).fit(X, y)
    display = NetworkDisplay.from_estimator(net)
    assert display.coefs is None
    assert sizes(display) == [4, 3, 3]
    assert "layer norm" in labels(display)[1]


def test_batch_normalization_shows_the_weights_it_is_folded_into(fitted):
    X, y = load_iris(return_X_y=True)
    net = MLPClassifierScratch(depth=1, width=3, normalization="batch", max_iter=2).fit(X, y)
    check_weights(NetworkDisplay.from_estimator(net), [net.coefs_[0] * X.std(axis=0)[:, None], net.coefs_[1]])


def test_several_multiclass_targets():
    X, y = load_iris(return_X_y=True)
    net = MLPClassifierScratch(depth=1, width=3, **FIT).fit(X, np.column_stack([y, np.arange(150) % 4]))
    display = NetworkDisplay.from_estimator(net)
    assert sizes(display) == [4, 3, 7]
    assert display.output_names is None


def test_the_largest_number_of_units_to_show(fitted):
    display = NetworkDisplay.from_estimator(fitted, max_units=2)
    assert sizes(display) == [2, 2, 2, 1]
    deviations = np.sqrt(fitted._state.inputs.squares / fitted._state.inputs.weight)
    W = fitted.coefs_[0] * deviations[:, None]
    colors = display.arrows_[0].get_colors()
    shown = W[np.ix_([0, 2], [0, 3])].ravel()
    assert_allclose(colors[:, 3], 0.4 + 0.6 * np.abs(shown) / np.abs(W).max())


def test_drawing_into_given_axes(fitted, save):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    first = NetworkDisplay.from_estimator(fitted, ax=axes[0])
    second = NetworkDisplay.from_estimator(
        MLPClassifierScratch(depth=3, width=30), n_features=20, n_outputs=3, ax=axes[1]
    )
    assert [first.ax_, second.ax_] == list(axes)
    assert first.figure_ is second.figure_ is figure
    save(first)
    no_text_on_text(first)
    no_text_on_text(second)


def test_a_network_in_a_pipeline(fitted):
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifierScratch(depth=1, width=3, **FIT)).fit(X, y)
    check_weights(NetworkDisplay.from_estimator(model), model[-1].coefs_)


def test_weights_that_are_all_zero():
    display = NetworkDisplay([2, 2], coefs=[np.zeros((2, 2))]).plot()
    assert_allclose(display.arrows_[0].get_colors()[:, 3], 0.4)


def test_names_with_dollar_signs_are_not_read_as_formulas(save):
    display = NetworkDisplay([2, 1], input_names=["$x^2$ and $", "price_$"]).plot()
    assert {"$x^2$ and $", "price_$"} <= {text.get_text() for text in display.ax_.texts}
    save(display)


@pytest.mark.parametrize(
    ("arguments", "max_units", "message"),
    [
        (([3, 1],), 1, "`max_units` must be an integer of at least 2, got 1"),
        (([3, 1],), 2.5, "`max_units` must be an integer of at least 2, got 2.5"),
        (([3],), 10, "`layer_sizes` must be at least two sizes"),
        (([3, 0],), 10, "`layer_sizes` must be at least two sizes, each at least 1"),
    ],
)
def test_bad_input_is_an_error(arguments, max_units, message):
    with pytest.raises(ValueError, match=message):
        NetworkDisplay(*arguments).plot(max_units=max_units)


def test_weights_and_names_of_wrong_sizes_are_an_error():
    with pytest.raises(ValueError, match=r"`coefs` must have shapes that fit `layer_sizes`, \[\(3, 2\)\], got"):
        NetworkDisplay([3, 2], coefs=[np.ones((2, 3))]).plot()
    with pytest.raises(ValueError, match="`output_names` must be 2 names, one for each unit, got 1"):
        NetworkDisplay([3, 2], output_names=["a"]).plot()


def test_an_unfitted_network_needs_its_sizes():
    with pytest.raises(ValueError, match="`n_features` must be an integer of at least 1 for a network that is not"):
        NetworkDisplay.from_estimator(MLPClassifierScratch())
