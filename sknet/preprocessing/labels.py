"""Labels: converts labels that are Python objects, such as a column of a mixed frame, to plain arrays."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp

_MISSING = ("NoneType", "NAType", "NaTType")  # by name, because pandas may not be installed
_TRUTH, _WHOLE, _NUMBERS, _TEXT = "truth values", "whole numbers", "numbers", "text"


def plain_labels(y: Any, name: str = "y") -> Any:
    """Return labels that are Python objects as truth values, numbers or text, and all others as they are.

    Parameters
    ----------
    y : array-like
        Labels, of any shape.
    name : str, default="y"
        The name of the labels in error messages.

    Raises
    ------
    ValueError
        If labels are missing, have several types, or have a type that cannot be a label.
    """
    if y is None or sp.issparse(y):
        return y
    try:
        array = np.asarray(y)
    except ValueError:  # rows of different lengths: scikit-learn raises the error
        return y
    if isinstance(y, (list, tuple)) and array.dtype.kind == "U":
        array = np.asarray(y, dtype=object)  # NumPy turned NaN and numbers into text if there was any text
    if array.dtype.kind == "f":
        _check_none_missing(np.count_nonzero(np.isnan(array)), array, name)
    return _plain(array, name, y) if array.dtype.kind == "O" else y


def plain_classes(classes: Any) -> Any:
    """Apply `plain_labels` to ``classes``: all labels of y, or a list of them for each column of y."""
    if isinstance(classes, (list, tuple)) and any(np.ndim(own) > 0 for own in classes):
        return [plain_labels(own, f"classes[{i}]") for i, own in enumerate(classes)]
    return plain_labels(classes, "classes")


def which_is_positive(scoring: Any, y: np.ndarray, error: Exception) -> str:
    """Return the message for a scorer that raised ``error`` because it does not know the positive class."""
    labels = np.unique(y)
    last = labels[-1].item() if isinstance(labels[-1], np.generic) else labels[-1]
    return (
        f"`scoring={scoring!r}` must know which class is the positive one, got the labels {labels}: {error} Encode y "
        f"as 0 and 1, or pass a scorer that names this class, such as make_scorer(f1_score, pos_label={last!r})."
    )


def _plain(array: np.ndarray, name: str, y: Any) -> Any:
    values = array.ravel().tolist()
    types = set(map(type, values))
    if any(kind.__name__ in _MISSING or _is_inexact(kind) for kind in types):
        missing = sum(type(value).__name__ in _MISSING or _is_nan(value) for value in values)
        _check_none_missing(missing, array, name)
    if any(issubclass(kind, (list, tuple, set, dict, bytes, np.ndarray)) for kind in types):
        return y  # scikit-learn raises the error
    found = {_kind(kind) for kind in types}
    if found == {_WHOLE, _NUMBERS}:
        found = {_NUMBERS}
    if len(found) > 1 or not found <= {_TRUTH, _WHOLE, _NUMBERS, _TEXT}:
        raise ValueError(
            f"`{name}` must hold labels of one type, {_TRUTH}, {_WHOLE} or {_TEXT}, got an object array of "
            f"{' and '.join(sorted(found))}. Convert them, for example by `{name}.astype(str)`."
        )
    return y if found <= {_TEXT} else np.array(values).reshape(array.shape)


def _check_none_missing(n: int, array: np.ndarray, name: str) -> None:
    if n:
        raise ValueError(
            f"Input {name} contains NaN, None or NA: `{name}` must have no missing values, got {n} among {array.size} "
            "labels. Leave out these rows, or give missing labels a label of their own."
        )


def _is_inexact(kind: type) -> bool:
    return issubclass(kind, Real) and not issubclass(kind, Integral)


def _is_nan(value: Any) -> bool:
    return isinstance(value, Real) and bool(value != value)


def _kind(kind: type) -> str:
    if issubclass(kind, (bool, np.bool_)):
        return _TRUTH
    if issubclass(kind, Real):
        return _NUMBERS if _is_inexact(kind) else _WHOLE
    return _TEXT if issubclass(kind, str) else kind.__name__
