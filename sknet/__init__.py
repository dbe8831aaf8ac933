"""Multi-layer perceptrons for scikit-learn, from scratch in NumPy."""

from . import schedules
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
    "schedules",
]
__version__ = "0.1.0"
