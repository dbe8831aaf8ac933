"""Random numbers of a fit come from the caller's ``random_state``, or from the global generator without one."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from same_state import (
    BOTH,
    REG,
    assert_same_state,
    target,
    visited_fixture,  # noqa: F401
)
from small_data import SMALL, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@BOTH
def test_fit_draws_from_the_random_state_of_the_caller(Estimator):
    y = target(Estimator)
    shared = np.random.RandomState(0)
    first = Estimator(**SMALL | {"random_state": shared}).fit(X, y)
    second = Estimator(**SMALL | {"random_state": shared}).fit(X, y)
    assert np.abs(first.coefs_[0] - second.coefs_[0]).max() > 1e-3
    assert_same_state(first, Estimator(**SMALL).fit(X, y))


@BOTH
@pytest.mark.parametrize("method", ["partial_fit", "warm fit"])
def test_later_draws_from_the_random_state_by_others_change_nothing(Estimator, method):
    y, ends, draws = target(Estimator), [], (0, 5)
    for n in draws:
        shared = np.random.RandomState(0)
        mlp = Estimator(**SMALL | {"random_state": shared, "warm_start": method == "warm fit"}).fit(X, y)
        ends.append(shared.get_state()[1:3])
        shared.uniform(size=n)
        (mlp.fit if method == "warm fit" else mlp.partial_fit)(X, y)
        ends.append(mlp.coefs_[0])
    assert_array_equal(ends[1], ends[3])
    assert_array_equal(ends[0][0], ends[2][0])
    assert (ends[0][0] != np.random.RandomState(0).get_state()[1]).any()  # the first call has drawn from it


@BOTH
def test_a_fit_that_fails_does_not_change_the_random_state(Estimator):
    shared = np.random.RandomState(0)
    with pytest.raises(ValueError, match="validation set is too small"):
        Estimator(**SMALL | {"random_state": shared, "early_stopping": True}).fit(X[:2], target(Estimator)[:2])
    assert shared.uniform() == np.random.RandomState(0).uniform()


@BOTH
def test_estimators_without_a_seed_differ_and_use_the_global_generator(Estimator):
    y = target(Estimator)
    parameters = SMALL | {"random_state": None}
    np.random.seed(3)  # noqa: NPY002
    first = Estimator(**parameters).fit(X, y)
    second = Estimator(**parameters).fit(X, y)
    assert np.abs(first.coefs_[0] - second.coefs_[0]).max() > 1e-3
    np.random.seed(3)  # noqa: NPY002
    assert_same_state(first, Estimator(**parameters).fit(X, y))


def test_estimators_without_a_seed_that_are_trained_alternately_draw_different_permutations(visited):
    rows = np.arange(80.0)[:, None]
    parameters = SMALL | {"random_state": None, "learning_rate_init": 1e-9}
    models = [REG(standardize=False, **parameters) for _ in range(3)]
    for _ in range(3):
        for mlp in models:
            mlp.partial_fit(rows, Y)
    assert len(visited) == len(set(visited)) == 9
