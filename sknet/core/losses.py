"""Losses: a loss and the output activation that belongs to it, as one object on raw outputs.

Each is stable where it works, on the raw outputs ``z`` of the last layer, so no probability is ever clipped.
One method does both directions::

    value_and_delta(z, y, w, delta, memory) -> sum over rows of w_i L(y_i, z_i);  delta[:] = d(that)/dz

``w`` holds row weights of shape (n, 1) that sum to one, or is None for 1/n each: a loss is a weighted mean over rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from .activations import ACTIVATIONS, EXP, Activation
from .memory import Buffer, Memory

Array = NDArray[Any]


class Loss(Protocol):
    """What the network needs of a loss."""

    @property
    def name(self) -> str:
        """The name under which the estimators know it."""

    @property
    def output_activation(self) -> Activation:
        """The link from raw outputs to predictions."""

    @property
    def location_scale(self) -> bool:
        """Whether shifting and scaling the targets shifts and scales the best predictions alike."""

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        """The scratch that ``value_and_delta`` needs."""

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        """Return the weighted mean loss and write its gradient with respect to ``z`` into ``delta``."""


def _scratch(n_outputs: int) -> tuple[Buffer, ...]:
    return Buffer("work", n_outputs, order="F"), Buffer("column", 1)


def _weigh(delta: Array, w: Array | None, scale: float = 1.0) -> None:
    np.multiply(delta, scale / len(delta) if w is None else w, out=delta)
    if w is not None and scale != 1.0:
        np.multiply(delta, scale, out=delta)


def _mean(terms: Array, w: Array | None) -> float:
    """Weighted mean over rows of the sum over columns of ``terms``, shape (n, k)."""
    if w is None:
        return float(np.add.reduce(terms, axis=None)) / len(terms)
    return float(np.add.reduce(w.T @ terms, axis=None))


@dataclass(frozen=True)
class LogLoss:
    """Multinomial log-loss with softmax outputs: ``L = log sum_j e^zj - sum_j y_j z_j``, ``dL/dz = softmax(z) - y``.

    ``y`` has shape (n, k) and rows that sum to one. Bishop (2006), *Pattern Recognition and
    Machine Learning*, eq. 4.108.
    """

    name: str = "log_loss"
    output_activation: Activation = ACTIVATIONS["softmax"]
    location_scale: bool = False

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return _scratch(n_outputs)

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        work, column = memory.work, memory.column
        np.maximum.reduce(z, axis=1, keepdims=True, out=column)
        np.subtract(z, column, out=delta)
        np.multiply(delta, y, out=work)
        picked = _mean(work, w)
        np.exp(delta, out=delta)
        np.add.reduce(delta, axis=1, keepdims=True, out=column)
        np.divide(delta, column, out=delta)
        np.subtract(delta, y, out=delta)
        _weigh(delta, w)
        np.log(column, out=column)
        return _mean(column, w) - picked


@dataclass(frozen=True)
class BinaryLogLoss:
    """Binary log-loss, logistic outputs, summed over outputs: ``L = log(1 + e^z) - y z``, ``dL/dz = s(z) - y``.

    One output is binary classification, several are multilabel. Bishop (2006), eq. 4.90.
    """

    name: str = "binary_log_loss"
    output_activation: Activation = ACTIVATIONS["logistic"]
    location_scale: bool = False

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return _scratch(n_outputs)

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        work = memory.work
        np.logaddexp(z, 0.0, out=work)
        np.multiply(y, z, out=delta)
        np.subtract(work, delta, out=work)
        value = _mean(work, w)
        expit(z, out=delta)
        np.subtract(delta, y, out=delta)
        _weigh(delta, w)
        return value


@dataclass(frozen=True)
class SquaredError:
    """Half the squared error, averaged over outputs: ``L = sum_j (z_j - y_j)^2 / 2k``, ``dL/dz = (z - y) / k``."""

    name: str = "squared_error"
    output_activation: Activation = ACTIVATIONS["identity"]
    location_scale: bool = True

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return _scratch(n_outputs)

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        work = memory.work
        np.subtract(z, y, out=delta)
        np.multiply(delta, delta, out=work)
        value = _mean(work, w)
        scale = 1.0 / z.shape[1]
        _weigh(delta, w, scale)
        return float(0.5 * scale * value)


@dataclass(frozen=True)
class Poisson:
    """Half the Poisson deviance, log link, summed over outputs: ``L = y log y - y z - y + e^z``, ``dL/dz = e^z - y``.

    McCullagh and Nelder (1989), *Generalized Linear Models*, section 2.3. Targets must not be negative.
    """

    name: str = "poisson"
    output_activation: Activation = EXP
    location_scale: bool = False

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return _scratch(n_outputs)

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        work = memory.work
        xlogy(y, y, out=work)
        np.multiply(y, z, out=delta)
        np.subtract(work, delta, out=work)
        np.exp(z, out=delta)
        np.subtract(delta, y, out=delta)
        np.add(work, delta, out=work)
        value = _mean(work, w)
        _weigh(delta, w)
        return value


LOSSES: dict[str, Loss] = {loss.name: loss for loss in (LogLoss(), BinaryLogLoss(), SquaredError(), Poisson())}
