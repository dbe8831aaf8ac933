"""Compare schedules with their formulas."""

import math
import pickle

import numpy as np
import pytest

import sknet.schedules
from sknet.core.schedules import (
    SCHEDULES,
    Adaptive,
    Clock,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    LogCosine,
    OneCycle,
    Warmup,
    schedule_for,
)

CLOCKS = [
    Clock(),
    Clock(samples=1, progress=0.02),
    Clock(samples=1000, epochs=10, progress=0.15),
    Clock(samples=3, epochs=1, reductions=2, progress=0.3),
    Clock(samples=70, epochs=7, progress=0.62),
    Clock(samples=100, epochs=20, progress=1.0),
]


def half_cosine(share):
    """Half a cosine from 1 to 0; ``(1 + cos x) / 2`` is written as the square of ``cos(x / 2)``."""
    return math.cos(math.pi / 2 * share) ** 2


def one_cycle(p):
    if p <= 0.3:
        return 0.04 + 0.96 * half_cosine(1 - p / 0.3)
    return 1e-4 + (1 - 1e-4) * half_cosine((p - 0.3) / 0.7)


FORMULAS = {
    "constant": lambda clock: 1.0,
    "invscaling": lambda clock: 1.0 / (clock.samples + 1.0) ** 0.3,
    "adaptive": lambda clock: 1.0 / 5.0**clock.reductions,
    "exponential": lambda clock: math.prod([0.95] * clock.epochs),
    "cosine": lambda clock: half_cosine(clock.progress),
    "one_cycle": lambda clock: one_cycle(clock.progress),
    "multi_cycle": lambda clock: math.sin(math.pi * math.log(1 + 15 * clock.progress) / math.log(2)) ** 2,
    "warmup_cosine": lambda clock: min(clock.progress, 0.05) / 0.05 * half_cosine(clock.progress),
}
WARM_UP = {"one_cycle": 0.04, "multi_cycle": 0.0, "warmup_cosine": 0.0}  # the first factor, if it is not 1
HORIZON = {"cosine": 0.0, "one_cycle": 1e-4, "multi_cycle": 0.0, "warmup_cosine": 0.0}  # the last factor
OBJECTS = [
    Constant(), InverseScaling(0.7), Adaptive(3.0), Exponential(0.8), Cosine(0.1), OneCycle(0.1, 0.5, 0.01),
    LogCosine(2), Warmup(Exponential(0.9), 0.2),
]  # fmt: skip


def along(schedule, n=2001):
    """Return the factors from the beginning to the end of training."""
    return np.array([schedule(Clock(progress=p)) for p in np.linspace(0.0, 1.0, n).tolist()])


def test_every_schedule_has_a_formula_here():
    assert set(FORMULAS) == set(SCHEDULES)


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
@pytest.mark.parametrize("name", SCHEDULES)
def test_factor_is_the_formula(name, clock):
    factor = schedule_for(name, 0.3)(clock)
    assert factor == pytest.approx(FORMULAS[name](clock), rel=1e-13, abs=1e-15)
    assert type(factor) is float


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - WARM_UP))
def test_training_starts_at_the_initial_learning_rate(name):
    """This holds for schedules without warm-up."""
    assert schedule_for(name, 0.3)(Clock()) == 1.0


@pytest.mark.parametrize("name", WARM_UP)
def test_a_schedule_that_warms_up_starts_low(name):
    assert schedule_for(name, 0.3)(Clock()) == pytest.approx(WARM_UP[name], abs=1e-15)


@pytest.mark.parametrize("name", HORIZON)
def test_a_schedule_that_uses_progress_ends_at_its_last_factor(name):
    assert schedule_for(name, 0.3)(Clock(progress=1.0)) == pytest.approx(HORIZON[name], abs=1e-15)


@pytest.mark.parametrize("schedule", [*SCHEDULES.values(), *OBJECTS], ids=str)
def test_the_initial_learning_rate_is_the_largest(schedule):
    factors = along(schedule)
    assert factors.max() <= 1.0
    assert factors.min() >= 0.0


