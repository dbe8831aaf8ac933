"""Decoder: converts JSON and arrays back to the values that were encoded, or raises an error."""

from __future__ import annotations

import json
import reprlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from .._compat import set_metadata_requests
from .container import FileFormatError, read_container
from .storable import KINDS, NAMED, RECORDS


def read_model(path: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the JSON and the arrays of a model file; see `read_container`."""
    text, arrays = read_container(path)
    with consistent(path):
        content = json.loads(text)
        if not isinstance(content, dict):
            raise TypeError("a model that is no object")
        return content, arrays


@contextmanager
def consistent(path: Any) -> Iterator[None]:
    """Turn any error in the use of a file's content into a `FileFormatError`."""
    try:
        yield
    except Exception as error:
        raise FileFormatError(f"{str(path)!r} is not consistent, so nothing of it was used: {error!r}.") from error


class Decoder:
    """Converts the JSON of `Encoder` back to values.

    Parameters
    ----------
    arrays : dict of ndarray
        The arrays, by the names that the JSON has for them.
    estimators : dict of str: type
        The classes of estimators, by name.
    """

    def __init__(self, arrays: dict[str, np.ndarray], estimators: dict[str, type]) -> None:
        self.arrays, self.estimators = arrays, estimators
        self._lists: dict[str, list[float]] = {}

    def decode(self, value: Any) -> Any:
        """Return the value.

        Raises
        ------
        Exception
            Of any type, if ``value`` is not JSON of `Encoder`.
        """
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        ((tag, content),) = value.items()
        if tag in RECORDS:
            return self._record(RECORDS[tag], content)
        if tag in _NAMED:
            return _NAMED[tag][content]
        return getattr(self, _DECODERS[tag])(content)

    def estimator(self, value: dict[str, Any]) -> Any:
        """Return the estimator."""
        ((name, content),) = value.items()
        kind = self.estimators[name]
        estimator = kind(**{k: self.decode(v) for k, v in content["parameters"].items()})
        attributes = {k: self.decode(v) for k, v in content["attributes"].items()}
        taken = [k for k in attributes if hasattr(kind, k) or k in vars(estimator)]
        if taken:
            raise ValueError(f"attributes {taken} of a {name}")
        vars(estimator).update(attributes)
        set_metadata_requests(estimator, content["requests"])
        return estimator

    def _record(self, kind: type, content: dict[str, Any]) -> Any:
        values = {k: self.decode(v) for k, v in content.items()}
        for name, hint in _hints(kind).items():
            if name in values and not _fits(values[name], hint):
                raise TypeError(f"{kind.__name__}.{name} is {reprlib.repr(values[name])}, not {hint}")
        later = [f.name for f in fields(kind) if not f.init]
        record = kind(**{k: v for k, v in values.items() if k not in later})
        for name in later:
            setattr(record, name, values[name])
        return record

    def _tuple(self, content: Any) -> tuple[Any, ...]:
        return tuple(self.decode(content))

    def _dict(self, content: Any) -> dict[Any, Any]:
        return {self.decode(k): self.decode(v) for k, v in content}

    def _float(self, content: str) -> float:
        return float(content)

    def _floats(self, content: str) -> list[float]:
        if content not in self._lists:  # all references share one list, so that the size of the file bounds the memory
            self._lists[content] = list(map(float, self.arrays[content]))
        return self._lists[content]

    def _array(self, content: str) -> np.ndarray:
        return self.arrays[content]

    def _scalar(self, content: Any) -> Any:
        return self.decode(content)[()]

    def _objects(self, content: Any) -> np.ndarray:
        items = [self.decode(item) for item in content["items"]]
        array = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):
            array[i] = item
        return array.reshape(content["shape"])

    def _strings(self, content: str) -> np.ndarray:
        code_points = self.arrays[content]
        *shape, length = code_points.shape
        if code_points.dtype != np.uint32 or np.any(code_points > sys.maxunicode):
            raise ValueError(f"strings of {code_points.dtype}")
        return code_points.reshape(-1).view(f"=U{length}").reshape(shape)

    def _dtype(self, content: str) -> np.dtype:
        return np.dtype({"float32": "float32", "float64": "float64"}[content])

    def _random_state(self, content: Any) -> np.random.RandomState:
        state = self.decode(content)
        key, at = state["state"]["key"], state["state"]["pos"]
        if key.shape != (624,) or key.dtype != np.uint32 or not 0 <= at <= 624:  # NumPy does not check this
            raise ValueError(f"a Mersenne twister at {at} of {key.shape}")
        random_state = np.random.RandomState(0)
        random_state.set_state(state)
        return random_state

    def _generator(self, content: Any) -> np.random.Generator:
        generator = np.random.Generator(np.random.PCG64(0))
        generator.bit_generator.state = self.decode(content)
        return generator


_NAMED = {kind.__name__: table for kind, table in NAMED.items()}
_DECODERS = {
    "tuple": "_tuple", "dict": "_dict", "float": "_float", "floats": "_floats", "dtype": "_dtype",
    "array": "_array", "scalar": "_scalar", "objects": "_objects", "strings": "_strings",
    "RandomState": "_random_state", "Generator": "_generator", "estimator": "estimator",
}  # fmt: skip


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value has the declared type of its field."""
    # From Python 3.12 on, NumPy may declare `NDArray` by a `type` statement; its value is the class.
    hint = getattr(get_origin(hint), "__value__", hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is tuple and arguments[-1] is not ...:
        pairs = zip(value, arguments, strict=True) if isinstance(value, tuple) else ()
        return isinstance(value, tuple) and all(_fits(item, argument) for item, argument in pairs)
    if origin in (list, tuple):
        return isinstance(value, origin) and all(_fits(item, arguments[0]) for item in value)
    return isinstance(value, KINDS.get(hint, origin or hint))
