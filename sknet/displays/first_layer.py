"""First-layer weights as images: what each unit of the first layer looks for, where the inputs are pixels."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

import numpy as np

from .canvas import panels, require_matplotlib
from .subject import comparable_weights, network_estimator


class FirstLayerWeightsDisplay:
    """The weights that lead to each unit of the first layer, as an image, where the inputs are pixels.

    Grey is 0 and all images share one scale: what is bright raises the unit, what is dark lowers it.

    Parameters
    ----------
    coefs : array-like of shape (n_features, n_units)
        Weights of the first layer, such as ``coefs_[0]``.
    image_shape : tuple of (int, int)
        Height and width of the images, whose pixels are the features, row by row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first panel.
    axes_ : list of matplotlib Axes
        A panel for each unit.
    figure_ : matplotlib Figure
        The figure.
    images_ : list of matplotlib AxesImage
        The image of each unit.
    colorbar_ : matplotlib Colorbar
        The scale.

    See Also
    --------
    NetworkDisplay : The diagram of a network.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknet import FirstLayerWeightsDisplay, MLPClassifierScratch
    >>> X, y = load_digits(return_X_y=True)
    >>> net = MLPClassifierScratch(depth=1, width=6, solver="lbfgs", random_state=0).fit(X, y)
    >>> display = FirstLayerWeightsDisplay.from_estimator(net, image_shape=(8, 8))
    >>> len(display.images_)
    6
    """

    def __init__(self, coefs: Any, image_shape: tuple[int, int]) -> None:
        self.coefs = coefs
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, image_shape: tuple[int, int], max_units: int = 25, cmap: Any = "gray", ax: Any = None
    ) -> FirstLayerWeightsDisplay:
        """Draw the first-layer weights of a fitted network.

        Parameters
        ----------
        estimator : MLPClassifierScratch or MLPRegressorScratch
            A fitted network; or a fitted Pipeline that ends in one, or a search over such. Where it standardizes its
            inputs, the weights are those for inputs in units of their standard deviations, so that pixels compare;
            ``FirstLayerWeightsDisplay(net.coefs_[0], image_shape).plot()`` shows those for raw inputs.
        image_shape : tuple of (int, int)
            Height and width of the images.
        max_units : int, default=25
            Show so many units at most, the first ones.
        cmap : str or matplotlib Colormap, default="gray"
            Colours, from negative to positive.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which is divided, or an Axes for each unit. None makes a new figure.

        Returns
        -------
        display : FirstLayerWeightsDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``image_shape`` does not have as many pixels as the network has inputs, or weights alone do not tell what
            the first layer computes (layer normalization, categories, missing values).
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        weights = comparable_weights(network_estimator(estimator, cls.__name__))
        if weights is None:
            raise ValueError(
                f"{cls.__name__} needs `coefs_`, which a network with layer normalization, an embedding, categories or "
                "missing values has not."
            )
        return cls(weights[0], image_shape).plot(max_units=max_units, cmap=cmap, ax=ax)

    def plot(self, *, max_units: int = 25, cmap: Any = "gray", ax: Any = None) -> FirstLayerWeightsDisplay:
        """Draw the images.

        Parameters
        ----------
        max_units : int, default=25
            Show so many units at most, the first ones.
        cmap : str or matplotlib Colormap, default="gray"
            Colours, from negative to positive.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: an Axes, which is divided, or an Axes for each unit. None makes a new figure.

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
        W = _checked(self.coefs, self.image_shape)
        if not isinstance(max_units, Integral) or max_units < 1:
            raise ValueError(f"`max_units` must be an integer of at least 1, got {max_units!r}.")
        n = min(W.shape[1], max_units)
        n_cols = math.ceil(math.sqrt(n))
        size = 1.1 * n_cols + 1.0, 1.25 * math.ceil(n / n_cols) + 0.5
        self.axes_, self.figure_ = panels(ax, n, n_cols, size, space=0.3)
        self.ax_ = self.axes_[0]
        limit = float(np.abs(W[:, :n]).max()) or 1.0
        self.images_ = []
        for i, panel in enumerate(self.axes_):
            image = W[:, i].reshape(self.image_shape)
            self.images_.append(panel.imshow(image, cmap=cmap, vmin=-limit, vmax=limit, interpolation="nearest"))
            panel.set(xticks=[], yticks=[])
            panel.set_title(f"unit {i}", fontsize=8, pad=3)
        words = "weight" if n == W.shape[1] else f"weight (the first {n} of {W.shape[1]} units)"
        self.colorbar_ = self.figure_.colorbar(self.images_[0], ax=self.axes_, label=words, shrink=0.8)
        return self


def _checked(coefs: Any, image_shape: Any) -> np.ndarray:
    W = np.asarray(coefs)
    if W.ndim != 2:
        raise ValueError(f"`coefs` must be of shape (n_features, n_units), got {W.shape}.")
    if np.shape(image_shape) != (2,) or not all(isinstance(side, Integral) and side > 0 for side in image_shape):
        raise ValueError(f"`image_shape` must be a height and a width in pixels, got {image_shape!r}.")
    if math.prod(image_shape) != len(W):
        raise ValueError(
            f"`image_shape` must have as many pixels as there are inputs, {len(W)}, got {image_shape[0]} x "
            f"{image_shape[1]} = {math.prod(image_shape)}."
        )
    return W
