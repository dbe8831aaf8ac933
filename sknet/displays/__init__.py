"""Displays: pictures of networks, used like scikit-learn's displays; the first drawing imports matplotlib.

Each display has a file: `loss_curve`, `diagram` (layers and weights), `activation`, and `first_layer`. The displays
share `subject`, which finds the network in an estimator; `network_columns`, which describes its layers as columns of
units; `layout`, which places units and text; and `canvas`, which has axes and colours. A new display is a new file,
with its name in `__all__` here and in the package.
"""

from .activation import ActivationDisplay
from .diagram import NetworkDisplay
from .first_layer import FirstLayerWeightsDisplay
from .loss_curve import LossCurveDisplay

__all__ = ["ActivationDisplay", "FirstLayerWeightsDisplay", "LossCurveDisplay", "NetworkDisplay"]
