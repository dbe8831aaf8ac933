"""Columns: finds the columns of X that are categories, and converts rows of X to numbers and codes.

The columns of a data frame are read one at a time, by name and dtype, so pandas, polars and pyarrow are not imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._compat import warn_caller
from ..core import OTHER
from .levels import Level, as_level, is_missing, levels_of, not_hashable, repeats_of
from .weights import check_weights

_CATEGORIES = {
    "category", "categorical", "enum", "dictionary", "str", "string", "large_string", "utf8", "object", "bool",
    "boolean",
}  # fmt: skip
_DATES = {
    "date", "date32", "date64", "datetime", "datetime64", "timestamp", "time", "time32", "time64", "timedelta64",
    "duration", "period",
}  # fmt: skip


def columns_of(X: Any, chosen: Any, sample_weight: Any = None) -> Columns | None:
    """Return `Columns.of` for an X that is not checked yet; None if it has no categories or is not two-dimensional."""
    if not is_frame(X) and (chosen is None or isinstance(chosen, str)):
        return None
    X = X if hasattr(X, "shape") else np.asarray(X, dtype=object)
    if len(X.shape) != 2:
        return None
    return Columns.of(X, chosen, check_weights(sample_weight, X.shape[0]))


def is_frame(X: Any) -> bool:
    """Whether ``X`` is a data frame: its columns have names, and each column has its own dtype."""
    return hasattr(X, "__len__") and not isinstance(X, np.ndarray) and _names(X) is not None


def _names(X: Any) -> list[Any] | None:
    names = getattr(X, "column_names", getattr(X, "columns", None))  # pyarrow has a `columns` of arrays
    return None if names is None or callable(names) else list(names)


def has_names(X: Any, expected: np.ndarray | None) -> bool:
    """Whether ``X`` is a data frame whose columns have exactly these names, in this order."""
    return expected is not None and is_frame(X) and _names(X) == expected.tolist()


def _dtype_name(column: Any) -> str:
    """Return the name of the dtype of a frame's column, without the details in brackets."""
    name = str(getattr(column, "dtype", getattr(column, "type", "object")))
    return re.match(r"\w*", name)[0].lower()


