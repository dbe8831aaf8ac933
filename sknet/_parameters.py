"""What each constructor parameter may be: one table, read by the check and by its error messages."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import get_scorer_names

from .core import ACTIVATIONS, INITIALIZERS, SCHEDULES, STOCHASTIC_SOLVERS, Activation, Clock

AUTO_BATCH_SIZE, AUTO_WEIGHT_DECAY, AUTO_LABEL_SMOOTHING = 128, 0.02, 0.05
SOLVERS = (*STOCHASTIC_SOLVERS, "lbfgs")
MAX_DEPTH, MAX_PARAMETERS = 1000, 2**31 - 1  # BLAS counts in 32 bits
REGRESSION_LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma")


class InvalidParameterError(ValueError, TypeError):
    """A constructor parameter of the wrong type or out of its domain."""


class Rule(NamedTuple):
    """A test of a value and the words for what passes it."""

    accepts: Callable[[Any], bool]
    description: str


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))


def _integer(low: int, high: int | None = None) -> Rule:
    limit = "" if high is None else f" and at most {high}"
    return Rule(
        lambda v: _is_number(v, Integral) and v >= low and (high is None or v <= high),
        f"an integer of at least {low}{limit}",
    )


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer or a fraction
        return math.inf


def _real(low: float, high: float = np.inf, closed: str = "[)") -> Rule:
    def accepts(v: Any) -> bool:
        if not _is_number(v, Real):
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
    return Rule(lambda v: any(r.accepts(v) for r in rules), " or ".join(r.description for r in rules))


def _exactly(value: Any) -> Rule:
    return Rule(lambda v: v is value, repr(value))


def _sequence_of(rule: Rule) -> Rule:
    def accepts(v: Any) -> bool:
        ordered = isinstance(v, Sequence) or (isinstance(v, np.ndarray) and v.ndim == 1)
        if isinstance(v, (str, bytes, bytearray, memoryview)) or not ordered:
            return False
        first = list(islice(v, MAX_DEPTH + 1))
        return len(first) <= MAX_DEPTH and all(map(rule.accepts, first))

    return Rule(accepts, "a sequence of such")


_FINITE = _real(0.0)


def _random_state(value: Any) -> bool:
    if value is None or isinstance(value, np.random.RandomState):
        return True
    return _is_number(value, Integral) and 0 <= value < 2**32


def _dtype(value: Any) -> bool:
    if not isinstance(value, (str, type, np.dtype)):
        return value is None
    try:
        return np.dtype(value) in (np.dtype(np.float32), np.dtype(np.float64))
    except TypeError:
        return False


def _increasing_levels(value: Any) -> bool:
    levels = _sequence_of(_real(0.0, 1.0, "()"))
    return levels.accepts(value) and len(list(value)) > 0 and bool(np.all(np.diff(list(value)) > 0))


def _class_weight(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) > 0 and all(isinstance(item, dict) and _class_weight(item) for item in value)
    return isinstance(value, dict) and all(_FINITE.accepts(v) for v in value.values())


def _scoring(value: Any) -> bool:
    if isinstance(value, str):
        return value == "loss" or value in get_scorer_names()
    return value is None or (callable(value) and not isinstance(value, type))


def _columns(value: Any) -> bool:
    texts = str, bytes, bytearray, memoryview
    if isinstance(value, texts) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        return False
    if getattr(value, "ndim", 1) != 1 or (isinstance(value, range) and value[-1:] and value[-1] > MAX_PARAMETERS):
        return False
    items = list(value)
    is_index = all(_is_number(item, Integral) and abs(item) <= MAX_PARAMETERS for item in items)
    return is_index or any(all(isinstance(item, kind) for item in items) for kind in (str, (bool, np.bool_)))


def _schedule(value: Any) -> bool:
    has_both = hasattr(value, "adaptive") and hasattr(value, "per_update")
    if isinstance(value, type) or not callable(value) or not has_both:
        return False
    return _is_number(value(Clock(progress=0.5)), Real)


_BOOLEAN = Rule(lambda v: isinstance(v, (bool, np.bool_)), "True or False")
_ACTIVATION = _either(_option(ACTIVATIONS), Rule(lambda v: isinstance(v, Activation), "an Activation"))

_SIZE, _COUNT = _integer(1, MAX_PARAMETERS), _integer(1, sys.maxsize)

RULES: dict[str, Rule] = {
    "loss": _option(REGRESSION_LOSSES),
    "hidden_layer_sizes": _either(_exactly(None), _SIZE, _sequence_of(_SIZE)),
    "activation": _either(_ACTIVATION, _sequence_of(_ACTIVATION)),
    "solver": _option(SOLVERS),
    "alpha": _real(0.0),
    "batch_size": _either(_option(("auto",)), _COUNT),
    "learning_rate": _either(_option(SCHEDULES), Rule(_schedule, "a schedule of sknet.schedules")),
    "learning_rate_init": _real(0.0, closed="()"),
    "power_t": _real(0.0),
    "max_iter": _either(_option(("auto",)), _COUNT),
    "shuffle": _BOOLEAN,
    "random_state": Rule(_random_state, "None, an integer in [0, 2**32) or a numpy.random.RandomState"),
    "tol": _real(0.0),
    "verbose": _either(_BOOLEAN, _integer(0, sys.maxsize)),
    "warm_start": _BOOLEAN,
    "momentum": _real(0.0, 1.0, "[]"),
    "nesterovs_momentum": _BOOLEAN,
    "early_stopping": _either(_option(("auto",)), _BOOLEAN),
    "validation_fraction": _real(0.0, 1.0, "()"),
    "beta_1": _real(0.0, 1.0),
    "beta_2": _real(0.0, 1.0),
    "epsilon": _real(0.0, closed="()"),
    "n_iter_no_change": _either(_COUNT, Rule(lambda v: _is_number(v, Real) and v == np.inf, "inf")),
    "max_fun": _COUNT,
    "depth": _integer(0, MAX_DEPTH),
    "width": _SIZE,
    "initializer": _option(("auto", *INITIALIZERS)),
    "standardize": _either(_BOOLEAN, _option(("robust",))),
    "embedding": _either(_exactly(None), _option(("periodic",))),
    "dtype": Rule(_dtype, "None, 'float32' or 'float64'"),
    "weight_decay": _either(_option(("auto",)), _real(0.0)),
    "dropout": _either(_option(("auto",)), _real(0.0, 1.0), _sequence_of(_real(0.0, 1.0))),
    "normalization": _either(_exactly(None), _option(("batch", "layer"))),
    "max_grad_norm": _either(_exactly(None), _real(0.0, closed="()")),
    "scoring": Rule(
        _scoring, "None, 'loss', the name of a scorer (see sklearn.metrics.get_scorer_names) or a callable"
    ),
    "class_weight": _either(
        _exactly(None),
        _option(("balanced",)),
        Rule(_class_weight, "a dict of numbers of at least 0, or a list of such for several columns"),
    ),
    "label_smoothing": _either(_option(("auto",)), _real(0.0, 1.0)),
    "categorical_features": _either(
        _exactly(None), _option(("from_dtype",)), Rule(_columns, "a mask, indices or names of columns")
    ),
    "quantile": _either(_real(0.0, 1.0, "()"), Rule(_increasing_levels, "an increasing sequence of such")),
    "huber_delta": _real(0.0, closed="()"),
}


_NOT_WITH_LBFGS = {
    "early_stopping": False, "dropout": 0.0, "weight_decay": 0.0, "normalization": None, "max_grad_norm": None,
}  # fmt: skip


def check_parameters(parameters: dict[str, Any]) -> None:
    """Raise `InvalidParameterError` for the first parameter out of its domain."""
    for name, value in parameters.items():
        rule = RULES[name]
        if not rule.accepts(value):
            raise InvalidParameterError(f"`{name}` must be {rule.description}, got {_shown(value)}.")
    if parameters["solver"] == "lbfgs":
        for name, off in _NOT_WITH_LBFGS.items():
            value = parameters[name]
            harmless = _is_auto(value) or (name == "normalization" and value == "layer")
            if not harmless and np.any(np.asarray(value) != off):
                raise InvalidParameterError(
                    f"`{name}={value!r}` needs a solver that works in epochs and mini-batches; 'lbfgs' does not. "
                    f"Use solver='adam', or {name}={off!r}."
                )


def _shown(value: Any) -> str:
    """Return the text of a value, cut short where it is very long."""
    try:
        text = repr(value)
    except Exception:  # a value that has no text must not hide what is wrong with it
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= 500 else f"{text[:100]}... ({len(text)} characters)"


def _with_plain_numbers(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with numbers of Python's own types, which compute in the dtype of the arrays they meet."""
    return {name: _plain(value) if _is_number(value, Real) else value for name, value in parameters.items()}


