"""The canvas: the places of panels, and the error if matplotlib is not installed."""

import subprocess
import sys

import numpy as np
import pytest

import sknet
from sknet.displays.canvas import panels

DRAWN = {
    "LossCurveDisplay": ([0.5, 0.4],),
    "NetworkDisplay": ([3, 4, 1],),
    "ActivationDisplay": ([sknet.ACTIVATIONS["relu"]],),
    "FirstLayerWeightsDisplay": (np.ones((4, 2)), (2, 2)),
}


@pytest.fixture
def plt():
    import matplotlib.pyplot

    return matplotlib.pyplot


@pytest.mark.parametrize("name", DRAWN)
def test_without_matplotlib_the_error_names_the_extra(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    Display = getattr(sknet, name)
    with pytest.raises(ImportError, match=rf'{name}\.plot needs matplotlib.*pip install -e "\.\[plot\]"'):
        Display(*DRAWN[name]).plot()
    required = {"image_shape": (2, 2)} if name == "FirstLayerWeightsDisplay" else {}
    with pytest.raises(ImportError, match=rf'{name}\.from_estimator needs matplotlib.*"\.\[plot\]"'):
        Display.from_estimator("any object", **required)


def test_importing_sknet_imports_neither_matplotlib_nor_displays():
    loaded = "sorted(m for m in sys.modules if m in ('matplotlib', 'sknet.displays'))"
    code = f"import sys, sknet; print({loaded}); sknet.LossCurveDisplay; print({loaded})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["[]", "['sknet.displays']"]


def test_names_of_the_package():
    assert set(sknet.__all__) <= set(dir(sknet))
    assert all(hasattr(sknet, name) for name in sknet.__all__)
    with pytest.raises(AttributeError, match="module 'sknet' has no attribute 'Nothing'"):
        sknet.Nothing  # noqa: B018


def test_a_new_figure_has_a_grid_of_panels():
    axes, figure = panels(None, 5, 2, (4.0, 6.0))
    assert figure.axes == axes
    assert tuple(figure.get_size_inches()) == (4.0, 6.0)
    places = [ax.get_subplotspec() for ax in axes]
    assert [(p.rowspan.start, p.colspan.start) for p in places] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


def test_stacked_panels_share_the_x_axis_which_is_labelled_at_the_bottom():
    axes, figure = panels(None, 3, 1, (4.0, 6.0), stacked=[2, 1, 1])
    axes[0].set_xlim(3, 7)
    assert [ax.get_xlim() for ax in axes] == [(3, 7)] * 3
    figure.canvas.draw()
    shown = [any(label.get_visible() and label.get_text() for label in ax.get_xticklabels()) for ax in axes]
    assert shown == [False, False, True]


def test_one_panel_is_drawn_into_the_given_axes(plt):
    figure, given = plt.subplots()
    assert panels(given, 1, 1, (1.0, 1.0)) == ([given], figure)


def test_several_panels_divide_the_given_axes(plt):
    figure, (left, right) = plt.subplots(1, 2)
    axes, where = panels(right, 3, 1, (1.0, 1.0), stacked=[1, 1, 1])
    assert where is figure
    assert len(axes) == 3
    assert not right.axison
    assert all(ax.get_position().x0 >= right.get_position().x0 - 1e-9 for ax in axes)
    assert left.axison


@pytest.mark.parametrize("form", [list, np.array])
def test_an_axes_for_each_panel(plt, form):
    figure, given = plt.subplots(2, 1)
    assert panels(form(given), 2, 1, (1.0, 1.0)) == (list(given), figure)


def test_a_wrong_number_of_axes_is_an_error(plt):
    _, given = plt.subplots(3, 1)
    with pytest.raises(ValueError, match="`ax` must be one Axes, or 2, one for each panel, got 3"):
        panels(given, 2, 1, (1.0, 1.0))


def test_axes_that_cannot_be_divided_are_an_error(plt):
    with pytest.raises(ValueError, match=r"`ax` must be an Axes made by plt\.subplots.*or 2 Axes"):
        panels(plt.figure().add_axes((0, 0, 1, 1)), 2, 1, (1.0, 1.0))
