"""State: what a fitted estimator keeps, besides its public attributes, so that training can continue."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..core import SGD, Adagrad, Adam, Clock, Network, Optimizer, RMSprop
from ..preprocessing import Columns, LogMean, Moments, Quartiles
from .stopping import Plateau


@dataclass
class History:
    """The curves, with one entry for each epoch; ``scores`` and ``validation_loss`` are None without validation."""

    loss: list[float] = field(default_factory=list)
    penalty: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    scores: list[float] | None = None
    validation_loss: list[float] | None = None


@dataclass
class State:
    """Everything that training needs to continue.

    Attributes
    ----------
    network : Network
        Layers and loss; it contains no arrays.
    theta : ndarray of shape (n_parameters,)
        Parameters for standardized inputs and outputs.
    inputs : Moments, Quartiles or None
        Statistics by which the inputs are standardized.
    outputs : Moments, Quartiles, LogMean or None
        Statistics by which the targets are standardized.
    optimizer, clock, rng, plateau, history
        States of the solver, the schedule, the random numbers, the stopping rule, and the curves.
    best : ndarray or None
        Parameters with the best validation score.
    split : tuple of (int, RandomState) or None
        Number of rows and random state of the first validation split; all later splits are drawn from these.
    order : ndarray or None
        The order of the training rows, kept for a warm start.
    noise : Generator or None
        Generator that dropout draws from.
    dropout : float or sequence of float
        Rates of dropout.
    columns : tuple of int or None
        The columns that are embedded; None without an embedding.
    categories : Columns or None
        Which columns of X are categories, and their levels; None if there are none.
    gaps : tuple of int
        The columns of numbers that had missing values in the first call; each has an indicator.
    n_members : int
        Number of members. ``theta``, ``best``, ``average`` and the optimizer contain the arrays of all members, one
        after the other.
    average : ndarray or None
        Parameters averaged over updates; None without averaging.
    n_averaged : int
        Number of updates that the average includes.
    chosen : dict
        Values that the first call chose for parameters that are "auto".
    stops_by : object
        What ``plateau`` is based on: "training loss", or the scoring.
    judged : tuple or None
        Metric of the last validation scores, and fingerprint of their rows.
    judged_from : int
        Where these scores begin in ``history.scores``; earlier scores are of rows of earlier chunks of a stream.
    n_epochs : int
        Number of epochs of the last fit, and of later calls of `partial_fit`.
    settings, reasons : dict
        Values in the last call of the parameters that may be "auto", and the reasons for those that were "auto".
    stopping_reason : str or None
        Why the last call ended; None during training.
    seen_inputs, seen_outputs
        Statistics of all rows of a stream. They replace ``inputs`` and ``outputs`` only if these no longer fit.
    """

    network: Network
    theta: np.ndarray
    inputs: Moments | Quartiles | None
    outputs: Moments | Quartiles | LogMean | None
    optimizer: Optimizer | None
    rng: np.random.RandomState
    clock: Clock = field(default_factory=Clock)
    plateau: Plateau = field(default_factory=Plateau)
    history: History = field(default_factory=History)
    best: np.ndarray | None = None
    split: tuple[int, np.random.RandomState] | None = None
    order: np.ndarray | None = None
    noise: np.random.Generator | None = None
    dropout: Any = 0.0
    columns: tuple[int, ...] | None = None
    categories: Columns | None = None
    gaps: tuple[int, ...] = ()
    n_members: int = 1
    average: np.ndarray | None = None
    n_averaged: int = 0
    chosen: dict[str, Any] = field(default_factory=dict)
    stops_by: Any = None
    judged: Any = None
    judged_from: int = 0
    n_epochs: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    stopping_reason: str | None = None
    seen_inputs: Moments | Quartiles | None = None
    seen_outputs: Moments | Quartiles | LogMean | None = None

    def copy(self) -> State:
        """Return a copy; training it does not change this state."""
        mutable = ("theta", "best", "average", "optimizer", "rng", "clock", "plateau", "history", "order", "noise")
        return replace(self, **{name: copy.deepcopy(getattr(self, name)) for name in mutable})

    def begin(self, p: dict[str, Any], *, validated: bool, incremental: bool) -> None:
        """Prepare for a call with the constructor parameters ``p``, with or without validation rows."""
        history, self.stopping_reason = self.history, None
        if (history.scores is not None) != validated:
            history.scores, history.validation_loss = ([], []) if validated else (None, None)
            self.judged, self.judged_from = None, 0
        stops_by = (p["scoring"] or "score") if p["early_stopping"] else "training loss"
        if stops_by != self.stops_by:
            self.plateau, self.best, self.order, self.stops_by = Plateau(), None, None, stops_by
        if not incremental:
            self.n_epochs = 0
            if p["n_iter_no_change"] == "auto" or self.plateau.count >= p["n_iter_no_change"]:
                self.plateau.count = 0  # it had converged, but the user asks for more training

    def judge_by(self, judged: Any, *, incremental: bool) -> bool:
        """Prepare for scores of the metric and rows ``judged``; return whether `best` still has to be scored with them.

        Scores of other metrics or rows are deleted. In a stream, curves continue over chunks if the metric is the same.
        """
        judged = tuple(judged)
        if judged == self.judged:
            return False
        goes_on = incremental and self.judged is not None and judged[0] == self.judged[0]
        if not goes_on:
            self.history.scores, self.history.validation_loss = [], []
        self.judged, self.judged_from = judged, len(self.history.scores or [])
        return True

    @property
    def published(self) -> np.ndarray:
        """The parameters for prediction."""
        return self.current if self.best is None else self.best

    @property
    def current(self) -> np.ndarray:
        """The parameters after the last update: their average, if there is one."""
        return self.theta if self.average is None else self.average


def optimizer_for(p: dict[str, Any]) -> Optimizer | None:
    """Return the optimizer of the constructor parameters ``p``; None for L-BFGS."""
    match p["solver"]:
        case "sgd":
            return SGD(p["momentum"], p["nesterovs_momentum"])
        case "adam":
            return Adam(p["beta_1"], p["beta_2"], p["epsilon"])
        case "rmsprop":
            return RMSprop(p["beta_2"], p["epsilon"])
        case "adagrad":
            return Adagrad(p["epsilon"])
    return None


def resume_optimizer(new: Optimizer | None, old: Optimizer | None) -> Optimizer | None:
    """Return ``new`` with the moments and counters of ``old``, if it is of the same kind."""
    if type(new) is type(old) and new is not None:
        for f in fields(new):
            if not f.init:
                setattr(new, f.name, getattr(old, f.name))
    return new


def split_generator(state: State, n: int) -> np.random.RandomState:
    """Return the generator for the validation split of ``n`` rows, which is the same in each call with as many rows."""
    if state.split is None:
        state.split = (n, copy.deepcopy(state.rng))
        return state.rng
    first_n, rng = copy.deepcopy(state.split)
    return rng if n == first_n else np.random.RandomState([rng.randint(2**31), n])
