"""Row weights, as the caller gives them."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from sklearn.utils import check_array


def check_weights(sample_weight: Any, n: int, name: str = "sample_weight") -> np.ndarray | None:
    """Return row weights as a float array of shape (n,), or None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Number):
        sample_weight = np.full(n, sample_weight)
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weights.shape != (n,):
        raise ValueError(f"`{name}` must have shape ({n},), one weight for each row, got {weights.shape}.")
    if weights.min() < 0.0:
        raise ValueError(f"`{name}` must not be negative, got {weights.min()}. Leave such rows out or give them 0.")
    if not weights.any():
        raise ValueError(f"`{name}` must have at least one positive weight, got only zeros.")
    return weights
