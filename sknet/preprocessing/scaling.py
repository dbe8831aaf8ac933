"""Scaling: measures the units (shift and scale) of inputs and outputs, and adapts weights when a stream changes them.

A change of units does not change the function that a network computes: an output layer ``W, b`` followed by
``y s + m`` equals the layer ``W s, b s + m``. The first layer is adapted in the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Loss, Units
from .moments import LogMean, Moments
from .quartiles import Quartiles

_CLIP = 3.0  # interquartile ranges from the median, where robust inputs are clipped
_LARGEST_RATIO, _LARGEST_STEP = 2.0, 0.5  # limits of a stream: ratio of its scales, shift in scales

Measured = Moments | Quartiles | LogMean | None


def measure_inputs(
    standardize: bool | str, X: Any, weights: np.ndarray | None, earlier: Measured = None
) -> Moments | Quartiles | None:
    """Return the units of inputs, None without standardization; ``earlier`` are those of the stream so far."""
    if not standardize:
        return None
    if standardize == "robust":
        return Quartiles.of(X, weights, bound=_CLIP)
    centred = earlier.centred if isinstance(earlier, Moments) else None
    return Moments.of(X, weights, bound_constants=True, centred=centred)


def measure_outputs(standardize: bool | str, columns: np.ndarray, weights: np.ndarray | None, loss: Loss) -> Measured:
    """Return the units of targets, shape (n_outputs, n); None without standardization.

    If outliers have little influence on the loss, they also have little influence on the units.
    """
    if not standardize or not (loss.location_scale or loss.output_activation.name == "exp"):
        return None
    y = np.ascontiguousarray(columns.T)
    if loss.output_activation.name == "exp":
        return LogMean.of(y, weights)
    return Quartiles.of(y, weights, "y") if getattr(loss, "robust", False) else Moments.of(y, weights, "y")


def input_units(of: Measured) -> Units | None:
    """Return the units that rows of X are converted to."""
    return None if of is None else Units(of.shift, of.scale, of.bound, not getattr(of, "centred", True))


def output_units(of: Measured) -> Units | None:
    """Return the units that raw outputs are converted from; for a constant target, every prediction is its value."""
    return None if of is None else Units(of.shift, np.where(of.constant, 0.0, of.scale))


def fits(used: Measured, seen: Measured) -> bool:
    """Whether the units ``used`` still suit all rows ``seen``; if not, a stream changes to the units of those rows."""
    if used is None or seen is None:
        return used is seen
    ratio = seen.scale / used.scale
    near = (ratio <= _LARGEST_RATIO) & (ratio >= 1.0 / _LARGEST_RATIO)
    near &= np.abs(seen.shift - used.shift) <= _LARGEST_STEP * seen.scale
    return bool(np.all(near & (seen.constant | ~used.constant)))


def same_units(one: Measured, other: Measured) -> bool:
    """Whether both have the same shift and scale."""
    if one is None or other is None:
        return one is other
    return np.array_equal(one.shift, other.shift) and np.array_equal(one.scale, other.scale)


def _shift_and_scale(of: Measured, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shift and scale; None stands for raw data."""
    return (np.zeros(size), np.ones(size)) if of is None else (of.shift, of.scale)


def rescale_inputs(W: np.ndarray, b: np.ndarray, old: Measured, new: Measured, *, stream: bool = False) -> None:
    """Change the first layer, in place, from inputs standardized by ``old`` to inputs standardized by ``new``.

    The layer computes the same function as before; None stands for raw inputs. There are two exceptions. The weights of
    a column that was constant do not change, because its scale was unknown. In a ``stream``, the weights of a column
    also do not change where its scale grows: the weights of a column that hardly varied would become very large.
    """
    old_shift, old_scale = _shift_and_scale(old, len(W))
    new_shift, new_scale = _shift_and_scale(new, len(W))
    if stream:
        old_scale = np.maximum(old_scale, new_scale)
    if old is not None and new is not None:
        old_scale = np.where(old.constant, new_scale, old_scale)
    b += ((new_shift - old_shift) / old_scale) @ W
    W *= (new_scale / old_scale)[:, None]


def rescale_outputs(W: np.ndarray, b: np.ndarray, old: Measured, new: Measured) -> None:
    """Change the last layer, in place, from outputs in units of ``old`` to outputs in units of ``new``."""
    old_shift, old_scale = _shift_and_scale(old, len(b))
    new_shift, new_scale = _shift_and_scale(new, len(b))
    b *= old_scale / new_scale
    b += (old_shift - new_shift) / new_scale
    W *= old_scale / new_scale
