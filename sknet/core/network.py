"""Network: a stack of layers and a loss. It holds no arrays: parameters, data and memory are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .batches import Batch
from .blas import axpy
from .layers import Layer, Training
from .losses import Loss
from .memory import Buffer, Layout, Memory, Parameters, Workspace

Array = NDArray[Any]


@dataclass(frozen=True)
class Network:
    """A stack of layers with a loss on top.

    Parameters
    ----------
    layers : tuple of Layer
        From the inputs to the raw outputs.
    loss : Loss
        Compares raw outputs with targets; it contains the output activation.
    """

    layers: tuple[Layer, ...]
    loss: Loss

    def __str__(self) -> str:
        return " -> ".join(str(layer) for layer in self.layers) + f" with {self.loss}"

    def __getstate__(self) -> dict[str, Any]:
        return {"layers": self.layers, "loss": self.loss}  # cached properties are computed again

    @cached_property
    def layout(self) -> Layout:
        """Positions of the layers' parameters in the flat vector."""
        return Layout([layer.specs() for layer in self.layers])

    @cached_property
    def _forward_buffers(self) -> list[tuple[Buffer, ...]]:
        return [tuple(b for b in layer.buffers() if not b.training_only) for layer in self.layers]

    def initialize(self, rng: np.random.RandomState, dtype: DTypeLike) -> Array:
        """Return a new parameter vector, drawn layer by layer."""
        theta = Parameters(self.layout, np.zeros(self.layout.size, dtype=dtype))
        for layer, parameters in zip(self.layers, theta.layers, strict=True):
            layer.initialize(rng, parameters)
        return theta.vector

    def workspace(self, n_rows: int, dtype: DTypeLike) -> Workspace:
        """Return the buffers of ``loss_and_gradient`` for mini-batches of up to ``n_rows`` rows."""
        buffers = [layer.buffers() for layer in self.layers]
        return Workspace([*buffers, self.loss.buffers(self.layers[-1].n_out)], n_rows, dtype)

    def forward(
        self,
        parameters: Sequence[tuple[Array, ...]],
        x: Any,
        n_layers: int | None = None,
        training: Training | None = None,
    ) -> Array:
        """Return the raw outputs for rows ``x``, shape (n, k), or the outputs of the first ``n_layers`` layers.

        They are in new memory. If ``training`` is given, layers act as during training; Monte-Carlo dropout uses this.
        """
        dtype = parameters[0][0].dtype
        for i, layer in enumerate(self.layers[:n_layers]):
            n = x.shape[0]
            buffers = self._forward_buffers[i] if training is None else layer.buffers()
            memory = Memory(**{b.name: b.view(b.allocate(n, dtype), n) for b in buffers})
            x = layer.forward(parameters[i], x, memory, training)
        raw: Array = x
        return raw

    def loss_and_gradient(
        self,
        theta: Parameters,
        grad: Parameters,
        batch: Batch,
        memory: list[Memory],
        noise: np.random.Generator | None = None,
    ) -> float:
        """Return the loss of a mini-batch, weighted by ``batch.w``, and write its gradient to ``grad``.

        ``memory`` comes from ``workspace(...).rows(n)``. Dropout draws from ``noise``. The L2 penalty is not included:
        see ``add_penalty``.
        """
        training = Training(noise, batch.w, batch.share)
        x, inputs = batch.x, []
        for layer, arrays, m in zip(self.layers, theta.layers, memory, strict=False):
            inputs.append(x)
            x = layer.forward(arrays, x, m, training)
        if batch.silent is not None:
            x[batch.silent] = 0.0
        last = len(self.layers) - 1
        loss = self.loss.value_and_delta(x, batch.y, batch.w, memory[last].delta, memory[-1])
        for i in range(last, -1, -1):
            dx = memory[i - 1].delta if i else None
            self.layers[i].backward(theta.layers[i], grad.layers[i], inputs[i], memory[i], dx)
        return loss


def add_penalty(theta: Parameters, grad: Parameters, strength: float) -> float:
    """Return the penalty ``strength / 2 * |W|^2`` and add its gradient to ``grad``; biases are not penalized."""
    if strength == 0.0:
        return 0.0
    W = theta.penalized
    axpy(strength, W, grad.penalized)
    return 0.5 * strength * float(np.dot(W, W))
