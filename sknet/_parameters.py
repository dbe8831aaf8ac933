"""Parameters: the allowed values of each constructor parameter, in one table for checks and error messages."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import get_scorer_names

from .core import ACTIVATIONS, INITIALIZERS, SCHEDULES, STOCHASTIC_SOLVERS, Activation

SOLVERS = (*STOCHASTIC_SOLVERS, "lbfgs")
MAX_DEPTH, MAX_PARAMETERS = 1000, 2**31 - 1  # BLAS has 32-bit indices
_LIMITS_OF_MEMORY = MAX_PARAMETERS, sys.maxsize  # too large to be named in messages
REGRESSION_LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma")


class InvalidParameterError(ValueError, TypeError):
    """A constructor parameter has the wrong type or a value that is not allowed."""


class Rule(NamedTuple):
    """A test of a value, and words that describe the values that pass it."""

    accepts: Callable[[Any], bool]
    description: str
    whole: bool = False  # whether numbers that pass it are whole numbers, which may be floats


def is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))


def integer(low: int, high: int) -> Rule:
    """Accept whole numbers, also as floats, because samplers of hyperparameters draw floats."""
    limit = "" if high in _LIMITS_OF_MEMORY else f" and at most {high}"
    return Rule(lambda v: is_whole(v) and low <= v <= high, f"an integer of at least {low}{limit}", whole=True)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number of any type, such as 46 or 46.0."""
    return is_number(value, Real) and (isinstance(value, Integral) or _as_float(value).is_integer())


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer or a fraction that is too large
        return math.inf


def real(low: float, high: float = np.inf, closed: str = "[)") -> Rule:
    def accepts(v: Any) -> bool:
        if not is_number(v, Real):
            return False
        x = _as_float(v)
        above = x >= low if closed[0] == "[" else x > low
        below = x <= high if closed[1] == "]" else x < high
        return above and below

    left, right = closed
    return Rule(accepts, f"a number in {left}{low:g}, {high:g}{right}")


def _option(names: Iterable[str]) -> Rule:
    names = tuple(names)
    return Rule(lambda v: isinstance(v, str) and v in names, "one of " + ", ".join(map(repr, names)))


def _either(*rules: Rule) -> Rule:
    description, whole = " or ".join(r.description for r in rules), any(r.whole for r in rules)
    return Rule(lambda v: any(r.accepts(v) for r in rules), description, whole)


def _exactly(value: Any) -> Rule:
    return Rule(lambda v: v is value, repr(value))


def _sequence_of(rule: Rule) -> Rule:
    def accepts(v: Any) -> bool:
        ordered = isinstance(v, Sequence) or (isinstance(v, np.ndarray) and v.ndim == 1)
        if isinstance(v, (str, bytes, bytearray, memoryview)) or not ordered:
            return False
        first = list(islice(v, MAX_DEPTH + 1))
        return len(first) <= MAX_DEPTH and all(map(rule.accepts, first))

    return Rule(accepts, "a sequence of such", rule.whole)


_FINITE = real(0.0)


def _random_state(value: Any) -> bool:
    if value is None or isinstance(value, np.random.RandomState):
        return True
    return is_number(value, Integral) and 0 <= value < 2**32


def _dtype(value: Any) -> bool:
    if not isinstance(value, (str, type, np.dtype)):
        return value is None
    try:
        return np.dtype(value) in (np.dtype(np.float32), np.dtype(np.float64))
    except TypeError:
        return False


def _increasing_levels(value: Any) -> bool:
    levels = _sequence_of(real(0.0, 1.0, "()"))
    return levels.accepts(value) and len(list(value)) > 0 and bool(np.all(np.diff(list(value)) > 0))


def _class_weight(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) > 0 and all(isinstance(item, dict) and _class_weight(item) for item in value)
    return isinstance(value, dict) and all(_FINITE.accepts(v) for v in value.values())


