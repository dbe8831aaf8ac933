"""The state of a fit: copies, continued random numbers, and decisions about what a later call keeps."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknet import ACTIVATIONS
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.network import Network
from sknet.core.optimizers import SGD, Adagrad, Adam, RMSprop
from sknet.preprocessing.moments import Moments
from sknet.training.state import State, optimizer_for, resume_optimizer
from sknet.training.stopping import Plateau
from sknet.training.units import change_units

PARAMETERS = {
    "solver": "adam",
    "scoring": None,
    "momentum": 0.8,
    "nesterovs_momentum": False,
    "beta_1": 0.7,
    "beta_2": 0.95,
    "epsilon": 1e-5,
    "early_stopping": True,
    "n_iter_no_change": 4,
}


def make_state():
    glorot = INITIALIZERS["glorot_uniform"]
    layers = Dense(3, 4, ACTIVATIONS["tanh"], glorot), Dense(4, 2, ACTIVATIONS["identity"], glorot, order="F")
    network = Network(layers, LOSSES["squared_error"])
    rng = np.random.RandomState(0)
    theta = network.initialize(rng, np.float64)
    state = State(network, theta, moments(0, 3), moments(1, 2), Adam(), rng)
    state.best = theta + 1.0
    state.order = np.arange(5)
    state.split = 5, np.random.RandomState(3)
    state.history.scores, state.history.validation_loss, state.stops_by = [0.1], [0.2], "score"
    state.optimizer.step(theta, np.ones_like(theta), 0.1)
    return state


def moments(seed, d):
    return Moments.of(np.random.default_rng(seed).standard_normal((20, d)) * 5 + 3, None)


def train_on(state):
    """Change everything that training changes."""
    state.optimizer.step(state.theta, np.ones_like(state.theta), 0.1)
    state.best += 1.0
    state.rng.standard_normal(3)
    state.rng.shuffle(state.order)
    state.clock.samples += 7
    state.clock.epochs += 1
    state.clock.reductions += 1
    state.plateau.update(3.0, 0.1)
    state.history.loss.append(1.0)
    state.history.penalty.append(1.0)
    state.history.rate.append(1.0)
    state.history.scores.append(1.0)
    state.n_epochs += 1
    change_units(state, moments(5, 3), moments(6, 2))


def test_training_a_copy_does_not_change_the_original():
    state = make_state()
    before = pickle.dumps(state)
    train_on(state.copy())
    assert pickle.dumps(state) == before
    train_on(state)
    assert pickle.dumps(state) != before


def test_a_copy_continues_like_the_original():
    state = make_state()
    twin = state.copy()
    train_on(twin)
    train_on(state)
    assert_array_equal(twin.theta, state.theta)
    assert_array_equal(twin.best, state.best)
    assert_array_equal(twin.order, state.order)
    assert_array_equal(twin.optimizer.m, state.optimizer.m)
    assert_array_equal(twin.rng.standard_normal(3), state.rng.standard_normal(3))
    assert (twin.history, twin.clock, twin.plateau, twin.n_epochs) == (
        state.history,
        state.clock,
        state.plateau,
        state.n_epochs,
    )


def test_published_is_the_best_if_there_is_one():
    state = make_state()
    assert state.published is state.best
    state.best = None
    assert state.published is state.theta


# `begin`


def test_begin_keeps_the_state_of_training():
    state = make_state()
    state.plateau, state.n_epochs = Plateau(best=0.5, count=3), 9
    best, order = state.best, state.order
    state.begin(PARAMETERS, validated=True, incremental=True)
    assert state.n_epochs == 9
    state.begin(PARAMETERS, validated=True, incremental=False)
    assert state.n_epochs == 0  # it counts the epochs of this fit
    assert state.plateau == Plateau(best=0.5, count=3)
    assert state.best is best
    assert state.order is order
    assert state.history.scores == [0.1]


@pytest.mark.parametrize(("incremental", "count"), [(False, 0), (True, 4)])
def test_begin_resets_the_count_of_a_converged_fit(incremental, count):
    state = make_state()
    state.plateau = Plateau(best=0.5, count=4)
    state.begin(PARAMETERS, validated=True, incremental=incremental)
    assert state.plateau == Plateau(best=0.5, count=count)


@pytest.mark.parametrize("incremental", [False, True])
def test_begin_forgets_the_best_if_the_stopping_rule_changes_between_loss_and_score(incremental):
    state = make_state()
    state.plateau = Plateau(best=0.9, count=2)
    state.begin(PARAMETERS | {"early_stopping": False}, validated=False, incremental=incremental)
    assert state.plateau == Plateau()
    assert state.best is None
    assert state.order is None
    assert state.history.scores is None
    state.plateau = Plateau(best=-0.9, count=2)
    state.begin(PARAMETERS, validated=True, incremental=incremental)
    assert state.plateau == Plateau()
    assert state.history.scores == []


# Optimizers


def test_the_optimizer_has_the_parameters_of_its_solver():
    assert optimizer_for(PARAMETERS) == Adam(0.7, 0.95, 1e-5)
    assert optimizer_for(PARAMETERS | {"solver": "sgd"}) == SGD(0.8, nesterov=False)
    assert optimizer_for(PARAMETERS | {"solver": "rmsprop"}) == RMSprop(0.95, 1e-5)
    assert optimizer_for(PARAMETERS | {"solver": "adagrad"}) == Adagrad(1e-5)
    assert optimizer_for(PARAMETERS | {"solver": "lbfgs"}) is None


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_resumed_optimizers_keep_their_arrays_and_get_the_new_parameters(kind):
    theta = np.zeros(3)
    old = kind()
    for _ in range(3):
        old.step(theta, np.ones(3), 0.1)
    new = resume_optimizer(kind(0.5), old)
    assert getattr(new, "momentum", None) == 0.5 or new.beta_1 == 0.5
    remembered = ("velocity",) if kind is SGD else ("m", "v", "t")
    for name in remembered:
        assert getattr(new, name) is getattr(old, name)
    same, other = theta.copy(), theta.copy()
    resume_optimizer(kind(), old).step(same, -np.ones(3), 0.1)
    kind().step(other, -np.ones(3), 0.1)
    assert np.abs(same - other).min() > 1e-3  # a new optimizer has no momentum


def test_another_kind_of_optimizer_begins_with_a_new_state():
    old = Adam()
    old.step(np.zeros(3), np.ones(3), 0.1)
    new = SGD()
    assert resume_optimizer(new, old) is new
    assert new.velocity is None
    assert resume_optimizer(None, old) is None
    assert resume_optimizer(new, None) is new


# Units


@pytest.mark.parametrize(
    ("judged", "incremental", "is_new", "kept"),
    [
        (("accuracy", "rows"), True, False, 2),  # the same metric and rows: all scores are compared
        (("accuracy", "rows"), False, False, 2),
        (("accuracy", "others"), True, True, 2),  # the next chunk of a stream: the curve continues
        (("loss", "others"), True, True, 0),  # another metric
        (("accuracy", "others"), False, True, 0),  # other rows in `fit`
    ],
)
def test_scores_of_other_rows_or_metrics_are_not_compared(judged, incremental, is_new, kept):
    network = Network((Dense(2, 1, ACTIVATIONS["identity"], INITIALIZERS["he_normal"]),), LOSSES["squared_error"])
    state = State(network, np.zeros(3), None, None, None, np.random.RandomState(0))
    state.begin(PARAMETERS, validated=True, incremental=False)
    assert state.judge_by(("accuracy", "rows"), incremental=False)
    state.history.scores, state.history.validation_loss = [0.5, 0.7], [2.0, 1.0]
    assert state.judge_by(judged, incremental=incremental) == is_new
    assert len(state.history.scores) == len(state.history.validation_loss) == kept
    assert state.judged == judged
    assert state.judged_from == (kept if is_new else 0)


@pytest.mark.parametrize("incremental", [True, False])
def test_the_first_call_with_validation_begins_its_curves(incremental):
    network = Network((Dense(2, 1, ACTIVATIONS["identity"], INITIALIZERS["he_normal"]),), LOSSES["squared_error"])
    state = State(network, np.zeros(3), None, None, None, np.random.RandomState(0))
    assert state.judge_by(("accuracy", "rows"), incremental=incremental)
    assert (state.history.scores, state.judged_from) == ([], 0)
