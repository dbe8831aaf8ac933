"""Pictures in a figure of the caller, without a layout engine, stay inside of the given axes."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import legends_over_lines, texts_of
from frames import mixed_frame, numbers_for
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sknet import (
    ActivationDisplay,
    FirstLayerWeightsDisplay,
    LossCurveDisplay,
    MLPClassifierScratch,
    MLPRegressorScratch,
    NetworkDisplay,
)  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"depth": 2, "width": 5, "random_state": 0}
PLAIN = SMALL | {"solver": "lbfgs", "max_iter": 20}


def frame_of(load):
    data = load(as_frame=True)
    return data.data, data.target


def by_hand(net):
    text = OneHotEncoder(sparse_output=False)
    return make_pipeline(make_column_transformer((StandardScaler(), ["age", "visits"]), (text, ["plan"])), net)


@pytest.fixture(scope="module")
def models():
    """Return networks of several kinds; the first ones are described by weights alone."""
    X, y = frame_of(load_iris)
    table = mixed_frame(gaps=False)
    X_cancer, y_cancer = frame_of(load_breast_cancer)
    levels = {"loss": "quantile", "quantile": (0.1, 0.5, 0.9)}
    return {
        "iris": MLPClassifierScratch(**PLAIN).fit(X, np.array(["setosa", "versicolor", "virginica"])[y]),
        "cancer": MLPClassifierScratch(**PLAIN).fit(X_cancer, y_cancer),
        "quantiles": MLPRegressorScratch(**PLAIN | {"depth": 0}, **levels).fit(*frame_of(load_diabetes)),
        "pipeline": by_hand(MLPRegressorScratch(**PLAIN)).fit(table, numbers_for(table)),
        "default": MLPClassifierScratch(max_iter=4, random_state=0).fit(X_cancer, y_cancer),
        "table": MLPRegressorScratch(max_iter=4, random_state=0).fit(table, numbers_for(table)),
        "validated": MLPClassifierScratch(**SMALL, max_iter=40, n_members=1, learning_rate="cosine", alpha=0.001).fit(
            X_cancer[:400], y_cancer[:400], X_val=X_cancer[400:], y_val=y_cancer[400:]
        ),
    }


def side_by_side(draw, side, **figure):
    """Draw into one of two axes; return the display, the box for it, and the other axes with its box."""
    fig, axes = plt.subplots(1, 2, **figure)
    ax, other = axes[side], axes[1 - side]
    box, place = ax.bbox.frozen(), other.get_position().bounds
    display = draw(ax)
    fig.canvas.draw()
    assert other.get_position().bounds == place
    return display, box.padded(1.5)


def outside(texts, box):
    extents = {text.get_text(): text.get_window_extent() for text in texts}
    return [words for words, e in extents.items() if not (box.contains(*e.min) and box.contains(*e.max))]


def texts_in(axes):
    """Return the text of the given axes, without other text of their figure."""
    own = {text for ax in axes for text in ax.findobj(match=plt.Text)}
    return [text for text in texts_of(axes[0].figure) if text in own]


both_sides = pytest.mark.parametrize("side", [0, 1])
KINDS = ["iris", "cancer", "quantiles", "pipeline", "default", "table", "validated"]


@both_sides
@pytest.mark.parametrize("curves", ["auto", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_curves(models, kind, curves, side):
    display, box = side_by_side(lambda ax: LossCurveDisplay.from_estimator(models[kind], curves, ax=ax), side)
    legend = display.ax_.get_legend()
    frame, extent = display.ax_.bbox.padded(1.0), legend.get_window_extent()
    assert frame.contains(*extent.min)
    assert frame.contains(*extent.max)
    assert legends_over_lines(display.figure_) == []
    if len(display.axes_) > 1:
        assert outside(texts_in(display.axes_), box) == []
    for panel in display.axes_:
        assert panel.bbox.height > 15.0
        assert panel.bbox.width > 0.3 * box.width


@both_sides
@pytest.mark.parametrize("kind", KINDS)
def test_diagrams(models, kind, side):
    display, box = side_by_side(lambda ax: NetworkDisplay.from_estimator(models[kind], ax=ax), side)
    assert outside(texts_in([display.ax_]), box) == []
    names = [text for text in texts_in([display.ax_]) if "\n" not in text.get_text()]
    extents = [text.get_window_extent() for text in names]
    assert not any(a.overlaps(b) for a, b in combinations(extents, 2))
    circles = [circle.get_window_extent() for circles in display.units_ for circle in circles]
    assert not any(e.overlaps(c) for e in extents for c in circles)


@both_sides
@pytest.mark.parametrize("names", ["relu", ["tanh", "softmax"], ["relu", "elu", "gelu", "selu"]])
def test_activations(names, side):
    display, box = side_by_side(lambda ax: ActivationDisplay.from_names(names, ax=ax), side)
    several = len(display.axes_) > 1
    texts = texts_in(display.axes_) if several else display.ax_.get_legend().findobj(match=plt.Text)
    assert outside([text for text in texts if text.get_text()], box) == []
    assert legends_over_lines(display.figure_) == []
    for panel in display.axes_:
        written = [text.get_text() for text in panel.get_legend().get_texts()]
        assert written[0].startswith("f(a")
        assert panel.get_legend().get_title().get_text().startswith("range from")


@both_sides
@pytest.mark.parametrize("kind", KINDS[:4])
def test_tables_of_weights(models, kind, side):
    display, box = side_by_side(lambda ax: FirstLayerWeightsDisplay.from_estimator(models[kind], ax=ax), side)
    assert outside(texts_in([display.ax_, display.colorbar_.ax]), box) == []
    assert display.ax_.bbox.width > 0.15 * box.width
    assert not display.ax_.get_tightbbox().overlaps(display.colorbar_.ax.get_tightbbox())


@both_sides
def test_images_of_weights(side):
    X, y = load_digits(return_X_y=True)
    net = MLPClassifierScratch(**PLAIN | {"depth": 1}).fit(X[:300], y[:300])
    display, box = side_by_side(
        lambda ax: FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8), ax=ax), side
    )
    assert outside(texts_in([*display.axes_, display.colorbar_.ax]), box) == []


def test_a_later_tight_layout_still_applies(models):
    """The panels belong to the grid cell of the given axes, so a layout engine can place them."""
    figure, axes = plt.subplots(1, 2)
    display = LossCurveDisplay.from_estimator(models["validated"], ax=axes[1])
    before = display.ax_.get_position().x1
    figure.tight_layout()  # a warning would be an error
    assert display.ax_.get_position().x1 > before


def test_axes_of_a_subfigure():
    _, right = plt.figure(figsize=(8, 4)).subfigures(1, 2)
    ax = right.subplots()
    box = ax.bbox.frozen().padded(1.5)
    curves = {"validation_scores": np.linspace(0.1, 0.9, 40), "learning_rate_curve": np.linspace(0.1, 0.0, 40)}
    display = LossCurveDisplay(np.geomspace(1.0, 0.1, 40), **curves).plot("all", ax=ax)
    right.canvas.draw()
    assert len(display.axes_) == 3
    texts = [text for panel in display.axes_ for text in (panel.xaxis.label, panel.yaxis.label) if text.get_text()]
    assert outside(texts, box) == []


def test_axes_in_no_grid_take_a_single_panel():
    ax = plt.figure().add_axes((0.3, 0.3, 0.4, 0.4))
    display = FirstLayerWeightsDisplay(np.eye(3)).plot(ax=ax)
    assert display.ax_ is ax
    assert LossCurveDisplay([3, 2, 1]).plot(ax=plt.figure().add_axes((0, 0, 1, 1))).ax_.get_legend() is not None


def test_logarithmic_axes_have_room_for_the_legend_too():
    _, ax = plt.subplots()
    ax.set_yscale("log")
    display = LossCurveDisplay(np.geomspace(1.0, 1e-4, 50), validation_loss_curve=np.full(50, 0.9)).plot(ax=ax)
    assert ax.get_yscale() == "log"
    assert legends_over_lines(display.figure_) == []


def test_names_of_inputs_are_shown_in_a_pipeline_with_transformers(models):
    names = ["age", "visits", *(f"plan_{level}" for level in sorted(set(mixed_frame(gaps=False)["plan"])))]
    for display in (NetworkDisplay, FirstLayerWeightsDisplay):
        drawn = display.from_estimator(models["pipeline"])
        written = [text.get_text() for text in texts_of(drawn.figure_)]
        for name in names:
            assert any(words.endswith(name) for words in written), (display, name)


def test_the_levels_of_quantiles_are_shown(models):
    levels = ["0.1 quantile", "0.5 quantile", "0.9 quantile"]
    for drawn in (NetworkDisplay, FirstLayerWeightsDisplay):
        written = [text.get_text() for text in texts_of(drawn.from_estimator(models["quantiles"]).figure_)]
        assert [words for words in written if words in levels] == levels
    assert LossCurveDisplay.from_estimator(models["quantiles"]).ax_.get_ylabel().startswith("quantile 0.1, 0.5, 0.9,")


def test_of_many_quantiles_only_the_number_is_shown():
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegressorScratch(**PLAIN, loss="quantile", quantile=tuple(np.linspace(0.1, 0.9, 9))).fit(X, y)
    assert LossCurveDisplay.from_estimator(net).ax_.get_ylabel().startswith("9 quantiles")


def test_the_diagram_shows_members_and_the_embedding(models):
    display = NetworkDisplay.from_estimator(models["default"])
    assert models["default"].n_members_ == 4
    assert display.bracket_.get_text().endswith(", one of 4 members")
    assert display.labels_[0].get_text().endswith("embedding")
    assert "members" not in NetworkDisplay.from_estimator(models["iris"]).bracket_.get_text()


def test_the_score_that_was_chosen_has_its_name(models):
    display = LossCurveDisplay.from_estimator(models["default"], "validation_score")
    assert display.ax_.get_ylabel() == "validation\n\N{MINUS SIGN} loss"


def test_the_training_loss_without_penalty_is_not_hidden_by_the_one_with_penalty(models):
    display = LossCurveDisplay.from_estimator(models["validated"], "all")
    with_penalty, alone = display.lines_["loss"], display.lines_["data_loss"]
    assert with_penalty.get_linewidth() > 2.5 * alone.get_linewidth()
    assert with_penalty.get_zorder() < alone.get_zorder()
    assert LossCurveDisplay.from_estimator(models["validated"], "loss").lines_["loss"].get_alpha() is None


def test_long_names_are_shortened_in_little_room():
    frame = pd.DataFrame(np.eye(6), columns=[f"a very long name of column {i}" for i in range(6)])
    net = MLPRegressorScratch(**PLAIN).fit(frame, np.arange(6.0))
    figure, axes = plt.subplots(1, 3)
    display = NetworkDisplay.from_estimator(net, ax=axes[1])
    figure.canvas.draw()
    assert outside(texts_in([display.ax_]), axes[1].bbox.padded(1.5)) == []
    assert any(text.get_text().endswith("\N{HORIZONTAL ELLIPSIS}") for text in display.ax_.texts)
