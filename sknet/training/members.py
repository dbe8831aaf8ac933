"""Members: train several networks side by side.

The parameters of all members lie one after the other in one vector, and so do the states of their optimizers and their
averages. Each member works on views of its part of these vectors, with its own random numbers and training rows.
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
    """Return views of a vector, the part of each member."""
    return list(vector.reshape(n_members, -1))


def parameters_of(state: State, vector: np.ndarray) -> list[Parameters]:
    """Return the parameters of each member, as views of ``vector``."""
    return [Parameters(state.network.layout, part) for part in parts(vector, state.n_members)]


class Member:
    """One network in training.

    Parameters
    ----------
    state : State
        State of all members.
    number : int
        Number of this member.
    batches : Batches
        Its training rows in mini-batches.
    decay : float
        Decay of the average of its weights; 0 for no average.

    Attributes
    ----------
    epochs : iterator of Epoch
        Its training loop, which the run sets.
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
            # The clock of all counts the rows of all members, but a schedule depends on the rows of one.
            self.clock = replace(state.clock, samples=state.clock.samples // state.n_members)
            self.rng = np.random.RandomState()
            self.noise = None if state.noise is None else np.random.default_rng(0)

    def train(self, seed: int | None) -> Epoch:
        """Train for one epoch. If ``seed`` is given, the order of the rows and the noise depend on it only."""
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
    """Return a copy of ``optimizer`` whose arrays are views of one member's part."""
    part = copy.copy(optimizer)
    for f in fields(optimizer):  # type: ignore[arg-type]
        if "Array" in str(f.type):
            if getattr(optimizer, f.name) is None:
                setattr(optimizer, f.name, np.zeros_like(theta))
            setattr(part, f.name, parts(getattr(optimizer, f.name), n_members)[number])
    return part


def train_all(state: State, members: list[Member]) -> Epoch:
    """Train each member for one epoch, and return the mean record.

    If there are several members, each gets a seed at the beginning of the epoch, and all its random numbers follow from
    that. So the random numbers do not depend on the order in which members are trained, and only the state has to be
    kept.
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
    """Return the numbers of the validation rows of all members as one array."""
    return np.concatenate(index) if isinstance(index, list) else index


def is_permutation(order: np.ndarray | None, rows: np.ndarray | None) -> bool:
    """Whether ``order``, from an earlier call, contains exactly these rows."""
    if order is None or rows is None or len(order) != len(rows):
        return False
    return np.array_equal(np.sort(order), np.sort(rows))
