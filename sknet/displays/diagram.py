"""Network display: draws a column of units for each layer of a network, and the weights between them as arrows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any

import numpy as np

from .canvas import BRIGHT, DARK, FAINT, INK, panels, require_matplotlib
from .layout import Layout, Scale, arrange, fit, shortened
from .network_columns import columns_of, inputs_of, network_of
from .subject import comparable_weights, input_names, network_estimator, output_names

_RADIUS, _HEAD = 0.34, 0.2  # radius of a unit, length of an arrow's head; units are 1 apart
_POINTS, _WIDEST = 36.0, 1000.0  # in points: distance of units in a new figure, its largest width
_DASHES = (0, (4, 1.5))  # of negative weights


class NetworkDisplay:
    """The diagram of a network: layers as columns, units as circles, weights as arrows. Biases are not drawn.

    Parameters
    ----------
    layer_sizes : sequence of int
        Number of inputs, of units in each hidden layer, and of outputs.
    notes : sequence of sequence of str, default=None
        Text under each layer in addition to its name and size, for example its activation.
    coefs : sequence of ndarray of shape (n_inputs, n_units), default=None
        Weights that lead to each layer except the first. The sign of a weight determines colour and dashes of its
        arrow. Its size, relative to the largest weight that leads to the same layer, determines width and strength.
    input_names, output_names : sequence of str, default=None
        Names of the units of the first and of the last layer.
    n_members : int, default=1
        Number of members. Only one of them is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the diagram.
    figure_ : matplotlib Figure
        The figure.
    units_ : list of list of matplotlib Circle
        The circles of each layer.
    shown_ : list of ndarray
        For each layer, the numbers of the units that are shown, from 0.
    dots_ : list of matplotlib Line2D or None
        For each layer, the three dots that stand for units that are left out, or None.
    arrows_ : list of matplotlib LineCollection
        The arrows to each layer except the first: from each shown unit in turn to every shown unit.
    heads_ : list of matplotlib PolyCollection
        The heads of the arrows.
    labels_ : list of matplotlib Text
        The text under each layer.
    bracket_ : matplotlib Text
        The text above the hidden layers, with depth and width.

    See Also
    --------
    LossCurveDisplay : The curves of the loss during training.
    FirstLayerWeightsDisplay : The weights of the first layer in colours.

    Examples
    --------
    >>> from sknet import MLPClassifierScratch, NetworkDisplay
    >>> net = MLPClassifierScratch(depth=2, width=4)
    >>> display = NetworkDisplay.from_estimator(net, n_features=3, n_outputs=1)
    >>> [len(circles) for circles in display.units_]
    [3, 4, 4, 1]
    >>> display.bracket_.get_text()
    'depth 2, width 4'
    """

    def __init__(
        self, layer_sizes: Sequence[int], *, notes: Sequence[Sequence[str]] | None = None,
        coefs: Sequence[np.ndarray] | None = None, input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None, n_members: int = 1,
    ) -> None:  # fmt: skip
        self.layer_sizes = layer_sizes
        self.notes = notes
        self.coefs = coefs
        self.input_names = input_names
        self.output_names = output_names
        self.n_members = n_members

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, n_features: int | None = None, n_outputs: int | None = None, max_units: int = 10,
        ax: Any = None,
    ) -> NetworkDisplay:  # fmt: skip
        """Draw the network of an estimator, fitted or not.

        Parameters
        ----------
        estimator : MLPClassifierScratch or MLPRegressorScratch
            A network, a Pipeline that ends in one, or a fitted search over either. Weights are shown if the network is
            fitted and weights alone describe what it computes, as with ``n_members=1, embedding=None,
            standardize=True`` and without layer normalization, categories and missing values. If the network
            standardizes, these are the weights for standardized inputs and targets, so that the widths of arrows are
            comparable; `coefs_` are the weights for raw data.
        n_features, n_outputs : int, default=None
            Number of inputs and of output units; required if the network is not fitted. A classifier has one output
            unit for two classes, and else one for each class.
        max_units : int, default=10
            Only so many units of a wider layer are shown, the first and the last ones. At least 2.
        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : NetworkDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the network is not fitted and ``n_features`` or ``n_outputs`` is missing.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        net = network_estimator(estimator, cls.__name__, fitted=False)
        columns = columns_of(network_of(net, n_features, n_outputs), **inputs_of(net))
        notes = [(*((c.activation.name,) if c.activation else ()), *c.notes) for c in columns]
        display = cls(
            [c.size for c in columns], notes=notes, coefs=comparable_weights(net),
            input_names=input_names(estimator, net), output_names=output_names(net),
            n_members=getattr(net, "n_members_", 1),
        )  # fmt: skip
        return display.plot(max_units=max_units, ax=ax)

    def plot(self, *, max_units: int = 10, ax: Any = None) -> NetworkDisplay:
        """Draw the diagram.

        Parameters
        ----------
        max_units : int, default=10
            Only so many units of a wider layer are shown, the first and the last ones. At least 2.
        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : NetworkDisplay
            The display itself.
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        self._check(max_units)
        layout = arrange(self.layer_sizes, max_units)
        self.shown_ = layout.shown
        labels = self._labels()
        layout, scale = self._open(ax, layout, labels)
        self._draw_units(layout.centres, min(6.0, scale.points / 5))
        self._draw_arrows(layout.centres)
        self._write(layout, labels, scale)
        self._draw_bracket(layout, scale.fontsize)
        if self.coefs is not None:
            self._explain_colours(scale)
        return self

    def _check(self, max_units: Any) -> None:
        if not isinstance(max_units, Integral) or max_units < 2:
            raise ValueError(f"`max_units` must be an integer of at least 2, got {max_units!r}.")
        sizes = self.layer_sizes
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"`layer_sizes` must be at least two sizes, each at least 1, got {sizes!r}.")
        shapes = [np.shape(W) for W in self.coefs] if self.coefs is not None else list(pairwise(sizes))
        if shapes != list(pairwise(sizes)):
            raise ValueError(f"`coefs` must have shapes that fit `layer_sizes`, {list(pairwise(sizes))}, got {shapes}.")

        for what in ("input_names", "output_names"):
            names, size = getattr(self, what), sizes[0 if what == "input_names" else -1]
            if names is not None and len(names) != size:
                raise ValueError(f"`{what}` must be {size} names, one for each unit, got {len(names)}.")

    def _open(self, ax: Any, layout: Layout, labels: list[str]) -> tuple[Layout, Scale]:
        """Prepare axes with room for the diagram and its text."""
        words = {"input_names": self.input_names, "output_names": self.output_names, "legend": self.coefs is not None}
        if ax is None:
            scale = fit(layout, labels, **words, width=_WIDEST, height=np.inf, most=_POINTS)
            width = scale.points * layout.width + scale.left + scale.right
            height = scale.points * layout.height + scale.bottom + scale.top
            (self.ax_,), self.figure_ = panels(None, 1, 1, (width / 72, height / 72))
        else:
            (self.ax_,), self.figure_ = panels(ax, 1, 1, (0.0, 0.0))
            box = self.ax_.get_window_extent().transformed(self.figure_.dpi_scale_trans.inverted())
            scale = fit(layout, labels, **words, width=72 * box.width, height=72 * box.height)
        layout = layout.stretched(scale.stretch)
        half, points = layout.height / 2, scale.points
        self.ax_.set(
            xlim=(-scale.left / points, layout.width + scale.right / points),
            ylim=(-half - scale.bottom / points, half + scale.top / points),
            aspect="equal",
        )
        self.ax_.set_axis_off()
        return layout, scale

    def _draw_units(self, centres: list[np.ndarray], dot: float) -> None:
        from matplotlib.patches import Circle

        self.units_: list[list[Any]] = []
        self.dots_: list[Any] = []
        for points, size in zip(centres, self.layer_sizes, strict=True):
            circles = [Circle(point, _RADIUS, facecolor="white", edgecolor=INK, zorder=3) for point in points]
            for circle in circles:
                self.ax_.add_patch(circle)
            self.units_.append(circles)
            dots = None
            if len(points) < size:
                middle = points[np.diff(points[:, 1]).argmin()] - [0.0, 1.0]
                ys = middle[1] + np.array([0.22, 0.0, -0.22])
                (dots,) = self.ax_.plot([middle[0]] * 3, ys, ".", color=INK, markersize=dot)
            self.dots_.append(dots)

    def _draw_arrows(self, centres: list[np.ndarray]) -> None:
        from matplotlib.collections import LineCollection, PolyCollection

        self.arrows_, self.heads_ = [], []
        for i, (left, right) in enumerate(pairwise(centres)):
            step = (right[None] - left[:, None]).reshape(-1, 2)
            along = step / np.linalg.norm(step, axis=1, keepdims=True)
            tails = np.repeat(left, len(right), axis=0) + _RADIUS * along
            tips = np.tile(right, (len(left), 1)) - _RADIUS * along
            thinner = min(1.0, 5.0 / len(left))  # if many arrows meet
            ends = tips - _HEAD * thinner * along
            across = 0.35 * _HEAD * thinner * along[:, ::-1] * [-1.0, 1.0]
            colors, widths, dashes = self._style(i, len(step))
            lines = LineCollection(
                np.stack([tails, ends], axis=1), colors=colors, linewidths=thinner * widths, linestyles=dashes, zorder=1
            )
            triangles = np.stack([tips, ends + across, ends - across], axis=1)
            heads = PolyCollection(triangles, facecolors=colors, linewidths=0.0, zorder=2)
            self.arrows_.append(self.ax_.add_collection(lines, autolim=False))
            self.heads_.append(self.ax_.add_collection(heads, autolim=False))

    def _style(self, layer: int, n: int) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return colours, widths and dashes of the ``n`` arrows to a layer, by their weights."""
        from matplotlib.colors import to_rgba_array

        if self.coefs is None:
            return to_rgba_array([FAINT] * n), np.full(n, 0.9), "-"
        W = np.asarray(self.coefs[layer])
        w = W[np.ix_(self.shown_[layer], self.shown_[layer + 1])].ravel()
        strength = np.abs(w) / (np.abs(W).max() or 1.0)
        colors = to_rgba_array(np.where(w < 0.0, BRIGHT, DARK), alpha=0.4 + 0.6 * strength)
        return colors, 0.7 + 2.1 * strength, [_DASHES if negative else "-" for negative in w < 0.0]

    def _write(self, layout: Layout, labels: list[str], scale: Scale) -> None:
        """Write a label under each layer, and names beside inputs and outputs."""
        centres, bottom, fontsize = layout.centres, -layout.height / 2, scale.fontsize
        self.labels_ = [
            self._text((points[0, 0], bottom), (0, -4 - scale.drop * (i % 2)), label, fontsize, va="top")
            for i, (points, label) in enumerate(zip(centres, labels, strict=True))
        ]
        for names, layer, align, side in ((self.input_names, 0, "right", -1), (self.output_names, -1, "left", 1)):
            for number, (x, y) in zip(self.shown_[layer], centres[layer], strict=True) if names is not None else ():
                words = shortened(str(names[number]), scale.longest)
                self._text((x + side * _RADIUS, y), (4 * side, 0), words, fontsize, ha=align, va="center")

    def _draw_bracket(self, layout: Layout, fontsize: float) -> None:
        """Write depth and width above the hidden layers."""
        depth, width, top = len(layout.centres) - 2, max(self.layer_sizes[1:-1], default=0), layout.height / 2
        left, right = (layout.gap - 0.5, depth * layout.gap + 0.5) if depth else (0.0, layout.gap)
        xs, ys = [left, left, right, right], [top + 0.05, top + 0.2, top + 0.2, top + 0.05]
        self.ax_.plot(xs, ys, color=INK, linewidth=1.0)
        words = f"depth {depth}, width {width}" if depth else "depth 0: no hidden layer"
        if self.n_members > 1:
            words += f", one of {self.n_members} members"
        self.bracket_ = self._text(((left + right) / 2, top + 0.2), (0, 3), words, fontsize, va="bottom")

    def _labels(self) -> list[str]:
        """Return the text under each layer: name, size and notes."""
        last = len(self.layer_sizes) - 1
        names = ["input", *(f"hidden {i}" for i in range(1, last)), "output"]
        units = ["feature", *["unit"] * last]
        return [
            "\n".join([name, f"{size} {unit}{'s' * (size != 1)}", *notes])
            for name, size, unit, notes in zip(
                names, self.layer_sizes, units, self.notes or [()] * len(names), strict=True
            )
        ]

    def _text(self, point: Any, offset: tuple[float, float], words: str, size: float, **align: str) -> Any:
        align = {"ha": "center", **align}
        return self.ax_.annotate(
            words, point, offset, textcoords="offset points", fontsize=size, linespacing=1.35, color=INK,
            parse_math=False, annotation_clip=False, **align,
        )  # fmt: skip

    def _explain_colours(self, scale: Scale) -> None:
        from matplotlib.lines import Line2D

        lines = [
            Line2D([], [], color=DARK, linewidth=2.0, label="positive weight"),
            Line2D([], [], color=BRIGHT, linewidth=2.0, linestyle=_DASHES, label="negative weight"),
        ]
        self.ax_.legend(
            handles=lines, loc="upper center", borderaxespad=0.2, ncols=scale.n_cols, frameon=False,
            fontsize=scale.fontsize,
        )  # fmt: skip
