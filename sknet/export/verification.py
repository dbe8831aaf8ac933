"""Verification: runs an ONNX model on rows in ONNX Runtime, and compares its outputs with those of the estimator."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.impute import SimpleImputer
from sklearn.utils import gen_batches

_TOLERANCE = {"float32": 1e-3, "float64": 1e-4}  # relative to the largest output; gelu is always in float32
_ROWS = 1000
_TYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object,
}  # fmt: skip


def check_convertible(model: Any) -> None:
    """Raise ValueError if ``model`` has a step that skl2onnx is known to convert wrongly."""
    for step in (model, *model.get_params(deep=True).values()):
        name = None
        if isinstance(step, SimpleImputer) and step.add_indicator:
            name, instead = "SimpleImputer(add_indicator=True)", "a FeatureUnion of SimpleImputer and MissingIndicator"
        elif isinstance(step, CalibratedClassifierCV) and step.method == "isotonic":
            name, instead = "CalibratedClassifierCV(method='isotonic')", "method='sigmoid'"
        if name is not None:
            raise ValueError(
                f"{name} is known to be converted wrongly by skl2onnx. Use {instead}; or install onnxruntime and pass "
                "rows as X, so that to_onnx can check the converted model."
            )


def can_verify(X: Any) -> bool:
    """Whether there are rows, and ONNX Runtime is installed to run the model on them."""
    if X is None or _n_rows(X) == 0:
        return False
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return False
    return True


def verify(onnx_model: Any, model: Any, X: Any, dtype: np.dtype, options: dict[str, Any]) -> None:
    """Raise ValueError if ``onnx_model`` fails on rows of ``X``, or its outputs differ from those of ``model``."""
    with _failures():
        session = _session(onnx_model)
    for chunk in gen_batches(_n_rows(X), _ROWS):
        rows, inputs = _rows(X, chunk, session.get_inputs(), dtype)
        with _failures():
            outputs = session.run(None, inputs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning that X is an array, not a frame, is expected
            _compare(outputs, model, rows, dtype, options)


def _n_rows(X: Any) -> int:
    return len(X) if hasattr(X, "columns") else np.shape(X)[0]


def _session(onnx_model: Any) -> Any:
    import onnxruntime

    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4  # this module reports failures itself
    return onnxruntime.InferenceSession(onnx_model.SerializeToString(), quiet, providers=["CPUExecutionProvider"])


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the exceptions of ONNX Runtime have no common class
        raise ValueError(
            f"The model that skl2onnx made fails in ONNX Runtime on the rows of X: {error} Replace the step that "
            "skl2onnx converts wrongly, or export only the network."
        ) from error


def _rows(X: Any, chunk: slice, inputs: list[Any], dtype: np.dtype) -> tuple[Any, dict[str, np.ndarray]]:
    """Return rows for the estimator, rounded to the dtypes of the ONNX inputs, and these inputs."""
    if not hasattr(X, "columns"):
        rows = X[chunk].toarray() if hasattr(X, "toarray") else np.asarray(X)[chunk]
        rows = rows.astype(dtype)
        return rows, {"X": rows}
    rows = X[chunk].copy() if hasattr(X, "loc") else X[chunk]
    columns = {}
    for node in inputs:
        column = np.asarray(rows[node.name]).astype(_TYPES[node.type])
        columns[node.name] = column[:, None]
        if hasattr(X, "loc") and column.dtype == np.float32 and rows[node.name].dtype == np.float64:
            rows[node.name] = column
    return rows, columns


def _compare(outputs: list[Any], model: Any, rows: Any, dtype: np.dtype, options: dict[str, Any]) -> None:
    found, expected = outputs[:1], [model.predict(rows) if hasattr(model, "predict") else model.transform(rows)]
    if is_classifier(model):
        found, expected = _probabilities(outputs, model, rows, options)
    for own, right in zip(found, expected, strict=True):
        own, right = np.asarray(own), right.toarray() if hasattr(right, "toarray") else np.asarray(right)
        if own.size != right.size:
            raise ValueError(_text(f"outputs of shape {own.shape} instead of {right.shape}"))
        right = right.reshape(own.shape).astype(np.float64)
        scale = max(np.abs(right[np.isfinite(right)]).max(initial=0.0), np.finfo(np.float64).tiny)
        same = (own == right) | (np.isnan(own) & np.isnan(right))
        with np.errstate(invalid="ignore"):
            difference = np.where(same, 0.0, np.abs(own - right))
        if not (difference <= _TOLERANCE[dtype.name] * scale).all():
            raise ValueError(_text(f"{np.nanmax(difference):.3g} at most, where the largest output is {scale:.3g}"))


def _probabilities(
    outputs: list[Any], model: Any, rows: Any, options: dict[str, Any]
) -> tuple[Iterable[Any], Iterable[Any]]:
    """Return the probabilities of both models; empty if options ask for other outputs, or if there are none."""
    plain = not any(value for name, value in options.items() if name.split("__")[-1] in ("raw_scores", "zipmap"))
    if not plain or not hasattr(model, "predict_proba"):
        return [], []
    expected = model.predict_proba(rows)
    several = isinstance(expected, list)
    return (outputs[1], expected) if several and isinstance(outputs[1], list) else ([outputs[1]], [np.array(expected)])


def _text(difference: str) -> str:
    return (
        f"The model that skl2onnx made does not agree with the estimator on the rows of X; it differs by {difference}. "
        "If X has numbers that are equal in float32, use dtype='float64'. Else replace the step that skl2onnx converts "
        "wrongly, or export only the network."
    )
