"""Schedules of the learning rate as objects, which are values of the parameter ``learning_rate``.

`Cosine`, `OneCycle`, `LogCosine` and `Warmup` run from beginning to end over the ``max_iter`` epochs of each ``fit``.
With the other schedules and ``warm_start``, two fits are the same as one fit of all their epochs.
"""

from .core import Adaptive, Clock, Constant, Cosine, Exponential, InverseScaling, LogCosine, OneCycle, Warmup

__all__ = [
    "Adaptive", "Clock", "Constant", "Cosine", "Exponential", "InverseScaling", "LogCosine", "OneCycle", "Warmup",
]  # fmt: skip
