"""Activation display: draws the graphs of activations and their derivatives, with formula and range."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..core import ACTIVATIONS, Activation
from .canvas import BRIGHT, DARK, FAINT, MINUS, keep_inside, legend_inside, panels, place_of, require_matplotlib
from .network_columns import columns_of
from .subject import network_estimator

_TYPESETTING = (
    (r"\b(\w+)_(\w+)\b", r"\1$_{\2}$"),
    (r"e\^a([ij])", r"e$^{a_\1}$"),
    (r"\^(-?\w+)", r"$^{\1}$"),
    ("delta", "δ"), ("sum", "Σ"), ("Phi", "Φ"), ("phi", "φ"), ("<=", "≤"), ("(?<!{)-", MINUS),
)  # fmt: skip
_SYMBOLS = (r"\bs\b", "s is the logistic function."), ("Phi", "Φ and φ are the normal distribution and density.")


class ActivationDisplay:
    """Graphs of activations and their derivatives, with formulas and ranges.

    Softmax acts on a whole row. The graph shows its first value for the row (a, 0, 0), and the derivative of it by a.

    Parameters
    ----------
    activations : sequence of Activation
        The activations to show, each in its own panel.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first panel.
    axes_ : list of matplotlib Axes
        All panels.
    figure_ : matplotlib Figure
        The figure.
    lines_, derivative_lines_ : dict of str to matplotlib Line2D
        The line of each function, and of its derivative, by the name of the activation.

    See Also
    --------
    sknet.ACTIVATIONS : All activations, by name.

    Examples
    --------
    >>> from sknet import ActivationDisplay
    >>> display = ActivationDisplay.from_names(["relu", "tanh"])
    >>> list(display.lines_)
    ['relu', 'tanh']
    """

    def __init__(self, activations: Iterable[Activation]) -> None:
        self.activations = activations

    @classmethod
    def from_names(
        cls, names: Any = "all", *, limits: tuple[float, float] = (-4.0, 4.0), ax: Any = None
    ) -> ActivationDisplay:
        """Draw activations by name.

        Parameters
        ----------
        names : str, Activation, or sequence of such, default="all"
            Names of `sknet.ACTIVATIONS`, or activations of your own; ``"all"`` shows all of `sknet.ACTIVATIONS`.
        limits : tuple of (float, float), default=(-4.0, 4.0)
            The smallest and the largest argument.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which several activations divide, or an Axes for each activation. Formulas are then
            inside of the panels, and notes are left out. None makes a new figure.

        Returns
        -------
        display : ActivationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        require_matplotlib(f"{cls.__name__}.from_names")
        if isinstance(names, str) and names == "all":
            names = ACTIVATIONS.values()
        chosen = [names] if isinstance(names, (str, Activation)) else list(names)
        unknown = [name for name in chosen if not isinstance(name, Activation) and name not in ACTIVATIONS]
        if unknown or not chosen:
            raise ValueError(f"`names` must be 'all', an Activation, or among {', '.join(ACTIVATIONS)}, got {names!r}.")
        activations = [name if isinstance(name, Activation) else ACTIVATIONS[name] for name in chosen]
        return cls(_distinct(activations)).plot(limits=limits, ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, limits: tuple[float, float] = (-4.0, 4.0), ax: Any = None
    ) -> ActivationDisplay:
        """Draw the activations of the hidden layers and the output of a fitted network, each activation once.

        Parameters
        ----------
        estimator : MLPClassifierScratch or MLPRegressorScratch
            A fitted network, a fitted Pipeline that ends in one, or a fitted search over either.
        limits : tuple of (float, float), default=(-4.0, 4.0)
            The smallest and the largest argument.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which several activations divide, or an Axes for each activation. Formulas are then
            inside of the panels, and notes are left out. None makes a new figure.

        Returns
        -------
        display : ActivationDisplay
            The display, drawn.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        columns = columns_of(network_estimator(estimator, cls.__name__)._state.network)
        return cls(_distinct([column.activation for column in columns[1:]])).plot(limits=limits, ax=ax)

    def plot(self, *, limits: tuple[float, float] = (-4.0, 4.0), ax: Any = None) -> ActivationDisplay:
        """Draw the graphs.

        Parameters
        ----------
        limits : tuple of (float, float), default=(-4.0, 4.0)
            The smallest and the largest argument.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which several activations divide, or an Axes for each activation. Formulas are then
            inside of the panels, and notes are left out. None makes a new figure.

        Returns
        -------
        display : ActivationDisplay
            The display itself.
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        if not limits[0] < limits[1]:
            raise ValueError(f"`limits` must be two numbers, the smaller first, got {limits!r}.")
        activations = list(self.activations)
        n = len(activations)
        n_cols = min(n, 2 if n in (2, 4) else 3)
        if hasattr(ax, "get_figure"):  # panels are as square as the box allows
            n_cols = round(min(max(1.0, math.sqrt(n * ax.bbox.width / ax.bbox.height)), n))
        size = (3.4 * n_cols, 3.1 * math.ceil(n / n_cols)) if n > 1 else (4.8, 4.2)
        self.axes_, self.figure_ = panels(ax, n, n_cols, size, space=0.9)
        self.ax_ = self.axes_[0]
        self.lines_, self.derivative_lines_ = {}, {}
        a = np.linspace(*limits, 801)
        for panel, activation in zip(self.axes_, activations, strict=True):
            value, slope = _graph(activation, a)
            name = activation.name
            (self.lines_[name],) = panel.plot(a, value, color=DARK, linewidth=2.0, label="f(a)")
            (self.derivative_lines_[name],) = panel.plot(a, slope, "--", color=BRIGHT, linewidth=1.8, label="f$'$(a)")
            _draw_bounds(panel, activation)
            (_describe_outside if ax is None else _name)(panel, activation)
        if n > 1 and (place := place_of(ax)) is not None:
            keep_inside(place, self.axes_, n_cols)
        for panel, activation in zip(self.axes_, activations, strict=True) if ax is not None else ():
            _describe_inside(panel, activation)
        return self


