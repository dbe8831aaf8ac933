"""Graph: adds layers and activations as ONNX nodes to the model that skl2onnx builds.

Every activation is built from operators that ONNX Runtime has for both float32 and float64. It has no `Elu`, `Gelu`,
`Mish` or `Softplus` for float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import (
    ACTIVATIONS,
    EXP,
    FAR,
    LEAK,
    SELU_ALPHA,
    SELU_SCALE,
    Activation,
    Categories,
    Dense,
    Dropout,
    Layer,
    LayerNormalization,
    Loss,
    Nonlinearity,
    PeriodicEmbedding,
    PiecewiseLinear,
    Scaling,
    Units,
)
from ..training import acting

_LAYER_NORMALIZATION_OPSET = 17
_ML_OPSET = 2  # of ai.onnx.ml


class Graph:
    """Adds nodes and constants to a container of skl2onnx, where each value has a name.

    Parameters
    ----------
    scope, container : Scope and ModelComponentContainer of skl2onnx
        The scope creates names; the container holds the model built so far.
    dtype : dtype
        The dtype of all real numbers: float32 or float64.
    """

    def __init__(self, scope: Any, container: Any, dtype: Any) -> None:
        self._scope, self._container, self.dtype = scope, container, np.dtype(dtype)
        self.opset = container.target_opset

    def __call__(self, op: str, *inputs: Any, output: str | None = None, more: int = 0, **attributes: Any) -> str:
        """Add a node with ``1 + more`` outputs, and return the name of the first one, which is ``output`` if given.

        Inputs are names of values, or numbers, which are added as constants.
        """
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        outputs = [self._scope.get_unique_variable_name(op) for _ in range(1 + more)]
        outputs[0] = output or outputs[0]
        domain, versions = attributes.pop("domain", ""), {}
        if domain:
            versions = {"op_domain": domain, "op_version": _ML_OPSET}
        name = self._scope.get_unique_operator_name(op)
        self._container.add_node(op, names, outputs, name=name, **versions, **attributes)
        return outputs[0]

    def constant(self, values: Any) -> str:
        """Add an array of real numbers, integers or strings."""
        from onnx import TensorProto
        from onnx.helper import np_dtype_to_tensor_dtype

        values = np.asarray(values)
        if values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                values = values.astype(self.dtype)
            if not np.isfinite(values).all():
                raise ValueError(f"weights must fit {self.dtype}, but some are too large. Export with dtype='float64'.")
        kind = TensorProto.STRING if values.dtype.kind == "U" else np_dtype_to_tensor_dtype(values.dtype)
        name = self._scope.get_unique_variable_name("constant")
        self._container.add_initializer(name, kind, values.shape, values.ravel())
        return name

    def cast(self, x: str, dtype: Any, output: str | None = None) -> str:
        """Add a conversion to another type, ``str`` for strings."""
        from onnx import TensorProto
        from onnx.helper import np_dtype_to_tensor_dtype

        to = TensorProto.STRING if dtype is str else np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self("Cast", x, output=output, to=to)


def _elu(g: Graph, z: str, scale: float = 1.0, alpha: float = 1.0) -> str:
    below = g("Sub", g("Exp", g("Min", z, 0.0)), 1.0)
    return g("Add", g("Mul", g("Relu", z), scale), g("Mul", below, scale * alpha))


def _gelu(g: Graph, z: str) -> str:
    # ONNX Runtime has the error function for float32 only.
    erf = g.cast(g("Erf", g.cast(g("Mul", z, math.sqrt(0.5)), np.float32)), g.dtype)
    return g("Mul", g("Mul", z, 0.5), g("Add", erf, 1.0))


def _softplus(g: Graph, z: str) -> str:
    # max(z, 0) + ln(1 + e^-|z|) does not overflow.
    return g("Add", g("Relu", z), g("Log", g("Add", g("Exp", g("Neg", g("Abs", z))), 1.0)))


_NODES: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda g, z: z,
    "logistic": lambda g, z: g("Sigmoid", z),
    "tanh": lambda g, z: g("Tanh", z),
    "relu": lambda g, z: g("Relu", z),
    "softmax": lambda g, z: g("Softmax", z, axis=1),
    "leaky_relu": lambda g, z: g("Max", z, g("Mul", z, LEAK)),
    "elu": _elu,
    "selu": lambda g, z: _elu(g, z, SELU_SCALE, SELU_ALPHA),
    "gelu": _gelu,
    # Old releases of ONNX Runtime fuse z s(z) into an operator that they do not have for float64.
    "silu": lambda g, z: g("Div", z, g("Add", g("Exp", g("Neg", z)), 1.0)),
    "mish": lambda g, z: g("Mul", z, g("Tanh", _softplus(g, z))),
    "softplus": _softplus,
    "exp": lambda g, z: g("Exp", z),
}


def add_activation(g: Graph, z: str, activation: Activation) -> str:
    """Add an activation of the package.

    Raises
    ------
    ValueError
        If it is an activation of the user, whose functions cannot be translated.
    """
    if activation not in (ACTIVATIONS.get(activation.name), EXP):
        raise ValueError(
            f"activation must be one of {', '.join(sorted(ACTIVATIONS))} to be exported to ONNX, got {activation!r}, "
            "an object of your own. Its functions cannot be translated."
        )
    return _NODES[activation.name](g, z)


def _smooth_clip(g: Graph, u: str, bound: float) -> str:
    far = FAR * bound  # the square of a larger number could overflow
    u = g("Max", g("Min", u, far), -far)
    share = g("Div", u, bound)
    return g("Div", u, g("Sqrt", g("Add", g("Mul", share, share), 1.0)))


def _looked_up(g: Graph, x: str | None, codes: Sequence[str], layer: Categories, arrays: Any) -> str:
    """Append the vectors of ``codes`` to the numbers ``x``, in the order of the layer."""
    vectors = [g("Gather", table, code, axis=0) for table, code in zip(layer.vectors(arrays), codes, strict=True)]
    places = sorted(zip((block.start for block in layer.blocks()), vectors, strict=True))
    return g("Concat", *([] if x is None else [x]), *(vector for _, vector in places), axis=1)


def _without_gaps(g: Graph, x: str, numbers: str, gaps: Sequence[int]) -> str:
    """Replace missing values of ``x``, the standardized ``numbers``, by 0, and append the indicators of ``gaps``."""
    missing = g("IsNaN", numbers)
    x = g("Where", missing, np.zeros(()), x)
    if gaps:
        x = g("Concat", x, g.cast(g("Gather", missing, np.array(gaps), axis=1), g.dtype), axis=1)
    return x


def _scaling(g: Graph, x: str, layer: Scaling, shift: Any, scale: Any) -> str:
    u = g("Mul", g("Sub", x, shift), scale)
    return u if math.isinf(layer.bound) else _smooth_clip(g, u, layer.bound)


def _to_units(g: Graph, x: str, units: Units) -> str:
    """Standardize inputs. Digits of the shift that the dtype of the graph cannot hold are subtracted separately."""
    shift = units.shift.astype(g.dtype)
    rest = units.shift - shift.astype(np.float64)
    x = g("Sub", x, shift) if shift.any() else x
    if (np.abs(rest) > 1e-6 * units.scale).any():
        x = g("Sub", x, rest)
    u = g("Mul", x, units.inverse)
    return u if math.isinf(units.bound) else _smooth_clip(g, u, units.bound)


def _embedding(g: Graph, x: str, layer: PeriodicEmbedding, frequency: Any, phase: Any, W: Any, b: Any) -> str:
    p, n_new = len(layer.columns), layer.n_out - layer.n_in
    columns = g("Transpose", g("Gather", x, np.array(layer.columns), axis=1), perm=[1, 0])
    angle = g("Add", g("Mul", g("Reshape", columns, np.array([p, -1, 1])), frequency), phase)
    waves = g("Sin", g("Add", angle, math.pi / 2.0))  # ONNX Runtime has the cosine for float32 only
    values = g("Transpose", g("Add", g("MatMul", waves, W), b), perm=[1, 0, 2])
    return g("Concat", x, g("Reshape", values, np.array([-1, n_new])), axis=1)


def _broken_lines(g: Graph, x: str, layer: PiecewiseLinear, start: Any, inverse: Any, W: Any) -> str:
    p, n_new = len(layer.columns), layer.n_out - layer.n_in
    columns = g("Reshape", g("Gather", x, np.array(layer.columns), axis=1), np.array([-1, p, 1]))
    codes = g("Clip", g("Mul", g("Sub", columns, start), inverse), np.zeros(()), np.ones(()))
    values = g("MatMul", g("Transpose", codes, perm=[1, 0, 2]), layer.strength * W)
    return g("Concat", x, g("Reshape", g("Transpose", values, perm=[1, 0, 2]), np.array([-1, n_new])), axis=1)


def add_layers(g: Graph, x: str | None, model: Any, n_layers: int | None = None, codes: Sequence[str] = ()) -> str:
    """Add the layers of a fitted estimator, the first ``n_layers`` if given, and return the name of the outputs.

    ``x`` is the numbers, shape (n, d), or None, and ``codes`` are the codes of each categorical column, shape (n,). The
    outputs of several members are combined as in `sknet.core.combine`, and their hidden layers are concatenated.
    """
    parameters, inputs, outputs = acting(vars(model))
    if x is not None:
        numbers = x
        x = _without_gaps(g, x if inputs is None else _to_units(g, x, inputs), numbers, model._state.gaps)
    layers = model._network.layers[:n_layers]
    members = [parameters, *vars(model).get("_others", [])]
    found = [_of_member(g, x, layers, arrays, codes) for arrays in members]
    if n_layers is not None:
        return found[0] if len(found) == 1 else g("Concat", *found, axis=1)
    z = found[0] if len(found) == 1 else _combined(g, found, model._network.loss)
    return z if outputs is None else g("Add", g("Mul", z, outputs.scale), outputs.shift)


def _combined(g: Graph, members: list[str], loss: Loss) -> str:
    """Combine the raw outputs of members, so that the prediction is the mean of the predictions of the members."""
    log_k = math.log(len(members))
    match loss.output_activation.name:
        case "logistic":
            return g("Sub", _log_sum(g, members, lambda z: g("Neg", _softplus(g, g("Neg", z)))),
                     _log_sum(g, members, lambda z: g("Neg", _softplus(g, z))))  # fmt: skip
        case "softmax":
            groups = getattr(loss, "groups", None)
            columns = [None] if groups is None else [np.arange(s.start, s.stop) for s in groups]
            parts = [_log_sum(g, members, lambda z, c=c: _log_softmax(g, z, c)) for c in columns]
            return g("Sub", parts[0] if len(parts) == 1 else g("Concat", *parts, axis=1), log_k)
        case "exp":
            return g("Sub", _log_sum(g, members, lambda z: z), log_k)
        case _:
            return g("Div", g("Sum", *members), float(len(members)))  # ONNX Runtime has no Mean for float64


def _log_softmax(g: Graph, z: str, columns: np.ndarray | None) -> str:
    return g("LogSoftmax", z if columns is None else g("Gather", z, columns, axis=1), axis=1)


def _log_sum(g: Graph, members: list[str], of: Callable[[str], str]) -> str:
    """Add the elementwise logarithm of the sum of exponentials over the members."""
    terms = [of(z) for z in members]
    largest = g("Max", *terms)
    return g("Add", largest, g("Log", g("Sum", *(g("Exp", g("Sub", term, largest)) for term in terms))))


def _of_member(g: Graph, x: str | None, layers: Sequence[Layer], parameters: Any, codes: Sequence[str]) -> str:
    for layer, arrays in zip(layers, parameters, strict=False):
        match layer:
            case Categories():
                x = _looked_up(g, x, codes, layer, arrays)
            case Scaling():
                x = _scaling(g, x, layer, *arrays)
            case PeriodicEmbedding():
                x = _embedding(g, x, layer, *arrays)
            case PiecewiseLinear():
                x = _broken_lines(g, x, layer, *arrays)
            case Dense():
                x = add_activation(g, g("Gemm", x, *arrays), layer.activation)
            case LayerNormalization():
                if g.opset < _LAYER_NORMALIZATION_OPSET:
                    raise ValueError(
                        f"layer normalization needs a `target_opset` of at least {_LAYER_NORMALIZATION_OPSET}, "
                        f"got {g.opset}."
                    )
                x = g("LayerNormalization", x, *arrays, axis=-1, epsilon=layer.epsilon)
            case Nonlinearity():
                x = add_activation(g, x, layer.activation)
            case Dropout():
                pass  # it has no effect on predictions
            case _:
                raise ValueError(f"{layer} cannot be exported to ONNX yet.")
    return x
