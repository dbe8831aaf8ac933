"""Encoder: converts an estimator, and everything that it contains, to JSON and arrays.

Numbers, strings, lists and None are stored as they are. Everything else becomes an object with one key, its type:
``{"tuple": [...]}``, ``{"array": name}``, ``{"Adam": {"beta_1": 0.9, ...}}``.
"""

from __future__ import annotations

import json
import math
import reprlib
from dataclasses import fields, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._compat import CALLBACK_ATTRIBUTES, metadata_requests
from ..training import State
from .container import can_hold, write_container
from .storable import ESTIMATORS, NAMED, RECORDS


def write_estimator(path: Any, estimator: Any, **more: Any) -> None:
    """Write an estimator, and ``more`` JSON, to the file ``path``; see `write_container`."""
    encoder = Encoder()
    content = {"estimator": encoder.estimator(estimator, ""), **more}
    write_container(path, json.dumps(content, allow_nan=False, separators=(",", ":")), encoder.arrays)


def checked_name(estimator: Any) -> str:
    """Return the name of an estimator's class; raise TypeError if a file cannot hold it."""
    name, package = type(estimator).__name__, type(estimator).__module__.split(".")[0]
    if name not in ESTIMATORS or package != __name__.split(".")[0]:
        raise TypeError(f"a model file holds {', '.join(ESTIMATORS)}, got {type(estimator)}. {_instead(estimator)}")
    return name


def _instead(estimator: Any) -> str:
    """Return what to do with an object that a model file cannot hold."""
    if not isinstance(estimator, BaseEstimator) or {c.__name__ for c in type(estimator).__mro__} & {*ESTIMATORS}:
        return "A class of your own is code, which a file of data cannot hold."
    best = hasattr(estimator, "best_estimator_")
    name = "search.best_estimator_" if best else "model"
    if best and type(estimator.best_estimator_).__name__ in ESTIMATORS:
        return f"Save the best network of the search: sknet.save({name}, path)"
    return (
        "Save estimators of scikit-learn that contain the network with skops (the extra: pip install -e "
        '".[skops]"). Its `load` refuses types that are not trusted, and lists them:\n'
        f'    skops.io.dump({name}, "model.skops")\n'
        '    model = skops.io.load("model.skops", trusted=sknet.export.trusted_types())'
    )


class Encoder:
    """Converts values to JSON; ``arrays`` collects the arrays, under names that say where they belong."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._names: dict[int, tuple[str, np.ndarray]] = {}  # to store an array only once

    def encode(self, value: Any, name: str) -> Any:
        """Return the JSON of ``value``; ``name`` is its name in the file and in errors.

        Raises
        ------
        TypeError
            If the value, or a part of it, cannot be stored.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):
            return value
        if kind is float:
            return {"float": repr(value)}
        if kind is list:
            if value and all(type(item) is float for item in value):
                return {"floats": self._array(np.array(value), name)}
            return self._items(value, name)
        if kind is tuple:
            return {"tuple": self._items(value, name)}
        if kind is dict:
            return {"dict": [[self.encode(k, f"{name}.key"), self.encode(v, f"{name}.{k}")] for k, v in value.items()]}
        if isinstance(value, np.ndarray):
            return self._ndarray(value, name)
        if isinstance(value, np.generic):
            return {"scalar": self._ndarray(np.asarray(value), name)}
        return self._object(value, name)

    def estimator(self, estimator: Any, name: str) -> dict[str, Any]:
        """Return the JSON of a fitted or unfitted estimator of this package."""
        kind = checked_name(estimator)
        if hasattr(estimator, "_network"):
            hasattr(estimator, "coefs_")  # computes the attribute, which other readers of the file look for
        parameters = estimator.get_params(deep=False)
        own = {k: v for k, v in vars(estimator).items() if k not in (*parameters, *CALLBACK_ATTRIBUTES)}
        requests = metadata_requests(own)
        public_first = sorted(own, key=lambda key: key.startswith("_"))
        return {
            kind: {
                "parameters": {k: self.encode(v, f"{name}{k}") for k, v in parameters.items()},
                "attributes": {k: self.encode(own[k], f"{name}{k}") for k in public_first},
                "requests": requests,
            }
        }

    def _items(self, values: Any, name: str) -> list[Any]:
        return [self.encode(value, f"{name}.{i}") for i, value in enumerate(values)]

    def _ndarray(self, array: np.ndarray, name: str) -> dict[str, Any]:
        if array.dtype.kind == "O":
            return {"objects": {"shape": list(array.shape), "items": self._items(array.ravel().tolist(), name)}}
        if array.dtype.kind == "U":
            length = max(array.dtype.itemsize // 4, 1)
            code_points = array.ravel().astype(f"=U{length}").view(np.uint32)
            return {"strings": self._array(code_points.reshape(*array.shape, length), name)}
        if not can_hold(array):
            raise _cannot_hold(array, name)
        return {"array": self._array(array, name)}

    def _array(self, array: np.ndarray, name: str) -> str:
        if id(array) not in self._names:
            unique = f"{name}.{len(self.arrays)}" if name in self.arrays else name
            self._names[id(array)] = unique, array  # kept alive, so that no other array gets its id
            self.arrays[unique] = array
        return self._names[id(array)][0]

    def _object(self, value: Any, name: str) -> dict[str, Any]:
        kind = type(value)
        key = next((key for key, member in NAMED.get(kind, {}).items() if value == member), None)
        if key is not None:
            return {kind.__name__: key}
        if isinstance(value, np.dtype) and value.name in ("float32", "float64"):
            return {"dtype": value.name}
        if kind is np.random.RandomState and value.get_state(legacy=False)["bit_generator"] == "MT19937":
            return {"RandomState": self.encode(value.get_state(legacy=False), name)}
        if kind is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
            return {"Generator": self.encode(value.bit_generator.state, name)}
        if kind.__name__ in ESTIMATORS:
            return {"estimator": self.estimator(value, f"{name}.")}
        if RECORDS.get(kind.__name__) is not kind:
            raise _cannot_hold(value, name)
        if kind is State and callable(value.stops_by):  # no longer a parameter: its name is enough
            value = replace(value, stops_by=repr(value.stops_by))
        if kind is State and value.judged is not None and callable(value.judged[0]):
            value = replace(value, judged=(repr(value.judged[0]), value.judged[1]))
        return {kind.__name__: {f.name: self.encode(getattr(value, f.name), f"{name}.{f.name}") for f in fields(kind)}}


def _cannot_hold(value: Any, name: str) -> TypeError:
    return TypeError(
        f"`{name}` is {reprlib.repr(value)}, which a model file cannot hold: it holds numbers, strings, arrays, and "
        "the activations and schedules of sknet, but no code. Replace the value by a name or a number with set_params; "
        "or use pickle or joblib, for files that only you read."
    )
