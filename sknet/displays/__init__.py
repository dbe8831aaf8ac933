"""Displays: pictures of networks, in the manner of scikit-learn's; matplotlib is imported when one is drawn."""

from .activation import ActivationDisplay
from .diagram import NetworkDisplay
from .first_layer import FirstLayerWeightsDisplay
from .loss_curve import LossCurveDisplay

__all__ = ["ActivationDisplay", "FirstLayerWeightsDisplay", "LossCurveDisplay", "NetworkDisplay"]
