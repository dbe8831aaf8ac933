"""Schedules: the learning rate as a function of where training stands; the update rule does not know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass
class Clock:
    """Where training stands; it survives between calls, so that training can go on.

    Attributes
    ----------
    samples : int
        Rows seen so far, over all epochs.
    epochs : int
        Epochs finished so far.
    reductions : int
        How often an adaptive rate has been reduced.
    """

    samples: int = 0
    epochs: int = 0
    reductions: int = 0


class Schedule(Protocol):
    """The rate of the next epoch's updates as a multiple of the initial rate."""

    @property
    def adaptive(self) -> bool:
        """Whether it falls, and training goes on, where training would otherwise stop."""

    def __call__(self, clock: Clock) -> float:
        """Return the factor."""


@dataclass(frozen=True)
class Constant:
    """The initial rate throughout."""

    adaptive: bool = False

    def __call__(self, clock: Clock) -> float:
        return 1.0


@dataclass(frozen=True)
class InverseScaling:
    """``1 / (t + 1)^power`` after t rows, constant within an epoch (scikit-learn's ``"invscaling"``)."""

    power: float = 0.5
    adaptive: bool = False

    def __call__(self, clock: Clock) -> float:
        return float((clock.samples + 1) ** -self.power)


@dataclass(frozen=True)
class Adaptive:
    """Divided by ``divisor`` whenever training has stopped improving (scikit-learn's ``"adaptive"``)."""

    divisor: float = 5.0
    adaptive: bool = True

    def __call__(self, clock: Clock) -> float:
        return float(self.divisor**-clock.reductions)


def schedule_for(name: str, power_t: float) -> Schedule:
    """Return the schedule that an estimator's ``learning_rate`` names."""
    schedules: dict[str, Schedule] = {
        "constant": Constant(),
        "invscaling": InverseScaling(power_t),
        "adaptive": Adaptive(),
    }
    return schedules[name]


SCHEDULES = ("constant", "invscaling", "adaptive")
