"""Schedules of the learning rate, as objects with parameters: values of ``learning_rate``.

`Cosine`, `OneCycle`, `LogCosine` and `Warmup` run from beginning to end over the ``max_iter`` epochs of each ``fit``.
With ``warm_start``, only the others make two fits the same as one of all their epochs.
"""

from .core import Adaptive, Clock, Constant, Cosine, Exponential, InverseScaling, LogCosine, OneCycle, Warmup

__all__ = [
    "Adaptive", "Clock", "Constant", "Cosine", "Exponential", "InverseScaling", "LogCosine", "OneCycle", "Warmup",
]  # fmt: skip