def _plain(number: Any) -> int | float:
    """Return an int, or a float for what is none or lies beyond 64 bits, where it is no number to NumPy."""
    return int(number) if isinstance(number, Integral) and abs(number) <= sys.maxsize else float(number)


def resolve_auto(parameters: dict[str, Any], dropout: Any, early_stopping: bool) -> dict[str, Any]:
    """Return the parameters with values in place of ``"auto"``; L-BFGS takes no part in any of it."""
    chosen = {
        "weight_decay": AUTO_WEIGHT_DECAY, "label_smoothing": AUTO_LABEL_SMOOTHING, "early_stopping": early_stopping,
    }  # fmt: skip
    if parameters["solver"] == "lbfgs":
        chosen = {"weight_decay": 0.0, "label_smoothing": 0.0, "early_stopping": False}
    chosen["dropout"] = dropout
    chosen = {name: value for name, value in chosen.items() if _is_auto(parameters.get(name))}
    return _with_plain_numbers(parameters | chosen)


def batch_rows(parameters: dict[str, Any], n: int) -> int:
    """Return how many of ``n`` rows make a mini-batch."""
    size = parameters["batch_size"]
    return min(n, AUTO_BATCH_SIZE if _is_auto(size) else size)


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def hidden_sizes(parameters: dict[str, Any]) -> tuple[int, ...]:
    """Return the units of each hidden layer: ``hidden_layer_sizes`` where given, else ``(width,) * depth``."""
    sizes = parameters["hidden_layer_sizes"]
    if sizes is None:
        return (int(parameters["width"]),) * int(parameters["depth"])
    return (int(sizes),) if isinstance(sizes, Integral) else tuple(int(s) for s in sizes)


def activation_for(choice: Any) -> Activation:
    """Return the activation that ``choice`` names or is; the identity for a sequence, which names none."""
    if isinstance(choice, Activation):
        return choice
    return ACTIVATIONS[choice if isinstance(choice, str) else "identity"]


def dropout_rates(parameters: dict[str, Any], depth: int) -> tuple[float, ...]:
    """Return the dropout rate of each hidden layer; a sequence must name one for each."""
    given = parameters["dropout"]
    if isinstance(given, Real):
        return (float(given),) * depth
    if len(given) != depth:
        raise InvalidParameterError(
            f"`dropout` must be one rate, or one for each of the {depth} hidden layers, got {len(given)}: {given!r}."
        )
    return tuple(map(float, given))


def hidden_activations(parameters: dict[str, Any], depth: int) -> tuple[Activation, ...]:
    """Return the activation of each hidden layer; a sequence must name one for each."""
    given = parameters["activation"]
    if isinstance(given, (str, Activation)):
        return (activation_for(given),) * depth
    if len(given) != depth:
        raise InvalidParameterError(
            f"`activation` must be one name, or one for each of the {depth} hidden layers, got {len(given)}: {given!r}."
        )
    return tuple(map(activation_for, given))
