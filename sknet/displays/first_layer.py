"""First-layer display: draws the weights of the first layer in colours, as images or as a table with names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .canvas import BRIGHT, DARK, keep_inside, panels, place_of, require_matplotlib
from .layout import shortened
from .subject import comparable_weights, input_names, network_estimator, output_names

_LINE, _CHARACTER = 9.0, 5.0  # in points: distance of the names of features, width of a character
_LONGEST = 40  # characters
_BAR = 46.0  # points for the colour bar and its text in an Axes that is divided


class FirstLayerWeightsDisplay:
    """The weights that lead to each unit of the first layer, in colours.

    Without ``image_shape``, the weights are drawn as one table, with a row for each feature and a column for each unit.
    With ``image_shape``, for inputs that are pixels, they are drawn as an image for each unit. All colours have the
    same scale around 0.

    Parameters
    ----------
    coefs : array-like of shape (n_features, n_units)
        Weights of the first layer, such as ``coefs_[0]``.
    image_shape : tuple of (int, int), default=None
        Height and width of the images, whose pixels are the features, row by row. None for a table.
    feature_names : sequence of str, default=None
        Names of the rows of a table.
    unit_names : sequence of str, default=None
        Names of the units; None numbers them from 0.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first panel.
    axes_ : list of matplotlib Axes
        The panel of each unit, or the panel of the table.
    figure_ : matplotlib Figure
        The figure.
    images_ : list of matplotlib AxesImage
        The image of each unit, or the table as one image.
    colorbar_ : matplotlib Colorbar
        The colour bar.

    See Also
    --------
    NetworkDisplay : The diagram of a network.

    Examples
    --------
    >>> from sklearn.datasets import load_digits, load_iris
    >>> from sknet import FirstLayerWeightsDisplay, MLPClassifierScratch
    >>> X, y = load_digits(return_X_y=True)
    >>> net = MLPClassifierScratch(depth=1, width=6, solver="lbfgs", random_state=0).fit(X, y)
    >>> display = FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
    >>> len(display.images_)
    6
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> display = FirstLayerWeightsDisplay.from_estimator(net.fit(X, y))
    >>> display.images_[0].get_array().shape
    (4, 6)
    """

    def __init__(
        self, coefs: Any, image_shape: tuple[int, int] | None = None, *, feature_names: Sequence[str] | None = None,
        unit_names: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        self.coefs = coefs
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.unit_names = unit_names

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, image_shape: tuple[int, int] | None = None, max_units: int = 25, cmap: Any = None,
        ax: Any = None,
    ) -> FirstLayerWeightsDisplay:  # fmt: skip
        """Draw the first-layer weights of a fitted network.

        Parameters
        ----------
        estimator : MLPClassifierScratch or MLPRegressorScratch
            A fitted network, a fitted Pipeline that ends in one, or a fitted search over either. If the network
            standardizes its inputs, the weights for standardized inputs are shown, so that features are comparable;
            ``FirstLayerWeightsDisplay(net.coefs_[0]).plot()`` shows the weights for raw inputs.
        image_shape : tuple of (int, int), default=None
            Height and width of the images. None for a table.
        max_units : int, default=25
            Largest number of units to show. The first units are shown.
        cmap : str or matplotlib Colormap, default=None
            Colours, from negative to positive. None is grey for images, and orange to blue for a table.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which images divide, or an Axes for each unit. None makes a new figure.

        Returns
        -------
        display : FirstLayerWeightsDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``image_shape`` does not have as many pixels as the network has inputs, or if weights alone do not
            describe the network (several members, an embedding, layer normalization, categories, missing values).
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        net = network_estimator(estimator, cls.__name__)
        weights = comparable_weights(net)
        if weights is None:
            raise ValueError(
                f"{cls.__name__} needs a network that is described by weights and biases alone, got one that is not. "
                "Fit one with n_members=1, embedding=None and standardize=True, without layer normalization, and "
                "with categories and missing values replaced by numbers before (OneHotEncoder, SimpleImputer)."
            )
        display = cls(
            weights[0], image_shape, feature_names=input_names(estimator, net),
            unit_names=None if net.depth_ else output_names(net),
        )  # fmt: skip
        return display.plot(max_units=max_units, cmap=cmap, ax=ax)

    def plot(self, *, max_units: int = 25, cmap: Any = None, ax: Any = None) -> FirstLayerWeightsDisplay:
        """Draw the images, or the table.

        Parameters
        ----------
        max_units : int, default=25
            Largest number of units to show. The first units are shown.
        cmap : str or matplotlib Colormap, default=None
            Colours, from negative to positive. None is grey for images, and orange to blue for a table.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which images divide, or an Axes for each unit. None makes a new figure.

        Returns
        -------
        display : FirstLayerWeightsDisplay
            The display itself.

        Raises
        ------
        ValueError
            If ``image_shape`` does not have as many pixels as there are inputs.
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        W = self._checked(max_units)
        n, n_units = min(W.shape[1], max_units), W.shape[1]
        limit = float(np.abs(W[:, :n]).max()) or 1.0
        style = {"vmin": -limit, "vmax": limit, "interpolation": "nearest"}
        place, n_cols = place_of(ax), 1 if self.image_shape is None else math.ceil(math.sqrt(n))
        draw = self._draw_table if self.image_shape is None else self._draw_images
        draw(W[:, :n], style if cmap is None else style | {"cmap": cmap}, ax)
        self.ax_ = self.axes_[0]
        words = "weight" if n == n_units else f"weight (the first {n} of {n_units} units)"
        if place is None:
            self.colorbar_ = self.figure_.colorbar(self.images_[0], ax=self.axes_, label=words, shrink=0.8)
        else:
            width = _points(
                self.figure_, place.get_position(self.figure_).transformed(self.figure_.transSubfigure).width
            )
            left, right = place.subgridspec(1, 2, wspace=0.0, width_ratios=[max(width - _BAR, _BAR), _BAR])
            bar = self.figure_.add_subplot(right)
            self.colorbar_ = self.figure_.colorbar(self.images_[0], cax=bar, label=words)
            keep_inside(left, self.axes_, n_cols)
            keep_inside(right, [bar])
        return self

    def _draw_images(self, W: np.ndarray, style: dict[str, Any], ax: Any) -> None:
        n = W.shape[1]
        n_cols = math.ceil(math.sqrt(n))
        size = 1.1 * n_cols + 1.0, 1.25 * math.ceil(n / n_cols) + 0.5
        self.axes_, self.figure_ = panels(ax, n, n_cols, size, space=0.3)
        self.images_ = []
        for i, panel in enumerate(self.axes_):
            self.images_.append(panel.imshow(W[:, i].reshape(self.image_shape), **{"cmap": "gray", **style}))
            panel.set(xticks=[], yticks=[])
            panel.set_title(f"unit {i}" if self.unit_names is None else str(self.unit_names[i]), fontsize=8, pad=3)

    def _draw_table(self, W: np.ndarray, style: dict[str, Any], ax: Any) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        n_features, n = W.shape
        longest = _LONGEST if ax is None else max(6, int(0.4 * _points(ax.figure, ax.bbox.width) / _CHARACTER))
        names = None if self.feature_names is None else [shortened(str(f), longest) for f in self.feature_names]
        beside = 0.3 if names is None else _CHARACTER / 72 * max(map(len, names))
        height = min(1.2 + _LINE / 72 * 1.4 * n_features, 12.0)
        self.axes_, self.figure_ = panels(ax, 1, 1, (max(3.2, 0.3 * n) + beside + 1.2, height))
        (panel,) = self.axes_
        colours = LinearSegmentedColormap.from_list("weights", [BRIGHT, "white", DARK])
        self.images_ = [panel.imshow(W, **{"cmap": colours, "aspect": "auto", **style})]
        panel.tick_params(labelsize=8, length=0)
        step = math.ceil(n_features * _LINE / _points(self.figure_, panel.bbox.height))
        if names is not None:
            panel.set_yticks(range(0, n_features, step), names[::step], parse_math=False)
        else:
            panel.set_ylabel("feature")
        if self.unit_names is None:
            panel.set_xlabel("unit")
            panel.xaxis.get_major_locator().set_params(integer=True)
        else:
            words = [shortened(str(name), longest) for name in self.unit_names[:n]]
            room = (0.75 if ax is None else 0.4) * _points(self.figure_, panel.bbox.width)
            crowded = _CHARACTER * max(map(len, words)) * n > room
            panel.set_xticks(range(n), words, rotation=90 if crowded else 0, parse_math=False)

    def _checked(self, max_units: Any) -> np.ndarray:
        """Check all parameters, and return the weights as an array."""
        W, shape = np.asarray(self.coefs), self.image_shape
        if W.ndim != 2:
            raise ValueError(f"`coefs` must be of shape (n_features, n_units), got {W.shape}.")
        if not isinstance(max_units, Integral) or max_units < 1:
            raise ValueError(f"`max_units` must be an integer of at least 1, got {max_units!r}.")
        for what, n in zip(("feature_names", "unit_names"), W.shape, strict=True):
            names = getattr(self, what)
            if names is not None and len(names) != n:
                raise ValueError(f"`{what}` must have {n} names, got {len(names)}.")
        if shape is None:
            return W
        if np.shape(shape) != (2,) or not all(isinstance(side, Integral) and side > 0 for side in shape):
            raise ValueError(f"`image_shape` must be a height and a width in pixels, or None, got {shape!r}.")
        if math.prod(shape) != len(W):
            raise ValueError(
                f"`image_shape` must have as many pixels as there are inputs, {len(W)}, got {shape[0]} x {shape[1]} = "
                f"{math.prod(shape)}."
            )
        return W


def _points(figure: Any, pixels: float) -> float:
    return 72.0 * pixels / figure.dpi
