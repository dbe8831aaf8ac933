"""Displays: pictures of networks, used as scikit-learn's displays are; matplotlib is imported by the first drawing.

One file for each display: loss curves (`loss_curve`), layers and weights (`diagram`), activations (`activation`), the
first layer (`first_layer`). They share the network inside of an estimator (`subject`), its layers as columns of units
(`network_columns`), their places (`layout`), and axes and colours (`canvas`). A new display is a file here, with its
name in this list and in that of the package.
"""

from .activation import ActivationDisplay
from .diagram import NetworkDisplay
from .first_layer import FirstLayerWeightsDisplay
from .loss_curve import LossCurveDisplay

__all__ = ["ActivationDisplay", "FirstLayerWeightsDisplay", "LossCurveDisplay", "NetworkDisplay"]
