"""Exported models treat known levels, unknown levels and missing values as the estimators do."""

import numpy as np
import pandas as pd
import pytest
from frames import labels_for, mixed_frame, numbers_for
from numpy.testing import assert_allclose, assert_array_equal
from serving import TABLES, onnxruntime, serve, serve_columns
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch
from sknet.export import to_onnx

onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.filterwarnings("ignore:X has missing values in")

QUICK = {"width": 8, "max_iter": 10, "batch_size": 32, "random_state": 0, "learning_rate_init": 0.01}
FLOATS = pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-9)])


@pytest.fixture(scope="module")
def new():
    """Return rows with new levels and with missing values, also in columns that had none in training."""
    frame = mixed_frame(seed=4).astype({"plan": object, "zone": float, "active": float, "visits": float})
    frame.loc[:5, "plan"] = "new"
    frame.loc[6:9, "plan"] = None
    frame.loc[3:7, "zone"] = [77.5, 4.0, -1.0, 1e30, -1e18]
    frame.loc[8:20, ["zone", "visits"]] = np.nan
    frame.loc[18:22, "active"] = np.nan
    return frame


def as_served(frame):
    text = [name for name in frame if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].where(frame[name].notna(), "") for name in text})


def types_of(model):
    return [onnx.TensorProto.DataType.Name(i.type.tensor_type.elem_type) for i in model.graph.input]


@FLOATS
@pytest.mark.parametrize("more", [{}, {"standardize": "robust"}, {"embedding": "periodic"}, {"standardize": False},
                                  {"normalization": "layer"}, {"normalization": "batch"}, {"depth": 0},
                                  TABLES])  # fmt: skip
def test_the_graph_contains_levels_and_missing_values(new, more, dtype, tolerance):
    frame = mixed_frame()
    net = MLPClassifierScratch(**QUICK | more).fit(frame, labels_for(frame))
    model = to_onnx(net, dtype=dtype)
    onnx.checker.check_model(model, full_check=True)
    number = "FLOAT" if dtype == "float32" else "DOUBLE"
    assert types_of(model) == [number, "STRING", *[number] * 3]
    found = serve_columns(model, as_served(new))
    assert_allclose(found["probabilities"], net.predict_proba(new), atol=tolerance)
    assert_array_equal(found["label"], net.predict(new))


@FLOATS
@pytest.mark.parametrize("seed", range(3))
def test_levels_with_learned_vectors(seed, dtype, tolerance):
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, 60, 1500)
    frame = pd.DataFrame({"shop": [f"shop {i}" for i in shop], "x": rng.normal(size=1500), "few": shop % 3 > 0})
    # ONNX Runtime has an error function, and so GELU, in float32 only.
    reg = MLPRegressorScratch(dtype="float64", activation="relu", **QUICK)
    reg.fit(frame, rng.normal(size=60)[shop] + frame["x"])
    assert reg._network.layers[0].lengths[0] < 60
    new = frame.assign(shop=np.where(rng.random(1500) < 0.2, "no shop", frame["shop"]))
    found = serve_columns(to_onnx(reg, dtype=dtype), new)["variable"].ravel()
    assert_allclose(found, reg.predict(new), atol=20 * tolerance)


def fitted(values, **more):
    """Return a regressor fitted to one categorical column and columns of numbers, and these numbers."""
    frame = pd.DataFrame({"c": values, "x": np.linspace(-1.0, 1.0, len(values))})
    y = pd.factorize(frame["c"])[0] + frame["x"].to_numpy()
    return frame, MLPRegressorScratch(categorical_features=["c"], **QUICK | {"max_iter": 40} | more).fit(frame, y)


