"""Small fitted networks of every kind, and functions that run exported models in ONNX Runtime."""

import numpy as np
import pytest

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

from sknet.export import to_onnx  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 5.0, -1.0, 100.0]
X32 = X.astype(np.float32)
FLOATS = {"float32": (X32, 1e-5), "float64": (X, 1e-9)}
SMALL = {"depth": 2, "width": 6, "max_iter": 25, "batch_size": 20, "learning_rate_init": 0.02, "random_state": 0}
# The default settings for tables, for data of fewer rows.
TABLES = {"n_members": 3, "embedding": "piecewise_linear", "standardize": "robust", "averaging": 0.9,
          "early_stopping": True}  # fmt: skip

_CODES = np.digitize(X[:, 0], [-1.0, 1.0])
_OTHERS = np.digitize(X[:, 1], [0.0, 5.0, 10.0])
CLASSIFICATIONS = {
    "binary": _CODES > 0,
    "two floats": (_CODES > 0) * 1.0,
    "two strings": np.array(["no", "yes"])[(_CODES > 0) * 1],
    "two objects": np.array(["no", "ÿ"], dtype=object)[(_CODES > 0) * 1],
    "multiclass": _CODES * 10 - 10,
    "small integers": _CODES.astype(np.int8),
    "strings": np.array(["a", "bb", "ccc"])[_CODES],
    "one class": np.full(120, 7),
    "one string": np.full(120, "only"),
    "multilabel": (X > [0.0, 5.0, -1.0, 100.0]).astype(int),
    "two labels": (X[:, :2] > [0.0, 5.0]).astype(int),
    "several targets": np.column_stack([_CODES, _OTHERS]),
    "several targets of strings": np.array(["a", "bb", "ccc", "d"])[np.column_stack([_CODES, _OTHERS])],
}
Y = np.column_stack([X[:, 0], X[:, 1] * X[:, 3], np.sin(X[:, 0])])
_POSITIVE = np.exp(X[:, :2] * [1.0, 0.05])
REGRESSIONS = {
    "one output": ({"loss": "squared_error"}, Y[:, 1]),
    "several outputs": ({"loss": "squared_error"}, Y),
    "absolute error": ({"loss": "absolute_error"}, Y[:, 0]),
    "huber": ({"loss": "huber"}, Y),
    "poisson": ({"loss": "poisson"}, np.rint(_POSITIVE[:, 0])),
    "gamma": ({"loss": "gamma"}, _POSITIVE),
    "one quantile": ({"loss": "quantile", "quantile": 0.8}, Y[:, :2]),
    "quantiles": ({"loss": "quantile", "quantile": (0.1, 0.45, 0.5, 0.55, 0.9)}, Y[:, 0]),
}


def serve(onnx_model, inputs):
    """Return the outputs that ONNX Runtime computes, by name."""
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def serve_columns(onnx_model, frame):
    """Return the outputs for a frame. Each column is an input, converted to the type that the model declares."""
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), providers=["CPUExecutionProvider"])
    columns = {i.name: np.asarray(frame[i.name]).astype(types.get(i.type, object)) for i in session.get_inputs()}
    return serve(onnx_model, {name: column[:, None] for name, column in columns.items()})


def assert_served(model, inputs=X32, tolerance=1e-5, **parameters):
    """Check that the exported model returns the estimator's labels and probabilities, or its predictions."""
    outputs = serve(to_onnx(model, **parameters), {"X": inputs})
    if "variable" in outputs:
        predicted = model.predict(inputs) if hasattr(model, "predict") else model.transform(inputs)
        scale = np.abs(predicted).max()
        np.testing.assert_allclose(outputs["variable"], predicted.reshape(len(inputs), -1), atol=tolerance * scale)
        assert outputs["variable"].dtype == inputs.dtype
        return
    predicted = model.predict(inputs)
    np.testing.assert_array_equal(outputs["label"], predicted)
    assert outputs["label"].shape == predicted.shape
    assert outputs["label"].dtype == (np.int64 if predicted.dtype.kind in "biuf" else object)
    found, probabilities = outputs["probabilities"], model.predict_proba(inputs)
    if isinstance(probabilities, np.ndarray):
        found, probabilities = [found], [probabilities]
    for own, right in zip(found, probabilities, strict=True):
        np.testing.assert_allclose(own, right, rtol=0.0, atol=tolerance)
        assert own.shape == right.shape
        assert own.dtype == inputs.dtype
