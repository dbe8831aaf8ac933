"""Members: what each of the networks that are trained side by side works with.

Their parameters lie one after the other in one vector, as do the state of their optimizers and their averages; each
member has a part of these, random numbers and training rows of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np

from ..core import Average, Batches, Epoch, Optimizer, Parameters
from .state import State


def parts(vector: np.ndarray, n_members: int) -> list[np.ndarray]:
    """Return the part of each member of a vector, as views."""
    return list(vector.reshape(n_members, -1))


def parameters_of(state: State, vector: np.ndarray) -> list[Parameters]:
    """Return the parameters of each member, as views of ``vector``."""
    return [Parameters(state.network.layout, part) for part in parts(vector, state.n_members)]


class Member:
    """One network in training.

    Parameters
    ----------
    state : State
        Of all members.
    number : int
        Which of them it is.
    batches : Batches
        Its training rows.
    decay : float
        Of the average of its weights; 0 for none.

    Attributes
    ----------
    epochs : iterator of Epoch
        Its training, set by the run.
    """

    epochs: Iterator[Epoch]

    def __init__(self, state: State, number: int, batches: Batches, decay: float) -> None:
        self.batches = batches
        self.theta = parameters_of(state, state.theta)[number]
        self.average = None
        if decay > 0.0:
            vector = parts(state.average, state.n_members)[number]
            self.average = Average(decay, vector, state.n_averaged)
        self.optimizer, self.clock, self.rng, self.noise = state.optimizer, state.clock, state.rng, state.noise
        self._rows = None if state.n_members == 1 or batches.order is None else batches.order.copy()
        if state.n_members > 1:
            self.optimizer = _part_of(state.optimizer, number, state.n_members, state.theta)
            own = state.clock.samples // state.n_members  # that of the state counts the rows of all
            self.clock, self.rng = replace(state.clock, samples=own), np.random.RandomState()
            self.noise = None if state.noise is None else np.random.default_rng(0)

    def train(self, seed: int | None) -> Epoch:
        """Train for one epoch; a ``seed`` decides on order and noise, whatever was drawn before."""
        if seed is not None:
            self.rng.seed(seed)
            if self.noise is not None:
                self.noise.bit_generator.state = np.random.PCG64(seed).state
            if self._rows is not None:
                self.batches.order[:] = self._rows
        epoch = next(self.epochs)
        if self.average is not None:
            current = self.average.current(self.theta.vector)
            if current is not self.average.vector:
                np.copyto(self.average.vector, current)
        return epoch


def _part_of(optimizer: Optimizer, number: int, n_members: int, theta: np.ndarray) -> Any:
    """Return a copy of an optimizer whose arrays are views of one member's part of those of ``optimizer``."""
    part = copy.copy(optimizer)
    for f in fields(optimizer):  # type: ignore[arg-type]
        if "Array" in str(f.type):
            if getattr(optimizer, f.name) is None:
                setattr(optimizer, f.name, np.zeros_like(theta))
            setattr(part, f.name, parts(getattr(optimizer, f.name), n_members)[number])
    return part


def train_all(state: State, members: list[Member]) -> Epoch:
    """Train each member for one epoch, and return the mean record.

    With several, the random numbers of an epoch follow from seeds drawn at its beginning, so that nothing but the
    state has to be kept, and it does not matter in which order members are trained.
    """
    if len(members) == 1:
        epoch = members[0].train(None)
    else:
        for member in members:
            member.clock.reductions = state.clock.reductions
        seeds = state.rng.randint(2**31, size=len(members)).tolist()
        records = [member.train(seed) for member, seed in zip(members, seeds, strict=True)]
        means = np.mean([record[:3] for record in records], axis=0).tolist()
        epoch = Epoch(*means, sum(record.samples for record in records))
        state.clock.samples += epoch.samples
        state.clock.epochs, state.clock.progress = members[0].clock.epochs, members[0].clock.progress
        for f in fields(state.optimizer):  # type: ignore[arg-type]
            if not f.init and "Array" not in str(f.type):
                setattr(state.optimizer, f.name, getattr(members[0].optimizer, f.name))
    if members[0].average is not None:
        state.n_averaged = members[0].average.n_updates
    return epoch


def joined(index: list[np.ndarray] | np.ndarray | None) -> np.ndarray | None:
    """Return the numbers of the validation rows of all members, one after the other."""
    return np.concatenate(index) if isinstance(index, list) else index


def is_permutation(order: np.ndarray | None, rows: np.ndarray | None) -> bool:
    """Whether ``order``, left by an earlier call, visits just these rows."""
    if order is None or rows is None or len(order) != len(rows):
        return False
    return np.array_equal(np.sort(order), np.sort(rows))
