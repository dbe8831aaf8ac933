"""Schedules: the learning rate as a function of the progress of training. Optimizers do not depend on them.

A schedule is called with a `Clock` and returns the learning rate as a multiple of the initial one. A schedule whose
``per_update`` is True is called before each update, any other before each epoch. ``progress`` goes from 0 to 1 during
one ``fit``, so a schedule that uses it begins again in each ``fit``. Other schedules depend on the numbers of rows,
epochs and reductions so far. With these, two fits with a warm start are the same as one longer fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class Clock:
    """The progress of training; it is kept between calls, so that training can continue.

    Parameters
    ----------
    samples : int
        Number of rows seen so far, over all epochs.
    epochs : int
        Number of epochs finished so far.
    reductions : int
        How often an adaptive schedule has reduced the learning rate.
    progress : float
        Share of the epochs of this call that are complete, from 0 to 1.
    """

    samples: int = 0
    epochs: int = 0
    reductions: int = 0
    progress: float = 0.0


class Schedule(Protocol):
    """The learning rate of the next updates as a multiple of the initial learning rate."""

    @property
    def adaptive(self) -> bool:
        """Whether the learning rate is reduced, and training continues, when training would otherwise stop."""

    @property
    def per_update(self) -> bool:
        """Whether the learning rate changes within an epoch."""

    def __call__(self, clock: Clock) -> float:
        """Return the factor."""


@dataclass(frozen=True)
class Constant:
    """The initial learning rate, unchanged."""

    adaptive, per_update = False, False

    def __call__(self, clock: Clock) -> float:
        return 1.0


@dataclass(frozen=True)
class InverseScaling:
    """``1 / (t + 1)^power`` after t rows, constant within an epoch (scikit-learn's ``"invscaling"``).

    Parameters
    ----------
    power : float, default=0.5
        Exponent.
    """

    power: float = 0.5
    adaptive, per_update = False, False

    def __call__(self, clock: Clock) -> float:
        return float((clock.samples + 1) ** -self.power)


@dataclass(frozen=True)
class Adaptive:
    """Divide the learning rate by ``divisor`` when training has stopped improving (scikit-learn's ``"adaptive"``).

    Parameters
    ----------
    divisor : float, default=5.0
        Number by which the learning rate is divided.
    """

    divisor: float = 5.0
    adaptive, per_update = True, False

    def __call__(self, clock: Clock) -> float:
        return float(self.divisor**-clock.reductions)


@dataclass(frozen=True)
class Exponential:
    """Multiply the learning rate by ``decay`` after each epoch.

    Parameters
    ----------
    decay : float, default=0.95
        Factor, above 0.
    """

    decay: float = 0.95
    adaptive, per_update = False, False

    def __call__(self, clock: Clock) -> float:
        return float(self.decay**clock.epochs)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 to ``final``: ``final + (1 - final) (1 + cos(pi progress)) / 2``.

    Loshchilov and Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*, eq. 5, one cycle.

    Parameters
    ----------
    final : float, default=0.0
        Final learning rate as a share of the initial one.
    """

    final: float = 0.0
    adaptive, per_update = False, True

    def __call__(self, clock: Clock) -> float:
        return self.final + (1.0 - self.final) * 0.5 * (1.0 + math.cos(math.pi * clock.progress))


@dataclass(frozen=True)
class OneCycle:
    """Rise from ``start`` to 1 during the share ``rise`` of training, then fall to ``final``, both by half a cosine.

    Smith and Topin (2018), *Super-convergence*, arXiv 1708.07120, here with cosines, as is customary.

    Parameters
    ----------
    start : float, default=0.04
        First learning rate as a share of the highest one.
    rise : float, default=0.3
        Share of training in which the learning rate rises.
    final : float, default=1e-4
        Final learning rate as a share of the highest one.
    """

    start: float = 0.04
    rise: float = 0.3
    final: float = 1e-4
    adaptive, per_update = False, True

    def __call__(self, clock: Clock) -> float:
        p = clock.progress
        if p < self.rise:
            low, share = self.start, 1.0 - p / self.rise
        else:
            low, share = self.final, (p - self.rise) / (1.0 - self.rise) if self.rise < 1.0 else 0.0
        return low + (1.0 - low) * 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True)
class LogCosine:
    """Cosine cycles of growing length: ``(1 - cos(2 pi log2(1 + (2^cycles - 1) progress))) / 2``, from 0 to 0.

    Holzmüller, Grinsztajn and Steinwart (2024), *Better by default*, arXiv 2407.04491, section 3 ("coslog4").

    Parameters
    ----------
    cycles : int, default=4
        Number of cycles; each is twice as long as the one before.
    """

    cycles: int = 4
    adaptive, per_update = False, True

    def __call__(self, clock: Clock) -> float:
        turns = math.log2(1.0 + (2**self.cycles - 1) * clock.progress)
        return 0.5 * (1.0 - math.cos(2.0 * math.pi * turns))


@dataclass(frozen=True)
class Warmup:
    """Another schedule, multiplied by a straight line from 0 to 1 over the first ``share`` of training.

    Goyal et al. (2017), *Accurate, large minibatch SGD*, section 2.2, arXiv 1706.02677.

    Parameters
    ----------
    schedule : Schedule, default=Cosine()
        The schedule that is warmed up.
    share : float, default=0.05
        Share of training in which the learning rate rises.
    """

    schedule: Schedule = field(default_factory=Cosine)
    share: float = 0.05
    per_update = True

    @property
    def adaptive(self) -> bool:
        """Whether the schedule that is warmed up is adaptive."""
        return self.schedule.adaptive

    def __call__(self, clock: Clock) -> float:
        risen = clock.progress / self.share if clock.progress < self.share else 1.0
        return self.schedule(clock) * risen


SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "invscaling": InverseScaling(),
    "adaptive": Adaptive(),
    "exponential": Exponential(),
    "cosine": Cosine(),
    "one_cycle": OneCycle(),
    "multi_cycle": LogCosine(),
    "warmup_cosine": Warmup(Cosine()),
}


def schedule_for(choice: str | Schedule, power_t: float) -> Schedule:
    """Return the schedule of the parameter ``learning_rate``, a name or a schedule; "invscaling" uses ``power_t``."""
    if choice == "invscaling":
        return InverseScaling(power_t)
    return SCHEDULES[choice] if isinstance(choice, str) else choice
