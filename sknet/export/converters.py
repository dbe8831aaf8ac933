"""Converters: the functions that skl2onnx calls for each estimator, to get its outputs, their types, and its nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import ACTIVATIONS, Quantile
from ..regressor import MLPRegressorScratch
from .codes import Column, numbers_and_codes
from .graph import Graph, add_activation, add_layers

CLASSIFIER_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "raw_scores": [True, False],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def _number_of(operator: Any) -> tuple[Any, Any]:
    """Return the type of real numbers for the inputs of an operator, as a type of skl2onnx and one of NumPy."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    double = any(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    return (DoubleTensorType, np.float64) if double else (FloatTensorType, np.float32)


def _begin(scope: Any, operator: Any, container: Any) -> tuple[Graph, str | None, list[str]]:
    """Return a graph to add nodes to, and the names in it of the numbers and of the codes of categories."""
    model = operator.raw_operator
    net = getattr(model, "estimator_", model)
    g = Graph(scope, container, _number_of(operator)[1])
    given = [_column(g, variable) for variable in operator.inputs]
    return g, *numbers_and_codes(g, given, net._state.categories)


def _column(g: Graph, variable: Any) -> Column:
    """Return an input, converted if need be to one of the types that the other functions support."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType

    number = DoubleTensorType if g.dtype == np.float64 else FloatTensorType
    kinds = {number: "float", Int64TensorType: "integer", StringTensorType: "string"}
    name, kind = variable.full_name, kinds.get(type(variable.type))
    return Column(name if kind else g.cast(name, g.dtype), kind or "float", variable.type.shape[1])


def numbers(operator: Any) -> None:
    """Set the type of the output of a regressor or transformer: a matrix of real numbers."""
    model, (number, _) = operator.raw_operator, _number_of(operator)
    width = model.n_outputs_ if isinstance(model, MLPRegressorScratch) else model._n_features_out
    operator.outputs[0].set_type(number([None, width]))


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of an `MLPRegressorScratch`."""
    model, (g, x, codes) = operator.raw_operator, _begin(scope, operator, container)
    loss, output = model._network.loss, operator.outputs[0].full_name
    y = add_activation(g, add_layers(g, x, model, codes=codes), loss.output_activation)
    if isinstance(loss, Quantile) and len(loss.levels) > 1:  # sorted, so that they never cross
        g("TopK", y, np.array([len(loss.levels)]), output=output, more=1, axis=1, largest=0, sorted=1)
    else:
        g("Identity", y, output=output)


def convert_hidden_layer(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a `HiddenLayerTransformer`."""
    model, (g, x, codes) = operator.raw_operator, _begin(scope, operator, container)
    end, _ = model.estimator_._hidden_end(model.layer)
    g("Identity", add_layers(g, x, model.estimator_, end, codes), output=operator.outputs[0].full_name)


def parse_classifier(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declare label and probabilities; for several multiclass targets, these are a sequence of arrays."""
    from skl2onnx._parse import _parse_sklearn_classifier
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, SequenceType

    if model._labels.kind != "multioutput":
        return _parse_sklearn_classifier(scope, model, inputs, custom_parsers)
    options = scope.get_options(model, {})
    if options.get("nocl") or options.get("output_class_labels"):
        raise ValueError(f"options nocl and output_class_labels need a single target, got {options}. Leave them out.")
    operator = scope.declare_local_operator("SknetMLPClassifier", model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    operator.outputs.append(scope.declare_local_variable("probabilities", SequenceType(FloatTensorType())))
    return operator.outputs


def labels_and_numbers(operator: Any) -> None:
    """Set the types of the outputs of a classifier."""
    from skl2onnx.common.data_types import Int64TensorType, SequenceType, StringTensorType

    model, (number, _) = operator.raw_operator, _number_of(operator)
    kind = model._labels.kind
    several = kind == "multioutput"
    classes = np.concatenate(model.classes_) if several else _classes(operator.scope_inst, model)
    label = Int64TensorType if _as_labels(classes).dtype.kind == "i" else StringTensorType
    columns = [len(model.classes_)] if kind in ("multilabel", "multioutput") else []
    operator.outputs[0].set_type(label([None, *columns]))
    operator.outputs[1].set_type(SequenceType(number([None, None])) if several else number([None, len(classes)]))


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of an `MLPClassifierScratch`."""
    model, (g, x, codes) = operator.raw_operator, _begin(scope, operator, container)
    label, probabilities = (variable.full_name for variable in operator.outputs)
    z, labels = add_layers(g, x, model, codes=codes), model._labels
    link = labels.loss.output_activation
    if labels.kind == "binary":
        if len(labels.classes) == 2:
            z = g("Concat", g("Neg", z), z, axis=1)
        else:
            link = ACTIVATIONS["softmax"]  # softmax over one class has probability 1
    if scope.get_options(model, {"raw_scores": False})["raw_scores"]:
        link = ACTIVATIONS["identity"]
    if labels.kind == "multioutput":
        targets = [g("Gather", z, np.arange(s.start, s.stop), axis=1) for s in labels.loss.groups]
        columns = [_largest(g, part, own, keepdims=1) for part, own in zip(targets, labels.classes, strict=True)]
        g("Concat", *columns, output=label, axis=1)
        g("SequenceConstruct", *(add_activation(g, part, link) for part in targets), output=probabilities)
        return
    if labels.kind == "multilabel":
        g.cast(g("Greater", z, 0.0), np.int64, output=label)
    else:
        _largest(g, z, _classes(scope, model), output=label, keepdims=0)
    g("Identity", add_activation(g, z, link), output=probabilities)


def _classes(scope: Any, model: Any) -> np.ndarray:
    """Return the labels of the output: the classes, or with the option ``nocl`` their numbers."""
    from skl2onnx.common.utils_classifier import get_label_classes

    return get_label_classes(scope, model)


def _as_labels(classes: np.ndarray) -> np.ndarray:
    """Return labels in a type that ONNX has: integers or strings."""
    if classes.dtype.kind in "biuf":
        return classes.astype(np.int64)  # classes that are floats are whole numbers
    if all(isinstance(label, str) for label in classes):
        return classes.astype(str)
    raise ValueError(f"labels must be numbers or strings to be exported to ONNX, got {classes!r}.")


def _largest(g: Graph, z: str, classes: np.ndarray, output: str | None = None, *, keepdims: int) -> str:
    """Add the nodes that choose the label with the largest raw output."""
    return g("Gather", _as_labels(classes), g("ArgMax", z, axis=1, keepdims=keepdims), output=output)
