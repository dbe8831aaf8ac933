"""Schedules against their formulas."""

import pickle

import pytest

from sknet.core.schedules import SCHEDULES, Adaptive, Clock, Constant, InverseScaling, schedule_for

CLOCKS = [Clock(), Clock(samples=1), Clock(samples=1000, epochs=10), Clock(samples=3, epochs=1, reductions=2)]
FORMULAS = {
    "constant": lambda clock: 1.0,
    "invscaling": lambda clock: 1.0 / (clock.samples + 1.0) ** 0.3,
    "adaptive": lambda clock: 1.0 / 5.0**clock.reductions,
}


def test_every_schedule_has_a_formula_here():
    assert set(FORMULAS) == set(SCHEDULES)


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
@pytest.mark.parametrize("name", SCHEDULES)
def test_factor_is_the_formula(name, clock):
    factor = schedule_for(name, 0.3)(clock)
    assert factor == pytest.approx(FORMULAS[name](clock), rel=1e-14)
    assert type(factor) is float


@pytest.mark.parametrize("name", SCHEDULES)
def test_training_starts_at_the_initial_rate(name):
    assert schedule_for(name, 0.3)(Clock()) == 1.0


def test_a_clock_starts_at_zero():
    assert Clock() == Clock(samples=0, epochs=0, reductions=0)


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
def test_inverse_scaling_has_a_power(power):
    assert InverseScaling(power)(Clock(samples=99)) == pytest.approx(100.0**-power, rel=1e-14)
    assert schedule_for("invscaling", power) == InverseScaling(power)


def test_adaptive_has_a_divisor():
    assert Adaptive(divisor=2.0)(Clock(reductions=3)) == 0.125


def test_only_adaptive_goes_on_where_training_would_stop():
    assert {name: schedule_for(name, 0.5).adaptive for name in SCHEDULES} == {
        "constant": False,
        "invscaling": False,
        "adaptive": True,
    }


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
@pytest.mark.parametrize("schedule", [Constant(), InverseScaling(0.7), Adaptive(3.0)], ids=str)
def test_calling_changes_nothing_and_pickles(schedule, clock):
    before = pickle.dumps(clock)
    factor = schedule(clock)
    assert pickle.dumps(clock) == before
    copy = pickle.loads(pickle.dumps(schedule))
    assert copy == schedule
    assert copy(clock) == factor
