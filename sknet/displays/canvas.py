"""Canvas: matplotlib, imported where something is drawn, and the axes and colours that all displays draw with.

The colours differ in luminance too, and lines of different meaning in their dashes, so that grey prints can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INK, FAINT = "#222222", "#8c8c8c"
DARK, BRIGHT = "#1b4f8a", "#e08214"  # a dark blue and a bright orange
MINUS = "\N{MINUS SIGN}"


def require_matplotlib(caller: str) -> Any:
    """Return ``matplotlib.pyplot``; an ImportError that says how to get it, where it is not installed."""
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
        None for a new figure; an Axes to draw into, or to divide if there are several panels; or all the axes.
    n, n_cols : int
        Number of panels, and of columns.
    size : tuple of (float, float)
        Width and height of a new figure in inches.
    stacked : sequence of float, default=None
        Relative heights of the rows, whose panels then share an x axis that is labelled at the bottom.
    space : float, default=0.2
        Space between rows, in heights of a panel, in a figure without a layout engine.
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


def _place(ax: Any, n: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return a figure and the place in it that panels may take: a new one, or that of ``ax``, which is then hidden."""
    if ax is None:
        figure = require_matplotlib("panels").figure(figsize=size, layout="constrained")
        return figure, figure.add_gridspec(1, 1)[0]
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(f"`ax` must be an Axes made by plt.subplots, to be divided, or {n} Axes, one for each panel.")
    ax.set_axis_off()
    return ax.figure, place
