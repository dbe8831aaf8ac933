"""Patience: when an epoch counts as an improvement, and when training stops."""

import numpy as np
import pytest

from sknet.training.stopping import Plateau


def after(scores, tol):
    plateau = Plateau()
    return [(plateau.update(score, tol), plateau.best, plateau.count) for score in scores]


def test_a_hand_computed_sequence():
    assert after([1.0, 1.05, 1.2, 1.1, 1.3, 1.4], tol=0.1) == [
        (True, 1.0, 0),  # the first score is the best so far
        (True, 1.05, 1),  # the best, but not by `tol`
        (True, 1.2, 0),
        (False, 1.2, 1),
        (True, 1.3, 0),  # better by exactly `tol` is an improvement
        (True, 1.4, 1 if 1.4 < 1.3 + 0.1 else 0),
    ]


@pytest.mark.parametrize("tol", [0.0, 1e-3, 0.2, 10.0])
def test_the_rule_is_that_of_scikit_learn(tol):
    """It counts ``loss > best - tol``, and ``loss < best`` is the new best; for scores ``score < best + tol``."""
    losses = np.random.default_rng(0).uniform(size=200).cumsum()[::-1] / 50 + np.random.default_rng(1).uniform(size=200)
    plateau, best, count = Plateau(), np.inf, 0
    for loss in losses:
        count = count + 1 if loss > best - tol else 0
        best = min(best, loss)
        plateau.update(-loss, tol)
        assert (plateau.best, plateau.count) == (-best, count)


def test_with_a_tolerance_of_zero_an_equal_score_is_an_improvement_but_not_the_best():
    assert after([0.5, 0.5, 0.5], tol=0.0) == [(True, 0.5, 0), (False, 0.5, 0), (False, 0.5, 0)]


def test_nan_is_the_worst():
    nan = float("nan")
    assert after([nan, nan, 0.1, nan, 0.3], tol=0.1) == [
        (False, -np.inf, 1),
        (False, -np.inf, 2),
        (True, 0.1, 0),
        (False, 0.1, 1),
        (True, 0.3, 0),
    ]


def test_improvements_smaller_than_the_tolerance_are_counted():
    """Each score is the best so far. It is compared with the best, not with the last one that improved by ``tol``."""
    assert [count for _, _, count in after([0.0, 0.09, 0.18, 0.27, 0.38], tol=0.1)] == [0, 1, 2, 3, 0]
