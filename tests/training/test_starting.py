"""The state in which a run begins is new, or that of an earlier fit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_data import SMALL, X, Y

from sknet import MLPRegressorScratch
from sknet._parameters import RULES
from sknet.automatic import Facts
from sknet.automatic import resolved as resolve
from sknet.core import LOSSES, Values
from sknet.preprocessing import Data
from sknet.training import new_state, resumed_state

LOSS = LOSSES["squared_error"]


def resolved(**changes):
    mlp = MLPRegressorScratch(**SMALL | {"dropout": 0.0, "early_stopping": False} | changes)
    facts = Facts(1, 0, X.shape[1], True, True, False)
    return resolve({name: getattr(mlp, name) for name in RULES if hasattr(mlp, name)}, facts)


def data_of(X, y=Y):
    return Data(X, y, Values(y[None, :]), None)


def test_one_seed_gives_the_same_initial_weights():
    first, second = (new_state(resolved(), data_of(X), 1, LOSS) for _ in range(2))
    assert_array_equal(first.theta, second.theta)
    assert first.inputs is first.outputs is None  # units are set when the validation rows are known


@pytest.mark.parametrize("stream", [False, True])
def test_partial_fit_embeds_all_columns(stream):
    """The first rows of a stream do not show which columns will have more than two values."""
    rows = np.column_stack([X[:, 0], np.arange(len(X)) % 2])
    state = new_state(resolved(embedding="periodic"), data_of(rows), 1, LOSS, stream=stream)
    assert state.columns == ((0, 1) if stream else (0,))


def test_a_resumed_state_is_a_copy():
    earlier = new_state(resolved(), data_of(X[:40], Y[:40]), 1, LOSS)
    before = earlier.theta.copy()
    state = resumed_state(earlier, resolved(), data_of(X[40:], Y[40:]), 1, LOSS)
    assert_array_equal(state.theta, before)
    state.theta += 1.0
    assert_array_equal(earlier.theta, before)


def test_another_network_is_an_error():
    earlier = new_state(resolved(), data_of(X), 1, LOSS)
    with pytest.raises(ValueError, match=r"continue with the network that was fitted.*Set warm_start=False"):
        resumed_state(earlier, resolved(depth=3), data_of(X), 1, LOSS)


def test_dropout_draws_other_numbers_for_another_seed():
    draws = {
        new_state(resolved(dropout=0.5, random_state=seed), data_of(X), 1, LOSS).noise.random() for seed in range(20)
    }
    assert len(draws) == 20


def test_a_fit_that_is_no_stream_embeds_only_columns_of_more_than_two_values():
    rows = np.column_stack([X[:, 0], np.arange(len(X)) % 2])
    assert new_state(resolved(embedding="periodic"), data_of(rows), 1, LOSS).columns == (0,)
