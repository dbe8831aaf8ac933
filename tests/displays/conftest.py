"""Fixtures of the tests of displays: pictures are drawn without a screen, saved, and checked for hidden text."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _no_screen():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    yield
    plt.close("all")


def texts_of(figure):
    """Return all text that is drawn, which leaves out the labels of ticks beyond the limits."""
    from matplotlib.text import Text

    beyond = set()
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
        beyond |= {label for tick in ticks for label in (tick.label1, tick.label2)}
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in beyond]


def legends_over_lines(figure):
    """Return the labels of lines that pass behind the legend of their axes."""
    found = []
    for ax in figure.axes:
        if (legend := ax.get_legend()) is None:
            continue
        box = legend.get_window_extent()
        for line in ax.lines:
            points = line.get_transform().transform(line.get_xydata())
            if len(points) > 2 and any(box.contains(*point) for point in points[np.isfinite(points).all(axis=1)]):
                found.append(line.get_label())
    return found


@pytest.fixture
def save(tmp_path):
    """Save the picture of a display, and check that no text is cut and no legend hides a curve."""

    def save(display, name="picture"):
        figure = display.figure_
        path = tmp_path / f"{name}.png"
        figure.savefig(path, dpi=100)
        assert path.read_bytes().startswith(b"\x89PNG")
        inside = figure.bbox.padded(1.0)
        boxes = {text.get_text(): text.get_window_extent() for text in texts_of(figure)}
        cut = [words for words, box in boxes.items() if not (inside.contains(*box.min) and inside.contains(*box.max))]
        assert cut == []
        assert legends_over_lines(figure) == []
        return path

    return save
