"""Canvas: imports matplotlib when something is drawn, and has the axes and colours of all displays.

The colours differ in luminance, and lines of different meaning have different dashes, so prints in grey are readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INK, FAINT = "#222222", "#8c8c8c"
DARK, BRIGHT = "#1b4f8a", "#e08214"  # a dark blue and a bright orange
MINUS = "\N{MINUS SIGN}"


def require_matplotlib(caller: str) -> Any:
    """Return ``matplotlib.pyplot``, or raise an ImportError that says how to install it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f'{caller} needs matplotlib, an optional extra: pip install -e ".[plot]".') from error
    return plt


def panels(
    ax: Any, n: int, n_cols: int, size: tuple[float, float], *, stacked: Sequence[float] | None = None,
    space: float | None = 0.2,
) -> tuple[list[Any], Any]:  # fmt: skip
    """Return axes for ``n`` panels in rows of ``n_cols``, and their figure.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes or None
        None for a new figure; an Axes to draw into, which several panels divide; or an Axes for each panel.
    n, n_cols : int
        Number of panels, and number of columns.
    size : tuple of (float, float)
        Width and height of a new figure in inches.
    stacked : sequence of float, default=None
        Relative heights of the rows. The panels then share an x axis, labelled at the bottom.
    space : float, default=0.2
        Space between rows, relative to the height of a panel; used only in a figure without a layout engine.
    """
    if ax is not None and not hasattr(ax, "get_figure"):
        axes = list(np.ravel(np.asarray(ax, dtype=object)))
        if len(axes) != n:
            raise ValueError(f"`ax` must be one Axes, or {n}, one for each panel, got {len(axes)}.")
        return axes, axes[0].figure
    if ax is not None and n == 1:
        return [ax], ax.figure
    figure, place = _place(ax, n, size)
    space = space if figure.get_layout_engine() is None else None
    grid = place.subgridspec(-(-n // n_cols), n_cols, hspace=space, height_ratios=stacked)
    axes: list[Any] = []
    for i in range(n):
        axes.append(figure.add_subplot(grid[divmod(i, n_cols)], sharex=axes[0] if stacked and axes else None))
        axes[i].tick_params(labelbottom=stacked is None or i >= n - n_cols)
    return axes, figure


def place_of(ax: Any) -> Any:
    """Return the grid cell of a single Axes; None for anything else, and if a layout engine keeps text inside."""
    if not hasattr(ax, "get_figure") or ax.figure.get_layout_engine() is not None:
        return None
    return ax.get_subplotspec()


def keep_inside(place: Any, axes: Sequence[Any], n_cols: int = 1, heights: Sequence[float] | None = None) -> None:
    """Make the text of panels small, and move the panels so that all text stays inside of ``place``.

    Parameters
    ----------
    place : matplotlib SubplotSpec
        The grid cell that the panels divide.
    axes : sequence of matplotlib Axes
        The panels, already drawn, row by row.
    n_cols : int, default=1
        Number of columns of panels.
    heights : sequence of float, default=None
        Relative heights of the rows.
    """
    figure = axes[0].figure
    cells = place.subgridspec(-(-len(axes) // n_cols), n_cols, wspace=0.0, hspace=0.0, height_ratios=heights)
    boxes = [cell.get_position(figure).transformed(figure.transSubfigure) for cell in cells][: len(axes)]
    sides = np.array([_around(panel, box.height) for panel, box in zip(axes, boxes, strict=True)])
    for i, (panel, box) in enumerate(zip(axes, boxes, strict=True)):
        row, column = divmod(i, n_cols)
        left, right = sides[column::n_cols, :2].max(axis=0)
        top, bottom = sides[row * n_cols : (row + 1) * n_cols, 2:].max(axis=0)
        inner = cells[row, column].subgridspec(
            3, 3, wspace=0.0, hspace=0.0, width_ratios=_shares(left, right, box.width),
            height_ratios=_shares(top, bottom, box.height),
        )  # fmt: skip
        panel.set_subplotspec(inner[1, 1])


def _around(panel: Any, height: float) -> list[float]:
    """Make the text of a panel small, and return how far it extends beyond the frame: left, right, top and bottom.

    These lengths are in pixels, as is ``height``, the room for the panel with its text.
    """
    panel.tick_params(labelsize=7.0)
    for label in (panel.xaxis.label, panel.yaxis.label):
        label.set_size(8.0)
    panel.yaxis.label.set_size(8.0 * min(1.0, 0.8 * height / max(1.0, panel.yaxis.label.get_window_extent().height)))
    frame, whole, gap = panel.bbox, panel.get_tightbbox(), 0.04 * panel.figure.dpi
    reaches = frame.x0 - whole.x0, whole.x1 - frame.x1, whole.y1 - frame.y1, frame.y0 - whole.y0
    return [max(0.0, reach) + gap for reach in reaches]


def _shares(before: float, after: float, whole: float) -> tuple[float, float, float]:
    """Return the parts of a cell before, in and after a panel; the panel has at least a tenth of the cell."""
    return before, max(whole - before - after, 0.1 * whole), after


def legend_above(ax: Any) -> Any:
    """Put the legend above ``ax``, for figures in which a layout engine makes room for it."""
    return ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, borderaxespad=0.2)


def legend_inside(ax: Any, bottom: float | None = None, **how: Any) -> Any:
    """Put a legend that fits inside of ``ax``, and raise the upper limit of ``ax`` so that the legend hides no line.

    ``bottom`` is the lower limit; None places it below all lines.
    """
    ax.autoscale(axis="y")
    ax.set_ylim(bottom=bottom)
    how = {
        "loc": "upper left",
        "borderaxespad": 0.2,
        "framealpha": 0.9,
        "edgecolor": "none",
        "handlelength": 1.5,
        **how,
    }
    room, size = ax.bbox, 8.0
    for _ in range(4):  # the extent of text is not exactly proportional to its size
        legend = ax.legend(fontsize=size, title_fontsize=size, **how)
        box = legend.get_window_extent()
        excess = max(box.width / (0.96 * room.width), box.height / (0.6 * room.height))
        if excess <= 1.0:
            break
        size = max(1.0, size / (1.02 * excess))
    share, scaled = (box.height + 0.04 * ax.figure.dpi) / room.height, ax.yaxis.get_transform()
    low, high = scaled.transform(ax.get_ylim())
    ax.set_ylim(top=float(scaled.inverted().transform(low + (high - low) / (1.0 - min(share, 0.7)))))
    return legend


def _place(ax: Any, n: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return a figure and the grid cell for its panels: a new figure, or the cell of ``ax``, which is then hidden."""
    if ax is None:
        figure = require_matplotlib("panels").figure(figsize=size, layout="constrained")
        return figure, figure.add_gridspec(1, 1)[0]
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(f"`ax` must be an Axes made by plt.subplots, to be divided, or {n} Axes, one for each panel.")
    ax.set_axis_off()
    return ax.figure, place
