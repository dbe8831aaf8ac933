"""Training: the mini-batch loop, which yields a record of each epoch, and L-BFGS, which reports the same records.

Neither prints, scores, runs callbacks or decides to stop; the caller does.
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
    """The record of one epoch.

    ``loss`` is the mean over the rows and includes the penalty; ``penalty`` is that part alone; ``rate`` is the
    learning rate of its last update (nan for L-BFGS, which has none); ``samples`` is the number of rows.
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
    """Train ``theta`` in place, and yield a record after each epoch until the caller asks for no more.

    Each update gathers the rows of a mini-batch, makes a forward pass, computes the loss, makes a backward pass, and
    takes a step. An epoch ends at once if its loss is no longer finite. Its loss is the mean over the rows that have
    weight.
    ``alpha`` is the L2 penalty on the sum over rows, so a mini-batch gets ``alpha / total`` of it. ``rng`` shuffles the
    rows. Each update shrinks the weights by ``rate * weight_decay``. Dropout draws from ``noise``. ``average`` is
    updated with the weights. ``progress`` is 1 after ``n_epochs`` epochs, of which ``first_epoch`` are already done.
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
    """Reduce the weights by this share, independently of the loss; biases do not change.

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

    Each evaluation goes through all mini-batches in order, so its memory does not grow with the data. ``observe``
    receives a record after each iteration and returns True to stop. After an interruption ``theta`` is the last
    accepted point.
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
            # SciPy also stops if an iteration reduces the loss by less than a share `ftol`. Near a minimum the
            # reduction is proportional to |g|^2, so `ftol` must be as small as the square of `tol`.
            options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol, "ftol": min(2.2e-9, tol**2)},
        )
        accepted[:] = result.x
    finally:
        theta.vector[:] = accepted
    return result


class _Objective:
    """Loss and gradient over all rows as a function of the flat vector, both in float64, which SciPy needs."""

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
