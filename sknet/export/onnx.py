"""ONNX: converts fitted estimators, alone or in a pipeline, to models that run without Python, as in ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ..classifier import MLPClassifierScratch
from ..preprocessing import Columns
from ..regressor import MLPRegressorScratch
from ..transformer import HiddenLayerTransformer
from .converters import (
    CLASSIFIER_OPTIONS,
    convert_classifier,
    convert_hidden_layer,
    convert_regressor,
    labels_and_numbers,
    numbers,
    parse_classifier,
)
from .verification import can_verify, check_convertible, verify

_OURS = (MLPClassifierScratch, MLPRegressorScratch, HiddenLayerTransformer)


def to_onnx(model: Any, X: Any = None, *, dtype: Any = "float32", target_opset: Any = None, options: Any = None) -> Any:
    """Convert a fitted estimator, or a pipeline that contains one, to ONNX.

    The result has one input, ``"X"`` of shape (n, n_features) for any n, or one for each column of a data frame. The
    outputs of a classifier are ``"label"`` (what `predict` returns) and ``"probabilities"`` (what `predict_proba`
    returns; a sequence of arrays for several multiclass targets). The output of a regressor is ``"variable"`` of shape
    (n, n_outputs). The model includes standardization, batch normalization and the levels of categories. A network
    with text levels has one input for each column, called ``x0``, ``x1``, ... if the columns have no names. A missing
    value is NaN in numbers, and an empty string in text, unless the empty string is a level.

    Parameters
    ----------
    model : estimator
        A fitted `MLPClassifierScratch`, `MLPRegressorScratch` or `HiddenLayerTransformer`, or a `Pipeline`,
        `GridSearchCV` or other meta-estimator around one, if skl2onnx converts its other parts.
    X : array or data frame of shape (n_samples, n_features), default=None
        Rows like those that the model will get; one row is enough. They are needed if columns have names, as for a
        `ColumnTransformer`: each column then becomes an input of its own, of shape (n, 1). None stands for an array of
        numbers, or for the columns of a network with text levels. If onnxruntime is installed, the converted model is
        run on these rows and compared with ``model``, so pass typical rows.
    dtype : {"float32", "float64"}, default="float32"
        Type of the numbers in inputs, outputs and the computation. If all columns are integers or text, it is float32.
    target_opset : int or dict, default=None
        Newest version of ONNX operators that the model may use; None is the newest that skl2onnx is tested with.
    options : dict, default=None
        Options of skl2onnx: ``"raw_scores"`` returns the values of `decision_function` instead of probabilities (two
        columns for two classes); ``"zipmap"``, by default False, returns a list of dictionaries;
        ``"output_class_labels"`` adds the classes as an output; ``"nocl"`` returns class numbers instead of labels. In
        a pipeline, prefix the name of the step: ``"step__raw_scores"``.

    Returns
    -------
    onnx_model : onnx.ModelProto
        ``onnx_model.SerializeToString()`` returns the bytes to write to a file.

    Raises
    ------
    ValueError
        If the network cannot be expressed in ONNX: an activation of your own, labels that are neither numbers nor
        strings, levels that are equal in ``dtype``. If the converted model fails on the rows of X, or returns something
        else than ``model``; the message has the largest difference. If the converted model cannot be run, and
        ``model`` has a step that skl2onnx is known to convert wrongly.
    ImportError
        If skl2onnx is not installed.

    See Also
    --------
    register_onnx_converters : Needed before skl2onnx's own functions are called.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet import MLPClassifierScratch
    >>> from sknet.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = MLPClassifierScratch(depth=1, width=8, alpha=1.0, solver="lbfgs", random_state=0).fit(X, y)
    >>> onnx_model = to_onnx(clf)  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession(onnx_model.SerializeToString())  # doctest: +SKIP
    >>> label, probabilities = session.run(None, {"X": X.astype("float32")})  # doctest: +SKIP
    """
    register_onnx_converters()
    import skl2onnx

    check_is_fitted(model)
    if is_classifier(model) and all(isinstance(key, str) for key in options or ()):
        options = {"zipmap": False, **(options or {})}
    types = _input_types(model, X, np.dtype(dtype))
    verified = can_verify(X)
    if not verified:
        check_convertible(model)
    onnx_model = skl2onnx.to_onnx(model, initial_types=types, target_opset=target_opset, options=options)
    if verified:
        verify(onnx_model, model, X, np.dtype(dtype), options if is_classifier(model) and options else {})
    return onnx_model


def register_onnx_converters() -> None:
    """Register the estimators of this package with skl2onnx.

    `to_onnx` calls it. Call it yourself, once, before ``skl2onnx.to_onnx`` or ``skl2onnx.convert_sklearn``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    Examples
    --------
    >>> from sknet.export import register_onnx_converters
    >>> register_onnx_converters()  # doctest: +SKIP
    >>> skl2onnx.to_onnx(pipeline, X[:1], options={"zipmap": False})  # doctest: +SKIP
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError as error:
        raise ImportError('export to ONNX needs skl2onnx: pip install -e ".[onnx]".') from error
    update_registered_converter(
        MLPClassifierScratch, "SknetMLPClassifier", labels_and_numbers, convert_classifier,
        parser=parse_classifier, options=CLASSIFIER_OPTIONS,
    )  # fmt: skip
    update_registered_converter(MLPRegressorScratch, "SknetMLPRegressor", numbers, convert_regressor)
    update_registered_converter(HiddenLayerTransformer, "SknetHiddenLayer", numbers, convert_hidden_layer)


