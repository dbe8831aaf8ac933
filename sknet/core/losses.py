"""Losses: each computes its value and its gradient from the raw outputs of the last layer.

A loss also contains the output activation that belongs to it. The formulas on raw outputs ``z`` are numerically stable,
so no probability is clipped. One method computes value and gradient::

    value_and_delta(z, y, w, delta, memory) -> sum over rows of w_i L(y_i, z_i);  delta[:] = d(that)/dz

``w`` contains the row weights of a mini-batch, shape (n, 1), or is None for 1/n each. So a loss is a weighted mean over
rows. Most losses are a sum or mean of ``l(y_ij, z_ij)`` over outputs; they define only ``terms``, which computes ``l``
and its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from .activations import ACTIVATIONS, EXP, Activation
from .memory import Buffer, Memory

Array = NDArray[Any]
IDENTITY = ACTIVATIONS["identity"]


class Loss(Protocol):
    """The methods that each loss has."""

    @property
    def name(self) -> str:
        """Name by which the estimators select it."""

    @property
    def output_activation(self) -> Activation:
        """The function that turns raw outputs into predictions."""

    @property
    def location_scale(self) -> bool:
        """Whether the best predictions are shifted and scaled in the same way when the targets are."""

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        """The scratch memory that ``value_and_delta`` needs."""

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        """Return the weighted mean loss and write its gradient with respect to ``z`` to ``delta``."""


def _weigh(delta: Array, w: Array | None, scale: float = 1.0) -> None:
    np.multiply(delta, scale / len(delta) if w is None else w, out=delta)
    if w is not None and scale != 1.0:
        np.multiply(delta, scale, out=delta)


def _mean(terms: Array, w: Array | None) -> float:
    """Return the weighted mean over rows of the sum over columns of ``terms``, shape (n, k)."""
    if w is None:
        return float(np.add.reduce(terms, axis=None)) / len(terms)
    return float(np.add.reduce(w.T @ terms, axis=None))


@dataclass(frozen=True)
class LogLoss:
    """Multinomial log-loss with softmax outputs: ``L = log sum_j e^zj - sum_j y_j z_j``, ``dL/dz = softmax(z) - y``.

    ``y`` has shape (n, k) and rows that sum to one. Bishop (2006), *Pattern Recognition and Machine Learning*, eq.
    4.108.
    """

    name: str = "log_loss"
    output_activation: Activation = ACTIVATIONS["softmax"]
    location_scale: bool = False

    def __str__(self) -> str:
        return self.name

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return Buffer("work", n_outputs, order="F"), Buffer("column", 1)

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
class GroupedLogLoss:
    """The sum of multinomial log-losses over groups of outputs, one group for each of several multiclass targets.

    ``sizes`` contains the number of classes of each target. The columns of ``z`` and ``y`` are ordered by target.
    """

    sizes: tuple[int, ...]
    name: str = "grouped_log_loss"
    output_activation: Activation = ACTIVATIONS["softmax"]
    location_scale: bool = False

    def __str__(self) -> str:
        return f"{self.name}{self.sizes}"

    @property
    def groups(self) -> list[slice]:
        """The columns of each group."""
        ends = np.cumsum(self.sizes).tolist()
        return [slice(end - size, end) for size, end in zip(self.sizes, ends, strict=True)]

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return LogLoss().buffers(n_outputs)

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        value = 0.0
        for g in self.groups:
            scratch = Memory(work=memory.work[:, g], column=memory.column)
            value += LogLoss().value_and_delta(z[:, g], y[:, g], w, delta[:, g], scratch)
        return value


@dataclass(frozen=True)
class ElementwiseLoss:
    """A loss whose value is a sum, or with ``averaged`` the mean, over outputs of ``l(y_ij, z_ij)``.

    It is ``robust`` if its gradient is bounded, which limits the influence of outliers among the targets.
    """

    robust: ClassVar[bool] = False
    name: str
    output_activation: Activation = IDENTITY
    location_scale: bool = True
    averaged: bool = True

    def __str__(self) -> str:
        return self.name

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        """Write ``l`` into ``work`` and ``dl/dz`` into ``delta``, all of shape (n, k); ``y`` may have one column."""
        raise NotImplementedError

    def buffers(self, n_outputs: int) -> tuple[Buffer, ...]:
        return (Buffer("work", n_outputs, order="F"),)

    def value_and_delta(self, z: Array, y: Array, w: Array | None, delta: Array, memory: Memory) -> float:
        self.terms(z, y, delta, memory.work)
        scale = 1.0 / z.shape[1] if self.averaged else 1.0
        _weigh(delta, w, scale)
        return scale * _mean(memory.work, w)


@dataclass(frozen=True)
class BinaryLogLoss(ElementwiseLoss):
    """Binary log-loss, logistic outputs, summed over outputs: ``l = log(1 + e^z) - y z``, ``dl/dz = s(z) - y``.

    One output is for binary classification, several are for multilabel classification. Bishop (2006), eq. 4.90.
    """

    name: str = "binary_log_loss"
    output_activation: Activation = ACTIVATIONS["logistic"]
    location_scale: bool = False
    averaged: bool = False

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        np.logaddexp(z, 0.0, out=work)
        np.multiply(y, z, out=delta)
        np.subtract(work, delta, out=work)
        expit(z, out=delta)
        np.subtract(delta, y, out=delta)


@dataclass(frozen=True)
class SquaredError(ElementwiseLoss):
    """Half the squared error: ``l = (z - y)^2 / 2``, ``dl/dz = z - y``."""

    name: str = "squared_error"

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        np.subtract(z, y, out=delta)
        np.multiply(delta, delta, out=work)
        np.multiply(work, 0.5, out=work)


@dataclass(frozen=True)
class AbsoluteError(ElementwiseLoss):
    """Absolute error: ``l = |z - y|``, ``dl/dz = sign(z - y)``, 0 at 0. The median minimizes it."""

    robust: ClassVar[bool] = True
    name: str = "absolute_error"

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        np.subtract(z, y, out=delta)
        np.abs(delta, out=work)
        np.sign(delta, out=delta)


@dataclass(frozen=True)
class Huber(ElementwiseLoss):
    """Huber loss: squared up to ``d = threshold`` and linear beyond it.

    ``r = z - y``, ``dl/dz = c = clip(r, -d, d)``, ``l = c (r - c/2)``.

    Huber (1964), *Robust estimation of a location parameter*, eq. 1.6 and example (iii).
    """

    robust: ClassVar[bool] = True
    name: str = "huber"
    threshold: float = 1.35

    def __str__(self) -> str:
        return f"{self.name}({self.threshold:g})"

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        np.subtract(z, y, out=work)
        np.clip(work, -self.threshold, self.threshold, out=delta)
        np.multiply(work, 2.0, out=work)
        np.subtract(work, delta, out=work)
        np.multiply(work, delta, out=work)
        np.multiply(work, 0.5, out=work)


@dataclass(frozen=True)
class Quantile(ElementwiseLoss):
    """Pinball loss: ``r = z - y``, ``dl/dz = s = (r > 0) - q``, ``l = s r``. The quantile minimizes it.

    There is one output for each quantile q. All of them have the same targets, which have one column.
    Koenker and Bassett (1978), *Regression quantiles*, eq. 2.1.
    """

    robust: ClassVar[bool] = True
    name: str = "quantile"
    levels: tuple[float, ...] = (0.5,)

    def __str__(self) -> str:
        return f"{self.name}{self.levels}"

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        levels = np.asarray(self.levels, dtype=z.dtype)
        np.subtract(z, y, out=work)
        np.greater(work, 0.0, out=delta)
        np.subtract(delta, levels, out=delta)
        np.multiply(work, delta, out=work)


@dataclass(frozen=True)
class Poisson(ElementwiseLoss):
    """Half the Poisson deviance, log link, sum over outputs: ``l = y log y - y z - y + e^z``, ``dl/dz = e^z - y``.

    McCullagh and Nelder (1989), *Generalized Linear Models*, section 2.3. Targets must not be negative.
    """

    name: str = "poisson"
    output_activation: Activation = EXP
    location_scale: bool = False
    averaged: bool = False

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        xlogy(y, y, out=work)
        np.multiply(y, z, out=delta)
        np.subtract(work, delta, out=work)
        np.exp(z, out=delta)
        np.subtract(delta, y, out=delta)
        np.add(work, delta, out=work)


@dataclass(frozen=True)
class Gamma(ElementwiseLoss):
    """Half the gamma deviance, log link, mean over outputs: ``l = z - log y + y e^-z - 1``, ``dl/dz = 1 - y e^-z``.

    McCullagh and Nelder (1989), section 2.3. Targets must be positive.
    """

    name: str = "gamma"
    output_activation: Activation = EXP
    location_scale: bool = False

    def terms(self, z: Array, y: Array, delta: Array, work: Array) -> None:
        np.negative(z, out=delta)
        np.exp(delta, out=delta)
        np.multiply(delta, y, out=delta)
        np.subtract(1.0, delta, out=delta)
        np.log(y, out=work)
        np.subtract(z, work, out=work)
        np.subtract(work, delta, out=work)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        LogLoss(), BinaryLogLoss(), SquaredError(), AbsoluteError(), Huber(), Quantile(), Poisson(), Gamma(),
    )
}  # fmt: skip
