"""Export: a fitted network as ONNX, as scikit-learn's own estimator, or in a file that skops checks.

`onnx` converts, with `converters` for skl2onnx, `codes` for columns of X and `graph` for layers and activations;
`sklearn` makes an ``MLPClassifier`` or ``MLPRegressor``; `skops` lists the classes that a file of skops may hold.
"""

from .onnx import register_onnx_converters, to_onnx
from .sklearn import to_sklearn
from .skops import trusted_types

__all__ = ["register_onnx_converters", "to_onnx", "to_sklearn", "trusted_types"]
