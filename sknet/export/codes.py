"""Codes: adds the ONNX nodes that convert columns of X to the numbers and codes that a network takes.

The operator `LabelEncoder` looks up categories in the levels; it supports integers, float32 and strings. Levels that
are other numbers are looked up in float32, and then compared in the dtype of the graph.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core import OTHER
from ..preprocessing import Columns
from .graph import Graph

MISSING_TEXTS = "", "nan", "None", "<NA>"  # what ONNX Runtime and other callers pass for a missing string
_LARGEST_WHOLE = 2.0**53


class Column(NamedTuple):
    """One or more columns of X: a tensor of shape (n, width), and the kind of its values."""

    name: str
    kind: str  # float, integer or string
    width: int


def numbers_and_codes(g: Graph, given: list[Column], columns: Columns | None) -> tuple[str | None, list[str]]:
    """Add nodes that separate numbers from categories; return the numbers, shape (n, d), and codes, shape (n,) each."""
    if columns is None:
        parts = [c.name if c.kind == "float" else g.cast(c.name, g.dtype) for c in given]
        return _joined(g, parts), []
    single = _single(g, given)
    if len(single) != len(columns.names):
        raise ValueError(f"inputs must have {len(columns.names)} columns, as X had in fit, got {len(single)}.")
    if len(given) == 1:
        numbers = g("Gather", given[0].name, np.array(columns.numeric), axis=1) if columns.numeric else None
        numbers = g.cast(numbers, g.dtype) if numbers and given[0].kind != "float" else numbers
    else:
        found = [single[j] for j in columns.numeric]
        numbers = _joined(g, [c.name if c.kind == "float" else g.cast(c.name, g.dtype) for c in found])
    codes = [
        _code(g, single[j], columns.names[j], levels, size)
        for j, levels, size in zip(columns.categorical, columns.levels, columns.sizes, strict=True)
    ]
    return numbers, codes


def _joined(g: Graph, parts: list[str]) -> str | None:
    return None if not parts else parts[0] if len(parts) == 1 else g("Concat", *parts, axis=1)


def _single(g: Graph, given: list[Column]) -> list[Column]:
    """Split inputs with several columns into inputs with one column each."""
    single = []
    for column in given:
        if column.width == 1:
            single.append(column)
        else:
            parts = (g("Gather", column.name, np.array([j]), axis=1) for j in range(column.width))
            single += [Column(part, column.kind, 1) for part in parts]
    return single


def _code(g: Graph, column: Column, name: str, levels: tuple[Any, ...], size: int) -> str:
    """Add the codes of a categorical column, shape (n,)."""
    missing = size - 1 if size > len(levels) + 1 else OTHER
    as_text = any(isinstance(level, str) for level in levels)
    x = g("Reshape", column.name, np.array([-1]))
    if as_text or column.kind == "string":
        if not as_text and levels:
            raise ValueError(f"Column {name} must be numbers, because its levels are numbers, got strings.")
        if column.kind == "float":
            raise ValueError(f"Column {name} must be strings or integers, because its levels are text, got floats.")
        x = x if column.kind == "string" else g.cast(x, str)
        keys = {level: code for code, level in enumerate(levels, 1)}
        keys = dict.fromkeys(MISSING_TEXTS, missing) | keys
        return _look_up(g, x, "strings", list(keys), list(keys.values()))
    values = np.array(levels, dtype=np.float64)
    whole = np.abs(values) < _LARGEST_WHOLE
    whole &= values == np.floor(values)
    if column.kind == "integer":
        codes = np.flatnonzero(whole) + 1
        return _look_up(g, x, "int64s", values[whole].astype(np.int64), codes) if len(codes) else _none(g, x)
    code = _code_of_floats(g, x, name, values, whole=bool(whole.all())) if len(values) else _none(g, x)
    return g("Where", g("IsNaN", x), np.array(missing), code)


def _code_of_floats(g: Graph, x: str, name: str, values: np.ndarray, *, whole: bool) -> str:
    with np.errstate(over="ignore"):
        keys, own = values.astype(np.int64 if whole else np.float32), values.astype(g.dtype)
    for kept in (keys, own):
        if len(set(kept.tolist())) < len(kept):
            raise ValueError(
                f"Levels of column {name} must differ as {kept.dtype}, but some are equal. "
                + ("Export with dtype='float64'." if g.dtype == np.float32 else "Turn them into text before fitting.")
            )
    key = g.cast(x, keys.dtype) if whole or g.dtype != np.float32 else x
    code = _look_up(g, key, "int64s" if whole else "floats", keys, np.arange(1, len(keys) + 1))
    same = g("Equal", g("Gather", np.append(0.0, values), code), x)
    return g("Where", same, code, np.array(OTHER))


def _look_up(g: Graph, x: str, kind: str, keys: Any, codes: Any) -> str:
    return g(
        "LabelEncoder", x, domain="ai.onnx.ml", default_int64=OTHER,
        **{f"keys_{kind}": list(keys), "values_int64s": [int(code) for code in codes]},
    )  # fmt: skip


def _none(g: Graph, x: str) -> str:
    """Add the code `OTHER` for each row."""
    return g("Expand", np.array([OTHER]), g("Shape", x))
