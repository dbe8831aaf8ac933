"""An exported model is run on the rows of X, and a failure or a difference raises an error."""

import sys

import numpy as np
import pytest
from serving import CLASSIFICATIONS, SMALL, X32, X, Y
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch
from sknet.export import to_onnx

pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CLF, REG = MLPClassifierScratch(**SMALL), MLPRegressorScratch(**SMALL)
LABELS = CLASSIFICATIONS["binary"]
GAPS = np.where(np.arange(120)[:, None] % 7 == 0, np.nan, X)


def indicators(net=CLF):
    return make_pipeline(SimpleImputer(add_indicator=True), net)


def isotonic():
    return CalibratedClassifierCV(CLF, method="isotonic", cv=2)


@pytest.fixture
def without_runtime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


def test_a_model_that_fails_is_an_error():
    with pytest.raises(ValueError, match=r"(?s)fails in ONNX Runtime on the rows of X: .*Replace the step"):
        to_onnx(indicators().fit(GAPS, LABELS), GAPS)


def test_a_model_that_disagrees_is_an_error_with_the_difference():
    with pytest.raises(ValueError, match=r"does not agree with the estimator.*differs by 0\.\d+ at most"):
        to_onnx(isotonic().fit(X, LABELS), X)


@pytest.mark.parametrize(
    ("net", "y"), [(CLF, LABELS), (CLF, CLASSIFICATIONS["strings"]), (CLF, CLASSIFICATIONS["several targets"]),
                   (CLF, CLASSIFICATIONS["multilabel"]), (REG, Y[:, 0]), (REG, Y)],
    ids=["binary", "strings", "several targets", "multilabel", "one output", "several outputs"],
)  # fmt: skip
def test_weights_that_change_during_the_conversion_are_detected(monkeypatch, net, y):
    """The comparison detects a wrong model of every kind."""
    import skl2onnx

    model = make_pipeline(StandardScaler(), net).fit(X, y)
    to_onnx(model, X)
    convert = skl2onnx.to_onnx

    def wrongly(*args, **parameters):
        converted = convert(*args, **parameters)
        model[-1].intercepts_[0] += 0.5
        return converted

    monkeypatch.setattr(skl2onnx, "to_onnx", wrongly)
    with pytest.raises(ValueError, match="does not agree"):
        to_onnx(model, X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", [None, {"raw_scores": True}, {"zipmap": True}, {"nocl": True}], ids=str)
def test_models_are_verified_with_any_options(dtype, options):
    model = MLPClassifierScratch(**SMALL).fit(X, CLASSIFICATIONS["multiclass"])
    if options == {"zipmap": True} and dtype == "float64":  # ONNX Runtime has zipmap for float32 only
        with pytest.raises(ValueError, match="fails in ONNX Runtime"):
            to_onnx(model, X, dtype=dtype, options=options)
        return
    assert to_onnx(model, X, dtype=dtype, options=options).graph.output


@pytest.mark.parametrize(
    "rows", [X, X32, X[:1], X[:0], X.tolist(), np.tile(X, (20, 1))], ids=lambda rows: f"{len(rows)}"
)
def test_rows_in_any_number(rows):
    for model in (REG, HiddenLayerTransformer(REG)):
        assert to_onnx(model.fit(X, Y), rows).graph.output


def test_frames():
    frame = pd.DataFrame({"a": X[:, 0], "b": np.arange(120) % 5, "c": np.array(["x", "y", "z"])[np.arange(120) % 3]})
    columns = ColumnTransformer([("n", StandardScaler(), ["a", "b"]), ("c", OneHotEncoder(), ["c"])])
    assert to_onnx(make_pipeline(columns, CLF).fit(frame, LABELS), frame).graph.output
    gaps = frame.assign(a=GAPS[:, 0])
    wrong = ColumnTransformer([("n", SimpleImputer(add_indicator=True), ["a"]), ("c", OneHotEncoder(), ["c"])])
    with pytest.raises(ValueError, match=r"fails in ONNX Runtime|does not agree"):
        to_onnx(make_pipeline(wrong, CLF).fit(gaps, LABELS), gaps)


@pytest.mark.parametrize(
    ("model", "y", "step"),
    [
        (indicators(), LABELS, r"SimpleImputer\(add_indicator=True\)"),
        (indicators(REG), Y, r"SimpleImputer\(add_indicator=True\)"),
        (GridSearchCV(indicators(), {}, cv=2), LABELS, r"SimpleImputer\(add_indicator=True\)"),
        (make_pipeline(ColumnTransformer([("a", indicators()[0], [0, 1])]), REG), Y, r"SimpleImputer\("),
        (make_pipeline(SimpleImputer(), isotonic()), LABELS, r"CalibratedClassifierCV\(method='isotonic'\)"),
    ],
)
def test_steps_known_to_be_converted_wrongly_are_an_error_without_onnxruntime(without_runtime, model, y, step):
    model.fit(GAPS, y)
    for rows in (None, GAPS):
        with pytest.raises(ValueError, match=f"{step}.* is known to be converted wrongly.*install onnxruntime"):
            to_onnx(model, rows)


def test_other_models_are_exported_without_onnxruntime(without_runtime):
    assert to_onnx(make_pipeline(SimpleImputer(), CLF).fit(GAPS, LABELS), GAPS).graph.output


def test_steps_known_to_be_converted_wrongly_are_an_error_without_rows():
    with pytest.raises(ValueError, match="known to be converted wrongly"):
        to_onnx(indicators().fit(GAPS, LABELS))
