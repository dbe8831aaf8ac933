"""Schedules of the learning rate, as objects with parameters: values of ``learning_rate``."""

from .core import Adaptive, Clock, Constant, Cosine, Exponential, InverseScaling, LogCosine, OneCycle, Warmup

__all__ = [
    "Adaptive", "Clock", "Constant", "Cosine", "Exponential", "InverseScaling", "LogCosine", "OneCycle", "Warmup",
]  # fmt: skip