COLUMNS = {
    "text": (["a", "ä", "日本"] * 20, ["ä", "", "other", "日本"], "STRING"),
    "text with gaps": (["a", "b", None] * 20, ["b", "", "nan", "None", "other"], "STRING"),
    "an empty string is a level": (["a", "", "b"] * 20, ["b", "", "a", "other"], "STRING"),
    "text and integers": (pd.Series(["a", 3, 4.5] * 20, dtype=object), ["a", "3", "4.5", "3.0"], "STRING"),
    "integers": ([7, -300, 2**40] * 20, [7, 2**40, 8, -300, 0], "INT64"),
    "fractions": ([0.1, 0.25, 1e30] * 20, [0.25, 0.1, 0.3, np.nan, 1e30], "DOUBLE"),
    "integers with gaps": ([7.0, np.nan, 11.0] * 20, [7.0, np.nan, 11.0, 7.5], "DOUBLE"),
    "booleans": ([True, False] * 30, [1.0, 0.0, np.nan, 5.0], "DOUBLE"),
    "booleans with gaps": (pd.Series([True, False, None] * 20, dtype=object), [1.0, np.nan, 0.0], "DOUBLE"),
    "nothing but gaps": ([None] * 60, [np.nan, 3.0], "DOUBLE"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_every_type(name):
    values, new, kind = COLUMNS[name]
    frame, reg = fitted(values)
    model = to_onnx(reg, frame, dtype="float64")
    assert types_of(model) == [kind, "DOUBLE"]
    rows = pd.DataFrame(
        {"c": pd.Series(new, dtype=object if kind == "STRING" else None), "x": np.arange(len(new)) / 10}
    )
    found = serve_columns(model, rows)["variable"].ravel()
    gaps = {"", "nan", "None"} - ({""} if "level" in name else set())
    with_none = rows.assign(c=[None if isinstance(v, str) and v in gaps else v for v in rows["c"]])
    assert_allclose(found, reg.predict(with_none), atol=1e-9)


@pytest.mark.parametrize("opset", [11, 13, 17, 21])
def test_older_operators(new, opset):
    frame = mixed_frame()
    reg = MLPRegressorScratch(**QUICK).fit(frame, numbers_for(frame))
    found = serve_columns(to_onnx(reg, target_opset=opset), as_served(new))["variable"].ravel()
    assert_allclose(found, reg.predict(new), atol=1e-4)


@FLOATS
def test_an_array_of_numbers_is_one_input(dtype, tolerance):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=200), rng.integers(0, 5, 200), rng.normal(size=200)])
    y = X[:, 1] ** 2 + X[:, 0]
    X[::9, 2] = np.nan
    reg = MLPRegressorScratch(categorical_features=[1], **QUICK).fit(X, y)
    X[:3, 1] = [99.0, np.nan, 2.5]
    X[:2, 0] = np.nan
    found = serve(to_onnx(reg, dtype=dtype), {"X": X.astype(dtype)})["variable"].ravel()
    assert_allclose(found, reg.predict(X), atol=20 * tolerance)
    scaled = make_pipeline(StandardScaler(), MLPRegressorScratch(categorical_features=[1], **QUICK))
    scaled.fit(X[3:], y[3:])
    assert len(scaled[-1]._state.categories.levels[0]) == 5
    found = serve(to_onnx(scaled, dtype="float64"), {"X": X})["variable"].ravel()
    assert_allclose(found, scaled.predict(X), atol=1e-9)


def test_an_array_of_objects_is_an_input_for_each_column(new):
    frame = mixed_frame()
    X = frame.to_numpy(dtype=object)
    reg = MLPRegressorScratch(categorical_features=[1, 2, 3], **QUICK).fit(X, numbers_for(frame))
    model = to_onnx(reg)
    renamed = as_served(new).set_axis([f"x{j}" for j in range(5)], axis=1)
    expected = reg.predict(new.to_numpy(dtype=object))
    assert_allclose(serve_columns(model, renamed)["variable"].ravel(), expected, atol=1e-4)


def test_missing_values_in_arrays_without_categories():
    X = np.random.default_rng(0).normal(2.0, 1.0, (200, 3))
    y = X[:, 0].copy()
    X[::5, 0] = np.nan
    for more in ({}, {"standardize": "robust"}, {"embedding": "periodic"}):
        reg = MLPRegressorScratch(**QUICK | more).fit(X, y)
        X[1, 1] = np.nan  # this column had no missing values in training
        found = serve(to_onnx(reg, dtype="float64"), {"X": X})["variable"].ravel()
        assert_allclose(found, reg.predict(X), atol=1e-9)
        X[1, 1] = 0.0


