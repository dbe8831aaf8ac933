"""Export: converts a fitted network to ONNX or to scikit-learn's own estimator, and lists its types for skops.

`onnx` converts to ONNX: `converters` is called by skl2onnx, `codes` converts columns of X, `graph` converts layers and
activations, and `verification` compares the result with the estimator. `sklearn` makes an ``MLPClassifier`` or
``MLPRegressor``. `skops` lists the classes that a file of skops may hold.
"""

from .onnx import register_onnx_converters, to_onnx
from .sklearn import to_sklearn
from .skops import trusted_types

__all__ = ["register_onnx_converters", "to_onnx", "to_sklearn", "trusted_types"]