@dataclass(frozen=True)
class Columns:
    """The names of the columns of X, and the levels of those that are categories.

    Parameters
    ----------
    names : tuple of str
        What to call each column in messages.
    categorical : tuple of int
        Which columns are categories.
    levels : tuple of tuples of float or str
        For each categorical column, the levels that have a code of their own, the most frequent first.
    shares : tuple of tuples of float
        For each categorical column, the share of the rows with each code: `OTHER`, the levels, and missing values if
        they have a code.
    """

    names: tuple[str, ...]
    categorical: tuple[int, ...]
    levels: tuple[tuple[Level, ...], ...]
    shares: tuple[tuple[float, ...], ...]

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields without the cached codes, which are computed from them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def of(cls, X: Any, chosen: Any, weights: np.ndarray | None = None) -> Columns | None:
        """Return the columns of ``X``, with ``chosen`` as categories; None if no column is a category.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n, d)
            The rows to find levels in.
        chosen : {"from_dtype"}, None, or array-like of bool, int or str
            The parameter `categorical_features`.
        weights : ndarray of shape (n,) or None
            Row weights. If all are whole numbers, a row counts as often as its weight says. Else each row of positive
            weight counts once.
        """
        names = _names(X) if is_frame(X) else None
        if names is not None and len(set(names)) < len(names):
            twice = sorted({str(name) for name in names if names.count(name) > 1})
            raise ValueError(f"X must have columns of different names, got more than one called {', '.join(twice)}.")
        shown = [str(name) for name in (range(X.shape[1]) if names is None else names)]
        categorical = _chosen(X, chosen, names, len(shown))
        if not categorical:
            return None
        if sp.issparse(X):
            raise ValueError(
                "`categorical_features` needs a dense X or a data frame, got a sparse matrix. Use X.toarray()."
            )
        repeats = None if weights is None else repeats_of(np.asarray(weights))
        column = _reader(X)
        found = [levels_of(_values(column(j), shown[j]), repeats, shown[j]) for j in categorical]
        levels, shares = zip(*found, strict=True)
        return cls(tuple(shown), categorical, levels, shares)

    @property
    def numeric(self) -> tuple[int, ...]:
        """Which columns are numbers."""
        return tuple(j for j in range(len(self.names)) if j not in self.categorical)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each categorical column."""
        return tuple(map(len, self.shares))

    @cached_property
    def _codes(self) -> list[dict[Level | None, int]]:
        """For each categorical column, the code of each level, and of None (a missing value) if that has a code."""
        pairs = zip(self.levels, self.sizes, strict=True)
        return [{level: code for code, level in enumerate((*levels, None)[: size - 1], 1)} for levels, size in pairs]

    def codes(self, X: Any) -> np.ndarray:
        """Return the codes of the categorical columns of ``X``, shape (n, n_categorical), in the smallest dtype.

        The codes of levels begin at 1. Rare levels, new levels, and missing values that were rare in training have the
        code `OTHER`.
        """
        column = _reader(X)
        out = np.empty((len(X), len(self.categorical)), dtype=np.min_scalar_type(max(self.sizes)))
        for place, j in enumerate(self.categorical):
            values = column(j)
            if _has_fewer_categories_than_rows(values):  # look up each category once
                levels = _values(values.cat.categories, self.names[j]).tolist()
                out[:, place] = np.array(self._codes_of([*levels, None], place))[values.cat.codes]
            else:
                out[:, place] = self._codes_of(_values(values, self.names[j]).tolist(), place)
        return out

    def _codes_of(self, values: list[Any], place: int) -> list[int]:
        """Return the codes of ``values``, which belong to the categorical column number ``place``."""
        codes = self._codes[place]
        try:
            found = list(map(codes.get, values))
        except TypeError:
            raise ValueError(not_hashable(self.names[self.categorical[place]], values)) from None
        if None in found:  # these values are new, or they have not the form of a level
            as_number = isinstance(next(iter(self.levels[place]), ""), float)
            for i, code in enumerate(found):
                if code is None:
                    found[i] = codes.get(as_level(values[i], as_number=as_number), OTHER)
        return found

    def warn_of_new_levels(self, codes: np.ndarray) -> None:
        """Warn of new levels: of columns that have the code `OTHER` although no level was rare in the first call."""
        new = [j for j, shares in enumerate(self.shares) if shares[OTHER] == 0.0 and (codes[:, j] == OTHER).any()]
        if new:
            names = ", ".join(self.names[self.categorical[j]] for j in new)
            warn_caller(
                f"Columns {names} of X have levels that were not there in the first call. All of them are treated as "
                "one unknown level, because levels are learned from the rows of the first call only."
            )

    def numbers(self, X: Any) -> Any:
        """Return the numeric columns of ``X`` as an array of floats, shape (n, n_numeric), missing values as NaN."""
        if not is_frame(X):
            numbers = np.asarray(X)[:, list(self.numeric)]
            return numbers if numbers.dtype in (np.float32, np.float64) else numbers.astype(np.float64)
        column = _reader(X)
        columns = [_number_column(column(j), self.names[j]) for j in self.numeric]
        dtype = np.float32 if columns and all(c.dtype == np.float32 for c in columns) else np.float64
        out = np.empty((len(X), len(columns)), dtype=dtype)
        for j, column in enumerate(columns):
            out[:, j] = column
        return out


def _chosen(X: Any, chosen: Any, names: list[Any] | None, n_columns: int) -> tuple[int, ...]:
    """Return the indices of the columns that the parameter `categorical_features` chooses."""
    if chosen is None or (isinstance(chosen, str) and chosen == "from_dtype"):
        return () if chosen is None or names is None else _by_dtype(X, names)
    chosen = np.asarray(chosen)
    if chosen.size == 0:
        return ()
    if chosen.dtype == bool:
        if chosen.shape != (n_columns,):
            raise ValueError(
                f"`categorical_features` as a mask must have one entry for each of the {n_columns} columns, "
                f"got shape {chosen.shape}."
            )
        return tuple(map(int, np.flatnonzero(chosen)))
    if chosen.dtype.kind in "OUST":
        known = {} if names is None else {name: j for j, name in enumerate(names)}
        unknown = [name for name in chosen.tolist() if name not in known]
        if unknown:
            there = "has no column names" if names is None else f"has the columns {', '.join(map(str, names))}"
            raise ValueError(f"`categorical_features` must name columns of X, got {unknown}, but X {there}.")
        return tuple(sorted({known[name] for name in chosen.tolist()}))
    if chosen.min() < 0 or chosen.max() >= n_columns:
        raise ValueError(
            f"`categorical_features` as indices must lie in [0, {n_columns - 1}], got {chosen.min()} to {chosen.max()}."
        )
    return tuple(sorted(set(map(int, chosen))))


def _by_dtype(X: Any, names: Sequence[Any]) -> tuple[int, ...]:
    """Return the indices of the columns of a frame that hold categories, text, objects or booleans."""
    kinds = [_dtype_name(X[name]) for name in names]
    dates = [
        str(name)
        for name, kind in zip(names, kinds, strict=True)
        if kind in _DATES or (kind == "object" and _holds_dates(np.asarray(X[name])))
    ]
    if dates:
        raise ValueError(
            f"X must hold numbers and categories, got dates or durations in {', '.join(dates)}. Turn them into numbers "
            "first, with skrub's DatetimeEncoder or the .dt accessors of the frame, or leave these columns out."
        )
    return tuple(j for j, kind in enumerate(kinds) if kind in _CATEGORIES)


def _holds_dates(column: np.ndarray) -> bool:
    """Whether the first value of an object column that is not missing is a date, a time or a duration."""
    first = next((value for value in column if not is_missing(value)), None)
    return hasattr(first, "isoformat") or hasattr(first, "total_seconds")


def _has_fewer_categories_than_rows(column: Any) -> bool:
    """Whether a column is a pandas categorical with fewer categories than rows."""
    accessor = getattr(column, "cat", None)
    return hasattr(accessor, "codes") and len(accessor.categories) < len(column)


def _reader(X: Any) -> Callable[[int], Any]:
    """Return a function that returns the column of ``X`` with a given index."""
    names = _names(X) if is_frame(X) else None
    return (lambda j: X[:, j]) if names is None else (lambda j: X[names[j]])


def _values(column: Any, name: str) -> np.ndarray:
    """Return a column as a NumPy array."""
    as_list = getattr(column, "to_pylist", getattr(column, "to_list", None))
    # NumPy would lose the missing values of a pyarrow dictionary, and NUL at the end of polars text.
    if as_list is not None and _dtype_name(column) in ("dictionary", "string", "utf8", "categorical", "enum"):
        return np.array([*as_list(), None], dtype=object)[:-1]
    values = np.asarray(column)
    if values.ndim != 1 or values.dtype.kind not in "biufOUST":
        raise ValueError(f"Column {name} of X must hold categories, got values of dtype {values.dtype}.")
    return values


def _number_column(column: Any, name: str) -> np.ndarray:
    """Return a column of a frame as floats, with NaN for missing values."""
    values = np.asarray(column)
    if values.dtype in (np.float32, np.float64):
        return values
    if values.dtype.kind == "O":
        values = np.array([np.nan if is_missing(value) else value for value in values], dtype=object)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"Column {name} of X must hold numbers, because it is not one of the categorical columns, got values "
            f"such as {values[0]!r}. Convert them, or add the column to `categorical_features`."
        ) from None
