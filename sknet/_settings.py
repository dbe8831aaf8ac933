"""Settings: checks of constructor parameters beyond the allowed values of each.

Whole numbers that are floats become integers, parameters of schedule objects are checked, parameters that L-BFGS cannot
use are switched off, and warnings name the parameters that have no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from inspect import signature
from numbers import Integral, Real
from typing import Any

import numpy as np

from ._compat import warn_caller
from ._parameters import (
    RULES,
    InvalidParameterError,
    Rule,
    check_parameters,
    integer,
    is_auto,
    is_number,
    is_whole,
    real,
    shown,
)
from .core import (
    Adaptive,
    Clock,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    LogCosine,
    OneCycle,
    Schedule,
    Warmup,
)

_SHARE, _SCHEDULE = real(0.0, 1.0, "[]"), RULES["learning_rate"]
_OF_SCHEDULES: dict[type, dict[str, Rule]] = {
    Constant: {},
    InverseScaling: {"power": real(0.0)},
    Adaptive: {"divisor": real(1.0, closed="()")},
    Exponential: {"decay": real(0.0, closed="()")},
    Cosine: {"final": _SHARE},
    OneCycle: {"start": _SHARE, "rise": _SHARE, "final": _SHARE},
    LogCosine: {"cycles": integer(1, 1000)},
    Warmup: {"share": _SHARE},
}

_OFF_FOR_LBFGS = {
    "early_stopping": False,
    "dropout": 0.0,
    "weight_decay": 0.0,
    "max_grad_norm": None,
    "n_members": 1,
    "averaging": 0.0,
}
_NEEDS_LOSS = {"quantile": "quantile", "huber_delta": "huber"}


def checked(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the checked constructor parameters, with whole numbers as integers (46 for 46.0).

    Raises
    ------
    InvalidParameterError
        If a value is not allowed, or not allowed with L-BFGS.
    """
    check_parameters(parameters)
    if not isinstance(parameters["learning_rate"], str):
        check_schedule(parameters["learning_rate"])
    if parameters["solver"] == "lbfgs" and parameters["normalization"] == "batch":
        raise InvalidParameterError(
            "`normalization='batch'` needs a solver that works in epochs and mini-batches; 'lbfgs' does not. "
            "Use solver='adam', or normalization='layer' or None."
        )
    return {name: _as_integers(value) if RULES[name].whole else value for name, value in parameters.items()}


def check_schedule(schedule: Schedule, name: str = "learning_rate") -> None:
    """Raise `InvalidParameterError` if a parameter of the schedule object ``name`` has a value that is not allowed."""
    kind = next((kind for kind in _OF_SCHEDULES if isinstance(schedule, kind)), None)
    for parameter, rule in _OF_SCHEDULES.get(kind, {}).items():
        value = getattr(schedule, parameter)
        if not rule.accepts(value):
            raise InvalidParameterError(
                f"`{parameter}` of `{name}={shown(schedule)}` must be {rule.description}, got {shown(value)}."
            )
    if isinstance(schedule, Warmup):
        if isinstance(schedule.schedule, str) or not _SCHEDULE.accepts(schedule.schedule):
            raise InvalidParameterError(
                f"`schedule` of `{name}={shown(schedule)}` must be a schedule of sknet.schedules, "
                f"got {shown(schedule.schedule)}."
            )
        check_schedule(schedule.schedule, f"{name}.schedule")
    elif kind is None:
        rate = schedule(Clock(progress=0.5))
        if not is_number(rate, Real) or not 0.0 <= rate < np.inf:
            raise InvalidParameterError(
                f"`{name}={shown(schedule)}` must return a number in [0, inf), the learning rate divided by "
                f"`learning_rate_init`, got {shown(rate)} at progress=0.5."
            )


def as_solver_can(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters, with those switched off that L-BFGS cannot use."""
    if parameters["solver"] != "lbfgs":
        return parameters
    return parameters | {name: _OFF_FOR_LBFGS[name] for name in _left_out(parameters)}


def warn_of_what_has_no_effect(estimator: Any, given: dict[str, Any], *, validated: bool) -> None:
    """Warn of parameters that were set but have no effect in this fit, once for each cause.

    Parameters
    ----------
    estimator : estimator
        The estimator that is fitted. A parameter that has its default counts as not set.
    given : dict
        Its parameters, already checked.
    validated : bool
        Whether this fit has validation rows.
    """
    for message in _without_effect(given, _defaults(type(estimator)), validated):
        warn_caller(message)


def _without_effect(given: dict[str, Any], defaults: dict[str, Any], validated: bool) -> Iterator[str]:
    left_out = _left_out(given) if given["solver"] == "lbfgs" else []
    if left_out:
        yield (
            f"{_list(given, left_out)} no effect: solver='lbfgs' has neither epochs nor mini-batches. Use another "
            "solver, or do not set what has no effect."
        )
    changed = [name for name in given if name in defaults and not _same(given[name], defaults[name])]
    sizes = [name for name in ("depth", "width") if name in changed]
    if sizes and given["hidden_layer_sizes"] is not None:
        yield (
            f"{_list(given, sizes)} no effect beside `hidden_layer_sizes={given['hidden_layer_sizes']!r}`, which "
            "overrides depth and width. Set one or the other."
        )
    for name, loss in _NEEDS_LOSS.items():
        if name in changed and given["loss"] != loss:
            yield f"{_list(given, [name])} no effect with loss={given['loss']!r}. Use loss={loss!r}, or leave it out."
    if "scoring" in changed and given["scoring"] is not None and not validated:
        yield (
            f"{_list(given, ['scoring'])} no effect, because this fit has no validation rows. Use "
            "early_stopping=True, or pass X_val and y_val."
        )


def _list(given: dict[str, Any], names: list[str]) -> str:
    return " and ".join(f"`{name}={shown(given[name])}`" for name in names) + (" have" if len(names) > 1 else " has")


def _left_out(given: dict[str, Any]) -> list[str]:
    """Return the names of parameters that are set but that L-BFGS cannot use."""
    pairs = [(name, given[name], off) for name, off in _OFF_FOR_LBFGS.items()]
    return [name for name, value, off in pairs if not is_auto(value) and np.any(np.asarray(value) != off)]


@cache
def _defaults(kind: type) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in signature(kind).parameters.items()}


def _same(value: Any, default: Any) -> bool:
    return value is default or (np.ndim(value) == 0 and bool(value == default))


def _as_integers(value: Any) -> Any:
    if is_whole(value):
        return int(value)
    if isinstance(value, str) or np.ndim(value) == 0 or all(isinstance(entry, Integral) for entry in value):
        return value
    return tuple(map(int, value))
