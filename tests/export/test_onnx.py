"""Export of estimators in pipelines and other meta-estimators, and the inputs of exported models."""

import sys

import numpy as np
import pytest
from serving import CLASSIFICATIONS, FLOATS, SMALL, X32, X, assert_served, serve, serve_columns
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingRegressor, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch
from sknet.export import register_onnx_converters, to_onnx

onnx = pytest.importorskip("onnx")
skl2onnx = pytest.importorskip("skl2onnx")
pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLF, REG = MLPClassifierScratch(**SMALL), MLPRegressorScratch(**SMALL)
LABELS, Y = CLASSIFICATIONS["strings"], X[:, 0] * X[:, 1]

COMPOSITIONS = {
    "scaler": (make_pipeline(StandardScaler(), CLF), LABELS),
    "scaler and regressor": (make_pipeline(StandardScaler(), REG), Y),
    "multilabel": (make_pipeline(StandardScaler(), CLF), CLASSIFICATIONS["multilabel"]),
    "several targets": (make_pipeline(StandardScaler(), CLF), CLASSIFICATIONS["several targets"]),
    "columns by number": (
        make_pipeline(ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", "passthrough", [3])]), CLF),
        LABELS,
    ),
    "hidden layer": (make_pipeline(HiddenLayerTransformer(CLF), LogisticRegression()), LABELS),
    "union": (make_pipeline(make_union(HiddenLayerTransformer(REG), StandardScaler()), REG), Y),
    "search": (GridSearchCV(CLF, {"depth": [0, 1]}, cv=2), LABELS),
    "search of a pipeline": (GridSearchCV(make_pipeline(StandardScaler(), REG), {}, cv=2), Y),
    "search in a pipeline": (make_pipeline(StandardScaler(), GridSearchCV(CLF, {}, cv=2)), LABELS),
    "bagging": (BaggingRegressor(REG, n_estimators=2, random_state=0), Y),
    "stacking": (StackingClassifier([("net", CLF), ("linear", LogisticRegression())]), LABELS),
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_pipelines_and_searches(name):
    model, y = COMPOSITIONS[name]
    assert_served(clone(model).fit(X, y))


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_graph_is_valid(dtype):
    model = to_onnx(make_pipeline(StandardScaler(), CLF).fit(X, LABELS), dtype=dtype)
    onnx.checker.check_model(model, full_check=True)
    expected = onnx.TensorProto.FLOAT if dtype == "float32" else onnx.TensorProto.DOUBLE
    assert model.graph.input[0].type.tensor_type.elem_type == expected
    assert model.graph.output[1].type.tensor_type.elem_type == expected


@pytest.fixture
def frame():
    rng = np.random.default_rng(1)
    columns = {"age": X[:, 0], "visits": rng.integers(0, 50, 120), "city": rng.choice(["x", "yy", "z"], 120)}
    frame = pd.DataFrame(columns | {"code": rng.integers(0, 3, 120), "flag": X[:, 2] > -1, "gap": X[:, 3]})
    frame.loc[::7, "gap"] = np.nan
    return frame


def preprocessing():
    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "visits"]),
            ("categories", OneHotEncoder(), ["city", "code"]),
            ("gap", make_pipeline(SimpleImputer(), StandardScaler()), ["gap"]),
            ("flag", "passthrough", ["flag"]),
        ]
    )


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_a_frame_of_numbers_and_strings(frame, container):
    model = Pipeline([("columns", preprocessing()), ("net", CLF)]).fit(frame, LABELS)
    if container == "polars":
        frame_of = pytest.importorskip("polars").DataFrame({name: frame[name].tolist() for name in frame})
    else:
        frame_of = frame
    exported = to_onnx(model, frame_of)
    found = serve_columns(exported, frame)
    np.testing.assert_array_equal(found["label"], model.predict(frame))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(frame), atol=1e-5)
    types = {i.name: onnx.TensorProto.DataType.Name(i.type.tensor_type.elem_type) for i in exported.graph.input}
    assert types == {
        "age": "FLOAT", "visits": "INT64", "city": "STRING", "code": "INT64", "flag": "FLOAT", "gap": "FLOAT",
    }  # fmt: skip


