"""Export: a fitted network as ONNX, as scikit-learn's own estimator, or in a file that skops checks."""

from .onnx import register_onnx_converters, to_onnx
from .sklearn import to_sklearn
from .skops import trusted_types

__all__ = ["register_onnx_converters", "to_onnx", "to_sklearn", "trusted_types"]
