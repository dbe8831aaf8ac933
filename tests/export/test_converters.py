"""Conversion of every kind of classifier and regressor, and the options of skl2onnx."""

import numpy as np
import pytest
from serving import CLASSIFICATIONS, FLOATS, REGRESSIONS, SMALL, TABLES, X32, X, assert_served, serve

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch
from sknet.export import register_onnx_converters, to_onnx

skl2onnx = pytest.importorskip("skl2onnx")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# With and without the default settings for tables.
more_parts = pytest.mark.parametrize("more", [{}, TABLES], ids=["plain", "for tables"])
float_types = pytest.mark.parametrize("dtype", FLOATS)


def classifier(form, **more):
    return MLPClassifierScratch(**SMALL, **more).fit(X, CLASSIFICATIONS[form])


@float_types
@more_parts
@pytest.mark.parametrize("form", CLASSIFICATIONS)
def test_every_form_of_classifier(form, more, dtype):
    inputs, tolerance = FLOATS[dtype]
    net = classifier(form, **more)
    assert_served(net, inputs, tolerance, dtype=dtype)
    if not form.startswith("one "):
        assert len(np.unique(net.predict(X))) > 1  # if all labels were the same, the comparison would show little


@float_types
@more_parts
@pytest.mark.parametrize("form", REGRESSIONS)
def test_every_form_of_regressor(form, more, dtype):
    inputs, tolerance = FLOATS[dtype]
    parameters, y = REGRESSIONS[form]
    assert_served(MLPRegressorScratch(**SMALL, **parameters, **more).fit(X, y), inputs, tolerance, dtype=dtype)


def test_quantiles_do_not_cross():
    parameters, y = REGRESSIONS["quantiles"]
    net = MLPRegressorScratch(**SMALL | {"max_iter": 1}, **parameters).fit(X, y)
    net.intercepts_[-1] = net.intercepts_[-1][::-1] * 3.0  # now the raw outputs cross
    found = serve(to_onnx(net), {"X": X32})["variable"]
    assert np.all(np.diff(found, axis=1) >= 0.0)
    assert_served(net)


@float_types
@pytest.mark.parametrize("layer", [0, -1])
def test_hidden_layers(layer, dtype):
    inputs, tolerance = FLOATS[dtype]
    net = MLPRegressorScratch(hidden_layer_sizes=(5, 3), dropout=0.1, max_iter=5, batch_size=20, random_state=0)
    assert_served(HiddenLayerTransformer(net, layer=layer).fit(X, X[:, 0]), inputs, tolerance, dtype=dtype)


def sizes(variable):
    """Return the sizes of the declared dimensions, 0 for any size."""
    return [dimension.dim_value for dimension in variable.type.tensor_type.shape.dim]


@pytest.mark.parametrize("form", ["binary", "multiclass", "strings", "multilabel", "several targets"])
@pytest.mark.parametrize("rows", [1, 2, 119])
def test_any_number_of_rows(form, rows):
    net = classifier(form)
    model = to_onnx(net)
    outputs = serve(model, {"X": X32[:rows]})
    np.testing.assert_array_equal(outputs["label"], net.predict(X32[:rows]))
    assert sizes(model.graph.input[0]) == [0, 4]
    assert sizes(model.graph.output[0]) == [0, *net.predict(X32).shape[1:]]
    if form != "several targets":
        assert sizes(model.graph.output[1]) == [0, len(net.classes_)]


def test_any_number_of_rows_for_a_regressor():
    net = MLPRegressorScratch(**SMALL).fit(X, X[:, :2])
    model = to_onnx(net)
    assert serve(model, {"X": X32[:1]})["variable"].shape == (1, 2)
    assert sizes(model.graph.output[0]) == [0, 2]


@pytest.mark.parametrize("form", ["binary", "multiclass", "multilabel", "several targets"])
def test_raw_scores(form):
    net = classifier(form)
    found = serve(to_onnx(net, options={"raw_scores": True}), {"X": X32})
    score = net.decision_function(X32)
    if form == "binary":
        score = np.column_stack([-score, score])
    largest = max(np.abs(part).max() for part in score)
    for own, right in zip(found["probabilities"], score, strict=True):
        np.testing.assert_allclose(own, right, atol=1e-5 * largest)  # a sum close to 0 has lost digits by cancellation
    np.testing.assert_array_equal(found["label"], net.predict(X32))


@pytest.mark.parametrize("form", ["binary", "two floats", "strings", "one class", "multilabel"])
def test_probabilities_as_dictionaries(form):
    net = classifier(form)
    found = serve(to_onnx(net, options={"zipmap": True}), {"X": X32})
    np.testing.assert_array_equal(found["output_label"], net.predict(X32))
    for own, right in zip(found["output_probability"], net.predict_proba(X32), strict=True):
        assert own == pytest.approx(dict(zip(net.classes_, right, strict=True)), abs=1e-5)


def test_probabilities_as_columns():
    net = classifier("strings")
    found = serve(to_onnx(net, options={"zipmap": "columns"}), {"X": X32})
    np.testing.assert_allclose(found["sbb"], net.predict_proba(X32)[:, 1], atol=1e-5)


def test_classes_as_an_output():
    net = classifier("strings")
    found = serve(to_onnx(net, options={"output_class_labels": True}), {"X": X32})
    assert found["class_labels"].tolist() == ["a", "bb", "ccc"]


def test_class_numbers_instead_of_labels():
    net = classifier("strings")
    found = serve(to_onnx(net, options={"nocl": True}), {"X": X32})
    np.testing.assert_array_equal(net.classes_[found["label"]], net.predict(X32))


@pytest.mark.parametrize("option", ["nocl", "output_class_labels"])
def test_options_that_need_a_single_target(option):
    with pytest.raises(ValueError, match=f"options nocl and output_class_labels need a single target, got .*{option}"):
        to_onnx(classifier("several targets"), options={option: True})


def test_unknown_options_are_an_error():
    with pytest.raises(NameError, match="decision_path"):
        to_onnx(classifier("binary"), options={"decision_path": True})


def test_labels_that_are_neither_numbers_nor_strings_are_an_error():
    net = classifier("two objects")
    net.classes_ = np.array([("a", 1), ("b", 2)], dtype="O,i8").astype(object)
    with pytest.raises(ValueError, match="labels must be numbers or strings to be exported to ONNX"):
        to_onnx(net)


@pytest.mark.parametrize("kind", ["Int64TensorType", "BooleanTensorType", "Int32TensorType"])
def test_inputs_of_other_types(kind):
    register_onnx_converters()
    rows = X > 0 if kind == "BooleanTensorType" else X.astype(kind.removesuffix("TensorType").lower())
    net = MLPRegressorScratch(**SMALL).fit(rows.astype(float), X[:, 0])
    type_ = getattr(skl2onnx.common.data_types, kind)([None, 4])
    model = skl2onnx.convert_sklearn(net, initial_types=[("rows", type_)])
    found = serve(model, {"rows": rows})["variable"].ravel()
    np.testing.assert_allclose(found, net.predict(rows), rtol=1e-4, atol=1e-5)
