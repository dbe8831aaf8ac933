"""Multi-layer perceptrons for scikit-learn, from scratch in NumPy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import presets, schedules
from .classifier import MLPClassifierScratch
from .core import ACTIVATIONS, Activation, collapse_linear
from .files import FileFormatError, load, save
from .persistence import Checkpoint
from .regressor import MLPRegressorScratch
from .transformer import HiddenLayerTransformer

if TYPE_CHECKING:
    from . import export
    from .displays import ActivationDisplay, FirstLayerWeightsDisplay, LossCurveDisplay, NetworkDisplay

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "ActivationDisplay",
    "Checkpoint",
    "FileFormatError",
    "FirstLayerWeightsDisplay",
    "HiddenLayerTransformer",
    "LossCurveDisplay",
    "MLPClassifierScratch",
    "MLPRegressorScratch",
    "NetworkDisplay",
    "__version__",
    "collapse_linear",
    "export",
    "load",
    "presets",
    "save",
    "schedules",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import displays and exports when they are first used, because few programs need them."""
    if name == "export":
        return import_module(".export", __name__)
    if name in __all__:
        return getattr(import_module(".displays", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