def test_categories_alone_hidden_layers_and_searches(new):
    frame, text = mixed_frame(), mixed_frame()[["plan", "zone"]]
    y = labels_for(frame)
    clf = MLPClassifierScratch(**QUICK).fit(text, y)
    found = serve_columns(to_onnx(clf), as_served(new[["plan", "zone"]]))
    assert_allclose(found["probabilities"], clf.predict_proba(new[["plan", "zone"]]), atol=1e-5)
    hidden = HiddenLayerTransformer(MLPClassifierScratch(**QUICK)).fit(frame, y)
    assert_allclose(serve_columns(to_onnx(hidden), as_served(new))["variable"], hidden.transform(new), atol=1e-4)
    search = GridSearchCV(MLPClassifierScratch(**QUICK), {"depth": [1]}, cv=2).fit(frame, y)
    found = serve_columns(to_onnx(search), as_served(new))
    assert_allclose(found["probabilities"], search.predict_proba(new), atol=1e-5)


def test_levels_that_cannot_be_told_apart_are_an_error():
    _, close = fitted([0.1, 0.1 + 1e-12, 0.3] * 20)
    for dtype, what in (("float32", "as float32, but some are equal. Export with dtype='float64'"),
                        ("float64", "as float32, but some are equal. Turn them into text")):  # fmt: skip
        with pytest.raises(ValueError, match=f"Levels of column c must differ {what}"):
            to_onnx(close, dtype=dtype)
    _, large = fitted([2**40, 2**40 + 1, 3] * 20)
    with pytest.raises(ValueError, match=r"must differ as float32, but some are equal. Export with dtype='float64'"):
        to_onnx(large)
    rows = {"c": np.array([[2**40 + 1.0], [2.0**40]]), "x": np.zeros((2, 1))}
    served = serve(to_onnx(large, pd.DataFrame({"c": [0.5], "x": [0.5]}), dtype="float64"), rows)["variable"].ravel()
    assert_allclose(served, large.predict(pd.DataFrame({"c": [2**40 + 1, 2**40], "x": 0.0})), atol=1e-9)


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (["a", "b", "c"] * 20, "FloatTensorType", "Column c must be strings or integers, because its levels are text"),
        ([1, 2, 3] * 20, "StringTensorType", "Column c must be numbers, because its levels are numbers, got strings"),
    ],
)
def test_inputs_of_another_type_than_the_levels_are_an_error(values, kind, message):
    skl2onnx = pytest.importorskip("skl2onnx")
    from sknet.export import register_onnx_converters

    register_onnx_converters()
    types = skl2onnx.common.data_types
    _, reg = fitted(values)
    given = [("c", getattr(types, kind)([None, 1])), ("x", types.FloatTensorType([None, 1]))]
    with pytest.raises(ValueError, match=message):
        skl2onnx.convert_sklearn(reg, initial_types=given)


def test_integer_inputs_for_levels_that_are_text():
    skl2onnx = pytest.importorskip("skl2onnx")
    types = skl2onnx.common.data_types
    _, reg = fitted(pd.Series(["a", 3, 4] * 20, dtype=object))
    given = [("c", types.Int64TensorType([None, 1])), ("x", types.FloatTensorType([None, 1]))]
    model = skl2onnx.convert_sklearn(reg, initial_types=given)
    found = serve(model, {"c": np.array([[3], [4], [5]]), "x": np.zeros((3, 1), np.float32)})["variable"].ravel()
    assert_allclose(found, reg.predict(pd.DataFrame({"c": [3, 4, 5], "x": 0.0})), atol=1e-4)


def test_onnx_runtime_writes_missing_strings_as_the_graph_expects():
    _, reg = fitted(["a", "b", None] * 20)
    session = onnxruntime.InferenceSession(to_onnx(reg, dtype="float64").SerializeToString())
    c = np.array([["a"], [None], [np.nan], [""]], dtype=object)
    found = session.run(None, {"c": c, "x": np.zeros((4, 1))})[0].ravel()
    assert_allclose(found[1:], found[1])
    assert abs(found[0] - found[1]) > 0.1