def _distinct(activations: Iterable[Activation]) -> list[Activation]:
    return list({activation.name: activation for activation in activations}.values())


def _graph(activation: Activation, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values and derivatives at ``a``; for one that is not elementwise, of the first value of (a, 0, 0)."""
    if activation.elementwise:
        return activation(a[None])[0], activation.derivative(a[None])[0]
    rows = np.column_stack([a, np.zeros((len(a), 2))])
    return activation(rows)[:, 0], activation.derivative(rows)[:, 0, 0]


def _typeset(formula: str) -> str:
    """Return a plain-text formula typeset with superscripts, subscripts and mathematical signs."""
    for pattern, replacement in _TYPESETTING:
        formula = re.sub(pattern, replacement, formula)
    return formula


def _number(bound: float) -> str:
    return f"{bound:.4g}".replace("inf", "∞").replace("-", MINUS)


def _lines_about(activation: Activation) -> tuple[str, str, str]:
    """Return the text about an activation: formula, derivative and range."""
    argument = "a" if activation.elementwise else "a$_i$"
    low, high = activation.range
    return (
        f"f({argument}) = {_typeset(activation.formula)}",
        f"f$'$({argument}) = {_typeset(activation.derivative_formula)}",
        f"range from {_number(low)} to {_number(high)}",
    )


def _draw_bounds(panel: Any, activation: Activation) -> None:
    panel.axhline(0.0, color=FAINT, linewidth=0.6, zorder=0)
    panel.axvline(0.0, color=FAINT, linewidth=0.6, zorder=0)
    for bound in activation.range:
        if math.isfinite(bound) and bound != 0.0:
            panel.axhline(bound, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
    panel.spines[["top", "right"]].set_visible(False)


def _describe_outside(panel: Any, activation: Activation) -> None:
    """Write name, formulas and range above a panel and notes below it; a new figure has room for them."""
    panel.set_title(activation.name, loc="left", fontsize=10, fontweight="bold", pad=50)
    panel.annotate(
        "\n".join(_lines_about(activation)), (0.0, 1.0), (0, 5), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, linespacing=1.3,
    )  # fmt: skip
    symbols = [words for pattern, words in _SYMBOLS if re.search(pattern, activation.derivative_formula)]
    panel.set_xlabel("\n".join(["a", *textwrap.wrap(" ".join([activation.note, *symbols]), 44)]), fontsize=8)
    panel.legend(frameon=False, fontsize=8)


def _name(panel: Any, activation: Activation) -> None:
    panel.set_title(activation.name, loc="left", fontsize=10, fontweight="bold")
    panel.set_xlabel("a", fontsize=8)


def _describe_inside(panel: Any, activation: Activation) -> None:
    """Write formulas and range into the legend."""
    value, slope, bounds = _lines_about(activation)
    panel.lines[0].set_label(value)
    panel.lines[1].set_label(slope)
    legend_inside(panel, title=bounds)
