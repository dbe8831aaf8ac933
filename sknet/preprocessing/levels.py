"""Levels: the values of one column of categories, in a form in which they compare, and how often each comes.

A level is compared by its value, whatever the dtype of its column is: numbers and truth values as numbers, anything
else as text. A column in which both occur is read as text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._compat import warn_caller

LEAST_ROWS = 5  # of a level with a code of its own
_MANY_VALUES = 0.9  # share of the rows from which on a column of text is no category
_FEW_ROWS = 50

Level = float | str


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or what pandas has for a gap."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(value != value)


def as_level(value: Any, *, as_number: bool) -> Level | None:
    """Return a value in the form in which levels are kept, None for a missing one."""
    if is_missing(value):
        return None
    if not as_number:
        is_whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
        return str(int(value)) if is_whole else str(value)
    try:
        return float({"True": 1.0, "False": 0.0}.get(value, value) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return str(value)  # which no column of numbers has


def repeats_of(weights: np.ndarray) -> np.ndarray:
    """Return how often each row counts: as often as whole weights say, else once if it has weight."""
    whole = bool((weights == np.floor(weights)).all()) and weights.max() < 2**31
    return (weights if whole else weights > 0.0).astype(np.int64)


def _counted(values: np.ndarray, repeats: np.ndarray | None) -> Counter[Any]:
    """Return how often each value comes, in the order in which they come."""
    if repeats is None:
        return Counter(values.tolist())
    counts: Counter[Any] = Counter()
    for value, n in zip(values.tolist(), repeats.tolist(), strict=True):
        if n:
            counts[value] += n
    return counts


def not_hashable(name: str, values: Iterable[Any]) -> str:
    """Return what to say of a column with lists, dictionaries and the like."""
    kind = next((type(value).__name__ for value in values if getattr(value, "__hash__", None) is None), "tuple")
    return f"Column {name} of X must hold categories, got values of type {kind}."


def levels_of(values: np.ndarray, repeats: np.ndarray | None, name: str) -> tuple[tuple[Level, ...], tuple[float, ...]]:
    """Return the levels of a column that have a code of their own, and the share of each code.

    They are in the order of their frequency, and then in that in which they come, so that names do not matter.
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
            f"Column {name} of X is text with {len(counts)} values in {n} rows, so as a category it says next to "
            "nothing. Leave it out, or turn it into numbers, with skrub's TextEncoder or scikit-learn's "
            "TfidfVectorizer."
        )
    least = min(LEAST_ROWS, max(1, n // 20))
    own = {level: count for level, count in counts.most_common() if count >= least}
    of_codes = [*own.values(), *([missing] if missing >= least else [])]
    return tuple(own), tuple(count / n for count in (n - sum(of_codes), *of_codes))
