"""Loss curves: the lines have the values that the estimator recorded."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes, load_digits
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import LossCurveDisplay, MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = (array[:200] for array in load_digits(return_X_y=True))
X_val, y_val = (array[200:300] for array in load_digits(return_X_y=True))
NET = {
    "depth": 1, "width": 8, "solver": "adam", "learning_rate": "constant", "learning_rate_init": 0.02, "alpha": 0.01,
    "batch_size": 50, "max_iter": 12, "tol": 0.0, "n_iter_no_change": 50, "dropout": 0.0, "weight_decay": 0.0,
    "label_smoothing": 0.0, "scoring": None, "early_stopping": False, "random_state": 0,
}  # fmt: skip
LBFGS = NET | {"solver": "lbfgs", "max_iter": 15, "early_stopping": False}


def classifier(**changes):
    return MLPClassifierScratch(**NET | changes)


@pytest.fixture(scope="module")
def plain():
    return classifier().fit(X, y)


@pytest.fixture(scope="module")
def validated():
    return classifier().fit(X, y, X_val=X_val, y_val=y_val)


def points(line):
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def check_lines(display, expected):
    """Assert that the display has these curves, and that each belongs to the last epochs."""
    assert list(display.lines_) == list(expected)
    n = len(display.loss_curve)
    for curve, values in expected.items():
        epochs, heights = points(display.lines_[curve])
        assert_array_equal(epochs, np.arange(1, n + 1)[-len(values) :])
        assert_allclose(heights, values, rtol=1e-12)


def test_without_validation(plain, save):
    display = LossCurveDisplay.from_estimator(plain)
    check_lines(display, {"loss": plain.loss_curve_})
    assert len(plain.loss_curve_) == 12
    assert (display.best_epoch_, display.best_lines_) == (None, [])
    assert display.axes_ == [display.ax_]
    assert display.ax_.figure is display.figure_
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("epoch", "log-loss")
    save(display)


def test_with_validation(validated, save):
    display = LossCurveDisplay.from_estimator(validated)
    check_lines(
        display,
        {
            "loss": validated.loss_curve_,
            "validation_loss": validated.validation_loss_curve_,
            "validation_score": validated.validation_scores_,
        },
    )
    losses, scores = display.axes_
    assert display.lines_["validation_loss"].axes is display.lines_["loss"].axes is losses
    assert display.lines_["validation_score"].axes is scores
    assert scores.get_ylabel() == "validation\naccuracy"
    assert (losses.get_xlabel(), scores.get_xlabel()) == ("", "epoch")
    save(display)


def test_the_best_epoch_is_marked(validated):
    display = LossCurveDisplay.from_estimator(validated)
    scores = validated.validation_scores_
    best = scores.index(max(scores)) + 1
    assert display.best_epoch_ == best
    assert [line.axes for line in display.best_lines_] == display.axes_
    assert all(list(line.get_xdata()) == [best, best] for line in display.best_lines_)
    assert f"best epoch: {best}" in [text.get_text() for text in display.ax_.get_legend().get_texts()]
    unmarked = LossCurveDisplay.from_estimator(validated, mark_best=False)
    assert (unmarked.best_epoch_, unmarked.best_lines_) == (best, [])


def test_with_early_stopping_the_marked_epoch_is_the_one_whose_weights_are_kept():
    net = classifier(early_stopping=True, n_iter_no_change=4, max_iter=60, tol=1e-3).fit(X, y, X_val=X_val, y_val=y_val)
    display = LossCurveDisplay.from_estimator(net)
    assert display.best_epoch_ < net.n_iter_
    again = classifier(max_iter=display.best_epoch_).fit(X, y, X_val=X_val, y_val=y_val)
    assert_array_equal(again.coefs_[0], net.coefs_[0])


def test_the_first_of_several_best_epochs_is_marked_and_nan_is_ignored():
    display = LossCurveDisplay([4, 3, 2, 1], validation_scores=[np.nan, 0.2, 0.7, 0.7]).plot()
    assert display.best_epoch_ == 3


def test_all_curves(save):
    net = classifier(learning_rate="cosine", alpha=1.0).fit(X, y, X_val=X_val, y_val=y_val)
    display = LossCurveDisplay.from_estimator(net, "all")
    expected = {
        "loss": net.loss_curve_,
        "data_loss": np.subtract(net.loss_curve_, net.penalty_curve_),
        "penalty": net.penalty_curve_,
        "validation_loss": net.validation_loss_curve_,
        "validation_score": net.validation_scores_,
        "learning_rate": net.learning_rate_curve_,
    }
    check_lines(display, expected)
    assert min(net.penalty_curve_) > 0.01
    panels = [display.axes_.index(line.axes) for line in display.lines_.values()]
    assert panels == [0, 0, 0, 0, 1, 2]
    save(display)


def test_lines_differ_in_more_than_colour(validated):
    display = LossCurveDisplay.from_estimator(validated, "all")
    styles = [line.get_linestyle() for line in display.lines_.values() if line.axes is display.ax_]
    assert len(set(styles)) == len(styles) == 4


@pytest.mark.parametrize("rate", ["constant", "cosine"])
def test_the_learning_rate_is_shown_if_it_varies(rate):
    net = classifier(learning_rate=rate).fit(X, y)
    assert ("learning_rate" in LossCurveDisplay.from_estimator(net).lines_) == (rate == "cosine")


def test_a_score_that_is_minus_the_loss_is_not_shown():
    net = classifier(scoring="loss").fit(X, y, X_val=X_val, y_val=y_val)
    assert_array_equal(net.validation_scores_, np.negative(net.validation_loss_curve_))
    display = LossCurveDisplay.from_estimator(net)
    assert list(display.lines_) == ["loss", "validation_loss"]
    assert display.best_epoch_ == np.argmin(net.validation_loss_curve_) + 1
    assert "validation_score" in LossCurveDisplay.from_estimator(net, "all").lines_


@pytest.mark.parametrize("curves", ["penalty", ["penalty"], ("penalty",)])
def test_one_curve(plain, curves):
    display = LossCurveDisplay.from_estimator(plain, curves)
    check_lines(display, {"penalty": plain.penalty_curve_})
    assert len(display.figure_.axes) == 1


@pytest.mark.parametrize("curves", ["validation_loss", ["loss", "validation_score"], "accuracy", [], ["loss", 3]])
def test_curves_that_do_not_exist_are_an_error(plain, curves):
    with pytest.raises(ValueError, match="`curves` must be 'auto', 'all', or curves of this network, loss, data_"):
        LossCurveDisplay.from_estimator(plain, curves)


def test_lbfgs(save):
    net = MLPClassifierScratch(**LBFGS).fit(X, y, X_val=X_val, y_val=y_val)
    display = LossCurveDisplay.from_estimator(net)
    check_lines(
        display,
        {
            "loss": net.loss_curve_,
            "validation_loss": net.validation_loss_curve_,
            "validation_score": net.validation_scores_,
        },
    )
    assert display.axes_[-1].get_xlabel() == "iteration"
    assert "learning_rate" not in LossCurveDisplay.from_estimator(net, "all").lines_
    with pytest.raises(ValueError, match="L-BFGS has no learning rate"):
        LossCurveDisplay.from_estimator(net, "learning_rate")
    save(display)


def test_lbfgs_without_validation(save):
    net = MLPClassifierScratch(**LBFGS).fit(X, y)
    display = LossCurveDisplay.from_estimator(net)
    check_lines(display, {"loss": net.loss_curve_})
    save(display)


def test_partial_fit_with_validation_from_some_epoch_on(save):
    net = classifier()
    for _ in range(3):
        net.partial_fit(X, y, classes=np.arange(10))
    for _ in range(4):
        net.partial_fit(X, y, X_val=X_val, y_val=y_val)
    assert [len(net.loss_curve_), len(net.validation_scores_)] == [7, 4]
    display = LossCurveDisplay.from_estimator(net)
    assert_array_equal(points(display.lines_["validation_loss"])[0], [4, 5, 6, 7])
    check_lines(
        display,
        {
            "loss": net.loss_curve_,
            "validation_loss": net.validation_loss_curve_,
            "validation_score": net.validation_scores_,
        },
    )
    assert display.best_epoch_ == 4 + np.argmax(net.validation_scores_)
    save(display)


def test_one_epoch_is_a_visible_point(save):
    net = classifier().partial_fit(X, y, classes=np.arange(10))
    display = LossCurveDisplay.from_estimator(net)
    assert display.lines_["loss"].get_marker() == "."
    check_lines(display, {"loss": net.loss_curve_})
    save(display)


def test_many_epochs_have_no_markers():
    assert LossCurveDisplay(np.linspace(1, 0, 100)).plot().lines_["loss"].get_marker() == ""


def test_curves_continue_after_a_warm_start():
    net = classifier(warm_start=True).fit(X, y).fit(X, y)
    check_lines(LossCurveDisplay.from_estimator(net), {"loss": net.loss_curve_})
    assert len(net.loss_curve_) == 24


Xd, yd = load_diabetes(return_X_y=True)
REGRESSION = {k: v for k, v in NET.items() if k != "label_smoothing"}


@pytest.mark.parametrize(
    ("changes", "loss", "score"),
    [
        ({}, "half squared error,\ny standardized", "R²"),
        ({"standardize": False}, "half squared error", "R²"),
        ({"loss": "huber"}, "huber,\ny standardized", "R²"),
        ({"loss": "poisson"}, "poisson,\ny standardized", "R²"),
        ({"loss": "quantile", "quantile": (0.1, 0.9)}, "quantile 0.1, 0.9,\ny standardized", "D² pinball"),
        ({"loss": "quantile", "quantile": 0.3}, "quantile 0.3,\ny standardized", "D² pinball"),
        ({"scoring": "neg_mean_absolute_error"}, "half squared error,\ny standardized", "neg mean absolute error"),
        ({"scoring": lambda net, X, y: r2_score(y, net.predict(X))}, "half squared error,\ny standardized", "<lambda>"),
    ],
)
def test_axes_of_a_regressor_say_what_is_shown(changes, loss, score):
    net = MLPRegressorScratch(**REGRESSION | changes).fit(Xd[:200], yd[:200], X_val=Xd[200:], y_val=yd[200:])
    display = LossCurveDisplay.from_estimator(net)
    check_lines(
        display,
        {
            "loss": net.loss_curve_,
            "validation_loss": net.validation_loss_curve_,
            "validation_score": net.validation_scores_,
        },
    )
    assert [ax.get_ylabel() for ax in display.axes_] == [loss, f"validation\n{score}"]


def test_the_label_says_whether_the_loss_includes_the_penalty(plain):
    def label(net):
        return LossCurveDisplay.from_estimator(net).lines_["loss"].get_label()

    assert label(plain) == "training loss, with penalty"
    assert label(classifier(alpha=0.0).fit(X, y)) == "training loss"


def test_two_networks_in_one_picture(plain, validated, save):
    display = LossCurveDisplay.from_estimator(plain, "loss", name="A")
    second = LossCurveDisplay.from_estimator(
        validated, "loss", name="B", mark_best=False, ax=display.ax_, line_kw={"color": "black", "linestyle": "--"}
    )
    assert second.ax_ is display.ax_
    assert second.figure_ is display.figure_
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["A: training loss, with penalty", "B: training loss, with penalty"]
    assert (second.lines_["loss"].get_color(), second.lines_["loss"].get_linestyle()) == ("black", "--")
    save(display)


def test_networks_side_by_side(plain, validated, save):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left = LossCurveDisplay.from_estimator(plain, ax=axes[0])
    right = LossCurveDisplay.from_estimator(validated, ax=axes[1])
    assert left.axes_ == [axes[0]]
    assert len(right.axes_) == 2
    assert left.figure_ is right.figure_ is figure
    save(left)


def test_drawing_into_given_axes(validated):
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2)
    display = LossCurveDisplay.from_estimator(validated, ax=axes)
    assert display.axes_ == list(axes)
    assert [ax.get_xlabel() for ax in axes] == ["epoch", "epoch"]
    with pytest.raises(ValueError, match="`ax` must be one Axes, or 2"):
        LossCurveDisplay.from_estimator(validated, ax=[axes[0]])


def test_a_network_in_a_pipeline_in_a_search():
    search = GridSearchCV(make_pipeline(StandardScaler(), classifier(max_iter=3)), {}, cv=2).fit(X, y)
    check_lines(LossCurveDisplay.from_estimator(search), {"loss": search.best_estimator_[-1].loss_curve_})


def test_an_epoch_that_diverged_is_a_gap_in_the_line():
    display = LossCurveDisplay([1.0, 0.5, np.nan], validation_scores=[0.1, 0.2, np.nan]).plot()
    assert display.best_epoch_ == 2
