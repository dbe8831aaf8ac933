"""Layers: a forward and a backward pass each. They hold no arrays: parameters, gradients and memory are arguments."""

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
_FEW_ENTRIES = 0.1  # for each column; with more entries, the product of all columns is faster


class Training(NamedTuple):
    """What layers receive during training only.

    ``noise`` draws random numbers. ``w`` contains the row weights of the mini-batch, shape (n, 1), or is None.
    ``share`` is the size of the mini-batch, divided by that of a full one.
    """

    noise: np.random.Generator | None
    w: Array | None
    share: float = 1.0


class Layer(Protocol):
    """The methods that each layer has."""

    @property
    def n_out(self) -> int:
        """Number of outputs."""

    def specs(self) -> tuple[ParameterSpec, ...]:
        """The parameter arrays of the layer, in the order in which its methods take them."""

    def buffers(self) -> tuple[Buffer, ...]:
        """The memory that the passes of the layer write to; ``a`` is the output and ``delta`` receives dL/da."""

    def initialize(self, rng: np.random.RandomState, parameters: Arrays) -> None:
        """Write the initial values."""

    def forward(self, parameters: Arrays, x: Array, memory: Memory, training: Training | None = None) -> Array:
        """Return the output for rows ``x``, shape (n, n_in), written to ``memory.a``, shape (n, n_out).

        At prediction ``training`` is None; then nothing is random and nothing is learned.
        """

    def backward(self, parameters: Arrays, grads: Arrays, x: Array, memory: Memory, dx: Array | None) -> None:
        """Compute gradients from ``memory.delta`` = dL/da, which may be overwritten.

        Those of the parameters are written to ``grads``, and that of ``x`` to ``dx`` unless it is None.
        """


def width_in(layer: Layer) -> int:
    """Return the number of inputs of a layer: its ``n_in``, or ``n_out`` if it has no ``n_in``."""
    width: int = getattr(layer, "n_in", layer.n_out)
    return width


def n_learned(layer: Layer) -> int:
    """Return how many numbers of a layer are learned."""
    return sum(math.prod(spec.shape) for spec in layer.specs() if spec.learned)


def product(x: Array, y: Array, out: Array) -> None:
    """Write ``x @ y`` to ``out``; ``x`` may be a SciPy sparse array, and the columns of ``out`` may be contiguous."""
    if not isinstance(x, np.ndarray):
        out[...] = x @ y
    elif out.flags.c_contiguous:
        np.dot(x, y, out=out)
    else:
        np.dot(y.T, x.T, out=out.T)


def gradient_of_weights(x: Any, delta: Array, out: Array) -> None:
    """Write ``x' delta`` into ``out``. If ``x`` is sparse with few entries, multiply only the columns that have some.

    SciPy's product of all columns would be a second array as large as the weights. Both products have the same bits.
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
    """A linear combination followed by a non-linearity: ``a = f(x W + b)``.

    Backward pass, with ``delta = dL/da * f'(z)``: ``dW = x' delta``, ``db = sum_n delta``, ``dx = delta W'``.
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
        Memory order of the outputs; "F" is faster for a last layer of few units.
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
