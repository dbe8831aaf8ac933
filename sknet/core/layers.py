"""Layers: forward/backward pairs that hold no arrays; parameters, memory and gradients are arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .activations import Activation
from .initializers import Initializer
from .memory import Buffer, Memory, ParameterSpec

Array = NDArray[Any]
Arrays = tuple[Array, ...]
_FEW_ENTRIES = 0.1  # for each column of a batch: more are multiplied faster as they are


class Training(NamedTuple):
    """What layers are told in training only.

    The source of noise, the row weights of the batch, (n, 1), or None, and its size in units of a full one.
    """

    noise: np.random.Generator | None
    w: Array | None
    share: float = 1.0


class Layer(Protocol):
    """What the network needs of a layer."""

    @property
    def n_out(self) -> int:
        """Number of outputs."""

    def specs(self) -> tuple[ParameterSpec, ...]:
        """The arrays of parameters that the layer has, in the order in which it takes them."""

    def buffers(self) -> tuple[Buffer, ...]:
        """The memory that its passes write; ``a`` is the output and ``delta`` receives dL/da."""

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        """Write the values that training starts from."""

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        """Return the output for rows ``x``, shape (n, n_in), written into ``memory.a``, shape (n, n_out).

        ``training`` is None at prediction, where nothing is random and nothing is learned.
        """

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        """Turn ``memory.delta`` = dL/da into gradients: of parameters in ``grads``, of ``x`` in ``dx`` if wanted."""


def width_in(layer: Layer) -> int:
    """Return how many inputs a layer takes: as many as it has outputs, unless it says otherwise."""
    width: int = getattr(layer, "n_in", layer.n_out)
    return width


def n_learned(layer: Layer) -> int:
    """Return how many numbers a layer learns."""
    return sum(math.prod(spec.shape) for spec in layer.specs() if spec.learned)


def product(x: Array, y: Array, out: Array) -> None:
    """Write ``x @ y`` into ``out``; ``x`` may be a SciPy sparse array, ``out`` may be contiguous by columns."""
    if not isinstance(x, np.ndarray):
        out[...] = x @ y
    elif out.flags.c_contiguous:
        np.dot(x, y, out=out)
    else:
        np.dot(y.T, x.T, out=out.T)


def gradient_of_weights(x: Any, delta: Array, out: Array) -> None:
    """Write ``x' delta`` into ``out``; of sparse rows with few entries, SciPy computes only the rows that are not zero.

    A product of the whole shape would be another array as large as the weights. Sums run in the same order.
    """
    if isinstance(x, np.ndarray) or x.nnz > _FEW_ENTRIES * x.shape[1]:
        product(x.T, delta, out=out)
        return
    columns, places = np.unique(x.indices, return_inverse=True)
    entries = type(x)((x.data, places, x.indptr), shape=(x.shape[0], len(columns)))
    out[...] = 0.0
    out[columns] = entries.T @ delta


@dataclass(frozen=True)
class Dense:
    """A linear combination followed by a non-linearity: ``a = f(x W + b)``, the building block of networks.

    Backwards, with ``delta = dL/da * f'(z)``: ``dW = x' delta``, ``db = sum_n delta``, ``dx = delta W'``.
    Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*.

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs and units.
    activation : Activation
        The non-linearity.
    initializer : Initializer
        Draws W of shape (n_in, n_out) and b of shape (n_out,).
    order : {"C", "F"}, default="C"
        Memory order of the outputs; "F" suits a last layer of few units.
    """

    n_in: int
    n_out: int
    activation: Activation
    initializer: Initializer = field(compare=False)
    order: Literal["C", "F"] = "C"

    def __str__(self) -> str:
        return f"{self.activation.name}({self.n_in}x{self.n_out})"

    def specs(self) -> tuple[ParameterSpec, ...]:
        return ParameterSpec("W", (self.n_in, self.n_out)), ParameterSpec("b", (self.n_out,), penalized=False)

    def buffers(self) -> tuple[Buffer, ...]:
        f, k, order = self.activation, self.n_out, self.order
        return (
            Buffer("a", k, order),
            *((Buffer("z", k, order),) if f.keeps_slope else ()),
            Buffer("work", k, order, boolean=f.boolean_work),
            Buffer("delta", k, order, training_only=True),
            Buffer("ones", None, training_only=True),
        )

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        W, b = parameters
        W[...], b[...] = self.initializer(rng, self.n_in, self.n_out)

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        W, b = parameters
        a: Array = memory.a
        z = memory.z if self.activation.keeps_slope else a
        product(x, W, out=z)
        np.add(z, b, out=z)
        self.activation.forward(z, a, memory.work)
        return a

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        W, _ = parameters
        dW, db = grads
        delta = memory.delta
        self.activation.backward(memory.a, delta, memory.work)
        gradient_of_weights(x, delta, out=dW)
        np.dot(memory.ones, delta, out=db)
        if dx is not None:
            np.dot(delta, W.T, out=dx)
