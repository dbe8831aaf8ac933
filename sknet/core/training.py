"""Training: the mini-batch loop as a generator that yields once an epoch, and L-BFGS reporting the same records.

Neither prints, scores, calls back or decides to stop: whoever drives them does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from .averaging import Average
from .batches import Batches
from .blas import axpy
from .memory import Parameters
from .network import Network, add_penalty
from .optimizers import Optimizer, clip_norm
from .schedules import Clock, Schedule

Array = NDArray[Any]


class Epoch(NamedTuple):
    """What one pass over the data gave.

    ``loss`` is the mean over the rows, penalty included; ``penalty`` is that part alone; ``rate`` is the learning rate
    of its updates (nan for L-BFGS, which has none); ``samples`` counts its rows.
    """

    loss: float
    penalty: float
    rate: float
    samples: int


def stochastic(
    network: Network, theta: Parameters, batches: Batches, optimizer: Optimizer, schedule: Schedule, clock: Clock, *,
    rate_init: float, alpha: float, rng: np.random.RandomState | None, weight_decay: float = 0.0,
    max_grad_norm: float | None = None, noise: np.random.Generator | None = None, average: Average | None = None,
    first_epoch: int = 0, n_epochs: int | None = None,
) -> Iterator[Epoch]:  # fmt: skip
    """Train in mini-batches for as long as asked: gather, forward, loss, backward, step; ``theta`` in place.

    A loss that is no longer finite ends its epoch at once.
    ``alpha`` is the L2 penalty on the sum over rows: a batch counts ``alpha / total`` of it; ``rng`` permutes the rows.
    Losses of an epoch are averaged over the rows that have weight, each batch being worth as many as it has.
    Weights shrink by ``rate * weight_decay`` at each update; ``noise`` is what dropout draws from; ``average`` takes in
    the weights after each update; ``n_epochs``, of which ``first_epoch`` lie behind, is a schedule's horizon.
    """
    grad = Parameters(network.layout, np.zeros_like(theta.vector))
    workspace = network.workspace(batches.size, theta.vector.dtype)
    steps = -(-batches.n_rows // batches.size)
    for epoch in itertools.count(first_epoch):
        rate, loss, penalty, seen = math.nan, 0.0, 0.0, 0
        try:
            for step, batch in enumerate(batches.epoch(rng)):
                if step == 0 or schedule.per_update:
                    clock.progress = min(1.0, (epoch + step / steps) / n_epochs) if n_epochs else 0.0
                    rate = rate_init * schedule(clock)
                n = batch.n_weighted
                batch_loss = network.loss_and_gradient(theta, grad, batch, workspace.rows(len(batch.y)), noise)
                batch_penalty = add_penalty(theta, grad, alpha / batch.total)
                if max_grad_norm is not None:
                    clip_norm(grad.vector, max_grad_norm)
                if weight_decay > 0.0:
                    shrink(theta, rate * weight_decay)
                optimizer.step(theta.vector, grad.vector, rate)
                if average is not None:
                    average.update(theta.vector)
                loss += n * (batch_loss + batch_penalty)
                penalty += n * batch_penalty
                seen += n
                if not math.isfinite(loss):
                    break
        finally:
            optimizer.settle()
        clock.samples += batches.n_rows
        clock.epochs += 1
        yield Epoch(loss / max(seen, 1), penalty / max(seen, 1), rate, batches.n_rows)


def shrink(theta: Parameters, share: float) -> None:
    """Take ``share`` off the weights, apart from the loss; biases stay as they are.

    Loshchilov and Hutter (2019), *Decoupled weight decay regularization*, algorithm 2, arXiv 1711.05101.
    """
    np.multiply(theta.penalized, 1.0 - share, out=theta.penalized)


def lbfgs(
    network: Network,
    theta: Parameters,
    batches: Batches,
    *,
    alpha: float,
    max_iter: int,
    max_fun: int,
    tol: float,
    observe: Callable[[Epoch], bool],
) -> OptimizeResult:
    """Minimize the loss over all rows by L-BFGS (scipy.optimize), ``theta`` in place.

    Each evaluation runs through ``batches`` in order, so its memory is bounded by one batch. ``observe`` receives a
    record after every iteration and returns True to stop. An interruption leaves the last accepted point in ``theta``.
    """
    objective = _Objective(network, theta, batches, alpha)
    accepted = theta.vector.astype(np.float64)

    def report(intermediate_result: OptimizeResult) -> None:
        accepted[:] = intermediate_result.x
        theta.vector[:] = accepted
        squares = float(np.dot(accepted[: theta.penalized.size], accepted[: theta.penalized.size]))
        penalty = 0.5 * objective.strength * squares
        if observe(Epoch(float(intermediate_result.fun), penalty, math.nan, batches.n_rows)):
            raise StopIteration

    try:
        result = minimize(
            objective,
            accepted.copy(),
            method="L-BFGS-B",
            jac=True,
            callback=report,
            # SciPy also stops where the loss falls by less than a share `ftol`, which near a minimum goes as |g|^2.
            options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol, "ftol": min(2.2e-9, tol**2)},
        )
        accepted[:] = result.x
    finally:
        theta.vector[:] = accepted
    return result


class _Objective:
    """Loss and gradient over all rows as a function of the flat vector, both in float64 as SciPy wants them."""

    def __init__(self, network: Network, theta: Parameters, batches: Batches, alpha: float) -> None:
        self.network, self.theta, self.batches = network, theta, batches
        self.total = batches.total
        self.strength = alpha / self.total
        self._batch_grad = Parameters(network.layout, np.zeros_like(theta.vector))
        self._grad = Parameters(network.layout, np.zeros_like(theta.vector))
        self._workspace = network.workspace(batches.size, theta.vector.dtype)

    def __call__(self, x: Array) -> tuple[float, Array]:
        self.theta.vector[:] = x
        self._grad.vector[:] = 0.0
        loss = 0.0
        for batch in self.batches.epoch(None):
            memory = self._workspace.rows(len(batch.y))
            share = batch.total / self.total
            loss += share * self.network.loss_and_gradient(self.theta, self._batch_grad, batch, memory)
            axpy(share, self._batch_grad.vector, self._grad.vector)
        loss += add_penalty(self.theta, self._grad, self.strength)
        return loss, self._grad.vector.astype(np.float64)