@pytest.mark.parametrize("name", HORIZON)
def test_a_schedule_that_uses_progress_has_no_jumps(name):
    """The steepest schedule is "multi_cycle" with four cycles, whose slope is at most 15 pi / ln 2."""
    assert np.abs(np.diff(along(SCHEDULES[name]))).max() < 15 * math.pi / math.log(2) / 2000


@pytest.mark.parametrize("cycles", [1, 2, 4])
def test_log_cosine_peaks_once_in_each_cycle(cycles):
    factors = along(LogCosine(cycles))
    peaks = np.flatnonzero((factors[1:-1] > factors[:-2]) & (factors[1:-1] > factors[2:])) + 1
    assert len(peaks) == cycles
    # Cycle i, counted from 0, goes from (2^i - 1) to (2^(i+1) - 1) of 2^cycles - 1 parts, and its peak is half a turn.
    expected = (2.0 ** (np.arange(cycles) + 0.5) - 1) / (2**cycles - 1)
    np.testing.assert_allclose(peaks / 2000, expected, atol=1 / 2000)


def test_one_cycle_peaks_at_its_rise():
    factors = along(OneCycle(start=0.2, rise=0.4, final=0.1))
    assert np.argmax(factors) == 800
    assert (factors[0], factors[800], factors[-1]) == pytest.approx((0.2, 1.0, 0.1), rel=1e-14)
    assert np.all(np.diff(factors[:801]) > 0.0)
    assert np.all(np.diff(factors[800:]) < 0.0)


def test_cosine_has_a_final_factor():
    factors = along(Cosine(final=0.2))
    assert (factors[0], factors[1000], factors[-1]) == pytest.approx((1.0, 0.6, 0.2), rel=1e-14)


def test_warm_up_multiplies_any_schedule():
    clock = Clock(samples=99, epochs=4, progress=0.1)
    assert Warmup(InverseScaling(0.5), share=0.4)(clock) == pytest.approx(0.25 * 0.1, rel=1e-14)
    assert Warmup(Exponential(0.5), share=0.1)(clock) == pytest.approx(0.5**4, rel=1e-14)


def test_warm_up_is_adaptive_if_its_schedule_is():
    assert Warmup(Adaptive()).adaptive
    assert not Warmup(Constant()).adaptive


@pytest.mark.parametrize(
    "schedule",
    [OneCycle(rise=0.0), OneCycle(rise=1.0), Warmup(share=0.0), Warmup(share=1.0)],
    ids=str,
)
def test_extreme_parameters_do_not_divide_by_zero(schedule):
    assert np.isfinite(along(schedule, 11)).all()


def test_a_clock_starts_at_zero():
    assert Clock() == Clock(samples=0, epochs=0, reductions=0, progress=0.0)


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
def test_inverse_scaling_has_a_power(power):
    assert InverseScaling(power)(Clock(samples=99)) == pytest.approx(100.0**-power, rel=1e-14)
    assert schedule_for("invscaling", power) == InverseScaling(power)


def test_adaptive_has_a_divisor():
    assert Adaptive(divisor=2.0)(Clock(reductions=3)) == 0.125


def test_only_adaptive_continues_where_training_would_stop():
    assert [name for name in SCHEDULES if schedule_for(name, 0.5).adaptive] == ["adaptive"]


def test_schedules_that_use_progress_change_within_an_epoch():
    assert {name for name in SCHEDULES if schedule_for(name, 0.5).per_update} == HORIZON.keys()


def test_a_schedule_object_is_returned_unchanged():
    schedule = Cosine(0.3)
    assert schedule_for(schedule, 0.5) is schedule


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
@pytest.mark.parametrize("schedule", OBJECTS, ids=str)
def test_schedules_are_not_changed_by_a_call_and_can_be_pickled(schedule, clock):
    before = pickle.dumps(clock)
    factor = schedule(clock)
    assert pickle.dumps(clock) == before
    copy = pickle.loads(pickle.dumps(schedule))
    assert copy == schedule
    assert copy(clock) == factor


def test_the_public_module_has_every_schedule():
    kinds = {type(schedule) for schedule in SCHEDULES.values()}
    assert kinds | {Clock} == {getattr(sknet.schedules, name) for name in sknet.schedules.__all__}