def _scoring(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("auto", "loss") or value in get_scorer_names()
    return value is None or (callable(value) and not isinstance(value, type))


def _columns(value: Any) -> bool:
    texts = str, bytes, bytearray, memoryview
    if isinstance(value, texts) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        return False
    if getattr(value, "ndim", 1) != 1 or (isinstance(value, range) and value[-1:] and value[-1] > MAX_PARAMETERS):
        return False
    items = list(value)
    is_index = all(is_number(item, Integral) and abs(item) <= MAX_PARAMETERS for item in items)
    return is_index or any(all(isinstance(item, kind) for item in items) for kind in (str, (bool, np.bool_)))


def _schedule(value: Any) -> bool:
    if isinstance(value, type) or not callable(value):
        return False
    return all(hasattr(type(value), name) or hasattr(value, name) for name in ("adaptive", "per_update"))


_BOOLEAN = Rule(lambda v: isinstance(v, (bool, np.bool_)), "True or False")
_ACTIVATION = _either(_option(ACTIVATIONS), Rule(lambda v: isinstance(v, Activation), "an Activation"))

_SIZE, _COUNT = integer(1, MAX_PARAMETERS), integer(1, sys.maxsize)

RULES: dict[str, Rule] = {
    "loss": _option(REGRESSION_LOSSES),
    "hidden_layer_sizes": _either(_exactly(None), _SIZE, _sequence_of(_SIZE)),
    "activation": _either(_option(("auto",)), _ACTIVATION, _sequence_of(_ACTIVATION)),
    "solver": _option(SOLVERS),
    "alpha": real(0.0),
    "batch_size": _either(_option(("auto",)), _COUNT),
    "learning_rate": _either(_option(SCHEDULES), Rule(_schedule, "a schedule of sknet.schedules")),
    "learning_rate_init": _either(_option(("auto",)), real(0.0, closed="()")),
    "power_t": real(0.0),
    "max_iter": _either(_option(("auto",)), _COUNT),
    "shuffle": _BOOLEAN,
    "random_state": Rule(_random_state, "None, an integer in [0, 2**32) or a numpy.random.RandomState"),
    "tol": _either(_option(("auto",)), real(0.0)),
    "verbose": _either(_BOOLEAN, integer(0, sys.maxsize), _option(("progress",))),
    "warm_start": _BOOLEAN,
    "momentum": real(0.0, 1.0, "[]"),
    "nesterovs_momentum": _BOOLEAN,
    "early_stopping": _either(_option(("auto",)), _BOOLEAN),
    "validation_fraction": real(0.0, 1.0, "()"),
    "beta_1": real(0.0, 1.0),
    "beta_2": real(0.0, 1.0),
    "epsilon": real(0.0, closed="()"),
    "n_iter_no_change": _either(_option(("auto",)), _COUNT, Rule(lambda v: is_number(v, Real) and v == np.inf, "inf")),
    "max_fun": _COUNT,
    "depth": integer(0, MAX_DEPTH),
    "width": _SIZE,
    "initializer": _option(("auto", *INITIALIZERS)),
    "standardize": _either(_BOOLEAN, _option(("auto", "robust"))),
    "embedding": _either(_exactly(None), _option(("auto", "periodic", "piecewise_linear"))),
    "n_members": _either(_option(("auto",)), integer(1, 1000)),
    "averaging": _either(_option(("auto",)), real(0.0, 1.0)),
    "dtype": _either(_option(("auto",)), Rule(_dtype, "None, 'float32' or 'float64'")),
    "weight_decay": _either(_option(("auto",)), real(0.0)),
    "dropout": _either(_option(("auto",)), real(0.0, 1.0), _sequence_of(real(0.0, 1.0))),
    "normalization": _either(_exactly(None), _option(("batch", "layer"))),
    "max_grad_norm": _either(_exactly(None), real(0.0, closed="()")),
    "scoring": Rule(
        _scoring, "'auto', None, 'loss', the name of a scorer (see sklearn.metrics.get_scorer_names) or a callable"
    ),
    "class_weight": _either(
        _exactly(None),
        _option(("balanced",)),
        Rule(_class_weight, "a dict of numbers of at least 0, or a list of such for several columns"),
    ),
    "label_smoothing": _either(_option(("auto",)), real(0.0, 1.0)),
    "categorical_features": _either(
        _exactly(None), _option(("from_dtype",)), Rule(_columns, "a mask, indices or names of columns")
    ),
    "quantile": _either(real(0.0, 1.0, "()"), Rule(_increasing_levels, "an increasing sequence of such")),
    "huber_delta": real(0.0, closed="()"),
}


def check_parameters(parameters: dict[str, Any]) -> None:
    """Raise `InvalidParameterError` for the first parameter whose value is not allowed."""
    for name, value in parameters.items():
        if not RULES[name].accepts(value):
            raise InvalidParameterError(
                f"`{name}` must be {RULES[name].description}, got {shown(value)}{_remark(name, value)}."
            )


def _remark(name: str, value: Any) -> str:
    """Return an additional remark about a value that is not allowed."""
    if name == "learning_rate" and is_number(value, Real):
        return f". `learning_rate` is the schedule; for the rate, write learning_rate_init={shown(value)}"
    entries = islice(value, MAX_DEPTH) if isinstance(value, (list, tuple)) else [value]
    too_large = RULES[name].whole and any(is_whole(entry) and entry > MAX_PARAMETERS for entry in entries)
    return ", which is too large" if too_large else ""


def shown(value: Any) -> str:
    """Return the text of a value, shortened if it is very long."""
    try:
        text = repr(value)
    except Exception:  # an error in `repr` must not replace the message about the value
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= 500 else f"{text[:100]}... ({len(text)} characters)"


def with_plain_numbers(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with numbers of Python's own types, which do not change the dtype of arrays."""
    return {name: _plain(value) if is_number(value, Real) else value for name, value in parameters.items()}


def _plain(number: Any) -> int | float:
    """Return an int, or a float if the number is not whole or does not fit into 64 bits, which NumPy needs."""
    return int(number) if isinstance(number, Integral) and abs(number) <= sys.maxsize else float(number)


def is_auto(value: Any) -> bool:
    """Whether a parameter is ``"auto"``."""
    return isinstance(value, str) and value == "auto"


def hidden_sizes(parameters: dict[str, Any]) -> tuple[int, ...]:
    """Return the number of units of each hidden layer: ``hidden_layer_sizes`` if given, else ``(width,) * depth``."""
    sizes = parameters["hidden_layer_sizes"]
    if sizes is None:
        return (int(parameters["width"]),) * int(parameters["depth"])
    return (int(sizes),) if isinstance(sizes, Integral) else tuple(int(s) for s in sizes)


def activation_for(choice: Any) -> Activation:
    """Return the activation for ``choice``, a name or an object; for a sequence, the identity."""
    if isinstance(choice, Activation):
        return choice
    return ACTIVATIONS[choice if isinstance(choice, str) else "identity"]


def dropout_rates(parameters: dict[str, Any], depth: int) -> tuple[float, ...]:
    """Return the dropout rate of each hidden layer; a sequence must have one for each."""
    given = parameters["dropout"]
    if isinstance(given, Real):
        return (float(given),) * depth
    if len(given) != depth:
        raise InvalidParameterError(
            f"`dropout` must be one rate, or one for each of the {depth} hidden layers, got {len(given)}: {given!r}."
        )
    return tuple(map(float, given))


def hidden_activations(parameters: dict[str, Any], depth: int) -> tuple[Activation, ...]:
    """Return the activation of each hidden layer; a sequence must have one for each."""
    given = parameters["activation"]
    if isinstance(given, (str, Activation)):
        return (activation_for(given),) * depth
    if len(given) != depth:
        raise InvalidParameterError(
            f"`activation` must be one name, or one for each of the {depth} hidden layers, got {len(given)}: {given!r}."
        )
    return tuple(map(activation_for, given))
