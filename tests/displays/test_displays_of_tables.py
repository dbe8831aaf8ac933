"""Pictures and HTML of networks that were fitted to data with categories and missing values."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from frames import labels_for, mixed_frame, numbers_for
from sklearn.inspection import PartialDependenceDisplay
from sklearn.utils import estimator_html_repr

from sknet import (
    FirstLayerWeightsDisplay,
    LossCurveDisplay,
    MLPClassifierScratch,
    MLPRegressorScratch,
    NetworkDisplay,
)  # fmt: skip

QUICK = {"depth": 1, "width": 6, "max_iter": 5, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def net():
    frame = mixed_frame()
    return MLPClassifierScratch(early_stopping=True, **QUICK).fit(frame, labels_for(frame))


def test_the_diagram_has_an_input_for_each_column(net, save):
    display = NetworkDisplay.from_estimator(net)
    assert [len(circles) for circles in display.units_] == [5, 6, 1]
    assert display.coefs is None
    assert display.labels_[0].get_text() == "input\n5 features\n3 of categories\nmissing values"
    texts = [text.get_text() for text in display.ax_.texts]
    assert [name for name in mixed_frame() if name not in texts] == []
    save(display, "fitted")


def test_the_diagram_of_an_unfitted_network_and_of_one_with_missing_values_only(save):
    net = MLPRegressorScratch(categorical_features=[0, 1], **QUICK)
    assert [len(c) for c in NetworkDisplay.from_estimator(net, n_features=5, n_outputs=1).units_] == [5, 6, 1]
    X = np.random.default_rng(0).normal(size=(60, 3))
    X[::3, 1] = np.nan
    display = NetworkDisplay.from_estimator(MLPRegressorScratch(**QUICK).fit(X, np.arange(60.0)))
    assert [len(c) for c in display.units_] == [3, 6, 1]
    save(display)


def test_curves_are_drawn_and_weights_are_an_error(net, save):
    save(LossCurveDisplay.from_estimator(net))
    with pytest.raises(ValueError, match=r"n_members=1, embedding=None .* categories and missing values"):
        FirstLayerWeightsDisplay.from_estimator(net)


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_html(Estimator):
    frame = mixed_frame()
    net = Estimator(categorical_features=["plan", "zone"], **QUICK)
    assert "Not fitted" in estimator_html_repr(net)
    page = estimator_html_repr(net.fit(frame.drop(columns="active"), numbers_for(frame) > 0.0))
    assert "Not fitted" not in page
    assert "categorical_features" in page


def test_partial_dependence_of_categories(net):
    frame = mixed_frame(gaps=False)
    figure, axes = plt.subplots(1, 2)
    display = PartialDependenceDisplay.from_estimator(
        net, frame, ["plan", "age"], categorical_features=["plan"], grid_resolution=5, ax=axes
    )
    heights = [bar.get_height() for bar in np.ravel(display.axes_)[0].patches]
    labels = [label.get_text() for label in np.ravel(display.axes_)[0].get_xticklabels()]
    assert len(heights) == len(labels) == 3
    assert labels[int(np.argmax(heights))] == "für Profis"
    figure.canvas.draw()
