"""Multi-layer perceptrons for scikit-learn, from scratch in NumPy."""

from . import presets, schedules
from .classifier import MLPClassifierScratch
from .core.activations import ACTIVATIONS, Activation
from .core.collapse import collapse_linear
from .regressor import MLPRegressorScratch
from .transformer import HiddenLayerTransformer

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "HiddenLayerTransformer",
    "MLPClassifierScratch",
    "MLPRegressorScratch",
    "__version__",
    "collapse_linear",
    "presets",
    "schedules",
]
__version__ = "0.1.0"
