"""Levels: finds the levels of one categorical column, and counts how often each occurs.

Levels are compared by value, whatever the dtype of the column: numbers and truth values as numbers, anything else as
text. If a column holds both, all its values are read as text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._compat import warn_caller

LEAST_ROWS = 5  # a level in fewer rows has no code of its own
_MANY_VALUES = 0.9  # a text column with more levels than this share of the rows gets a warning
_FEW_ROWS = 50

Level = float | str


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or a missing value of pandas."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(value != value)


def as_level(value: Any, *, as_number: bool) -> Level | None:
    """Return a value as a level, a float or a text; None for a missing value."""
    if is_missing(value):
        return None
    if not as_number:
        is_whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
        return str(int(value)) if is_whole else str(value)
    try:
        return float({"True": 1.0, "False": 0.0}.get(value, value) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return str(value)  # it is no number, so it equals no level of this column


def repeats_of(weights: np.ndarray) -> np.ndarray:
    """Return how often each row counts: its weight if all weights are whole, else 1 for a positive weight."""
    whole = bool((weights == np.floor(weights)).all()) and weights.max() < 2**31
    return (weights if whole else weights > 0.0).astype(np.int64)


def _counted(values: np.ndarray, repeats: np.ndarray | None) -> Counter[Any]:
    """Return how often each value occurs, in the order of the first occurrences."""
    if repeats is None:
        return Counter(values.tolist())
    counts: Counter[Any] = Counter()
    for value, n in zip(values.tolist(), repeats.tolist(), strict=True):
        if n:
            counts[value] += n
    return counts


def not_hashable(name: str, values: Iterable[Any]) -> str:
    """Return the error message for a column with lists, dictionaries or other values without a hash."""
    kind = next((type(value).__name__ for value in values if getattr(value, "__hash__", None) is None), "tuple")
    return f"Column {name} of X must hold categories, got values of type {kind}."


def levels_of(values: np.ndarray, repeats: np.ndarray | None, name: str) -> tuple[tuple[Level, ...], tuple[float, ...]]:
    """Return the levels of a column that have a code of their own, and the share of the rows with each code.

    The most frequent level comes first. Equally frequent levels come in the order in which they occur, so their names
    do not matter.
    """
    try:
        raw = _counted(values, repeats)
    except TypeError:
        raise ValueError(not_hashable(name, values)) from None
    as_number = all(isinstance(value, (int, float, np.number, np.bool_)) for value in raw if not is_missing(value))
    counts: Counter[Level | None] = Counter()
    for value, count in raw.items():
        counts[as_level(value, as_number=as_number)] += count
    missing = counts.pop(None, 0)
    n = missing + sum(counts.values())
    if not as_number and n >= _FEW_ROWS and len(counts) > _MANY_VALUES * n:
        warn_caller(
            f"Column {name} of X is text with {len(counts)} different values in {n} rows, so almost no value occurs "
            "twice, and as a category it has little use. Leave the column out, or turn it into numbers, with skrub's "
            "TextEncoder or scikit-learn's TfidfVectorizer."
        )
    least = min(LEAST_ROWS, max(1, n // 20))
    own = {level: count for level, count in counts.most_common() if count >= least}
    of_codes = [*own.values(), *([missing] if missing >= least else [])]
    return tuple(own), tuple(count / n for count in (n - sum(of_codes), *of_codes))
