"""Multi-layer perceptrons for scikit-learn, from scratch in NumPy."""

from .classifier import MLPClassifierScratch
from .core.activations import ACTIVATIONS, Activation
from .core.collapse import collapse_linear
from .regressor import MLPRegressorScratch

__all__ = ["ACTIVATIONS", "Activation", "MLPClassifierScratch", "MLPRegressorScratch", "__version__", "collapse_linear"]
__version__ = "0.1.0"