def _input_types(model: Any, X: Any, dtype: np.dtype) -> list[tuple[str, Any]]:
    """Return names and types of the inputs, as skl2onnx expects them."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType

    if dtype not in (np.float32, np.float64):
        raise ValueError(f"`dtype` must be float32 or float64, got {dtype}.")
    number = FloatTensorType if dtype == np.float32 else DoubleTensorType
    types = {"number": number, "integer": Int64TensorType, "string": StringTensorType}
    kinds = {name: _kind(name, np.asarray(X[name])) for name in X.columns} if hasattr(X, "columns") else {}
    columns = _columns_of(model)
    if columns is not None:
        kinds = _kinds_of_columns(model, columns, kinds)
    if kinds:
        return [(name, types[kind]([None, 1])) for name, kind in kinds.items()]
    if X is None and not isinstance(model, _OURS) and hasattr(model, "feature_names_in_"):
        raise ValueError(
            f"{type(model).__name__} was fitted on columns with names: pass some rows, X=frame for one input for each "
            "column, or X=frame.to_numpy() for a single input."
        )
    return [("X", number([None, model.n_features_in_]))]


def _columns_of(model: Any) -> Columns | None:
    """Return the columns of X of a network or of a search over networks; None if no column is a category."""
    net = getattr(model, "best_estimator_", model)
    net = net.estimator_ if isinstance(net, HiddenLayerTransformer) else net
    return net._state.categories if isinstance(net, _OURS) else None


def _kinds_of_columns(model: Any, columns: Columns, given: dict[str, str]) -> dict[str, str]:
    """Return names and kinds of the columns of an X with categories; empty if X can be one matrix of numbers."""
    of_text = {
        j
        for j, levels in zip(columns.categorical, columns.levels, strict=True)
        if any(isinstance(v, str) for v in levels)
    }
    if not (of_text or given):
        return {}
    names = getattr(model, "feature_names_in_", [f"x{name}" for name in columns.names])
    return {name: "string" if j in of_text else given.get(name, "number") for j, name in enumerate(names)}


def _kind(name: str, column: np.ndarray) -> str:
    kind = column.dtype.kind
    if kind in "mMcV":
        raise ValueError(f"columns of X must hold numbers or strings to be exported, got {name!r} of {column.dtype}.")
    if kind in "iu":
        return "integer"
    return "string" if kind in "OUST" and any(isinstance(value, str) for value in column) else "number"
