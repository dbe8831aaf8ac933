"""Optimizers: change the parameters by one update, computed from the gradient. Both are flat vectors at any depth.

``step(theta, grad, rate)`` changes ``theta`` in place and may overwrite ``grad``. The state consists of plain arrays,
which can be pickled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .blas import axpy, norm

Array = NDArray[Any]


_LEAST_DECAY = 1e-2  # large enough that a vector divided by it does not overflow


class Optimizer(Protocol):
    """An update rule with its state."""

    def step(self, theta: Array, grad: Array, rate: float) -> None:
        """Change ``theta`` against ``grad``; ``rate`` is the learning rate of this update."""

    def settle(self) -> None:
        """Bring the state into the form in which it is saved between epochs."""


def _state(vector: Array | None, theta: Array) -> Array:
    return np.zeros_like(theta) if vector is None else vector


def _divide_by_root(numerator: Array, squares: Array, epsilon: float, out: Array) -> None:
    """Write ``numerator / (sqrt(squares) + epsilon)`` to ``out``, which must not be ``numerator``."""
    np.sqrt(squares, out=out)
    np.add(out, epsilon, out=out)
    np.divide(numerator, out, out=out)


@dataclass
class SGD(Optimizer):
    """Gradient descent with momentum: ``v = momentum v - rate g``, ``theta += v``.

    Nesterov's form: ``theta += momentum v - rate g`` with the new v.
    Sutskever et al. (2013), *On the importance of initialization and momentum in deep learning*, eq. 1-4.
    """

    momentum: float = 0.9
    nesterov: bool = True
    velocity: Array | None = field(default=None, init=False, repr=False)

    def step(self, theta: Array, grad: Array, rate: float) -> None:
        np.multiply(grad, rate, out=grad)
        if self.momentum > 0.0:
            v = self.velocity = _state(self.velocity, theta)
            np.multiply(v, self.momentum, out=v)
            np.subtract(v, grad, out=v)
            if not self.nesterov:
                np.add(theta, v, out=theta)
                return
            axpy(self.momentum, v, theta)
        np.subtract(theta, grad, out=theta)


@dataclass
class Adam(Optimizer):
    """Adam: steps along the moving mean m of the gradient, divided by the root of the moving mean v of its squares.

    ``m = beta_1 m + (1 - beta_1) g``, ``v = beta_2 v + (1 - beta_2) g^2``,
    ``theta -= rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``.
    Kingma and Ba (2015), algorithm 1 in the faster form at the end of section 2, where epsilon is not corrected for
    bias.

    Between two calls of `settle`, the arrays contain m and v divided by ``beta^steps``, where ``steps`` counts the
    steps since the first of the two calls. So each step multiplies two numbers by beta instead of two vectors.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    t: int = field(default=0, init=False)
    m: Array | None = field(default=None, init=False, repr=False)
    v: Array | None = field(default=None, init=False, repr=False)

    _decay_m = _decay_v = 1.0  # what m and v are divided by; not fields, because both are 1 in a saved state

    def step(self, theta: Array, grad: Array, rate: float) -> None:
        m = self.m = _state(self.m, theta)
        v = self.v = _state(self.v, theta)
        self.t += 1
        self._decay_m *= self.beta_1
        self._decay_v *= self.beta_2
        if min(self._decay_m, self._decay_v) < _LEAST_DECAY:
            self.settle()
        axpy((1.0 - self.beta_1) / self._decay_m, grad, m)
        np.multiply(grad, grad, out=grad)
        axpy((1.0 - self.beta_2) / self._decay_v, grad, v)
        root = math.sqrt(self._decay_v)
        _divide_by_root(m, v, self.epsilon / root, out=grad)
        correction = math.sqrt(1.0 - self.beta_2**self.t) / (1.0 - self.beta_1**self.t)
        axpy(-rate * correction * self._decay_m / root, grad, theta)

    def settle(self) -> None:
        for vector, decay in ((self.m, self._decay_m), (self.v, self._decay_v)):
            if vector is not None:
                np.multiply(vector, decay, out=vector)
        self._decay_m = self._decay_v = 1.0


@dataclass
class RMSprop(Optimizer):
    """``v = decay v + (1 - decay) g^2``, ``theta -= rate g / (sqrt(v) + epsilon)``.

    Tieleman and Hinton (2012), *Lecture 6.5 - RMSProp*; epsilon outside of the root, as in PyTorch.
    """

    decay: float = 0.99
    epsilon: float = 1e-8
    v: Array | None = field(default=None, init=False, repr=False)
    work: Array | None = field(default=None, init=False, repr=False)

    def step(self, theta: Array, grad: Array, rate: float) -> None:
        v = self.v = _state(self.v, theta)
        work = self.work = _state(self.work, theta)
        np.multiply(grad, grad, out=work)
        np.multiply(v, self.decay, out=v)
        axpy(1.0 - self.decay, work, v)
        _divide_by_root(grad, v, self.epsilon, out=work)
        axpy(-rate, work, theta)


@dataclass
class Adagrad(Optimizer):
    """``v = v + g^2``, ``theta -= rate g / (sqrt(v) + epsilon)``.

    Duchi, Hazan and Singer (2011), *Adaptive subgradient methods*, figure 1 with a diagonal matrix.
    """

    epsilon: float = 1e-10
    v: Array | None = field(default=None, init=False, repr=False)
    work: Array | None = field(default=None, init=False, repr=False)

    def step(self, theta: Array, grad: Array, rate: float) -> None:
        v = self.v = _state(self.v, theta)
        work = self.work = _state(self.work, theta)
        np.multiply(grad, grad, out=work)
        np.add(v, work, out=v)
        _divide_by_root(grad, v, self.epsilon, out=work)
        axpy(-rate, work, theta)


def clip_norm(grad: Array, largest: float) -> None:
    """Scale ``grad`` down, in place, to a Euclidean norm of at most ``largest``.

    Pascanu, Mikolov and Bengio (2013), *On the difficulty of training recurrent neural networks*, algorithm 1.
    """
    length = norm(grad)
    if length > largest:
        np.multiply(grad, largest / length, out=grad)


STOCHASTIC_SOLVERS = ("adam", "sgd", "rmsprop", "adagrad")