def test_a_frame_of_numbers_without_a_pipeline(frame):
    numbers = frame[["age", "visits", "flag"]]
    model = MLPRegressorScratch(**SMALL).fit(numbers, Y)
    found = serve_columns(to_onnx(model, numbers), numbers)["variable"].ravel()
    np.testing.assert_allclose(found, model.predict(numbers), atol=1e-5 * np.abs(Y).max())
    rows = numbers.to_numpy(np.float32)
    np.testing.assert_allclose(serve(to_onnx(model), {"X": rows})["variable"].ravel(), found, rtol=1e-6, atol=1e-4)


def test_columns_with_names_need_rows(frame):
    model = make_pipeline(StandardScaler(), CLF).fit(frame[["age", "visits"]], LABELS)
    with pytest.raises(ValueError, match="Pipeline was fitted on columns with names: pass some rows, X=frame"):
        to_onnx(model)
    rows = frame[["age", "visits"]].to_numpy(np.float32)
    found = serve(to_onnx(model, rows), {"X": rows})
    np.testing.assert_array_equal(found["label"], model.predict(frame[["age", "visits"]]))


def test_dates_are_an_error(frame):
    model = make_pipeline(preprocessing(), CLF).fit(frame, LABELS)
    with pytest.raises(ValueError, match="must hold numbers or strings to be exported, got 'day' of datetime"):
        to_onnx(model, frame.assign(day=pd.Timestamp("2026-01-01")))


def test_options_of_a_step():
    model = Pipeline([("scale", StandardScaler()), ("net", CLF)]).fit(X, LABELS)
    found = serve(to_onnx(model, options={"net__raw_scores": True}), {"X": X32})["probabilities"]
    np.testing.assert_allclose(found, model.decision_function(X32), rtol=1e-4, atol=1e-4)
    by_identity = to_onnx(model, options={id(model[-1]): {"raw_scores": True, "zipmap": False}})
    np.testing.assert_array_equal(serve(by_identity, {"X": X32})["probabilities"], found)


def test_calling_skl2onnx_directly():
    register_onnx_converters()
    register_onnx_converters()  # twice is no error
    model = make_pipeline(StandardScaler(), CLF).fit(X, LABELS)
    found = serve(skl2onnx.to_onnx(model, X32[:1], options={"zipmap": False}), {"X": X32})
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(X32), atol=1e-5)
    types = [("rows", skl2onnx.common.data_types.FloatTensorType([None, 4]))]
    found = serve(skl2onnx.convert_sklearn(model, initial_types=types), {"rows": X32})
    assert set(found["output_probability"][0]) == {"a", "bb", "ccc"}  # the default of skl2onnx


def test_an_export_does_not_change_the_model():
    net = MLPRegressorScratch(**SMALL).fit(X, Y)
    before = net.predict(X)
    assert to_onnx(net).SerializeToString() == to_onnx(net).SerializeToString()
    np.testing.assert_array_equal(net.predict(X), before)


@pytest.mark.parametrize("dtype", ["float16", "int64"])
def test_other_dtypes_are_an_error(dtype):
    with pytest.raises(ValueError, match=f"`dtype` must be float32 or float64, got {dtype}"):
        to_onnx(MLPRegressorScratch(**SMALL).fit(X, Y), dtype=dtype)


def test_an_unfitted_model_is_an_error():
    with pytest.raises(NotFittedError):
        to_onnx(MLPClassifierScratch())


def test_without_skl2onnx_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    net = MLPRegressorScratch(**SMALL).fit(X, Y)
    for export in (register_onnx_converters, lambda: to_onnx(net)):
        with pytest.raises(ImportError, match=r'pip install -e "\.\[onnx\]"'):
            export()
